import Columnar
import Diagnostics

/// The sums of one form while its cases go by: for each court a table of rows × columns, flat.
struct FormTotals {
    let rows: Int
    let columns: Int
    /// By court, row, column.
    private(set) var values: [Int128] = []
    /// Cases that a cell could not decide, in the same order.
    private(set) var undecided: [Int] = []
    /// Distinct cases that some cell could not decide, by court.
    private(set) var undecidedCases: [Int] = []
    private var courts = 0

    init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
    }

    mutating func makeRoom(for count: Int) {
        guard count > courts else { return }
        let size = count * rows * columns
        values.append(contentsOf: repeatElement(0, count: size - values.count))
        undecided.append(contentsOf: repeatElement(0, count: size - undecided.count))
        undecidedCases.append(contentsOf: repeatElement(0, count: count - undecidedCases.count))
        courts = count
    }

    func value(court: Int, row: Int, column: Int) -> Int128 {
        court < courts ? values[(court * rows + row) * columns + column] : 0
    }

    /// Adds 1 for every row of the block that is a one in the words.
    mutating func count(_ words: [UInt64], row: Int, column: Int, courts: borrowing BlockCourts) {
        let place = row * columns + column
        let size = rows * columns
        if let only = courts.only {
            var sum = 0
            for word in words { sum += word.nonzeroBitCount }
            values[only * size + place] += Int128(sum)
            return
        }
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                let court = Int(courts.indexes[index << 6 + rest.trailingZeroBitCount])
                values[court * size + place] += 1
                rest &= rest &- 1
            }
        }
    }

    /// Adds the values of the rows that are ones; NULL adds nothing. Throws when a sum no longer fits 128 bits.
    mutating func add(
        _ column: Column, _ words: [UInt64], row: Int, column place: Int, courts: borrowing BlockCourts
    ) throws(OperationError) {
        switch column.storage {
        case .int64(let amounts): try add(amounts, column.valid.words, words, row * columns + place, courts)
        case .int128(let amounts): try add(amounts, column.valid.words, words, row * columns + place, courts)
        case .text: break
        }
    }

    private mutating func add<Amount: FixedWidthInteger>(
        _ amounts: [Amount], _ valid: [UInt64], _ words: [UInt64], _ place: Int, _ courts: borrowing BlockCourts
    ) throws(OperationError) {
        let size = rows * columns
        for (index, word) in words.enumerated() {
            var rest = word & valid[index]
            while rest != 0 {
                let at = index << 6 + rest.trailingZeroBitCount
                rest &= rest &- 1
                let cell = Int(courts.indexes[at]) * size + place
                let (sum, overflow) = values[cell].addingReportingOverflow(Int128(amounts[at]))
                guard !overflow else { throw .figureTooLarge() }
                values[cell] = sum
            }
        }
    }

    mutating func countUndecided(_ words: [UInt64], row: Int, column: Int, courts: borrowing BlockCourts) {
        Self.forEachOne(words) { at in
            undecided[(Int(courts.indexes[at]) * rows + row) * columns + column] += 1
        }
    }

    mutating func countUndecidedCases(_ words: [UInt64], courts: borrowing BlockCourts) {
        Self.forEachOne(words) { at in undecidedCases[Int(courts.indexes[at])] += 1 }
    }

    @inline(__always)
    private static func forEachOne(_ words: [UInt64], _ body: (Int) -> Void) {
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                body(index << 6 + rest.trailingZeroBitCount)
                rest &= rest &- 1
            }
        }
    }
}

/// Whose the rows of a block are.
struct BlockCourts {
    /// By row; -1 where the court is not known, and no mask has a one there.
    var indexes: [Int32]
    /// The court of all rows, if it is one.
    var only: Int?
    /// Ones for rows whose court is known.
    var known: [UInt64]

    init(_ indexes: [Int32]) {
        self.indexes = indexes
        known = [UInt64](repeating: 0, count: (indexes.count + 63) >> 6)
        let first = indexes.first ?? -1
        var isOnly = first >= 0
        for (row, court) in indexes.enumerated() {
            if court >= 0 { known[row >> 6] |= 1 << UInt64(row & 63) }
            if court != first { isOnly = false }
        }
        only = isOnly ? Int(first) : nil
    }

    var unknownCount: Int { indexes.count - known.reduce(0) { $0 + $1.nonzeroBitCount } }
}
