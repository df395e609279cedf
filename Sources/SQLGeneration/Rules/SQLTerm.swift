import RuleLanguage

/// What a step of a plan is in SQL: its value, and where it is an error.
///
/// Where `error` is true, `value` is NULL; `error` itself is never NULL. Nil says that no row can be an error: then
/// nothing of the kind is printed.
struct SQLTerm {
    var value: SQLExpression
    var error: SQLExpression?
    /// What the server computes it in: `integer` and `bigint` are kept where they cannot overflow.
    var type: SQLType
    /// The level of derived tables at which all names in it are known.
    var level: Int = 0
    /// The most digits that it can have, where it is an integer and that is known.
    var digits: Int?

    var isLeaf: Bool { value.isLeaf }

    /// Whether it is a literal other than NULL.
    var isNeverNull: Bool {
        switch value {
        case .text, .number, .bool, .typed: true
        default: false
        }
    }

    var isInteger: Bool { type == .integer || type == .bigint }

    /// Of an integer of the plan's type.
    func mostDigits(_ planned: ExpressionType) -> Int {
        let most = digits ?? (type == .integer ? 10 : 19)
        guard case .number(let precision, 0) = planned else { return most }
        return Swift.min(most, precision)
    }

    var asNumeric: SQLExpression { type == .numeric ? value : .cast(value, .numeric) }
    var asBigint: SQLExpression { type == .bigint && !isNeverNull ? value : .cast(value, .bigint) }
}

extension [SQLTerm] {
    var level: Int { reduce(0) { Swift.max($0, $1.level) } }

    /// Error where any of them is.
    var error: SQLExpression? {
        let errors = compactMap(\.error)
        return errors.isEmpty ? nil : .or(errors)
    }

    /// A strict operator's result: NULL and error as of its operands, provided that `value` is NULL if one is.
    func strict(_ type: SQLType, _ value: SQLExpression) -> SQLTerm {
        SQLTerm(value: value, error: error, type: type, level: level)
    }
}
