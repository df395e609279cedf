import Columnar
import RuleLanguage
import RulePlan

/// What is remembered of a related table, by the columns that relate to it: counters and totals per key, and the
/// columns of its rows that others look up.
///
/// Filled by one pass over the related table, block by block; then only read.
final class RelationStore {
    /// Columns of the related table that are the key.
    let keyColumns: [Int]
    private let keyTypes: [ExpressionType]
    private(set) var keys = KeyTable()
    /// Aggregates without reference to the other side's row.
    private(set) var accumulators: [Accumulator] = []
    /// First row of each key, next row of each row; −1 is none. Empty unless rows are kept.
    private var first: [Int32] = []
    private var last: [Int32] = []
    private var next: [Int32] = []
    private(set) var columns: [Int: StoredColumn] = [:]
    private var keepsRows = false
    private var rowCount = 0

    init(keyColumns: [Int], keyTypes: [ExpressionType]) {
        self.keyColumns = keyColumns
        self.keyTypes = keyTypes
    }

    /// Rows are kept with these columns.
    func keep(_ wanted: some Sequence<Int>) {
        keepsRows = true
        for column in wanted where columns[column] == nil { columns[column] = StoredColumn() }
    }

    /// The accumulator of an aggregate, shared by equal ones.
    func accumulate(_ aggregate: TypedAggregate, type: ExpressionType, condition: Int?) -> Accumulator {
        let known = accumulators.first {
            $0.function == aggregate.function && $0.column == aggregate.column && $0.condition == condition
        }
        if let known { return known }
        let made = Accumulator(aggregate, type: type, condition: condition)
        accumulators.append(made)
        return made
    }

    /// Takes in a block of the related table; `values` are the steps of the conditions.
    func take(_ vectors: [Vector?], _ values: [Vector?], count: Int) {
        let keyVectors = keyColumns.compactMap { vectors[$0] }
        guard keyVectors.count == keyColumns.count else { return }
        let rowKeys = RowKeys(keyVectors, keyTypes, count: count)
        var slots = [Int32](repeating: -1, count: count)
        for row in 0..<count where rowKeys.isComplete(row) {
            let (number, isNew) = keys.insert(rowKeys.fingerprints[row])
            slots[row] = Int32(truncatingIfNeeded: number)
            if isNew {
                for accumulator in accumulators { accumulator.addKey() }
                if keepsRows {
                    first.append(-1)
                    last.append(-1)
                }
            }
        }
        for accumulator in accumulators {
            accumulator.take(
                slots, condition: accumulator.condition.flatMap { values[$0] }?.outcomes,
                value: accumulator.column.flatMap { vectors[$0] })
        }
        guard keepsRows else { return }
        for column in columns.keys { columns[column]?.append(vectors[column], count: count) }
        next.append(contentsOf: repeatElement(-1, count: count))
        for row in 0..<count where slots[row] >= 0 {
            let (slot, id) = (Int(slots[row]), Int32(truncatingIfNeeded: rowCount + row))
            if last[slot] >= 0 { next[Int(last[slot])] = id } else { first[slot] = id }
            last[slot] = id
        }
        rowCount += count
    }

    /// Each row's key number here: −1 where no row relates to it, −2 where its key is NULL, −3 where it is an error.
    func slots(of here: [Vector], _ types: [ExpressionType], count: Int) -> [Int32] {
        let rowKeys = RowKeys(here, types, count: count)
        return (0..<count).map { row in
            if rowKeys.isError(row) { return -3 }
            guard rowKeys.isComplete(row) else { return -2 }
            return keys.find(rowKeys.fingerprints[row]).map { Int32(truncatingIfNeeded: $0) } ?? -1
        }
    }

    /// The first row of a key, −1 when there is none.
    func firstRow(_ slot: Int32) -> Int32 { slot >= 0 && keepsRows ? first[Int(slot)] : -1 }
    func nextRow(_ row: Int32) -> Int32 { row >= 0 ? next[Int(row)] : -1 }
}

/// A column of kept rows, growing block by block.
struct StoredColumn {
    private var storage: Vector.Storage?
    private var valid = Bitmap(count: 0)
    private var errors = Bitmap(count: 0)
    private var hasErrors = false

    mutating func append(_ vector: Vector?, count: Int) {
        for row in 0..<count {
            valid.append(vector?.isValid(row) ?? false)
            errors.append(vector?.isError(row) ?? false)
        }
        guard let vector else { return }
        if vector.errors != nil { hasErrors = true }
        let old = storage
        // Taken out first, so that the arrays are appended to in place.
        storage = nil
        switch (consume old, vector.storage) {
        case (.none, let new): storage = new
        case (.words(var mine), .words(let more)):
            mine.append(contentsOf: more)
            storage = .words(mine)
        case (.wide(var mine), .wide(let more)):
            mine.append(contentsOf: more)
            storage = .wide(mine)
        case (.text(var mine), .text(let more)):
            more.bytes.withUnsafeBufferPointer { bytes in
                for row in 0..<more.count {
                    mine.bytes.append(contentsOf: bytes[more.range(row)])
                    mine.finishValue()
                }
            }
            storage = .text(mine)
        case (.some(let kept), _): storage = kept
        }
    }

    /// The values of rows; −1 gives NULL.
    func gathered(_ rows: [Int32]) -> Vector? {
        storage.map { Vector.gather($0, valid.words, hasErrors ? errors.words : nil, rows) }
    }
}

/// One aggregate over the rows of each key.
final class Accumulator {
    let function: AggregateFunction
    let column: Int?
    /// The step of its condition in the related table's conditions.
    let condition: Int?
    private let type: ExpressionType
    private var counts: [Int64] = []
    private var errors: [Bool] = []
    /// For sum: a member was NULL or the total left 38 digits. For min and max: some member has a value.
    private var flags: [Bool] = []
    private var totals: [Int128] = []
    private var texts: [[UInt8]] = []

    init(_ aggregate: TypedAggregate, type: ExpressionType, condition: Int?) {
        function = aggregate.function
        column = aggregate.column
        self.condition = condition
        self.type = type
    }

    func addKey() {
        counts.append(0)
        errors.append(false)
        guard column != nil else { return }
        flags.append(false)
        if type == .text { texts.append([]) } else { totals.append(0) }
    }

    func take(_ slots: [Int32], condition: OutcomeMask?, value: Vector?) {
        let wide = value.flatMap { vector -> [Int128]? in
            if case .text = vector.storage { nil } else { vector.wide(scaledBy: 0) }
        }
        for row in slots.indices where slots[row] >= 0 {
            let slot = Int(slots[row])
            switch condition?[row] ?? .isTrue {
            case .isTrue: break
            case .error:
                errors[slot] = true
                continue
            case .isFalse, .undecided: continue
            }
            counts[slot] += 1
            guard column != nil else { continue }
            guard let value, !value.isError(row) else {
                errors[slot] = true
                continue
            }
            guard value.isValid(row) else {
                if function == .sum { flags[slot] = true }
                continue
            }
            if let wide { take(number: wide[row], slot) } else { take(text: value, row, slot) }
        }
    }

    private func take(number: Int128, _ slot: Int) {
        switch function {
        case .sum:
            let (total, overflow) = totals[slot].addingReportingOverflow(number)
            totals[slot] = total
            if overflow || total.magnitude >= PowerOfTen.value(38).magnitude { flags[slot] = true }
        case .min where flags[slot] && number >= totals[slot], .max where flags[slot] && number <= totals[slot]: break
        default:
            totals[slot] = number
            flags[slot] = true
        }
    }

    private func take(text vector: Vector, _ row: Int, _ slot: Int) {
        guard case .text(let column) = vector.storage else { return }
        let bytes = column.bytes[column.range(row)]
        if flags[slot] {
            let isLess = bytes.lexicographicallyPrecedes(texts[slot])
            let isGreater = texts[slot].lexicographicallyPrecedes(bytes)
            guard function == .min ? isLess : isGreater else { return }
        }
        texts[slot] = Array(bytes)
        flags[slot] = true
    }

    /// The aggregate for rows with these key numbers (see `RelationStore.slots`).
    func values(_ slots: [Int32]) -> Vector {
        let count = slots.count
        var valid = [UInt64](repeating: 0, count: (count + 63) >> 6)
        var errorBits = valid
        var words = [Int64](repeating: 0, count: count)
        var wide: [Int128] = []
        var column = TextColumn()
        let isWide: Bool = if case .number(let precision, _) = type { precision > 18 } else { false }
        if isWide { wide = [Int128](repeating: 0, count: count) }
        for row in 0..<count {
            let bit: UInt64 = 1 << UInt64(row & 63)
            let slot = Int(slots[row])
            var text: [UInt8] = []
            if slot == -3 || (slot >= 0 && errors[slot]) {
                errorBits[row >> 6] |= bit
            } else if slot != -2 {
                switch function {
                case .count, .exists:
                    let members = slot >= 0 ? counts[slot] : 0
                    words[row] = function == .count ? members : members > 0 ? 1 : 0
                    valid[row >> 6] |= bit
                case .sum where slot >= 0 && counts[slot] > 0 && !flags[slot],
                    .min where slot >= 0 && flags[slot], .max where slot >= 0 && flags[slot]:
                    valid[row >> 6] |= bit
                    if type == .text {
                        text = texts[slot]
                    } else if isWide {
                        wide[row] = totals[slot]
                    } else {
                        words[row] = Int64(truncatingIfNeeded: totals[slot])
                    }
                default: break
                }
            }
            if type == .text {
                column.bytes.append(contentsOf: text)
                column.finishValue()
            }
        }
        let storage: Vector.Storage = type == .text ? .text(column) : isWide ? .wide(wide) : .words(words)
        return Vector(
            storage: storage, valid: valid, errors: errorBits.contains { $0 != 0 } ? errorBits : nil, count: count)
    }
}
