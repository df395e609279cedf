import Diagnostics
import FormEngine
import Reconciliation
import RuleLanguage
import Schema
import Testing

@Suite("Form rules")
struct FormRuleTests {
    /// court, row, column, value, own; "" is blank, nil own is absent.
    typealias Line = (court: String, row: String, column: String, value: String, own: String?)

    private func table(_ lines: [Line], period: String = "2026-10") -> FigureTable {
        var table = FigureTable(forms: SmallProvince.schema.forms)
        for line in lines { _ = table.insert(figure(line, period)) }
        return table
    }

    private func figure(_ line: Line, _ period: String) -> Figure {
        func cell(_ text: String?) -> CellValue {
            guard let text else { return .absent }
            return ExactDecimal(text).map { .number($0) } ?? .blank
        }
        return Figure(
            form: "F01", court: line.court, period: period, row: line.row, column: line.column,
            value: cell(line.value), own: cell(line.own))
    }

    private func judge(
        _ check: String, _ lines: [Line], when: String? = nil, options: RuleDefinition.FormOptions = .init(),
        previous: [Line] = []
    ) throws -> FormRuleCheck.Result {
        var figures = table(lines)
        for line in previous { _ = figures.insert(figure(line, "2026-09")) }
        let rule = RuleDefinition(
            id: "R", title: "规则", forms: ["F01"], when: when.map { ExpressionText($0) },
            body: .formCheck(ExpressionText(check)), formOptions: options)
        return try FormRuleCheck(rules: [rule], schema: SmallProvince.schema)
            .judge(figures, period: "2026-10", jurisdictions: SmallProvince.jurisdictions)
    }

    private let balance = "[*, 旧存] + [*, 新收] = [*, 已结] + [*, 未结]"

    private func row(_ court: String, _ row: String, _ values: [String]) -> [Line] {
        zip(["旧存", "新收", "已结", "未结"], values).map { (court, row, $0, $1, nil) }
    }

    @Test func `the balance of filed and closed cases is judged in every row and court`() throws {
        let result = try judge(
            balance,
            row("豫1702", "合计", ["10", "5", "7", "8"]) + row("豫1702", "刑事", ["1", "2", "3", "1"])
                + row("豫1702", "民事", ["0", "0", "0", "0"]))
        #expect(result.findings.count == 1)
        let finding = try #require(result.findings.first)
        #expect(finding.row == "2" && finding.column == "jc" && finding.court == "豫1702")
        #expect(finding.actual == ExactDecimal(3) && finding.expected == ExactDecimal(4))
        #expect(finding.difference == ExactDecimal(-1))
        let statistic = try #require(result.statistics.first)
        #expect(statistic.rowsInScope == 3 && statistic.trueCount == 2 && statistic.falseCount == 1)
    }

    @Test func `computed figures balance, and break by the cases closed before they were filed`() throws {
        let sound: [SmallProvince.Case] = [("豫1702", "0301", "2026-10-02", "2026-10-05", nil)]
        let broken: [SmallProvince.Case] = [("豫1702", "0301", "2026-10-20", "2026-09-05", nil)]
        let rule = RuleDefinition(id: "R", forms: ["F01"], body: .formCheck(ExpressionText(balance)))
        let check = try FormRuleCheck(rules: [rule], schema: SmallProvince.schema)
        func findings(_ cases: [SmallProvince.Case]) throws -> [FormFinding] {
            try check.judge(
                SmallProvince.compute(cases).figures, period: "2026-10", jurisdictions: SmallProvince.jurisdictions
            ).findings
        }
        #expect(try findings(sound).isEmpty)
        #expect(try findings(broken).map { "\($0.court) \($0.row)" } == ["豫17 1", "豫17 3", "豫1702 1", "豫1702 3"])
    }

    @Test func `a blank and an absent cell leave a rule undecided`() throws {
        for lines in [row("豫1702", "合计", ["10", "5", "7", ""]), row("豫1702", "合计", ["10", "5", "7"])] {
            let statistic = try #require(try judge(balance, lines).statistics.first)
            #expect(statistic.undecidedCount == 3 && statistic.falseCount == 0 && statistic.judgedNothing)
        }
    }

    @Test func `policies make blanks zero, absent cells zero or failures`() throws {
        let blank = row("豫1702", "合计", ["10", "5", "15", ""])
        let check = "[合计, 旧存] + [合计, 新收] = [合计, 已结] + [合计, 未结]"
        #expect(try judge(check, blank, options: .init(blank: "zero")).statistics[0].trueCount == 1)
        let absent = row("豫1702", "合计", ["10", "5", "15"])
        #expect(try judge(check, absent, options: .init(absent: "zero")).statistics[0].trueCount == 1)
        #expect(try judge(check, absent, options: .init(absent: "fail")).statistics[0].falseCount == 1)
    }

    @Test(arguments: [
        ("1", "11", true), ("1", "12", false), ("10%", "11", true), ("10%", "11.2", false),
        ("rounding(0.5)", "11", true), ("rounding(0.5)", "11.01", false), ("0", "10.01", false),
    ])
    func `tolerance`(_ tolerance: String, _ actual: String, _ holds: Bool) throws {
        let lines: [Line] = [("豫1702", "合计", "旧存", actual, nil), ("豫1702", "合计", "新收", "10", nil)]
        let result = try judge("[合计, 旧存] = [合计, 新收]", lines, options: .init(tolerance: tolerance))
        #expect(result.findings.isEmpty == holds)
    }

    @Test func `an aggregate names its axis, and a wildcard beside it binds no ratio`() throws {
        var lines: [Line] = []
        for (row, value) in [("合计", "5"), ("刑事", "2"), ("民事", "2")] {
            lines += self.row("豫1702", row, [value, "0", "0", "0"])
            lines.append(("豫1702", row, "结案率", "50", nil))
        }
        let result = try judge("[合计, *] = 合计 行 (刑事..民事) [行, *]", lines)
        #expect(result.findings.map(\.column) == ["jc"])
        #expect(result.statistics[0].rowsInScope == 5)
    }

    @Test func `the period before and the same period last year`() throws {
        let now = row("豫1702", "合计", ["8", "5", "7", "6"])
        let check = "[合计, 旧存] = [合计, 未结] @ 上期"
        #expect(try judge(check, now, previous: row("豫1702", "合计", ["0", "8", "0", "8"])).findings.isEmpty)
        #expect(try judge(check, now, previous: row("豫1702", "合计", ["0", "9", "0", "9"])).findings.count == 1)
        #expect(try judge(check, now).statistics[0].undecidedCount == 1)
    }

    @Test func `when limits what is applicable`() throws {
        let lines = row("豫1702", "合计", ["10", "5", "7", "9"]) + row("豫1702", "刑事", ["0", "0", "0", "1"])
        let result = try judge(balance, lines, when: "[*, 旧存] > 0")
        #expect(result.findings.map(\.row) == ["1"])
        #expect(result.statistics[0].applicable == 1)
    }

    @Test func `roll-up with own figures judges leaves too`() throws {
        let rule = RuleDefinition(
            id: "D", forms: ["F01"], body: .rollup(cells: ExpressionText("[*, *]"), along: "法院", own: true))
        let check = try FormRuleCheck(rules: [rule], schema: SmallProvince.schema)
        let good: [Line] = [
            ("豫17", "1", "xs", "10", "1"), ("豫1702", "1", "xs", "4", "4"), ("豫1721", "1", "xs", "5", "5"),
        ]
        func result(_ lines: [Line]) throws -> FormRuleCheck.Result {
            try check.judge(table(lines), period: "2026-10", jurisdictions: SmallProvince.jurisdictions)
        }
        #expect(try result(good).findings.isEmpty)
        #expect(try result(good).statistics[0].trueCount == 3)
        var bad = good
        bad[0].value = "11"
        bad[1].own = "3"
        let findings = try result(bad).findings
        #expect(findings.map(\.court) == ["豫17", "豫1702"])
        #expect(findings[0].expected == ExactDecimal(10) && findings[0].difference == ExactDecimal(1))
    }

    @Test func `a computed form rolls up, whatever the cases`() throws {
        var generator = SystemRandomNumberGenerator()
        let courts = ["豫17", "豫1702", "豫1721"]
        let cases = (0..<500).map { _ -> SmallProvince.Case in
            let day = Int.random(in: 10...28, using: &generator)
            return (
                courts.randomElement(using: &generator), ["0201", "0202", "0301"].randomElement(using: &generator),
                "2026-\(["09", "10", "11"].randomElement(using: &generator) ?? "10")-\(day)",
                Bool.random(using: &generator) ? nil : "2026-10-\(day)", "\(day).5"
            )
        }
        let rule = RuleDefinition(
            id: "D", forms: ["F01"], body: .rollup(cells: ExpressionText("[*, *]"), along: "court", own: true))
        let result = try FormRuleCheck(rules: [rule], schema: SmallProvince.schema)
            .judge(
                try SmallProvince.compute(cases).figures, period: "2026-10", jurisdictions: SmallProvince.jurisdictions)
        #expect(result.findings.isEmpty)
        #expect(result.statistics[0].trueCount == 3 * 3 * 5)
    }

    @Test func `a rule without its figures is not run, and says so`() throws {
        let statistic = try #require(try judge(balance, []).statistics.first)
        #expect(statistic.notRun?.zh == "没有报表F01在2026-10的数据")
    }

    @Test(arguments: [
        ("[*, 旧村] = 0", "unknown-name"), ("F99[合计, 旧存] = 0", "unknown-name"), ("[合计, 旧存]", "form-expression"),
        ("[行, 旧存] = 0", "misplaced-axis"),
    ])
    func `a wrong rule is refused`(_ check: String, _ code: String) throws {
        let error = #expect(throws: InvalidDefinitions.self) { try judge(check, []) }
        #expect(error?.diagnostics.map(\.code) == [code])
    }

    @Test func `stored findings may be limited, counts stay complete`() throws {
        let lines = row("豫1702", "合计", ["1", "0", "0", "0"]) + row("豫1721", "合计", ["1", "0", "0", "0"])
        let rule = RuleDefinition(id: "R", forms: ["F01"], body: .formCheck(ExpressionText("[合计, 旧存] = 0")))
        let result = try FormRuleCheck(rules: [rule], schema: SmallProvince.schema)
            .judge(table(lines), period: "2026-10", jurisdictions: SmallProvince.jurisdictions, maxStored: 1)
        #expect(result.findings.count == 1)
        #expect(result.statistics[0].falseCount == 2 && result.statistics[0].truncated == 1)
    }
}

@Suite("Examples of form rules")
struct FormRuleExampleTests {
    private func judge(_ body: RuleDefinition.Body, _ figures: [[String?]], fails: [[String]]) throws -> [String] {
        let rule = RuleDefinition(
            id: "R", forms: ["F01"], body: body, examples: [.init(figures: figures, failingCells: fails)])
        let result = try FormRuleExamples.judge(rule, schema: SmallProvince.schema)
        #expect(result.judged == 1)
        return result.diagnostics.map(\.code)
    }

    @Test func `an example comes out as it says, or is a diagnostic`() throws {
        let body = RuleDefinition.Body.formCheck(ExpressionText("[*, 旧存] = [*, 未结]"))
        let figures: [[String?]] = [
            ["F01", "豫1702", "2026-10", "合计", "旧存", "10"], ["F01", "豫1702", "2026-10", "合计", "未结", "9"],
        ]
        #expect(try judge(body, figures, fails: [["合计", "旧存"]]).isEmpty)
        #expect(try judge(body, figures, fails: [["豫1702", "1", "jc"]]).isEmpty)
        #expect(try judge(body, figures, fails: []) == ["example-figures"])
        #expect(try judge(body, figures, fails: [["刑事", "旧存"]]) == ["example-figures"])
        #expect(try judge(body, [["F01", "豫1702", "2026-10", "合计", "旧村", "1"]], fails: []) == ["figure-place"])
        #expect(try judge(body, [["F01", "豫1702", "2026-10", "合计", "旧存", "一"]], fails: []) == ["figure-shape"])
    }

    @Test func `only the courts that an example names are its world`() throws {
        let body = RuleDefinition.Body.rollup(cells: ExpressionText("[*, *]"), along: "法院", own: true)
        let figures: [[String?]] = [
            ["F01", "豫17", "2026-10", "合计", "新收", "8", "4"], ["F01", "豫1702", "2026-10", "合计", "新收", "5", "5"],
        ]
        #expect(try judge(body, figures, fails: [["合计", "新收"]]).isEmpty)
    }
}

@Suite("Submitted against computed")
struct FigureComparisonTests {
    private func table(_ lines: [(String, String)]) -> FigureTable {
        var table = FigureTable(forms: SmallProvince.schema.forms)
        for (court, value) in lines {
            _ = table.insert(
                Figure(
                    form: "F01", court: court, period: "2026-10", row: "合计", column: "新收",
                    value: ExactDecimal(value).map { .number($0) } ?? .blank))
        }
        return table
    }

    private func compare(
        _ computed: [(String, String)], _ submitted: [(String, String)]
    ) throws -> FigureComparison.Result {
        try FigureComparison.compare(
            computed: table(computed), submitted: table(submitted), period: "2026-10",
            jurisdictions: SmallProvince.jurisdictions)
    }

    @Test func `a parent's difference is split over the courts that caused it`() throws {
        let result = try compare(
            [("豫17", "40"), ("豫1702", "25"), ("豫1721", "15")], [("豫17", "44"), ("豫1702", "28"), ("豫1721", "15")])
        let parent = try #require(result.mismatches.first)
        #expect(result.mismatches.map(\.court) == ["豫17", "豫1702"])
        #expect(parent.difference == ExactDecimal(4))
        #expect(parent.shares == [.init(court: "豫1702", amount: ExactDecimal(3))])
        #expect(parent.remainder == ExactDecimal(1))
        #expect(parent.message.zh == "“合计”的“新收”上报44，按案件计算为40；其中 豫1702 +3，本级或汇总 +1")
        #expect(parent.message.en == "合计 新收: submitted 44, cases give 40; of this 豫1702 +3, own cases or adding up +1")
        #expect(result.mismatches.last?.message.zh == "“合计”的“新收”上报28，按案件计算为25")
    }

    @Test func `a blank agrees with zero and with nothing else`() throws {
        #expect(try compare([("豫1702", "0")], [("豫1702", "")]).mismatches.isEmpty)
        #expect(try compare([("豫1702", "3")], [("豫1702", "")]).mismatches.map(\.kind) == [.notSubmitted])
    }

    @Test func `courts that submitted nothing or are unknown are named`() throws {
        let result = try compare([("豫1702", "1")], [("豫1702", "1"), ("豫9999", "2")])
        #expect(result.missingSheets.map(\.court) == ["豫17", "豫1721"])
        #expect(result.unknownCourts == ["豫9999"])
        #expect(result.mismatches.map(\.kind) == [.notComputed])
    }
}
