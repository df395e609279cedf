import Columnar

/// One bit for each row of a table, growing as rows are set; 128 KB for a million rows. Rows count from 1.
struct RowMarks {
    private var words: [UInt64] = []

    mutating func insert(_ row: UInt32) {
        let word = Int(row >> 6)
        if word >= words.count { words.append(contentsOf: repeatElement(0, count: word + 1024 - words.count)) }
        words[word] |= 1 << UInt64(row & 63)
    }

    func contains(_ row: UInt32) -> Bool {
        let word = Int(row >> 6)
        return word < words.count && words[word] >> UInt64(row & 63) & 1 != 0
    }

    var isEmpty: Bool { !words.contains { $0 != 0 } }

    mutating func formUnion(_ other: RowMarks) {
        if other.words.count > words.count {
            words.append(contentsOf: repeatElement(0, count: other.words.count - words.count))
        }
        for index in other.words.indices { words[index] |= other.words[index] }
    }
}

/// Rows that break a rule, known only after they were read: `(row, rule)` by ranges of rows.
final class LateRows {
    private let ranges: SpillStreams
    private static let rangeBits = 18

    struct Entry {
        var row: UInt32
        var rule: Int
    }

    init(_ budget: MemoryBudget) { ranges = SpillStreams(count: 0, budget) }

    func makeWriter() -> Writer { Writer(writer: SpillStreams.Writer(ranges)) }

    /// Appends for one thread.
    struct Writer {
        fileprivate let writer: SpillStreams.Writer

        func append(row: UInt32, rule: Int) throws {
            let place = try writer.reserve(8, in: Int(row) >> LateRows.rangeBits)
            place.storeBytes(of: row, as: UInt32.self)
            place.storeBytes(of: UInt32(truncatingIfNeeded: rule), toByteOffset: 4, as: UInt32.self)
        }

        func finish() { writer.finish() }
    }

    var isEmpty: Bool { ranges.byteCount == 0 }
    var rangeCount: Int { ranges.count }

    /// The rows of a range, ascending, and the rules of each in their order.
    func entries(ofRange range: Int) throws -> [Entry] {
        let loaded = try ranges.load(range)
        defer { withExtendedLifetime(loaded) {} }
        var entries: [Entry] = []
        for piece in loaded.pieces {
            for offset in stride(from: 0, to: piece.count, by: 8) {
                entries.append(
                    Entry(
                        row: piece.loadUnaligned(fromByteOffset: offset, as: UInt32.self),
                        rule: Int(piece.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))))
            }
        }
        entries.sort { ($0.row, $0.rule) < ($1.row, $1.rule) }
        return entries
    }
}
