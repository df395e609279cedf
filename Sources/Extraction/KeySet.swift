import Columnar
import DelimitedText
import Schema

/// The keys of a table's rows at the source, remembered by 128 bits each, to find what is not there any more.
///
/// Keys are compared as what they mean, by the types of their columns and after the translation of codes: `007` and `7`
/// are one number.
struct KeySet {
    private let kinds: [ColumnKind]
    /// By key column: the source's code → the standard's.
    private let codes: [[String: String]]
    private var keys: Set<Fingerprint> = []

    init(_ table: TableDefinition, codes: [String: [String: String]]) {
        kinds = table.key.compactMap { table.column($0)?.type.kind }
        self.codes = table.key.map { codes[$0] ?? [:] }
    }

    /// Takes rows of the source; their columns are the key's, in its order.
    mutating func insert(_ block: CellBlock) {
        for row in 0..<block.rowCount { keys.insert(fingerprint(block, row, isTranslated: false)) }
    }

    /// Appends the keys of rows that were sent before and are not among those of the source; how many they are.
    func appendMissing(_ block: CellBlock, to records: CSVRecords) -> Int {
        var count = 0
        for row in 0..<block.rowCount where !keys.contains(fingerprint(block, row, isTranslated: true)) {
            for column in kinds.indices {
                let (bytes, length) = CodeTranslation.padded(Array((block.text(row: row, column: column) ?? "").utf8))
                bytes.withUnsafeBufferPointer { records.append(UnsafeBufferPointer(rebasing: $0[..<length])) }
            }
            records.endRecord()
            count += 1
        }
        return count
    }

    private func fingerprint(_ block: CellBlock, _ row: Int, isTranslated: Bool) -> Fingerprint {
        var fingerprint = Fingerprint()
        for (column, kind) in kinds.enumerated() {
            let cell = block.cells[row * block.columnCount + column]
            guard !cell.isNull else {
                fingerprint.mix(UInt64.max)
                continue
            }
            if !isTranslated, !codes[column].isEmpty {
                let text = block.text(row: row, column: column) ?? ""
                fingerprint.mix(codes[column][text] ?? "?\(text)")
                continue
            }
            block.bytes.withUnsafeBufferPointer { bytes in
                let text = UnsafeBufferPointer(rebasing: bytes[cell.range])
                var number: Int64 = 0
                let fault: DecodingFault? =
                    switch kind {
                    case .int: DecimalText.int64(text, &number)
                    case .date: TemporalText.date(text, &number)
                    case .timestamp: TemporalText.timestamp(text, &number)
                    default: .unparsable
                    }
                if fault == nil { fingerprint.mix(UInt64(bitPattern: number)) } else { fingerprint.mix(text) }
            }
        }
        return fingerprint
    }
}
