public import RuleLanguage
public import Schema

/// A rule of one table, resolved and typed; steps are those of its table's `ExpressionPlan`.
public struct CompiledRule: Sendable {
    public enum Judgement: Sendable {
        /// The step whose outcome is the rule's: `(not when) or check`.
        case check(Int)
        /// Columns that together occur once.
        case unique([Int])
        /// Rows that agree in `from` agree in `to`.
        case depends(from: [Int], to: [Int])
        /// The share of true among decided rows, compared with `limit` × 10^-`scale`.
        case share(predicate: Int, comparison: Comparison, limit: Int128, scale: Int)
    }

    /// Its place among all rules.
    public var position: Int
    public var definition: RuleDefinition
    public var judgement: Judgement
    public var when: Int?
    public var message: MessageTemplate?
    /// Whether it speaks of the statistical period.
    public var needsPeriod: Bool
    /// Related tables without which it cannot be judged, by code.
    public var relatedTables: [String]
}

/// A message with places for values: `案号{案号}:立案{立案日期}`.
public struct MessageTemplate: Sendable, Hashable {
    public enum Part: Sendable, Hashable {
        case literal(String)
        /// A column of the row as it was read, by index.
        case column(Int)
        /// A value of a related row or a code's attribute; what of a person it tells, if anything.
        case step(Int, PersonalKind?)
    }

    public var parts: [Part]
}

/// All rules of one table in one plan.
public struct TablePlan: Sendable {
    public var table: TableDefinition
    public var expressions = ExpressionPlan()
    public var rules: [CompiledRule] = []
    /// The step that says whose row it is; nil when the table has no court.
    public var court: Int?
    /// The related table that the court needs, if any.
    public var courtTable: String?

    /// What judging the given rules and steps reads.
    public func reads(of rules: [CompiledRule], steps roots: [Int] = []) -> Reads {
        var reads = Reads()
        var needed = [Bool](repeating: false, count: expressions.steps.count)
        for root in roots { needed[root] = true }
        for rule in rules {
            if let when = rule.when { needed[when] = true }
            switch rule.judgement {
            case .check(let step): needed[step] = true
            case .share(let step, _, _, _): needed[step] = true
            case .unique(let parts): reads.columns.formUnion(parts)
            case .depends(let from, let to): reads.columns.formUnion(from + to)
            }
        }
        for index in needed.indices.reversed() where needed[index] {
            let step = expressions.steps[index]
            for operand in step.operands { needed[operand] = true }
            switch step.operation {
            case .column(let column): reads.columns.insert(column)
            case .related(let relation, let column): reads.related[relation, default: []].insert(column)
            case .aggregate(let index):
                let aggregate = expressions.aggregates[index]
                reads.aggregates.insert(index)
                var condition = ExpressionPlan()
                if let test = aggregate.condition { _ = condition.add(test) }
                reads.columns.formUnion(condition.outerColumns)
            default: break
            }
        }
        reads.steps = needed
        for relation in reads.relations(in: self) {
            reads.columns.formUnion(table.relations[relation].on.compactMap { table.columnIndex($0.here) })
        }
        return reads
    }

    /// Columns, relations and aggregates that some rules read, by index.
    public struct Reads: Sendable {
        public var columns: Set<Int> = []
        public var related: [Int: Set<Int>] = [:]
        public var aggregates: Set<Int> = []
        /// Which steps are needed.
        public var steps: [Bool] = []

        public func relations(in plan: TablePlan) -> Set<Int> {
            Set(related.keys).union(aggregates.map { plan.expressions.aggregates[$0].relation })
        }
    }
}
