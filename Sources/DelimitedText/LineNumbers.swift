/// At which lines the rows of a block begin.
struct LineNumbers {
    /// Of the next record, from 1.
    var next: Int
    /// Of each row; may be longer than there are rows.
    var ofRows: [Int32] = []
    /// Whether some row of the block spans several lines.
    var hasInnerLines = false

    /// Makes room for so many rows.
    mutating func reserve(rows: Int) {
        if ofRows.count < rows { ofRows.append(contentsOf: repeatElement(0, count: rows - ofRows.count)) }
    }
}
