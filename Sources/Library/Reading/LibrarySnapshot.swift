public import Columnar
public import DataAccess
import DelimitedText
import Diagnostics
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

    /// The current rows of a table, in the order of its key.
    ///
    /// - Parameters:
    ///   - columns: codes or titles, in the order in which they shall come; nil for all of the schema.
    ///   - courts: only rows of these courts, by the table's court path; nil for all. The caller adds lower courts.
    /// - Throws: `OperationError` 65 when the table or a column is not there.
    public func reader(
        table: TableDefinition, columns: [String]? = nil, courts: [String]? = nil, schema: StandardSchema
    ) throws -> LibraryReader {
        let connection = try PostgresConnection(conninfo, applicationName: "sitong read")
        try connection.execute("SET search_path = public")
        try connection.begin(.readSnapshot)
        try connection.execute("SET TRANSACTION SNAPSHOT \(SQLLiteral(identifier))")
        let names = (columns ?? table.columns.map(\.name)).map { table.column($0)?.name ?? $0 }
        let select = TableSelection(table: table, columns: names, courts: courts, schema: schema)
        return try LibraryReader(connection, sql: "COPY (\(select.sql)) TO STDOUT (FORMAT csv)", columns: names)
    }
}

/// Rows of the library as blocks of texts: dates `YYYY-MM-DD`, timestamps `YYYY-MM-DD HH:MM:SS`, booleans `t` and `f`.
public final class LibraryReader: BlockReader {
    public let columns: [String]
    private let rows: CSVReader<PostgresCopyOut>

    init(_ connection: PostgresConnection, sql: String, columns: [String]) throws {
        self.columns = columns
        rows = try CSVReader(
            try connection.copyOut(sql), file: connection.displayName, options: CSVOptions(columns: columns))
    }

    /// Rows without line numbers: those of the stream mean nothing to anyone.
    public func next() throws -> RawBlock? {
        var block = try rows.next()
        block?.lines = []
        return block
    }
}

/// The query for the current rows of a table, of some courts.
struct TableSelection {
    let table: TableDefinition
    let columns: [String]
    let courts: [String]?
    let schema: StandardSchema

    var sql: String {
        let list = columns.map { "t.\(SQLIdentifier($0))" }.joined(separator: ", ")
        let order = table.key.map { "t.\(SQLIdentifier($0))" }.joined(separator: ", ")
        let orderBy = order.isEmpty ? "" : "\nORDER BY \(order)"
        return "SELECT \(list)\nFROM \(SQLIdentifier(table.name)) t\(restriction)\(orderBy)"
    }

    /// `fydm` is a column of the table, `anjian.fydm` one of the row that a relation leads to.
    private var restriction: String {
        guard let courts, let path = table.courtPath else { return "" }
        let values = courts.map { SQLLiteral($0).description }.joined(separator: ", ")
        let parts = path.split(separator: ".").map(String.init)
        guard parts.count == 2, let relation = table.relation(parts[0]) else {
            let column = table.column(parts.last ?? path)?.name ?? path
            return courts.isEmpty ? "\nWHERE false" : "\nWHERE t.\(SQLIdentifier(column)) IN (\(values))"
        }
        let column = schema.table(relation.table)?.column(parts[1])?.name ?? parts[1]
        let pairs = relation.on.map { "r.\(SQLIdentifier($0.there)) = t.\(SQLIdentifier($0.here))" }
        let condition = pairs.joined(separator: " AND ")
        let courtCondition = courts.isEmpty ? "false" : "r.\(SQLIdentifier(column)) IN (\(values))"
        return """

            WHERE EXISTS (SELECT FROM \(SQLIdentifier(relation.table)) r WHERE \(condition) AND \(courtCondition))
            """
    }
}

extension StandardLibrary {
    /// One state of the library for qc, forms, reconcile and report of a run.
    public func snapshot() throws -> LibrarySnapshot {
        try requireLedger()
        return try LibrarySnapshot(conninfo)
    }
}
