/// A JSON value with its members in the order given; numbers keep their digits, since figures are exact.
enum JSONText {
    case object([(String, JSONText)])
    case array([JSONText])
    case string(String)
    /// The digits as they shall stand.
    case number(String)
    case bool(Bool)
    case null

    static func int(_ value: Int) -> JSONText { .number(String(value)) }
    static func optional(_ value: Int?) -> JSONText { value.map(JSONText.int) ?? .null }
    static func optional(_ value: String?) -> JSONText { value.map(JSONText.string) ?? .null }

    func write(_ put: (String) throws -> Void) rethrows {
        switch self {
        case .object(let members):
            try put("{")
            for (index, member) in members.enumerated() {
                if index > 0 { try put(",") }
                try put(Self.quoted(member.0) + ":")
                try member.1.write(put)
            }
            try put("}")
        case .array(let values):
            try put("[")
            for (index, value) in values.enumerated() {
                if index > 0 { try put(",") }
                try value.write(put)
            }
            try put("]")
        case .string(let text): try put(Self.quoted(text))
        case .number(let digits): try put(digits)
        case .bool(let value): try put(value ? "true" : "false")
        case .null: try put("null")
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
