import DelimitedText

/// Reads a delimited file that lies in memory, byte by byte and obviously right: what the fast reader is held against.
struct SlowReader {
    struct Row: Equatable {
        var number: Int
        var line: Int
        var byteOffset: Int
        var values: [[UInt8]?]
    }

    /// Nil when the header cannot be used.
    var columns: [[UInt8]]?
    var rows: [Row] = []
    var malformed: [MalformedRecord] = []
    var notices: Set<CSVNotice> = []

    private let bytes: [UInt8]
    private let delimiter: UInt8
    private let nullText: [UInt8]
    private let tuning: ScanTuning
    private var lineEnds: Set<String> = []

    init(_ bytes: [UInt8], options: CSVOptions, tuning: ScanTuning) {
        self.bytes = bytes
        self.tuning = tuning
        delimiter = options.delimiter
        nullText = options.nullText.map { Array($0.utf8) } ?? []
        var place = 0
        var line = 1
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            place = 3
            notices.insert(.byteOrderMark)
        }
        if let names = options.columns {
            columns = names.map { Array($0.utf8) }
        } else {
            guard let header = record(at: place), header.end > place else { return }
            let content = bytes[place..<header.end]
            let names = header.fields.map(\.text)
            guard !content.contains(0), isUTF8(content), Set(names).count == names.count else { return }
            columns = names
            note(header)
            place = header.next
            line += header.lineCount
        }
        read(from: place, line: line, columnCount: columns?.count ?? 0)
        if lineEnds.contains("\r\n") { notices.insert(.carriageReturns) }
        if lineEnds.count == 2 { notices.insert(.mixedLineEnds) }
    }

    private mutating func read(from start: Int, line firstLine: Int, columnCount: Int) {
        var place = start
        var line = firstLine
        while place < bytes.count {
            let number = rows.count + malformed.count + 1
            func setAside(_ kind: MalformedRecord.Kind, _ range: Range<Int>) {
                malformed.append(
                    MalformedRecord(
                        kind: kind, row: number, line: line, byteOffset: place, bytes: Array(bytes[range])))
            }
            guard let record = record(at: place) else {
                let end = endOfBroken(place, columnCount: columnCount)
                setAside(.quote, place..<end.content)
                line += max(1, bytes[place..<end.next].count { $0 == 10 })
                place = end.next
                continue
            }
            let content = bytes[place..<record.end]
            if content.contains(0) {
                setAside(.nul, place..<record.end)
            } else if !isUTF8(content) {
                setAside(.encoding, place..<record.end)
            } else if record.fields.count != columnCount {
                setAside(.fields, place..<record.end)
            } else {
                let values = record.fields.map { field in
                    !field.isQuoted && (field.text.isEmpty || field.text == nullText) ? nil : field.text
                }
                rows.append(Row(number: number, line: line, byteOffset: place, values: values))
            }
            note(record)
            line += record.lineCount
            place = record.next
        }
    }

    private struct Record {
        var fields: [(text: [UInt8], isQuoted: Bool)] = []
        var end = 0
        var next = 0
        var lineEnd = ""
        var lineCount = 1
        var hasLoneCarriageReturn = false
    }

    private mutating func note(_ record: Record) {
        if record.hasLoneCarriageReturn { notices.insert(.loneCarriageReturn) }
        if !record.lineEnd.isEmpty { lineEnds.insert(record.lineEnd) }
    }

    /// Nil when it is broken: text after a closing quote, a quote that does not close, or longer than any record.
    private func record(at start: Int) -> Record? {
        var record = Record()
        var place = start
        func byte(_ index: Int) -> UInt8? { index < bytes.count ? bytes[index] : nil }
        while true {
            var text: [UInt8] = []
            let isQuoted = byte(place) == 34
            if isQuoted {
                place += 1
                while true {
                    guard let now = byte(place) else { return nil }
                    if now == 34 {
                        if byte(place + 1) != 34 { break }
                        place += 1
                    }
                    if now == 10 { record.lineCount += 1 }
                    text.append(now)
                    place += 1
                }
                place += 1
            } else {
                while let now = byte(place), now != delimiter, now != 10, !(now == 13 && byte(place + 1) == 10) {
                    if now == 13 { record.hasLoneCarriageReturn = true }
                    text.append(now)
                    place += 1
                }
            }
            record.fields.append((text, isQuoted))
            if byte(place) == delimiter {
                place += 1
                continue
            }
            record.end = place
            if byte(place) == 13, byte(place + 1) == 10 {
                record.lineEnd = "\r\n"
                place += 1
            } else if byte(place) == 10 {
                record.lineEnd = "\n"
            } else if place < bytes.count {
                return nil
            }
            guard place - start <= tuning.longestRecord else { return nil }
            record.next = min(place + 1, bytes.count)
            return record
        }
    }

    private func endOfBroken(_ start: Int, columnCount: Int) -> (content: Int, next: Int) {
        let feeds = (start..<bytes.count).filter { bytes[$0] == 10 }
        let near = feeds.prefix(tuning.recoveryLines).filter { $0 < start + tuning.recoveryBytes }
        guard let own = feeds.first else {
            return (min(bytes.count, start + tuning.longestRecord), bytes.count)
        }
        let end = near.first { countFields(ofLineAt: $0 + 1) == columnCount } ?? own
        if end >= start + tuning.longestRecord, near.isEmpty { return (start + tuning.longestRecord, end + 1) }
        return (end > start && bytes[end - 1] == 13 ? end - 1 : end, end + 1)
    }

    private func countFields(ofLineAt start: Int) -> Int? {
        guard start < bytes.count else { return nil }
        let feed = bytes[start...].firstIndex(of: 10)
        guard (feed ?? bytes.count) - start <= tuning.longestRecord else { return nil }
        var line = Array(bytes[start..<(feed ?? bytes.count)])
        if feed != nil, line.last == 13 { line.removeLast() }
        var count = 1
        var state = 0  // 0 at a field's beginning, 1 in an unquoted one, 2 in a quoted one, 3 after its quote
        for byte in line {
            switch (state, byte) {
            case (0, 34): state = 2
            case (0, delimiter), (1, delimiter), (3, delimiter): (state, count) = (0, count + 1)
            case (0, _), (1, _): state = 1
            case (2, 34): state = 3
            case (3, 34): state = 2
            case (3, _): return nil
            default: break
            }
        }
        return count
    }

    private func isUTF8(_ bytes: ArraySlice<UInt8>) -> Bool { String(validating: bytes, as: UTF8.self) != nil }
}
