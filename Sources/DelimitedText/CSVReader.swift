public import Columnar
public import DataAccess
import Diagnostics

/// Reads RFC 4180 text: UTF-8, a header line, NULL as the unquoted empty field, `""` as the empty text.
///
/// A record that is no row (wrong number of fields, a quote that never closes, bytes that are not UTF-8, a zero byte) is
/// set aside as `MalformedRecord`; the rest of the file is still read. Rows of one block are consecutive: a malformed
/// record ends the block. Nothing is allocated per cell.
public final class CSVReader<Source: ByteSource>: BlockReader {
    /// The header as the file has it.
    public private(set) var columns: [String] = []
    /// Each at most once, in the order of `CSVNotice`.
    public var notices: [CSVNotice] { CSVNotice.allCases.filter(seenNotices.contains) }
    /// Rows and malformed records so far.
    public private(set) var recordCount = 0

    private var source: Source
    private let file: String
    private let delimiter: UInt8
    private let nullText: [UInt8]?
    private var scanner: RecordScanner
    private var buffer: [UInt8] = []
    private var position = 0
    /// Bytes of the file before the buffer.
    private var bufferOffset = 0
    private var isAtEnd = false
    private var line = 1
    private var malformed: [MalformedRecord] = []
    private var seenNotices: Set<CSVNotice> = []
    private var lineEndsWithCarriageReturn: Bool?

    /// Reads the header. Throws `csv-header` (65) when there is none, or when a column comes twice.
    ///
    /// - Parameter file: for messages.
    public init(_ source: Source, file: String, options: CSVOptions = CSVOptions()) throws {
        self.source = source
        self.file = file
        delimiter = options.delimiter
        nullText = options.nullText.map { Array($0.utf8) }
        scanner = RecordScanner(delimiter: options.delimiter)
        var header = options.columns ?? []
        while buffer.count < 3, !isAtEnd { isAtEnd = try !self.source.read(into: &buffer) }
        if buffer.starts(with: [0xEF, 0xBB, 0xBF]) {
            position = 3
            seenNotices.insert(.byteOrderMark)
        }
        if options.columns == nil {
            scan: while true {
                let result = buffer.withUnsafeBufferPointer { scanner.scan($0, from: position, isLast: isAtEnd) }
                switch result {
                case .incomplete: isAtEnd = try !self.source.read(into: &buffer)
                case .badQuote: throw OperationError.csvHeader(file, "a quote in it does not close", "其中的引号没有闭合")
                case .record(let end, let next):
                    guard end > position else { throw OperationError.csvHeader(file, "the file is empty", "文件为空") }
                    header = scanner.fields.map { field in
                        String(decoding: buffer[field.start..<field.end], as: UTF8.self)
                    }
                    if scanner.endedWithCarriageReturn { seenNotices.insert(.carriageReturns) }
                    if next > end { lineEndsWithCarriageReturn = scanner.endedWithCarriageReturn }
                    line += 1 + scanner.innerLines
                    position = next
                    break scan
                }
            }
            var names: Set<String> = []
            for name in header where !names.insert(name).inserted {
                throw OperationError.csvHeader(file, "column '\(name)' comes twice", "列“\(name)”出现两次")
            }
        }
        columns = header
    }

    /// The malformed records met since the last call.
    public func takeMalformed() -> [MalformedRecord] {
        defer { malformed.removeAll() }
        return malformed
    }

    public func next() throws -> RawBlock? {
        var block = RawBlock(columnCount: columns.count, firstRow: recordCount + 1)
        let malformedBefore = malformed.count
        while block.rowCount < RawBlock.preferredRowCount, malformed.count == malformedBefore {
            guard let result = try scanRecord() else { break }
            let begin = position
            switch result {
            case .incomplete, .badQuote: try recoverFromBadQuote()
            case .record(let end, let next):
                recordCount += 1
                if let kind = fault(begin, end) {
                    setAside(kind, begin..<end)
                } else {
                    buffer.withUnsafeBufferPointer { append($0, to: &block) }
                }
                noteLineEnd(hasEnd: next > end)
                line += 1 + scanner.innerLines
                position = next
            }
        }
        // A block without rows is only the end when no malformed record stands in its place.
        guard block.rowCount > 0 || malformed.count > malformedBefore else { return nil }
        return block
    }

    /// Scans the next record, reading on until it is whole or longer than any record; nil at the end of the file.
    private func scanRecord() throws -> RecordScanner.Result? {
        while true {
            if position < buffer.count {
                let result = buffer.withUnsafeBufferPointer { scanner.scan($0, from: position, isLast: isAtEnd) }
                guard case .incomplete = result, buffer.count - position <= CSVLimits.longestRecord else {
                    return result
                }
            } else if isAtEnd {
                return nil
            }
            buffer.removeFirst(position)
            bufferOffset += position
            position = 0
            isAtEnd = try !source.read(into: &buffer)
        }
    }

    private func fault(_ begin: Int, _ end: Int) -> MalformedRecord.Kind? {
        if scanner.hasZero { return .nul }
        if scanner.union >= 0x80, !buffer.withUnsafeBufferPointer({ UTF8Check.isValid($0[begin..<end]) }) {
            return .encoding
        }
        return scanner.fields.count == columns.count ? nil : .fields
    }

    private func append(_ bytes: UnsafeBufferPointer<UInt8>, to block: inout RawBlock) {
        for (index, field) in scanner.fields.enumerated() {
            if !field.isQuoted, field.start == field.end {
                block.columns[index].appendNull()
                continue
            }
            let content = UnsafeBufferPointer(rebasing: bytes[field.start..<field.end])
            if field.hasDoubledQuote {
                var isSecond = false
                for byte in content {
                    if byte == UInt8(ascii: "\""), !isSecond {
                        isSecond = true
                        continue
                    }
                    isSecond = false
                    block.columns[index].bytes.append(byte)
                }
                block.columns[index].finishValue()
            } else if !field.isQuoted, let nullText, content.elementsEqual(nullText) {
                block.columns[index].appendNull()
            } else {
                block.columns[index].append(bytes: content)
            }
        }
        block.lines.append(Int32(truncatingIfNeeded: line))
        block.rowCount += 1
    }

    private func noteLineEnd(hasEnd: Bool) {
        if scanner.hasLoneCarriageReturn { seenNotices.insert(.loneCarriageReturn) }
        guard hasEnd else { return }
        let now = scanner.endedWithCarriageReturn
        if now { seenNotices.insert(.carriageReturns) }
        if let before = lineEndsWithCarriageReturn, before != now { seenNotices.insert(.mixedLineEnds) }
        lineEndsWithCarriageReturn = lineEndsWithCarriageReturn ?? now
    }

    private func setAside(_ kind: MalformedRecord.Kind, _ range: Range<Int>) {
        malformed.append(
            MalformedRecord(
                kind: kind, row: recordCount, line: line, byteOffset: bufferOffset + range.lowerBound,
                bytes: Array(buffer[range])))
    }

    /// Ends the record at the first line end after which the next line has the table's number of fields; else, when there
    /// is none within the limits, at its own first line end.
    private func recoverFromBadQuote() throws {
        let begin = position
        while !isAtEnd, buffer.count - begin < CSVLimits.recoveryBytes { isAtEnd = try !source.read(into: &buffer) }
        let limit = min(buffer.count, begin + CSVLimits.recoveryBytes)
        var firstEnd: Int?
        var chosen: Int?
        var lines = 0
        var cursor = begin
        while cursor < limit, lines < CSVLimits.recoveryLines {
            guard let feed = buffer[cursor..<limit].firstIndex(of: UInt8(ascii: "\n")) else { break }
            firstEnd = firstEnd ?? feed
            lines += 1
            cursor = feed + 1
            let result = buffer.withUnsafeBufferPointer { scanner.scan($0, from: cursor, isLast: isAtEnd) }
            if case .record = result, cursor < buffer.count, scanner.fields.count == columns.count {
                chosen = feed
                break
            }
        }
        let end = chosen ?? firstEnd ?? buffer.count
        recordCount += 1
        let contentEnd = end > begin && buffer[end - 1] == UInt8(ascii: "\r") ? end - 1 : end
        setAside(.quote, begin..<contentEnd)
        line += buffer[begin..<end].reduce(into: 1) { if $1 == UInt8(ascii: "\n") { $0 += 1 } }
        position = min(end + 1, buffer.count)
    }
}

enum CSVLimits {
    /// A longer record can only be a quote that never closes.
    static let longestRecord = 16 << 20
    static let recoveryBytes = 1 << 20
    static let recoveryLines = 1000
}

extension OperationError {
    static func csvHeader(_ file: String, _ en: String, _ zh: String) -> OperationError {
        OperationError(
            .badData, code: "csv-header",
            LocalizedText(en: "the header of '\(file)' cannot be used: \(en)", zh: "“\(file)”的表头不可用：\(zh)"),
            hint: LocalizedText(
                en: "the first line names the columns, by code or title, separated by commas",
                zh: "第一行应为列名（代码或中文名），以逗号分隔"))
    }
}
