import Diagnostics
import PostgresClient

/// Where a PostgreSQL source's count of transactions stood when it was read: the oldest that was not done. Rows that it or
/// any later one wrote were not seen.
struct SourcePosition: Hashable {
    var system: String
    var database: String
    /// With its epoch, so that it never comes again.
    var oldestRunning: UInt64

    /// As the manifest has it; nil for that of another engine.
    init?(_ text: String) {
        let parts = text.split(separator: ":").map(String.init)
        guard parts.count == 4, parts[0] == "pg", let number = UInt64(parts[3]) else { return nil }
        system = parts[1]
        database = parts[2]
        oldestRunning = number
    }

    /// Of the state that the connection's transaction sees; nil when the server only resembles PostgreSQL and cannot tell.
    init?(of connection: PostgresConnection) throws {
        let isThere = try connection.execute(
            """
            SELECT coalesce(has_function_privilege(to_regprocedure('pg_control_system()'), 'EXECUTE'), false)
               AND to_regprocedure('txid_current_snapshot()') IS NOT NULL
            """
        )
        guard isThere.first?.first == "t" else { return nil }
        let row =
            try connection.execute(
                """
                SELECT (SELECT system_identifier FROM pg_control_system()),
                       (SELECT oid FROM pg_database WHERE datname = current_database()),
                       txid_snapshot_xmin(txid_current_snapshot())
                """
            ).first ?? []
        guard row.count == 3, let system = row[0], let database = row[1], let number = row[2].flatMap({ UInt64($0) })
        else { return nil }
        self.system = system
        self.database = database
        oldestRunning = number
    }

    var text: String { "pg:\(system):\(database):\(oldestRunning)" }

    /// True of rows that were written by transactions which a reader at `last` did not see; nil when the two positions are
    /// not of one database, or too far apart for the server to tell (half of its transaction numbers).
    func condition(since last: SourcePosition) -> String? {
        guard system == last.system, database == last.database, oldestRunning >= last.oldestRunning,
            oldestRunning - last.oldestRunning < 1 << 30
        else { return nil }
        return last.condition
    }

    /// True of rows that a reader at this position did not see.
    var condition: String { "age(t.xmin) <= age('\(UInt32(truncatingIfNeeded: oldestRunning))'::xid)" }

    /// The begin of the oldest transaction in the connection's database, else now; UTC.
    ///
    /// A user who may not see other sessions gets now: `extract` then depends on `condition(since:)`, or on a later window.
    static func oldestBegin(_ connection: PostgresConnection) throws -> String? {
        let row = try connection.execute(
            """
            SELECT to_char(
                least(
                    clock_timestamp(),
                    (SELECT min(xact_start) FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid()),
                    (SELECT min(prepared) FROM pg_prepared_xacts WHERE database = current_database())
                ) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
            """)
        return row.first?.first ?? nil
    }
}
