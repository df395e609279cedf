import RuleLanguage

/// Check digits of the numbers that identify people and organisations.
extension RowTerms {
    /// 居民身份证号 by GB 11643.
    func isIDCard(_ operand: SQLTerm) -> SQLTerm {
        let text = bound(operand)
        let shape = SQLExpression.infix("~", [text.value, .text("^[0-9]{17}[0-9X]$")])
        let digits = SQLExpression.when(
            shape, .cast(.call("left", [text.value, .number("17")]), .bigint))
        let (number, level) = bind(digits, level: text.level)
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
        var sum: [SQLExpression] = []
        for (index, weight) in weights.enumerated() {
            let shifted = SQLExpression.infix("/", [number, .number("1" + String(repeating: "0", count: 16 - index))])
            sum.append(.infix("*", [.infix("%", [shifted, .number("10")]), .number("\(weight)")]))
        }
        let place = SQLExpression.infix(
            "+", [.cast(.infix("%", [.infix("+", sum), .number("11")]), .integer), .number("1")])
        let check = SQLExpression.call("substr", [.text("10X98765432"), place, .number("1")])
        let isRight = SQLExpression.infix("=", [check, .call("right", [text.value, .number("1")])])
        return SQLTerm(
            value: .cases(
                [.init(.isNotNull(number), isRight), .init(.isNotNull(text.value), .bool(false))], otherwise: nil),
            error: text.error, type: .boolean, level: level)
    }

    /// 统一社会信用代码 by GB 32100.
    func isUSCC(_ operand: SQLTerm) -> SQLTerm {
        let text = bound(operand)
        let alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
        let shape = SQLExpression.infix("~", [text.value, .text("^[\(alphabet)]{18}$")])
        func value(_ place: Int) -> SQLExpression {
            let letter = SQLExpression.call("substr", [text.value, .number("\(place)"), .number("1")])
            return .infix("-", [.call("strpos", [.text(alphabet), letter]), .number("1")])
        }
        var weight = 1
        var sum: [SQLExpression] = []
        for place in 1...17 {
            sum.append(.infix("*", [value(place), .number("\(weight)")]))
            weight = weight * 3 % 31
        }
        let rest = SQLExpression.infix("%", [.infix("+", sum), .number("31")])
        let check = SQLExpression.infix("%", [.infix("-", [.number("31"), rest]), .number("31")])
        return [text].strict(
            .boolean,
            .cases(
                [
                    .init(shape, .infix("=", [value(18), check])),
                    .init(.isNotNull(text.value), .bool(false)),
                ], otherwise: nil))
    }
}
