import Columnar
import Diagnostics
import RuleEngine

/// Counts the cases of blocks into all forms and periods. One per thread; what several counted is added up at the end.
///
/// Every distinct predicate was judged once; a cell is the rows that scope, row and column have in common.
final class FormTally {
    private let forms: [CompiledForms.Form]
    private let scan: PredicateScan
    private(set) var courts = ByteInterner()
    /// Cases read, by court.
    private(set) var cases: [Int] = []
    private(set) var casesWithoutCourt = 0
    /// By period, then form.
    private(set) var totals: [[FormTotals]]
    private let courtColumn: Int
    /// Of the rows that came through the gates; -1 where it is not known.
    private var court: [Int32] = []
    /// Per form and subtree: the rows of each code met so far.
    private var codes: [[CodeCache]]

    /// Rows by the number of a code, looked up once for each code.
    private struct CodeCache {
        let table: CodeRows
        var interner = ByteInterner()
        var rows: [[Int]] = []

        mutating func rows(of bytes: UnsafeBufferPointer<UInt8>) -> [Int] {
            let index = Int(interner.index(of: bytes))
            if index == rows.count { rows.append(table.rows(of: interner.texts[index])) }
            return rows[index]
        }
    }

    /// - Parameter scan: keeps `courtColumn` and the columns of the forms' subtrees.
    init(_ forms: [CompiledForms.Form], periods: Int, courtColumn: Int, _ scan: PredicateScan) {
        self.forms = forms
        self.scan = scan
        self.courtColumn = courtColumn
        totals = Array(repeating: forms.map { FormTotals($0) }, count: periods)
        codes = forms.map { $0.subtrees.map { CodeCache(table: $0) } }
    }

    func add(_ block: CellBlock) throws {
        try scan.gather(block) { _, bytes in
            guard let bytes else {
                casesWithoutCourt += 1
                return
            }
            let court = Int(courts.index(of: bytes))
            if court == cases.count { cases.append(0) }
            cases[court] += 1
        } _: {
            try count($0)
        }
    }

    /// Counts what `add` has set aside; to be called after the last block.
    func finish() throws { try scan.judgeGathered { try count($0) } }

    private func count(_ rows: PredicateScan.Rows) throws {
        court.removeAll(keepingCapacity: true)
        for row in 0..<rows.count { court.append(rows.text(courtColumn, row: row).map { courts.index(of: $0) } ?? -1) }
        for period in totals.indices {
            for form in forms.indices {
                totals[period][form].makeRoom(forCourts: courts.texts.count)
                try count(form, period, rows)
            }
        }
    }

    /// Rows for which something is true, and those for which it is not false; the same where all is decided.
    private struct Mask {
        var isTrue: [UInt64]
        /// Nil where every row is decided.
        var isPossible: [UInt64]?

        init(_ words: [UInt64]) { isTrue = words }

        mutating func and(_ rows: PredicateScan.Rows, _ predicate: Int, _ period: Int) {
            let truth = rows.isTrue(predicate, period: period)
            let possible = rows.isPossible(predicate, period: period)
            var undecided: UInt64 = 0
            for word in isTrue.indices { undecided |= truth[word] ^ possible[word] }
            if undecided != 0 || isPossible != nil {
                var both = isPossible ?? isTrue
                for word in both.indices { both[word] &= possible[word] }
                isPossible = both
            }
            for word in isTrue.indices { isTrue[word] &= truth[word] }
            if isPossible == isTrue { isPossible = nil }
        }

        var possible: [UInt64] { isPossible ?? isTrue }
        var isEmpty: Bool { possible.allSatisfy { $0 == 0 } }
    }

    private func count(_ index: Int, _ period: Int, _ rows: PredicateScan.Rows) throws {
        let form = forms[index]
        var known = [UInt64](repeating: 0, count: rows.wordCount)
        for row in 0..<rows.count where court[row] >= 0 { known[row >> 6] |= 1 << UInt64(row & 63) }
        var scope = Mask(known)
        if let predicate = form.scope { scope.and(rows, predicate, period) }
        guard !scope.isEmpty else { return }
        let columns = form.columns.enumerated().compactMap { column, measure -> (column: Int, sum: Int?, mask: Mask)? in
            var mask = scope
            var sum: Int?
            switch measure {
            case .count(let predicate): mask.and(rows, predicate, period)
            case .sum(let scalar, _, let when):
                sum = scalar
                if let when { mask.and(rows, when, period) }
            case .ratio, .given: return nil
            }
            return mask.isEmpty ? nil : (column, sum, mask)
        }
        guard !columns.isEmpty else { return }
        var undecided = [UInt64](repeating: 0, count: rows.wordCount)
        for (row, test) in form.rows.enumerated() {
            guard case .predicate(let predicate) = test else { continue }
            var inRow = scope
            inRow.and(rows, predicate, period)
            guard !inRow.isEmpty else { continue }
            for (column, sum, mask) in columns {
                if let sum {
                    try add(sum, inRow, mask, row: row, column: column, index, period, rows, &undecided)
                } else {
                    count(inRow.isTrue, mask.isTrue, row: row, column: column, index, period)
                }
                guard inRow.isPossible != nil || mask.isPossible != nil else { continue }
                let (left, right) = (inRow.possible, mask.possible)
                for word in undecided.indices {
                    undecided[word] |= left[word] & right[word] & ~(inRow.isTrue[word] & mask.isTrue[word])
                }
            }
        }
        for subtree in form.subtrees.indices {
            try count(subtree, columns, index, period, rows, &undecided)
        }
        for (row, _) in Ones(undecided) { totals[period][index].undecidedCases[Int(court[row])] += 1 }
    }

    /// Adds 1 to the cell for each row that is in both.
    private func count(
        _ left: [UInt64], _ right: [UInt64], row: Int, column: Int, _ form: Int, _ period: Int
    ) {
        let size = totals[period][form].size
        let place = row * totals[period][form].columns + column
        totals[period][form].counts.withUnsafeMutableBufferPointer { counts in
            court.withUnsafeBufferPointer { court in
                for index in left.indices {
                    var rest = left[index] & right[index]
                    while rest != 0 {
                        counts[Int(court[index << 6 + rest.trailingZeroBitCount]) * size + place] += 1
                        rest &= rest &- 1
                    }
                }
            }
        }
    }

    /// Adds the amounts of the cell's rows; NULL adds nothing, and a row whose amount could not be read is undecided.
    private func add(
        _ scalar: Int, _ left: Mask, _ right: Mask, row: Int, column: Int, _ form: Int, _ period: Int,
        _ rows: PredicateScan.Rows, _ undecided: inout [UInt64]
    ) throws(OperationError) {
        let place = row * totals[period][form].columns + column
        let size = totals[period][form].size
        for word in left.isTrue.indices {
            var rest = left.isTrue[word] & right.isTrue[word]
            while rest != 0 {
                let at = word << 6 + rest.trailingZeroBitCount
                if let amount = rows.amount(scalar, period: period, row: at) {
                    try totals[period][form].add(amount, at: Int(court[at]) * size + place)
                } else if rows.isError(scalar, period: period, row: at) {
                    undecided[word] |= rest & (~rest &+ 1)
                }
                rest &= rest &- 1
            }
        }
    }

    /// The rows that a code tells: a NULL code, or one that did not parse, leaves them all undecided.
    private func count(
        _ subtree: Int, _ columns: [(column: Int, sum: Int?, mask: Mask)], _ index: Int, _ period: Int,
        _ rows: PredicateScan.Rows, _ undecided: inout [UInt64]
    ) throws {
        let width = totals[period][index].columns
        let size = totals[period][index].size
        let source = forms[index].subtrees[subtree].column
        var any = [UInt64](repeating: 0, count: rows.wordCount)
        for column in columns { for (word, bits) in column.mask.possible.enumerated() { any[word] |= bits } }
        for (row, word) in Ones(any) {
            let bit = UInt64(1) << UInt64(row & 63)
            guard let code = rows.text(source, row: row) else {
                undecided[word] |= bit
                continue
            }
            let found = codes[index][subtree].rows(of: code)
            guard !found.isEmpty else { continue }
            let first = Int(court[row]) * size
            for (column, sum, mask) in columns {
                guard mask.isTrue[word] & bit != 0 else {
                    if let possible = mask.isPossible, possible[word] & bit != 0 { undecided[word] |= bit }
                    continue
                }
                guard let sum else {
                    for line in found { totals[period][index].counts[first + line * width + column] += 1 }
                    continue
                }
                if let amount = rows.amount(sum, period: period, row: row) {
                    for line in found { try totals[period][index].add(amount, at: first + line * width + column) }
                } else if rows.isError(sum, period: period, row: row) {
                    undecided[word] |= bit
                }
            }
        }
    }
}

/// The places of the ones in some words, each with the word it is in.
private struct Ones: Sequence, IteratorProtocol {
    private let words: [UInt64]
    private var word = 0
    private var rest: UInt64

    init(_ words: [UInt64]) {
        self.words = words
        rest = words.first ?? 0
    }

    mutating func next() -> (place: Int, word: Int)? {
        while rest == 0 {
            word += 1
            guard word < words.count else { return nil }
            rest = words[word]
        }
        defer { rest &= rest &- 1 }
        return (word << 6 + rest.trailingZeroBitCount, word)
    }
}
