public import Schema

/// The tables that the standard library (标准库) keeps for one table of the schema.
///
/// `anjian` has the current rows; `anjian_log` has every earlier version of a row: its key, the batch that brought it,
/// the batch that ended it and how (`update` or `delete`), from when to when it was valid, and the row itself.
public struct LibraryTables: Sendable {
    /// The number of the batch that brought the current version of a row.
    public static let batchColumn = "sitong_batch"

    public let current: TableShape
    public let log: TableShape

    public init(_ table: TableDefinition) {
        let columns = table.columns.map { column in
            // Only a key must be there: that anything else is missing is a finding, not a reason to refuse the row.
            TableShape.Column(
                name: column.name, type: Self.type(of: column.type), isRequired: table.key.contains(column.name),
                title: column.title)
        }
        current = TableShape(
            name: table.name, title: table.title,
            columns: columns + [.init(name: Self.batchColumn, type: "bigint", isRequired: true)], key: table.key,
            indexes: table.indexes.map { IndexShape(table: table.name, columns: $0) }, isUpdated: true)
        let logName = Self.logName(of: table.name)
        log = TableShape(
            name: logName, title: table.title + "（历史）",
            columns: columns.filter { table.key.contains($0.name) } + [
                .init(name: Self.batchColumn, type: "bigint", isRequired: true),
                .init(name: "ended_by", type: "bigint", isRequired: true),
                .init(name: "operation", type: "text", isRequired: true),
                .init(name: "valid_from", type: "timestamp with time zone", isRequired: true),
                .init(name: "valid_to", type: "timestamp with time zone", isRequired: true),
                .init(name: "row", type: "jsonb", isRequired: true),
            ],
            key: table.key + ["ended_by"])
    }

    public static func logName(of table: String) -> String { table + "_log" }

    /// What PostgreSQL calls a type of the schema.
    public static func type(of type: ValueType) -> String {
        switch type {
        case .int: "bigint"
        case .decimal(let precision, let scale): "numeric(\(precision),\(scale))"
        case .text(let maxLength?): "character varying(\(maxLength))"
        case .text(nil), .code: "text"
        case .date: "date"
        case .timestamp: "timestamp without time zone"
        case .bool: "boolean"
        }
    }
}
