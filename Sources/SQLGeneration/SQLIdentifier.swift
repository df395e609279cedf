/// A name in a statement, quoted always: what is a keyword differs from server to server and from version to version.
public struct SQLIdentifier: Sendable, Hashable, CustomStringConvertible {
    public var schema: String?
    public var name: String

    public init(_ name: String, in schema: String? = nil) {
        self.name = name
        self.schema = schema
    }

    /// `"sitong"."batch"`.
    public var description: String { (schema.map { Self.quoted($0) + "." } ?? "") + Self.quoted(name) }

    static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

/// A text in a statement that cannot have parameters, such as COMMENT.
public struct SQLLiteral: Sendable, Hashable, CustomStringConvertible {
    public var text: String

    public init(_ text: String) { self.text = text }

    /// `'…'`, where backslashes are ordinary (`standard_conforming_strings`).
    public var description: String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
