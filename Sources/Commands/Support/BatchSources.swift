import Batches
import Columnar
import DataAccess
import DelimitedText
import Diagnostics
import Library
import RuleEngine
import Schema

/// A sealed batch as the loader takes it.
extension IncomingBatch {
    init(_ batch: BatchReader, manifestText: String) {
        let manifest = batch.manifest
        func tables(_ list: [BatchManifest.Table], kind: Table.Kind) -> [Table] {
            list.map { table in
                Table(
                    name: table.name, kind: kind, orderColumn: table.watermark,
                    parts: table.parts.map { part in
                        Part(name: part.path, digest: part.sha256, rows: part.rows) {
                            try batch.cells(of: part, of: table)
                        }
                    })
            }
        }
        self.init(
            id: manifest.id, source: manifest.source.name, sequence: manifest.sequence, digest: batch.identity,
            previousDigest: manifest.previous, isFull: manifest.kind == .full, court: manifest.court,
            period: manifest.period, manifest: manifestText,
            tables: tables(manifest.tables, kind: .rows) + tables(manifest.tombstones, kind: .deletions)
                + tables(manifest.quarantined ?? [], kind: .quarantine))
    }
}

/// Rows of batches, for `qc`.
final class BatchInput: QualityInput {
    let tables: [String]
    let notices: [LocalizedText] = []
    private let batches: [BatchReader]
    private var last: [String: JoinedBatches] = [:]

    init(_ folders: [String], schema: StandardSchema) throws {
        batches = try BatchFolders.find(folders).map { try BatchReader.open($0, verify: .files) }
        let present = Set(batches.flatMap { $0.manifest.tables.map(\.name) })
        tables = schema.tables.map(\.name).filter(present.contains)
    }

    func open(_ request: QualityCheck.TableRequest) throws -> any CellReader {
        let joined = try JoinedBatches(batches, table: request.table.name)
        last[request.table.name] = joined
        return BlockCells(joined)
    }

    func malformed(in table: String) -> [(file: String, record: MalformedRecord)] { last[table]?.malformed ?? [] }

    func place(of row: Int, in table: String) -> String? { last[table]?.starts.last { $0.row <= row }?.file }

    var sizes: [String: (files: Int, bytes: Int)] {
        batches.flatMap(\.manifest.tables).reduce(into: [:]) { sum, table in
            let bytes = table.parts.reduce(0) { $0 + $1.bytes }
            let before = sum[table.name] ?? (0, 0)
            sum[table.name] = (before.files + table.parts.count, before.bytes + bytes)
        }
    }
}

/// One table of several batches, as one stream of rows.
final class JoinedBatches: BlockReader {
    let columns: [String]
    private(set) var malformed: [(file: String, record: MalformedRecord)] = []
    private(set) var starts: [(row: Int, file: String)] = []
    private var rest: [(batch: String, reader: BatchTableReader)]
    private var before = 0

    init(_ batches: [BatchReader], table: String) throws {
        rest = try batches.compactMap { batch in try batch.reader(table: table).map { (batch.folder, $0) } }
        columns = rest.first?.reader.columns ?? []
        for (batch, reader) in rest where Set(reader.columns) != Set(columns) {
            let missing =
                columns.first { !reader.columns.contains($0) } ?? reader.columns.first { !columns.contains($0) }
            throw OperationError.partLacksColumn(missing ?? "", file: batch, first: rest[0].batch)
        }
    }

    func next() throws -> RawBlock? {
        while let (batch, reader) = rest.first {
            if var block = try reader.next() {
                let file = batch + "/" + (reader.currentPart ?? "")
                block.firstRow += before
                if starts.last?.file != file { starts.append((block.firstRow, file)) }
                for var record in reader.takeMalformed() {
                    record.row += before
                    malformed.append((file, record))
                }
                if reader.columns != columns {
                    block.columns = columns.map { name in block.columns[reader.columns.firstIndex(of: name) ?? 0] }
                }
                return block
            }
            before += reader.recordCount
            rest.removeFirst()
        }
        return nil
    }
}
