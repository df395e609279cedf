import Columnar
import Diagnostics
import Schema

/// The closed set of functions: how many operands, of which types, and what they give.
extension TypeChecker {
    static let functionNames = [
        "present", "missing", "coalesce", "len", "left", "right", "mid", "startswith", "endswith", "contains", "strip",
        "upper", "lower", "int", "dec", "date", "year", "month", "day", "days", "addmonths", "addyears", "workdays",
        "abs",
        "sign", "min", "max", "mod", "round", "div", "idcard18_valid", "uscc_valid", "caseno",
    ]

    func call(_ name: String, _ arguments: [Syntax], _ syntax: Syntax) throws(LanguageError) -> TypedExpression {
        func count(_ range: ClosedRange<Int>) throws(LanguageError) {
            guard range.contains(arguments.count) else {
                let wanted =
                    range.lowerBound == range.upperBound
                    ? "\(range.lowerBound)" : "\(range.lowerBound)–\(range.upperBound)"
                throw with(
                    error(
                        syntax, "argument-count", "\(name) takes \(wanted) arguments, not \(arguments.count)",
                        "\(name) 需要 \(wanted) 个参数，却有 \(arguments.count) 个"), problemsOf: arguments)
            }
        }
        func onText(_ op: Operator, _ type: ExpressionType) throws(LanguageError) -> TypedExpression {
            try count(1...1)
            return .apply(op, [try text(arguments[0])], type)
        }
        func onTexts(_ op: Operator) throws(LanguageError) -> TypedExpression {
            try count(2...2)
            return .apply(op, try each(arguments, text), .bool)
        }
        func onDate(_ op: Operator) throws(LanguageError) -> TypedExpression {
            try count(1...1)
            return .apply(op, [try date(arguments[0])], .number(precision: 4, scale: 0))
        }
        switch name {
        case "present":
            try count(1...1)
            return .apply(.present, [try typed(arguments[0])], .bool)
        case "missing":
            try count(1...1)
            return .apply(.not, [.apply(.present, [try typed(arguments[0])], .bool)], .bool)
        case "coalesce":
            try count(1...64)
            let operands = try comparable(arguments)
            try fitsCommonScale(operands, syntax)
            return .apply(.coalesce, operands, common(operands.map(\.type)))
        case "len": return try onText(.length, .number(precision: 10, scale: 0))
        case "left", "right":
            try count(2...2)
            let operands = try operands(arguments, text, whole)
            try atLeast(0, arguments[1])
            return .apply(name == "left" ? .left : .right, operands, .text)
        case "mid":
            try count(3...3)
            let operands = try operands(arguments, text, whole, whole)
            try atLeast(1, arguments[1])
            try atLeast(0, arguments[2])
            return .apply(.mid, operands, .text)
        case "startswith": return try onTexts(.startsWith)
        case "endswith": return try onTexts(.endsWith)
        case "contains": return try onTexts(.contains)
        case "strip":
            try count(1...2)
            if arguments.count == 2 {
                guard arguments[1].kind == .string("cjk") else {
                    throw error(
                        arguments[1], "unknown-option", "strip knows only the option 'cjk'", "strip 只有选项 'cjk'")
                }
                return .apply(.stripCJK, [try text(arguments[0])], .text)
            }
            return try onText(.strip, .text)
        case "upper": return try onText(.upper, .text)
        case "lower": return try onText(.lower, .text)
        case "int": return try onText(.intOfText, .int)
        case "dec":
            try count(3...3)
            let precision = try literal(arguments[1])
            let scale = try literal(arguments[2])
            guard (1...38).contains(precision), (0...precision).contains(scale) else {
                throw error(
                    syntax, "bad-type", "dec needs 1 to 38 digits and at most as many decimals",
                    "dec 需要 1 至 38 位，小数位不多于总位数")
            }
            return .apply(
                .decimalOfText(precision: precision, scale: scale), [try text(arguments[0])],
                .number(precision: precision, scale: scale))
        case "date":
            try count(1...1)
            let operand = try typed(arguments[0])
            if operand.type == .timestamp { return .apply(.dateOfTimestamp, [operand], .date) }
            let text = try expect(operand, arguments[0], "text", "文本") { $0 == .text }
            return .apply(.dateOfText, [text], .date)
        case "year": return try onDate(.year)
        case "month": return try onDate(.month)
        case "day": return try onDate(.day)
        case "days":
            try count(2...2)
            return .apply(
                .days, try each(arguments, date), .number(precision: 7, scale: 0))
        case "addmonths", "addyears":
            try count(2...2)
            return .apply(
                name == "addmonths" ? .addMonths : .addYears, try operands(arguments, date, whole), .date)
        case "workdays":
            try count(2...2)
            guard let calendar = schema.calendars.keys.sorted().first else {
                throw error(
                    syntax, "no-calendar", "workdays needs a 'calendar:' definition", "workdays 需要 calendar: 定义")
            }
            return .apply(
                .workdays(calendar: calendar), try each(arguments, date),
                .number(precision: 7, scale: 0))
        case "abs":
            try count(1...1)
            let operand = try numeric(arguments[0])
            return .apply(.abs, [operand], operand.type)
        case "sign":
            try count(1...1)
            return .apply(.sign, [try numeric(arguments[0])], .number(precision: 1, scale: 0))
        case "min", "max":
            let operands = try comparable(arguments)
            let type = common(operands.map(\.type))
            guard type != .bool else { throw error(syntax, "bool-order", "true and false have no order", "真假没有大小") }
            try fitsCommonScale(operands, syntax)
            return .apply(name == "min" ? .leastOf : .greatestOf, operands, type)
        case "mod":
            try count(2...2)
            let operands = try each(arguments, numeric)
            try fitsCommonScale(operands, syntax)
            return .apply(.mod, operands, common(operands.map(\.type)))
        case "round":
            try count(2...2)
            return try round(arguments, syntax)
        case "div":
            try count(3...3)
            return try div(arguments, syntax)
        case "idcard18_valid": return try onText(.isIDCard, .bool)
        case "uscc_valid": return try onText(.isUSCC, .bool)
        case "caseno":
            try count(2...2)
            guard case .string(let part) = arguments[1].kind, let field = CaseNumberField(rawValue: part) else {
                let known = CaseNumberField.allCases.map { "'\($0.rawValue)'" }.joined(separator: " ")
                throw error(
                    arguments[1], "unknown-option", "caseno knows the parts \(known)", "caseno 的部分有 \(known)")
            }
            let type: ExpressionType = field == .year || field == .number ? .int : .text
            return .apply(.caseNumber(field), [try text(arguments[0])], type)
        default:
            throw with(
                error(
                    word: 0, of: syntax, "unknown-function", "there is no function '\(name)'", "没有函数“\(name)”",
                    hint: hint(for: name, among: TypeChecker.functionNames)), problemsOf: arguments)
        }
    }

    /// A whole number written in the text itself.
    private func literal(_ syntax: Syntax) throws(LanguageError) -> Int {
        guard case .number(let text) = syntax.kind, let value = Int(text) else {
            throw error(syntax, "not-a-literal", "expected a whole number written out", "应为写明的整数")
        }
        return value
    }

    private func atLeast(_ limit: Int, _ syntax: Syntax) throws(LanguageError) {
        guard case .number(let text) = syntax.kind, let value = Int(text), value < limit else { return }
        throw error(
            syntax, "out-of-range", "expected \(limit) or more", "应不小于 \(limit)",
            hint: LocalizedText(en: "positions count from 1", zh: "位置从 1 起"))
    }

    /// Operands are brought to one scale; none may need more than 38 digits for that.
    func fitsCommonScale(_ operands: [TypedExpression], _ syntax: Syntax) throws(LanguageError) {
        var whole = 0
        var scale = 0
        for case .number(let p, let s) in operands.map(\.type) {
            whole = max(whole, p - s)
            scale = max(scale, s)
        }
        if whole + scale > 38 { throw tooManyDigits(syntax) }
    }

    private func round(_ arguments: [Syntax], _ syntax: Syntax) throws(LanguageError) -> TypedExpression {
        let operand = try numeric(arguments[0])
        let places = try literal(arguments[1])
        guard (-38...38).contains(places), case .number(let precision, let scale) = operand.type else {
            throw error(arguments[1], "out-of-range", "expected -38 to 38 decimals", "小数位应在 -38 至 38 之间")
        }
        if places >= scale { return operand }
        let kept = max(places, 0)
        return .apply(.round(places), [operand], try width(precision - scale + kept + 1, kept, syntax))
    }

    private func div(_ arguments: [Syntax], _ syntax: Syntax) throws(LanguageError) -> TypedExpression {
        let operands = try each(Array(arguments[..<2]), numeric)
        let scale = try literal(arguments[2])
        guard (0...38).contains(scale), case .number(let p, let s) = operands[0].type,
            case .number(_, let t) = operands[1].type
        else {
            throw error(arguments[2], "out-of-range", "expected 0 to 38 decimals", "小数位应在 0 至 38 之间")
        }
        return .apply(.div(scale: scale), operands, try width(p - s + t + scale + 1, scale, syntax))
    }
}
