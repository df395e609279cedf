import RuleLanguage

/// Exact arithmetic: in bigint where at most 18 digits are needed, else in numeric, which does not overflow at 38.
extension RowTerms {
    func number(
        _ op: Operator, _ operands: [SQLTerm], _ types: [ExpressionType], _ type: ExpressionType
    ) -> SQLTerm {
        guard case .number(let precision, let scale) = type else { return operands[0] }
        let digits = Swift.min(precision, Self.digits(op, zip(operands, types).map { $0.mostDigits($1) }))
        let isNarrow = scale == 0 && digits <= 18 && operands.allSatisfy(\.isInteger)
        let physical: SQLType = isNarrow ? .bigint : .numeric
        func result(_ value: SQLExpression) -> SQLTerm {
            var term = operands.strict(physical, value)
            if isNarrow { term.digits = digits }
            return term
        }
        let values = operands.map { isNarrow ? $0.asBigint : $0.asNumeric }
        switch op {
        case .add: return result(.infix("+", values))
        case .subtract: return result(.infix("-", values))
        case .multiply: return result(.infix("*", values))
        case .negate: return result(.infix("-", [.number("0"), values[0]]))
        case .abs: return result(.call("abs", values))
        case .sign: return operands.strict(.numeric, .call("sign", [operands[0].asNumeric]))
        case .round(let places):
            return operands.strict(.numeric, .call("round", [operands[0].asNumeric, .number("\(places)")]))
        case .mod:
            return result(.call("mod", [values[0], .call("nullif", [values[1], .number("0")])]))
        case .div(let places): return div(operands, places: places)
        default: return operands[0]
        }
    }

    /// The most digits of what comes of integers with so many.
    private static func digits(_ op: Operator, _ operands: [Int]) -> Int {
        switch op {
        case .add, .subtract: (operands.max() ?? 0) + operands.count - 1
        case .multiply: operands.reduce(0, +)
        default: operands.max() ?? 0
        }
    }

    /// Half away from zero: the quotient cut off, and one more where twice the rest reaches the divisor. The server's own
    /// division is cut at a number of digits of its choosing.
    private func div(_ operands: [SQLTerm], places: Int) -> SQLTerm {
        let shift = "1" + String(repeating: "0", count: places)
        let unit = places == 0 ? "1" : "0." + String(repeating: "0", count: places - 1) + "1"
        let operands = operands.map(bound)
        let (a, b) = (operands[0].asNumeric, operands[1].asNumeric)
        let dividend = bound(
            operands.strict(
                .numeric, .infix("*", [.call("abs", [a]), .cast(.number(shift), .numeric)])))
        let divisor = bound(
            operands.strict(.numeric, .call("abs", [.call("nullif", [b, .number("0")])])))
        let pair = [dividend.value, divisor.value]
        let half = SQLExpression.infix(
            ">=", [.infix("*", [.call("mod", pair), .number("2")]), divisor.value])
        let quotient = SQLExpression.infix(
            "+",
            [.call("div", pair), .cases([.init(half, .number("1"))], otherwise: .number("0"))])
        let sign = SQLExpression.infix("*", [.call("sign", [a]), .call("sign", [b])])
        return SQLTerm(
            value: .infix("*", [sign, quotient, .cast(.number(unit), .numeric)]), error: operands.error,
            type: .numeric, level: [dividend, divisor].level)
    }
}
