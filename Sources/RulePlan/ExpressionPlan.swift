public import Columnar
public import RuleLanguage

/// Expressions over one table as a list of steps; equal sub-expressions are one step, computed once per block.
///
/// A step's operands stand before it. What engines execute, or print as SQL.
public struct ExpressionPlan: Sendable {
    public enum Operation: Sendable, Hashable {
        case number(Int128)
        case text(ExactText)
        case date(CivilDate)
        case bool(Bool)
        case null
        case column(Int)
        case outerColumn(Int)
        case related(relation: Int, column: Int)
        /// By its index in `aggregates`.
        case aggregate(Int)
        case periodBegin
        case periodEnd
        case apply(Operator)
        case memberOf(LiteralSet)
        case inCodelist(list: String, under: ExactText?)
        case matches(pattern: ExactText)
        case attribute(list: String, index: Int)
    }

    public struct Step: Sendable, Hashable {
        public var operation: Operation
        public var operands: [Int]
        public var type: ExpressionType
    }

    public private(set) var steps: [Step] = []
    public private(set) var aggregates: [TypedAggregate] = []
    private var known: [Step: Int] = [:]
    private var knownAggregates: [TypedAggregate: Int] = [:]

    public init() {}

    /// The step that computes the expression, added unless it is there already.
    public mutating func add(_ expression: TypedExpression) -> Int {
        let operation: Operation
        switch expression.node {
        case .number(let value): operation = .number(value)
        case .text(let text): operation = .text(text)
        case .date(let date): operation = .date(date)
        case .bool(let value): operation = .bool(value)
        case .null: operation = .null
        case .column(let column): operation = .column(column)
        case .outerColumn(let column): operation = .outerColumn(column)
        case .related(let relation, let column): operation = .related(relation: relation, column: column)
        case .aggregate(let aggregate):
            let index = knownAggregates[aggregate] ?? aggregates.count
            if index == aggregates.count {
                aggregates.append(aggregate)
                knownAggregates[aggregate] = index
            }
            operation = .aggregate(index)
        case .periodBegin: operation = .periodBegin
        case .periodEnd: operation = .periodEnd
        case .apply(let op, _): operation = .apply(op)
        case .memberOf(let set, _): operation = .memberOf(set)
        case .inCodelist(let list, let under, _): operation = .inCodelist(list: list, under: under)
        case .matches(let pattern, _): operation = .matches(pattern: pattern)
        case .attribute(let list, let index, _): operation = .attribute(list: list, index: index)
        }
        let operands = expression.operands.map { add($0) }
        let step = Step(operation: operation, operands: operands, type: expression.type)
        if let index = known[step] { return index }
        known[step] = steps.count
        steps.append(step)
        return steps.count - 1
    }

    /// The table's columns that some step reads, ascending.
    public var columns: [Int] { indexes { if case .column(let column) = $0 { column } else { nil } } }

    /// Columns of the rule's row that conditions inside `where` read, ascending.
    public var outerColumns: [Int] { indexes { if case .outerColumn(let column) = $0 { column } else { nil } } }

    private func indexes(_ pick: (Operation) -> Int?) -> [Int] {
        Array(Set(steps.compactMap { pick($0.operation) })).sorted()
    }

    /// Columns of related rows that some step reads, by relation.
    public var relatedColumns: [Int: Set<Int>] {
        var result: [Int: Set<Int>] = [:]
        for case .related(let relation, let column) in steps.map(\.operation) {
            result[relation, default: []].insert(column)
        }
        return result
    }

    /// Whether a step is the statistical period's first or last day.
    public var needsPeriod: Bool {
        steps.contains { $0.operation == .periodBegin || $0.operation == .periodEnd }
    }
}
