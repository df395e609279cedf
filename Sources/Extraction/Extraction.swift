import Batches
import Columnar
import CourtModel
import DataAccess
import Definitions
import DelimitedText
import Diagnostics
import Schema

/// One call of `Extractor.extract`: all tables of one session into one batch.
struct Extraction {
    private(set) var notices: [LocalizedText] = []
    private let request: ExtractionRequest
    private let session: any SourceSession
    private let window: SourceWindow
    private let writer: BatchWriter
    private let progress: (ExtractionProgress) -> Void
    /// The keys of a table that were sent before, when deletions are to be found by comparison.
    private let known: KnownKeys?
    /// The last batch, from whose end the next one after a list of keys goes on.
    private let last: BatchStream.Link?
    private var untranslated: [BatchManifest.Untranslated] = []
    private var completeness: [BatchManifest.Completeness] = []
    /// By table, the rows that are no text.
    private var quarantine: [String: BatchTableWriter] = [:]
    private var isWhole = true

    private var source: SourceDefinition { request.source }

    init(
        _ request: ExtractionRequest, _ session: any SourceSession, _ window: SourceWindow, _ writer: BatchWriter,
        last: BatchStream.Link?, known: KnownKeys?, _ progress: @escaping (ExtractionProgress) -> Void
    ) {
        self.last = last
        self.known = known
        self.request = request
        self.session = session
        self.window = window
        self.writer = writer
        self.progress = progress
    }

    mutating func run() throws -> SealedBatch {
        if let keys = window.keys, !source.tables.contains(where: { asks($0, for: keys) }) {
            throw OperationError.noTableHasKey(keys.columns, source: source.name)
        }
        for table in source.tables where window.keys.map({ asks(table, for: $0) }) ?? true {
            guard let definition = request.schema.table(table.table) else {
                throw OperationError.sourceTableUnknown(
                    table.table, source: source.name,
                    near: NearMiss.names(like: table.table, among: request.schema.tables.map(\.name)))
            }
            do {
                try extractRows(of: table, definition)
                if let known {
                    try findDeletions(table, definition, known)
                } else if let sql = table.deletes, window.keys == nil {
                    try extractDeletions(sql, definition)
                }
            } catch let error as OperationError {
                throw error.during(table: definition.name, of: source.name)
            }
            faultPoint("extract.afterTable")
        }
        for output in quarantine.values { try output.finish() }
        return try writer.seal(
            BatchHeader(
                producer: request.producer, schema: request.schema.batchFingerprint, court: source.court,
                period: request.period?.label, kind: isWhole ? .full : .delta,
                window: isWhole ? BatchManifest.Window() : window.manifest,
                source: .init(name: source.name, engine: session.engine, version: session.version),
                consistency: session.consistency, snapshotTime: session.snapshotTime, runKey: request.runKey,
                resumeFrom: window.keys == nil ? session.resumeFrom : last.map { $0.resumeFrom ?? $0.snapshotTime },
                position: window.keys == nil ? session.position : last?.position),
            untranslated: untranslated, completeness: completeness)
    }

    /// Whether the table's key has all columns of the list.
    private func asks(_ table: SourceDefinition.SourceTable, for keys: KeyList) -> Bool {
        guard let definition = request.schema.table(table.table) else { return false }
        return keys.columns.allSatisfy { definition.key.contains($0) }
    }

    /// The rows of a table that are asked for, and whether they are all of it.
    private func rows(of table: SourceDefinition.SourceTable) throws -> (any CellReader, isWhole: Bool) {
        guard let keys = window.keys else { return try session.rows(of: table, window) }
        let statements = try SourceStatement.reading(keys, of: table, source: source, quote: session.quote)
        let session = session
        return (
            try ChainedCells(statements.map { statement in { try session.read(statement, of: table.table) } }), false
        )
    }

    private mutating func extractRows(of table: SourceDefinition.SourceTable, _ definition: TableDefinition) throws {
        var (rows, readsAll) = try rows(of: table)
        isWhole = isWhole && readsAll
        let needed = definition.columns.filter { $0.isRequired || definition.key.contains($0.name) }.map(\.name)
        let plan = try ColumnPlan(
            definition, wanted: needed, offered: rows.columns, widths: rows.widths, translated: Set(table.codes.keys),
            source: source, drift: table.drift)
        notices += plan.notices
        let output = try writer.table(definition.name, columns: plan.columns)
        output.watermark = table.watermark.flatMap { definition.column($0)?.name }.flatMap { name in
            plan.columns.contains(name) ? name : nil
        }
        var encoder = RowEncoder(
            plan, codes: table.codes, table: definition, mayHoldBadText: session.mayHoldBadText)
        var completeness = CompletenessCount(table.completeness, plan, readsAll: readsAll)
        let records = CSVRecords()
        var block = CellBlock()
        var count = 0
        while try rows.next(into: &block) {
            let written = encoder.append(block, to: records)
            try records.withBytes { try output.write(records: $0, count: written) }
            records.removeAll()
            try setAside(encoder.takeBadRows() + session.takeBadRows(), of: definition.name)
            faultPoint("extract.afterBlock")
            completeness.add(block)
            count += block.rowCount
            progress(ExtractionProgress(table: definition.name, rows: count))
        }
        try setAside(session.takeBadRows(), of: definition.name)
        output.rowsPerCourt =
            plan.courtColumn != nil ? encoder.rowsPerCourt : source.court.map { [$0: output.rowCount] } ?? [:]
        try output.finish()
        if let keys = window.keys, Set(keys.columns) == Set(definition.key), count < keys.rows.count {
            notices.append(
                .keysNotThere(
                    keys.rows.count - count, of: keys.rows.count, table: definition.name, source: source.name))
        }
        let found = completeness.result(
            table: definition.name, extra: plan.extra, missing: plan.missing, widened: plan.widened)
        if !found.saysNothing { self.completeness.append(found) }
        for (column, values) in encoder.untranslated {
            untranslated.append(.init(table: definition.name, column: column, values: values))
        }
    }

    /// Rows that are no text travel beside the others, with their bytes.
    private mutating func setAside(_ rows: [RowEncoder.BadRow], of table: String) throws {
        guard !rows.isEmpty else { return }
        let output =
            try quarantine[table]
            ?? writer.table(table, columns: QuarantinedRow.columns, contents: .quarantine)
        quarantine[table] = output
        let records = CSVRecords()
        for row in rows {
            for text in QuarantinedRow(row: row.row, column: row.column, reason: "encoding", raw: row.bytes).texts {
                let (bytes, count) = CodeTranslation.padded(Array(text.utf8))
                bytes.withUnsafeBufferPointer { records.append(UnsafeBufferPointer(rebasing: $0[..<count])) }
            }
            records.endRecord()
        }
        try records.withBytes { try output.write(records: $0, count: rows.count) }
    }

    /// Tombstones for keys that were sent before and are not at the source any more.
    private mutating func findDeletions(
        _ table: SourceDefinition.SourceTable, _ definition: TableDefinition, _ known: KnownKeys
    ) throws {
        let statement = try SourceStatement.keys(definition.key, of: table, source: source, quote: session.quote)
        var there = KeySet(definition, codes: table.codes)
        var reader = try session.read(statement, of: definition.name)
        var block = CellBlock()
        while try reader.next(into: &block) { there.insert(block) }
        let output = try writer.table(definition.name, columns: definition.key, contents: .deletions)
        var sent = try known.read(definition)
        let records = CSVRecords()
        while try sent.next(into: &block) {
            let count = there.appendMissing(block, to: records)
            try records.withBytes { try output.write(records: $0, count: count) }
            records.removeAll()
        }
        try output.finish()
    }

    private mutating func extractDeletions(_ sql: String, _ definition: TableDefinition) throws {
        var rows = try session.deletions(sql, of: definition.name, window)
        let plan = try ColumnPlan(
            definition, wanted: definition.key, offered: rows.columns, source: source, isDeletion: true)
        let output = try writer.table(definition.name, columns: plan.columns, contents: .deletions)
        var encoder = RowEncoder(plan, codes: [:], table: definition, mayHoldBadText: session.mayHoldBadText)
        let records = CSVRecords()
        var block = CellBlock()
        while try rows.next(into: &block) {
            let written = encoder.append(block, to: records)
            try records.withBytes { try output.write(records: $0, count: written) }
            records.removeAll()
            try setAside(encoder.takeBadRows(), of: definition.name)
        }
        try output.finish()
    }
}
