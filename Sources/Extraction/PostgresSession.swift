import Batches
import Columnar
import DataAccess
import Definitions
import DelimitedText
import Diagnostics
import PostgresClient

/// Reads with COPY, all tables in one read-only transaction that sees one state.
struct PostgresSession: SourceSession {
    let engine = "postgres"
    let version: String
    let consistency = BatchManifest.Consistency.snapshot
    let snapshotTime: String
    private let connection: PostgresConnection
    private let source: String

    static func with<R>(_ conninfo: String, source: String, _ body: (any SourceSession) throws -> R) throws -> R {
        let connection = try PostgresConnection(conninfo, applicationName: "sitong extract \(source)")
        return try connection.withTransaction(.readSnapshot) {
            try body(PostgresSession(connection, source: source))
        }
    }

    private init(_ connection: PostgresConnection, source: String) throws {
        self.connection = connection
        self.source = source
        // now() is the begin of the transaction, and so before its snapshot.
        let row = try connection.execute(
            """
            SELECT current_setting('server_version'),
                   to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
            """)
        version = row.first?.first.flatMap { $0 }.map { String($0.prefix { $0 != " " }) } ?? ""
        snapshotTime = row.first?.last.flatMap { $0 } ?? ""
    }

    func rows(
        of table: SourceDefinition.SourceTable, _ window: SourceWindow
    ) throws -> (any BlockReader, isWhole: Bool) {
        let statement = SourceStatement(table, window, quote: PostgresConnection.identifier)
        return (try copy(statement, table.table), statement.isWhole)
    }

    func deletions(_ sql: String, of table: String, _ window: SourceWindow) throws -> any BlockReader {
        try copy(SourceStatement(select: sql, window), table)
    }

    private func copy(_ statement: SourceStatement, _ table: String) throws -> any BlockReader {
        let rows = try connection.copyOut("COPY (\n\(statement.sql)\n) TO STDOUT (FORMAT csv, HEADER true)")
        return WholeRecords(try CSVReader(rows, file: table), file: connection.displayName, table: table)
    }
}

/// Rows of a reader that must not have malformed records.
struct WholeRecords<Source: ByteSource>: BlockReader {
    private let reader: CSVReader<Source>
    private let file: String
    private let table: String

    init(_ reader: CSVReader<Source>, file: String, table: String) {
        self.reader = reader
        self.file = file
        self.table = table
    }

    var columns: [String] { reader.columns }

    func next() throws -> RawBlock? {
        let block = try reader.next()
        if let record = reader.takeMalformed().first {
            throw OperationError.sourceRecordMalformed(record.kind, row: record.row, file: file, table: table)
        }
        return block
    }
}
