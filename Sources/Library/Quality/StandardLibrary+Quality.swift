import PostgresClient
import SQLGeneration
import Schema

extension StandardLibrary {
    /// Judges the current rows of all tables of the schema where they are.
    public func judge(_ check: SQLQualityCheck) throws -> SQLQualityResult {
        try requireLedger()
        let tables = check.schema.tables.map { ($0.name, SQLIdentifier($0.name, in: "public")) }
        return try check.run(on: connection, tables: Dictionary(uniqueKeysWithValues: tables), order: .byKey)
    }
}
