import CLibPQ
import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// One session with a PostgreSQL server (or one that speaks its protocol), through libpq.
///
/// Belongs to the thread that made it; every call blocks. Values are bound, never pasted into the statement; results
/// are texts as the server prints them under the session settings below, nil for NULL.
///
/// All sessions are set alike, so that the same value is printed the same everywhere: UTF-8, ISO dates, ISO 8601
/// intervals, floats with all their digits, bytes as `\x…`, times with a zone shown in the time of the courts
/// (Asia/Shanghai).
public final class PostgresConnection {
    let handle: ConnectionHandle

    /// Where it is connected, for messages: `'library' at /run/x:5432`. Has no secret in it.
    public let displayName: String

    /// - Parameters:
    ///   - conninfo: `service=trial17`, `postgresql://host/db`, `host=/run/x dbname=y`. Passwords come from `.pgpass`
    ///     or the environment.
    ///   - applicationName: seen by the server's administrator in `pg_stat_activity`.
    /// - Throws: `OperationError` 64 when the text is not a connection string, 66 when there is no such service or
    ///   database, 69 when the server cannot be reached, 77 when it refuses the user.
    public init(_ conninfo: String, applicationName: String) throws {
        let options = try ConnectionOptions(conninfo)
        displayName = options.displayName
        handle = try ConnectionHandle(conninfo, options: options, applicationName: applicationName)
        try execute(Self.sessionSettings)
    }

    private static let sessionSettings = """
        SET client_encoding = 'UTF8';
        SET DateStyle = 'ISO, YMD';
        SET IntervalStyle = 'iso_8601';
        SET TimeZone = 'Asia/Shanghai';
        SET extra_float_digits = 3;
        SET bytea_output = 'hex';
        SET standard_conforming_strings = on;
        SET statement_timeout = 0;
        SET idle_in_transaction_session_timeout = 0
        """

    /// Like `150018`.
    public var serverVersion: Int { Int(PQserverVersion(handle.pointer)) }

    /// The server's process that serves this session.
    public var backendProcess: Int { Int(PQbackendPID(handle.pointer)) }

    /// Runs one statement, or several separated by `;` when there are no parameters, and returns the rows of the last.
    ///
    /// Parameters are `$1`, `$2`, … and are sent as text; nil is NULL.
    @discardableResult
    public func execute(_ sql: String, _ parameters: [String?] = []) throws -> [[String?]] {
        try result(sql, parameters).rows()
    }

    /// Runs one statement and returns how many rows it inserted, changed or deleted.
    @discardableResult
    public func update(_ sql: String, _ parameters: [String?] = []) throws -> Int {
        try result(sql, parameters).affectedRows
    }

    func result(_ sql: String, _ parameters: [String?]) throws -> ResultHandle {
        let result: ResultHandle
        if parameters.isEmpty {
            result = ResultHandle(PQexec(handle.pointer, sql))
        } else {
            // Sound because the C strings live until `PQexecParams` has returned.
            let values = parameters.map { text in text.flatMap { strdup($0) } }
            defer { values.forEach { free($0) } }
            let pointers = values.map { UnsafePointer($0) }
            result = ResultHandle(
                PQexecParams(handle.pointer, sql, Int32(parameters.count), nil, pointers, nil, nil, 0))
        }
        switch result.status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return result
        default: throw failure(result)
        }
    }

    /// The error of a statement that the server refused or that never reached it.
    func failure(_ result: borrowing ResultHandle) -> OperationError {
        if PQstatus(handle.pointer) == CONNECTION_BAD { return .connectionLost(displayName) }
        return .statementFailed(ServerMessage(result), at: displayName)
    }
}

// MARK: - Transactions

/// What a transaction may do and see.
public enum TransactionMode: Sendable {
    /// Reads and writes, each statement sees what was committed before it.
    case readWrite
    /// Reads only, and all statements see one state of the database. Takes no longer than five seconds to get a lock.
    case readSnapshot

    var beginStatement: String {
        switch self {
        case .readWrite: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
        case .readSnapshot:
            // Scans of one snapshot start at the first page, so that two extracts of the same rows are in one order.
            """
            BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
            SET LOCAL synchronize_seqscans = off;
            SET LOCAL lock_timeout = '5s'
            """
        }
    }
}

extension PostgresConnection {
    public func begin(_ mode: TransactionMode = .readWrite) throws { try execute(mode.beginStatement) }

    public func commit() throws {
        // COMMIT of a failed transaction is answered by ROLLBACK, without an error.
        let failed = PQtransactionStatus(handle.pointer) == PQTRANS_INERROR
        try execute("COMMIT")
        if failed { throw OperationError.transactionWasAborted(displayName) }
    }

    /// Ends the transaction, if there is one and the server can still be told; else the server does it itself.
    public func rollback() {
        guard PQstatus(handle.pointer) == CONNECTION_OK, PQtransactionStatus(handle.pointer) != PQTRANS_IDLE else {
            return
        }
        _ = ResultHandle(PQexec(handle.pointer, "ROLLBACK"))
    }

    /// Commits when `body` returns, rolls back when it throws.
    public func withTransaction<R>(_ mode: TransactionMode = .readWrite, _ body: () throws -> R) throws -> R {
        try begin(mode)
        do {
            let result = try body()
            try commit()
            return result
        } catch {
            rollback()
            throw error
        }
    }
}

// MARK: - Names

extension PostgresConnection {
    /// `"t_aj"`: a name as it stands in a statement, whatever characters it has.
    public static func identifier(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
