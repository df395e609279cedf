public import Columnar
import Compression
public import DataAccess
import DelimitedText
import Diagnostics
import Digests

/// Writes the rows of one table into as many parts (分卷) as are needed.
public final class BatchTableWriter: BlockWriter {
    public enum Contents: Sendable {
        case rows
        /// Keys of rows that the source deleted.
        case deletions
        /// `QuarantinedRow`s: rows that could not be read as text.
        case quarantine
    }

    private typealias PartSink = DigestingSink<ZstdSink<DigestingSink<FileSink>>>

    public let contents: Contents
    /// By court; the one who knows counts.
    public var rowsPerCourt: [String: Int] {
        get { entry.rowsPerCourt }
        set { entry.rowsPerCourt = newValue }
    }
    /// The column that tells when a row was last changed.
    public var watermark: String? {
        get { entry.watermark }
        set { entry.watermark = newValue }
    }
    private(set) var entry: BatchManifest.Table
    private(set) var isFinished = false
    private let folder: String
    private let partBytes: Int
    /// Rows so far.
    public var rowCount: Int { entry.rows }
    private var part: (path: String, sink: PartSink, rows: Int)?

    init(_ folder: String, name: String, columns: [String], contents: Contents, partBytes: Int) throws {
        self.folder = folder
        self.contents = contents
        self.partBytes = partBytes
        entry = BatchManifest.Table(name: name, columns: columns, rows: 0, parts: [])
    }

    public func write(_ block: RawBlock) throws {
        var records: [UInt8] = []
        for row in 0..<block.rowCount {
            CSVEncoding.append(block, row: row, to: &records)
            records.append(UInt8(ascii: "\n"))
        }
        try records.withUnsafeBytes { try write(records: $0, count: block.rowCount) }
    }

    /// Writes rows that are whole records of the strict profile already, as `CSVRecords` makes them.
    public func write(records: UnsafeRawBufferPointer, count: Int) throws {
        guard count > 0 else { return }
        if part == nil { try beginPart() }
        try part?.sink.write(records)
        part?.rows += count
        entry.rows += count
        // By the text alone, which compresses to about a third: how much the compressor has put out by now is chance.
        if let text = part?.sink.byteCount, text / 3 >= partBytes { try endPart() }
    }

    public func finish() throws {
        try endPart()
        isFinished = true
    }

    private func beginPart() throws {
        let place = PartPath(table: entry.name, contents: contents, number: entry.parts.count + 1)
        try FolderAccess.make(folder + "/" + place.folder)
        let file = DigestingSink(try FileSink(folder + "/" + place.text))
        var sink = DigestingSink(ZstdSink(file, workers: 1))
        var header: [UInt8] = []
        for (index, column) in entry.columns.enumerated() {
            if index > 0 { header.append(UInt8(ascii: ",")) }
            var column = column
            column.withUTF8 { CSVEncoding.append($0, to: &header) }
        }
        header.append(UInt8(ascii: "\n"))
        try header.withUnsafeBytes { try sink.write($0) }
        part = (place.text, sink, 0)
        faultPoint("batch.afterPartBegan")
    }

    private func endPart() throws {
        guard let (path, _, rows) = part, var raw = part?.sink else { return }
        part = nil
        try raw.finish()
        let file = raw.inner.inner
        entry.parts.append(
            BatchManifest.Part(
                path: path, rows: rows, bytes: file.byteCount, sha256: file.hexDigest ?? "",
                rawBytes: raw.byteCount, rawSha256: raw.hexDigest ?? ""))
        faultPoint("batch.afterPart")
    }
}

/// `anjian/000001.csv.zst`, `anjian/deleted-000001.csv.zst`, `q/anjian-000001.csv.zst`.
struct PartPath {
    var table: String
    var contents: BatchTableWriter.Contents
    var number: Int

    var folder: String { contents == .quarantine ? "q" : table }

    var text: String {
        let digits = String(number)
        let zeros = String(repeating: "0", count: max(0, 6 - digits.count))
        let prefix =
            switch contents {
            case .rows: ""
            case .deletions: "deleted-"
            case .quarantine: table + "-"
            }
        return "\(folder)/\(prefix)\(zeros)\(digits).csv.zst"
    }
}

/// A row of the source that could not be read as text, as it travels in `q/<table>-000001.csv.zst`.
public struct QuarantinedRow: Sendable, Hashable {
    public static let columns = ["row", "column", "reason", "raw"]

    /// Among the rows of the table's query, from 1.
    public var row: Int
    /// The first column that is no text.
    public var column: String
    /// Stable: `encoding`.
    public var reason: String
    /// The row in the strict CSV profile, but for the bytes that are no text.
    public var raw: [UInt8]

    public init(row: Int, column: String, reason: String, raw: [UInt8]) {
        self.row = row
        self.column = column
        self.reason = reason
        self.raw = raw
    }

    /// Nil when a text is not what `columns` says.
    public init?(texts: [String?]) {
        guard texts.count == 4, let row = texts[0].flatMap({ Int($0) }), let column = texts[1], let reason = texts[2],
            let digits = texts[3].map({ Array($0.utf8) }), digits.count % 2 == 0
        else { return nil }
        var raw: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[place..<place + 2], as: UTF8.self)
            guard let byte = UInt8(pair, radix: 16) else { return nil }
            raw.append(byte)
        }
        self.init(row: row, column: column, reason: reason, raw: raw)
    }

    /// The values of `columns`; the bytes as hexadecimal digits.
    public var texts: [String] {
        let digits = Array("0123456789abcdef".utf8)
        let hex = raw.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return [String(row), column, reason, String(decoding: hex, as: UTF8.self)]
    }
}
