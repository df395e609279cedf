public import Columnar
public import CourtModel
import RuleLanguage
public import RulePlan
public import Schema

/// Evaluates a `PredicateSet` over blocks of its table, with 期初, 期末 and 本期 bound to a period.
///
/// Shared parts of the predicates are computed once per block. Belongs to one thread.
public final class PredicateEvaluator {
    private let set: PredicateSet
    private let evaluator: ExpressionEvaluator
    private let needed: NeededSteps
    private let arena = Arena()

    /// Without a period, what speaks of it is undecided.
    public init(_ set: PredicateSet, schema: StandardSchema, period: StatisticalPeriod?) {
        self.set = set
        evaluator = ExpressionEvaluator(set.plan, schema: schema, period: period)
        needed = evaluator.closure(of: set.predicates + set.scalars)
    }

    /// One mask per predicate and one column per scalar, in the order in which they were added.
    ///
    /// `columns` are the table's columns by index for the block's columns; all of `set.neededColumns` must be there.
    public func evaluate(_ block: Block, columns: [Int]) -> (masks: [OutcomeMask], scalars: [Column]) {
        arena.reset()
        var leaves = Leaves(count: block.rowCount, columns: Array(repeating: nil, count: set.table.columns.count))
        let read = Set(set.neededColumns)
        for (column, place) in zip(columns, block.columns.indices) where read.contains(column) {
            leaves.columns[column] = Vector(block.columns[place], arena)
        }
        let values = evaluator.evaluate(leaves, needed: needed, arena)
        return (
            set.predicates.map { values[$0]?.outcomes() ?? OutcomeMask(count: block.rowCount) },
            set.scalars.enumerated().map { index, step in
                let type = set.type(ofScalar: index)
                return (values[step] ?? .null(type, block.rowCount, arena)).column(type, arena)
            }
        )
    }
}

extension Vector {
    /// A copy of a column.
    init(_ column: Column, _ arena: Arena) {
        let count = column.valid.count
        func bits(_ bitmap: Bitmap) -> BitWords {
            let made = arena.bits(count, all: false)
            for (index, word) in bitmap.words.enumerated() { made[index] = word }
            return made
        }
        let storage: Storage
        switch column.storage {
        case .int64(let words) where column.kind == .bool:
            storage = .bits(Bits.make(count, arena) { words[$0] != 0 })
        case .int64(let words):
            let made = arena.make(Int64.self, count)
            for row in 0..<count { made[row] = words[row] }
            storage = .words(made)
        case .int128(let words):
            let made = arena.make(Int128.self, count)
            for row in 0..<count { made[row] = words[row] }
            storage = .wide(made)
        case .text(let text):
            let spans = arena.make(TextSpan.self, count)
            let base = text.bytes.withUnsafeBufferPointer { arena.copy($0) }
            for row in 0..<count {
                let range = text.range(row)
                spans[row] = TextSpan(base.start + range.lowerBound, range.count)
            }
            storage = .text(spans)
        }
        self.init(storage, valid: bits(column.valid), errors: column.errors.map(bits), count: count)
    }

    /// A copy as a column.
    func column(_ type: ExpressionType, _ arena: Arena) -> Column {
        let kind: ColumnKind
        switch (type, storage) {
        case (.number(19, 0), .words): kind = .int
        case (.number(let precision, let scale), _): kind = .decimal(precision: precision, scale: scale)
        case (.text, _): kind = .text(maxLength: nil)
        case (.date, _): kind = .date
        case (.timestamp, _): kind = .timestamp
        case (.bool, _), (.null, _): kind = .bool
        }
        func bitmap(_ bits: BitWords) -> Bitmap {
            Bitmap(words: (0..<((count + 63) >> 6)).map { bits[$0] }, count: count)
        }
        let made: Column.Storage
        switch storage {
        case .bits(let bits): made = .int64((0..<count).map { Bits.test(bits, $0) ? 1 : 0 })
        case .words(let words): made = .int64(Array(UnsafeBufferPointer(start: words, count: count)))
        case .wide(let words): made = .int128(Array(UnsafeBufferPointer(start: words, count: count)))
        case .text(let spans):
            var text = TextColumn()
            for row in 0..<count {
                text.bytes.append(contentsOf: spans[row].bytes)
                text.finishValue()
            }
            made = .text(text)
        }
        return Column(kind: kind, storage: made, valid: bitmap(valid), errors: errors.map(bitmap))
    }
}
