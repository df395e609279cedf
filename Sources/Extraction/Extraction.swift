import Batches
import Columnar
import CourtModel
import DataAccess
import Definitions
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
    private var untranslated: [BatchManifest.Untranslated] = []
    private var isWhole = true

    private var source: SourceDefinition { request.source }

    init(
        _ request: ExtractionRequest, _ session: any SourceSession, _ window: SourceWindow, _ writer: BatchWriter,
        _ progress: @escaping (ExtractionProgress) -> Void
    ) {
        self.request = request
        self.session = session
        self.window = window
        self.writer = writer
        self.progress = progress
    }

    mutating func run() throws -> SealedBatch {
        for table in source.tables {
            guard let definition = request.schema.table(table.table) else {
                throw OperationError.sourceTableUnknown(
                    table.table, source: source.name,
                    near: NearMiss.names(like: table.table, among: request.schema.tables.map(\.name)))
            }
            do {
                try extractRows(of: table, definition)
                if let sql = table.deletes { try extractDeletions(sql, definition) }
            } catch let error as OperationError {
                throw error.during(table: definition.name, of: source.name)
            }
            faultPoint("extract.afterTable")
        }
        return try writer.seal(
            BatchHeader(
                producer: request.producer, schema: request.schema.batchFingerprint, court: source.court,
                period: request.period?.label, kind: isWhole ? .full : .delta,
                window: isWhole ? BatchManifest.Window() : window.manifest,
                source: .init(name: source.name, engine: session.engine, version: session.version),
                consistency: session.consistency, snapshotTime: session.snapshotTime, runKey: request.runKey),
            untranslated: untranslated)
    }

    private mutating func extractRows(of table: SourceDefinition.SourceTable, _ definition: TableDefinition) throws {
        var (rows, readsAll) = try session.rows(of: table, window)
        isWhole = isWhole && readsAll
        let needed = definition.columns.filter { $0.isRequired || definition.key.contains($0.name) }.map(\.name)
        let plan = try ColumnPlan(definition, wanted: needed, offered: rows.columns, source: source)
        notices += plan.notices
        let output = try writer.table(definition.name, columns: plan.columns)
        output.watermark = table.watermark.flatMap { definition.column($0)?.name }.flatMap { name in
            plan.columns.contains(name) ? name : nil
        }
        var translations: [(place: Int, column: String, translation: CodeTranslation)] = []
        for (name, codes) in table.codes {
            guard let column = definition.column(name)?.name, let place = plan.offeredPlace(of: column) else {
                continue
            }
            translations.append((place, column, CodeTranslation(codes)))
        }
        translations.sort { $0.place < $1.place }
        var courts = CourtCount()
        var count = 0
        while let offered = try rows.next() {
            var block = plan.apply(offered)
            for index in translations.indices {
                let place = translations[index].place
                block.columns[place] = translations[index].translation.translate(block.columns[place])
            }
            if let place = plan.courtColumn { courts.add(block.columns[place]) }
            try output.write(block)
            count += block.rowCount
            progress(ExtractionProgress(table: definition.name, rows: count))
        }
        output.rowsPerCourt = plan.courtColumn != nil ? courts.rowsPerCourt : source.court.map { [$0: count] } ?? [:]
        try output.finish()
        for (_, column, translation) in translations where !translation.untranslated.isEmpty {
            untranslated.append(.init(table: definition.name, column: column, values: translation.untranslated))
        }
    }

    private func extractDeletions(_ sql: String, _ definition: TableDefinition) throws {
        var rows = try session.deletions(sql, of: definition.name, window)
        let plan = try ColumnPlan(
            definition, wanted: definition.key, offered: rows.columns, source: source, isDeletion: true)
        let output = try writer.table(definition.name, columns: plan.columns, contents: .deletions)
        while let block = try rows.next() { try output.write(plan.apply(block)) }
        try output.finish()
    }
}
