import Columnar
import CourtModel
import Testing

@Suite("Statistical periods")
struct StatisticalPeriodTests {
    @Test(
        "labels name their first and last day",
        arguments: [
            ("2026-10", "2026-10-01", "2026-10-31"), ("2026-02", "2026-02-01", "2026-02-28"),
            ("2026-10@20", "2026-09-21", "2026-10-20"), ("2026-01@20", "2025-12-21", "2026-01-20"),
            ("2026Q3", "2026-07-01", "2026-09-30"), ("2026H1", "2026-01-01", "2026-06-30"),
            ("2026", "2026-01-01", "2026-12-31"), ("2026-10ytd", "2026-01-01", "2026-10-31"),
        ])
    func days(label: String, first: String, last: String) throws {
        let period = try #require(StatisticalPeriod(label))
        #expect(period.firstDay.description == first)
        #expect(period.lastDay.description == last)
    }

    @Test(
        "what is no label is none",
        arguments: ["", "26-10", "2026-13", "2026-1", "2026Q5", "2026H3", "2026-10@21", "2026-10x"])
    func wrong(label: String) {
        #expect(StatisticalPeriod(label) == nil)
    }

    @Test(
        "the period before is of the same kind",
        arguments: [
            ("2026-01", "2025-12"), ("2026-03@20", "2026-02@20"), ("2026Q1", "2025Q4"), ("2026H1", "2025H2"),
            ("2026", "2025"), ("2026-10ytd", "2026-09ytd"),
        ])
    func previous(label: String, before: String) {
        #expect(StatisticalPeriod(label)?.previous?.label == before)
    }

    @Test("relative words are meant from today")
    func relative() throws {
        let today = try #require(CivilDate("2026-01-15"))
        #expect(StatisticalPeriod(relative: "previous-month", today: today)?.label == "2025-12")
        #expect(StatisticalPeriod(relative: "this-month", today: today)?.label == "2026-01")
        #expect(StatisticalPeriod(relative: "previous-quarter", today: today)?.label == "2025Q4")
        #expect(StatisticalPeriod(relative: "previous-year", today: today)?.label == "2025")
        #expect(StatisticalPeriod("2026-02")?.samePeriodLastYear?.label == "2025-02")
    }
}
