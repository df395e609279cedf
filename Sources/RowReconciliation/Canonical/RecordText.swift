/// The text of a record as PostgreSQL prints `ROW(…)`: `(a,"b c",,"")`.
///
/// NULL is nothing, the empty text `""`; a cell with a quote, backslash, parenthesis, comma or blank is quoted, with
/// quotes and backslashes doubled. Different records have different texts, whatever characters their cells hold.
struct RecordText {
    private(set) var bytes: [UInt8] = []

    mutating func set(_ row: PackedRow, cells: Range<Int>) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(UInt8(ascii: "("))
        row.bytes.withUnsafeBufferPointer { source in
            row.forEachCell { column, range in
                guard cells.contains(column) else { return }
                if column > cells.lowerBound { bytes.append(UInt8(ascii: ",")) }
                if let range { append(UnsafeBufferPointer(rebasing: source[range])) }
            }
        }
        bytes.append(UInt8(ascii: ")"))
    }

    private mutating func append(_ cell: UnsafeBufferPointer<UInt8>) {
        guard cell.isEmpty || cell.contains(where: Self.isSpecial) else {
            bytes.append(contentsOf: cell)
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in cell {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    @inline(__always) private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","), 9...13,
            32:
            true
        default: false
        }
    }
}
