import Columnar
import Diagnostics
import RuleEngine

/// Counts the cases of blocks into all forms and periods. One per thread; what several counted is added up at the end.
///
/// Every distinct predicate was judged once; a cell is the rows that scope, row and column have in common. Cases that are
/// in the same cells are counted together (`AlikeCases`); amounts are added case by case.
final class FormTally {
    private let forms: [CompiledForms.Form]
    private let scan: PredicateScan
    private(set) var courts = ByteInterner()
    /// Cases read, by court.
    private(set) var cases: [Int] = []
    private(set) var casesWithoutCourt = 0
    /// By period, then form; whole after `finish`.
    private(set) var totals: [[FormTotals]]
    private let courtColumn: Int
    /// Of the rows that came through the gates; -1 where it is not known.
    private var court: [Int32] = []
    /// By form: how its cells are counted.
    private let layouts: [CountLayout]
    /// By period, form and part of its layout.
    private var alike: [[[AlikeCases]]]
    /// Columns of codes by which rows are told, each with what its rows say.
    private var codes: [CodeColumn]
    /// By form and subtree: its place in `codes` and there.
    private let subtreePlaces: [[(column: Int, subtree: Int)]]
    /// The rows that each counting column of the form at hand counts, column by column.
    private var columnWords: [UInt64] = []
    private let matrix = UnsafeMutablePointer<UInt64>.allocate(capacity: 64)
    private let kinds = UnsafeMutablePointer<AlikeCases.Kind>.allocate(capacity: 64)

    /// The numbers of a column's codes, and what rows each number has in the subtrees over the column.
    private struct CodeColumn {
        let column: Int
        var interner = ByteInterner()
        /// By row that came through the gates; -1 for NULL and error.
        var numbers: [Int32] = []
        /// Rows that have a number.
        var known: [UInt64] = []
        /// Subtrees over the column: the rows of each code met so far.
        var subtrees: [(table: CodeRows, rows: [[Int]])] = []

        mutating func read(_ rows: PredicateScan.Rows) {
            numbers.removeAll(keepingCapacity: true)
            known = [UInt64](repeating: 0, count: rows.wordCount)
            for row in 0..<rows.count {
                let number = rows.text(column, row: row).map { interner.index(of: $0) } ?? -1
                numbers.append(number)
                if number >= 0 { known[row >> 6] |= 1 << UInt64(row & 63) }
            }
            for place in subtrees.indices {
                for code in subtrees[place].rows.count..<interner.texts.count {
                    subtrees[place].rows.append(subtrees[place].table.rows(of: interner.texts[code]))
                }
            }
        }
    }

    /// - Parameter scan: keeps `courtColumn` and the columns of the forms' subtrees.
    init(_ forms: [CompiledForms.Form], periods: Int, courtColumn: Int, _ scan: PredicateScan) {
        self.forms = forms
        self.scan = scan
        self.courtColumn = courtColumn
        totals = Array(repeating: forms.map { FormTotals($0) }, count: periods)
        layouts = forms.map { CountLayout($0) }
        alike = Array(
            repeating: layouts.map { Array(repeating: AlikeCases(), count: $0.parts.count) }, count: periods)
        let columns = Set(forms.flatMap { $0.subtrees.map(\.column) }).sorted()
        var codes = columns.map { CodeColumn(column: $0) }
        subtreePlaces = forms.map { form in
            form.subtrees.map { table in
                let column = columns.firstIndex(of: table.column) ?? 0
                codes[column].subtrees.append((table, []))
                return (column, codes[column].subtrees.count - 1)
            }
        }
        self.codes = codes
    }

    deinit {
        matrix.deallocate()
        kinds.deallocate()
    }

    func add(_ block: CellBlock) throws {
        try scan.gather(block, courts: countCourts) { try count($0) }
    }

    private func countCourts(_ texts: PredicateScan.Texts) {
        // Held alone while rows are counted, as below.
        var (courts, cases) = (ByteInterner(), [Int]())
        swap(&courts, &self.courts)
        swap(&cases, &self.cases)
        defer {
            swap(&courts, &self.courts)
            swap(&cases, &self.cases)
        }
        for row in 0..<texts.count {
            guard let bytes = texts[row] else {
                casesWithoutCourt += 1
                continue
            }
            let court = Int(courts.index(of: bytes))
            if court == cases.count { cases.append(0) }
            cases[court] += 1
        }
    }

    /// Counts what `add` has set aside; to be called after the last block.
    func finish() throws {
        try scan.judgeGathered { try count($0) }
        for period in totals.indices {
            for form in forms.indices {
                for part in layouts[form].parts.indices { settle(form, part, period) }
            }
        }
    }

    private func count(_ rows: PredicateScan.Rows) throws {
        court.removeAll(keepingCapacity: true)
        for row in 0..<rows.count { court.append(rows.text(courtColumn, row: row).map { courts.index(of: $0) } ?? -1) }
        var known = [UInt64](repeating: 0, count: rows.wordCount)
        for row in 0..<rows.count where court[row] >= 0 { known[row >> 6] |= 1 << UInt64(row & 63) }
        for place in codes.indices { codes[place].read(rows) }
        for period in totals.indices {
            for form in forms.indices {
                totals[period][form].makeRoom(forCourts: courts.texts.count)
                try count(form, period, known, rows)
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
            if isPossible != nil || !rows.isDecided(predicate, period: period) {
                let possible = rows.isPossible(predicate, period: period)
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

    /// A column of the form, the scalar that it adds up, and the rows that it counts.
    private struct OpenColumn {
        var column: Int
        var sum: Int?
        var mask: Mask
    }

    private func count(_ index: Int, _ period: Int, _ known: [UInt64], _ rows: PredicateScan.Rows) throws {
        let form = forms[index]
        var scope = Mask(known)
        if let predicate = form.scope { scope.and(rows, predicate, period) }
        guard !scope.isEmpty else { return }
        let columns = form.columns.enumerated().compactMap { column, measure -> OpenColumn? in
            var mask = scope
            var sum: Int?
            switch measure {
            case .count(let predicate): mask.and(rows, predicate, period)
            case .sum(let scalar, _, let when):
                sum = scalar
                if let when { mask.and(rows, when, period) }
            case .ratio, .given: return nil
            }
            return mask.isEmpty ? nil : OpenColumn(column: column, sum: sum, mask: mask)
        }
        guard !columns.isEmpty else { return }
        columnWords.removeAll(keepingCapacity: true)
        columnWords.append(contentsOf: repeatElement(0, count: form.columns.count * rows.wordCount))
        for column in columns where column.sum == nil {
            for (word, bits) in column.mask.isTrue.enumerated() {
                columnWords[column.column * rows.wordCount + word] = bits
            }
        }
        for part in layouts[index].parts.indices {
            count(index, part, period, rows)
            if alike[period][index][part].isFull { settle(index, part, period) }
        }
        var undecided = [UInt64](repeating: 0, count: rows.wordCount)
        for column in columns where column.sum != nil {
            try addAmounts(index, column, period, rows, &undecided)
        }
        findUndecided(index, columns, scope, period, rows, &undecided)
        for (row, _) in Ones(undecided) { totals[period][index].undecidedCases[Int(court[row])] += 1 }
    }

    /// Counts the rows of a part's cells as cases that are alike.
    private func count(_ form: Int, _ part: Int, _ period: Int, _ rows: PredicateScan.Rows) {
        let layout = layouts[form].parts[part]
        let wordCount = rows.wordCount
        let columnBits = layout.columnBits
        let tests = layout.rows.map { rows.isTrue($0.predicate, period: period) }
        let numbers = layout.subtree.map { codes[subtreePlaces[form][$0].column].numbers } ?? []
        let (matrix, kinds, court) = (matrix, kinds, court)
        let square = BitMatrix(predicates: layout.columns.count + tests.count)
        // Held alone while rows are counted: else each would look whether somebody else holds it too.
        var alike = AlikeCases()
        swap(&alike, &self.alike[period][form][part])
        defer { swap(&alike, &self.alike[period][form][part]) }
        columnWords.withUnsafeBufferPointer { columnWords in
            for word in 0..<wordCount {
                var any: UInt64 = 0
                for (bit, column) in layout.columns.enumerated() {
                    matrix[bit] = columnWords[column * wordCount + word]
                    any |= matrix[bit]
                }
                guard any != 0 else { continue }
                if layout.subtree == nil {
                    var inRows: UInt64 = 0
                    for (index, test) in tests.enumerated() {
                        matrix[layout.columns.count + index] = test[word]
                        inRows |= test[word]
                    }
                    any &= inRows
                    guard any != 0 else { continue }
                }
                for bit in layout.columns.count + tests.count..<square.side { matrix[bit] = 0 }
                square.transpose(matrix)
                var count = 0
                var rest = any
                while rest != 0 {
                    let bit = rest.trailingZeroBitCount
                    rest &= rest &- 1
                    let row = word << 6 + bit
                    let bits = square.row(bit, of: matrix)
                    var code: Int32 = 0
                    if layout.subtree != nil {
                        code = numbers[row]
                        guard code >= 0 else { continue }
                    } else if bits & ~columnBits == 0 {
                        continue
                    }
                    kinds[count] = .init(bits: bits, court: court[row], code: code)
                    count += 1
                }
                alike.add(UnsafeBufferPointer(start: kinds, count: count))
            }
        }
    }

    /// Adds what was counted together to the cells.
    private func settle(_ form: Int, _ part: Int, _ period: Int) {
        let layout = layouts[form].parts[part]
        let found = layout.subtree.map { subtree in
            let place = subtreePlaces[form][subtree]
            return codes[place.column].subtrees[place.subtree].rows
        }
        totals[period][form].makeRoom(forCourts: courts.texts.count)
        let size = totals[period][form].size
        let width = totals[period][form].columns
        let columnCount = layout.columns.count
        totals[period][form].counts.withUnsafeMutableBufferPointer { counts in
            alike[period][form][part].drain { kind, cases in
                let first = Int(kind.court) * size
                func count(row: Int) {
                    var columns = kind.bits & layout.columnBits
                    while columns != 0 {
                        counts[first + row * width + layout.columns[columns.trailingZeroBitCount]] += cases
                        columns &= columns &- 1
                    }
                }
                if let found {
                    for row in found[Int(kind.code)] { count(row: row) }
                    return
                }
                var rows = kind.bits & ~layout.columnBits
                while rows != 0 {
                    count(row: layout.rows[rows.trailingZeroBitCount - columnCount].row)
                    rows &= rows &- 1
                }
            }
        }
    }

    /// Adds the amounts of a column's cells; NULL adds nothing, and a row whose amount could not be read is undecided.
    private func addAmounts(
        _ index: Int, _ column: OpenColumn, _ period: Int, _ rows: PredicateScan.Rows, _ undecided: inout [UInt64]
    ) throws(OperationError) {
        guard let scalar = column.sum else { return }
        let form = forms[index]
        let width = totals[period][index].columns
        let size = totals[period][index].size
        func add(_ row: Int, to lines: some Sequence<Int>) throws(OperationError) {
            if let amount = rows.amount(scalar, period: period, row: row) {
                for line in lines {
                    try totals[period][index].add(
                        amount, at: Int(court[row]) * size + line * width + column.column)
                }
            } else if rows.isError(scalar, period: period, row: row) {
                undecided[row >> 6] |= 1 << UInt64(row & 63)
            }
        }
        for (line, test) in form.rows.enumerated() {
            guard case .predicate(let predicate) = test else { continue }
            let truth = rows.isTrue(predicate, period: period)
            for word in column.mask.isTrue.indices {
                var rest = column.mask.isTrue[word] & truth[word]
                while rest != 0 {
                    try add(word << 6 + rest.trailingZeroBitCount, to: CollectionOfOne(line))
                    rest &= rest &- 1
                }
            }
        }
        for subtree in form.subtrees.indices {
            let place = subtreePlaces[index][subtree]
            for (row, _) in Ones(column.mask.isTrue) {
                let code = codes[place.column].numbers[row]
                guard code >= 0 else { continue }
                let lines = codes[place.column].subtrees[place.subtree].rows[Int(code)]
                if !lines.isEmpty { try add(row, to: lines) }
            }
        }
    }

    /// Finds the rows of which some cell cannot be decided: its predicates are not, or the code is NULL or did not parse.
    private func findUndecided(
        _ index: Int, _ columns: [OpenColumn], _ scope: Mask, _ period: Int, _ rows: PredicateScan.Rows,
        _ undecided: inout [UInt64]
    ) {
        let form = forms[index]
        let areColumnsDecided = columns.allSatisfy { $0.mask.isPossible == nil }
        for test in form.rows {
            guard case .predicate(let predicate) = test else { continue }
            if areColumnsDecided, scope.isPossible == nil, rows.isDecided(predicate, period: period) { continue }
            var inRow = scope
            inRow.and(rows, predicate, period)
            let possible = inRow.possible
            for column in columns where inRow.isPossible != nil || column.mask.isPossible != nil {
                let other = column.mask.possible
                for word in undecided.indices {
                    undecided[word] |=
                        possible[word] & other[word] & ~(inRow.isTrue[word] & column.mask.isTrue[word])
                }
            }
        }
        for subtree in form.subtrees.indices {
            let place = subtreePlaces[index][subtree]
            let lines = codes[place.column].subtrees[place.subtree].rows
            for column in columns {
                let possible = column.mask.possible
                for word in undecided.indices { undecided[word] |= possible[word] & ~codes[place.column].known[word] }
                guard column.mask.isPossible != nil else { continue }
                for (row, word) in Ones(possible) {
                    let bit = UInt64(1) << UInt64(row & 63)
                    let code = codes[place.column].numbers[row]
                    if code >= 0, column.mask.isTrue[word] & bit == 0, !lines[Int(code)].isEmpty {
                        undecided[word] |= bit
                    }
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
