import DataAccess
import Diagnostics
import PostgresClient
import TestSupport
import Testing

/// The client against a real server of this test process.
struct PostgresConnectionTests {
    @Test func `values are bound, NULL and the empty text differ, and quotes need no care`() throws {
        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        let rows = try connection.execute(
            "SELECT $1::text, $2::text, $3::text, 1 + $4::int", ["O'x; --", "", nil, "41"])
        #expect(rows == [["O'x; --", "", nil, "42"]])
        #expect(connection.serverVersion >= 120_000)
    }

    @Test func `sessions print dates, times with zones, floats and bytes alike`() throws {
        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        let row = try connection.execute(
            """
            SELECT date '2026-10-07', timestamptz '2026-10-07 00:00:00+00', 0.1::float8 + 0.2, '\\x00ff'::bytea, '(2026)豫1702民初1号'
            """)
        #expect(
            row == [["2026-10-07", "2026-10-07 08:00:00+08", "0.30000000000000004", "\\x00ff", "(2026)豫1702民初1号"]])
    }

    @Test func `several statements run in one call, and a change tells its rows`() throws {
        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        try connection.execute("CREATE TABLE t (n int); INSERT INTO t SELECT generate_series(1, 5)")
        #expect(try connection.update("DELETE FROM t WHERE n > $1", ["3"]) == 2)
    }

    @Test func `a transaction is kept when its body returns and gone when it throws`() throws {
        struct Stop: Error {}
        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        try connection.execute("CREATE TABLE t (n int)")
        try connection.withTransaction { _ = try connection.execute("INSERT INTO t VALUES (1)") }
        #expect(throws: Stop.self) {
            try connection.withTransaction {
                try connection.execute("INSERT INTO t VALUES (2)")
                throw Stop()
            }
        }
        #expect(try connection.execute("SELECT n FROM t") == [["1"]])
    }

    @Test func `a failed transaction is not reported as committed`() throws {
        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        try connection.begin()
        _ = try? connection.execute("SELECT nothing")
        let error = #expect(throws: OperationError.self) { try connection.commit() }
        #expect(error?.status == .internalError)
    }

    @Test func `a read snapshot sees one state and takes no writes`() throws {
        let place = try TestPostgres.freshDatabase()
        let reader = try PostgresConnection(place, applicationName: "tests")
        let writer = try PostgresConnection(place, applicationName: "tests")
        try writer.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)")
        try reader.withTransaction(.readSnapshot) {
            #expect(try reader.execute("SELECT count(*) FROM t") == [["1"]])
            try writer.execute("INSERT INTO t VALUES (2)")
            #expect(try reader.execute("SELECT count(*) FROM t") == [["1"]])
            let error = #expect(throws: OperationError.self) { try reader.execute("INSERT INTO t VALUES (3)") }
            #expect(error?.code == "pg-read-only")
            reader.rollback()
            try reader.begin()
        }
    }

    @Test func `copy moves bytes both ways and counts the rows`() throws {
        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        try connection.execute("CREATE TABLE t (n int, x text)")
        let sink = try connection.copyIn("COPY t FROM STDIN (FORMAT csv)")
        var text = ""
        for n in 1...50_000 { text += "\(n),\"\"\n" }
        try Array(text.utf8).withUnsafeBytes { try sink.write($0) }
        try Array("0,\n".utf8).withUnsafeBytes { try sink.write($0) }
        try sink.finish()
        #expect(sink.rowCount == 50_001)
        let source = try connection.copyOut("COPY (SELECT * FROM t WHERE n > 0 ORDER BY n) TO STDOUT (FORMAT csv)")
        var bytes: [UInt8] = []
        while try source.read(into: &bytes) {}
        #expect(String(decoding: bytes, as: UTF8.self) == text)
        #expect(try connection.execute("SELECT count(*) FROM t WHERE x IS NULL") == [["1"]])
    }

    @Test func `a copy that is dropped leaves nothing behind and the session usable`() throws {
        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        try connection.execute("CREATE TABLE t (n int)")
        do {
            let sink = try connection.copyIn("COPY t FROM STDIN")
            try Array("1\n".utf8).withUnsafeBytes { try sink.write($0) }
        }
        #expect(try connection.execute("SELECT count(*) FROM t") == [["0"]])
        do {
            let source = try connection.copyOut("COPY (SELECT generate_series(1, 10000000)) TO STDOUT")
            var bytes: [UInt8] = []
            _ = try source.read(into: &bytes)
        }
        #expect(try connection.execute("SELECT 1") == [["1"]])
    }

    @Test func `a name with quotes stays one name`() throws {
        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        let name = PostgresConnection.identifier("a\"b; 案号")
        try connection.execute("CREATE TABLE \(name) (n int); DROP TABLE \(name)")
    }
}
