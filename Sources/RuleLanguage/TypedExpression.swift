public import Columnar

/// The type of an expression. int and dec are one family of exact numbers; a code is text.
public enum ExpressionType: Sendable, Hashable {
    /// At most 38 digits, `scale` of them decimals. An int column has 19 and 0.
    case number(precision: Int, scale: Int)
    case text
    case date
    case timestamp
    case bool
    /// The literal null, which any type accepts.
    case null

    public static let int = ExpressionType.number(precision: 19, scale: 0)

    public init(_ kind: ColumnKind) {
        switch kind {
        case .int: self = .int
        case .decimal(let precision, let scale): self = .number(precision: precision, scale: scale)
        case .text: self = .text
        case .date: self = .date
        case .timestamp: self = .timestamp
        case .bool: self = .bool
        }
    }

    public var name: String {
        switch self {
        case .number(19, 0): "int"
        case .number(let precision, let scale): "dec(\(precision),\(scale))"
        case .text: "text"
        case .date: "date"
        case .timestamp: "timestamp"
        case .bool: "bool"
        case .null: "null"
        }
    }

    public var isNumber: Bool {
        if case .number = self { true } else { false }
    }
}

/// An expression whose names and types are known; what every engine executes or prints.
public struct TypedExpression: Sendable, Hashable {
    public indirect enum Node: Sendable, Hashable {
        /// The integer value × 10^scale of the type.
        case number(Int128)
        case text(ExactText)
        case date(CivilDate)
        case bool(Bool)
        case null
        /// A column of the row at hand (inside `where`: of the related row), by its index in the table.
        case column(Int)
        /// `this.column` inside `where`: a column of the rule's row.
        case outerColumn(Int)
        /// A column of the row that relation `relation` of the table finds, by indexes.
        case related(relation: Int, column: Int)
        case aggregate(TypedAggregate)
        case periodBegin
        case periodEnd
        case apply(Operator, [TypedExpression])
        case memberOf(LiteralSet, TypedExpression)
        /// Operands: the code and, when the list is asked as of a day, the day.
        case inCodelist(list: String, under: ExactText?, [TypedExpression])
        case matches(pattern: ExactText, TypedExpression)
        /// An attribute of a code, by its index in the list; NULL for a code not in it.
        case attribute(list: String, index: Int, TypedExpression)
    }

    public let node: Node
    public let type: ExpressionType
    /// How many steps lie below one another, and how many there are.
    let depth: Int
    let size: Int

    public init(_ node: Node, _ type: ExpressionType) {
        self.node = node
        self.type = type
        let parts = TypedExpression.parts(of: node)
        depth = 1 + (parts.map(\.depth).max() ?? 0)
        size = parts.reduce(1) { $0 + $1.size }
    }

    public static func apply(_ op: Operator, _ operands: [TypedExpression], _ type: ExpressionType) -> TypedExpression {
        TypedExpression(.apply(op, operands), type)
    }

    /// The expressions that this one is made of, the inside of aggregates left out.
    public var operands: [TypedExpression] {
        if case .aggregate = node { [] } else { TypedExpression.parts(of: node) }
    }

    private static func parts(of node: Node) -> [TypedExpression] {
        switch node {
        case .apply(_, let operands), .inCodelist(_, _, let operands): operands
        case .memberOf(_, let operand), .matches(_, let operand), .attribute(_, _, let operand): [operand]
        case .aggregate(let aggregate): aggregate.condition.map { [$0] } ?? []
        case .number, .text, .date, .bool, .null, .column, .outerColumn, .related, .periodBegin, .periodEnd: []
        }
    }

    /// Whether `test` holds for this expression or one inside it, conditions of aggregates included.
    public func contains(_ test: (Node) -> Bool) -> Bool {
        if test(node) { return true }
        if case .aggregate(let aggregate) = node, aggregate.condition?.contains(test) == true { return true }
        return operands.contains { $0.contains(test) }
    }

    /// Whether it cannot be judged without a statistical period.
    public var needsPeriod: Bool {
        contains { node in
            switch node {
            case .periodBegin, .periodEnd: true
            default: false
            }
        }
    }
}

/// The literals after `in`, of one type.
public enum LiteralSet: Sendable, Hashable {
    case texts([ExactText])
    /// Integer values × 10^scale.
    case numbers([Int128], scale: Int)
    /// Days or booleans.
    case words([Int64])
}

/// `count(relation where …)` and its like over the rows that a relation finds.
public struct TypedAggregate: Sendable, Hashable {
    public var function: AggregateFunction
    /// Index in the table's relations.
    public var relation: Int
    /// Index in the related table's columns; nil for count and exists.
    public var column: Int?
    /// Over the related table; `outerColumn` is the rule's row.
    public var condition: TypedExpression?

    public init(function: AggregateFunction, relation: Int, column: Int? = nil, condition: TypedExpression? = nil) {
        self.function = function
        self.relation = relation
        self.column = column
        self.condition = condition
    }

    /// Whether the condition speaks of the rule's row too.
    public var isCorrelated: Bool {
        condition?.contains { if case .outerColumn = $0 { true } else { false } } ?? false
    }
}

/// The closed set of operators and functions over values of one row.
public enum Operator: Sendable, Hashable {
    case and, or, not
    case compare(Comparison)
    case between
    case isNull, present
    case conditional
    case coalesce
    case add, subtract, multiply, negate
    case concatenate
    case length, left, right, mid
    case startsWith, endsWith, contains
    case strip, stripCJK, upper, lower
    case intOfText
    case decimalOfText(precision: Int, scale: Int)
    case dateOfTimestamp, dateOfText
    case year, month, day
    /// 从 … 到 … 的天数: to − from.
    case days
    case addMonths, addYears
    case workdays(calendar: String)
    case abs, sign, leastOf, greatestOf, mod
    /// To so many decimals, half away from zero.
    case round(Int)
    /// With so many decimals, half away from zero; NULL when the divisor is 0.
    case div(scale: Int)
    case isIDCard, isUSCC
    case caseNumber(CaseNumberField)
}

/// The parts of a case number that `caseno` reads.
public enum CaseNumberField: String, Sendable, Hashable, CaseIterable {
    case year, number, court, type, special, suffix, style
}
