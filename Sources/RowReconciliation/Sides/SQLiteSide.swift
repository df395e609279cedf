import DataAccess
import Diagnostics
import Foundation
import SQLiteClient
public import Schema

extension ReadSide {
    /// A table of a SQLite file, in one transaction that sees one state until the side goes.
    ///
    /// - Throws: `OperationError` 65 when there is no such table.
    public static func sqlite(_ path: String, table: TableDefinition) throws -> ReadSide {
        let database = try SQLiteDatabase(path, mode: .readOnly)
        let time = Date().formatted(.iso8601)
        try database.beginReadSnapshot()
        var found: (name: String, columns: [String])?
        for name in [table.name, table.title] where found == nil {
            let columns = try database.execute(
                "SELECT name FROM pragma_table_info(?1) ORDER BY cid", [.text(name)])
            if !columns.isEmpty { found = (name, columns.compactMap { $0.first ?? nil }) }
        }
        guard let found else { throw OperationError.rowTableMissing(table, at: "'\(path)'") }
        var names: [String: String] = [:]
        for name in found.columns {
            guard let column = table.column(offered: name), names[column.name] == nil else { continue }
            names[column.name] = name
        }
        let known = names
        return ReadSide(
            kind: "sqlite", place: path, time: time, columns: table.columns.map(\.name).filter { known[$0] != nil }
        ) { wanted in
            let list = wanted.map { name in
                "t.\(SQLiteDatabase.identifier(known[name] ?? name)) AS \(SQLiteDatabase.identifier(name))"
            }
            let from = SQLiteDatabase.identifier(found.name)
            return try database.reader("SELECT \(list.joined(separator: ", ")) FROM \(from) t")
        }
    }
}
