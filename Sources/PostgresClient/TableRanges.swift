import Diagnostics

/// How the rows of one relation are divided for reading over several connections: by where they lie (ctid), in ranges
/// of pages.
///
/// In the order of the ranges, and within each in the order of the rows' places, every row comes once: a snapshot sees
/// its rows where they are, whatever others change meanwhile. What has no places (a view, a partitioned or a foreign
/// table), or lies on a server that cannot read a range without reading all (before PostgreSQL 14), is one range.
public struct TableRanges: Sendable {
    /// The restriction on `t.ctid` of each range; a single nil when the relation is not divided.
    public let conditions: [String?]

    public static let undivided = TableRanges(conditions: [nil])

    public var isDivided: Bool { conditions.count > 1 }

    /// About two megabytes: small enough that a reader may hold some ranges that came early, large enough that beginning
    /// one costs little beside reading it.
    public static let pagesPerRange = 256

    private init(conditions: [String?]) { self.conditions = conditions }

    /// - Parameter table: as it stands in a statement, quoted and with its schema if it has one.
    public init(of table: String, on connection: PostgresConnection, pagesPerRange: Int = Self.pagesPerRange) throws {
        // Pages that are added after this hold nothing that the snapshot sees.
        let found = try connection.execute(
            """
            SELECT pg_relation_size(oid) / current_setting('block_size')::bigint FROM pg_class
            WHERE oid = to_regclass($1) AND relkind IN ('r', 'm')
            """, [table])
        let pages = (found.first?.first ?? nil).flatMap { Int($0) } ?? 0
        guard connection.serverVersion >= 140_000, pages > pagesPerRange else {
            conditions = [nil]
            return
        }
        conditions = stride(from: 0, to: pages, by: pagesPerRange).map { first in
            let isLast = first + pagesPerRange >= pages
            return "t.ctid >= '(\(first),0)'" + (isLast ? "" : " AND t.ctid < '(\(first + pagesPerRange),0)'")
        }
    }
}
