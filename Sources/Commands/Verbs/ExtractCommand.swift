import ArgumentParser
import Batches
import Columnar
import CourtModel
import Definitions
import Diagnostics
import Extraction
import Foundation
import Library
import Schema

/// `extract`: trial databases → sealed batches (抽取).
struct ExtractCommand: Operation {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "extract", abstract: say("Extract trial databases into sealed batches.", "把审判库抽取为已封存的批次。"))
    }

    @Option(help: help("Source definitions; repeatable, * and ? allowed.", "来源定义文件，可多次给出，可用 * 和 ?。"))
    var source: [String]

    @Option(help: help("The outbox for the batches.", "存放批次的发件箱目录。"))
    var to: String

    @Option(help: help("What this statistical period needs.", "抽取此统计周期所需的数据。"))
    var period: String?

    @Option(help: help("Rows changed since this day, YYYY-MM-DD.", "自此日（YYYY-MM-DD）以来变更的行。"))
    var since: String?

    @Flag(help: help("All rows.", "全部行。"))
    var full = false

    @Option(
        help: help(
            "Only the rows of these keys: a CSV file with columns of the key, or one key a line.",
            "只抽取这些主键的行：含主键列的 CSV 文件，或每行一个主键。"))
    var keys: String?

    @Flag(
        help: help(
            "Find deletions: keys that the library has of this source and that are no longer there.",
            "比对主键以发现删除：标准库中有而来源已无的主键。"))
    var compareKeys = false

    @Flag(help: help("Print the statements that would be run; ask and make nothing.", "只打印将执行的语句，不抽取。"))
    var dryRun = false

    @Option(help: help("Connections to a source at once.", "对每个来源同时使用的连接数。"))
    var jobs = max(1, min(4, ProcessInfo.processInfo.activeProcessorCount / 2))

    @OptionGroup var library: LibraryOptions
    @OptionGroup var schema: SchemaOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        let given = (period == nil ? 0 : 1) + (since == nil ? 0 : 1) + (full ? 1 : 0) + (keys == nil ? 0 : 1)
        if given > 1 {
            throw ValidationError(
                say("give one of --period, --since, --full, --keys", "--period、--since、--full、--keys 只能给出一个"))
        }
        if keys != nil, compareKeys {
            throw ValidationError(
                say("--compare-keys compares all keys, not those of --keys", "--compare-keys 比对全部主键，不能与 --keys 同用"))
        }
        if let since, CivilDate(since) == nil {
            throw ValidationError(say("--since is YYYY-MM-DD, not '\(since)'", "--since 应为 YYYY-MM-DD，不是“\(since)”"))
        }
    }

    func perform(in session: Session) throws -> OperationResult {
        let begin = ContinuousClock.now
        let loaded = try session.definitions(schema)
        let files = try FileNames.expand(source, what: LocalizedText(en: "source", zh: "来源定义"))
        guard !files.isEmpty else {
            throw OperationError(
                .noInput, code: "sources-missing",
                LocalizedText(
                    en: "no source definition matches \(source.joined(separator: ", "))",
                    zh: "没有符合 \(source.joined(separator: "、")) 的来源定义"),
                hint: LocalizedText(
                    en: "write one for each trial database; README shows how", zh: "请为每个审判库写一个；写法见 README"))
        }
        // All of them are read first: a mistake in the last is not found after an hour of extracting the others.
        let sources = try files.map { file in
            try DefinitionLoader.loadSource(file: file, schema: loaded.schema).filled(from: session.environment)
        }
        let period = try session.period(period)
        let range: ExtractionRange =
            if let keys {
                .keys(try KeyList(file: keys, of: sources, in: loaded.schema))
            } else if let period { .period(period) } else if let day = since.flatMap({ CivilDate($0) }) {
                .changes(since: day, until: nil)
            } else { .full }
        let outbox = try Outbox(to)
        func request(_ source: SourceDefinition) -> ExtractionRequest {
            var request = ExtractionRequest(
                source: source, schema: loaded.schema, range: range, runKey: runKey(session),
                producer: "sitong \(SitongCommand.version)")
            request.connections = jobs
            return request
        }
        guard !dryRun else {
            let plan = ExtractPlan(
                try sources.map { ($0.name, try Extractor.plan(request($0), to: outbox, comparesKeys: compareKeys)) })
            return OperationResult(json: plan, text: plan.text)
        }
        let held = compareKeys ? try session.library(library) : nil
        var results: [ExtractionResult] = []
        for (index, source) in sources.enumerated() {
            let known = held.map { library in KnownKeys { try library.keys(of: $0, source: source.name) } }
            let result = try Extractor.extract(request(source), to: outbox, known: known) { progress in
                session.console.progress(
                    LocalizedText(
                        en: "extracting \(source.name) \(progress.table) \(Format.count(progress.rows))",
                        zh: "抽取 \(source.name) \(progress.table) \(Format.count(progress.rows))"),
                    done: index, of: sources.count)
            }
            for notice in result.notices { session.console.detail(notice) }
            results.append(result)
        }
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        let summary = ExtractSummary(results, seconds: seconds)
        return OperationResult(json: summary, text: summary.text, products: results.map(\.folder))
    }

    /// A run asks for its batches again after a crash and gets them; a verb by itself makes new ones each time.
    private func runKey(_ session: Session) -> String {
        session.runID == Session.noRun ? "\(Session.noRun)-\(UUID().uuidString)" : session.runID
    }
}

extension SourceDefinition {
    /// `${ENV}` in the connection replaced.
    /// - Throws: `OperationError` 78 when a variable is not set.
    func filled(from environment: [String: String]) throws -> SourceDefinition {
        func fill(_ text: String) throws -> String {
            var rest = text[...]
            var filled = ""
            while let start = rest.range(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
                let variable = String(rest[start.upperBound..<end])
                guard let value = environment[variable] else {
                    throw OperationError(
                        .badDefinition, code: "source-environment",
                        LocalizedText(
                            en: "source '\(name)' needs the environment variable \(variable), which is not set",
                            zh: "来源“\(name)”需要环境变量 \(variable)，但尚未设置"),
                        hint: LocalizedText(en: "export \(variable)=… and run again", zh: "请先 export \(variable)=… 再运行")
                    )
                }
                filled += rest[..<start.lowerBound] + value
                rest = rest[rest.index(after: end)...]
            }
            return filled + rest
        }
        var result = self
        result.connection =
            switch connection {
            case .postgres(let text): .postgres(try fill(text))
            case .sqlite(let path): .sqlite(path: try fill(path))
            case .csv(let folder, let encoding, let delimiter):
                .csv(folder: try fill(folder), encoding: encoding, delimiter: delimiter)
            }
        return result
    }
}

/// `extract --dry-run --json`.
struct ExtractPlan: Encodable {
    struct Statement: Encodable {
        var source: String
        var table: String
        var purpose: String
        var whole: Bool
        var sql: String
    }

    var format = "sitong.extract-plan/1"
    var statements: [Statement]

    init(_ plans: [(source: String, statements: [PlannedStatement])]) {
        statements = plans.flatMap { source, statements in
            statements.map {
                Statement(
                    source: source, table: $0.table, purpose: $0.purpose.rawValue, whole: $0.isWhole, sql: $0.sql)
            }
        }
    }

    /// As it could be given to psql or sqlite3.
    var text: LocalizedText {
        LocalizedText(
            statements.map { "-- \($0.source) \($0.table) (\($0.purpose))\n\($0.sql);" }.joined(separator: "\n\n"))
    }
}

/// `extract --json`.
struct ExtractSummary: Encodable {
    struct Batch: Encodable {
        var batch: String
        var folder: String
        var kind: String
        var rows: Int
        var reused: Bool
        /// Rows that are no text, which travel beside the others.
        var quarantined: Int
        /// Keys of deleted rows.
        var deletions: Int
        /// What tables lack, or have beyond the standard.
        var completeness: [BatchManifest.Completeness]
        var tables: [String: Int]
    }

    struct Untranslated: Encodable {
        var batch: String
        var table: String
        var column: String
        var values: [String: Int]
    }

    var format = "sitong.extract/1"
    var seconds: Double
    var rows: Int
    var batches: [Batch]
    var untranslated: [Untranslated]

    init(_ results: [ExtractionResult], seconds: Double) {
        self.seconds = seconds
        rows = results.reduce(0) { $0 + $1.rowCount }
        batches = results.map { result in
            Batch(
                batch: result.id, folder: result.folder, kind: result.batch.manifest.kind.rawValue,
                rows: result.rowCount,
                reused: result.isReused,
                quarantined: result.batch.manifest.quarantined?.reduce(0) { $0 + $1.rows } ?? 0,
                deletions: result.batch.manifest.tombstones.reduce(0) { $0 + $1.rows },
                completeness: result.batch.manifest.completeness ?? [],
                tables: Dictionary(
                    result.batch.manifest.tables.map { ($0.name, $0.rows) }, uniquingKeysWith: { $0 + $1 }))
        }
        untranslated = results.flatMap { result in
            result.untranslated.map {
                Untranslated(batch: result.id, table: $0.table, column: $0.column, values: $0.values)
            }
        }
    }

    var text: LocalizedText {
        let reused = batches.count(where: \.reused)
        var en = ["\(batches.count) batches, \(Format.count(rows)) rows, \(Format.seconds(seconds))"]
        var zh = ["批次 \(batches.count) 个，\(Format.count(rows)) 行，用时 \(Format.seconds(seconds))"]
        if reused > 0 {
            en[0] += " (\(reused) sealed before by this run)"
            zh[0] += "（其中 \(reused) 个本次运行先前已封存）"
        }
        for item in untranslated {
            let count = item.values.values.reduce(0, +)
            en.append("  \(item.batch): \(count) values of \(item.table).\(item.column) have no translation")
            zh.append("  \(item.batch)：\(item.table).\(item.column) 有 \(count) 个值没有代码转换")
        }
        for batch in batches {
            for text in batch.completeness.flatMap(\.lines) {
                en.append("  \(batch.batch): \(text.en)")
                zh.append("  \(batch.batch)：\(text.zh)")
            }
        }
        for batch in batches where batch.deletions > 0 {
            en.append("  \(batch.batch): \(Format.count(batch.deletions)) rows were deleted at the source")
            zh.append("  \(batch.batch)：来源已删除 \(Format.count(batch.deletions)) 行")
        }
        for batch in batches where batch.quarantined > 0 {
            en.append("  \(batch.batch): \(batch.quarantined) rows are no UTF-8 text, set aside with their bytes")
            zh.append("  \(batch.batch)：\(batch.quarantined) 行不是 UTF-8 文本，已连同原始字节隔离")
        }
        return LocalizedText(en: en.joined(separator: "\n"), zh: zh.joined(separator: "\n"))
    }
}
