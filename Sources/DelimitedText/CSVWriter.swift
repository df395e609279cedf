public import Columnar
public import DataAccess

/// Writes the strict profile: UTF-8, comma, LF, a header, quotes only where they are needed, NULL as the unquoted empty
/// field and the empty text as `""`.
public struct CSVWriter<Sink: ByteSink>: BlockWriter {
    public private(set) var sink: Sink
    /// Rows written so far.
    public private(set) var rowCount = 0
    private var buffer: [UInt8] = []

    public init(_ sink: Sink, columns: [String]) throws {
        self.sink = sink
        buffer.append(contentsOf: CSVEncoding.record(of: columns).utf8)
        buffer.append(UInt8(ascii: "\n"))
    }

    public mutating func write(_ block: RawBlock) throws {
        for row in 0..<block.rowCount {
            CSVEncoding.append(block, row: row, to: &buffer)
            buffer.append(UInt8(ascii: "\n"))
            if buffer.count >= 1 << 18 { try flush() }
        }
        rowCount += block.rowCount
    }

    /// Writes one row, field by field, without a block between.
    public mutating func writeRow(_ body: (inout CSVFields) -> Void) throws {
        // Lent to the fields, so that it is not copied.
        var fields = CSVFields()
        swap(&fields.buffer, &buffer)
        body(&fields)
        swap(&fields.buffer, &buffer)
        buffer.append(UInt8(ascii: "\n"))
        rowCount += 1
        if buffer.count >= 1 << 18 { try flush() }
    }

    public mutating func finish() throws {
        try flush()
        try sink.finish()
    }

    private mutating func flush() throws {
        try buffer.withUnsafeBytes { try sink.write($0) }
        buffer.removeAll(keepingCapacity: true)
    }
}

/// The fields of one record, one after another; nil is NULL.
public struct CSVFields {
    fileprivate var buffer: [UInt8] = []
    private var isFirst = true

    fileprivate init() {}

    private mutating func begin() {
        if !isFirst { buffer.append(UInt8(ascii: ",")) }
        isFirst = false
    }

    public mutating func append(_ bytes: UnsafeBufferPointer<UInt8>?) {
        begin()
        if let bytes { CSVEncoding.append(bytes, to: &buffer) }
    }

    public mutating func append(_ text: String?) {
        begin()
        guard var text else { return }
        text.withUTF8 { CSVEncoding.append($0, to: &buffer) }
    }

    public mutating func append(_ number: Int?) {
        begin()
        // Digits need no quotes.
        if let number { DecimalText.append(Int64(number), to: &buffer) }
    }
}

/// One field or record in the strict profile.
public enum CSVEncoding {
    /// The record of one row, without a line end: what quarantine keeps.
    public static func record(_ block: RawBlock, row: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        append(block, row: row, to: &bytes)
        return bytes
    }

    /// The record of some texts, such as a header, without a line end.
    public static func record(of texts: [String]) -> String {
        var fields = CSVFields()
        for text in texts { fields.append(text) }
        return String(decoding: fields.buffer, as: UTF8.self)
    }

    public static func append(_ block: RawBlock, row: Int, to buffer: inout [UInt8]) {
        for index in block.columns.indices {
            if index > 0 { buffer.append(UInt8(ascii: ",")) }
            guard !block.columns[index].isNull(row) else { continue }
            block.columns[index].withBytes(row) { append($0, to: &buffer) }
        }
    }

    /// One value, quoted where it must be.
    public static func append(_ bytes: UnsafeBufferPointer<UInt8>, to buffer: inout [UInt8]) {
        guard needsQuotes(bytes) else {
            buffer.append(contentsOf: bytes)
            return
        }
        buffer.append(UInt8(ascii: "\""))
        for byte in bytes {
            if byte == UInt8(ascii: "\"") { buffer.append(byte) }
            buffer.append(byte)
        }
        buffer.append(UInt8(ascii: "\""))
    }

    /// The empty text does, so that it differs from NULL; so does `\.`, which ends PostgreSQL's COPY.
    private static func needsQuotes(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        if bytes.isEmpty { return true }
        // To the end whatever is found, so that many bytes are looked at together.
        var special: UInt8 = 0
        for byte in bytes {
            special |=
                (byte == UInt8(ascii: ",") ? 1 : 0) | (byte == UInt8(ascii: "\"") ? 1 : 0)
                | (byte == UInt8(ascii: "\n") ? 1 : 0) | (byte == UInt8(ascii: "\r") ? 1 : 0)
        }
        return special != 0 || bytes.count == 2 && bytes[0] == UInt8(ascii: "\\") && bytes[1] == UInt8(ascii: ".")
    }
}
