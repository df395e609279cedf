import Diagnostics
import FormEngine
import Reconciliation
import RuleLanguage
import Schema
import TestSupport
import Testing

/// A court over four others: what the library yields, and what they submitted.
@Suite("Splitting a roll-up difference over the courts")
struct RollUpAttributionTests {
    private static let upper = "甲"
    private static let lower = (1...4).map { "乙\($0)" }
    private static let schema = StandardSchema(
        codelists: ["court": CodeList(name: "court", entries: ([upper] + lower).map { .init(code: $0) }, isTree: true)],
        hierarchies: [
            "court": Hierarchy(
                name: "court", codelist: "court",
                parents: Dictionary(uniqueKeysWithValues: lower.map { ($0, upper) }))
        ],
        forms: [
            FormDefinition(
                name: "F", columns: (1...3).map { .init(code: "c\($0)", measure: .given) },
                rows: (1...4).map { .init(code: "r\($0)", selection: .given) })
        ])

    /// Value and own figure by court, twelve cells each.
    private struct Side {
        var value: [String: [Int]] = [:]
        var own: [String: [Int]] = [:]

        var store: FigureStore {
            let store = FigureStore(forms: schema.forms)
            for (court, cells) in value {
                for (place, number) in cells.enumerated() {
                    _ = store.insert(
                        Figure(
                            form: "F", court: court, period: "2026-10", row: "r\(place / 3 + 1)",
                            column: "c\(place % 3 + 1)", value: .number(ExactDecimal(number)),
                            own: own[court].map { .number(ExactDecimal($0[place])) } ?? .absent))
                }
            }
            return store
        }
    }

    /// The library's figures add up.
    private static func library(_ random: inout RandomForms) -> Side {
        var side = Side()
        var total = (0..<12).map { _ in Int.random(in: 0...900, using: &random.numbers) }
        side.own[upper] = total
        for court in lower {
            let cells = (0..<12).map { _ in Int.random(in: 0...900, using: &random.numbers) }
            (side.value[court], side.own[court]) = (cells, cells)
            total = zip(total, cells).map(+)
        }
        side.value[upper] = total
        return side
    }

    private func explained(
        _ submitted: Side, library: FigureStore?, own: Bool = true, judgedIsLibrary: Bool = false
    ) throws -> [RollUpExplanation] {
        let rule = RuleDefinition(
            id: "D", forms: ["F"], body: .rollup(cells: ExpressionText("[*, *]"), along: "court", own: own))
        let tree = Jurisdictions(
            courts: [Self.upper] + Self.lower,
            parents: Dictionary(uniqueKeysWithValues: Self.lower.map { ($0, Self.upper) }))
        let check = try FormRuleCheck(rules: [rule], schema: Self.schema)
        let store = submitted.store
        let findings = check.judge(store, periods: ["2026-10"]) { _, _ in tree }.findings
            .filter { $0.court == Self.upper }
        return check.explain(findings, store, library: judgedIsLibrary ? store : library) { _, _ in tree }
    }

    @Test(arguments: 1...30)
    func `every difference is the sum of its terms, and each term is what that court changed`(_ round: Int) throws {
        let seed = TestSeed.draw(UInt64(round))
        print("random province: seed \(seed)")
        var random = RandomForms(seed: seed)
        let library = Self.library(&random)
        var submitted = library
        var changes: [String: [Int]] = [:]
        func changed(_ cells: [Int], _ name: String) -> [Int] {
            let change = cells.map { _ in random.chance(1, in: 3) ? Int.random(in: -90...90, using: &random.numbers) : 0
            }
            changes[name] = change
            return zip(cells, change).map(+)
        }
        for court in Self.lower { submitted.value[court] = changed(submitted.value[court] ?? [], court) }
        submitted.own[Self.upper] = changed(submitted.own[Self.upper] ?? [], "own")
        submitted.value[Self.upper] = changed(submitted.value[Self.upper] ?? [], Self.upper)

        let explanation = try #require(try explained(submitted, library: library.store).first)
        #expect(explanation.obstacle == nil)
        #expect(explanation.attributions.count == explanation.cells.count)
        for part in explanation.attributions {
            let place = (Int(part.row.dropFirst()) ?? 0) * 3 - 3 + (Int(part.column.dropFirst()) ?? 0) - 1
            #expect(part.terms.map(\.court) == [Self.upper] + Self.lower)
            #expect(part.terms.map(\.isOwn) == [true, false, false, false, false])
            #expect(part.upper.amount == ExactDecimal(changes[Self.upper]?[place] ?? 0))
            for (term, name) in zip(part.terms, ["own"] + Self.lower) {
                #expect(term.amount == ExactDecimal(-(changes[name]?[place] ?? 0)), "\(name)")
            }
            let sum = try part.terms.reduce(part.upper.amount) { try $0.adding($1.amount) }
            #expect(sum == part.difference)
            // The difference as the rule found it, not as the terms make it.
            let below = Self.lower.reduce(submitted.own[Self.upper]?[place] ?? 0) {
                $0 + (submitted.value[$1]?[place] ?? 0)
            }
            #expect(part.difference == ExactDecimal((submitted.value[Self.upper]?[place] ?? 0) - below))
        }
    }

    @Test func `without own figures the courts below alone have terms`() throws {
        var random = RandomForms(seed: 7)
        var library = Self.library(&random)
        library.value[Self.upper] = (0..<12).map { place in
            Self.lower.reduce(0) { $0 + (library.value[$1]?[place] ?? 0) }
        }
        var submitted = library
        submitted.value["乙3"]?[5] -= 11
        let explanation = try #require(try explained(submitted, library: library.store, own: false).first)
        let part = try #require(explanation.attributions.first)
        #expect(part.terms.map(\.court) == Self.lower)
        #expect(part.terms.first { !$0.amount.isZero }?.court == "乙3")
        #expect(part.difference == ExactDecimal(11))
        #expect(part.message.en.hasPrefix("+11 = 乙3 +11 ("))
    }

    @Test func `nothing is invented where the library has no figures`() throws {
        var random = RandomForms(seed: 8)
        let library = Self.library(&random)
        var submitted = library
        submitted.value[Self.upper]?[0] += 4
        #expect(try explained(submitted, library: nil).map(\.obstacle) == [.noLibrary])
        #expect(try explained(submitted, library: nil, judgedIsLibrary: true).map(\.obstacle) == [.ownFigures])
        var partly = library
        partly.value["乙2"] = nil
        let found = try explained(submitted, library: partly.store)
        #expect(found.map(\.obstacle) == [.missing(["乙2"])])
        #expect(found.allSatisfy { $0.attributions.isEmpty })
    }
}
