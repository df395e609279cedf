/// How the counted cells of a form are divided into parts of at most 64 rows and columns together, a bit for each.
struct CountLayout {
    struct Part {
        /// The form's columns that count cases, by position; bit `i` is `columns[i]`.
        var columns: [Int]
        /// The form's rows that a predicate tells; they have the bits after the columns'.
        var rows: [(row: Int, predicate: Int)]
        /// The form's subtree whose codes tell the rows instead.
        var subtree: Int?

        /// The bits of the columns.
        var columnBits: UInt64 { 1 << UInt64(columns.count) - 1 }
    }

    private(set) var parts: [Part] = []

    init(_ form: CompiledForms.Form) {
        let counting = form.columns.indices.filter { if case .count = form.columns[$0] { true } else { false } }
        let tested = form.rows.enumerated().compactMap { row, test in
            if case .predicate(let predicate) = test { (row: row, predicate: predicate) } else { nil }
        }
        self.init(
            columns: counting, rows: tested, subtrees: form.subtrees.indices.filter { form.subtrees[$0].hasRows })
    }

    /// - Parameter subtrees: those by which rows are told.
    init(columns counting: [Int], rows tested: [(row: Int, predicate: Int)], subtrees: [Int]) {
        // Wide forms leave half of the bits to rows.
        for columns in CountLayout.pieces(counting, of: counting.count <= 48 ? 48 : 32) {
            for rows in CountLayout.pieces(tested, of: 64 - columns.count) {
                parts.append(Part(columns: columns, rows: rows))
            }
            for subtree in subtrees {
                parts.append(Part(columns: columns, rows: [], subtree: subtree))
            }
        }
    }

    private static func pieces<Element>(_ all: [Element], of size: Int) -> [[Element]] {
        stride(from: 0, to: all.count, by: size).map { Array(all[$0..<min($0 + size, all.count)]) }
    }
}
