import ArgumentParser
import CourtModel
import DataAccess
import Definitions
import DelimitedText
import Diagnostics
import FormEngine
import Foundation
import Library
import Schema

extension FormsCommand {
    /// `forms compute`: all forms, all courts, the period and the same one of last year, in one pass over the cases.
    struct Compute: Operation, LibraryStep {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "compute",
                abstract: say("Count all forms in one pass over the cases.", "对案件遍历一次，计算全部报表。"))
        }

        @Option(help: help("The statistical period.", "统计周期。"))
        var period: String

        @Option(help: help("Only this form; repeatable.", "只计算此报表，可多次给出。"))
        var form: [String] = []

        @Option(help: help("The topmost court; default: those that have cases.", "最上级法院；默认为有案件的法院中最上级者。"))
        var court: [String] = []

        @Option(
            help: help(
                "NAME=FILE: count the rows of this file instead of the library's; repeatable.",
                "表名=文件：统计此文件而不是标准库的数据，可多次给出。"))
        var table: [String] = []

        @Option(help: help("Also write the figures to this CSV file.", "同时把数字写入此 CSV 文件。"))
        var figures: String?

        @Option(
            help: help(
                "Who judges the library's cases: this program (native), or its server (postgres); both count the same.",
                "由谁判定标准库的案件：本程序（native），或其服务器（postgres）；两者结果相同。"))
        var engine: QualityEngine = .native

        @Flag(help: help("Leave out the same period of last year.", "不计算上年同期。"))
        var withoutLastYear = false

        @OptionGroup var library: LibraryOptions
        @OptionGroup var schema: SchemaOptions
        @OptionGroup var resources: ResourceOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let begin = ContinuousClock.now
            let cpu = ResourceUse.cpuSeconds
            let loaded = try session.definitions(schema)
            let forms = try FormsCommand.forms(form, of: loaded.schema)
            let period = try session.period(period)
            let lastYear = withoutLastYear ? nil : period.samePeriodLastYear
            let periods = [period, lastYear].compactMap(\.self)
            let files =
                try table.isEmpty
                ? nil
                : FileInput(
                    table, schema: loaded.schema, options: CSVOptions(), encoding: .utf8)
            let library = try files == nil ? session.library(library) : nil
            try library?.requireOpen(period.label)
            let snapshot = try library?.snapshot()
            var counted: [ComputedFigures] = []
            var undecided: [FormComputation.Undecided] = []
            var summary = FormsSummary(period: period.label, forms: forms.map(\.name))
            for table in FormComputation.tables(of: forms, in: loaded.schema) {
                if let files, !files.tables.contains(table.name) {
                    summary.notCounted.append(table.name)
                    continue
                }
                var computation = try FormComputation(
                    table: table, forms: forms, schema: loaded.schema, periods: periods)
                let names = computation.neededColumns.map { table.columns[$0].name }
                if let files {
                    try computation.read(try files.open(table), jobs: resources.threads)
                } else if engine == .postgres, let library {
                    try library.count(into: &computation, schema: loaded.schema)
                } else if let snapshot {
                    try computation.read(
                        try snapshot.reader(table: table, columns: names, schema: loaded.schema),
                        jobs: resources.threads)
                }
                let jurisdictions = try loaded.schema.jurisdictions(of: computation.courts, named: court)
                let (figures, result) = try computation.finish(jurisdictions: jurisdictions)
                counted.append(figures)
                undecided += result.undecided
                summary.add(result)
            }
            if let library {
                func store(_ period: StatisticalPeriod, as source: String) throws {
                    let figures = counted.lazy.flatMap { $0.of(period: period.label) }
                    try library.store(
                        figures: figures.map { FigureRecord($0, source: source) }, source: source, run: session.runID)
                }
                try store(period, as: FigureSource.computed)
                if let lastYear, let closing = try library.closing(of: lastYear.label) {
                    // As they were reported then.
                    try library.store(
                        figures: try library.figures(of: closing, source: FigureSource.lastYear),
                        source: FigureSource.lastYear, run: session.runID)
                } else if let lastYear {
                    try store(lastYear, as: FigureSource.lastYear)
                }
                try library.store(undecided: undecided, run: session.runID)
            }
            if let figures { try FiguresFile.write(counted.lazy.flatMap { $0 }, to: figures) }
            for malformed in files?.malformedRows() ?? [] { session.console.warn(malformed) }
            summary.sheets = counted.reduce(0) { $0 + $1.sheetCount }
            summary.figures = counted.reduce(0) { $0 + $1.count }
            summary.seconds = (ContinuousClock.now - begin) / .seconds(1)
            summary.cpuSeconds = ResourceUse.cpuSeconds - cpu
            summary.peakMemoryBytes = ResourceUse.peakMemoryBytes
            return OperationResult(json: summary, text: summary.text, products: figures.map { [$0] } ?? [])
        }
    }
}

/// Whose figures a run holds, besides what courts submitted.
enum FigureSource {
    /// Of the period that was asked for; what is checked and compared.
    static let computed = "computed"
    /// Of the same period of last year (上年同期), beside which the former are shown.
    static let lastYear = "last-year"
    /// What courts submitted.
    static let submitted = "submitted"
    /// What an upper court published.
    static let published = "published"
}

/// `forms compute --json`.
struct FormsSummary: Encodable {
    struct Undecided: Encodable {
        var form: String
        var period: String
        var court: String
        var cases: Int
    }

    var format = "sitong.forms/1"
    var period: String
    var seconds = 0.0
    var cpuSeconds = 0.0
    var peakMemoryBytes = 0
    var cases = 0
    var casesWithoutCourt = 0
    var forms: [String]
    var sheets = 0
    var figures = 0
    var undecided: [Undecided] = []
    var unknownCourts: [String: Int] = [:]
    var skippedForms: [String] = []
    /// Tables that forms count but no file was given for.
    var notCounted: [String] = []

    enum CodingKeys: String, CodingKey {
        case format, period, seconds
        case cpuSeconds = "cpu_seconds"
        case peakMemoryBytes = "peak_memory_bytes"
        case cases, casesWithoutCourt, forms, sheets, figures, undecided, unknownCourts, skippedForms, notCounted
    }

    init(period: String, forms: [String]) {
        self.period = period
        self.forms = forms
    }

    mutating func add(_ result: FormComputation.Result) {
        cases += result.cases
        casesWithoutCourt += result.casesWithoutCourt
        undecided += result.undecided.map {
            Undecided(form: $0.form, period: $0.period, court: $0.court, cases: $0.cases)
        }
        skippedForms += result.skippedForms
        for (court, cases) in result.unknownCourts { unknownCourts[court, default: 0] += cases }
    }

    var text: LocalizedText {
        var en = [
            "\(Format.count(cases)) cases, \(forms.count) forms, \(sheets) sheets, \(Format.count(figures)) figures, \(Format.seconds(seconds))"
        ]
        var zh = [
            "案件 \(Format.count(cases)) 件、报表 \(forms.count) 张、表页 \(sheets) 份、数字 \(Format.count(figures)) 个，用时 \(Format.seconds(seconds))"
        ]
        if casesWithoutCourt > 0 {
            en.append("  \(casesWithoutCourt) cases have no court and are in no figure")
            zh.append("  \(casesWithoutCourt) 件没有法院，未计入任何数字")
        }
        for item in undecided where item.period == period {
            en.append("  \(item.form) \(item.court): \(item.cases) cases could not be decided and are in no cell")
            zh.append("  \(item.form) \(item.court)：\(item.cases) 件无法判定，未计入任何格")
        }
        for (court, cases) in unknownCourts.sorted(by: { $0.key < $1.key }) {
            en.append("  court \(court) is in no hierarchy: \(cases) cases are in no upper court's figure")
            zh.append("  法院 \(court) 不在上下级中：\(cases) 件未计入任何上级法院")
        }
        for form in skippedForms {
            en.append("  \(form) is not made for this kind of period")
            zh.append("  \(form) 不适用于此类统计周期")
        }
        for table in notCounted {
            en.append("  no file was given for table \(table): its forms are not counted")
            zh.append("  没有给出表 \(table) 的文件：其报表未计算")
        }
        return LocalizedText(en: en.joined(separator: "\n"), zh: zh.joined(separator: "\n"))
    }
}

extension FileInput {
    /// A reader of all rows of a table, for a pass that asks for no more than that.
    func open(_ table: TableDefinition) throws -> any CellReader { try reader(of: table.name) }

    /// What is said of records that are no rows, file by file.
    func malformedRows() -> [LocalizedText] {
        tables.compactMap { table in
            let count = malformed(in: table).count
            guard count > 0 else { return nil }
            return LocalizedText(
                en: "table '\(table)': \(count) malformed records are in no figure",
                zh: "表“\(table)”：\(count) 条记录格式有误，未计入任何数字")
        }
    }
}
