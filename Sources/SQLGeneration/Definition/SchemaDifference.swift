/// What a library's tables lack of the schema, and what they have that it does not know.
public struct SchemaDifference: Sendable, Hashable {
    /// Statements that bring the tables up; empty when they are what the schema says.
    public var changes: [DataDefinition] = []
    /// What no statement of ours can bring up, or what is there without the schema's knowing.
    public var conflicts: [Conflict] = []

    public enum Conflict: Sendable, Hashable {
        /// A type that does not take all values of the old one, `found` as the catalog prints it.
        case type(table: String, column: String, expected: String, found: String)
        case key(table: String, expected: [String], found: [String])
        /// A column that the schema does not have; it stays, and loading fills it with NULL.
        case unknownColumn(table: String, column: String)
    }

    /// - Parameters:
    ///   - expected: the tables that there should be, in their order.
    ///   - found: the tables of the same names as the catalog has them, indexes included.
    public init(expected: [TableShape], found: [String: TableShape]) {
        for table in expected {
            guard let present = found[table.name] else {
                create(table)
                continue
            }
            compare(table, present)
        }
    }

    private mutating func create(_ table: TableShape) {
        changes.append(.createTable(table))
        changes.append(.commentOnTable(table.name, text: table.title))
        for column in table.columns {
            if let title = column.title {
                changes.append(.commentOnColumn(table: table.name, column: column.name, text: title))
            }
        }
        changes += table.indexes.map { .createIndex($0) }
    }

    private mutating func compare(_ table: TableShape, _ present: TableShape) {
        if table.key != present.key {
            conflicts.append(.key(table: table.name, expected: table.key, found: present.key))
        }
        for column in table.columns {
            guard let old = present.columns.first(where: { $0.name == column.name }) else {
                changes.append(.addColumn(table: table.name, column))
                if let title = column.title {
                    changes.append(.commentOnColumn(table: table.name, column: column.name, text: title))
                }
                continue
            }
            if old.type != column.type {
                if Self.widens(from: old.type, to: column.type) {
                    changes.append(.changeType(table: table.name, column: column.name, to: column.type))
                } else {
                    conflicts.append(
                        .type(table: table.name, column: column.name, expected: column.type, found: old.type))
                }
            }
            if let title = column.title, old.title != title {
                changes.append(.commentOnColumn(table: table.name, column: column.name, text: title))
            }
        }
        let known = Set(table.columns.map(\.name))
        for column in present.columns where !known.contains(column.name) {
            conflicts.append(.unknownColumn(table: table.name, column: column.name))
        }
        if present.title != table.title { changes.append(.commentOnTable(table.name, text: table.title)) }
        changes += table.indexes.filter { !present.indexes.contains($0) }.map { .createIndex($0) }
    }

    /// Whether every value of the old type is one of the new.
    static func widens(from old: String, to new: String) -> Bool {
        func parts(_ type: String) -> (name: Substring, numbers: [Int]) {
            let pieces = type.split(separator: "(", maxSplits: 1)
            let inner = pieces.count > 1 ? pieces[1].dropLast() : ""
            return (pieces.first ?? "", inner.split(separator: ",").compactMap { Int($0) })
        }
        let (oldName, oldNumbers) = parts(old)
        let (newName, newNumbers) = parts(new)
        switch (oldName, newName) {
        case ("character varying", "text"): return true
        case ("character varying", "character varying"):
            return newNumbers.isEmpty || (oldNumbers.first ?? .max) <= newNumbers[0]
        case ("bigint", "numeric"): return newNumbers.count == 2 && newNumbers[0] - newNumbers[1] >= 19
        case ("numeric", "numeric"):
            guard oldNumbers.count == 2, newNumbers.count == 2 else { return newNumbers.isEmpty }
            return newNumbers[1] >= oldNumbers[1] && newNumbers[0] - newNumbers[1] >= oldNumbers[0] - oldNumbers[1]
        default: return false
        }
    }
}
