import ArgumentParser
import Batches
import Definitions
import Diagnostics
import Foundation
import Library
import Schema

/// `load BATCH…`: into the standard library, verified, checked in flight, exactly once (入库).
struct LoadCommand: Operation, LibraryStep {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "load",
            abstract: say("Load batches into the library, exactly once.", "把批次装入标准库，恰好一次。"))
    }

    @Argument(help: help("Batches, or folders of batches.", "批次，或存放批次的目录。"))
    var batches: [String] = []

    @Option(help: help("Load every received batch of this inbox, in order.", "按顺序装入此收件箱中已签收的全部批次。"))
    var inbox: String?

    @Option(help: help("Rows that may go to quarantine, of a batch: 1% or 100.", "每个批次允许隔离的行：1% 或 100。"))
    var maxBad: String = "1%"

    @Option(help: help("Rows that a batch may delete, of a table: 1% or 100.", "每个批次允许删除的行：1% 或 100。"))
    var maxShrink: String = "1%"

    @OptionGroup var library: LibraryOptions
    @OptionGroup var schema: SchemaOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        for text in [maxBad, maxShrink] where RowLimit(text) == nil {
            throw ValidationError(say("a limit is 1% or 100, not '\(text)'", "限额应为 1% 或 100，不是“\(text)”"))
        }
        if batches.isEmpty, inbox == nil { throw ValidationError(say("name batches or an --inbox", "请给出批次或 --inbox")) }
    }

    func perform(in session: Session) throws -> OperationResult {
        let begin = ContinuousClock.now
        let loaded = try session.definitions(schema)
        var folders = try BatchFolders.find(batches)
        if let inbox {
            let folder = InboxFolder.path(inbox)
            guard FileManager.default.fileExists(atPath: folder) else { throw OperationError.inboxMissing(folder) }
            folders += try Inbox(folder).batches().map(\.folder)
        }
        let library = try session.library(library)
        var options = LoadOptions(run: session.runID)
        options.maxBad = RowLimit(maxBad) ?? options.maxBad
        options.maxShrink = RowLimit(maxShrink) ?? options.maxShrink
        var receipts: [LoadReceipt] = []
        var drift: [String: [BatchManifest.Completeness]] = [:]
        for (index, folder) in folders.enumerated() {
            session.console.progress(LocalizedText(en: "loading", zh: "入库"), done: index, of: folders.count)
            let batch = try BatchReader.open(folder, verify: .files)
            drift[batch.manifest.id] = batch.manifest.completeness
            let text = FileManager.default.contents(atPath: folder + "/manifest.json").map {
                String(decoding: $0, as: UTF8.self)
            }
            receipts.append(
                try library.load(
                    IncomingBatch(batch, manifestText: text ?? ""), schema: loaded.schema, rules: loaded.rules,
                    options: options))
        }
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        let summary = LoadSummary(receipts, drift: drift, seconds: seconds)
        for notice in receipts.flatMap(\.notices) { session.console.warn(notice) }
        if summary.total.quarantined > 0 {
            session.console.warn(
                LocalizedText(
                    en: "\(summary.total.quarantined) rows went to quarantine: 'sitong quarantine list'",
                    zh: "\(summary.total.quarantined) 行进入隔离区：可用“sitong quarantine list”查看"))
        }
        return OperationResult(json: summary, text: summary.text, products: receipts.map(\.batch))
    }
}

/// `load --json`.
struct LoadSummary: Encodable {
    struct Counts: Encodable {
        var rowsIn = 0
        var inserted = 0
        var updated = 0
        var unchanged = 0
        var superseded = 0
        var quarantined = 0
        var deleted = 0
        var adjusted = 0

        init(_ counts: RowCounts) {
            rowsIn = counts.rowsIn
            inserted = counts.inserted
            updated = counts.updated
            unchanged = counts.unchanged
            superseded = counts.superseded
            quarantined = counts.quarantined
            deleted = counts.deleted
            adjusted = counts.adjusted
        }
    }

    struct Batch: Encodable {
        var batch: String
        var replay: Bool
        var counts: Counts
        /// Tables whose columns at the source were not the standard's.
        var drift: [Drift]
    }

    struct Drift: Encodable {
        var table: String
        var extra: [String]
        var missing: [String]
        var widened: [BatchManifest.WidenedColumn]
        fileprivate let lines: [LocalizedText]

        enum CodingKeys: String, CodingKey { case table, extra, missing, widened }

        init?(_ found: BatchManifest.Completeness) {
            guard !found.columnLines.isEmpty || found.widenedColumns != nil else { return nil }
            table = found.table
            extra = found.extraColumns
            missing = found.missingColumns
            widened = found.widenedColumns ?? []
            lines = found.columnLines
        }
    }

    var format = "sitong.load/1"
    var seconds: Double
    var batches: [Batch]
    /// Of the batches that were not loaded before.
    var total: Counts

    init(_ receipts: [LoadReceipt], drift: [String: [BatchManifest.Completeness]], seconds: Double) {
        self.seconds = seconds
        batches = receipts.map {
            Batch(
                batch: $0.batch, replay: $0.isReplay, counts: Counts($0.total),
                drift: (drift[$0.batch] ?? []).compactMap(Drift.init))
        }
        var sum = RowCounts()
        for receipt in receipts where !receipt.isReplay { sum += receipt.total }
        total = Counts(sum)
    }

    var text: LocalizedText {
        let new = batches.count { !$0.replay }
        let before = batches.count - new
        let counts = LocalizedText(
            en:
                "\(new) batches loaded, \(before) before; \(Format.count(total.rowsIn)) rows = \(Format.count(total.inserted)) inserted + \(Format.count(total.updated)) updated + \(Format.count(total.unchanged)) unchanged + \(Format.count(total.superseded)) superseded + \(Format.count(total.quarantined)) quarantined + \(Format.count(total.deleted)) deleted + \(Format.count(total.adjusted)) adjusted, \(Format.seconds(seconds))",
            zh:
                "装入批次 \(new) 个，先前已装入 \(before) 个；\(Format.count(total.rowsIn)) 行 = 新增 \(Format.count(total.inserted)) + 更新 \(Format.count(total.updated)) + 未变 \(Format.count(total.unchanged)) + 被取代 \(Format.count(total.superseded)) + 隔离 \(Format.count(total.quarantined)) + 删除 \(Format.count(total.deleted)) + 调整 \(Format.count(total.adjusted))，用时 \(Format.seconds(seconds))"
        )
        let drifted = batches.filter { !$0.replay }.flatMap { batch in
            batch.drift.flatMap(\.lines).map {
                LocalizedText(en: "  \(batch.batch): \($0.en)", zh: "  \(batch.batch)：\($0.zh)")
            }
        }
        return LocalizedText(
            en: ([counts.en] + drifted.map(\.en)).joined(separator: "\n"),
            zh: ([counts.zh] + drifted.map(\.zh)).joined(separator: "\n"))
    }
}
