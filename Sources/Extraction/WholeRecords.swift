import Columnar
import DataAccess
import DelimitedText
import Diagnostics

/// Rows of a file whose records are whole, but for those that are no text in its encoding.
final class WholeRecords: BlockReader {
    let columns: [String]
    private let reader: CSVReader<DecodingSource<FileSource>>
    private let file: String
    private let encoding: TextEncoding
    private let delimiter: UInt8
    private let table: String
    private let undecodable: UndecodableRecords
    /// The file once more, from when the first bad record is met; it only goes on.
    private var lines: OriginalLines?

    init(
        _ file: String, encoding: TextEncoding, options: CSVOptions, table: String, _ undecodable: UndecodableRecords
    ) throws {
        reader = try CSVReader(DecodingSource(FileSource(file), from: encoding), file: file, options: options)
        columns = reader.columns
        self.file = file
        self.encoding = encoding
        delimiter = options.delimiter
        self.table = table
        self.undecodable = undecodable
    }

    func next() throws -> RawBlock? {
        let block = try reader.next()
        for record in reader.takeMalformed() {
            // That the bytes are those of this record is held against what it was decoded to.
            guard record.kind == .encoding, let bytes = try original(of: record), try decoded(bytes) == record.bytes
            else {
                throw OperationError.sourceRecordMalformed(record.kind, row: record.row, file: file, table: table)
            }
            undecodable.add(RowEncoder.BadRow(row: record.row, column: badColumn(record.bytes), bytes: bytes))
        }
        return block
    }

    /// The record as it stands in the file. In none of the encodings is a line feed a part of a letter.
    private func original(of record: MalformedRecord) throws -> [UInt8]? {
        var lines = try self.lines ?? OriginalLines(file)
        let bytes = try lines.take(1 + record.bytes.count { $0 == UInt8(ascii: "\n") }, from: record.line)
        self.lines = lines
        return bytes
    }

    private func decoded(_ bytes: [UInt8]) throws -> [UInt8] {
        var text: [UInt8] = []
        let source = try DecodingSource(BytesSource(bytes), from: encoding)
        while try source.read(into: &text) {}
        return text
    }

    /// By its name in the file, the column of the first byte that could not be decoded.
    private func badColumn(_ record: [UInt8]) -> String {
        var column = 0
        var isQuoted = false
        for byte in record {
            if byte == 0xFF { break }
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if byte == delimiter, !isQuoted { column += 1 }
        }
        return columns.indices.contains(column) ? columns[column] : ""
    }
}

/// Lines of a file as they are, in ascending order.
private struct OriginalLines {
    private var file: FileSource
    private var buffer: [UInt8] = []
    private var position = 0
    /// Of the line at `position`, from 1.
    private var number = 1

    init(_ path: String) throws { file = try FileSource(path) }

    /// So many lines, with the ends between them but without the last one; nil when the file has not so many.
    mutating func take(_ count: Int, from first: Int) throws -> [UInt8]? {
        while number < first {
            guard try nextLine() != nil else { return nil }
        }
        var record: [UInt8] = []
        for place in 0..<count {
            guard let line = try nextLine() else { return nil }
            if place > 0 { record.append(UInt8(ascii: "\n")) }
            record += line
        }
        if record.last == UInt8(ascii: "\r") { record.removeLast() }
        return record
    }

    private mutating func nextLine() throws -> [UInt8]? {
        var searched = position
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer {
                    position = end + 1
                    number += 1
                }
                return Array(buffer[position..<end])
            }
            searched = buffer.count - position
            buffer.removeSubrange(..<position)
            position = 0
            guard try file.read(into: &buffer) else {
                guard !buffer.isEmpty else { return nil }
                defer {
                    buffer.removeAll()
                    number += 1
                }
                return buffer
            }
        }
    }
}
