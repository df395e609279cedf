import Foundation

/// A JSON value, with true and 1 kept apart.
public enum JSONValue: Decodable, Hashable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    public init(parsing text: String) throws {
        self = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    }

    public subscript(_ key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }
}

/// Validates by the keywords of JSON Schema that `Schemas/json` uses; a schema with any other is refused, so that no
/// keyword is believed to be checked that is not.
public struct JSONSchema: Sendable {
    public let root: JSONValue

    public struct UnknownKeyword: Error, Equatable {
        public var keyword: String

        public init(keyword: String) { self.keyword = keyword }
    }

    private static let known: Set<String> = [
        "$schema", "$id", "$ref", "$defs", "title", "description", "type", "enum", "const", "properties", "required",
        "additionalProperties", "items", "minItems", "maxItems", "minimum", "maximum", "pattern", "oneOf", "anyOf",
        "allOf",
        "minProperties",
    ]

    public init(_ root: JSONValue) throws {
        self.root = root
        try Self.check(root)
    }

    public init(file: String) throws {
        try self.init(JSONValue(parsing: String(contentsOfFile: file, encoding: .utf8)))
    }

    private static func check(_ schema: JSONValue) throws {
        guard case .object(let members) = schema else { return }
        for (keyword, value) in members {
            guard known.contains(keyword) else { throw UnknownKeyword(keyword: keyword) }
            switch (keyword, value) {
            case ("properties", .object(let named)), ("$defs", .object(let named)):
                for inner in named.values { try check(inner) }
            case ("items", _), ("additionalProperties", _): try check(value)
            case ("oneOf", .array(let choices)), ("anyOf", .array(let choices)), ("allOf", .array(let choices)):
                for inner in choices { try check(inner) }
            default: break
            }
        }
    }

    /// What does not fit, each with its path; empty when all does.
    public func problems(of value: JSONValue) -> [String] { problems(value, root, "$") }

    private func problems(_ value: JSONValue, _ schema: JSONValue, _ path: String) -> [String] {
        guard case .object(let rules) = schema else {
            return schema == .bool(false) ? ["\(path) is not allowed"] : []
        }
        var found: [String] = []
        for (keyword, rule) in rules.sorted(by: { $0.key < $1.key }) {
            found += problems(value, keyword, rule, rules, path)
        }
        return found
    }

    private func problems(
        _ value: JSONValue, _ keyword: String, _ rule: JSONValue, _ schema: [String: JSONValue], _ path: String
    ) -> [String] {
        switch (keyword, rule, value) {
        case ("$ref", .string(let name), _): return problems(value, definition(name), path)
        case ("type", _, _):
            let names = if case .array(let names) = rule { names } else { [rule] }
            return names.contains { Self.has($0, value) } ? [] : ["\(path) is no \(rule.text)"]
        case ("const", _, _): return value == rule ? [] : ["\(path) is not \(rule.text)"]
        case ("enum", .array(let choices), _): return choices.contains(value) ? [] : ["\(path) is none of \(rule.text)"]
        case ("pattern", .string(let pattern), .string(let text)):
            return text.range(of: pattern, options: .regularExpression) == nil ? ["\(path) is not like \(pattern)"] : []
        case ("minimum", .number(let least), .number(let number)): return number < least ? ["\(path) is too small"] : []
        case ("maximum", .number(let most), .number(let number)): return number > most ? ["\(path) is too large"] : []
        case ("minItems", .number(let least), .array(let items)):
            return Double(items.count) < least ? ["\(path) has too few"] : []
        case ("maxItems", .number(let most), .array(let items)):
            return Double(items.count) > most ? ["\(path) has too many"] : []
        case ("minProperties", .number(let least), .object(let members)):
            return Double(members.count) < least ? ["\(path) has too few"] : []
        case ("items", _, .array(let items)):
            return items.enumerated().flatMap { problems($1, rule, "\(path)[\($0)]") }
        case ("required", .array(let names), .object(let members)):
            return names.compactMap { name in
                if case .string(let key) = name, members[key] == nil { "\(path) lacks \(key)" } else { nil }
            }
        case ("properties", .object(let named), .object(let members)):
            return named.sorted { $0.key < $1.key }.flatMap { key, inner in
                members[key].map { problems($0, inner, "\(path).\(key)") } ?? []
            }
        case ("additionalProperties", _, .object(let members)):
            let named: [String: JSONValue] = if case .object(let known)? = schema["properties"] { known } else { [:] }
            return members.filter { named[$0.key] == nil }.sorted { $0.key < $1.key }
                .flatMap { problems($1, rule, "\(path).\($0)") }
        case ("oneOf", .array(let choices), _):
            let fitting = choices.filter { problems(value, $0, path).isEmpty }.count
            if fitting == 1 { return [] }
            // The choice that is least wrong says best what was meant.
            let nearest = choices.map { problems(value, $0, path) }.min { $0.count < $1.count } ?? []
            return fitting == 0 ? nearest : ["\(path) fits \(fitting) choices at once"]
        case ("anyOf", .array(let choices), _):
            let all = choices.map { problems(value, $0, path) }
            return all.contains(where: \.isEmpty) ? [] : all.min { $0.count < $1.count } ?? []
        case ("allOf", .array(let parts), _): return parts.flatMap { problems(value, $0, path) }
        default: return []
        }
    }

    /// `#/$defs/name`, or the whole schema for `#`.
    private func definition(_ reference: String) -> JSONValue {
        reference.split(separator: "/").dropFirst().reduce(root) { $0[String($1)] ?? .bool(false) }
    }

    private static func has(_ type: JSONValue, _ value: JSONValue) -> Bool {
        switch (type, value) {
        case (.string("null"), .null), (.string("boolean"), .bool), (.string("string"), .string),
            (.string("array"), .array), (.string("object"), .object), (.string("number"), .number):
            true
        case (.string("integer"), .number(let number)): number == number.rounded()
        default: false
        }
    }
}

extension JSONValue {
    /// For messages.
    var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): value
        case .array(let items): items.map(\.text).joined(separator: "|")
        case .object: "an object"
        }
    }
}
