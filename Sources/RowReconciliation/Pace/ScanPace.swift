import Diagnostics
import Foundation
import PostgresClient

/// How gently a server is read (限流).
public struct ScanPace: Sendable {
    /// Seconds after which the server shall end a statement of ours; 0 for never.
    public var statementSeconds = 0
    /// No scan begins while more sessions than this, ours not counted, are at work on the server; nil begins at once.
    public var maximumLoad: Int?
    /// Pages of the first part of a table that is read in parts.
    var firstChunkPages = 16_384

    /// What a part is meant to take; later parts are as large as the one before says.
    private static let chunkSeconds = 5.0
    private static let chunkLimit = 1 << 20

    public init(statementSeconds: Int = 0, maximumLoad: Int? = nil) {
        self.statementSeconds = statementSeconds
        self.maximumLoad = maximumLoad
    }

    /// A server is left alone between the parts of a table only if it has parts.
    var isInChunks: Bool { maximumLoad != nil || statementSeconds > 0 }

    /// Pages of the part after one that took some seconds; never more than four times as many.
    func nextChunk(_ pages: Int, took seconds: Double) -> Int {
        let factor = min(4, max(0.1, Self.chunkSeconds / max(seconds, 0.001)))
        return min(Self.chunkLimit, max(1, Int(Double(pages) * factor)))
    }

    /// Waits until the server has no more to do than is allowed.
    func wait(on connection: PostgresConnection) throws {
        guard let maximumLoad else { return }
        while true {
            // What a transaction saw of other sessions first would else be all that it sees. Without pg_monitor a role sees what
            // its own sessions do.
            let found = try connection.execute(
                """
                SELECT pg_stat_clear_snapshot();
                SELECT count(*) FROM pg_stat_activity
                WHERE state = 'active' AND backend_type = 'client backend'
                  AND application_name <> current_setting('application_name')
                """)
            guard let load = (found.first?.first ?? nil).flatMap({ Int($0) }), load > maximumLoad else { return }
            Thread.sleep(forTimeInterval: 0.5)
        }
    }
}

/// A table as it lies on its server's disk.
struct TableExtent {
    var pages: Int
    /// Another one when the table was written anew, and its rows lie elsewhere.
    var identity: String

    /// Nil for what has no pages (a view, a partitioned or a foreign table), or lies on a server that cannot read some pages
    /// without reading all (before PostgreSQL 14).
    ///
    /// - Parameter relation: its name, not quoted.
    init?(of relation: String, on connection: PostgresConnection) throws {
        guard connection.serverVersion >= 140_000 else { return nil }
        let found = try connection.execute(
            """
            SELECT pg_relation_size(oid) / current_setting('block_size')::bigint, pg_relation_filenode(oid)
            FROM pg_class WHERE oid = to_regclass($1) AND relkind IN ('r', 'm')
            """, [PostgresConnection.identifier(relation)])
        guard let row = found.first, let pages = row[0].flatMap({ Int($0) }), let node = row[1] else { return nil }
        self.pages = pages
        identity = node
    }
}
