import RuleLanguage

/// The same text in Chinese keywords and full-width punctuation: what is read from it must be what was read before.
enum Surface {
    private static let words = [
        "and": "且", "or": "或", "not": "非", "in": "属于", "codelist": "码表", "by": "按", "under": "之下", "between": "介于",
        "matches": "匹配", "if": "如果", "then": "那么", "else": "否则", "end": "结束", "count": "计数", "sum": "合计", "min": "最小",
        "max": "最大", "exists": "存在", "this": "本行", "period": "本期", "period-begin": "期初", "period-end": "期末",
        "true": "真",
        "false": "假", "null": "空", "where": "当", "is": "IS",
    ]
    private static let marks: [Unicode.Scalar: Unicode.Scalar] = [
        "(": "（", ")": "）", ",": "，", "<": "＜", ">": "＞", "=": "＝", "+": "＋", "*": "＊", "&": "＆",
    ]

    static func chinese(_ canonical: String) -> String {
        var result = String.UnicodeScalarView()
        var word = String.UnicodeScalarView()
        var quote: Unicode.Scalar?
        func flush() {
            result.append(contentsOf: (words[String(word)] ?? String(word)).unicodeScalars)
            word.removeAll()
        }
        for scalar in canonical.unicodeScalars {
            if let open = quote {
                result.append(scalar)
                if scalar == open { quote = nil }
            } else if scalar == "'" || scalar == "`" {
                flush()
                result.append(scalar)
                quote = scalar
            } else if scalar.properties.isAlphabetic || scalar == "_" || scalar == "-" || isDigit(scalar) {
                word.append(scalar)
            } else {
                flush()
                result.append(marks[scalar] ?? scalar)
            }
        }
        flush()
        return String(result)
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { scalar >= "0" && scalar <= "9" }
}
