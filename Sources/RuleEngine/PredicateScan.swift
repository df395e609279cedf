public import Columnar
public import CourtModel
public import DataAccess
public import Diagnostics
import RuleLanguage
public import RulePlan
public import Schema

/// Judges a `PredicateSet` over the cells of a table as they are read, for one period or several at once.
///
/// Rows for which no *gate* can be true in any period are passed over: only the columns that gates read are decoded for
/// them. What does not speak of a period is computed once for all periods. One per thread.
public final class PredicateScan {
    /// The rows of a block that came through the gates, judged. Lent: valid until the next block is judged.
    public struct Rows {
        public let count: Int
        /// Words of 64 rows in each mask; bits beyond the last row are zero.
        public var wordCount: Int { (count + 63) >> 6 }
        /// By row: its place in the block; empty for rows that were gathered from several.
        public let places: [Int32]
        fileprivate let truths: [[UnsafePointer<UInt64>]]
        fileprivate let possibles: [[UnsafePointer<UInt64>]]
        fileprivate let decided: [[Bool]]
        fileprivate let amounts: [[Vector]]
        fileprivate let columns: [Vector?]

        /// Rows for which the predicate is true.
        @inline(__always) public func isTrue(_ predicate: Int, period: Int) -> UnsafePointer<UInt64> {
            truths[period][predicate]
        }

        /// Rows for which it is not false: true, undecided or an error.
        @inline(__always) public func isPossible(_ predicate: Int, period: Int) -> UnsafePointer<UInt64> {
            possibles[period][predicate]
        }

        /// Whether it is true or false for every row.
        @inline(__always) public func isDecided(_ predicate: Int, period: Int) -> Bool { decided[period][predicate] }

        /// The value of a scalar of numbers, unscaled; nil for NULL and error.
        @inline(__always) public func amount(_ scalar: Int, period: Int, row: Int) -> Int128? {
            let vector = amounts[period][scalar]
            guard vector.isValid(row) else { return nil }
            switch vector.storage {
            case .words(let words): return Int128(words[row])
            case .wide(let words): return words[row]
            case .bits, .text: return nil
            }
        }

        /// Whether the scalar could not be read at that row.
        @inline(__always) public func isError(_ scalar: Int, period: Int, row: Int) -> Bool {
            amounts[period][scalar].isError(row)
        }

        /// The bytes of a column of texts or codes; nil for NULL and error.
        @inline(__always) public func text(_ column: Int, row: Int) -> UnsafeBufferPointer<UInt8>? {
            guard let vector = columns[column], vector.isValid(row), case .text(let spans) = vector.storage else {
                return nil
            }
            return spans[row].bytes
        }
    }

    /// The texts of a column of a block. Lent.
    public struct Texts {
        public let count: Int
        fileprivate let spans: UnsafeMutablePointer<TextSpan>
        fileprivate let vector: Vector

        /// The bytes of a row's text; nil for NULL and error.
        @inline(__always) public subscript(row: Int) -> UnsafeBufferPointer<UInt8>? {
            vector.isValid(row) ? spans[row].bytes : nil
        }
    }

    private let set: PredicateSet
    private let evaluators: [ExpressionEvaluator]
    private let gates: [Int]?
    private let gateSteps: NeededSteps
    private let allSteps: NeededSteps
    /// Steps that are the same in every period and that others read or that are asked for.
    private let shared: [Int]
    /// By predicate: the first one that is the same step.
    private let firstOfStep: [Int]
    private var gateDecoder: CellDecoder
    private var decoder: CellDecoder
    /// Reads what was gathered, where only the wanted columns stand.
    private var gatheredDecoder: CellDecoder
    private var gathered: GatheredRows
    private let court: Int?
    private let arena = Arena()

    /// - Parameters:
    ///   - gates: predicates of which one at least must be possible; nil takes every row.
    ///   - court: the column of codes that `gather` tells of every row, gates or no gates.
    ///   - kept: further columns whose texts are asked for.
    ///   - readerColumns: the columns of the blocks, by code or title.
    public init(
        _ set: PredicateSet, gates: [Int]?, periods: [StatisticalPeriod], court: Int?, kept: [Int] = [],
        schema: StandardSchema, readerColumns: [String]
    ) throws(OperationError) {
        self.set = set
        var firsts: [Int: Int] = [:]
        firstOfStep = set.predicates.enumerated().map { index, step in
            if firsts[step] == nil { firsts[step] = index }
            return firsts[step] ?? index
        }
        self.gates = gates
        self.court = court
        let evaluator = ExpressionEvaluator(set.plan, schema: schema, period: periods.first)
        evaluators = [evaluator] + periods.dropFirst().map { ExpressionEvaluator(evaluator, period: $0) }
        let steps = set.plan.steps
        var dependsOnPeriod = [Bool](repeating: false, count: steps.count)
        for (index, step) in steps.enumerated() {
            dependsOnPeriod[index] =
                step.operation == .periodBegin || step.operation == .periodEnd
                || step.operands.contains { dependsOnPeriod[$0] }
        }
        /// What is shared is wanted in all rows, whatever one period asks for.
        func closure(of roots: [Int]) -> NeededSteps {
            let needed = evaluator.closure(of: roots)
            return evaluator.closure(of: roots + steps.indices.filter { needed[$0] && !dependsOnPeriod[$0] })
        }
        let all = closure(of: set.predicates + set.scalars)
        allSteps = all
        gateSteps = closure(of: (gates ?? []).map { set.predicates[$0] })
        shared = steps.indices.filter { all[$0] && !dependsOnPeriod[$0] }
        var gateColumns: Set<Int> = court.map { [$0] } ?? []
        for (index, step) in steps.enumerated() where gateSteps[index] {
            if case .column(let column) = step.operation { gateColumns.insert(column) }
        }
        gateDecoder = try CellDecoder(
            table: set.table, required: gateColumns, optional: [], checked: [], readerColumns: readerColumns)
        decoder = try CellDecoder(
            table: set.table, required: Set(set.neededColumns + kept), optional: [], checked: [],
            readerColumns: readerColumns)
        gatheredDecoder = try CellDecoder(
            table: set.table, required: Set(decoder.columns), optional: [], checked: [],
            readerColumns: decoder.columns.map { set.table.columns[$0].name })
        gathered = GatheredRows(places: decoder.places)
    }

    /// Judges a block.
    ///
    /// - Parameter body: told the rows that came through the gates, unless there are none.
    public func judge(_ block: CellBlock, _ body: (Rows) throws -> Void) throws {
        try withOpenRows(of: block, courts: { _ in }) { cells, places in
            guard places.count < cells.count else { return try judge(cells, places, &decoder, body) }
            let width = cells.columnCount
            let chosen = arena.make(CellBlock.Cell.self, places.count * width)
            for (row, place) in places.enumerated() {
                (chosen + row * width).update(from: cells.cells + Int(place) * width, count: width)
            }
            try judge(
                RowCells(bytes: cells.bytes, cells: chosen, columnCount: width, count: places.count), places, &decoder,
                body)
        }
    }

    /// Sets the rows of a block that come through the gates aside, and judges all such rows as soon as they are many.
    /// `judgeGathered` must follow the last block.
    ///
    /// - Parameters:
    ///   - courts: told the court's code of each row of the block, whether it comes through the gates or not.
    ///   - body: told many rows of several blocks, in the order in which they came.
    public func gather(
        _ block: CellBlock, courts: (Texts) -> Void, _ body: (Rows) throws -> Void
    ) throws {
        try withOpenRows(of: block, courts: courts) { cells, places in gathered.append(cells, places) }
        if gathered.isFull { try judgeGathered(body) }
    }

    /// Judges what was gathered and not judged yet.
    public func judgeGathered(_ body: (Rows) throws -> Void) throws {
        guard gathered.count > 0 else { return }
        arena.reset()
        try gathered.withCells { cells in try judge(cells, [], &gatheredDecoder, body) }
        gathered.removeAll()
    }

    /// The cells of a block and the places of its rows that come through the gates, unless there are none.
    private func withOpenRows(
        of block: CellBlock, courts: (Texts) -> Void, _ body: (RowCells, [Int32]) throws -> Void
    ) throws {
        guard block.rowCount > 0 else { return }
        arena.reset()
        try block.withCells { cells in
            let columns = gateDecoder.decode(cells, arena)
            if let court, let vector = columns[court], case .text(let spans) = vector.storage {
                courts(Texts(count: cells.count, spans: spans, vector: vector))
            }
            guard let gates else { return try body(cells, Array(0..<Int32(cells.count))) }
            var open = [UInt64](repeating: 0, count: Bits.words(cells.count))
            var known: [Int: Vector] = [:]
            for (period, evaluator) in evaluators.enumerated() {
                let values = evaluator.evaluate(
                    Leaves(count: cells.count, columns: columns, known: known), needed: gateSteps, arena)
                if period == 0 { known = keep(values) }
                for gate in gates {
                    guard let vector = values[set.predicates[gate]], case .bits(let bits) = vector.storage else {
                        // A gate that is no truth value is NULL everywhere, which is possible.
                        for word in open.indices { open[word] = .max }
                        continue
                    }
                    for word in open.indices { open[word] |= ~(vector.valid[word] & ~bits[word]) }
                }
            }
            open[open.count - 1] &= Bits.tail(cells.count)
            var places: [Int32] = []
            for (word, bits) in open.enumerated() {
                var rest = bits
                while rest != 0 {
                    places.append(Int32(word << 6 + rest.trailingZeroBitCount))
                    rest &= rest &- 1
                }
            }
            if !places.isEmpty { try body(cells, places) }
        }
    }

    private func keep(_ values: [Vector?]) -> [Int: Vector] {
        guard evaluators.count > 1 else { return [:] }
        var known: [Int: Vector] = [:]
        for step in shared { if let value = values[step] { known[step] = value } }
        return known
    }

    private func judge(
        _ cells: RowCells, _ places: [Int32], _ decoder: inout CellDecoder, _ body: (Rows) throws -> Void
    ) rethrows {
        let count = cells.count
        let columns = decoder.decode(cells, arena)
        var known: [Int: Vector] = [:]
        var truths: [[UnsafePointer<UInt64>]] = []
        var possibles: [[UnsafePointer<UInt64>]] = []
        var decided: [[Bool]] = []
        var amounts: [[Vector]] = []
        for (period, evaluator) in evaluators.enumerated() {
            let values = evaluator.evaluate(
                Leaves(count: count, columns: columns, known: known), needed: allSteps, arena)
            if period == 0 { known = keep(values) }
            var isTrue: [UnsafePointer<UInt64>] = []
            var isPossible: [UnsafePointer<UInt64>] = []
            var isDecided: [Bool] = []
            for (index, step) in set.predicates.enumerated() {
                let first = firstOfStep[index]
                // Predicates are often the same step.
                if first < index {
                    isTrue.append(isTrue[first])
                    isPossible.append(isPossible[first])
                    isDecided.append(isDecided[first])
                    continue
                }
                let masks = self.masks(of: values[step], count)
                isTrue.append(masks.isTrue)
                isPossible.append(masks.isPossible)
                isDecided.append(masks.isDecided)
            }
            truths.append(isTrue)
            possibles.append(isPossible)
            decided.append(isDecided)
            amounts.append(
                set.scalars.enumerated().map { index, step in
                    values[step] ?? .null(set.type(ofScalar: index), count, arena)
                })
        }
        try body(
            Rows(
                count: count, places: places, truths: truths, possibles: possibles, decided: decided, amounts: amounts,
                columns: columns))
    }

    /// True rows and possible rows, and whether they are the same.
    private func masks(
        of vector: Vector?, _ count: Int
    ) -> (isTrue: UnsafePointer<UInt64>, isPossible: UnsafePointer<UInt64>, isDecided: Bool) {
        let isTrue = arena.bits(count)
        let isPossible = arena.bits(count)
        let last = Bits.words(count) - 1
        if let vector, case .bits(let bits) = vector.storage {
            for word in 0...last {
                isTrue[word] = vector.valid[word] & bits[word]
                isPossible[word] = ~(vector.valid[word] & ~bits[word])
            }
        } else {
            for word in 0...last { (isTrue[word], isPossible[word]) = (0, .max) }
        }
        isTrue[last] &= Bits.tail(count)
        isPossible[last] &= Bits.tail(count)
        var undecided: UInt64 = 0
        for word in 0...last { undecided |= isTrue[word] ^ isPossible[word] }
        return (UnsafePointer(isTrue), UnsafePointer(isPossible), undecided == 0)
    }

    /// Reads all blocks and gives each to one of the workers, which run on threads of their own; blocks go in no order.
    ///
    /// With one worker all is done on this thread. The first error stops all and is thrown.
    public static func distribute<Worker>(
        _ reader: any CellReader, to workers: [Worker], _ work: (Worker, CellBlock) throws -> Void
    ) throws {
        var reader = reader
        try Parallel.forEachBlock(&reader, workers.count) { index, block, _ in try work(workers[index], block) }
    }
}
