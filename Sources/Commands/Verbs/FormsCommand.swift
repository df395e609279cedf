import ArgumentParser
import Columnar
import CourtModel
import DataAccess
import Definitions
import Diagnostics
import FormEngine
import Foundation
import Library
import Reporting
import RuleEngine
import RuleLanguage
import Schema
import Workbook

/// `forms compute｜show｜export｜import｜compare｜explain`: figures of report forms (司法统计报表).
struct FormsCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "forms",
            abstract: say(
                "Compute, show, export, import, compare and explain report forms.", "计算、显示、导出、导入、比对、追溯司法统计报表。"),
            subcommands: [
                Compute.self, Show.self, Export.self, Import.self, Compare.self, Explain.self,
            ])
    }

    struct Show: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(commandName: "show", abstract: say("Show a form of a court.", "显示一个法院的一张报表。"))
        }

        @OptionGroup var choice: FigureChoice
        @OptionGroup var library: LibraryOptions
        @OptionGroup var schema: SchemaOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let loaded = try session.definitions(schema)
            let forms = try FormsCommand.forms(choice.form, of: loaded.schema)
            let store = try session.library(library)
            let run = try choice.run(in: store, session)
            let records = try store.figures(run: run, source: FigureSource.computed)
                .filter { record in
                    choice.accepts(record) && forms.contains { $0.name == record.form }
                }
            guard !records.isEmpty else { throw OperationError.noFigures(run: run) }
            let undecided = try UndecidedCases(store, run: run, schema: loaded.schema)
            let grid = FigureGrid(records, forms: forms)
            let notes = try grid.sheets.map { sheet in
                UndecidedCases.note(
                    try undecided.cases(form: sheet.form, court: sheet.court, period: sheet.period))
            }
            return OperationResult(
                json: FigureList(
                    figures: records.map(FigureList.Item.init),
                    undecided: undecided.items.filter(choice.accepts).map(FigureList.Undecided.init)),
                text: LocalizedText(
                    en: grid.text(notes: notes.map { $0?.en }), zh: grid.text(notes: notes.map { $0?.zh })))
        }
    }

    /// The forms that the flags name, all when they name none.
    static func forms(_ names: [String], of schema: StandardSchema) throws -> [FormDefinition] {
        guard !names.isEmpty else { return schema.forms }
        return try names.map { name in
            guard let form = schema.form(name) else {
                throw OperationError(
                    .usage, code: "form-unknown",
                    LocalizedText(en: "the definitions have no form '\(name)'", zh: "定义中没有报表“\(name)”"),
                    hint: LocalizedText(
                        en: "they have: \(schema.forms.map(\.name).joined(separator: ", "))",
                        zh: "现有的报表：\(schema.forms.map(\.name).joined(separator: "、"))"))
            }
            return form
        }
    }
}

/// Which stored figures are meant.
struct FigureChoice: ParsableArguments {
    @Option(
        help: help(
            "The run whose figures are meant; default: those computed outside of a run, else those of the latest one.",
            "哪次运行的数字；默认为运行之外计算的数字，没有时为最近一次运行的数字。"))
    var run: String?

    @Option(help: help("Only this form; repeatable.", "只要此报表，可多次给出。"))
    var form: [String] = []

    @Option(help: help("Only this court; repeatable.", "只要此法院，可多次给出。"))
    var court: [String] = []

    @Option(help: help("Only this period.", "只要此统计周期。"))
    var period: String?

    /// The run that is meant: the one that is named, the one that this is a step of, or that of the latest figures.
    func run(in store: StandardLibrary, _ session: Session) throws -> String {
        if let run { return run }
        guard session.runID == Session.noRun else { return session.runID }
        let latest = try store.latestRun(withFigures: FigureSource.computed, period: period) ?? Session.noRun
        if latest != Session.noRun {
            session.console.detail(LocalizedText(en: "figures of run '\(latest)'", zh: "取运行“\(latest)”的数字"))
        }
        return latest
    }

    func accepts(_ undecided: FormComputation.Undecided) -> Bool {
        accepts(form: undecided.form, court: undecided.court) && (period == nil || period == undecided.period)
    }

    func accepts(_ record: FigureRecord) -> Bool {
        accepts(form: record.form, court: record.court) && (period == nil || period == record.period)
    }

    func accepts(form name: String, court code: String) -> Bool {
        (court.isEmpty || court.contains(code)) && (form.isEmpty || form.contains(name))
    }
}

/// Figures laid out as their forms, for the terminal.
struct FigureGrid {
    private let records: [FigureRecord]
    private let forms: [FormDefinition]

    init(_ records: [FigureRecord], forms: [FormDefinition]) {
        self.records = records
        self.forms = forms
    }

    /// In the order in which they are shown.
    var sheets: [(form: String, court: String, period: String)] {
        Set(records.map { [$0.form, $0.court, $0.period] }).sorted { $0.lexicographicallyPrecedes($1) }
            .map { ($0[0], $0[1], $0[2]) }
    }

    /// - Parameter notes: what is said under each sheet.
    func text(notes: [String?]) -> String {
        let cells = Dictionary(grouping: records) { [$0.form, $0.court, $0.period] }
        return zip(sheets, notes).compactMap { key, note in
            forms.first { $0.name == key.form }.map { form in
                sheet(
                    form, court: key.court, period: key.period, cells[[key.form, key.court, key.period]] ?? [])
                    + (note.map { $0 + "\n" } ?? "")
            }
        }
        .joined(separator: "\n")
    }

    private func sheet(_ form: FormDefinition, court: String, period: String, _ cells: [FigureRecord]) -> String {
        let values = Dictionary(cells.map { (["\($0.row)", $0.column], $0.value ?? "") }, uniquingKeysWith: { $1 })
        var lines = ["\(form.name) \(form.title)  \(court)  \(period)"]
        let widths = form.columns.map { column in
            max(
                DisplayWidth.of(column.title), form.rows.map { values[[$0.code, column.code]]?.count ?? 0 }.max() ?? 0)
        }
        let left = form.rows.map { DisplayWidth.of($0.title) }.max() ?? 0
        let heads = zip(form.columns, widths).map { padLeft($0.title, $1) }
        lines.append(([padRight("", left)] + heads).joined(separator: "  "))
        for row in form.rows {
            let numbers = zip(form.columns, widths).map { padLeft(values[[row.code, $0.code]] ?? "", $1) }
            lines.append(([padRight(row.title, left)] + numbers).joined(separator: "  "))
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// `forms show --json`.
struct FigureList: Encodable {
    struct Item: Encodable {
        var form: String
        var court: String
        var period: String
        var row: String
        var column: String
        @Nullable var value: String?
        @Nullable var own: String?

        init(_ record: FigureRecord) {
            form = record.form
            court = record.court
            period = record.period
            row = record.row
            column = record.column
            value = record.value
            own = record.own
        }
    }

    /// Cases of a court itself that are in no cell of the form.
    struct Undecided: Encodable {
        var form: String
        var court: String
        var period: String
        var cases: Int

        init(_ undecided: FormComputation.Undecided) {
            (form, court, period, cases) = (undecided.form, undecided.court, undecided.period, undecided.cases)
        }
    }

    var format = "sitong.figures/1"
    var figures: [Item]
    var undecided: [Undecided]
}

/// `forms export --json`.
struct FigureExport: Encodable {
    var format = "sitong.forms-export/1"
    var file: String
    var figures: Int
}

extension OperationError {
    static func noFigures(run: String) -> OperationError {
        OperationError(
            .noInput, code: "figures-missing",
            LocalizedText(en: "the library holds no such figures of run '\(run)'", zh: "标准库中没有运行“\(run)”的此类数字"),
            hint: LocalizedText(
                en:
                    "compute them with 'sitong forms compute --period …', or name a run with --run; 'sitong runs' lists them",
                zh: "先用“sitong forms compute --period …”计算，或用 --run 指定运行；“sitong runs”可列出"))
    }
}
