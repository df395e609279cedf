import Columnar
import Compression
import DataAccess
import DelimitedText
import Diagnostics

/// The files that `--table NAME=FILE` gives for one table, read one after the other as one stream of rows.
///
/// Plain, `.zst` and `.gz` files may be mixed, all in one encoding; each may have its columns in an order of its own.
final class FileTable: CellReader, BlockReader {
    /// Those of the first file.
    let columns: [String]
    let files: [String]
    /// Malformed records so far, with the file of each.
    private(set) var malformed: [(file: String, record: MalformedRecord)] = []
    /// Notices so far, with the file of each.
    private(set) var notices: [(file: String, notice: CSVNotice)] = []
    /// Rows and malformed records so far.
    private(set) var recordCount = 0
    /// Where each file's rows begin, for findings: first row number and file.
    private(set) var starts: [(row: Int, file: String)] = []

    private let options: CSVOptions
    private let encoding: TextEncoding
    private var current: CSVCellReader<AnyByteSource>
    private var fileIndex = 0
    /// For each of `columns`, its place in the current file.
    private var places: [Int]
    /// Whether the current file has the columns of the first, in the same order.
    private var hasOwnOrder = true
    private var before = 0

    init(files: [String], options: CSVOptions = CSVOptions(), encoding: TextEncoding = .utf8) throws {
        self.files = files
        self.options = options
        self.encoding = encoding
        current = try Self.open(files[0], options, encoding)
        columns = current.columns
        places = Array(columns.indices)
        starts = [(1, files[0])]
    }

    func next() throws -> RawBlock? {
        var block = CellBlock()
        return try next(into: &block) ? RawBlock(block) : nil
    }

    func next(into block: inout CellBlock) throws -> Bool {
        while true {
            if try current.next(into: &block) {
                collectMalformed()
                block.firstRow += before
                if !hasOwnOrder { block.rearrange(places) }
                return true
            }
            collectMalformed()
            notices += current.notices.map { (files[fileIndex], $0) }
            before += current.recordCount
            recordCount = before
            fileIndex += 1
            guard fileIndex < files.count else { return false }
            current = try Self.open(files[fileIndex], options, encoding)
            places = try columns.map { column in
                guard let place = current.columns.firstIndex(of: column) else {
                    throw OperationError.partLacksColumn(column, file: files[fileIndex], first: files[0])
                }
                return place
            }
            hasOwnOrder = places == Array(current.columns.indices)
            starts.append((before + 1, files[fileIndex]))
        }
    }

    private func collectMalformed() {
        for var record in current.takeMalformed() {
            record.row += before
            malformed.append((files[fileIndex], record))
        }
    }

    private static func open(
        _ file: String, _ options: CSVOptions, _ encoding: TextEncoding
    ) throws -> CSVCellReader<AnyByteSource> {
        let plain = try FileSource(file)
        let bytes =
            if file.hasSuffix(".zst") {
                AnyByteSource(ZstdSource(plain, file: file))
            } else if file.hasSuffix(".gz") {
                AnyByteSource(GzipSource(plain, file: file))
            } else {
                AnyByteSource(plain)
            }
        let source = encoding == .utf8 ? bytes : AnyByteSource(try DecodingSource(bytes, from: encoding))
        return try CSVCellReader(source, file: file, options: options)
    }
}

extension FileTable {
    /// Fetches rows of files that were read, when all of them are plain UTF-8.
    func fetcher() throws -> (any RowFetcher)? {
        guard encoding == .utf8, !files.contains(where: { $0.hasSuffix(".zst") || $0.hasSuffix(".gz") }) else {
            return nil
        }
        return try FileRowFetcher(self)
    }

    /// One file after another, as the table's rows lie in them.
    private struct FileRowFetcher: RowFetcher {
        private var parts: [(firstRow: Int, fetcher: CSVRowFetcher, places: [Int]?)]

        init(_ table: FileTable) throws {
            parts = try table.starts.map { start in
                let columns = try FileTable.open(start.file, table.options, table.encoding).columns
                let places = table.columns.compactMap { columns.firstIndex(of: $0) }
                return (
                    start.row, try CSVRowFetcher(path: start.file, columns: columns, options: table.options),
                    places == Array(columns.indices) ? nil : places
                )
            }
        }

        mutating func fetch(at byteOffset: Int, count: Int, firstRow: Int, into block: inout CellBlock) throws {
            let part = parts.lastIndex { $0.firstRow <= firstRow } ?? 0
            try parts[part].fetcher.fetch(at: byteOffset, count: count, firstRow: firstRow, into: &block)
            if let places = parts[part].places { block.rearrange(places) }
        }
    }
}

extension CellBlock {
    /// Puts the columns in another order: the new column i is the one at `places[i]`.
    fileprivate mutating func rearrange(_ places: [Int]) {
        var row: [Cell] = []
        var made: [Cell] = []
        made.reserveCapacity(rowCount * places.count)
        for start in stride(from: 0, to: rowCount * columnCount, by: max(1, columnCount)) {
            row.removeAll(keepingCapacity: true)
            row.append(contentsOf: cells[start..<(start + columnCount)])
            for place in places { made.append(row[place]) }
        }
        cells = made
        columnCount = places.count
    }
}

extension OperationError {
    static func partLacksColumn(_ column: String, file: String, first: String) -> OperationError {
        OperationError(
            .badData, code: "csv-column-missing",
            LocalizedText(
                en: "'\(file)' lacks column '\(column)', which '\(first)' of the same table has",
                zh: "“\(file)”缺少列“\(column)”，而同一表的“\(first)”有此列"),
            hint: LocalizedText(
                en: "the parts of one table have the same columns, in any order", zh: "同一表的各分卷应有相同的列，顺序不限"))
    }
}
