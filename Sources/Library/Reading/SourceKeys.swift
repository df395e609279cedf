public import DataAccess
import PostgresClient
import SQLGeneration
public import Schema

extension StandardLibrary {
    /// The keys of the current rows that a source brought, in the order of the key's columns.
    public func keys(of table: TableDefinition, source: String) throws -> any CellReader {
        try requireLedger()
        let columns = table.key.map { "t.\(SQLIdentifier($0))" }.joined(separator: ", ")
        return try BinaryCopyReader(
            connection,
            select: """
                SELECT \(columns) FROM \(SQLIdentifier(table.name)) t
                JOIN sitong.batch b ON b.number = t.\(SQLIdentifier(LibraryTables.batchColumn))
                WHERE b.source = \(SQLLiteral(source))
                """)
    }
}
