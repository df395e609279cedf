import Columnar
import FormEngine
import Reconciliation
import RuleLanguage
import Schema
import Testing

/// `except:` of a form rule: a court, or a court's cell, until a day.
@Suite("Exceptions of form rules")
struct FormExceptionTests {
    private static let schema = StandardSchema(
        forms: [
            FormDefinition(
                name: "F", columns: ["a", "b"].map { .init(code: $0, title: "栏\($0)", measure: .given) },
                rows: ["1", "2"].map { .init(code: $0, title: "行\($0)", selection: .given) })
        ])

    /// Cells that are found, of two courts whose every cell is below 0, and how many are counted and excepted.
    private func judged(
        _ exceptions: [RuleDefinition.Exception], period: String = "2026-10"
    ) throws -> (cells: [String], statistic: FormRuleStatistic) {
        let rule = RuleDefinition(
            id: "R", forms: ["F"], body: .formCheck(ExpressionText("[*, *] >= 0")), exceptions: exceptions)
        let store = FigureStore(forms: Self.schema.forms)
        for court in ["甲", "乙"] {
            for row in ["1", "2"] {
                for column in ["a", "b"] {
                    _ = store.insert(
                        Figure(
                            form: "F", court: court, period: period, row: row, column: column,
                            value: .number(ExactDecimal(-1))))
                }
            }
        }
        let result = try FormRuleCheck(rules: [rule], schema: Self.schema).judge(store, periods: [period]) { _, _ in
            Jurisdictions(courts: ["甲", "乙"], parents: [:])
        }
        return (result.findings.map { "\($0.court)\($0.row)\($0.column)" }, try #require(result.statistics.first))
    }

    @Test func `a court is excepted as a whole, and what is left out is counted`() throws {
        let (cells, statistic) = try judged([.init(key: ["甲"], reason: "搬迁")])
        #expect(cells == ["乙1a", "乙1b", "乙2a", "乙2b"])
        #expect(statistic.falseCount == 8 && statistic.excepted == 4 && statistic.stored == 4)
    }

    @Test func `a cell is excepted by codes or titles, of its court alone`() throws {
        let (cells, statistic) = try judged([
            .init(key: ["甲", "1", "b"], reason: "x"), .init(key: ["乙", "行2", "栏a"], reason: "y"),
        ])
        #expect(cells == ["甲1a", "甲2a", "甲2b", "乙1a", "乙1b", "乙2b"])
        #expect(statistic.excepted == 2)
    }

    @Test func `until its last day, and not in periods that end later`() throws {
        let until = RuleDefinition.Exception(
            key: ["甲"], until: CivilDate(year: 2026, month: 10, day: 31), reason: "x")
        #expect(try judged([until]).cells.count == 4)
        #expect(try judged([until], period: "2026-11").cells.count == 8)
        #expect(try judged([until], period: "2026").cells.count == 8)
    }

    @Test func `a key of another shape covers nothing`() throws {
        #expect(try judged([.init(key: ["甲", "1"], reason: "x"), .init(key: [], reason: "y")]).cells.count == 8)
    }
}
