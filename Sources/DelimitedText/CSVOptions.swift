/// How a delimited file is written.
public struct CSVOptions: Sendable {
    public var delimiter: UInt8
    /// The unquoted text that means NULL beside the empty one.
    public var nullText: String?
    /// The columns in their order, for a file without a header line.
    public var columns: [String]?

    public init(delimiter: UInt8 = UInt8(ascii: ","), nullText: String? = nil, columns: [String]? = nil) {
        self.delimiter = delimiter
        self.nullText = nullText
        self.columns = columns
    }
}

/// A record that is no row; it counts as one, and is judged by no rule.
public struct MalformedRecord: Sendable, Hashable {
    /// Stable names, as in `csv.<table>.<kind>`.
    public enum Kind: String, Sendable, CaseIterable {
        /// Not as many fields as the header.
        case fields
        /// A quote that never closes, or text after a closing quote.
        case quote
        /// Bytes that are not UTF-8, or could not be decoded (`DecodingSource`).
        case encoding
        /// A zero byte.
        case nul
    }

    public var kind: Kind
    /// Among all records of the reader, from 1, the header not counted.
    public var row: Int
    /// The line at which it begins, from 1.
    public var line: Int
    /// From the beginning of the (decompressed, decoded) file.
    public var byteOffset: Int
    /// As they stand in the (decompressed, decoded) file, without the line end.
    public var bytes: [UInt8]

    package init(kind: Kind, row: Int, line: Int, byteOffset: Int, bytes: [UInt8]) {
        self.kind = kind
        self.row = row
        self.line = line
        self.byteOffset = byteOffset
        self.bytes = bytes
    }
}

/// What about a file is accepted but worth saying once.
public enum CSVNotice: String, Sendable, CaseIterable {
    case byteOrderMark = "byte-order-mark"
    case carriageReturns = "crlf"
    case mixedLineEnds = "mixed-line-ends"
    case loneCarriageReturn = "lone-carriage-return"
}
