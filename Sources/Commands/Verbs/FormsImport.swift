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
                "CSV files: long (form,court,period,row,column,value), or a form as it is printed.",
                "CSV 文件：长表（form,court,period,row,column,value），或按报表版式。"))
        var files: [String]

        @Option(help: help("The statistical period that the figures must be of.", "数字应属于的统计周期。"))
        var period: String

        @Option(help: help("The form of files that are laid out as one.", "按版式排列的文件所属的报表。"))
        var form: String?

        @Option(help: help("The court of files that are laid out as a form.", "按版式排列的文件所属的法院。"))
        var court: String?

        @Option(help: help("Write the figures to this CSV file instead of the library.", "把数字写入此 CSV 文件而不是标准库。"))
        var to: String?

        @OptionGroup var library: LibraryOptions
        @OptionGroup var schema: SchemaOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let loaded = try session.definitions(schema)
            guard let period = try session.period(period) else { preconditionFailure("--period is required") }
            let list = loaded.schema.hierarchies["court"].flatMap { loaded.schema.codelist($0.codelist) }
            var submitted = SubmittedForms(
                forms: loaded.schema.forms, courts: Set(list?.entries.map(\.code) ?? []))
            for file in try FileNames.expand(files, what: LocalizedText(en: "file", zh: "文件")) {
                let (lines, malformed) = try Self.lines(of: file)
                for line in malformed { submitted.tellMalformed(file, line) }
                if lines.first?.cells.contains("form") ?? false {
                    submitted.readLong(lines, file: file, period: period.label)
                } else {
                    guard let form, let court else {
                        throw ValidationError(
                            say(
                                "'\(file)' is laid out as a form: give --form and --court",
                                "“\(file)”按报表版式排列：请给出 --form 和 --court"))
                    }
                    let definition = try FormsCommand.forms([form], of: loaded.schema)[0]
                    submitted.readGrid(lines, file: file, form: definition, court: court, period: period.label)
                }
            }
            let problems = submitted.problems
            guard problems.isEmpty else {
                let lines = problems.map { ($0.place, $0.message) }
                return OperationResult(
                    .badData,
                    json: FormsImport(
                        period: period.label, figures: 0,
                        problems: problems.map { .init($0, session.language) }),
                    text: LocalizedText(
                        en: (["nothing was imported: \(problems.count) problems"] + lines.map { "  \($0): \($1.en)" })
                            .joined(separator: "\n"),
                        zh: (["未导入：有 \(problems.count) 处问题"] + lines.map { "  \($0)：\($1.zh)" })
                            .joined(separator: "\n")))
            }
            let figures = submitted.table.figures
            if let to {
                try FiguresFile.write(figures, to: to)
            } else {
                try session.library(library).store(
                    figures: figures.lazy.map { FigureRecord($0, source: FigureSource.submitted) },
                    source: FigureSource.submitted, run: session.runID)
            }
            return OperationResult(
                json: FormsImport(period: period.label, figures: figures.count, problems: []),
                text: LocalizedText(
                    en: "\(Format.count(figures.count)) figures imported", zh: "已导入 \(Format.count(figures.count)) 个数字"),
                products: to.map { [$0] } ?? [])
        }

        /// The file's records as texts; a form that is laid out for people has titles above its header.
        private static func lines(of file: String) throws -> (lines: SubmittedForms.Lines, malformed: [Int]) {
            let table = try FileTable(
                files: [file], options: CSVOptions(columns: (1...max(1, try fieldCount(of: file))).map { "\($0)" }))
            var lines: SubmittedForms.Lines = []
            while let block = try table.next() {
                for row in 0..<block.rowCount {
                    lines.append((Int(block.lines[row]), block.columns.map { $0[row] }))
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

/// `forms import --json`.
struct FormsImport: Encodable {
    struct Problem: Encodable {
        var place: String
        var message: String

        init(_ problem: SubmittedForms.Problem, _ language: Language) {
            place = problem.place
            message = problem.message.text(in: language)
        }
    }

    var format = "sitong.forms-import/1"
    var period: String
    var figures: Int
    var problems: [Problem]
}
