public import Columnar
public import DataAccess
public import DelimitedText
import Diagnostics

/// The rows of one table of a batch, over all its parts; row numbers run on from part to part.
public final class BatchTableReader: BlockReader {
    public let columns: [String]
    /// The path of the part that the last block came from; `RawBlock.lines` are lines of its text.
    public private(set) var currentPart: String?
    /// Rows and malformed records so far.
    public var recordCount: Int { before + (current?.recordCount ?? 0) }

    private let batch: BatchReader
    private let table: BatchManifest.Table
    private var partIndex = 0
    private var current: CSVReader<PartSource>?
    /// Records of the parts that are done.
    private var before = 0
    private var malformed: [MalformedRecord] = []

    init(_ batch: BatchReader, _ table: BatchManifest.Table) {
        self.batch = batch
        self.table = table
        columns = table.columns
    }

    public func next() throws -> RawBlock? {
        while true {
            if let reader = current {
                if var block = try reader.next() {
                    collectMalformed(reader)
                    block.firstRow += before
                    return block
                }
                let part = table.parts[partIndex]
                guard reader.recordCount == part.rows else {
                    throw OperationError.batchRows(
                        batch.manifest.id, part.path, expected: part.rows, found: reader.recordCount)
                }
                before += reader.recordCount
                current = nil
                partIndex += 1
            }
            guard partIndex < table.parts.count else { return nil }
            current = try batch.open(table.parts[partIndex], of: table)
            currentPart = table.parts[partIndex].path
        }
    }

    /// The malformed records met since the last call; their lines are those of `currentPart`.
    public func takeMalformed() -> [MalformedRecord] {
        defer { malformed.removeAll() }
        return malformed
    }

    private func collectMalformed(_ reader: CSVReader<PartSource>) {
        for var record in reader.takeMalformed() {
            record.row += before
            malformed.append(record)
        }
    }
}
