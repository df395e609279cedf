import Diagnostics
import Schema
import TestSupport
import Testing

@testable import RowReconciliation

/// What is told of a difference by looking again, by a watermark, and by a third side.
struct SettlingTests {
    @Test("what a later look finds equal was in flight; what it finds changed again is told as it is then")
    func inFlight() throws {
        let folder = try TemporaryDirectory()
        let rows = RowComparisonTests.rows(50)
        func changed(_ texts: [Int: String?]) -> [[String?]] {
            rows.enumerated().map { index, row in
                var row = row
                if let text = texts[index] { row[2] = text }
                return row
            }
        }
        let left = try SideKind.csv.side(rows, in: folder)
        let right = try SideKind.csv.side(changed([1: "a", 2: "b", 3: "c"]).dropLast(), in: folder)
        // Of the second look: 1 has come, 2 is as it was, 3 changed once more, the last row has come.
        let later = try SideKind.csv.side(changed([2: "b", 3: "d"]), in: folder)
        var looks = 0
        let settling = Settling(attempts: 2) {
            looks += 1
        } withSides: {
            try $0(left, later)
        }
        var found: [String: RowDifference] = [:]
        let result = try RowComparison(try RowComparisonTests.plan(left, right)).run(left, right, settling: settling) {
            found[$0.key[0] ?? ""] = $0
        }
        #expect(looks == 2)
        #expect(
            found.mapValues(\.cause) == ["1": .inFlight, "2": .unexplained, "3": .unexplained, "49": .inFlight])
        #expect(found["3"]?.cells.map(\.right) == ["d"])
        #expect((result.differences, result.unexplained) == (4, 2))
    }

    @Test("nobody waits where nothing differs, nor again when all was in flight")
    func waits() throws {
        let folder = try TemporaryDirectory()
        let left = try SideKind.csv.side(RowComparisonTests.rows(9), in: folder)
        var looks = 0
        let settling = Settling(attempts: 2) {
            looks += 1
        } withSides: {
            try $0(left, left)
        }
        let plan = try RowComparisonTests.plan(left, left)
        _ = try RowComparison(plan).run(left, left, settling: settling) { _ in Issue.record("none") }
        #expect(looks == 0)
        let right = try SideKind.csv.side(RowComparisonTests.rows(8), in: folder)
        let result = try RowComparison(plan).run(left, right, settling: settling) { #expect($0.cause == .inFlight) }
        #expect(looks == 1)
        #expect(result.unexplained == 0)
    }

    @Test("a row that the right side has in an older version is stale, one of a newer version is not")
    func stale() throws {
        let folder = try TemporaryDirectory()
        func row(_ key: String, _ text: String, _ time: String?, _ number: String?) -> [String?] {
            [key, "k", text, nil, number, nil, nil, nil, time, nil]
        }
        let (early, late) = ("2026-01-02 03:04:05", "2026-02-03 00:00:01.5")
        let left = try SideKind.csv.side(
            [
                row("1", "a", late, "10"), row("2", "a", early, "9"), row("3", "a", early, nil),
                row("4", "a", late, "10"),
            ],
            in: folder)
        let right = try SideKind.csv.side(
            [
                row("1", "b", early, "9"), row("2", "b", late, "10"), row("3", "b", early, nil),
                row("4", "a ", early, "10"),
            ],
            in: folder)
        let plan = try RowComparisonTests.plan(left, right)
        for (watermark, expected) in [
            ("ts", ["1": DifferenceCause.stale, "2": .unexplained, "3": .unexplained, "4": .trailingBlank]),
            ("i", ["1": .stale, "2": .unexplained, "3": .unexplained, "4": .unexplained]),
        ] {
            var found: [String: DifferenceCause] = [:]
            _ = try RowComparison(plan, watermark: watermark).run(left, right) { found[$0.key[0] ?? ""] = $0.cause }
            #expect(found == expected, "\(watermark)")
        }
    }

    @Test("columns that not all sides have are left out, and told with every side that has them")
    func columns() throws {
        let plan = try RowPlan(
            table: RowTable.definition, schema: RowTable.schema, left: ["n", "k", "t", "b"],
            right: ["n", "k", "t", "b"],
            others: [(RowSideName(rawValue: "court"), ["n", "k", "t"])])
        #expect(plan.names == ["n", "k", "t"])
        #expect(plan.leftOut.map { "\($0.column) \($0.side.rawValue)" } == ["b left", "b right"])
        let error = #expect(throws: OperationError.self) {
            try RowPlan(
                table: RowTable.definition, schema: RowTable.schema, columns: ["b"], left: ["n", "k", "b"],
                right: ["n", "k", "b"], others: [(RowSideName(rawValue: "court"), ["n", "k"])])
        }
        #expect(error?.code == "rows-columns-lacking")
        #expect(error?.message.en.contains("side 'court'") == true)
    }
}
