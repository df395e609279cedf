import Columnar
import CourtModel
import RuleLanguage
import RulePlan
import Schema

/// An aggregate whose condition speaks of the rule's row too: `计数(审限变更 当 审批日期 > 本行.结案日期)`.
///
/// The related rows are kept; for each block its rows are paired with theirs, and the condition is judged on the pairs.
final class CorrelatedAggregate {
    private let aggregate: TypedAggregate
    private let type: ExpressionType
    private let root: Int
    private var evaluator: ExpressionEvaluator
    private let needed: [Bool]
    private let outerColumns: [Int]
    /// Columns of the related rows that are kept.
    let relatedColumns: [Int]

    init(_ aggregate: TypedAggregate, type: ExpressionType, schema: StandardSchema, period: StatisticalPeriod?) {
        var plan = ExpressionPlan()
        root = aggregate.condition.map { plan.add($0) } ?? plan.add(TypedExpression(.bool(true), .bool))
        self.aggregate = aggregate
        self.type = type
        evaluator = ExpressionEvaluator(plan, schema: schema, period: period)
        needed = evaluator.closure(of: [root])
        outerColumns = plan.outerColumns
        relatedColumns = Array(Set(plan.columns).union(aggregate.column.map { [$0] } ?? [])).sorted()
    }

    /// The aggregate for the rows of a block.
    func values(_ slots: [Int32], _ store: RelationStore, outer: [Vector?]) -> Vector {
        var origins: [Int32] = []
        var rows: [Int32] = []
        for row in slots.indices {
            var match = store.firstRow(slots[row])
            while match >= 0 {
                origins.append(Int32(truncatingIfNeeded: row))
                rows.append(match)
                match = store.nextRow(match)
            }
        }
        let width = (relatedColumns.last ?? 0) + 1
        var leaves = Leaves(count: rows.count, columns: Array(repeating: nil, count: width))
        for column in relatedColumns { leaves.columns[column] = store.columns[column]?.gathered(rows) }
        leaves.outer = Array(repeating: nil, count: outer.count)
        for column in outerColumns { leaves.outer[column] = outer[column]?.gathered(origins) }
        let outcomes = evaluator.evaluate(leaves, needed: needed)[root]?.outcomes
        // One key per row of the block: the pairs are summed up as if each row were a key of its own.
        let accumulator = Accumulator(aggregate, type: type, condition: 0)
        for _ in slots { accumulator.addKey() }
        accumulator.take(origins, condition: outcomes, value: aggregate.column.flatMap { leaves.columns[$0] })
        return accumulator.values(slots.indices.map { slots[$0] < -1 ? slots[$0] : Int32(truncatingIfNeeded: $0) })
    }
}
