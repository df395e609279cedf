import FormEngine
import Schema
import Testing

@testable import Reconciliation

@Suite("Three sides of a form")
struct SideComparisonTests {
    private static let form = FormDefinition(
        name: "F", columns: ["a", "b"].map { .init(code: $0, measure: .given) },
        rows: ["1", "2"].map { .init(code: $0, selection: .given) })

    /// `[1, a]`, and [2, a] the same for all; column b only where told.
    private func snapshot(
        _ run: String, _ side: FigureSide, _ value: CellValue, b: CellValue? = nil
    ) -> SideComparison.Snapshot {
        func figure(_ row: String, _ column: String, _ value: CellValue) -> Figure {
            Figure(form: "F", court: "甲", period: "2026-10", row: row, column: column, value: value)
        }
        var figures = [figure("1", "a", value), figure("2", "a", .number(ExactDecimal(7)))]
        if let b { figures.append(figure("1", "b", b)) }
        return SideComparison.Snapshot(run: run, startedAt: "at \(run)", side: side, figures: figures)
    }

    private func number(_ value: Int) -> CellValue { .number(ExactDecimal(value)) }

    @Test func `the side that moved is told with the run in which it did`() {
        let result = SideComparison.compare(
            [
                snapshot("r1", .submitted, number(5)), snapshot("r1", .computed, number(5)),
                snapshot("r2", .computed, number(6)), snapshot("r3", .computed, number(5)),
                snapshot("r4", .published, number(5)), snapshot("r5", .computed, number(8)),
                snapshot("r6", .computed, number(9)),
            ], of: Self.form)
        #expect(result.sides == [.submitted, .computed, .published])
        #expect(result.comparedCells == 2)
        let expected = SideDifference(
            row: "1", column: "a", values: [.submitted: number(5), .computed: number(9), .published: number(5)],
            since: .moved(run: "r5", startedAt: "at r5", sides: [.computed]), outlier: .computed)
        #expect(result.differences == [expected])
    }

    @Test func `a side that comes in with another figure has moved`() {
        let result = SideComparison.compare(
            [
                snapshot("r1", .submitted, number(5)), snapshot("r1", .computed, number(5)),
                snapshot("r2", .published, number(50)),
            ], of: Self.form)
        #expect(
            result.differences.map(\.since) == [.moved(run: "r2", startedAt: "at r2", sides: [.published])])
        #expect(result.differences.map(\.outlier) == [.published])
    }

    @Test func `what never agreed differs from the beginning`() {
        let result = SideComparison.compare(
            [
                snapshot("r1", .computed, number(4)), snapshot("r2", .submitted, number(5)),
                snapshot("r3", .submitted, number(6)),
            ], of: Self.form)
        #expect(result.differences.map(\.since) == [.beginning(run: "r2", startedAt: "at r2")])
        #expect(result.differences.map(\.outlier) == [nil])
    }

    @Test func `a blank agrees with nought, and a column that a side does not have is left out`() {
        let result = SideComparison.compare(
            [
                snapshot("r1", .submitted, .blank), snapshot("r1", .computed, number(0), b: number(3)),
            ], of: Self.form)
        #expect(result.comparedCells == 2)
        #expect(result.differences.isEmpty)
    }

    @Test func `one side alone is compared with nothing`() {
        let result = SideComparison.compare([snapshot("r1", .computed, number(4))], of: Self.form)
        #expect(result.sides == [.computed] && result.comparedCells == 0)
    }
}
