/// Finds the fields of one record, byte by byte: how records are read that are not plain, and what says which are
/// malformed. Keeps ranges only; copies nothing.
struct RecordScanner {
    /// Where a field's content lies, without its quotes.
    struct Field {
        var start: Int
        var end: Int
        var isQuoted: Bool
        /// `""` inside stands for one quote.
        var hasDoubledQuote: Bool
    }

    enum Result {
        /// A whole record; the next one begins at `next`.
        case record(end: Int, next: Int)
        /// The buffer ends inside the record.
        case incomplete
        /// Text after a closing quote.
        case badQuote
        /// The last bytes there are lie within a quoted field, the one after `fields`.
        case openQuote
    }

    private(set) var fields: [Field] = []
    /// Line feeds within quoted fields of the last record.
    private(set) var innerLines = 0
    /// Bit-or of the record's bytes: 0x80 tells whether any is beyond ASCII.
    private(set) var union: UInt8 = 0
    private(set) var hasZero = false
    /// Whether the record's line end was CR LF.
    private(set) var endedWithCarriageReturn = false
    var hasLoneCarriageReturn: Bool { loneCarriageReturns > 0 }
    private var loneCarriageReturns = 0

    let delimiter: UInt8

    init(delimiter: UInt8) { self.delimiter = delimiter }

    /// - Parameter isLast: nothing follows the buffer, so its end is a line end.
    mutating func scan(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, isLast: Bool) -> Result {
        fields.removeAll(keepingCapacity: true)
        innerLines = 0
        union = 0
        hasZero = false
        endedWithCarriageReturn = false
        loneCarriageReturns = 0
        let quote = UInt8(ascii: "\"")
        let feed = UInt8(ascii: "\n")
        let carriage = UInt8(ascii: "\r")
        let delimiter = delimiter
        let count = bytes.count
        var position = start
        var union: UInt8 = 0
        var smallest: UInt8 = 255
        defer {
            self.union = union
            hasZero = smallest == 0
        }
        while true {
            if position < count, bytes[position] == quote {
                position += 1
                let begin = position
                var doubled = false
                while true {
                    guard position < count else { return isLast ? .openQuote : .incomplete }
                    let byte = bytes[position]
                    union |= byte
                    smallest = min(smallest, byte)
                    if byte == quote {
                        guard position + 1 < count || isLast else { return .incomplete }
                        guard position + 1 < count, bytes[position + 1] == quote else { break }
                        doubled = true
                        position += 2
                        continue
                    }
                    if byte == feed { innerLines += 1 }
                    position += 1
                }
                fields.append(Field(start: begin, end: position, isQuoted: true, hasDoubledQuote: doubled))
                position += 1
                if position < count, bytes[position] == carriage {
                    guard position + 1 < count || isLast else { return .incomplete }
                    if position + 1 < count, bytes[position + 1] == feed {
                        endedWithCarriageReturn = true
                        position += 1
                    }
                }
                guard position < count else { return isLast ? .record(end: position, next: position) : .incomplete }
                if bytes[position] == delimiter {
                    position += 1
                    continue
                }
                guard bytes[position] == feed else { return .badQuote }
                return .record(end: position - (endedWithCarriageReturn ? 1 : 0), next: position + 1)
            }
            let begin = position
            while position < count {
                let byte = bytes[position]
                if byte == delimiter || byte == feed { break }
                union |= byte
                smallest = min(smallest, byte)
                if byte == carriage { loneCarriageReturns += 1 }
                position += 1
            }
            guard position < count || isLast else { return .incomplete }
            var end = position
            let isAtLineEnd = position == count || bytes[position] == feed
            if isAtLineEnd, end > begin, bytes[end - 1] == carriage, position < count {
                end -= 1
                endedWithCarriageReturn = true
                loneCarriageReturns -= 1
            }
            fields.append(Field(start: begin, end: end, isQuoted: false, hasDoubledQuote: false))
            if isAtLineEnd { return .record(end: end, next: min(position + 1, count)) }
            position += 1
        }
    }
}
