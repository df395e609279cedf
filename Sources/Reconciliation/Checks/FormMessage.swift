import Diagnostics
import FormEngine

/// The message of a form finding, from the rule's template or from both sides.
enum FormMessage {
    /// - Parameters:
    ///   - template: with `{行}`, `{应为}` and the like in it; nil makes one of the title and both sides.
    ///   - row: as the form titles it; `column` likewise.
    static func text(
        template: String?, title: String, row: String, column: String, court: String, expected: ExactDecimal?,
        actual: ExactDecimal?, difference: ExactDecimal?
    ) -> LocalizedText {
        if let template {
            let values = [
                "行": row, "row": row, "栏": column, "列": column, "column": column, "法院": court, "court": court,
                "应为": expected?.description ?? "", "expected": expected?.description ?? "",
                "实为": actual?.description ?? "", "actual": actual?.description ?? "",
                "差额": difference?.description ?? "", "difference": difference?.description ?? "",
            ]
            return LocalizedText(filled(template, values))
        }
        guard let actual, let expected, let difference else {
            return LocalizedText(en: "\(title): does not hold", zh: "\(title)：不成立")
        }
        let sign = difference.isNegative || difference.isZero ? "" : "+"
        return LocalizedText(
            en: "\(title): \(actual) where \(expected) is expected (\(sign)\(difference))",
            zh: "\(title)：实为\(actual)，应为\(expected)，相差\(sign)\(difference)")
    }

    /// Replaces `{name}` once, from left to right; unknown names stay.
    private static func filled(_ template: String, _ values: [String: String]) -> String {
        var result = ""
        var rest = Substring(template)
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let name = String(rest[rest.index(after: open)..<close])
            result += rest[..<open]
            result += values[name] ?? "{\(name)}"
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }
}
