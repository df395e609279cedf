import Columnar

extension CellBlock {
    /// Forgets the rows but keeps the storage, with room for `rows` of them.
    mutating func restart(columnCount: Int, firstRow: Int, firstLine: Int, byteOffset: Int) {
        self.columnCount = columnCount
        self.firstRow = firstRow
        self.firstLine = firstLine
        self.byteOffset = byteOffset
        rowCount = 0
        lines.removeAll(keepingCapacity: true)
    }

    /// Makes room for so many rows.
    mutating func reserve(rows: Int) {
        if starts.count < rows { starts.append(contentsOf: repeatElement(0, count: rows - starts.count)) }
        let count = rows * columnCount
        if cells.count < count { cells.append(contentsOf: repeatElement(.null, count: count - cells.count)) }
    }

    /// The record that `scanner` found becomes a row.
    ///
    /// - Parameter end: where free bytes begin; moved on by what is copied there, the values with doubled quotes.
    mutating func append(_ scanner: RecordScanner, start: Int, nullText: [UInt8], end: inout Int) {
        reserve(rows: rowCount + 1)
        starts[rowCount] = UInt32(start)
        for (index, field) in scanner.fields.enumerated() {
            let isNull =
                !field.isQuoted
                && (field.start == field.end || bytes[field.start..<field.end].elementsEqual(nullText))
            var cell = isNull ? Cell.null : Cell(start: UInt32(field.start), end: UInt32(field.end))
            if field.hasDoubledQuote { cell = appendUndoubled(field.start..<field.end, end: &end) }
            cells[rowCount * columnCount + index] = cell
        }
        rowCount += 1
    }

    private mutating func appendUndoubled(_ range: Range<Int>, end: inout Int) -> Cell {
        bytes.grow(to: end + range.count + CellBlock.padding)
        let start = end
        var isFirst = false
        for place in range {
            let byte = bytes[place]
            isFirst = byte == UInt8(ascii: "\"") && !isFirst
            if isFirst { continue }
            bytes[end] = byte
            end += 1
        }
        return Cell(start: UInt32(start), end: UInt32(end))
    }
}
