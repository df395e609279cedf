/// A piece of rows as they were read: every value is text or NULL, nothing is parsed yet.
///
/// What readers (CSV, COPY, SQLite) yield, what writers take. Typed columns are made from it by `ColumnDecoder`.
public struct RawBlock: Sendable {
    public var columns: [TextColumn]
    public var rowCount: Int
    /// The number of the first row among all rows of its reader, from 1; the header is not counted.
    public var firstRow: Int
    /// For files: line number (from 1) at which each row starts; empty otherwise.
    public var lines: [Int32] = []

    public init(columnCount: Int, firstRow: Int = 1) {
        columns = Array(repeating: TextColumn(), count: columnCount)
        rowCount = 0
        self.firstRow = firstRow
    }

    /// Rows that one block holds at most; small enough that a block of one column stays in the cache.
    public static let preferredRowCount = 4096
}
