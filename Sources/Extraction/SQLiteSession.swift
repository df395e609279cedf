import Batches
import DataAccess
import Definitions
import Diagnostics
import Foundation
import SQLiteClient

/// Reads all tables of a SQLite file as one state of it: in one transaction where that hinders nobody (WAL), else from a
/// private copy, so that the court's program can write while it is read.
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
        guard try database.blocksWriters else {
            return try database.withReadSnapshot { try body(SQLiteSession(database, before: before)) }
        }
        let copy = try PrivateCopy(of: database)
        defer { copy.remove() }
        let copied = try SQLiteDatabase(copy.path, mode: .readOnly)
        // It is open and needs no name: nothing is left of it, whatever becomes of us.
        copy.remove()
        return try copied.withReadSnapshot { try body(SQLiteSession(copied, before: before)) }
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
        // Nothing else is read from the database before these rows have ended.
        return (ReadAhead(try database.reader(statement.sql)), statement.isWhole)
    }

    func read(_ statement: SourceStatement, of table: String) throws -> any CellReader {
        try database.reader(statement.sql)
    }

    func quote(_ name: String) -> String { SQLiteDatabase.identifier(name) }

    func deletions(_ sql: String, of table: String, _ window: SourceWindow) throws -> any CellReader {
        try database.reader(SourceStatement(select: sql, window).sql)
    }
}
