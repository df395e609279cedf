import Columnar
import RuleLanguage
import RulePlan
public import Schema

/// The texts of findings: keys, messages, masked values.
public enum FindingText {
    /// What of a person a report shows: of a name its first character, of anything else nothing.
    public static func masked(_ text: String, _ kind: PersonalKind) -> String {
        guard !text.isEmpty else { return text }
        return kind == .name ? "\(text.prefix(1))**" : "***"
    }

    /// Plain for one part, a JSON array for several; NULL is empty, or `null` in an array.
    public static func key(_ parts: [String?]) -> String {
        if parts.count == 1 { return (parts[0] ?? nil) ?? "" }
        if parts.isEmpty { return "" }
        return "[" + parts.map { $0.map(json) ?? "null" }.joined(separator: ",") + "]"
    }

    private static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if scalar.value < 0x20 {
                    let hex = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }

    /// A computed value as text; nil for NULL and error.
    static func text(_ vector: Vector, _ row: Int, _ type: ExpressionType) -> String? {
        guard vector.isValid(row) else { return nil }
        switch vector.storage {
        case .text(let column): return String(decoding: column.bytes[column.range(row)], as: UTF8.self)
        case .wide(let wide): return number(wide[row], type)
        case .words(let words):
            switch type {
            case .date: return CivilDate(days: Int32(truncatingIfNeeded: words[row])).description
            case .bool: return words[row] != 0 ? "true" : "false"
            case .timestamp: return timestamp(words[row])
            default: return number(Int128(words[row]), type)
            }
        }
    }

    private static func number(_ value: Int128, _ type: ExpressionType) -> String {
        guard case .number(_, let scale) = type, scale > 0 else { return "\(value)" }
        var digits = "\(value.magnitude)"
        if digits.utf8.count <= scale { digits = String(repeating: "0", count: scale + 1 - digits.utf8.count) + digits }
        return (value < 0 ? "-" : "") + digits.dropLast(scale) + "." + digits.suffix(scale)
    }

    private static func timestamp(_ micros: Int64) -> String {
        let dayLength: Int64 = 86_400_000_000
        let days = micros >= 0 ? micros / dayLength : (micros - dayLength + 1) / dayLength
        let rest = micros - days * dayLength
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let seconds = rest / 1_000_000
        return CivilDate(days: Int32(truncatingIfNeeded: days)).description
            + " \(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }
}
