import PostgresClient

/// PostgreSQL's text format for COPY: tabs between fields, `\N` for NULL, backslashes before what would be mistaken.
enum CopyText {
    /// Each of these ends the field; a field that `append(bytes)` began is ended by `endField`.
    static func appendNull(to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "\\"))
        buffer.append(UInt8(ascii: "N"))
        buffer.append(UInt8(ascii: "\t"))
    }

    static func append(_ number: Int64, to buffer: inout [UInt8]) {
        buffer.append(contentsOf: String(number).utf8)
        buffer.append(UInt8(ascii: "\t"))
    }

    static func append(_ text: String?, to buffer: inout [UInt8]) {
        guard var text else { return appendNull(to: &buffer) }
        text.withUTF8 { append($0, to: &buffer) }
        endField(&buffer)
    }

    static func append(_ bytes: UnsafeBufferPointer<UInt8>, to buffer: inout [UInt8]) {
        let isPlain = bytes.allSatisfy { $0 > 0x1F && $0 != UInt8(ascii: "\\") }
        if isPlain {
            buffer.append(contentsOf: bytes)
            return
        }
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\\"): buffer.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\n"): buffer.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\r"): buffer.append(contentsOf: "\\r".utf8)
            case UInt8(ascii: "\t"): buffer.append(contentsOf: "\\t".utf8)
            default: buffer.append(byte)
            }
        }
    }

    /// The bytes of a `bytea`: `\\x00ff`, its backslash doubled.
    static func append(blob bytes: [UInt8], to buffer: inout [UInt8]) {
        buffer.append(contentsOf: "\\\\x".utf8)
        let digits = Array("0123456789abcdef".utf8)
        for byte in bytes {
            buffer.append(digits[Int(byte >> 4)])
            buffer.append(digits[Int(byte & 15)])
        }
        endField(&buffer)
    }

    /// The texts of a `text[]`, each in quotes.
    static func append(array texts: [String], to buffer: inout [UInt8]) {
        let quoted = texts.map { text in
            "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        }
        append("{\(quoted.joined(separator: ","))}", to: &buffer)
    }

    static func endField(_ buffer: inout [UInt8]) { buffer.append(UInt8(ascii: "\t")) }

    /// Every field ended with a tab; the row ends instead.
    static func endRow(_ buffer: inout [UInt8]) { buffer[buffer.count - 1] = UInt8(ascii: "\n") }
}

/// Rows on their way into a table, as they are written one by one, in pieces of some hundred kilobytes.
final class CopyRows {
    private let sink: PostgresCopyIn
    private var buffer: [UInt8] = []

    init(_ connection: PostgresConnection, into target: String) throws {
        sink = try connection.copyIn("COPY \(target) FROM STDIN")
    }

    func write(_ encode: (inout [UInt8]) -> Void) throws {
        encode(&buffer)
        CopyText.endRow(&buffer)
        if buffer.count >= 1 << 18 { try send() }
    }

    private func send() throws {
        try buffer.withUnsafeBytes { try sink.write($0) }
        buffer.removeAll(keepingCapacity: true)
    }

    /// How many rows the server took.
    func finish() throws -> Int {
        try send()
        try sink.finish()
        return sink.rowCount
    }
}

extension PostgresConnection {
    /// Copies rows that `encode` writes.
    @discardableResult
    func copyRows<Row>(
        _ rows: some Sequence<Row>, into target: String, _ encode: (Row, inout [UInt8]) -> Void
    ) throws -> Int {
        let copy = try CopyRows(self, into: target)
        for row in rows { try copy.write { encode(row, &$0) } }
        return try copy.finish()
    }
}
