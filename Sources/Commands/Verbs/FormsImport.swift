import ArgumentParser
import Columnar
import CourtModel
import DataAccess
import Definitions
import DelimitedText
import Diagnostics
import FormEngine
import Foundation
import Library
import Schema
import Workbook

extension FormsCommand {
    /// `forms import`: what courts submitted, into the library or a file; all or nothing.
    struct Import: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "import",
                abstract: say(
                    "Take in forms that courts submitted; every cell that cannot be taken is told.",
                    "导入法院报送的报表；逐格指出无法接收之处。"))
        }

        @Argument(
            help: help(
                "Workbooks (.xlsx) laid out as 'forms export' writes them, or CSV files: so, or long (form,court,period,row,column,value).",
                "按“forms export”版式的工作簿（.xlsx），或 CSV 文件：同样版式，或长表（form,court,period,row,column,value）。"))
        var files: [String]

        @Option(help: help("The statistical period that the figures must be of.", "数字应属于的统计周期。"))
        var period: String

        @Option(
            help: help("The form of what is laid out as one; default: what it says.", "按版式排列的内容所属的报表；默认以其上所写为准。"))
        var form: String?

        @Option(
            help: help("The court of what is laid out as a form; default: what it says.", "按版式排列的内容所属的法院；默认以其上所写为准。"))
        var court: String?

        @Option(
            help: help(
                "Whose figures they are: the court's own (submitted), or those of its upper court (published).",
                "数字来自哪一方：法院报送（submitted），或上级公布（published）。"))
        var side: ImportedSide = .submitted

        @Option(help: help("Write the figures to this CSV file instead of the library.", "把数字写入此 CSV 文件而不是标准库。"))
        var to: String?

        @OptionGroup var library: LibraryOptions
        @OptionGroup var schema: SchemaOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let loaded = try session.definitions(schema)
            let period = try session.period(period)
            let list = loaded.schema.hierarchies["court"].flatMap { loaded.schema.codelist($0.codelist) }
            var intake = FormIntake(
                schema: loaded.schema, period: period, form: form, court: court,
                submitted: SubmittedForms(
                    forms: loaded.schema.forms, courts: Set(list?.entries.map(\.code) ?? [])))
            if let form { _ = try FormsCommand.forms([form], of: loaded.schema) }
            for file in try FileNames.expand(files, what: LocalizedText(en: "file", zh: "文件")) {
                if file.lowercased().hasSuffix(".xlsx") {
                    for sheet in try WorkbookReader.sheets(of: file) {
                        intake.read(Self.lines(of: sheet), from: .init(file: file, sheet: sheet.name))
                    }
                } else {
                    let (lines, malformed) = try Self.lines(of: file)
                    for line in malformed { intake.submitted.tellMalformed(.init(file: file), line) }
                    intake.read(lines, from: .init(file: file))
                }
            }
            let submitted = intake.submitted
            guard submitted.problems.isEmpty else {
                let report = FormsImport(
                    period: period.label, side: side.rawValue, problems: submitted.problems, session.language)
                return OperationResult(.badData, json: report, text: FormsImport.text(submitted.problems))
            }
            let figures = submitted.table.figures
            if let to {
                try FiguresFile.write(figures, to: to)
            } else {
                try session.library(library).store(
                    sheets: figures.map { FigureRecord($0, source: side.source) }, source: side.source,
                    run: session.runID)
            }
            return OperationResult(
                json: FormsImport(period: period.label, side: side.rawValue, figures: figures.count),
                text: LocalizedText(
                    en: "\(Format.count(figures.count)) figures imported", zh: "已导入 \(Format.count(figures.count)) 个数字"),
                products: to.map { [$0] } ?? [])
        }

        /// A sheet's rows as texts.
        private static func lines(of sheet: ReadSheet) -> SubmittedForms.Lines {
            let width = (sheet.rows.flatMap(\.cells.keys).max() ?? -1) + 1
            return sheet.rows.map { row in
                let cells = (0..<width).map { column -> SubmittedForms.Cell in
                    switch row.cells[column] {
                    case nil: SubmittedForms.Cell()
                    case .text(let text), .number(let text): SubmittedForms.Cell(text: text)
                    case .fault(let fault): SubmittedForms.Cell(fault: fault)
                    }
                }
                return (row.number, cells)
            }
        }

        /// The file's records as texts; a form that is laid out for people has titles above its header.
        private static func lines(of file: String) throws -> (lines: SubmittedForms.Lines, malformed: [Int]) {
            let table = try FileTable(
                files: [file], options: CSVOptions(columns: (1...max(1, try fieldCount(of: file))).map { "\($0)" }))
            var lines: SubmittedForms.Lines = []
            while let block = try table.next() {
                for row in 0..<block.rowCount {
                    lines.append((Int(block.lines[row]), block.columns.map { SubmittedForms.Cell(text: $0[row]) }))
                }
            }
            return (lines, table.malformed.map(\.record.line))
        }

        /// Fields of the first record; a spreadsheet writes as many into every other one.
        private static func fieldCount(of file: String) throws -> Int {
            var source = try FileSource(file)
            var first: [UInt8] = []
            while !first.contains(10), try source.read(into: &first) {}
            var fields = 1
            var isQuoted = false
            for byte in first {
                if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
                if byte == UInt8(ascii: ","), !isQuoted { fields += 1 }
                if byte == 10, !isQuoted { break }
            }
            return fields
        }
    }
}

/// Whose figures are imported.
enum ImportedSide: String, ExpressibleByArgument, CaseIterable {
    case submitted, published

    var source: String {
        switch self {
        case .submitted: FigureSource.submitted
        case .published: FigureSource.published
        }
    }
}

/// `forms import --json`.
struct FormsImport: Encodable {
    struct Problem: Encodable {
        var place: String
        var message: String
    }

    struct Flood: Encodable {
        var kind: String
        /// Beyond those that are listed.
        var more: Int
    }

    var format = "sitong.forms-import/1"
    var period: String
    var side: String
    var figures: Int
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var problem_count: Int
    /// The first of each kind.
    var problems: [Problem]
    var omitted: [Flood]

    /// So many problems of one kind are told one by one.
    private static let listed = 20

    init(period: String, side: String, figures: Int) {
        (self.period, self.side, self.figures) = (period, side, figures)
        (problem_count, problems, omitted) = (0, [], [])
    }

    init(period: String, side: String, problems: [SubmittedForms.Problem], _ language: Language) {
        (self.period, self.side, figures) = (period, side, 0)
        let (told, floods) = Self.sorted(problems)
        problem_count = problems.count
        self.problems = told.map { Problem(place: $0.place, message: $0.message.text(in: language)) }
        omitted = floods
    }

    /// The problems that are told, in their order, and how many more there are of each kind.
    private static func sorted(
        _ problems: [SubmittedForms.Problem]
    ) -> (told: [SubmittedForms.Problem], floods: [Flood]) {
        var counts: [SubmittedForms.Problem.Kind: Int] = [:]
        var order: [SubmittedForms.Problem.Kind] = []
        let told = problems.filter { problem in
            let count = (counts[problem.kind] ?? 0) + 1
            counts[problem.kind] = count
            if count == listed + 1 { order.append(problem.kind) }
            return count <= listed
        }
        return (told, order.map { Flood(kind: $0.rawValue, more: (counts[$0] ?? 0) - listed) })
    }

    static func text(_ problems: [SubmittedForms.Problem]) -> LocalizedText {
        let (told, floods) = sorted(problems)
        var en = ["nothing was imported: \(problems.count) problems"] + told.map { "  \($0.place): \($0.message.en)" }
        var zh = ["未导入：有 \(problems.count) 处问题"] + told.map { "  \($0.place)：\($0.message.zh)" }
        for flood in floods {
            en.append("  … and \(flood.more) more of the kind '\(flood.kind)'")
            zh.append("  … 另有同类（\(flood.kind)）问题 \(flood.more) 处")
        }
        return LocalizedText(en: en.joined(separator: "\n"), zh: zh.joined(separator: "\n"))
    }
}
