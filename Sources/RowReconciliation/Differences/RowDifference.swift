/// One key of which two sides say different things (差异).
public struct RowDifference: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Only the right side has the row.
        case missingLeft = "missing-left"
        /// Only the left side has the row.
        case missingRight = "missing-right"
        case changed
        /// A side has several rows of the key, and not both the same ones.
        case duplicate
    }

    /// A cell of a changed row; canonical texts, nil for NULL.
    public struct Cell: Sendable, Hashable {
        /// The schema's code.
        public var column: String
        public var left: String?
        public var right: String?
        public var cause: DifferenceCause
    }

    public var kind: Kind
    /// Canonical texts in the order of the key's columns, nil for NULL.
    public var key: [String?]
    /// The key on the other side when the row seems to be there under another one.
    public var otherKey: [String?]?
    /// Of a changed row, those that differ, in the order of the comparison.
    public var cells: [Cell] = []
    public var leftRows: Int
    public var rightRows: Int
    /// The values by which differences are counted, those of the left side where it has the row; dates as their month.
    public var groups: [String?] = []
    public var cause: DifferenceCause

    /// Whether only one side has the row.
    var isMissing: Bool { kind == .missingLeft || kind == .missingRight }
}

/// Why two values, or a row, probably differ (差异原因).
public enum DifferenceCause: String, Sendable, Hashable, CaseIterable {
    /// NULL on one side, the empty text on the other.
    case nullAgainstEmpty = "null-empty"
    /// Equal but for blanks at the end.
    case trailingBlank = "trailing-blank"
    /// Equal but for full-width against half-width characters (全角、半角).
    case width = "full-half-width"
    /// One is the other, rounded or cut to fewer decimals.
    case precision
    /// Timestamps that are a number of half hours apart, at most 14 hours.
    case timeZone = "time-zone"
    /// One is the other without its time of day or fraction.
    case timeCut = "time-cut"
    /// Characters of one side were replaced on the other: U+FFFD, `?`, private use.
    case encoding
    /// The source's code and the standard's for the same thing.
    case sameCode = "same-code"
    /// The row is there under another key with the same second key (案号).
    case keyChurn = "key-churn"
    /// The right side has an older version of the row, by its watermark.
    case stale
    /// The library lacks the row since it waits in its quarantine (隔离).
    case quarantined
    /// A later look found no difference: the row was just being changed.
    case inFlight = "in-flight"
    case unexplained
}
