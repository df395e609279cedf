/// Rows as they lie in what was read: the bytes, and where each cell begins and ends. Nothing is copied per cell.
///
/// A reader fills the same block again and again, so that its storage is allocated once; arrays may therefore be longer
/// than what the last rows use.
public struct CellBlock: Sendable {
    /// Where one value lies in `bytes`: the content without its quotes, doubled quotes undone.
    public struct Cell: Sendable, Equatable {
        public var start: UInt32
        public var end: UInt32

        @inlinable public init(start: UInt32, end: UInt32) {
            self.start = start
            self.end = end
        }

        public static let null = Cell(start: 1, end: 0)

        /// NULL is a cell that ends before it begins; the empty text ends where it begins.
        @inlinable public var isNull: Bool { start > end }
        /// In bytes; 0 for NULL.
        @inlinable public var count: Int { isNull ? 0 : Int(end &- start) }
        /// Places in `bytes`; empty for NULL.
        @inlinable public var range: Range<Int> { isNull ? 0..<0 : Int(start)..<Int(end) }
    }

    /// Readable bytes that follow the last cell, so that kernels may load whole vectors.
    public static let padding = 64

    public var columnCount: Int
    public var rowCount = 0
    /// The number of the first row among all rows of its reader, from 1; the header is not counted.
    public var firstRow = 1
    /// What cells point into; at least `padding` readable bytes follow the last cell.
    public var bytes: [UInt8] = []
    /// Row-major: the cell at (row, column) is `cells[row * columnCount + column]`.
    public var cells: [Cell] = []
    /// Line at which the first row begins, from 1; 0 when there are no lines.
    public var firstLine = 0
    /// Line at which each row begins, filled only when some record spans several lines; else row r begins at line
    /// `firstLine + r`.
    public var lines: [Int32] = []
    /// Where each record begins in `bytes`.
    public var starts: [UInt32] = []
    /// Where the first record begins in the (decompressed) file: record r begins at `byteOffset + starts[r]`.
    public var byteOffset = 0

    public init(columnCount: Int = 0) { self.columnCount = columnCount }

    /// Bytes from which on a reader of a database gives out what it has, though there would be room for more rows.
    public static let preferredByteCount = 4 << 20

    /// Begins to take rows that come from no text file: without lines, and with the storage of those before.
    ///
    /// `bytes` and `cells` stay as they are, for the reader to write over.
    public mutating func begin(columnCount: Int, firstRow: Int) {
        self.columnCount = columnCount
        self.firstRow = firstRow
        rowCount = 0
        firstLine = 0
        byteOffset = 0
        lines.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
    }

    /// Line at which a row begins, from 1; 0 when there are no lines.
    public func line(ofRow row: Int) -> Int {
        lines.isEmpty ? (firstLine == 0 ? 0 : firstLine + row) : Int(lines[row])
    }

    /// The value as a string, nil for NULL; for messages and tests, not for hot loops.
    public func text(row: Int, column: Int) -> String? {
        let cell = cells[row * columnCount + column]
        return cell.isNull ? nil : String(decoding: bytes[cell.range], as: UTF8.self)
    }
}
