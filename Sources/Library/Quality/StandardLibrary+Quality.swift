import PostgresClient
public import RuleEngine
import SQLGeneration
import Schema

extension StandardLibrary {
    /// Judges the current rows of all tables of the schema where they are; rows have no numbers.
    public func judge(_ check: SQLQualityCheck) throws -> QualityResult {
        try requireLedger()
        let tables = check.schema.tables.map { ($0.name, SQLIdentifier($0.name, in: "public")) }
        return try check.run(on: connection, tables: Dictionary(uniqueKeysWithValues: tables), order: .byKey)
    }
}
