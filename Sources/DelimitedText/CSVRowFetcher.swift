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
        while true {
            block.restart(
                columnCount: columnCount, firstRow: firstRow, firstLine: 0, byteOffset: byteOffset - before)
            source.seek(to: byteOffset - before)
            var feed = ByteFeed(source)
            let filled = try feed.fill(&block.bytes, from: 0, upTo: wanted)
            guard filled > before, before == 0 || block.bytes[0] == UInt8(ascii: "\n") else {
                throw OperationError.fileChanged(path)
            }
            var position = before
            var free = filled
            while block.rowCount < count, position < filled {
                let result = scan(block.bytes, from: position, upTo: filled, isLast: feed.isAtEnd)
                if case .incomplete = result, filled - position <= tuning.longestRecord { break }
                guard case .record(let end, let next) = result, !exact.hasZero, exact.fields.count == columnCount,
                    exact.union < 0x80 || block.bytes[position..<end].isValidUTF8(level: tuning.level)
                else { throw OperationError.fileChanged(path) }
                block.append(exact, start: position, nullText: nullText, end: &free)
                position = next
            }
            if block.rowCount == count {
                wanted = max(wanted, position + position / 4)
                block.bytes.grow(to: free + CellBlock.padding)
                return
            }
            // Cells are counted in 32 bits.
            guard !feed.isAtEnd, wanted < 1 << 30 else { throw OperationError.fileChanged(path) }
            wanted *= 2
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
