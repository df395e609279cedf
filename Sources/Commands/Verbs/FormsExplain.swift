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
    /// `forms explain`: the cases behind a figure, or the cells that count a case.
    struct Explain: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "explain",
                abstract: say(
                    "Show the cases behind a figure, or the cells that count a case.", "追溯一个数字背后的案件，或一个案件计入的各格。"))
        }

        @Option(help: help("The statistical period.", "统计周期。"))
        var period: String

        @Option(help: help("The form of the cell.", "格所在的报表。"))
        var form: String?

        @Option(help: help("The court whose figure it is, its lower courts included.", "数字所属的法院，含其下级法院。"))
        var court: String?

        @Option(help: help("ROW,COLUMN by code or title, such as 合计,新收.", "行,栏（代码或名称），例如 合计,新收。"))
        var cell: String?

        @Option(
            name: .customLong("case"), help: help("The key of a case: every cell it is counted in.", "案件标识：列出它计入的各格。"))
        var caseKey: String?

        @Flag(help: help("Only the court's own cases.", "只看本院案件。"))
        var own = false

        @Option(
            help: help("NAME=FILE: look in this file instead of the library; repeatable.", "表名=文件：在此文件而不是标准库中查找，可多次给出。")
        )
        var table: [String] = []

        @OptionGroup var library: LibraryOptions
        @OptionGroup var schema: SchemaOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let loaded = try session.definitions(schema)
            let period = try session.period(period)
            if let caseKey {
                let forms = try FormsCommand.forms(form.map { [$0] } ?? [], of: loaded.schema)
                return try explain(case: caseKey, forms, period, loaded.schema, session)
            }
            guard let form, let court, let cell else {
                throw ValidationError(
                    say("give --form, --court and --cell, or --case", "请给出 --form、--court 和 --cell，或 --case"))
            }
            let definition = try FormsCommand.forms([form], of: loaded.schema)[0]
            let place = try self.place(cell, in: definition)
            return try explain(definition, place.row, place.column, court, period, loaded.schema, session)
        }

        private func explain(
            _ form: FormDefinition, _ row: Int, _ column: Int, _ court: String, _ period: StatisticalPeriod,
            _ schema: StandardSchema, _ session: Session
        ) throws -> OperationResult {
            guard let table = form.table.flatMap({ schema.table($0) }) else { throw OperationError.notCounted(form) }
            let trace = try FormTrace(table: table, forms: [form], schema: schema, period: period)
            let courts = own ? [court] : Set(try schema.jurisdictions(of: [], named: [court]).courts)
            let cases = try trace.cases(
                form: form.name, row: form.rows[row].code, column: form.columns[column].code, courts: courts,
                in: try reader(trace, schema, session))
            let counted = cases.filter { !$0.isUndecided }
            let isSum = if case .sum = form.columns[column].measure { true } else { false }
            let figure =
                isSum
                ? try counted.reduce(ExactDecimal.zero) { try $0.adding($1.amount ?? .zero) }
                : ExactDecimal(counted.count)
            let explanation = CellExplanation(
                form: form.name, court: court, period: period.label, row: form.rows[row].code,
                column: form.columns[column].code, own: own, figure: "\(figure)", cases: cases)
            let cellName = "\(form.name)[\(form.rows[row].title), \(form.columns[column].title)]"
            var en = [
                "\(cellName) of \(court) in \(period.label): \(figure), from \(Format.count(counted.count)) cases"
            ]
            var zh = ["\(court) \(period.label) \(cellName)：\(figure)，来自 \(Format.count(counted.count)) 件案件"]
            for one in cases {
                let line = "  \(one.court)  \(one.key.joined(separator: " "))\(one.amount.map { "  \($0)" } ?? "")"
                en.append(line + (one.isUndecided ? "  not decided" : ""))
                zh.append(line + (one.isUndecided ? "  无法判定" : ""))
            }
            return OperationResult(
                json: explanation,
                text: LocalizedText(en: en.joined(separator: "\n"), zh: zh.joined(separator: "\n")))
        }

        private func explain(
            case key: String, _ forms: [FormDefinition], _ period: StatisticalPeriod, _ schema: StandardSchema,
            _ session: Session
        ) throws -> OperationResult {
            var cells: [FormTrace.Cell] = []
            var isFound = false
            for table in FormComputation.tables(of: forms, in: schema) where table.key.count == 1 {
                let trace = try FormTrace(table: table, forms: forms, schema: schema, period: period)
                guard let found = try trace.cells(ofCase: [key], in: try reader(trace, schema, session)) else {
                    continue
                }
                isFound = true
                cells += found
            }
            guard isFound else {
                throw OperationError(
                    .noInput, code: "case-missing",
                    LocalizedText(en: "there is no case '\(key)'", zh: "没有案件“\(key)”"),
                    hint: LocalizedText(
                        en: "name it by the key of its table, such as its 案件标识", zh: "请用所在表的主键指明，例如案件标识"))
            }
            let lines = cells.map { cell -> (en: String, zh: String) in
                let form = schema.form(cell.form)
                let row = form?.rowIndex(cell.row).flatMap { form?.rows[$0].title } ?? cell.row
                let column = form?.columnIndex(cell.column).flatMap { form?.columns[$0].title } ?? cell.column
                let line = "  \(cell.form)[\(row), \(column)]"
                return (line + (cell.isUndecided ? "  not decided" : ""), line + (cell.isUndecided ? "  无法判定" : ""))
            }
            let count = cells.count { !$0.isUndecided }
            let text = LocalizedText(
                en: (["case \(key) is counted in \(count) cells of \(period.label)"] + lines.map(\.en))
                    .joined(separator: "\n"),
                zh: (["案件 \(key) 计入 \(period.label) 的 \(count) 格"] + lines.map(\.zh)).joined(separator: "\n"))
            return OperationResult(
                json: CaseExplanation(
                    key: key, period: period.label,
                    cells: cells.map {
                        .init(form: $0.form, row: $0.row, column: $0.column, undecided: $0.isUndecided)
                    }), text: text)
        }

        private func reader(
            _ trace: FormTrace, _ schema: StandardSchema, _ session: Session
        ) throws -> any CellReader {
            if table.isEmpty {
                let names = trace.neededColumns.map { trace.table.columns[$0].name }
                return try session.library(library).snapshot().reader(
                    table: trace.table, columns: names, schema: schema)
            }
            return try FileInput(table, schema: schema, options: CSVOptions(), encoding: .utf8).open(trace.table)
        }

        private func place(_ cell: String, in form: FormDefinition) throws -> (row: Int, column: Int) {
            // A title may hold a comma, so every one of them is tried.
            let parts = cell.split(separator: ",", omittingEmptySubsequences: false)
            for cut in 1..<max(2, parts.count) where cut < parts.count {
                let names = [parts[..<cut], parts[cut...]].map {
                    $0.joined(separator: ",").trimmingCharacters(in: .whitespaces)
                }
                guard let row = form.rowIndex(names[0]), let column = form.columnIndex(names[1]) else { continue }
                if case .ratio(let of, let to, _) = form.columns[column].measure {
                    throw OperationError(
                        .usage, code: "cell-is-rate",
                        LocalizedText(
                            en: "'\(form.columns[column].title)' is a rate and has no cases of its own",
                            zh: "“\(form.columns[column].title)”是比率，没有直接对应的案件"),
                        hint: LocalizedText(
                            en: "explain what it is made of: \(of.text) and \(to.text)",
                            zh: "请追溯其构成：\(of.text)、\(to.text)"))
                }
                return (row, column)
            }
            throw OperationError(
                .usage, code: "cell-unknown",
                LocalizedText(en: "form \(form.name) has no cell '\(cell)'", zh: "报表\(form.name)没有格“\(cell)”"),
                hint: LocalizedText(
                    en: "write ROW,COLUMN by code or title, such as \(form.rows[0].code),\(form.columns[0].code)",
                    zh: "应为 行,栏（代码或名称），例如 \(form.rows[0].code),\(form.columns[0].code)"))
        }
    }
}

/// `forms explain --cell --json`.
struct CellExplanation: Encodable {
    struct Case: Encodable {
        var key: [String]
        var court: String
        var undecided: Bool
        @Nullable var amount: String?
    }

    var format = "sitong.forms-explain/1"
    var form: String
    var court: String
    var period: String
    var row: String
    var column: String
    var own: Bool
    var figure: String
    var cases: [Case]

    init(
        form: String, court: String, period: String, row: String, column: String, own: Bool, figure: String,
        cases: [FormTrace.Case]
    ) {
        self.form = form
        self.court = court
        self.period = period
        self.row = row
        self.column = column
        self.own = own
        self.figure = figure
        self.cases = cases.map {
            Case(key: $0.key, court: $0.court, undecided: $0.isUndecided, amount: $0.amount.map { "\($0)" })
        }
    }
}

/// `forms explain --case --json`.
struct CaseExplanation: Encodable {
    struct Cell: Encodable {
        var form: String
        var row: String
        var column: String
        var undecided: Bool
    }

    var format = "sitong.forms-case/1"
    var key: String
    var period: String
    var cells: [Cell]
}

extension OperationError {
    static func notCounted(_ form: FormDefinition) -> OperationError {
        OperationError(
            .usage, code: "form-not-counted",
            LocalizedText(
                en: "the figures of form \(form.name) come from elsewhere: there are no cases behind them",
                zh: "报表\(form.name)的数字来自外部，没有对应的案件"))
    }
}
