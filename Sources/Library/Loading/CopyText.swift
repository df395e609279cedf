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

    static func endField(_ buffer: inout [UInt8]) { buffer.append(UInt8(ascii: "\t")) }

    /// Every field ended with a tab; the row ends instead.
    static func endRow(_ buffer: inout [UInt8]) { buffer[buffer.count - 1] = UInt8(ascii: "\n") }
}

extension PostgresConnection {
    /// Copies rows that `encode` writes one by one, in pieces of some hundred kilobytes.
    @discardableResult
    func copyRows<Row>(
        _ rows: some Sequence<Row>, into target: String, _ encode: (Row, inout [UInt8]) -> Void
    ) throws -> Int {
        let sink = try copyIn("COPY \(target) FROM STDIN")
        var buffer: [UInt8] = []
        for row in rows {
            encode(row, &buffer)
            CopyText.endRow(&buffer)
            if buffer.count >= 1 << 18 {
                try buffer.withUnsafeBytes { try sink.write($0) }
                buffer.removeAll(keepingCapacity: true)
            }
        }
        try buffer.withUnsafeBytes { try sink.write($0) }
        try sink.finish()
        return sink.rowCount
    }
}
