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
            .integer(-9_223_372_036_854_775_808), .real(0.1), .text(""), .null, .blob([0, 255]), .text("案号"),
        ])
        let reader = try database.reader("SELECT *, 1e-7, 1.5e20, -12.0, 1e300 * 1e10 AS big FROM t")
        let block = try #require(try reader.next())
        #expect(
            block.columns.map { $0[0] } == [
                "-9223372036854775808", "0.1", "", nil, "\\x00ff", "案号", "0.0000001", "150000000000000000000", "-12",
                "Infinity",
            ])
        #expect(reader.columns.last == "big")
        #expect(try reader.next() == nil)
    }

    @Test func `many rows come in blocks, in order, numbered`() throws {
        let database = try SQLiteDatabase(path, mode: .readWrite)
        try database.execute("CREATE TABLE t (n INTEGER)")
        let insert = try database.prepare("INSERT INTO t VALUES (?1)")
        try database.withTransaction { for n in 1...10_000 { try insert.run([.integer(Int64(n))]) } }
        let reader = try database.reader("SELECT n FROM t WHERE n > ?1 ORDER BY n", [.integer(1)])
        var rows = 0
        var blocks = 0
        while let block = try reader.next() {
            #expect(block.firstRow == rows + 1)
            #expect(block.columns[0][0] == "\(rows + 2)")
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

    @Test func `text that is not UTF-8 is status 65 and tells its place, not its bytes`() throws {
        let database = try SQLiteDatabase(path, mode: .readWrite)
        try database.execute("CREATE TABLE t (x TEXT); INSERT INTO t VALUES ('a'), (CAST(x'b0ba' AS TEXT))")
        let error = #expect(throws: OperationError.self) { _ = try database.reader("SELECT x FROM t").next() }
        #expect(error?.code == "sqlite-text")
        #expect(error?.message.en.contains("column 'x' of row 2") == true)
    }

    @Test func `a read-only database takes no writes`() throws {
        try SQLiteDatabase(path, mode: .readWrite).execute("CREATE TABLE t (x)")
        let database = try SQLiteDatabase(path, mode: .readOnly)
        let error = #expect(throws: OperationError.self) { try database.execute("INSERT INTO t VALUES (1)") }
        #expect(error?.status == .noPermission)
    }
}
