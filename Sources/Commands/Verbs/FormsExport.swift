import ArgumentParser
import CourtModel
import Definitions
import Diagnostics
import FormEngine
import Foundation
import Library
import Reconciliation
import Schema
import Workbook

extension FormsCommand {
    /// `forms export`: figures as a long CSV, or laid out as forms in a workbook or an HTML file, by the file's name.
    struct Export: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "export",
                abstract: say(
                    "Write figures as a long CSV, or as forms to print and sign (.xlsx, .html).",
                    "把报表数字导出为长表 CSV，或可打印签字的报表（.xlsx、.html）。"))
        }

        @Option(help: help("The file to write: .csv, .xlsx or .html.", "要写入的文件：.csv、.xlsx 或 .html。"))
        var to: String

        @Option(
            help: help(
                "Figures from this long CSV instead of the library's; repeatable.", "使用此长表 CSV 中的数字而不是标准库的，可多次给出。"))
        var figures: [String] = []

        @Flag(help: help("Leave out the comparison with last year.", "不含与上年同期的比较。"))
        var withoutLastYear = false

        @OptionGroup var choice: FigureChoice
        @OptionGroup var library: LibraryOptions
        @OptionGroup var schema: SchemaOptions
        @OptionGroup var common: CommonOptions

        /// Forms × courts of one file; more than anybody prints at once, and than a workbook opens quickly with.
        private static let mostForms = 1000

        func perform(in session: Session) throws -> OperationResult {
            let run = figures.isEmpty ? try choice.run(in: session.library(library), session) : nil
            let chosen = try chosenFigures(session, run: run)
            guard let period = chosen.period, !chosen.figures.isEmpty else {
                throw OperationError.noFigures(run: run ?? session.runID)
            }
            let now = chosen.figures.filter { $0.period == period }
            switch to.split(separator: ".").last?.lowercased() {
            case "xlsx", "html", "htm":
                try write(chosen.figures, run: run, period: period, lastYear: chosen.lastYear, session)
            default: try FiguresFile.write(now, to: to)
            }
            return OperationResult(
                json: FigureExport(file: to, figures: now.count),
                text: LocalizedText(en: "\(now.count) figures in \(to)", zh: "\(now.count) 个数字已写入 \(to)"),
                products: [to])
        }

        /// The figures asked for (those of files without a run), their period, and that of last year where it is among them.
        private func chosenFigures(
            _ session: Session, run: String?
        ) throws -> (figures: [Figure], period: String?, lastYear: String?) {
            var all: [Figure] = []
            var period = choice.period
            if let run {
                let store = try session.library(library)
                let computed = try store.figures(run: run, source: FigureSource.computed).filter(choice.accepts)
                period = period ?? computed.last?.period
                all = computed.map(Figure.init)
                if !withoutLastYear {
                    var elsewhen = choice
                    elsewhen.period = nil
                    all += try store.figures(run: run, source: FigureSource.lastYear).filter(elsewhen.accepts)
                        .map(Figure.init)
                }
            } else {
                let forms = try session.definitions(schema).schema.forms
                all = try session.figures(figures, forms: forms).figures.filter(choice.accepts)
                period = period ?? all.map(\.period).max()
            }
            let wanted = withoutLastYear ? nil : period.flatMap { StatisticalPeriod($0)?.samePeriodLastYear?.label }
            let hasLastYear = wanted.map { label in all.contains { $0.period == label } } ?? false
            return (all, period, hasLastYear ? wanted : nil)
        }

        private func write(
            _ all: [Figure], run: String?, period: String, lastYear: String?, _ session: Session
        ) throws {
            let loaded = try session.definitions(schema)
            let forms = try FormsCommand.forms(choice.form, of: loaded.schema)
            var table = FigureTable(forms: forms)
            for figure in all { _ = table.insert(figure) }
            let undecided = try run.map {
                try UndecidedCases(session.library(library), run: $0, schema: loaded.schema)
            }
            let documents = try forms.flatMap { form -> [FormDocument] in
                guard let index = table.formIndex(form.name) else { return [] }
                let courts = Set(table.courts(form: index, period: period))
                let ordered = try loaded.schema.jurisdictions(of: courts, named: []).courts.filter(courts.contains)
                return try (ordered + courts.subtracting(ordered).sorted()).map { court in
                    FormDocument(
                        form: form, court: court, courtName: loaded.schema.courtName(court), period: period,
                        lastYear: lastYear, figures: table,
                        undecidedCases: try undecided?.cases(form: form.name, court: court, period: period) ?? 0,
                        language: session.language)
                }
            }
            guard documents.count <= Self.mostForms else {
                throw OperationError(
                    .usage, code: "too-many-forms",
                    LocalizedText(
                        en:
                            "\(documents.count) forms would stand in '\(to)'; at most \(Self.mostForms) go into one file",
                        zh: "“\(to)”将有 \(documents.count) 份报表；一个文件最多 \(Self.mostForms) 份"),
                    hint: LocalizedText(en: "choose with --form and --court", zh: "请用 --form、--court 选择"))
            }
            if to.lowercased().hasSuffix(".xlsx") {
                let workbook = try Workbook(path: to, title: documents.first?.form.title ?? "")
                for document in documents {
                    for (name, page) in document.pages { try workbook.addFormPage(name, page) }
                }
                try workbook.close()
            } else {
                let html = FormHTML.text(
                    documents.flatMap { $0.pages.map(\.page) }, language: session.language == .zh ? "zh-CN" : "en")
                try FormsCommand.write(html, to: to)
            }
        }
    }

    /// Writes a text file, whole or not at all.
    static func write(_ text: String, to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw OperationError(
                .cannotCreate, code: "file-not-created",
                LocalizedText(
                    en: "'\(path)' could not be written: \(error.localizedDescription)",
                    zh: "无法写入“\(path)”：\(error.localizedDescription)"),
                hint: LocalizedText(en: "check the folder and its permissions", zh: "请检查目录及其权限"))
        }
    }
}

extension FigureChoice {
    func accepts(_ figure: Figure) -> Bool { accepts(form: figure.form, court: figure.court) }
}

extension StandardSchema {
    /// The name of a court, its code where the list has none.
    func courtName(_ court: String) -> String {
        guard let hierarchy = hierarchies["court"] ?? hierarchies.values.first, let list = codelist(hierarchy.codelist),
            let name = list.nameIndex,
            let entry = list.entries.last(where: { $0.code == court }), let title = entry.values[name]
        else { return court }
        return title
    }
}
