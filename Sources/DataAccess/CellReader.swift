public import Columnar

/// Rows of one table, pulled block by block into storage that is used again. Not calling `next` is the back-pressure.
///
/// A reader belongs to one thread; the block may be handed to another between two calls, or be another one each time.
public protocol CellReader {
    /// Names in the order of the block's columns, as the source calls them.
    var columns: [String] { get }
    /// By column, how much the source says that it may hold; nil where it says nothing. Empty where it never does.
    var widths: [ColumnWidth?] { get }
    /// Fills `block`, whose storage is reused; false at the end. A block may have 0 rows before the end, as when only
    /// records that are no rows were met. Rows of one block are consecutive in number.
    mutating func next(into block: inout CellBlock) throws -> Bool
}

extension CellReader {
    public var widths: [ColumnWidth?] { [] }
}

/// Reads rows again at places that a `CellReader` told, without reading what lies before them.
public protocol RowFetcher {
    /// Fills `block` with rows that follow each other from a place on; it knows no lines.
    ///
    /// - Parameters:
    ///   - byteOffset: `byteOffset + starts[row]` of the block in which the reader gave the first of them.
    ///   - firstRow: its number.
    mutating func fetch(at byteOffset: Int, count: Int, firstRow: Int, into block: inout CellBlock) throws
}
