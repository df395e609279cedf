import Columnar
import DataAccess
import Diagnostics
import Library
import PostgresClient
import Schema
import TestSupport
import Testing

/// Reading a large table over several connections, in one state and one order.
struct RangeReaderTests {
    /// 12,000 cases in more pages than one range has, with holes between them.
    private func fixture(function: String = #function) throws -> LibraryFixture {
        let fixture = try LibraryFixture(function: function)
        try fixture.inspector.execute(
            """
            INSERT INTO anjian
            SELECT 'k' || (7919 * n % 15000), repeat('法', 200) || n % 7, date '2026-01-01' + n % 365, n, n % 900 / 100.0, NULL, 1
            FROM generate_series(1, 15000) n;
            DELETE FROM anjian WHERE ts % 5 = 0
            """)
        return fixture
    }

    private func read(_ reader: LibraryReader) throws -> (rows: [[String?]], numbers: [Int]) {
        var rows: [[String?]] = []
        var numbers: [Int] = []
        var block = CellBlock()
        while try reader.next(into: &block) {
            for row in 0..<block.rowCount {
                rows.append((0..<block.columnCount).map { block.text(row: row, column: $0) })
                numbers.append(block.firstRow + row)
            }
        }
        return (rows, numbers)
    }

    /// Sessions that read a library, when those that were told to end have ended, at the latest after ten seconds.
    private func sessions(_ fixture: LibraryFixture, besides allowed: Int) throws -> Int {
        var count = 0
        for _ in 0..<100 {
            let found = try fixture.rows(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sitong read' AND datname = current_database()"
            )
            count = Int(found[0][0] ?? "") ?? -1
            if count <= allowed { break }
            try fixture.inspector.execute("SELECT pg_sleep(0.1)")
        }
        return count
    }

    @Test("every row comes once, in the order of its place, whatever the number of connections", arguments: [1, 2, 5])
    func placeOrder(_ connections: Int) throws {
        let fixture = try fixture()
        let expected = try fixture.rows("SELECT ajbs, fydm, larq, ts, je, gxsj FROM anjian ORDER BY ctid")
        let pages = try fixture.rows("SELECT pg_relation_size('anjian') / 8192 > 4 * 256")
        #expect(pages == [["t"]], "several ranges")
        let snapshot = try fixture.library.snapshot()
        // Others go on changing the table; what the snapshot sees stays where it is.
        try fixture.inspector.execute(
            """
            UPDATE anjian SET fydm = 'moved' WHERE ts % 3 = 0;
            DELETE FROM anjian WHERE ts % 7 = 0;
            INSERT INTO anjian SELECT 'n' || n, 'new', NULL, n, NULL, NULL, 2 FROM generate_series(1, 5000) n
            """)
        let (rows, numbers) = try read(
            snapshot.reader(table: fixture.schema.tables[0], schema: fixture.schema, connections: connections))
        #expect(rows.count == 12_000)
        #expect(rows == expected)
        #expect(numbers == Array(1...expected.count))
    }

    @Test func `each range is read by its places alone`() throws {
        let fixture = try fixture()
        let plan = try fixture.inspector.withTransaction(.readSnapshot) {
            try fixture.inspector.execute(
                """
                SET LOCAL enable_seqscan = off;
                EXPLAIN SELECT t."ajbs" FROM "anjian" t WHERE t.ctid >= '(256,0)' AND t.ctid < '(512,0)'
                """)
        }
        #expect(plan.first?.first??.hasPrefix("Tid Range Scan") == true)
    }

    @Test func `what has no places is read by key over one connection`() throws {
        let fixture = try fixture()
        try fixture.inspector.execute(
            "ALTER TABLE public.anjian RENAME TO kept; CREATE VIEW public.anjian AS SELECT * FROM kept")
        let snapshot = try fixture.library.snapshot()
        let rows = try read(snapshot.reader(table: fixture.schema.tables[0], columns: ["ajbs"], schema: fixture.schema))
            .rows
        #expect(rows == (try fixture.rows("SELECT ajbs FROM kept ORDER BY ajbs")))
    }

    @Test func `a column that is not there leaves the snapshot readable`() throws {
        let fixture = try fixture()
        let snapshot = try fixture.library.snapshot()
        #expect(throws: OperationError.self) {
            try snapshot.reader(table: fixture.schema.tables[0], columns: ["lraq"], schema: fixture.schema)
        }
        let rows = try read(snapshot.reader(table: fixture.schema.tables[0], schema: fixture.schema)).rows
        #expect(rows.count == 12_000)
    }

    @Test func `a reader outlives the last other use of its snapshot`() throws {
        let fixture = try fixture()
        let reader = try fixture.library.snapshot().reader(table: fixture.schema.tables[0], schema: fixture.schema)
        #expect(try read(reader).rows.count == 12_000)
    }

    @Test func `a server that goes away is an error, and a reader that is dropped leaves no session`() throws {
        let fixture = try fixture()
        let snapshot = try fixture.library.snapshot()
        do {
            // One connection, which has ranges left that nobody will take.
            let reader = try snapshot.reader(table: fixture.schema.tables[0], schema: fixture.schema, connections: 1)
            #expect(try reader.next() != nil)
        }
        #expect(try sessions(fixture, besides: 1) == 1, "the snapshot's own")
        let reader = try snapshot.reader(table: fixture.schema.tables[0], schema: fixture.schema, connections: 3)
        try fixture.inspector.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sitong read' AND datname = current_database()"
        )
        // The ranges that had come before may still be read, but not all.
        #expect(throws: OperationError.self) { try read(reader) }
    }
}
