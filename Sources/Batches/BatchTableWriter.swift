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
    private var part: (path: String, writer: CSVWriter<PartSink>)?

    init(_ folder: String, name: String, columns: [String], contents: Contents, partBytes: Int) throws {
        self.folder = folder
        self.contents = contents
        self.partBytes = partBytes
        entry = BatchManifest.Table(name: name, columns: columns, rows: 0, parts: [])
    }

    public func write(_ block: RawBlock) throws {
        guard block.rowCount > 0 else { return }
        if part == nil { try beginPart() }
        try part?.writer.write(block)
        entry.rows += block.rowCount
        guard let sink = part?.writer.sink else { return }
        // The compressor holds some back; text that compresses very well must end a part too.
        if sink.inner.inner.byteCount >= partBytes || sink.byteCount / 32 >= partBytes { try endPart() }
    }

    public func finish() throws {
        try endPart()
        isFinished = true
    }

    private func beginPart() throws {
        try FolderAccess.make(folder + "/" + entry.name)
        let path = PartPath(table: entry.name, contents: contents, number: entry.parts.count + 1).text
        let file = DigestingSink(try FileSink(folder + "/" + path))
        part = (path, try CSVWriter(DigestingSink(ZstdSink(file)), columns: entry.columns))
    }

    private func endPart() throws {
        guard let path = part?.path, var writer = part?.writer else { return }
        part = nil
        try writer.finish()
        let raw = writer.sink
        let file = raw.inner.inner
        entry.parts.append(
            BatchManifest.Part(
                path: path, rows: writer.rowCount, bytes: file.byteCount, sha256: file.hexDigest ?? "",
                rawBytes: raw.byteCount, rawSha256: raw.hexDigest ?? ""))
    }
}

/// `anjian/000001.csv.zst`, `anjian/deleted-000001.csv.zst`.
struct PartPath {
    var table: String
    var contents: BatchTableWriter.Contents
    var number: Int

    var text: String {
        let digits = String(number)
        let zeros = String(repeating: "0", count: max(0, 6 - digits.count))
        return "\(table)/\(contents == .deletions ? "deleted-" : "")\(zeros)\(digits).csv.zst"
    }
}
