import ArgumentParser
import Columnar
import CourtModel
import DataAccess
import Definitions
import DelimitedText
import Diagnostics
import Foundation
import Library
import RuleEngine
import RuleLanguage
import Schema

/// `qc`: judges rows of the library, of batches or of files (质检).
struct QCCommand: Operation {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "qc",
            abstract: say("Check the rows of the library, of batches or of files.", "质检标准库、批次或文件中的各行。"))
    }

    @Argument(help: help("Batches to check.", "要检查的批次。"))
    var batches: [String] = []

    @Option(
        help: help(
            "NAME=FILE: a table's file, plain, .zst or .gz; repeatable, several for one table.",
            "表名=文件：可为原样、.zst 或 .gz，可多次给出，同一表可有多个文件。"))
    var table: [String] = []

    @OptionGroup var library: LibraryOptions
    @OptionGroup var schema: SchemaOptions

    @Option(help: help("Only these rules: ids, tags or files, separated by commas.", "只用这些规则：编号、标签或文件，以逗号分隔。"))
    var rules: String?

    @Option(help: help("The statistical period, for rules in force and 期初/期末.", "统计周期，决定生效的规则和期初、期末。"))
    var period: String?

    @Option(
        help: help(
            "Only rows of this court; repeatable. Keys are then unique among them.",
            "只检查此法院的行，可多次给出；此时主键只在这些行之间判重。"))
    var court: [String] = []

    @Option(
        help: help(
            "Who judges: this program (native), or the library's own server (postgres); both find the same.",
            "由谁判定：本程序（native），或标准库所在的服务器（postgres）；两者结果相同。"))
    var engine: QualityEngine = .native

    @Option(help: help("Write every finding to this CSV file.", "把全部质检问题写入此 CSV 文件。"))
    var findings: String?

    @Option(
        help: help(
            "From which severity on the status is 1: error, warning, notice, never.",
            "从哪个级别起状态为 1：error、warning、notice、never。"))
    var failOn: FailOn = .error

    @Option(help: help("Keep at most so many findings of each rule; the counts stay complete.", "每条规则最多保留的问题数；计数始终完整。"))
    var maxStored: Int?

    @Option(help: help("The field separator of --table files.", "--table 文件的分隔符。"))
    var delimiter: String = ","

    @Option(name: .customLong("null"), help: help("The text that means NULL in --table files.", "--table 文件中表示空值的文字。"))
    var nullText: String?

    @Option(
        help: help(
            "The encoding of --table files: utf-8, gb18030, gbk, big5.", "--table 文件的字符编码：utf-8、gb18030、gbk、big5。"),
        transform: Self.encoding)
    var encoding: TextEncoding = .utf8

    @Option(
        help: help(
            "all: also what tables demand of their rows: required columns and keys.", "all：另查各表定义所要求的必填项和主键。"))
    var builtin: BuiltInChoice?

    @Flag(help: help("A rule that could not run or judged nothing makes the status 64.", "有规则未能运行或没有判定任何行时，状态为 64。"))
    var strict = false

    @OptionGroup var resources: ResourceOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if !batches.isEmpty || !table.isEmpty, library.library != nil {
            throw ValidationError(
                say("give a library, batches or tables, not several of them", "标准库、批次、文件只能给出一种"))
        }
        if engine == .postgres, !batches.isEmpty || !table.isEmpty {
            throw ValidationError(
                say("--engine postgres judges a library, not batches or tables", "--engine postgres 只用于标准库，不用于批次或文件"))
        }
        if delimiter.utf8.count != 1 {
            throw ValidationError(say("--delimiter is one ASCII character", "--delimiter 应为一个 ASCII 字符"))
        }
    }

    func perform(in session: Session) throws -> OperationResult {
        let begin = ContinuousClock.now
        let loaded = try session.compiledDefinitions(schema)
        var chosen = try RuleSelection(rules).apply(to: loaded.rules)
        let period = try session.period(period)
        try requireCourts(in: loaded.schema)
        let options = QualityCheck.Options(
            period: period, courts: court, maxStored: maxStored, language: session.language,
            memory: resources.memory.bytes, spillDirectory: resources.spillDirectory, jobs: resources.threads)
        let outcome: QualityOutcome
        var sizes: [String: (files: Int, bytes: Int)] = [:]
        switch engine {
        case .native:
            let input = try input(session, loaded.schema)
            let builtin = builtInChecks(of: input.tables, loaded.schema, session.language)
            chosen.rules += builtin.rules
            let check = try QualityCheck(schema: loaded.schema, rules: chosen, options: options)
            var result = try check.run(tables: input.tables, cells: input.open, fetcher: input.fetcher)
            builtin.mark(&result.statistics)
            outcome = QualityOutcome(result, input: input, schema: loaded.schema, language: session.language)
            if let store = (input as? LibraryInput)?.library { try outcome.store(in: store, run: session.runID) }
            for notice in input.notices + notices(of: result, loaded.schema) { session.console.detail(notice) }
            sizes = input.sizes
        case .postgres:
            let store = try session.library(library)
            let builtin = builtInChecks(of: loaded.schema.tables.map(\.name), loaded.schema, session.language)
            chosen.rules += builtin.rules
            let check = try SQLQualityCheck(schema: loaded.schema, rules: chosen, options: options)
            var result = try store.judge(check)
            builtin.mark(&result.statistics)
            outcome = QualityOutcome(result, schema: loaded.schema, language: session.language)
            try outcome.store(in: store, run: session.runID)
        }
        if let findings { try outcome.write(to: findings) }
        let status = status(of: outcome)
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        let summary = QualitySummary(
            outcome, engine: engine.rawValue, period: period?.label, seconds: seconds, sizes: sizes,
            status: status.rawValue)
        return OperationResult(
            status, json: summary, text: outcome.text(seconds: seconds), products: findings.map { [$0] } ?? [])
    }

    private func input(_ session: Session, _ schema: StandardSchema) throws -> any QualityInput {
        if !table.isEmpty {
            return try FileInput(table, schema: schema, options: csvOptions, encoding: encoding)
        }
        if !batches.isEmpty { return try BatchInput(batches, schema: schema) }
        return try LibraryInput(session.library(library), schema: schema)
    }

    /// The checks of `--builtin` of the tables (codes) that are judged.
    private func builtInChecks(
        of names: [String], _ schema: StandardSchema, _ language: Language
    ) -> BuiltInChecks {
        BuiltInChecks(of: builtin == nil ? [] : names.compactMap(schema.table), language: language)
    }

    /// A slip in a code would judge nothing, and look like a court without mistakes.
    private func requireCourts(in schema: StandardSchema) throws {
        guard let list = schema.hierarchies["court"].flatMap({ schema.codelist($0.codelist) }) else { return }
        let known = list.entries.map(\.code)
        guard let unknown = court.first(where: { !known.contains($0) }) else { return }
        throw OperationError(
            .usage, code: "court-unknown",
            LocalizedText(
                en: "there is no court '\(unknown)' in code list '\(list.name)'",
                zh: "代码表“\(list.name)”中没有法院“\(unknown)”"),
            hint: Suggestion.didYouMean(unknown, among: known))
    }

    private static func encoding(_ name: String) throws -> TextEncoding {
        guard let encoding = TextEncoding(name: name) else {
            let known = TextEncoding.allCases.map(\.rawValue)
            throw ValidationError(
                say(
                    "'\(name)' is no encoding: \(known.joined(separator: ", "))",
                    "“\(name)”不是可用的字符编码：\(known.joined(separator: "、"))"))
        }
        return encoding
    }

    /// Empty texts that were read as NULL: one notice for each column.
    private func notices(of result: QualityResult, _ schema: StandardSchema) -> [LocalizedText] {
        result.tables.flatMap { table in
            table.emptyTexts.sorted { $0.key < $1.key }.map { column, count in
                LocalizedText(
                    en: "column '\(column)' of '\(table.table)': \(count) empty texts are read as NULL",
                    zh: "表“\(table.table)”的列“\(column)”：\(count) 个空文本按空值读取")
            }
        }
    }

    private var csvOptions: CSVOptions {
        CSVOptions(delimiter: Array(delimiter.utf8)[0], nullText: nullText)
    }

    private func status(of outcome: QualityOutcome) -> ExitStatus {
        let idle = outcome.statistics.contains { $0.notRun != nil || (!$0.isBuiltin && $0.rowsInScope == 0) }
        if strict, idle { return .usage }
        return failOn.status(severities: outcome.statistics.lazy.filter { $0.violations > 0 }.map(\.severity))
    }
}

/// `--engine`: what judges the rows.
enum QualityEngine: String, CaseIterable, ExpressibleByArgument {
    case native, postgres
}

/// `--rules ID,tag,file`: which of the loaded rules are judged.
struct RuleSelection {
    private let words: [String]

    init(_ text: String?) { words = text?.split(separator: ",").map(String.init) ?? [] }

    func apply(to set: RuleSet) throws -> RuleSet {
        guard !words.isEmpty else { return set }
        var result = set
        result.rules = set.rules.filter { rule in words.contains { Self.names($0, rule) } }
        if let unknown = words.first(where: { word in !set.rules.contains { Self.names(word, $0) } }) {
            throw OperationError(
                .usage, code: "rule-unknown",
                LocalizedText(
                    en: "'\(unknown)' is no rule, tag or rules file", zh: "“\(unknown)”不是规则编号、标签或规则文件"),
                hint: LocalizedText(en: "'sitong rules list' lists the rules", zh: "用“sitong rules list”可列出规则"))
        }
        return result
    }

    private static func names(_ word: String, _ rule: RuleDefinition) -> Bool {
        rule.id == word || rule.tags.contains(word) || rule.location?.file.hasSuffix(word) == true
    }
}
