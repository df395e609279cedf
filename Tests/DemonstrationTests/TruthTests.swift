import Columnar
import CourtModel
import Demonstration
import Foundation
import Testing

@Suite struct TruthTests {
    @Test("every kind of defect and every boundary is planted somewhere", arguments: [1, 20_261_101, 999] as [UInt64])
    func allKinds(seed: UInt64) throws {
        let province = try Province(seed: seed, prefix: "demo_kinds_\(seed)")
        let truth = try TruthFile.read(province.made.truthFile)
        let kinds = Set(truth.map(\.kind))
        let rules = Set(truth.filter { $0.outcome == .finding }.map(\.rule))
        // The rules of the first set, by hand.
        let wanted: Set = [
            "case.closed-not-before-filed", "case.filed-not-before-received", "case.number-form", "case.number-court",
            "case.number-year", "case.number-type", "case.number-unique", "case.type-known", "case.cause-known",
            "case.court-known", "case.closing-method-present", "case.closing-date-present",
            "case.closing-method-known", "case.closing-method-fits-type", "case.limit-dates-in-order",
            "case.limit-days", "case.trial-days", "case.over-limit-reason", "case.amount-not-negative",
            "case.party-count", "case.plaintiff-present", "case.civil-limit", "case.number-court-known",
            "case.cause-fits-type", "case.defendant-present", "case.filed-in-time", "case.long-pending",
            "party.case-exists",
            "party.id-card-valid", "party.uscc-valid", "party.birth-before-filing", "party.birth-matches-id-card",
            "party.sex-matches-id-card", "party.name-present", "limit-change.case-exists",
            "limit-change.dates-in-order", "limit-change.days", "appeal.case-exists", "appeal.after-closing",
            "appeal.second-number-exists",
            "F01.balance",
        ]
        #expect(rules == wanted)
        #expect(
            Set(truth.filter { $0.outcome == .quarantine }.map(\.rule)) == [
                "type.anjian.sdszrq", "type.anjian.larq", "type.anjian.jarq", "type.anjian.cbr", "type.anjian.qsbdje",
                "type.dangshiren.xm", "required.anjian.ah", "required.anjian.larq",
            ])
        #expect(kinds.filter { $0.hasPrefix("boundary-") }.count == 32)
        #expect(kinds.contains("key-twice"))
        #expect(truth.filter { $0.outcome == .mismatch }.count >= 5)
        #expect(truth.allSatisfy { $0.outcome == .boundary || !$0.kind.hasPrefix("boundary-") })
    }

    @Test("the keys in the truth file are rows of the court's own database")
    func keysExist() throws {
        let province = try Province(seed: 5, prefix: "demo_keys")
        let truth = try TruthFile.read(province.made.truthFile)
        for database in province.made.databases {
            let isPostgres = database.kind == "postgres"
            let tables: KeyValuePairs =
                isPostgres
                ? ["anjian": "t_aj", "dangshiren": "t_dsr", "shenxianbiangeng": "t_sxbg", "shangsukangsu": "t_ssks"]
                : ["anjian": "AJXX", "dangshiren": "DSRXX", "shenxianbiangeng": "SXBGXX", "shangsukangsu": "SKSXX"]
            for (table, vendorTable) in tables {
                let id = isPostgres ? "c_ajbs" : "AJXH"
                let order = table == "anjian" ? "''" : isPostgres ? "n_xh" : "XH"
                let keys = Set(
                    try rows(database, province, sql: "SELECT \(id), \(order) FROM \(vendorTable)").map { row in
                        table == "anjian" ? row[0] ?? "" : "[\"\(row[0] ?? "")\",\(row[1] ?? "")]"
                    })
                for item in truth where item.table == table && item.court == database.court.mark {
                    #expect(keys.contains(item.key), "\(item.kind) \(item.key)")
                }
            }
        }
    }

    @Test("a case is planted with one defect only, and boundary cases with none")
    func oneDefectPerCase() throws {
        let province = try Province(seed: 12, prefix: "demo_single")
        let truth = try TruthFile.read(province.made.truthFile)
        var kindsByCase: [String: Set<String>] = [:]
        for item in truth where item.table != "F01" {
            let id = item.key.hasPrefix("[") ? String(item.key.dropFirst(2).prefix { $0 != "\"" }) : item.key
            kindsByCase[id, default: []].insert(item.kind)
        }
        for (id, kinds) in kindsByCase { #expect(kinds.count == 1, "\(id): \(kinds.sorted())") }
    }

    @Test("the submitted figures differ from what is in the databases exactly where the truth file says so")
    func submittedFigures() throws {
        let province = try Province(seed: 21, prefix: "demo_figures")
        let truth = try TruthFile.read(province.made.truthFile)
        let submitted = try province.text(province.made.submittedFigures).split(separator: "\n").dropFirst().map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        // Counted here by the vendors' own databases, once more and in another way.
        var differing: Set<String> = []
        var total = 0
        for database in province.made.databases where database.court.mark != "豫17" {
            let sql =
                database.kind == "postgres"
                ? """
                SELECT count(DISTINCT c_ajbs) FROM t_aj WHERE n_ajlx = '21' AND dt_larq >= '2026-10-01'
                AND dt_larq < '2026-11-01'
                """
                : """
                SELECT count(DISTINCT AJXH) FROM AJXX WHERE AJLB = 'MS1' AND LARQ BETWEEN 20261001 AND 20261031
                """
            let count = Int(try rows(database, province, sql: sql)[0][0] ?? "") ?? -1
            total += count
            let cell = submitted.first { $0[1] == database.court.mark && $0[3] == "121" && $0[4] == "xs" }
            if cell?[5] != String(count) { differing.insert("\(database.court.mark)|121|xs") }
        }
        #expect(total > 0)
        let planted = truth.filter { $0.outcome == .mismatch && $0.key.hasSuffix("|121|xs") && $0.court != "豫17" }
        #expect(Set(planted.map(\.key)) == differing)
        #expect(submitted.count == 6 * 32 * 5)
    }

    @Test("comparing tells what is missing and what nobody planted")
    func comparing() {
        let truth = [
            TruthItem(kind: "a", outcome: .finding, rule: "r", court: "豫17", table: "t", key: "1"),
            TruthItem(kind: "b", outcome: .finding, rule: "r", court: "", table: "t", key: "[\"1\",2]"),
            TruthItem(kind: "c", outcome: .boundary, rule: "r", court: "豫17", table: "t", key: "3"),
            TruthItem(kind: "d", outcome: .quarantine, rule: "q", court: "豫17", table: "t", key: "4"),
        ]
        func found(_ outcome: TruthItem.Outcome, _ rule: String, _ key: String) -> FoundItem {
            FoundItem(outcome: outcome, rule: rule, court: "", table: "t", key: key)
        }
        let all = [found(.finding, "r", "1"), found(.finding, "r", "[\"1\", \"2\"]"), found(.quarantine, "q", "4")]
        let exact = TruthFile.compare(truth, found: all)
        #expect(exact.missing.isEmpty && exact.unexpected.isEmpty)
        let wrong = TruthFile.compare(
            truth, found: [found(.finding, "r", "1"), found(.finding, "r", "3"), found(.finding, "q", "4")])
        #expect(wrong.missing.map(\.kind) == ["b", "d"])
        #expect(wrong.unexpected.map(\.key) == ["3", "4"])
    }
}
