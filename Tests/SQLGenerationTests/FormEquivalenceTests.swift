import Columnar
import CourtModel
import DataAccess
import Definitions
import Diagnostics
import FormEngine
import Foundation
import Library
import PostgresClient
import SQLGeneration
import Schema
import TestSupport
import Testing

/// The forms that ship, computed case by case here and by groups inside a real PostgreSQL, on the same random cases.
@Suite("Forms on both engines")
struct FormEquivalenceTests {
    private static let courts = ["豫", "豫17", "豫1702", "豫1721", "京", "没有"]

    /// Values of the columns that forms read, the edges of periods and time limits among them; nil is NULL.
    private static let values: [String: [String?]] = [
        "fydm": courts.map(Optional.some) + [nil],
        "ajlx": [
            nil, "0201", "0202", "0207", "0301", "0301", "0302", "0305", "0401", "0502", "0516", "1002", "1003", "1010",
            "1112", "1100", "9901", "0000",
        ],
        "ay": [nil, "9902", "990401", "9001", "1901", "190301", "60101", "601", "xx", ""],
        "sycx": [nil, "1", "2", "3", "4", "9"],
        "jafs": [nil, "01", "02", "03", "04", "08", "10", "11", "12", "13", "14", "15", "99"],
        "larq": [
            nil, "2020-02-29", "2023-09-30", "2025-04-30", "2025-10-01", "2026-09-30", "2026-10-01", "2026-10-31",
        ],
        "jarq": [nil, nil, "2025-10-15", "2026-09-30", "2026-10-01", "2026-10-15", "2026-10-31", "2026-11-01"],
        "sxjmrq": [nil, "2026-10-01", "2026-10-15", "2026-10-31", "2026-11-01"],
        "qsbdje": [nil, "0.01", "9999.99", "10000", "100000.00", "99999999.99", "1234567890123456.78"],
        "jabdje": [nil, "0", "-5.50", "1234567890123456.78"],
    ]

    private struct Reader: CellReader {
        let columns: [String]
        private var rows: [[String?]]

        init(_ columns: [String], _ rows: [[String?]]) {
            self.columns = columns
            self.rows = rows
        }

        mutating func next(into block: inout CellBlock) throws -> Bool {
            guard !rows.isEmpty else { return false }
            block = CellBlock(columnCount: columns.count)
            let count = min(97, rows.count)
            for row in rows.prefix(count) {
                for text in row {
                    guard let text else {
                        block.cells.append(.null)
                        continue
                    }
                    let start = UInt32(block.bytes.count)
                    block.bytes += Array(text.utf8)
                    block.cells.append(CellBlock.Cell(start: start, end: UInt32(block.bytes.count)))
                }
            }
            block.bytes += Array(repeating: 0, count: CellBlock.padding)
            block.rowCount = count
            rows.removeFirst(count)
            return true
        }
    }

    @Test func `every figure and every undecided case of all forms is the same`() throws {
        let home = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
        let schema = try DefinitionLoader.load(directories: [home.appending(path: "Schemas").path]).validated().schema
        let table = try #require(schema.table("anjian"))
        let periods = try ["2026-10", "2025-10"].map { try #require(StatisticalPeriod($0)) }
        let seed = TestSeed.draw()
        var random = Random(state: seed)
        let names = table.columns.map(\.name)
        let rows = (0..<600).map { number -> [String?] in
            names.map { name in
                switch name {
                case "ajbs": "\(number)"
                default: Self.values[name].flatMap { $0.randomElement(using: &random) ?? nil }
                }
            }
        }
        func computation() throws -> FormComputation {
            try FormComputation(table: table, forms: schema.forms, schema: schema, periods: periods)
        }
        var native = try computation()
        try native.read(Reader(names, rows), jobs: 2)

        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        // Compiling expressions of this size takes longer than all else.
        try connection.execute("SET jit = off")
        let columns = table.columns.map { "\(SQLIdentifier($0.name)) \(LibraryTables.type(of: $0.type))" }
        try connection.execute("CREATE TEMPORARY TABLE anjian (\(columns.joined(separator: ", ")))")
        for row in rows {
            try connection.execute(
                "INSERT INTO pg_temp.anjian VALUES (\(row.indices.map { "$\($0 + 1)" }.joined(separator: ", ")))", row)
        }
        var server = try computation()
        try FormGroups.count(
            into: &server, of: SQLIdentifier("anjian", in: "pg_temp"), schema: schema, on: connection)

        let jurisdictions = Jurisdictions(
            courts: ["豫", "豫17", "豫1702", "豫1721", "京"], parents: ["豫17": "豫", "豫1702": "豫17", "豫1721": "豫17"])
        let (left, told) = try native.finish(jurisdictions: jurisdictions)
        let (right, toldByServer) = try server.finish(jurisdictions: jurisdictions)
        #expect(told.cases == 600 && toldByServer.cases == 600)
        #expect(told.casesWithoutCourt == toldByServer.casesWithoutCourt)
        #expect(told.undecided == toldByServer.undecided, "seed \(seed)")
        #expect(told.unknownCourts.map(\.cases) == toldByServer.unknownCourts.map(\.cases))
        #expect(left.count == right.count)
        var counted = 0
        var differences = 0
        for (figure, other) in zip(left, right) {
            if figure.value.number?.isZero == false { counted += 1 }
            guard figure != other else { continue }
            differences += 1
            if differences <= 10 { Issue.record("seed \(seed): \(figure) in the server: \(other)") }
        }
        #expect(differences == 0)
        // Random cases fill many cells, or the comparison would say little.
        #expect(counted > 1500, "seed \(seed)")
    }

    private struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
