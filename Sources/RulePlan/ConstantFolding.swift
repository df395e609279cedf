import Columnar
public import RuleLanguage

extension TypedExpression {
    /// The same with every step computed whose operands are all constants, so that no engine folds them its own way
    /// (some abort a statement over a constant that is never reached).
    ///
    /// What looks something up (code lists, calendars, patterns, check digits, case numbers) stays a step.
    public var folded: TypedExpression {
        switch node {
        case .number, .text, .date, .bool, .null, .column, .outerColumn, .related, .periodBegin, .periodEnd: return self
        case .aggregate(var aggregate):
            aggregate.condition = aggregate.condition?.folded
            return TypedExpression(.aggregate(aggregate), type)
        case .memberOf(let set, let operand):
            let operand = operand.folded
            if let constant = ConstantFolding.member(operand, of: set) { return TypedExpression(constant, type) }
            return TypedExpression(.memberOf(set, operand), type)
        case .inCodelist(let list, let under, let operands):
            return TypedExpression(.inCodelist(list: list, under: under, operands.map(\.folded)), type)
        case .matches(let pattern, let operand):
            return TypedExpression(.matches(pattern: pattern, operand.folded), type)
        case .attribute(let list, let index, let operand):
            return TypedExpression(.attribute(list: list, index: index, operand.folded), type)
        case .apply(let op, let operands):
            let operands = operands.map(\.folded)
            if operands.allSatisfy(\.isConstant), let constant = ConstantFolding.value(op, operands, type) {
                return TypedExpression(constant, type)
            }
            return .apply(op, operands, type)
        }
    }

    /// Whether it is a literal; there are no literals that are errors.
    var isConstant: Bool {
        switch node {
        case .number, .text, .date, .bool, .null: true
        default: false
        }
    }
}

/// The operators over constants, as §4 and §5 of the rule language say.
enum ConstantFolding {
    typealias Node = TypedExpression.Node

    /// Nil for an operator that is not folded.
    static func value(_ op: Operator, _ operands: [TypedExpression], _ type: ExpressionType) -> Node? {
        switch op {
        case .and, .or, .not: return connective(op, operands.map(truth))
        case .isNull: return .bool(operands[0].node == .null)
        case .present: return .bool(operands[0].node != .null && operands[0].node != .text(""))
        case .coalesce:
            guard let first = operands.first(where: { $0.node != .null }) else { return .null }
            return rescaled(first, to: type)
        case .conditional: return rescaled(truth(operands[0]) == true ? operands[1] : operands[2], to: type)
        default: break
        }
        guard !operands.contains(where: { $0.node == .null }) else { return isFolded(op) ? .null : nil }
        switch op {
        case .compare(let comparison): return .bool(holds(comparison, order(operands[0], operands[1])))
        case .between:
            return .bool(order(operands[0], operands[1]) >= 0 && order(operands[0], operands[2]) <= 0)
        case .leastOf, .greatestOf:
            let sign = op == .leastOf ? -1 : 1
            let extreme = operands.dropFirst().reduce(operands[0]) { order($1, $0) * sign > 0 ? $1 : $0 }
            return rescaled(extreme, to: type)
        case .add, .subtract, .multiply, .negate, .abs, .sign, .mod, .round, .div: return number(op, operands, type)
        case .days, .addMonths, .addYears, .year, .month, .day: return date(op, operands)
        default: return text(op, operands)
        }
    }

    private static func isFolded(_ op: Operator) -> Bool {
        switch op {
        case .isIDCard, .isUSCC, .caseNumber, .workdays, .dateOfTimestamp: false
        default: true
        }
    }

    // MARK: Truth

    private static func truth(_ expression: TypedExpression) -> Bool? {
        if case .bool(let value) = expression.node { value } else { nil }
    }

    private static func connective(_ op: Operator, _ values: [Bool?]) -> Node {
        switch op {
        case .not: values[0].map { .bool(!$0) } ?? .null
        case .and: values.contains(false) ? .bool(false) : values.contains(nil) ? .null : .bool(true)
        default: values.contains(true) ? .bool(true) : values.contains(nil) ? .null : .bool(false)
        }
    }

    /// Nil when the operand is no constant.
    static func member(_ operand: TypedExpression, of set: LiteralSet) -> Node? {
        switch (operand.node, set) {
        case (.null, _): return .null
        case (.text(let text), .texts(let texts)): return .bool(texts.contains(text))
        case (.date(let date), .words(let days)): return .bool(days.contains(Int64(date.days)))
        case (.bool(let bit), .words(let bits)): return .bool(bits.contains(bit ? 1 : 0))
        case (.number, .numbers(let numbers, let scale)):
            let type = ExpressionType.number(precision: 38, scale: scale)
            return .bool(numbers.contains { order(operand, TypedExpression(.number($0), type)) == 0 })
        default: return nil
        }
    }

    private static func holds(_ comparison: Comparison, _ order: Int) -> Bool {
        switch comparison {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }

    /// Below 0, 0 or above, like `left` to `right`; both of one family, neither NULL.
    private static func order(_ left: TypedExpression, _ right: TypedExpression) -> Int {
        switch (left.node, right.node) {
        case (.number(let a), .number(let b)):
            let difference = scale(left.type) - scale(right.type)
            let (x, xOverflows) = a.multipliedReportingOverflow(by: PowerOfTen.value(max(0, -difference)))
            let (y, yOverflows) = b.multipliedReportingOverflow(by: PowerOfTen.value(max(0, difference)))
            // What does not fit is beyond whatever the other can be.
            if xOverflows { return a < 0 ? -1 : 1 }
            if yOverflows { return b < 0 ? 1 : -1 }
            return x < y ? -1 : x == y ? 0 : 1
        case (.text(let a), .text(let b)):
            if a == b { return 0 }
            return a.string.utf8.lexicographicallyPrecedes(b.string.utf8) ? -1 : 1
        case (.date(let a), .date(let b)): return a < b ? -1 : a == b ? 0 : 1
        case (.bool(let a), .bool(let b)): return a == b ? 0 : a ? 1 : -1
        default: return 0
        }
    }

    // MARK: Numbers

    private static func scale(_ type: ExpressionType) -> Int {
        if case .number(_, let scale) = type { scale } else { 0 }
    }

    /// A chosen operand at the scale of the result; its type has room for that.
    private static func rescaled(_ operand: TypedExpression, to type: ExpressionType) -> Node {
        guard case .number(let value) = operand.node else { return operand.node }
        return .number(value * PowerOfTen.value(scale(type) - scale(operand.type)))
    }

    private static func number(_ op: Operator, _ operands: [TypedExpression], _ type: ExpressionType) -> Node? {
        let values = operands.compactMap { if case .number(let value) = $0.node { value } else { nil } }
        guard values.count == operands.count else { return nil }
        let scales = operands.map { scale($0.type) }
        let common = scales.max() ?? 0
        /// An operand at the finest of the operands' scales; the type checker saw that it fits.
        func aligned(_ index: Int) -> Int128 { values[index] * PowerOfTen.value(common - scales[index]) }
        switch op {
        case .add: return .number(aligned(0) + aligned(1))
        case .subtract: return .number(aligned(0) - aligned(1))
        case .multiply: return .number(values[0] * values[1])
        case .negate: return .number(-values[0])
        case .abs: return .number(values[0] < 0 ? -values[0] : values[0])
        case .sign: return .number(values[0].signum())
        case .mod: return aligned(1) == 0 ? .null : .number(aligned(0) % aligned(1))
        case .round(let places):
            let exponent = scales[0] - places
            // 38 digits are less than half of 10^39.
            guard exponent <= 38 else { return .number(0) }
            return .number(
                quotient(values[0], PowerOfTen.value(exponent)) * PowerOfTen.value(max(0, -places)))
        case .div(let places):
            guard values[1] != 0 else { return .null }
            let shift = places + scales[1] - scales[0]
            let (divisor, overflow) = values[1].multipliedReportingOverflow(by: PowerOfTen.value(max(0, -shift)))
            // Such a divisor is more than twice any dividend.
            if overflow { return .number(0) }
            return .number(quotient(values[0] * PowerOfTen.value(max(0, shift)), divisor))
        default: return nil
        }
    }

    /// Half away from zero.
    private static func quotient(_ dividend: Int128, _ divisor: Int128) -> Int128 {
        let (quotient, remainder) = dividend.magnitude.quotientAndRemainder(dividingBy: divisor.magnitude)
        let rounded = remainder >= divisor.magnitude - remainder ? quotient + 1 : quotient
        return (dividend < 0) != (divisor < 0) ? -Int128(rounded) : Int128(rounded)
    }

    // MARK: Dates

    private static func date(_ op: Operator, _ operands: [TypedExpression]) -> Node? {
        guard case .date(let first) = operands[0].node else { return nil }
        switch op {
        case .year: return .number(Int128(first.yearMonthDay.year))
        case .month: return .number(Int128(first.yearMonthDay.month))
        case .day: return .number(Int128(first.yearMonthDay.day))
        case .days:
            guard case .date(let last) = operands[1].node else { return nil }
            return .number(Int128(last.days) - Int128(first.days))
        default:
            // 120,000 months lead out of the calendar from any date.
            guard case .number(let steps) = operands[1].node else { return nil }
            guard steps.magnitude <= 120_000 else { return .null }
            return first.adding(months: Int(steps) * (op == .addYears ? 12 : 1)).map { .date($0) } ?? .null
        }
    }

    // MARK: Texts

    private static func text(_ op: Operator, _ operands: [TypedExpression]) -> Node? {
        guard case .text(let first) = operands[0].node else { return nil }
        let letters = Array(first.string.unicodeScalars)
        func number(_ index: Int) -> Int? {
            guard case .number(let value) = operands[index].node, value >= 0 else { return nil }
            return Int(min(value, 1 << 40))
        }
        func second() -> [UInt8] {
            if case .text(let text) = operands[1].node { Array(text.string.utf8) } else { [] }
        }
        switch op {
        case .concatenate: return made(letters + Array(String(decoding: second(), as: UTF8.self).unicodeScalars))
        case .length: return .number(Int128(letters.count))
        case .left: return number(1).map { made(letters.prefix($0)) } ?? .null
        case .right: return number(1).map { made(letters.suffix($0)) } ?? .null
        case .mid:
            guard let start = number(1), start >= 1, let length = number(2) else { return .null }
            return made(letters.dropFirst(start - 1).prefix(length))
        case .startsWith: return .bool(first.string.utf8.starts(with: second()))
        case .endsWith: return .bool(first.string.utf8.reversed().starts(with: second().reversed()))
        case .contains:
            let (whole, part) = (Array(first.string.utf8), second())
            guard whole.count >= part.count else { return .bool(false) }
            return .bool((0...whole.count - part.count).contains { whole[$0...].starts(with: part) })
        case .strip: return made(stripped(letters) { $0 == " " })
        case .stripCJK:
            return made(stripped(letters) { " \u{3000}\u{A0}\t\r\n\u{FEFF}".unicodeScalars.contains($0) })
        case .upper: return made(letters.map { ("a"..."z").contains($0) ? shifted($0, down: 32) : $0 })
        case .lower: return .text(ExactText(first.string.asciiLowercased))
        case .intOfText, .decimalOfText, .dateOfText:
            var bytes = first.string
            return bytes.withUTF8 { parsed(op, $0) }
        default: return nil
        }
    }

    private static func parsed(_ op: Operator, _ bytes: UnsafeBufferPointer<UInt8>) -> Node {
        switch op {
        case .intOfText:
            var value: Int64 = 0
            let isWhole = !bytes.contains(46) && DecimalText.int64(bytes, &value) == nil
            return isWhole ? .number(Int128(value)) : .null
        case .decimalOfText(let precision, let scale):
            var value: Int128 = 0
            return DecimalText.decimal(bytes, precision: precision, scale: scale, &value) == nil
                ? .number(value) : .null
        default:
            var days: Int64 = 0
            guard TemporalText.date(bytes, &days) == nil else { return .null }
            return .date(CivilDate(days: Int32(days)))
        }
    }

    private static func made(_ letters: some Sequence<Unicode.Scalar>) -> Node {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: letters)
        return .text(ExactText(String(text)))
    }

    private static func stripped(
        _ letters: [Unicode.Scalar], _ isBlank: (Unicode.Scalar) -> Bool
    ) -> ArraySlice<Unicode.Scalar> {
        let start = letters.firstIndex { !isBlank($0) } ?? letters.endIndex
        let end = letters.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? start
        return letters[start..<end]
    }

    private static func shifted(_ letter: Unicode.Scalar, down: UInt32) -> Unicode.Scalar {
        Unicode.Scalar(letter.value - down) ?? letter
    }
}
