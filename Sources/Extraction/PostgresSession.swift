import Batches
import DataAccess
import Definitions
import Diagnostics
import PostgresClient

/// Reads with binary COPY, all tables in read-only transactions that see one state: one connection's, or several that
/// share its snapshot and each read a range of a table's pages.
struct PostgresSession: SourceSession {
    let engine = "postgres"
    let version: String
    let consistency = BatchManifest.Consistency.snapshot
    let snapshotTime: String
    let resumeFrom: String?
    let position: String?
    let mayHoldBadText: Bool
    private let leader: PostgresConnection
    private let conninfo: String
    private let applicationName: String
    private let connections: Int
    /// What others need to see the leader's state.
    private let snapshot: String

    static func with<R>(
        _ conninfo: String, source: String, connections: Int, _ body: (any SourceSession) throws -> R
    ) throws -> R {
        let name = "sitong extract \(source)"
        let leader = try Self.connect(conninfo, name)
        // Before the snapshot: whoever begins after this is not earlier than it.
        let resumeFrom = try SourcePosition.oldestBegin(leader)
        return try leader.withTransaction(.readSnapshot) {
            try body(
                PostgresSession(
                    leader, conninfo, name, resumeFrom: resumeFrom,
                    position: try SourcePosition(of: leader)?.text, connections: connections))
        }
    }

    /// A database without an encoding keeps whatever bytes it was given, and would refuse to hand out as UTF-8 what is none:
    /// it is asked for the bytes.
    private static func connect(_ conninfo: String, _ applicationName: String) throws -> PostgresConnection {
        let connection = try PostgresConnection(conninfo, applicationName: applicationName)
        if try connection.execute("SHOW server_encoding").first?.first == "SQL_ASCII" {
            try connection.execute("SET client_encoding = 'SQL_ASCII'")
        }
        return connection
    }

    private init(
        _ leader: PostgresConnection, _ conninfo: String, _ applicationName: String, resumeFrom: String?,
        position: String?, connections: Int
    ) throws {
        self.leader = leader
        self.conninfo = conninfo
        self.applicationName = applicationName
        self.connections = connections
        self.resumeFrom = resumeFrom
        self.position = position
        // now() is the begin of the transaction, and so before its snapshot.
        let row =
            try leader.execute(
                """
                SELECT current_setting('server_version'),
                       to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                       current_setting('server_encoding'), pg_export_snapshot()
                """
            ).first ?? []
        func text(_ place: Int) -> String { row.indices.contains(place) ? row[place] ?? "" : "" }
        version = String(text(0).prefix { $0 != " " })
        snapshotTime = text(1)
        // Any other encoding is converted by the server, or was checked when it was written.
        mayHoldBadText = text(2) == "SQL_ASCII"
        snapshot = text(3)
    }

    func rows(
        of table: SourceDefinition.SourceTable, _ window: SourceWindow
    ) throws -> (any CellReader, isWhole: Bool) {
        let late = try lateCondition(table, window)
        let statement = SourceStatement(table, window, quote: PostgresConnection.identifier, alsoWhere: late)
        guard connections > 1, let relation = statement.relation else {
            return (try read(statement.sql), statement.isWhole)
        }
        let ranges = try TableRanges(of: relation, on: leader)
        guard ranges.isDivided else { return (try read(statement.sql), statement.isWhole) }
        let shape = try BinaryCopyShape(of: "\n\(statement.sql)\n", on: leader)
        let rows = RangeReader(
            queries: ranges.conditions.map { "\n\(statement.restricted(to: $0))\n" }, shape: shape,
            connections: connections
        ) { [conninfo, applicationName, snapshot] in
            let connection = try Self.connect(conninfo, applicationName)
            try connection.begin(.readSnapshot)
            try connection.execute("SET TRANSACTION SNAPSHOT '\(snapshot)'")
            try connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL max_parallel_workers_per_gather = 0")
            return connection
        }
        return (rows, statement.isWhole)
    }

    func deletions(_ sql: String, of table: String, _ window: SourceWindow) throws -> any CellReader {
        try read(SourceStatement(select: sql, window).sql)
    }

    func read(_ statement: SourceStatement, of table: String) throws -> any CellReader { try read(statement.sql) }

    func quote(_ name: String) -> String { PostgresConnection.identifier(name) }

    /// On lines of its own, so that a comment at the end swallows nothing.
    private func read(_ sql: String) throws -> any CellReader { try BinaryCopyReader(leader, select: "\n\(sql)\n") }

    /// Rows of transactions that were not done when the source was read last, whatever their watermark says.
    private func lateCondition(_ table: SourceDefinition.SourceTable, _ window: SourceWindow) throws -> String? {
        guard !window.isWhole, let last = window.position.flatMap(SourcePosition.init),
            let now = position.flatMap(SourcePosition.init), case .from(let name, _) = table.query
        else { return nil }
        let found = try leader.execute(
            "SELECT relkind = 'r' FROM pg_class WHERE oid = to_regclass($1)",
            [SourceStatement.place(name, quote: PostgresConnection.identifier)])
        guard found.first?.first == "t" else { return nil }
        return now.condition(since: last)
    }
}
