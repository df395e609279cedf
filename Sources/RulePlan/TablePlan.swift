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

    /// Columns by index that judging the rules reads, ascending; relations' own columns included.
    public var neededColumns: [Int] {
        var columns = Set(expressions.columns)
        columns.formUnion(table.key.compactMap { table.columnIndex($0) })
        for rule in rules {
            switch rule.judgement {
            case .unique(let parts): columns.formUnion(parts)
            case .depends(let from, let to): columns.formUnion(from + to)
            case .check, .share: break
            }
            for case .column(let column) in rule.message?.parts ?? [] { columns.insert(column) }
        }
        let relations = Set(expressions.relatedColumns.keys).union(expressions.aggregates.map(\.relation))
        for relation in relations {
            columns.formUnion(table.relations[relation].on.compactMap { table.columnIndex($0.here) })
        }
        for aggregate in expressions.aggregates {
            guard let condition = aggregate.condition else { continue }
            var plan = ExpressionPlan()
            _ = plan.add(condition)
            columns.formUnion(plan.outerColumns)
        }
        return columns.sorted()
    }
}
