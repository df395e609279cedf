public import Columnar
public import DataAccess
import Diagnostics

/// Reads rows of a plain file again at places that are known, without reading what lies before them: the rows to which
/// something is to be said after all rows were judged.
public struct CSVRowFetcher: RowFetcher {
    private var source: FileSource
    private let path: String
    private let columnCount: Int
    private let nullText: [UInt8]
    private let tuning = ScanTuning()
    private var exact: RecordScanner
    /// How many bytes are asked for first; what the last rows needed, and some more.
    private var wanted = 2 << 10

    /// - Parameter columns: as `CSVCellReader.columns` of this file.
    public init(path: String, columns: [String], options: CSVOptions = CSVOptions()) throws {
        self.path = path
        source = try FileSource(path)
        columnCount = columns.count
        nullText = options.nullText.map { Array($0.utf8) } ?? []
        exact = RecordScanner(delimiter: options.delimiter)
    }

    /// Fills `block` with the rows that begin at a place of the file; it knows no lines.
    ///
    /// Throws `file-changed` (74) when there are not so many rows there, which is so when the file was changed or cut since.
    ///
    /// - Parameters:
    ///   - byteOffset: `byteOffset + starts[row]` of the block in which `CSVCellReader` gave the row.
    ///   - count: the rows that follow each other there, with no malformed record between them.
    ///   - firstRow: the number of the first of them.
    public mutating func fetch(at byteOffset: Int, count: Int, firstRow: Int, into block: inout CellBlock) throws {
        guard byteOffset >= 0 else { throw OperationError.fileChanged(path) }
        // A record begins where the file does, with or without a byte order mark, or after a line feed.
        let before = byteOffset == 0 || byteOffset == 3 ? 0 : 1
        block.restart(columnCount: columnCount, firstRow: firstRow, firstLine: 0, byteOffset: byteOffset - before)
        source.seek(to: byteOffset - before)
        var feed = ByteFeed(source)
        var places: [(start: Int, end: Int)] = []
        var filled = 0
        var position = before
        while places.count < count {
            // Cells are counted in 32 bits.
            guard filled < 1 << 30 else { throw OperationError.fileChanged(path) }
            filled = try feed.fill(&block.bytes, from: filled, upTo: max(wanted, filled * 2))
            guard filled > position, before == 0 || block.bytes[0] == UInt8(ascii: "\n") else {
                throw OperationError.fileChanged(path)
            }
            try findRecords(&places, count: count, &position, block.bytes, filled, isLast: feed.isAtEnd)
        }
        wanted = max(wanted, position + position / 4)
        var free = filled
        for place in places {
            _ = scan(block.bytes, from: place.start, upTo: place.end, isLast: true)
            block.append(exact, start: place.start, nullText: nullText, end: &free)
        }
        block.bytes.grow(to: free + CellBlock.padding)
    }

    /// Notes where whole records lie, as far as the bytes go.
    private mutating func findRecords(
        _ places: inout [(start: Int, end: Int)], count: Int, _ position: inout Int, _ bytes: [UInt8], _ filled: Int,
        isLast: Bool
    ) throws {
        while places.count < count, position < filled {
            let result = scan(bytes, from: position, upTo: filled, isLast: isLast)
            if case .incomplete = result, filled - position <= tuning.longestRecord { return }
            guard case .record(let end, let next) = result, !exact.hasZero, exact.fields.count == columnCount,
                exact.union < 0x80 || bytes[position..<end].isValidUTF8(level: tuning.level)
            else { throw OperationError.fileChanged(path) }
            places.append((position, end))
            position = next
        }
    }

    private mutating func scan(
        _ bytes: [UInt8], from start: Int, upTo end: Int, isLast: Bool
    ) -> RecordScanner.Result {
        bytes.withUnsafeBufferPointer {
            exact.scan(UnsafeBufferPointer(rebasing: $0[..<end]), from: start, isLast: isLast)
        }
    }
}

extension OperationError {
    static func fileChanged(_ path: String) -> OperationError {
        OperationError(
            .ioError, code: "file-changed",
            LocalizedText(
                en: "unable to read rows of '\(path)' again: the file was changed or cut since it was read",
                zh: "无法再次读取“\(path)”中的行：文件在读取之后被改动或截断"),
            hint: LocalizedText(
                en: "repeat the command while nothing writes to the file", zh: "请在没有程序写入该文件时重新执行命令"))
    }
}
