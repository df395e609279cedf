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
    /// Courts of the rows of the block; -1 where it is not known.
    private var courtOfRow: [Int32] = []
    /// Of the rows that came through the gates.
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

    init(_ forms: [CompiledForms.Form], periods: Int, _ scan: PredicateScan) {
        self.forms = forms
        self.scan = scan
        totals = Array(repeating: forms.map { FormTotals($0) }, count: periods)
        codes = forms.map { $0.subtrees.map { CodeCache(table: $0) } }
    }

    func add(_ block: CellBlock) throws {
        courtOfRow.removeAll(keepingCapacity: true)
        try scan.judge(block) { _, bytes in
            guard let bytes else {
                casesWithoutCourt += 1
                courtOfRow.append(-1)
                return
            }
            let court = courts.index(of: bytes)
            if Int(court) == cases.count { cases.append(0) }
            cases[Int(court)] += 1
            courtOfRow.append(court)
        } _: { rows in
            court = rows.places.map { courtOfRow[Int($0)] }
            for period in totals.indices {
                for form in forms.indices {
                    totals[period][form].makeRoom(forCourts: courts.texts.count)
                    try count(form, period, rows)
                }
            }
        }
    }

    /// A mask over the rows: those for which something is true, and those for which it is not false.
    private struct Mask {
        var isTrue: [UInt64]
        var isPossible: [UInt64]

        mutating func and(_ rows: PredicateScan.Rows, _ predicate: Int, _ period: Int) {
            let (truth, possible) = (
                rows.isTrue(predicate, period: period), rows.isPossible(predicate, period: period)
            )
            for word in isTrue.indices {
                isTrue[word] &= truth[word]
                isPossible[word] &= possible[word]
            }
        }

        func and(_ other: Mask) -> Mask {
            var both = self
            for word in isTrue.indices {
                both.isTrue[word] &= other.isTrue[word]
                both.isPossible[word] &= other.isPossible[word]
            }
            return both
        }

        var isEmpty: Bool { isPossible.allSatisfy { $0 == 0 } }

        /// Adds the rows that are possible but not true.
        func addUndecided(to words: inout [UInt64]) {
            for word in words.indices { words[word] |= isPossible[word] & ~isTrue[word] }
        }
    }

    private func count(_ index: Int, _ period: Int, _ rows: PredicateScan.Rows) throws {
        let form = forms[index]
        var scope = Mask(isTrue: [], isPossible: [])
        scope.isTrue = [UInt64](repeating: 0, count: rows.wordCount)
        for row in 0..<rows.count where court[row] >= 0 { scope.isTrue[row >> 6] |= 1 << UInt64(row & 63) }
        scope.isPossible = scope.isTrue
        if let predicate = form.scope { scope.and(rows, predicate, period) }
        guard !scope.isEmpty else { return }
        let columns = form.columns.map { measure -> Mask? in
            var mask = scope
            switch measure {
            case .count(let predicate), .sum(_, _, .some(let predicate)): mask.and(rows, predicate, period)
            case .sum(_, _, nil): break
            case .ratio, .given: return nil
            }
            return mask.isEmpty ? nil : mask
        }
        var undecided = [UInt64](repeating: 0, count: rows.wordCount)
        for (row, test) in form.rows.enumerated() {
            guard case .predicate(let predicate) = test else { continue }
            var inRow = scope
            inRow.and(rows, predicate, period)
            guard !inRow.isEmpty else { continue }
            for (column, mask) in columns.enumerated() {
                guard var cell = mask?.and(inRow) else { continue }
                if case .sum(let scalar, _, _) = form.columns[column] {
                    try add(scalar, &cell, row: row, column: column, index, period, rows)
                } else {
                    count(cell.isTrue, row: row, column: column, index, period)
                }
                cell.addUndecided(to: &undecided)
            }
        }
        for subtree in form.subtrees.indices {
            try count(subtree, columns, index, period, rows, &undecided)
        }
        forEach(undecided) { row in totals[period][index].undecidedCases[Int(court[row])] += 1 }
    }

    private func count(_ words: [UInt64], row: Int, column: Int, _ form: Int, _ period: Int) {
        let size = totals[period][form].size
        let place = row * totals[period][form].columns + column
        totals[period][form].counts.withUnsafeMutableBufferPointer { counts in
            court.withUnsafeBufferPointer { court in
                for (index, word) in words.enumerated() {
                    var rest = word
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
        _ scalar: Int, _ cell: inout Mask, row: Int, column: Int, _ form: Int, _ period: Int, _ rows: PredicateScan.Rows
    ) throws(OperationError) {
        let place = row * totals[period][form].columns + column
        let size = totals[period][form].size
        for word in cell.isTrue.indices {
            var rest = cell.isTrue[word]
            while rest != 0 {
                let at = word << 6 + rest.trailingZeroBitCount
                if let amount = rows.amount(scalar, period: period, row: at) {
                    try totals[period][form].add(amount, at: Int(court[at]) * size + place)
                } else if rows.isError(scalar, period: period, row: at) {
                    cell.isTrue[word] &= ~(rest & (~rest &+ 1))
                }
                rest &= rest &- 1
            }
        }
    }

    /// The rows that a code tells: a NULL code, or one that did not parse, leaves them all undecided.
    private func count(
        _ subtree: Int, _ columns: [Mask?], _ index: Int, _ period: Int, _ rows: PredicateScan.Rows,
        _ undecided: inout [UInt64]
    ) throws {
        let form = forms[index]
        let size = totals[period][index].size
        for (column, mask) in columns.enumerated() {
            guard let mask else { continue }
            var scalar: Int?
            if case .sum(let place, _, _) = form.columns[column] { scalar = place }
            for word in mask.isPossible.indices {
                var rest = mask.isPossible[word]
                while rest != 0 {
                    let bit = rest & (~rest &+ 1)
                    let row = word << 6 + rest.trailingZeroBitCount
                    rest &= rest &- 1
                    guard let code = rows.text(form.subtrees[subtree].column, row: row) else {
                        undecided[word] |= bit
                        continue
                    }
                    let found = codes[index][subtree].rows(of: code)
                    guard mask.isTrue[word] & bit != 0 else {
                        if !found.isEmpty { undecided[word] |= bit }
                        continue
                    }
                    let cell = Int(court[row]) * size + column
                    guard let scalar else {
                        for line in found {
                            totals[period][index].counts[cell + line * form.columns.count] += 1
                        }
                        continue
                    }
                    if let amount = rows.amount(scalar, period: period, row: row) {
                        for line in found {
                            try totals[period][index].add(amount, at: cell + line * form.columns.count)
                        }
                    } else if rows.isError(scalar, period: period, row: row), !found.isEmpty {
                        undecided[word] |= bit
                    }
                }
            }
        }
    }

    private func forEach(_ words: [UInt64], _ body: (Int) -> Void) {
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                body(index << 6 + rest.trailingZeroBitCount)
                rest &= rest &- 1
            }
        }
    }
}
