import Diagnostics
import PostgresClient
public import SQLGeneration
public import Schema

extension StandardLibrary {
    /// Brings the library's tables up to the schema; nothing happens when they are.
    ///
    /// All or nothing, in one transaction. Columns are added and widened, never dropped or narrowed.
    /// - Returns: what was changed, and the columns that the schema does not know, which stay.
    /// - Throws: `OperationError` 65 when a type or key differs so that rows could be lost, or a newer program made it, 75 when the library is in
    ///   use, 77 when the user may not create tables.
    @discardableResult
    public func apply(_ schema: StandardSchema) throws -> SchemaDifference {
        try withLockedTransaction {
            try LibraryVersion(connection).bringUp()
            faultPoint("library.afterLedgerTables")
            let difference = try difference(to: schema)
            let obstacles = difference.conflicts.filter(\.isObstacle)
            guard obstacles.isEmpty else { throw OperationError.schemaConflicts(obstacles, at: displayName) }
            guard !difference.changes.isEmpty else { return difference }
            for change in difference.changes { try connection.execute(change.description) }
            try connection.execute(
                """
                INSERT INTO sitong.schema_version (version, statements)
                SELECT coalesce(max(version), 0) + 1, $1 FROM sitong.schema_version
                """, [difference.changes.map(\.description).joined(separator: "\n")])
            faultPoint("library.afterSchemaChanges")
            return difference
        }
    }

    /// What the library's tables lack of the schema; reads only.
    public func difference(to schema: StandardSchema) throws -> SchemaDifference {
        let expected = schema.tables.flatMap { table in
            let tables = LibraryTables(table)
            return [tables.current, tables.log]
        }
        return SchemaDifference(expected: expected, found: try LibraryCatalog.tables(connection))
    }
}

extension SchemaDifference.Conflict {
    /// Whether rows might be lost if one went on.
    var isObstacle: Bool {
        switch self {
        case .type, .key: true
        case .unknownColumn: false
        }
    }
}

extension OperationError {
    static func schemaConflicts(_ conflicts: [SchemaDifference.Conflict], at place: String) -> OperationError {
        let texts = conflicts.map { conflict -> (en: String, zh: String) in
            switch conflict {
            case .type(let table, let column, let expected, let found):
                (
                    "\(table).\(column) is \(found), the schema says \(expected)",
                    "\(table).\(column) 为 \(found)，定义为 \(expected)"
                )
            case .key(let table, let expected, let found):
                (
                    "the key of \(table) is (\(found.joined(separator: ", "))), the schema says (\(expected.joined(separator: ", ")))",
                    "\(table) 的主键为 (\(found.joined(separator: ", ")))，定义为 (\(expected.joined(separator: ", ")))"
                )
            case .unknownColumn(let table, let column):
                ("\(table).\(column) is not in the schema", "\(table).\(column) 不在定义中")
            }
        }
        return OperationError(
            .badData, code: "schema-conflict",
            LocalizedText(
                en: "the library \(place) does not fit the schema: " + texts.map(\.en).joined(separator: "; "),
                zh: "标准库 \(place) 与定义不符：" + texts.map(\.zh).joined(separator: "；")),
            hint: LocalizedText(
                en: "nothing was changed; migrate the table by hand, or correct the definition",
                zh: "未作任何修改；请手工迁移该表，或更正定义"))
    }
}
