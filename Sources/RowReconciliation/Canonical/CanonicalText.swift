import Columnar
import Schema

/// The one text of a value, whichever engine or file it comes from: that which PostgreSQL prints for a column of the
/// schema's type.
///
/// Numbers are plain decimals with at least the decimals of their type, further ones as long as they are not zeros, and no
/// negative zero; days are `YYYY-MM-DD`, timestamps `YYYY-MM-DD HH:MM:SS` with a fraction that does not end in 0, booleans
/// `t` and `f`. Texts stay as they are, byte by byte: nothing is folded, trimmed or normalised. Where the type is no text, the empty
/// text is NULL; the column's `nulls:` are NULL too. What is no value of the type stays as it is written, and so
/// equals no value that is one.
struct CanonicalText {
    private let kind: ColumnKind
    private let nullTexts: ColumnDecoder?

    init(_ column: ColumnDefinition) {
        kind = column.type.kind
        nullTexts = column.nullTexts.isEmpty ? nil : ColumnDecoder(kind: kind, nullTexts: column.nullTexts)
    }

    /// Appends the canonical text; false, with nothing appended, for NULL.
    func append(_ text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) -> Bool {
        if let nullTexts, nullTexts.isNullText(text) { return false }
        switch kind {
        case .text: output.append(contentsOf: text)
        case _ where text.isEmpty: return false
        case .int: Self.appendNumber(text, scale: 0, &output)
        case .decimal(_, let scale): Self.appendNumber(text, scale: scale, &output)
        case .date: Self.appendDate(text, &output)
        case .timestamp: Self.appendTimestamp(text, &output)
        case .bool:
            var value: Int64 = 0
            if BooleanText.bool(text, &value) == nil {
                output.append(UInt8(ascii: value == 1 ? "t" : "f"))
            } else {
                output.append(contentsOf: text)
            }
        }
        return true
    }

    private static let zero = UInt8(ascii: "0")
    private static let point = UInt8(ascii: ".")

    private static func appendNumber(_ text: UnsafeBufferPointer<UInt8>, scale: Int, _ output: inout [UInt8]) {
        let isNegative = text[0] == UInt8(ascii: "-")
        var start = isNegative ? 1 : 0
        var whole = start
        while whole < text.count, text[whole] &- zero <= 9 { whole += 1 }
        var end = whole
        if whole < text.count, text[whole] == point {
            end = whole + 1
            while end < text.count, text[end] &- zero <= 9 { end += 1 }
        }
        guard whole > start, end == text.count, end != whole + 1 else {
            output.append(contentsOf: text)
            return
        }
        while start < whole - 1, text[start] == zero { start += 1 }
        let decimals = min(whole + 1, end)
        while end > decimals + scale, text[end - 1] == zero { end -= 1 }
        let isZero = !text[start..<end].contains { $0 != zero && $0 != point }
        if isNegative, !isZero { output.append(UInt8(ascii: "-")) }
        output.append(contentsOf: text[start..<whole])
        guard end > decimals || scale > 0 else { return }
        output.append(point)
        output.append(contentsOf: text[decimals..<end])
        for _ in stride(from: end - decimals, to: scale, by: 1) { output.append(zero) }
    }

    private static func appendDate(_ text: UnsafeBufferPointer<UInt8>, _ output: inout [UInt8]) {
        var days: Int64 = 0
        guard text.count == 8, TemporalText.date(text, &days) == nil else {
            output.append(contentsOf: text)
            return
        }
        output.append(contentsOf: text[0..<4])
        output.append(UInt8(ascii: "-"))
        output.append(contentsOf: text[4..<6])
        output.append(UInt8(ascii: "-"))
        output.append(contentsOf: text[6..<8])
    }

    private static func appendTimestamp(_ text: UnsafeBufferPointer<UInt8>, _ output: inout [UInt8]) {
        var microseconds: Int64 = 0
        guard TemporalText.timestamp(text, &microseconds) == nil else {
            output.append(contentsOf: text)
            return
        }
        let start = output.count
        output.append(contentsOf: text)
        output[start + 10] = UInt8(ascii: " ")
        guard text.count > 19 else { return }
        while output.last == zero { output.removeLast() }
        if output.last == point { output.removeLast() }
    }
}
