import CSQLite
import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// One connection to a SQLite database file.
///
/// Belongs to the thread that made it. Values are bound, never pasted into the statement.
public final class SQLiteDatabase {
    public enum Mode: Sendable {
        /// Never changes the file.
        case readOnly
        /// Makes the file when there is none.
        case readWrite
    }

    let handle: SQLiteHandle
    public let path: String

    /// - Parameter patience: milliseconds to wait for a lock that another process holds.
    /// - Throws: `OperationError` 66 when there is no such file, 65 when it is not a database, 77 when it may not be
    ///   read, 75 when it is locked for longer than `patience`.
    public init(_ path: String, mode: Mode, patience: Int = 5000) throws {
        self.path = path
        if mode == .readOnly {
            guard access(path, F_OK) == 0 else { throw OperationError.noDatabaseFile(path) }
            guard access(path, R_OK) == 0 else { throw OperationError.databaseNotReadable(path) }
        }
        handle = try SQLiteHandle(path, mode: mode)
        sqlite3_busy_timeout(handle.pointer, Int32(patience))
        _ = sitong_sqlite3_refuse_quoted_texts(handle.pointer)
        // Opening reads nothing; the first look at the schema finds out whether this is a database at all.
        try execute("SELECT count(*) FROM sqlite_schema")
    }

    /// Runs one statement, or several separated by `;` when there are no parameters, and returns the rows of the last.
    @discardableResult
    public func execute(_ sql: String, _ parameters: [SQLiteValue] = []) throws -> [[String?]] {
        var rows: [[String?]] = []
        var rest = Substring(sql)
        while let statement = try SQLiteStatement(self, &rest) {
            try statement.bind(parameters)
            rows = []
            while try statement.step() { rows.append(try statement.row()) }
        }
        return rows
    }

    /// A statement to be run many times; the fast way to insert.
    public func prepare(_ sql: String) throws -> SQLiteStatement {
        var rest = Substring(sql)
        guard let statement = try SQLiteStatement(self, &rest) else {
            throw OperationError.emptyStatement(path)
        }
        return statement
    }

    /// Rows of a query, block by block. Several readers that must agree are opened within one `withReadSnapshot`.
    /// The bytes of texts come as they are, whether they are UTF-8 or not.
    public func reader(_ select: String, _ parameters: [SQLiteValue] = []) throws -> SQLiteReader {
        let statement = try prepare(select)
        try statement.bind(parameters)
        return SQLiteReader(statement)
    }

    /// Whether readers and a writer get in each other's way: they do not where changes are written ahead (WAL).
    public var blocksWriters: Bool {
        get throws { try execute("PRAGMA journal_mode").first?.first ?? "" != "wal" }
    }

    /// Copies the whole database, as one state of it, into a new file (Online Backup).
    ///
    /// The lock is given back after some pages, so that another program can write meanwhile; what it writes makes the copy
    /// begin again. When that happens too often, the rest is copied under one lock.
    /// - Throws: `OperationError` 75 when the file stays locked, 74 when there is no room for the copy.
    public func copy(to path: String) throws {
        let target = try SQLiteHandle(path, mode: .readWrite)
        guard let backup = sqlite3_backup_init(target.pointer, "main", handle.pointer, "main") else {
            throw OperationError.sqlite(
                sqlite3_errcode(target.pointer), String(cString: sqlite3_errmsg(target.pointer)), path: path)
        }
        var code = SQLITE_OK
        var rest = Int32.max
        var restarts = 0
        var waits = 0
        repeat {
            code = sqlite3_backup_step(backup, restarts < 10 ? 2048 : -1)
            let left = sqlite3_backup_remaining(backup)
            if left > rest { restarts += 1 }
            rest = left
            if code == SQLITE_BUSY || code == SQLITE_LOCKED {
                waits += 1
                // Each wait has the connection's own patience in it.
                guard waits < 5 else { break }
                code = SQLITE_OK
            } else if code == SQLITE_OK {
                usleep(1000)
            }
        } while code == SQLITE_OK
        let end = sqlite3_backup_finish(backup)
        guard code == SQLITE_DONE, end == SQLITE_OK else {
            let failure = code == SQLITE_DONE ? end : code
            guard [SQLITE_IOERR, SQLITE_FULL].contains(failure & 0xFF) else {
                throw OperationError.sqlite(failure, "\(path): copying failed", path: self.path)
            }
            throw OperationError.sqliteCopy(of: self.path, to: path)
        }
    }

    public func begin() throws { try execute("BEGIN") }

    /// Begins a transaction in which all reads see one state of the database.
    ///
    /// BEGIN alone takes no snapshot, only the first read does.
    public func beginReadSnapshot() throws { try execute("BEGIN; SELECT count(*) FROM sqlite_schema") }

    public func commit() throws { try execute("COMMIT") }

    public func rollback() {
        if sqlite3_get_autocommit(handle.pointer) == 0 { sqlite3_exec(handle.pointer, "ROLLBACK", nil, nil, nil) }
    }

    /// Commits when `body` returns, rolls back when it throws.
    public func withTransaction<R>(_ body: () throws -> R) throws -> R {
        try begin()
        return try finishTransaction(body)
    }

    /// All reads of `body` see one state of the database.
    public func withReadSnapshot<R>(_ body: () throws -> R) throws -> R {
        try beginReadSnapshot()
        return try finishTransaction(body)
    }

    private func finishTransaction<R>(_ body: () throws -> R) throws -> R {
        do {
            let result = try body()
            try commit()
            return result
        } catch {
            rollback()
            throw error
        }
    }

    /// `"t_aj"`: a name as it stands in a statement, whatever characters it has.
    public static func identifier(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

/// The one owner of a `sqlite3`.
final class SQLiteHandle {
    let pointer: OpaquePointer

    init(_ path: String, mode: SQLiteDatabase.Mode) throws {
        let flags = mode == .readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? ""
            sqlite3_close(opened)
            throw OperationError.sqlite(code, message, path: path)
        }
        pointer = opened
    }

    deinit { sqlite3_close_v2(pointer) }
}
