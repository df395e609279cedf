public import Columnar
public import DataAccess

/// Reads RFC 4180 text: UTF-8, a header line, NULL as the unquoted empty field, `""` as the empty text.
///
/// A record that is no row (wrong number of fields, a quote that never closes, bytes that are not UTF-8, a zero byte) is
/// set aside as `MalformedRecord` and ends the block; the rest of the file is still read. Plain records are found by
/// vector instructions, all others byte by byte; nothing is copied per cell but values with doubled quotes.
public struct CSVCellReader<Source: ByteSource>: CellReader {
    /// The header as the file has it.
    public private(set) var columns: [String]
    /// Rows and malformed records so far.
    public private(set) var recordCount = 0
    /// Each at most once, in the order of `CSVNotice`.
    public var notices: [CSVNotice] {
        var seen = seenNotices
        let sawCarriageReturns = sawCarriageReturns || plain.sawCarriageReturns
        if sawCarriageReturns { seen.insert(.carriageReturns) }
        if sawCarriageReturns, sawFeedsAlone || plain.sawFeedsAlone { seen.insert(.mixedLineEnds) }
        return CSVNotice.allCases.filter(seen.contains)
    }

    private var feed: ByteFeed<Source>
    private let mayBePlain: Bool
    private let nullText: [UInt8]
    private let tuning: ScanTuning
    private var plain: PlainScan
    private var exact: RecordScanner
    private var lines: LineNumbers
    /// How many bytes the next block asks for: fewer after a block that left most of them unused.
    private var wanted: Int
    /// Lines that begin before this place of the file are known not to have the table's number of fields.
    private var misfitsEnd = 0
    private var malformed: [MalformedRecord] = []
    private var seenNotices: Set<CSVNotice> = []
    private var sawCarriageReturns = false
    private var sawFeedsAlone = false

    /// Reads the header. Throws `csv-header` (65) when there is none that can be used.
    ///
    /// - Parameter file: for messages.
    public init(_ source: Source, file: String, options: CSVOptions = CSVOptions()) throws {
        try self.init(source, file: file, options: options, tuning: ScanTuning())
    }

    package init(_ source: Source, file: String, options: CSVOptions, tuning: ScanTuning) throws {
        var feed = ByteFeed(source)
        var exact = RecordScanner(delimiter: options.delimiter)
        let header = try CSVHeader(&feed, &exact, file: file, options: options, tuning: tuning)
        columns = header.columns
        lines = LineNumbers(next: header.line)
        if header.hasByteOrderMark { seenNotices.insert(.byteOrderMark) }
        nullText = options.nullText.map { Array($0.utf8) } ?? []
        mayBePlain = !header.columns.isEmpty && !Array("\"\r\n\0".utf8).contains(options.delimiter)
        plain = PlainScan(
            columnCount: header.columns.count, delimiter: options.delimiter, nullText: nullText, tuning: tuning)
        wanted = tuning.chunk
        self.feed = feed
        self.exact = exact
        self.tuning = tuning
        if let hasEnd = header.hasLineEnd { noteLineEnd(hasEnd: hasEnd) }
    }

    /// The malformed records met since the last call.
    public mutating func takeMalformed() -> [MalformedRecord] {
        defer { malformed.removeAll() }
        return malformed
    }

    /// Fills `block` with at most 8192 rows out of some 128 KiB; false at the end. A block that met a malformed record
    /// ends before it or, when the record comes first, has no rows.
    public mutating func next(into block: inout CellBlock) throws -> Bool {
        block.restart(
            columnCount: columns.count, firstRow: recordCount + 1, firstLine: lines.next, byteOffset: feed.offset)
        lines.hasInnerLines = false
        let malformedBefore = malformed.count
        var asked = wanted
        var filled = 0
        while true {
            filled = try feed.fill(&block.bytes, from: filled, upTo: asked)
            guard filled > 0 else { return false }
            var position = 0
            let end = try scan(&block, &position, &filled)
            guard block.rowCount > 0 || malformed.count > malformedBefore else {
                asked = filled * 2
                continue
            }
            if lines.hasInnerLines { block.lines.append(contentsOf: lines.ofRows[..<block.rowCount]) }
            feed.giveBack(block.bytes[position..<filled])
            // What is given back is copied once more, so ask for little where little is used.
            let isShort = end == .full || malformed.count > malformedBefore
            wanted = min(tuning.chunk, max(isShort ? position + position / 8 : wanted * 2, tuning.window))
            return true
        }
    }

    /// Why no more records were taken.
    private enum End { case needsBytes, full, malformed }

    /// Takes records from `position` on, which moves behind the last; `filled` grows when a broken record needs it.
    private mutating func scan(_ block: inout CellBlock, _ position: inout Int, _ filled: inout Int) throws -> End {
        let rows = min(tuning.rows, filled / max(columns.count, 1) + 1)
        block.reserve(rows: rows)
        lines.reserve(rows: rows)
        // Behind the bytes that were read, room for the values with doubled quotes.
        var free = filled
        block.bytes.grow(to: filled + filled / 4 + CellBlock.padding)
        let lastFeed = filled > tuning.longestRecord || !mayBePlain ? nil : block.bytes.lastFeed(before: filled)
        while position < filled {
            var limit = filled
            if let lastFeed, position <= lastFeed {
                let before = block.rowCount
                let end = plain.append(
                    to: &block, lines: &lines, position: &position, limit: lastFeed + 1, free: &free)
                recordCount += block.rowCount - before
                switch end {
                case .full: return .full
                case .odd(let oddLimit): limit = oddLimit
                case .done: break
                }
            }
            if let end = try scanExactly(&block, &position, limit: limit, filled: &filled, free: &free) { return end }
        }
        return .needsBytes
    }

    /// Takes the records that begin before `limit`; nil when there are no more of them.
    private mutating func scanExactly(
        _ block: inout CellBlock, _ position: inout Int, limit: Int, filled: inout Int, free: inout Int
    ) throws -> End? {
        while position < limit {
            guard block.rowCount < tuning.rows else { return .full }
            // One byte more than the longest, so that it does not matter where the bytes read so far end.
            let visible = min(filled, position + tuning.longestRecord + 1)
            let result = block.bytes.withUnsafeBufferPointer {
                exact.scan(
                    UnsafeBufferPointer(rebasing: $0[..<visible]), from: position,
                    isLast: feed.isAtEnd && filled - position <= tuning.longestRecord)
            }
            switch result {
            case .record(let end, let next):
                recordCount += 1
                let fault = fault(block.bytes[position..<end])
                if let fault {
                    setAside(fault, Array(block.bytes[position..<end]), at: block.byteOffset + position)
                } else {
                    append(to: &block, start: position, free: &free)
                }
                noteLineEnd(hasEnd: next > end)
                lines.next += 1 + exact.innerLines
                position = next
                if fault != nil { return .malformed }
            case .incomplete where visible - position <= tuning.longestRecord: return .needsBytes
            case .incomplete, .badQuote, .openQuote:
                // It comes again as the first record of the next block.
                if block.rowCount == 0 { position = try recover(&block.bytes, &filled) }
                return .malformed
            }
        }
        return nil
    }

    private func fault(_ record: ArraySlice<UInt8>) -> MalformedRecord.Kind? {
        if exact.hasZero { return .nul }
        if exact.union >= 0x80, !record.isValidUTF8(level: tuning.level) { return .encoding }
        return exact.fields.count == columns.count ? nil : .fields
    }

    private mutating func append(to block: inout CellBlock, start: Int, free: inout Int) {
        lines.ofRows[block.rowCount] = Int32(truncatingIfNeeded: lines.next)
        if exact.innerLines > 0 { lines.hasInnerLines = true }
        block.append(exact, start: start, nullText: nullText, end: &free)
    }

    private mutating func noteLineEnd(hasEnd: Bool) {
        if exact.hasLoneCarriageReturn { seenNotices.insert(.loneCarriageReturn) }
        guard hasEnd else { return }
        if exact.endedWithCarriageReturn { sawCarriageReturns = true } else { sawFeedsAlone = true }
    }

    private mutating func setAside(_ kind: MalformedRecord.Kind, _ bytes: [UInt8], at byteOffset: Int) {
        malformed.append(
            MalformedRecord(kind: kind, row: recordCount, line: lines.next, byteOffset: byteOffset, bytes: bytes))
    }
}

// A broken record, whose quote does not close as it should: where it ends, so that what follows can be read.
extension CSVCellReader {
    /// Sets aside the record at the beginning of `bytes` and returns where the next one begins.
    ///
    /// It ends at the first line end after which the next line has the table's number of fields or, when there is none
    /// within the limits, at its own first line end.
    private mutating func recover(_ bytes: inout [UInt8], _ filled: inout Int) throws -> Int {
        let begin = feed.offset - filled
        var firstEnd: Int?
        var chosen: Int?
        var lineCount = 0
        var place = 0
        while lineCount < tuning.recoveryLines, chosen == nil,
            let end = try lineEnd(from: place, within: tuning.recoveryBytes, &bytes, &filled)
        {
            firstEnd = firstEnd ?? end
            lineCount += 1
            place = end + 1
            if try nextLineFits(place, begin: begin, &bytes, &filled) { chosen = end }
        }
        recordCount += 1
        if let end = try chosen ?? firstEnd ?? lineEnd(from: 0, within: tuning.longestRecord, &bytes, &filled) {
            let hasCarriage = end > 0 && bytes[end - 1] == UInt8(ascii: "\r")
            setAside(.quote, Array(bytes[..<(hasCarriage ? end - 1 : end)]), at: begin)
            lines.next += bytes[...end].count { $0 == UInt8(ascii: "\n") }
            return end + 1
        }
        // One line longer than any record, or the last one: only its beginning is kept.
        setAside(.quote, Array(bytes[..<min(filled, tuning.longestRecord)]), at: begin)
        lines.next += 1
        while true {
            if let end = bytes.firstFeed(in: 0..<filled) { return end + 1 }
            filled = try feed.fill(&bytes, from: 0, upTo: tuning.chunk)
            if filled == 0 { return 0 }
        }
    }

    /// Whether a line begins at `place` that has the table's number of fields; a quote that is open at its end still makes
    /// a field.
    private mutating func nextLineFits(
        _ place: Int, begin: Int, _ bytes: inout [UInt8], _ filled: inout Int
    ) throws -> Bool {
        guard begin + place >= misfitsEnd else { return false }
        let limit = place + tuning.longestRecord + 1
        let lineFeed = try lineEnd(from: place, within: limit, &bytes, &filled)
        guard place < filled, lineFeed != nil || feed.isAtEnd && filled < limit else { return false }
        var end = lineFeed ?? filled
        if lineFeed != nil, end > place, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        let result = bytes.withUnsafeBufferPointer {
            exact.scan(UnsafeBufferPointer(rebasing: $0[..<end]), from: place, isLast: true)
        }
        let count: Int? =
            switch result {
            case .record: exact.fields.count
            case .openQuote: exact.fields.count + 1
            case .badQuote, .incomplete: nil
            }
        if count != columns.count { misfitsEnd = begin + place + 1 }
        return count == columns.count
    }

    /// The first line feed from `start` on and before `limit`; reads on as long as there is none.
    private mutating func lineEnd(
        from start: Int, within limit: Int, _ bytes: inout [UInt8], _ filled: inout Int
    ) throws -> Int? {
        var place = start
        while true {
            if let end = bytes.firstFeed(in: place..<min(limit, filled)) { return end }
            place = max(place, min(limit, filled))
            guard filled < limit, !feed.isAtEnd else { return nil }
            filled = try feed.fill(&bytes, from: filled, upTo: min(limit, filled + tuning.chunk))
        }
    }
}
