/// Turns a column of texts into a typed column, by the rules for CSV values of the definitions.
///
/// Numbers are `-?[0-9]+(\.[0-9]+)?`, with more decimals than the scale only if they are zeros; dates `YYYY-MM-DD` or
/// `YYYYMMDD`; timestamps `YYYY-MM-DD HH:MM:SS` with `T` allowed and at most six fraction digits; booleans
/// `t f true false 1 0`. The empty text is NULL for every type but text. Nothing is allocated per row.
public struct ColumnDecoder: Sendable {
    public let kind: ColumnKind
    /// UTF-8 of the texts that mean NULL at the source.
    private let nullTexts: [[UInt8]]
    /// Whether some texts mean NULL.
    public var hasNullTexts: Bool { !nullTexts.isEmpty }

    public init(kind: ColumnKind, nullTexts: [String] = []) {
        self.kind = kind
        self.nullTexts = nullTexts.map { Array($0.utf8) }
    }

    /// The typed column; rows that did not parse are ones in its `errors` and are appended to `faults`, rows ascending.
    public func decode(_ column: TextColumn, faults: inout DecodingFaults) -> Column {
        var rows = RowResults(count: column.count)
        let storage: Column.Storage
        switch kind {
        case .text(let maxLength): storage = .text(decodeText(column, maxLength, &rows, &faults))
        case .int:
            storage = .int64(decodeWords(column, &rows, &faults) { DecimalText.int64($0, &$1) })
        case .decimal(let precision, let scale) where precision <= 18:
            storage = .int64(
                decodeWords(column, &rows, &faults) { bytes, value in
                    var wide: Int128 = 0
                    let fault = DecimalText.decimal(bytes, precision: precision, scale: scale, &wide)
                    value = Int64(truncatingIfNeeded: wide)
                    return fault
                })
        case .decimal(let precision, let scale):
            storage = .int128(
                decodeWords(column, &rows, &faults) {
                    DecimalText.decimal($0, precision: precision, scale: scale, &$1)
                })
        case .date: storage = .int64(decodeWords(column, &rows, &faults) { TemporalText.date($0, &$1) })
        case .timestamp: storage = .int64(decodeWords(column, &rows, &faults) { TemporalText.timestamp($0, &$1) })
        case .bool: storage = .int64(decodeWords(column, &rows, &faults) { BooleanText.bool($0, &$1) })
        }
        return Column(
            kind: kind, storage: storage, valid: Bitmap(words: rows.valid, count: column.count),
            errors: rows.anyError ? Bitmap(words: rows.errors, count: column.count) : nil)
    }

    /// Which rows hold a value and which failed.
    private struct RowResults {
        var valid: [UInt64]
        var errors: [UInt64]
        var anyError = false

        init(count: Int) {
            valid = [UInt64](repeating: 0, count: (count + 63) >> 6)
            errors = valid
        }

        @inline(__always) mutating func accept(_ row: Int) { valid[row >> 6] |= 1 << UInt64(row & 63) }

        @inline(__always) mutating func reject(_ row: Int) {
            errors[row >> 6] |= 1 << UInt64(row & 63)
            anyError = true
        }
    }

    @inline(__always)
    private func decodeWords<Word: FixedWidthInteger>(
        _ column: TextColumn, _ rows: inout RowResults, _ faults: inout DecodingFaults,
        _ parse: (UnsafeBufferPointer<UInt8>, inout Word) -> DecodingFault?
    ) -> [Word] {
        var values = [Word](repeating: 0, count: column.count)
        let hasNullTexts = !nullTexts.isEmpty
        column.bytes.withUnsafeBufferPointer { bytes in
            for row in 0..<column.count where !column.isNull(row) {
                let text = UnsafeBufferPointer(rebasing: bytes[column.range(row)])
                if text.isEmpty {
                    faults.emptyTexts += 1
                    continue
                }
                if hasNullTexts, isNullText(text) { continue }
                var value: Word = 0
                if let fault = parse(text, &value) {
                    rows.reject(row)
                    faults.rows.append(.init(row: Int32(truncatingIfNeeded: row), fault: fault))
                } else {
                    values[row] = value
                    rows.accept(row)
                }
            }
        }
        return values
    }

    private func decodeText(
        _ column: TextColumn, _ maxLength: Int?, _ rows: inout RowResults, _ faults: inout DecodingFaults
    ) -> TextColumn {
        let limit = maxLength ?? .max
        let hasNullTexts = !nullTexts.isEmpty
        column.bytes.withUnsafeBufferPointer { bytes in
            for row in 0..<column.count where !column.isNull(row) {
                let range = column.range(row)
                if hasNullTexts, isNullText(UnsafeBufferPointer(rebasing: bytes[range])) { continue }
                // A text of n bytes has at most n code points; most texts are judged by this alone.
                if range.count > limit, CodePoints.count(UnsafeBufferPointer(rebasing: bytes[range])) > limit {
                    rows.reject(row)
                    faults.rows.append(.init(row: Int32(truncatingIfNeeded: row), fault: .tooLong))
                } else {
                    rows.accept(row)
                }
            }
        }
        return column
    }

    /// Whether a text means NULL at the source.
    public func isNullText(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        for candidate in nullTexts where candidate.count == text.count && candidate.elementsEqual(text) { return true }
        return false
    }
}

/// Why a text is no value of its column's type.
public enum DecodingFault: UInt8, Sendable, Hashable, CaseIterable {
    case unparsable
    /// More code points than `text(n)` allows.
    case tooLong
    /// More digits than `int` or `dec(p,s)` holds, or than a timestamp's fraction.
    case tooManyDigits
}

/// What went wrong in one column of one block.
public struct DecodingFaults: Sendable {
    public struct RowFault: Sendable, Hashable {
        /// The row within the block, from 0.
        public var row: Int32
        public var fault: DecodingFault

        public init(row: Int32, fault: DecodingFault) {
            self.row = row
            self.fault = fault
        }
    }

    public var rows: [RowFault] = []
    /// Empty texts read as NULL, for the one notice per column.
    public var emptyTexts = 0

    public init() {}

    public mutating func removeAll() {
        rows.removeAll(keepingCapacity: true)
        emptyTexts = 0
    }
}
