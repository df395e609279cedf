import Columnar
import DataAccess
import Diagnostics
import FormEngine
import Library
import PostgresClient
import Schema
import TestSupport
import Testing

struct ResultStoreTests {
    private let finding = FindingRecord(
        rule: "case.x", severity: .warning, table: "anjian", key: "a\\b\tc", row: 7, court: "豫1702", message: "第一行\n第二行"
    )
    private let statistic = RuleStatisticRecord(
        rule: "case.x", title: "规则", subject: "anjian", severity: .error, rowsInScope: 10, applicable: 9, trueCount: 8,
        falseCount: 1, stored: 1, notRun: nil)

    @Test func `results come back as they were kept, and a second time replaces the first`() throws {
        let fixture = try LibraryFixture()
        let library = fixture.library
        let nowhere = FindingRecord(
            rule: "case.y", severity: .error, table: "anjian", key: nil, row: nil, court: nil, message: "")
        for _ in 1...2 {
            try library.store(
                findings: [finding, nowhere], counts: [FindingCountRecord(rule: "case.x", court: "豫1702", count: 5)],
                statistics: [statistic], run: "r1")
        }
        try library.store(findings: [finding], counts: [], statistics: [], run: "r2")
        #expect(try library.findings(run: "r1") == [finding, nowhere])
        #expect(try library.findings(run: "r1", limit: 1) == [finding])
        #expect(try library.findingCounts(run: "r1").map(\.count) == [5])
        #expect(try library.ruleStatistics(run: "r1", kind: .rows) == [statistic])
        #expect(try library.ruleStatistics(run: "r1", kind: .forms).isEmpty)
        #expect(try library.findings(run: "r2") == [finding])
    }

    @Test func `figures keep blank apart from zero, and sources apart from each other`() throws {
        let library = try LibraryFixture().library
        func figure(_ row: String, _ value: String?, _ source: String) -> FigureRecord {
            FigureRecord(
                form: "F01", court: "豫17", period: "2026-10", row: row, column: "xs", value: value, own: value,
                source: source)
        }
        let computed = [figure("1", "12.50", "computed"), figure("2", nil, "computed"), figure("3", "0", "computed")]
        try library.store(figures: [figure("9", "1", "computed")], source: "computed", run: "r1")
        try library.store(figures: computed, source: "computed", run: "r1")
        try library.store(figures: [figure("1", "13", "submitted")], source: "submitted", run: "r1")
        #expect(try library.figures(run: "r1", source: "computed") == computed)
        #expect(try library.figures(run: "r1").count == 4)
    }

    @Test func `a court that submits later takes away nothing of the others, and runs are told in their order`() throws
    {
        let library = try LibraryFixture().library
        func figure(_ court: String, _ value: String) -> FigureRecord {
            FigureRecord(
                form: "F01", court: court, period: "2026-10", row: "1", column: "xs", value: value, own: nil,
                source: "submitted")
        }
        for (court, value) in [("豫17", "1"), ("豫1702", "2"), ("豫17", "3")] {
            try library.store(sheets: [figure(court, value)], source: "submitted", run: "alone")
        }
        #expect(try library.figures(run: "alone") == [figure("豫17", "3"), figure("豫1702", "2")])
        for (run, day) in [("b", "2026-11-01"), ("a", "2026-11-02")] {
            var record = RunRecord(run: run)
            record.startedAt = "\(day) 08:00:00+08"
            try library.record(record)
            try library.store(figures: [figure("豫17", "9")], source: "submitted", run: run)
        }
        let history = try library.figureHistory(form: "F01", court: "豫17", period: "2026-10")
        #expect(history.map(\.run) == ["b", "a", "alone"])
        #expect(history.map(\.startedAt) == ["2026-11-01 08:00:00", "2026-11-02 08:00:00", nil])
        #expect(history.map { $0.figures.map(\.value) } == [["9"], ["9"], ["3"]])
        #expect(try library.latestRun(withFigures: "submitted", period: "2026-10") == "alone")
        #expect(try library.latestRun(withFigures: "computed", period: nil) == nil)
        try library.store(figures: [figure("豫17", "9")], source: "computed", run: "b")
        #expect(try library.latestRun(withFigures: "computed", period: nil) == "b")
        try library.store(figures: [figure("豫17", "9")], source: "computed", run: "a")
        #expect(try library.latestRun(withFigures: "computed", period: "2026-10") == "a")
        #expect(try library.latestRun(withFigures: "computed", period: "2026-11") == nil)
    }

    @Test func `cases that could not be decided are kept by run, and a second time replaces the first`() throws {
        let library = try LibraryFixture().library
        func undecided(_ court: String, _ cases: Int) -> FormComputation.Undecided {
            FormComputation.Undecided(form: "F01", period: "2026-10", court: court, cases: cases)
        }
        try library.store(undecided: [undecided("豫1702", 3), undecided("豫1703", 1)], run: "r1")
        try library.store(undecided: [undecided("豫1702", 9)], run: "r2")
        try library.store(undecided: [undecided("豫1704", 4), undecided("豫1702", 2)], run: "r1")
        #expect(try library.undecided(run: "r1") == [undecided("豫1702", 2), undecided("豫1704", 4)])
        #expect(try library.undecided(run: "r2").map(\.cases) == [9])
        #expect(try library.undecided(run: "r3").isEmpty)
    }

    @Test func `mismatches come back in their order with exact numbers`() throws {
        let library = try LibraryFixture().library
        let mismatches = ["b", "a"].map { court in
            MismatchRecord(
                rule: "F01.balance", severity: .error, form: "F01", court: court, period: "2026-10", row: "1",
                column: nil, expected: "12345678901234567890.12", actual: nil, difference: "-0.10", message: "不符")
        }
        try library.store(mismatches: mismatches, statistics: [statistic], run: "r1")
        #expect(try library.mismatches(run: "r1") == mismatches)
        #expect(try library.ruleStatistics(run: "r1", kind: .forms) == [statistic])
    }

    @Test func `runs and steps are kept from their beginning to their end`() throws {
        let library = try LibraryFixture().library
        try library.record(RunRecord(run: "r1", pipeline: "monthly", period: "2026-10"))
        try library.record(StepRecord(run: "r1", step: "load", attempt: 1))
        #expect(try library.runs().map(\.status) == [nil])
        #expect(try library.steps(run: "r1").first?.finishedAt == nil)
        try library.record(StepRecord(run: "r1", step: "load", attempt: 1, status: .unavailable))
        try library.record(StepRecord(run: "r1", step: "load", attempt: 2, status: .ok, rowsIn: 5, rowsOut: 4))
        try library.record(RunRecord(run: "r1", status: .findings))
        let run = try #require(try library.runs().first)
        #expect(run.pipeline == "monthly" && run.period == "2026-10" && run.status == .findings)
        #expect(run.finishedAt != nil)
        #expect(try library.steps(run: "r1").map(\.status) == [.unavailable, .ok])
        #expect(try library.steps(run: "r1").last?.rowsOut == 4)
    }

    // MARK: Reading

    private func read(_ reader: LibraryReader) throws -> [[String?]] {
        var rows: [[String?]] = []
        while let block = try reader.next() {
            #expect(block.columns.allSatisfy { $0.count == block.rowCount })
            for row in 0..<block.rowCount { rows.append(block.columns.map { $0[row] }) }
        }
        return rows
    }

    @Test func `tables are read in key order, of chosen columns and courts, from one state`() throws {
        let fixture = try LibraryFixture()
        try fixture.inspector.execute(
            """
            INSERT INTO anjian VALUES ('b', 'f2', '2026-10-01', 1, 0.5, '2026-10-01 08:00:00', 1), ('a', 'f1', NULL, 2, NULL, NULL, 1);
            INSERT INTO dangshiren VALUES ('b', 2, '', 1), ('b', 1, NULL, 1), ('a', 10, '张,"三', 1), ('x', 1, '李四', 1)
            """)
        let snapshot = try fixture.library.snapshot()
        try fixture.inspector.execute("DELETE FROM anjian; DELETE FROM dangshiren")
        let cases = fixture.schema.tables[0]
        let parties = fixture.schema.tables[1]
        #expect(
            try read(snapshot.reader(table: cases, schema: fixture.schema)) == [
                ["a", "f1", nil, "2", nil, nil], ["b", "f2", "2026-10-01", "1", "0.50", "2026-10-01 08:00:00"],
            ])
        #expect(
            try read(snapshot.reader(table: cases, columns: ["金额", "ajbs"], courts: ["f2"], schema: fixture.schema))
                == [["0.50", "b"]])
        #expect(
            try read(snapshot.reader(table: parties, courts: ["f2"], schema: fixture.schema))
                == [["b", "1", nil], ["b", "2", ""]])
        #expect(try read(snapshot.reader(table: parties, schema: fixture.schema))[0] == ["a", "10", "张,\"三"])
        #expect(try read(snapshot.reader(table: cases, courts: [], schema: fixture.schema)).isEmpty)
    }

    @Test func `a column that is not there is status 65`() throws {
        let fixture = try LibraryFixture()
        let snapshot = try fixture.library.snapshot()
        let error = #expect(throws: OperationError.self) {
            try snapshot.reader(table: fixture.schema.tables[0], columns: ["lraq"], schema: fixture.schema)
        }
        #expect(error?.code == "pg-undefined-column")
    }
}
