/// A typed column of a block.
///
/// A row is a value, NULL, or an error: a text that does not parse as the column's type.
public struct Column: Sendable {
    public enum Storage: Sendable {
        /// int, date, timestamp, bool, and decimals of at most 18 digits.
        case int64([Int64])
        /// Decimals of 19 to 38 digits.
        case int128([Int128])
        case text(TextColumn)
    }

    public var kind: ColumnKind
    public var storage: Storage
    /// One for a value, zero for NULL or error. The storage under a zero is unspecified but present.
    public var valid: Bitmap
    /// One where the text did not parse; nil when all parsed.
    public var errors: Bitmap?

    public init(kind: ColumnKind, storage: Storage, valid: Bitmap, errors: Bitmap? = nil) {
        self.kind = kind
        self.storage = storage
        self.valid = valid
        self.errors = errors
    }
}

/// A piece of typed columns in memory (not to be confused with a batch, 批次, which is a folder that travels).
public struct Block: Sendable {
    public var columns: [Column]
    public var rowCount: Int
    /// The number of the first row among all rows of its table, from 1.
    public var firstRow: Int

    public init(columns: [Column], rowCount: Int, firstRow: Int) {
        self.columns = columns
        self.rowCount = rowCount
        self.firstRow = firstRow
    }
}
