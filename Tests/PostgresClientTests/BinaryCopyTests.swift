import Columnar
import DataAccess
import DelimitedText
import Diagnostics
import PostgresClient
import TestSupport
import Testing

/// Binary COPY against the server's own text: the same rows are read both ways, and every cell must be equal.
struct BinaryCopyTests {
    /// A column's values: the edges of its type, and an expression that makes random ones.
    struct TypeCase: CustomTestStringConvertible {
        var type: String
        var edges: [String]
        var random: String
        var testDescription: String { type }

        static let all = [
            TypeCase(type: "boolean", edges: ["true", "false"], random: "random() < 0.5"),
            TypeCase(
                type: "smallint", edges: ["-32768", "32767", "0", "-1", "9", "10"],
                random: "(random() * 65535 - 32768)::int"),
            TypeCase(
                type: "integer", edges: ["-2147483648", "2147483647", "0", "-1", "99", "100"],
                random: "(random() * 4294967295 - 2147483648)::bigint"),
            TypeCase(
                type: "bigint",
                edges: ["-9223372036854775808", "9223372036854775807", "0", "-10", "999999999999999999"],
                random: "((random() - 0.5) * pow(10, 1 + random() * 17))::bigint"),
            TypeCase(
                type: "numeric",
                edges: [
                    "0", "0.00", "-0.0001", "9999", "10000", "10000.0000", "1e130000", "1e-16000", "'NaN'",
                    "'Infinity'",
                    "'-Infinity'", "-99999999999999999999999999999999999999", "123456789.000000001", "0.00010001",
                ],
                random: "round(((random() - 0.5) * pow(10, random() * 30))::numeric, (random() * 20)::int)"),
            TypeCase(
                type: "numeric(18,2)", edges: ["0", "-0.01", "9999999999999999.99", "0.1", "100"],
                random: "((random() - 0.5) * pow(10, random() * 15))::numeric"),
            TypeCase(
                type: "date",
                edges: [
                    "'0001-01-01'", "'9999-12-31'", "'10000-01-01'", "'5874897-12-31'", "'4713-11-24 BC'",
                    "'0001-12-31 BC'",
                    "'2000-02-29'", "'1999-12-31'", "'1970-01-01'", "'infinity'", "'-infinity'",
                ], random: "date '2000-01-01' + ((random() - 0.5) * 1500000)::int"),
            TypeCase(
                type: "timestamp",
                edges: [
                    "'0001-01-01 00:00:00'", "'9999-12-31 23:59:59.999999'", "'294276-12-31 23:59:59.999999'",
                    "'4713-11-24 00:00:00 BC'", "'1999-12-31 23:59:59.999999'", "'2000-01-01 00:00:00.000001'",
                    "'2026-10-07 08:09:10.5'", "'infinity'", "'-infinity'",
                ], random: "timestamp '2000-01-01' + random() * interval '900 years' - random() * interval '1900 years'"
            ),
            TypeCase(
                type: "text",
                edges: ["''", "'\"'", "E'\\r\\n'", "'，“”'", "'e\u{301}𠀀'", "'\\N'", "repeat('长', 100000)"],
                random: "chr(32 + (random() * 500)::int) || chr(19968 + (random() * 20000)::int) || E'\\n'"),
            TypeCase(type: "varchar(12)", edges: ["''", "' a '"], random: "md5(random()::text)::varchar(12)"),
            TypeCase(type: "char(6)", edges: ["''", "'ab'", "'案号'"], random: "left(md5(random()::text), 3)"),
            // Asked for as text.
            TypeCase(
                type: "timestamptz", edges: ["'2026-10-07 00:00:00+00'", "'infinity'"],
                random: "timestamptz '2000-01-01' + random() * interval '90 years'"),
            TypeCase(type: "double precision", edges: ["'NaN'", "0.1", "1e300"], random: "random()"),
            TypeCase(type: "bytea", edges: ["'\\x'", "'\\x00ff'"], random: "decode(md5(random()::text), 'hex')"),
            TypeCase(type: "int[]", edges: ["'{}'", "'{1,NULL}'"], random: "ARRAY[(random() * 9)::int]"),
        ]
    }

    /// Every cell of every block, and the number of each row.
    private func read(_ reader: some CellReader) throws -> (rows: [[String?]], numbers: [Int]) {
        var reader = reader
        var rows: [[String?]] = []
        var numbers: [Int] = []
        var block = CellBlock()
        while try reader.next(into: &block) {
            #expect(block.cells.count >= block.rowCount * block.columnCount)
            let last = block.cells.prefix(block.rowCount * block.columnCount).map(\.end).max() ?? 0
            #expect(block.bytes.count >= Int(last) + CellBlock.padding)
            for row in 0..<block.rowCount {
                rows.append((0..<block.columnCount).map { block.text(row: row, column: $0) })
                numbers.append(block.firstRow + row)
            }
        }
        return (rows, numbers)
    }

    private func readText(_ connection: PostgresConnection, _ select: String, columns: [String]) throws -> [[String?]] {
        let csv = try connection.copyOut("COPY (\(select)) TO STDOUT (FORMAT csv)")
        let reader = try CSVReader(csv, file: "server", options: CSVOptions(columns: columns))
        var rows: [[String?]] = []
        while let block = try reader.next() {
            for row in 0..<block.rowCount { rows.append(block.columns.map { $0[row] }) }
        }
        return rows
    }

    @Test("each type's values, edges and random ones, are those that the server prints", arguments: TypeCase.all)
    func equalToText(_ type: TypeCase) throws {
        let seed = Double(TestSeed.draw() % 1_000_000) / 1_000_000
        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        try connection.execute(
            """
            CREATE TABLE t (id int, v \(type.type));
            SELECT setseed(\(seed));
            INSERT INTO t SELECT n, CASE WHEN random() < 0.1 THEN NULL ELSE \(type.random) END FROM generate_series(1, 2000) n
            """)
        for edge in type.edges { try connection.execute("INSERT INTO t VALUES (0, \(edge))") }
        let select = "SELECT id, v, id + 1 AS n FROM t"
        let (binary, numbers) = try read(BinaryCopyReader(connection, select: select))
        let text = try readText(connection, select, columns: ["id", "v", "n"])
        #expect(numbers == Array(1...text.count))
        let differing = zip(binary, text).filter { $0 != $1 }
        #expect(binary.count == text.count, "seed \(seed)")
        #expect(differing.isEmpty, "seed \(seed): \(differing.prefix(3))")
    }

    @Test func `columns keep their names, and no row is no block`() throws {
        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        let reader = try BinaryCopyReader(
            connection, select: "SELECT 1 AS \"案号\", now() AS \"a\"\"b\" WHERE false")
        #expect(reader.columns == ["案号", "a\"b"])
        #expect(try read(reader).rows.isEmpty)
        #expect(try connection.execute("SELECT 1") == [["1"]], "the connection takes statements again")
    }

    @Test func `a wide row and many rows fill the same block again`() throws {
        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        // Blocks of very different sizes, in one storage.
        let (rows, numbers) = try read(
            BinaryCopyReader(
                connection,
                select: """
                    SELECT n, repeat('x', CASE WHEN n = 5000 THEN 9000000 ELSE 1 END) FROM generate_series(1, 9000) n
                    """))
        #expect(numbers == Array(1...9000))
        #expect(rows.map { $0[0] } == (1...9000).map { String($0) })
        #expect(rows.map { $0[1]?.utf8.count } == (1...9000).map { $0 == 5000 ? 9_000_000 : 1 })
    }

    @Test func `a server that goes away in the middle is an error, not an end`() throws {
        let place = try TestPostgres.freshDatabase()
        let connection = try PostgresConnection(place, applicationName: "tests")
        let other = try PostgresConnection(place, applicationName: "tests")
        let reader = try BinaryCopyReader(
            connection, select: "SELECT n, repeat('x', 1000) FROM generate_series(1, 1000000) n")
        var block = CellBlock()
        #expect(try reader.next(into: &block))
        try other.execute("SELECT pg_terminate_backend($1::int)", [String(connection.backendProcess)])
        let error = #expect(throws: OperationError.self) {
            while try reader.next(into: &block) {}
        }
        #expect(error?.code == "pg-lost")
    }

    @Test func `a statement that fails on the way is an error`() throws {
        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        #expect(throws: OperationError.self) {
            let reader = try BinaryCopyReader(
                connection, select: "SELECT 1 / (n - 20000) AS v FROM generate_series(1, 30000) n")
            _ = try read(reader)
        }
    }
}
