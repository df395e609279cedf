/// A statement that makes or changes a table: what a schema is turned into, before it is text.
public enum DataDefinition: Sendable, Hashable {
    case createTable(TableShape)
    case addColumn(table: String, TableShape.Column)
    case changeType(table: String, column: String, to: String)
    case createIndex(IndexShape)
    case commentOnTable(String, text: String)
    case commentOnColumn(table: String, column: String, text: String)
}

/// A table as a database keeps it.
public struct TableShape: Sendable, Hashable {
    public struct Column: Sendable, Hashable {
        public var name: String
        /// As PostgreSQL's catalog prints it (`format_type`), so that shapes can be compared with it: `numeric(18,2)`.
        public var type: String
        public var isRequired: Bool
        /// The Chinese title, for COMMENT; nil for what the library adds.
        public var title: String?

        public init(name: String, type: String, isRequired: Bool = false, title: String? = nil) {
            self.name = name
            self.type = type
            self.isRequired = isRequired
            self.title = title
        }
    }

    public var name: String
    public var title: String
    public var columns: [Column]
    public var key: [String]
    public var indexes: [IndexShape]
    /// Whether its rows change while they live, and their pages are left some room for that: a row's new version that finds
    /// it on the same page needs no line in any index.
    public var isUpdated: Bool

    public init(
        name: String, title: String, columns: [Column], key: [String], indexes: [IndexShape] = [],
        isUpdated: Bool = false
    ) {
        self.name = name
        self.title = title
        self.columns = columns
        self.key = key
        self.indexes = indexes
        self.isUpdated = isUpdated
    }
}

public struct IndexShape: Sendable, Hashable {
    public var table: String
    public var columns: [String]

    public init(table: String, columns: [String]) {
        self.table = table
        self.columns = columns
    }

    /// `anjian_fydm_ah_idx`, cut to the 63 bytes that a name may have.
    public var name: String {
        let full = "\(table)_\(columns.joined(separator: "_"))_idx"
        return full.utf8.count <= 63 ? full : String(decoding: full.utf8.prefix(59), as: UTF8.self) + "_idx"
    }
}

extension DataDefinition: CustomStringConvertible {
    /// The statement for PostgreSQL, ending in `;`, laid out for a database administrator to read.
    public var description: String {
        switch self {
        case .createTable(let shape): return Self.createTable(shape)
        case .addColumn(let table, let column):
            return "ALTER TABLE \(SQLIdentifier(table)) ADD COLUMN \(SQLIdentifier(column.name)) \(column.type);"
        case .changeType(let table, let column, let type):
            return "ALTER TABLE \(SQLIdentifier(table)) ALTER COLUMN \(SQLIdentifier(column)) TYPE \(type);"
        case .createIndex(let index):
            let columns = index.columns.map { SQLIdentifier($0).description }.joined(separator: ", ")
            return "CREATE INDEX \(SQLIdentifier(index.name)) ON \(SQLIdentifier(index.table)) (\(columns));"
        case .commentOnTable(let table, let text):
            return "COMMENT ON TABLE \(SQLIdentifier(table)) IS \(SQLLiteral(text));"
        case .commentOnColumn(let table, let column, let text):
            return "COMMENT ON COLUMN \(SQLIdentifier(table)).\(SQLIdentifier(column)) IS \(SQLLiteral(text));"
        }
    }

    private static func createTable(_ shape: TableShape) -> String {
        let names = shape.columns.map { SQLIdentifier($0.name).description }
        let width = names.map(\.count).max() ?? 0
        var lines = zip(names, shape.columns).map { name, column in
            let padding = String(repeating: " ", count: width - name.count + 1)
            return "    " + name + padding + column.type + (column.isRequired ? " NOT NULL" : "")
        }
        if !shape.key.isEmpty {
            lines.append("    PRIMARY KEY (\(shape.key.map { SQLIdentifier($0).description }.joined(separator: ", ")))")
        }
        let room = shape.isUpdated ? " WITH (fillfactor = 90)" : ""
        return "CREATE TABLE \(SQLIdentifier(shape.name)) (\n\(lines.joined(separator: ",\n"))\n)\(room);"
    }
}
