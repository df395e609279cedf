import RuleLanguage

/// Texts by code points, with the ranges of `left`, `right` and `substr` kept to where they have one meaning.
extension RowTerms {
    /// No text of the server is longer; twice this still fits an integer.
    private static let longest = 1_073_741_823

    func text(_ op: Operator, _ operands: [SQLTerm]) -> SQLTerm {
        let values = operands.map(\.value)
        switch op {
        case .concatenate: return operands.strict(.text, .infix("||", values))
        case .length: return operands.strict(.integer, .call("length", values))
        case .left, .right:
            let length = bound(operands[1])
            let cut = SQLExpression.call(op == .left ? "left" : "right", [values[0], place(length)])
            return [operands[0], length].strict(.text, guarded(cut, length, atLeast: 0))
        case .mid:
            let (start, length) = (bound(operands[1]), bound(operands[2]))
            let cut = SQLExpression.call("substr", [values[0], place(start), place(length)])
            return [operands[0], start, length].strict(
                .text, guarded(guarded(cut, length, atLeast: 0), start, atLeast: 1))
        case .startsWith: return operands.strict(.boolean, .call("starts_with", values))
        case .endsWith:
            let operands = [operands[0], bound(operands[1])]
            let end = SQLExpression.call("right", [operands[0].value, .call("length", [operands[1].value])])
            return operands.strict(.boolean, .infix("=", [end, operands[1].value]))
        case .contains: return operands.strict(.boolean, .infix(">", [.call("strpos", values), .number("0")]))
        case .strip: return operands.strict(.text, .call("btrim", [values[0], .text(" ")]))
        case .stripCJK:
            return operands.strict(.text, .call("btrim", [values[0], .text(" \u{3000}\u{A0}\t\r\n\u{FEFF}")]))
        case .upper: return operands.strict(.text, .call("upper", [.byBytes(values[0])]))
        case .lower: return operands.strict(.text, .call("lower", [.byBytes(values[0])]))
        default: return operands[0]
        }
    }

    /// A number as an integer that says no less: what lies beyond any text is brought to its limit.
    private func place(_ term: SQLTerm) -> SQLExpression {
        if case .number(let digits) = term.value {
            return .number("\(min(Int(digits) ?? (digits.hasPrefix("-") ? -1 : Self.longest), Self.longest))")
        }
        let limited = SQLExpression.call("least", [term.value, .number("\(Self.longest)")])
        return .cast(.call("greatest", [limited, .number("-1")]), .integer)
    }

    private func guarded(_ value: SQLExpression, _ term: SQLTerm, atLeast limit: Int) -> SQLExpression {
        if case .number(let digits) = term.value, let number = Int(digits), number >= limit { return value }
        return .when(.infix(">=", [term.value, .number("\(limit)")]), value)
    }

    // MARK: - Numbers and dates from texts

    /// `-?[0-9]+` within 64 bits.
    func intOfText(_ operand: SQLTerm) -> SQLTerm {
        let text = bound(operand)
        let digits = SQLExpression.call("length", [.call("ltrim", [text.value, .text("-0")])])
        let range = SQLExpression.between(
            .cast(text.value, .numeric), .number("\(Int64.min)"), .number("\(Int64.max)"))
        return [text].strict(
            .bigint,
            .when(
                .infix("~", [text.value, .text("^-?[0-9]+$")]),
                .cases(
                    [
                        .init(.infix("<=", [digits, .number("18")]), .cast(text.value, .bigint)),
                        .init(
                            .infix("=", [digits, .number("19")]), .when(range, .cast(text.value, .bigint))),
                    ], otherwise: nil)))
    }

    /// `-?[0-9]+(\.[0-9]+)?`, more decimals than the scale only if they are zeros.
    func decimalOfText(_ operand: SQLTerm, _ precision: Int, _ scale: Int) -> SQLTerm {
        let text = bound(operand)
        let (parts, level) = numberParts(text)
        let fits = SQLExpression.and([
            .infix("<=", [.call("length", [parts.whole]), .number("\(precision - scale)")]),
            .infix("<=", [.call("length", [parts.fraction]), .number("\(scale)")]),
        ])
        // Put together anew: leading and trailing zeros without end would overflow.
        let sign = SQLExpression.cases(
            [.init(.call("starts_with", [text.value, .text("-")]), .text("-0"))], otherwise: .text("0"))
        let short = SQLExpression.infix("||", [sign, parts.whole, .text("."), parts.fraction, .text("0")])
        return SQLTerm(
            value: .when(fits, .cast(short, .numeric)), error: text.error, type: .numeric, level: level)
    }

    /// The digits before and after the point, without the zeros that say nothing; NULL where the text is no number.
    private func numberParts(_ text: SQLTerm) -> (parts: (whole: SQLExpression, fraction: SQLExpression), level: Int) {
        let isNumber = SQLExpression.infix("~", [text.value, .text("^-?[0-9]+(\\.[0-9]+)?$")])
        let whole = SQLExpression.call(
            "ltrim", [.call("split_part", [text.value, .text("."), .number("1")]), .text("-0")])
        let fraction = SQLExpression.call(
            "rtrim", [.call("split_part", [text.value, .text("."), .number("2")]), .text("0")])
        let (wholeName, level) = bind(.when(isNumber, whole), level: text.level)
        let (fractionName, _) = bind(fraction, level: text.level)
        return ((wholeName, fractionName), max(level, text.level + 1))
    }

    /// `YYYY-MM-DD` or `YYYYMMDD`, a day of the calendar from 0001-01-01 on. The pattern knows the calendar, so that
    /// `make_date` is asked for no other day.
    func dateOfText(_ operand: SQLTerm) -> SQLTerm {
        let text = bound(operand)
        func part(_ start: Int, _ length: Int) -> SQLExpression {
            .cast(.call("substr", [text.value, .number("\(start)"), .number("\(length)")]), .integer)
        }
        return [text].strict(
            .date,
            .cases(
                [
                    .init(
                        CalendarPattern.test(text.value, separator: ""),
                        .call("make_date", [part(1, 4), part(5, 2), part(7, 2)])),
                    .init(
                        CalendarPattern.test(text.value, separator: "-"),
                        .call("make_date", [part(1, 4), part(6, 2), part(9, 2)])),
                ], otherwise: nil))
    }
}

/// The days of the calendar as a pattern, leap years included.
enum CalendarPattern {
    static func day(separator: String) -> String {
        let year = "[0-9]{4}"
        let leap = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
        let s = separator
        return "(?!0000)(?:\(year)\(s)(?:0[13578]|1[02])\(s)(?:0[1-9]|[12][0-9]|3[01])"
            + "|\(year)\(s)(?:0[469]|11)\(s)(?:0[1-9]|[12][0-9]|30)"
            + "|\(year)\(s)02\(s)(?:0[1-9]|1[0-9]|2[0-8])|\(leap)\(s)02\(s)29)"
    }

    static func test(_ text: SQLExpression, separator: String) -> SQLExpression {
        .infix("~", [text, .text("^\(day(separator: separator))$")])
    }
}
