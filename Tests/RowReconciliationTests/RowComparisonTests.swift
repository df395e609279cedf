import Columnar
import DataAccess
import Diagnostics
import PostgresClient
import RuleLanguage
import Schema
import TestSupport
import Testing

@testable import RowReconciliation

/// Sides that are empty, gone, or different throughout.
struct RowComparisonTests {
    static func rows(_ count: Int, text: String = "x") -> [[String?]] {
        (0..<count).map { [String($0), "k", text, nil, nil, nil, nil, nil, nil, nil] }
    }

    static func plan(_ left: any RowSide, _ right: any RowSide, filter: String? = nil) throws -> RowPlan {
        let table = RowTable.definition
        return try RowPlan(
            table: table, schema: RowTable.schema,
            filter: try filter.map { try RowPlan.filter(ExpressionText($0), table: table, schema: RowTable.schema) },
            left: left.columns, right: right.columns)
    }

    @Test("an empty side lacks all rows, two empty ones are equal", arguments: SideKind.allCases)
    func empty(_ kind: SideKind) throws {
        let folder = try TemporaryDirectory()
        let (full, empty) = (try kind.side(Self.rows(200), in: folder), try kind.side([], in: folder))
        var kinds: [RowDifference.Kind: Int] = [:]
        let result = try RowComparison(try Self.plan(full, empty)).run(full, empty) { kinds[$0.kind, default: 0] += 1 }
        #expect(kinds == [.missingRight: 200])
        #expect((result.leftRows, result.rightRows, result.unexplained) == (200, 0, 200))
        let other = try kind.side([], in: folder)
        let equal = try RowComparison(try Self.plan(empty, other)).run(empty, other) { _ in Issue.record("none") }
        #expect((equal.differences, equal.buckets) == (0, 0))
    }

    @Test("when all rows differ all are read in one stream, and each is told once", arguments: SideKind.allCases)
    func allDifferent(_ kind: SideKind) throws {
        let folder = try TemporaryDirectory()
        let left = try kind.side(Self.rows(500, text: "x"), in: folder)
        let right = try kind.side(Self.rows(500, text: "x "), in: folder)
        var keys: Set<[String?]> = []
        let result = try RowComparison(try Self.plan(left, right)).run(left, right) { difference in
            #expect(difference.cells.map(\.cause) == [.trailingBlank])
            keys.insert(difference.key)
        }
        #expect(result.isStreamed)
        #expect(keys.count == 500)
        #expect((result.differences, result.unexplained) == (500, 0))
    }

    @Test("rows beyond what is kept in memory come back whole, bucket by bucket")
    func spill() throws {
        let plan = try RowPlan(
            table: RowTable.definition, schema: RowTable.schema, left: RowTable.columns.map(\.name),
            right: RowTable.columns.map(\.name))
        let store = BucketStore()
        var hasher = RowHasher(plan)
        var expected: [Int: Int] = [:]
        let form = CanonicalText(RowTable.columns[2])
        let long = [UInt8](repeating: 120, count: 1 << 20)
        for number in 0..<80 {
            var row = PackedRow()
            for text in [Array("\(number)".utf8), Array("k".utf8), long] {
                text.withUnsafeBufferPointer { row.append($0, as: form) }
            }
            let bucket = hasher.bucket(of: row)
            expected[bucket, default: 0] += 1
            try store.append(row, bucket)
        }
        #expect(store.hasSpilled)
        let reader = try store.reader()
        var found: [Int: Int] = [:]
        var last = -1
        while let bucket = try reader.next() {
            #expect(bucket.bucket > last)
            last = bucket.bucket
            found[bucket.bucket] = bucket.rows.count
            for row in bucket.rows { #expect(row.texts[2]?.utf8.count == long.count) }
        }
        #expect(found == expected)
    }

    @Test("a condition takes the same rows on every kind of side", arguments: SideKind.allCases)
    func filter(_ kind: SideKind) throws {
        let folder = try TemporaryDirectory()
        var rows = Self.rows(100)
        rows[10][5] = "3.50"
        rows[11][5] = "12.00"
        let (left, right) = (try kind.side(rows, in: folder), try SideKind.csv.side([], in: folder))
        var keys: [String?] = []
        let plan = try Self.plan(left, right, filter: "m > 3 and m < 12 or n = 99")
        let result = try RowComparison(plan).run(left, right) { keys.append($0.key[0]) }
        #expect(Set(keys) == ["10", "99"])
        #expect(result.leftRows == 2)
        let error = #expect(throws: OperationError.self) { try Self.plan(left, right, filter: "d >= period-begin") }
        #expect(error?.code == "rows-where-period")
    }

    @Test("a table that is not there, a column, or a key are errors that name them")
    func missing() throws {
        let place = try TestPostgres.freshDatabase()
        let error = #expect(throws: OperationError.self) { try PostgresSide(place, table: RowTable.definition) }
        #expect(error?.code == "rows-table-missing")
        #expect(error?.status == .badData)
        let lacking = #expect(throws: OperationError.self) {
            try RowPlan(
                table: RowTable.definition, schema: RowTable.schema, columns: ["t", "b"], left: ["n", "k", "t", "b"],
                right: ["n", "k", "t"])
        }
        #expect(lacking?.code == "rows-columns-lacking")
        #expect(lacking?.message.en.contains("the table 'rows' of the right side lacks: b") == true)
        let keyless = TableDefinition(name: "rows", columns: RowTable.columns)
        let noKey = #expect(throws: OperationError.self) {
            try RowPlan(table: keyless, schema: RowTable.schema, left: ["n"], right: ["n"])
        }
        #expect(noKey?.code == "rows-key-missing")
    }

    /// A side whose server session is ended from outside as soon as rows are asked for a second time.
    final class Doomed: RowSide {
        let base: PostgresSide
        let beforeSums: Bool
        let end: () throws -> Void
        var kind: String { base.kind }
        var place: String { base.place }
        var time: String { base.time }
        var columns: [String] { base.columns }
        var hashing: String { base.hashing }

        init(_ base: PostgresSide, beforeSums: Bool, end: @escaping () throws -> Void) {
            self.base = base
            self.beforeSums = beforeSums
            self.end = end
        }

        func bucketSums(_ plan: RowPlan) throws -> BucketSums {
            if beforeSums { try end() }
            return try base.bucketSums(plan)
        }

        func rows(_ plan: RowPlan, in buckets: [Int]?) throws -> any BucketReader {
            if !beforeSums { try end() }
            return try base.rows(plan, in: buckets)
        }
    }

    @Test("a connection that is lost ends with 69, before the sums and after them", arguments: [true, false])
    func lost(beforeSums: Bool) throws {
        let folder = try TemporaryDirectory()
        let place = try TestPostgres.freshDatabase()
        let connection = try PostgresConnection(place, applicationName: "tests")
        let list = zip(RowTable.columns, RowTable.serverTypes).map { "\"\($0.name)\" \($1)" }.joined(separator: ", ")
        try connection.execute("CREATE TABLE rows (\(list)); INSERT INTO rows (n, k) VALUES (1, 'a')")
        let left = Doomed(try PostgresSide(place, table: RowTable.definition), beforeSums: beforeSums) {
            let ended = try connection.execute(
                """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name = 'sitong reconcile rows' AND datname = current_database()
                """)
            #expect(ended == [["1"]])
        }
        let right = try SideKind.csv.side(Self.rows(1), in: folder)
        let error = #expect(throws: OperationError.self) {
            try RowComparison(try Self.plan(left, right)).run(left, right) { _ in }
        }
        #expect(error?.status == .unavailable)
    }

    @Test("a row under another key with the same second key is told as the same, one with two candidates is not")
    func churn() throws {
        let folder = try TemporaryDirectory()
        func row(_ key: String, _ text: String) -> [String?] {
            [key, "k", text, nil, nil, nil, nil, nil, nil, nil]
        }
        let left = try SideKind.csv.side([row("1", "甲"), row("2", "乙"), row("3", "丙")], in: folder)
        let right = try SideKind.csv.side([row("9", "甲"), row("8", "乙"), row("7", "乙"), row("3", "丙")], in: folder)
        var found: [String: RowDifference] = [:]
        let comparison = RowComparison(try Self.plan(left, right), groups: ["t"], secondKey: "t")
        let result = try comparison.run(left, right) { found[($0.key[0] ?? "")] = $0 }
        #expect(
            found.mapValues(\.cause) == [
                "1": .keyChurn, "9": .keyChurn, "2": .unexplained, "8": .unexplained, "7": .unexplained,
            ])
        #expect(found["1"]?.otherKey == ["9", "k"])
        #expect(result.groups == [["甲"]: 2, ["乙"]: 3])
    }
}
