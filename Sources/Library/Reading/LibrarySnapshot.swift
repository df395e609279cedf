public import Columnar
public import DataAccess
import DelimitedText
import Diagnostics
import Foundation
import PostgresClient
import SQLGeneration
public import Schema

/// One state of the library, read by as many readers as one likes, at once or one after the other.
///
/// It stays readable as long as this value lives: its session keeps the server from removing the versions it sees.
public final class LibrarySnapshot {
    private let leader: PostgresConnection
    private let conninfo: String
    private let identifier: String
    /// The number of the batch that was loaded last, 0 when none was.
    public let lastBatch: Int

    init(_ conninfo: String) throws {
        self.conninfo = conninfo
        leader = try PostgresConnection(conninfo, applicationName: "sitong read")
        try leader.execute("SET search_path = public")
        try leader.begin(.readSnapshot)
        identifier = (try leader.execute("SELECT pg_export_snapshot()").first?.first ?? nil) ?? ""
        let batch = try leader.execute("SELECT coalesce(max(number), 0) FROM sitong.batch")
        lastBatch = (batch.first?.first ?? nil).flatMap { Int($0) } ?? 0
    }

    /// The current rows of a table, in an order that is the same for every reader of this snapshot: that of their places
    /// in a table that is read over several connections, else that of its key.
    ///
    /// - Parameters:
    ///   - columns: codes or titles, in the order in which they shall come; nil for all of the schema.
    ///   - courts: only rows of these courts, by the table's court path; nil for all. The caller adds lower courts.
    ///   - connections: at most so many at once; nil for one for each processor.
    /// - Throws: `OperationError` 65 when the table or a column is not there.
    public func reader(
        table: TableDefinition, columns: [String]? = nil, courts: [String]? = nil, schema: StandardSchema,
        connections: Int? = nil
    ) throws -> LibraryReader {
        let names = (columns ?? table.columns.map(\.name)).map { table.column($0)?.name ?? $0 }
        let select = TableSelection(table: table, columns: names, courts: courts, schema: schema)
        // What a failed statement must not end is the leader's transaction: with it the snapshot would be gone.
        try leader.execute("SAVEPOINT reader")
        let (ranges, shape): (TableRanges, BinaryCopyShape)
        do {
            shape = try BinaryCopyShape(of: select.sql(nil), on: leader)
            // The courts of another table's rows would be looked up once for each range.
            ranges = courts == nil ? try TableRanges(of: SQLIdentifier(table.name).description, on: leader) : .undivided
        } catch {
            try leader.execute("ROLLBACK TO SAVEPOINT reader; RELEASE SAVEPOINT reader")
            throw error
        }
        try leader.execute("RELEASE SAVEPOINT reader")
        let rows = RangeReader(
            queries: ranges.conditions.map(select.sql), shape: shape,
            connections: connections ?? ProcessInfo.processInfo.activeProcessorCount
        ) { [conninfo, identifier] in
            let connection = try PostgresConnection(conninfo, applicationName: "sitong read")
            try connection.execute("SET search_path = public")
            try connection.begin(.readSnapshot)
            try connection.execute("SET TRANSACTION SNAPSHOT \(SQLLiteral(identifier))")
            if ranges.isDivided {
                // A range is read by itself, in the order of its rows, or dividing would be no use.
                try connection.execute(
                    "SET LOCAL enable_seqscan = off; SET LOCAL max_parallel_workers_per_gather = 0")
            }
            return connection
        }
        return LibraryReader(rows, of: self)
    }
}

/// Rows of the library as texts: dates `YYYY-MM-DD`, timestamps `YYYY-MM-DD HH:MM:SS`, booleans `t` and `f`.
public final class LibraryReader: CellReader, BlockReader {
    public var columns: [String] { rows.columns }
    private let rows: RangeReader
    /// Kept, as the connections see its state only while it lives.
    private let snapshot: LibrarySnapshot

    init(_ rows: RangeReader, of snapshot: LibrarySnapshot) {
        self.rows = rows
        self.snapshot = snapshot
    }

    public func next(into block: inout CellBlock) throws -> Bool { try rows.next(into: &block) }

    public func next() throws -> RawBlock? {
        var cells = CellBlock()
        return try next(into: &cells) ? RawBlock(cells) : nil
    }
}

/// The query for the current rows of a table, of some courts.
struct TableSelection {
    let table: TableDefinition
    let columns: [String]
    let courts: [String]?
    let schema: StandardSchema

    /// - Parameter range: a condition on `t.ctid`; nil for all rows, by their key.
    func sql(_ range: String?) -> String {
        let list = columns.map { "t.\(SQLIdentifier($0))" }.joined(separator: ", ")
        let conditions = [range, restriction].compactMap(\.self)
        let filter = conditions.isEmpty ? "" : "\nWHERE \(conditions.joined(separator: "\n  AND "))"
        let order = range != nil ? [] : table.key.map { "t.\(SQLIdentifier($0))" }
        let orderBy = order.isEmpty ? "" : "\nORDER BY \(order.joined(separator: ", "))"
        return "SELECT \(list)\nFROM \(SQLIdentifier(table.name)) t\(filter)\(orderBy)"
    }

    /// `fydm` is a column of the table, `anjian.fydm` one of the row that a relation leads to.
    private var restriction: String? {
        guard let courts, let path = table.courtPath else { return nil }
        let values = courts.map { SQLLiteral($0).description }.joined(separator: ", ")
        let parts = path.split(separator: ".").map(String.init)
        guard parts.count == 2, let relation = table.relation(parts[0]) else {
            let column = table.column(parts.last ?? path)?.name ?? path
            return courts.isEmpty ? "false" : "t.\(SQLIdentifier(column)) IN (\(values))"
        }
        let column = schema.table(relation.table)?.column(parts[1])?.name ?? parts[1]
        let pairs = relation.on.map { "r.\(SQLIdentifier($0.there)) = t.\(SQLIdentifier($0.here))" }
        let condition = pairs.joined(separator: " AND ")
        let courtCondition = courts.isEmpty ? "false" : "r.\(SQLIdentifier(column)) IN (\(values))"
        return "EXISTS (SELECT FROM \(SQLIdentifier(relation.table)) r WHERE \(condition) AND \(courtCondition))"
    }
}

extension StandardLibrary {
    /// One state of the library for qc, forms, reconcile and report of a run.
    public func snapshot() throws -> LibrarySnapshot {
        try requireLedger()
        return try LibrarySnapshot(conninfo)
    }
}
