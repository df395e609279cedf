import Batches
import DataAccess
import Definitions
import Foundation
import SQLiteClient

/// Reads all tables of a SQLite file in one transaction that sees one state.
struct SQLiteSession: SourceSession {
    let engine = "sqlite"
    let version: String
    let consistency = BatchManifest.Consistency.snapshot
    let snapshotTime: String
    /// SQLite takes any bytes for a text.
    let mayHoldBadText = true
    private let database: SQLiteDatabase

    static func with<R>(_ path: String, _ body: (any SourceSession) throws -> R) throws -> R {
        let database = try SQLiteDatabase(path, mode: .readOnly)
        let before = Date()
        return try database.withReadSnapshot { try body(SQLiteSession(database, before: before)) }
    }

    private init(_ database: SQLiteDatabase, before: Date) throws {
        self.database = database
        version = try database.execute("SELECT sqlite_version()").first?.first.flatMap { $0 } ?? ""
        snapshotTime = before.formatted(.iso8601)
    }

    func rows(
        of table: SourceDefinition.SourceTable, _ window: SourceWindow
    ) throws -> (any CellReader, isWhole: Bool) {
        let statement = SourceStatement(table, window, quote: SQLiteDatabase.identifier)
        return (BlockCells(try database.reader(statement.sql, checksTexts: false)), statement.isWhole)
    }

    func deletions(_ sql: String, of table: String, _ window: SourceWindow) throws -> any CellReader {
        BlockCells(try database.reader(SourceStatement(select: sql, window).sql, checksTexts: false))
    }
}
