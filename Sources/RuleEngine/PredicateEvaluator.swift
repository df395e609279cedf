public import Columnar
public import CourtModel
import RuleLanguage
public import RulePlan
public import Schema

/// Evaluates a `PredicateSet` over blocks of its table, with 期初, 期末 and 本期 bound to a period.
///
/// Shared parts of the predicates are computed once per block. Belongs to one thread.
public struct PredicateEvaluator {
    private let set: PredicateSet
    private var evaluator: ExpressionEvaluator
    private let needed: [Bool]

    /// Without a period, what speaks of it is undecided.
    public init(_ set: PredicateSet, schema: StandardSchema, period: StatisticalPeriod?) {
        self.set = set
        evaluator = ExpressionEvaluator(set.plan, schema: schema, period: period)
        needed = evaluator.closure(of: set.predicates + set.scalars)
    }

    /// One mask per predicate and one column per scalar, in the order in which they were added.
    ///
    /// `columns` are the table's columns by index for the block's columns; all of `set.neededColumns` must be there.
    public mutating func evaluate(_ block: Block, columns: [Int]) -> (masks: [OutcomeMask], scalars: [Column]) {
        var leaves = Leaves(count: block.rowCount, columns: Array(repeating: nil, count: set.table.columns.count))
        for (column, place) in zip(columns, block.columns.indices) {
            leaves.columns[column] = Vector(block.columns[place])
        }
        let values = evaluator.evaluate(leaves, needed: needed)
        return (
            set.predicates.map { values[$0]?.outcomes ?? OutcomeMask(count: block.rowCount) },
            set.scalars.enumerated().map { index, step in
                PredicateEvaluator.column(
                    values[step] ?? .constant(nil, count: block.rowCount), set.type(ofScalar: index))
            }
        )
    }

    private static func column(_ vector: Vector, _ type: ExpressionType) -> Column {
        let kind: ColumnKind
        switch (type, vector.storage) {
        case (.number(19, 0), .words): kind = .int
        case (.number(let precision, let scale), _): kind = .decimal(precision: precision, scale: scale)
        case (.text, _): kind = .text(maxLength: nil)
        case (.date, _): kind = .date
        case (.timestamp, _): kind = .timestamp
        case (.bool, _), (.null, _): kind = .bool
        }
        let storage: Column.Storage =
            switch vector.storage {
            case .words(let words): .int64(words)
            case .wide(let words): .int128(words)
            case .text(let text): .text(text)
            }
        return Column(
            kind: kind, storage: storage, valid: Bitmap(words: vector.valid, count: vector.count),
            errors: vector.errors.map { Bitmap(words: $0, count: vector.count) })
    }
}
