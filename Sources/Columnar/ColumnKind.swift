/// How the values of a typed column are kept.
public enum ColumnKind: Sendable, Hashable {
    case int
    /// At most 38 digits, `scale` of them after the point; kept as the integer value × 10^scale.
    case decimal(precision: Int, scale: Int)
    /// UTF-8 bytes, at most `maxLength` code points.
    case text(maxLength: Int?)
    /// Days since 1970-01-01.
    case date
    /// Microseconds since 1970-01-01 00:00:00, without a zone.
    case timestamp
    case bool
}
