import FormEngine
import Reconciliation
import RuleLanguage
import Schema
import Testing

/// `[合计, 新收] = 计数(案件 当 …)`: figures held against the cases.
@Suite("Form rules that count cases")
struct CaseCountTests {
    private static let schema = StandardSchema(
        tables: [
            TableDefinition(
                name: "anjian", title: "案件", key: ["ajbs"], courtPath: "fydm",
                columns: [
                    .init(name: "ajbs", type: .text(maxLength: nil)), .init(name: "fydm", type: .text(maxLength: nil)),
                    .init(name: "larq", title: "立案日期", type: .date),
                ])
        ],
        forms: [
            FormDefinition(
                name: "F", columns: [.init(code: "xs", title: "新收", measure: .given)],
                rows: [.init(code: "1", title: "合计", selection: .given)])
        ])
    private static let rules = ["计数(案件 当 立案日期 属于 本期)", "count(案件 where 立案日期 in period) + 0"].enumerated().map {
        RuleDefinition(id: "E\($0)", forms: ["F"], body: .formCheck(ExpressionText("[合计, 新收] = \($1)")))
    }

    @Test func `without the cases they are not run, and it is told what would have to be counted`() throws {
        let check = try FormRuleCheck(rules: Self.rules, schema: Self.schema)
        #expect(check.caseForms.count == 1)
        let form = try #require(check.caseForms.first)
        // The same count twice, in two languages, is counted once.
        #expect(form.table == "anjian" && form.columns.count == 1 && form.rows.count == 1)
        #expect(form.columns.first?.measure == .count(ExpressionText("立案日期 in period")))
        var table = FigureTable(forms: Self.schema.forms)
        _ = table.insert(figure("F", "1", "xs", 3))
        let result = check.judge(table, period: "2026-10", jurisdictions: Jurisdictions(courts: ["甲"], parents: [:]))
        #expect(result.statistics.allSatisfy { $0.notRun != nil } && result.statistics.count == 2)
    }

    @Test(arguments: [3, 4])
    func `with them they are judged as any other`(_ cases: Int) throws {
        var schema = Self.schema
        let counted = try FormRuleCheck(rules: Self.rules, schema: schema).caseForms[0]
        schema.forms.append(counted)
        let check = try FormRuleCheck(rules: Self.rules, schema: schema)
        #expect(check.caseForms.isEmpty)
        var table = FigureTable(forms: schema.forms)
        _ = table.insert(figure("F", "1", "xs", 3))
        #expect(table.insert(figure(counted.name, "*", counted.columns[0].code, cases)) == nil)
        let result = check.judge(table, period: "2026-10", jurisdictions: Jurisdictions(courts: ["甲"], parents: [:]))
        #expect(result.statistics.map(\.falseCount) == (cases == 3 ? [0, 0] : [1, 1]))
        #expect(result.findings.map(\.expected) == (cases == 3 ? [] : [ExactDecimal(4), ExactDecimal(4)]))
    }

    @Test func `a table that there is not is told`() {
        let rule = RuleDefinition(id: "E", forms: ["F"], body: .formCheck(ExpressionText("[1, xs] = count(无此表)")))
        #expect(throws: (any Error).self) { try FormRuleCheck(rules: [rule], schema: Self.schema) }
    }

    private func figure(_ form: String, _ row: String, _ column: String, _ value: Int) -> Figure {
        Figure(
            form: form, court: "甲", period: "2026-10", row: row, column: column, value: .number(ExactDecimal(value)))
    }
}
