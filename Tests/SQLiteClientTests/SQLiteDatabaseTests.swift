import Columnar
import Diagnostics
import Foundation
import SQLiteClient
import TestSupport
import Testing

struct SQLiteDatabaseTests {
    private let folder: TemporaryDirectory
    private let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.appending("trial.db")
        RealPart.note(.sqlite)
    }

    @Test func `values are printed by what they are`() throws {
        let database = try SQLiteDatabase(path, mode: .readWrite)
        try database.execute("CREATE TABLE t (a, b, c, d, e, f)")
        try database.prepare("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)").run([
            .integer(-9_223_372_036_854_775_808), .real(0.1), .text(""), .null, .blob(Array("法院".utf8)), .text("案号"),
        ])
        let numbers = [
            "1e-7": "0.0000001", "1.5e20": "150000000000000000000", "-12.0": "-12", "-0.0": "0",
            "9007199254740992.0": "9007199254740992", "-123456.78": "-123456.78", "0": "0", "1e300 * 1e10": "Infinity",
            "-0.05": "-0.05", "-0.5": "-0.5", "12.30": "12.3", "7.0": "7", "-7.0": "-7", "0.07": "0.07",
            "1.005": "1.005",
            "9999999999999.99": "9999999999999.99", "1234567890123.4": "1234567890123.4",
            "0.1 + 0.2": "0.30000000000000004",
        ].sorted { $0.key < $1.key }
        let reader = try database.reader("SELECT *, \(numbers.map(\.key).joined(separator: ", ")) AS last FROM t")
        var block = CellBlock()
        #expect(try reader.next(into: &block))
        #expect(block.rowCount == 1)
        #expect(
            (0..<block.columnCount).map { block.text(row: 0, column: $0) } == [
                "-9223372036854775808", "0.1", "", nil, "法院", "案号",
            ] + numbers.map(\.value))
        #expect(reader.columns.last == "last")
        #expect(try !reader.next(into: &block))
    }

    @Test func `many rows come in blocks, in order, numbered`() throws {
        let database = try SQLiteDatabase(path, mode: .readWrite)
        try database.execute("CREATE TABLE t (n INTEGER)")
        let insert = try database.prepare("INSERT INTO t VALUES (?1)")
        try database.withTransaction { for n in 1...10_000 { try insert.run([.integer(Int64(n))]) } }
        let reader = try database.reader("SELECT n FROM t WHERE n > ?1 ORDER BY n", [.integer(1)])
        var rows = 0
        var blocks = 0
        var block = CellBlock()
        while try reader.next(into: &block) {
            #expect(block.firstRow == rows + 1)
            #expect(block.text(row: 0, column: 0) == "\(rows + 2)")
            #expect(block.text(row: block.rowCount - 1, column: 0) == "\(rows + 1 + block.rowCount)")
            rows += block.rowCount
            blocks += 1
        }
        #expect(rows == 9_999)
        #expect(blocks == 3)
    }

    @Test func `a read snapshot does not see what others write`() throws {
        let writer = try SQLiteDatabase(path, mode: .readWrite)
        try writer.execute("PRAGMA journal_mode = wal; CREATE TABLE t (n); INSERT INTO t VALUES (1)")
        let reader = try SQLiteDatabase(path, mode: .readOnly)
        try reader.withReadSnapshot {
            try writer.execute("INSERT INTO t VALUES (2)")
            #expect(try reader.execute("SELECT count(*) FROM t") == [["1"]])
        }
        #expect(try reader.execute("SELECT count(*) FROM t") == [["2"]])
    }

    @Test func `a missing file is status 66`() {
        let error = #expect(throws: OperationError.self) { try SQLiteDatabase(path, mode: .readOnly) }
        #expect(error?.status == .noInput)
        #expect(error?.message.zh == "数据库文件“\(path)”不存在")
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `a file that is no database is status 65`() throws {
        try folder.write(String(repeating: "a,b,c\n", count: 200), to: "trial.db")
        let error = #expect(throws: OperationError.self) { try SQLiteDatabase(path, mode: .readOnly) }
        #expect(error?.status == .badData)
        #expect(error?.code == "sqlite-format")
    }

    @Test func `a misspelt column or table is status 65 and its near misses are named`() throws {
        let database = try SQLiteDatabase(path, mode: .readWrite)
        try database.execute("CREATE TABLE t_aj (c_ah TEXT, dt_larq TEXT)")
        let column = #expect(throws: OperationError.self) { try database.reader("SELECT dt_lraq FROM t_aj") }
        #expect(column?.status == .badData)
        #expect(column?.hint?.en == "did you mean 'dt_larq'?")
        let quoted = #expect(throws: OperationError.self) { try database.reader("SELECT \"dt_lraq\" FROM t_aj") }
        #expect(quoted?.code == "sqlite-undefined-column")
        let table = #expect(throws: OperationError.self) { try database.reader("SELECT 1 FROM T_AJJ") }
        #expect(table?.hint?.zh == "是否为“t_aj”？")
    }

    @Test func `a locked database is status 75`() throws {
        let holder = try SQLiteDatabase(path, mode: .readWrite)
        try holder.execute("CREATE TABLE t (n); BEGIN EXCLUSIVE")
        let error = #expect(throws: OperationError.self) { try SQLiteDatabase(path, mode: .readOnly, patience: 50) }
        #expect(error?.status == .temporaryFailure)
    }

    @Test func `a full disk is status 74 and nothing is kept`() throws {
        let database = try SQLiteDatabase(path, mode: .readWrite)
        try database.execute("CREATE TABLE t (x); PRAGMA max_page_count = 4")
        let error = #expect(throws: OperationError.self) {
            try database.withTransaction {
                try database.execute("INSERT INTO t VALUES (?1)", [.blob([UInt8](repeating: 1, count: 100_000))])
            }
        }
        #expect(error?.status == .ioError)
        #expect(error?.code == "sqlite-disk-full")
        #expect(try database.execute("SELECT count(*) FROM t") == [["0"]])
    }

    @Test func `text that is not UTF-8 is read as its bytes, and nowhere taken for a string`() throws {
        let database = try SQLiteDatabase(path, mode: .readWrite)
        try database.execute("CREATE TABLE t (x TEXT); INSERT INTO t VALUES ('a'), (CAST(x'b0ba' AS TEXT)), (x'00ff')")
        let reader = try database.reader("SELECT x FROM t")
        var block = CellBlock()
        #expect(try reader.next(into: &block))
        #expect((0..<3).map { Array(block.bytes[block.cells[$0].range]) } == [[97], [0xb0, 0xba], [0, 255]])
        for row in 2...3 {
            let error = #expect(throws: OperationError.self) {
                try database.execute("SELECT x FROM t WHERE rowid = ?1", [.integer(Int64(row))])
            }
            #expect(error?.code == "sqlite-text")
            #expect(error?.message.en.contains("column 'x'") == true)
        }
    }

    @Test func `a read-only database takes no writes`() throws {
        try SQLiteDatabase(path, mode: .readWrite).execute("CREATE TABLE t (x)")
        let database = try SQLiteDatabase(path, mode: .readOnly)
        let error = #expect(throws: OperationError.self) { try database.execute("INSERT INTO t VALUES (1)") }
        #expect(error?.status == .noPermission)
    }
}
