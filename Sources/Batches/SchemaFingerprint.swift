import Digests
public import Schema

extension StandardSchema {
    /// SHA-256 of what the tables hold: names, keys, columns and their types. Titles and code lists do not count, so that
    /// a new translation of a title makes no new schema.
    public var batchFingerprint: String {
        let lines = tables.sorted { $0.name < $1.name }.map { table in
            let columns = table.columns.map {
                "\($0.name) \(Self.text(of: $0.type))\($0.isRequired ? " required" : "")"
            }
            return "\(table.name) (\(table.key.joined(separator: ", "))): \(columns.joined(separator: ", "))\n"
        }
        return SHA256Digest.hex(of: Array(lines.joined().utf8))
    }

    private static func text(of type: ValueType) -> String {
        switch type {
        case .int: "int"
        case .decimal(let precision, let scale): "dec(\(precision),\(scale))"
        case .text(let maxLength): maxLength.map { "text(\($0))" } ?? "text"
        case .date: "date"
        case .timestamp: "timestamp"
        case .bool: "bool"
        case .code(.list(let list)): "code(\(list))"
        case .code(.by(let column, let lists, let otherwise)):
            "code(by \(column): \(lists.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ","))"
                + "\(otherwise.map { ",*=\($0)" } ?? ""))"
        }
    }
}
