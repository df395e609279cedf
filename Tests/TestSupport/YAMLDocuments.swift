import Yams

extension JSONValue {
    /// The documents of a YAML text as an editor that knows JSON Schema sees them: plain `1`, `true`, `null` are no texts.
    public static func documents(ofYAML text: String) throws -> [JSONValue] {
        try compose_all(yaml: text).map { JSONValue($0) }
    }

    private init(_ node: Node) {
        switch node {
        case .mapping(let pairs):
            self = .object(
                Dictionary(pairs.map { ($0.key.scalar?.string ?? "", JSONValue($0.value)) }) { first, _ in first })
        case .sequence(let items): self = .array(items.map { JSONValue($0) })
        case .scalar(let scalar):
            switch scalar.style == .plain ? Resolver.default.resolveTag(of: node) : .str {
            case .null: self = .null
            case .bool: self = node.bool.map { .bool($0) } ?? .string(scalar.string)
            case .int: self = node.int.map { .number(Double($0)) } ?? .string(scalar.string)
            case .float: self = node.float.map { .number($0) } ?? .string(scalar.string)
            default: self = .string(scalar.string)
            }
        case .alias: self = .null
        }
    }
}

/// The JSON Schemas of definitions in `Schemas/json`.
public struct DefinitionSchemas {
    private var schemas: [String: JSONSchema] = [:]
    private static let kinds = [
        "table", "hierarchy", "codelist", "form", "rules", "let", "calendar", "caseno", "source", "pipeline",
    ]

    /// - Parameter folder: `Schemas/json`.
    public init(folder: String) throws {
        for kind in Self.kinds where kind != "let" {
            schemas[kind] = try JSONSchema(file: "\(folder)/\(kind).schema.json")
        }
    }

    /// What does not fit the schema of its kind; nil for a document of no kind.
    public func problems(of document: JSONValue) -> [String]? {
        var kind: String? = "rules"
        if case .object(let members) = document {
            kind = Self.kinds.first { members[$0] != nil && $0 != "let" } ?? (members["let"] == nil ? nil : "rules")
        }
        return kind.flatMap { schemas[$0]?.problems(of: document) }
    }
}
