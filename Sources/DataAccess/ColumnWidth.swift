/// 列宽: how much a column may hold, as its database declares it.
public enum ColumnWidth: Sendable, Hashable {
    /// So many characters.
    case text(Int)
    /// So many digits, and how many of them are decimals.
    case decimal(precision: Int, scale: Int)
}
