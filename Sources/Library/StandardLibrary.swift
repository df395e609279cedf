import Diagnostics
import PostgresClient

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The standard library (标准库): the tables of the schema, every earlier version of their rows, and the ledger of all
/// that was done to them, in one PostgreSQL database, so that data and ledger are committed together.
///
/// Belongs to the thread that made it. What changes the library holds its lock until it is done; a second one at the
/// same time ends with status 75.
public final class StandardLibrary {
    let connection: PostgresConnection
    let conninfo: String

    /// - Parameter conninfo: as for `PostgresConnection`.
    public init(_ conninfo: String, applicationName: String = "sitong") throws {
        self.conninfo = conninfo
        connection = try PostgresConnection(conninfo, applicationName: applicationName)
        try connection.execute("SET search_path = public")
        // When this process is killed, the server breaks off what it does for it, and gives its locks back. Servers
        // before 14 do not have the setting.
        try connection.execute(
            "SELECT set_config(name, '1s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'")
    }

    /// Where it is, for messages.
    public var displayName: String { connection.displayName }

    /// A transaction that no other process changes the library beside.
    func withLockedTransaction<R>(_ body: () throws -> R) throws -> R {
        try connection.withTransaction {
            try lock()
            return try body()
        }
    }

    /// Until the end of the transaction, whatever becomes of us.
    ///
    /// Waits a moment: the server needs up to a second to notice that the process before us was killed.
    private func lock() throws {
        for attempt in 0..<30 {
            if attempt > 0 { usleep(100_000) }
            let rows = try connection.execute("SELECT pg_try_advisory_xact_lock(hashtext('sitong.library'))")
            if rows.first?.first == "t" { return }
        }
        throw OperationError.libraryLocked(displayName)
    }

    /// - Throws: `OperationError` 66 when no schema was ever applied, 65 when that was done by a program of another version.
    func requireLedger() throws { try LibraryVersion(connection).require() }
}

extension OperationError {
    static func libraryLocked(_ place: String) -> OperationError {
        OperationError(
            .temporaryFailure, code: "library-locked",
            LocalizedText(
                en: "another process is changing the library \(place)", zh: "另一个进程正在修改标准库 \(place)"),
            hint: LocalizedText(en: "try again when it is done", zh: "请待其完成后重试"), isTransient: true)
    }

    static func libraryIsEmpty(_ place: String) -> OperationError {
        OperationError(
            .noInput, code: "library-empty",
            LocalizedText(en: "the library \(place) has no tables yet", zh: "标准库 \(place) 尚未建表"),
            hint: LocalizedText(en: "run `sitong schema apply` first", zh: "请先执行 sitong schema apply"))
    }
}
