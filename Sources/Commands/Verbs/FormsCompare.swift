import ArgumentParser
import CourtModel
import DataAccess
import Definitions
import Diagnostics
import FormEngine
import Library
import Reconciliation
import Schema
import Workbook

extension FormsCommand {
    /// `forms compare`: what the court submitted, what the library yields, what the upper court published, cell by cell.
    struct Compare: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "compare",
                abstract: say(
                    "Compare what a court submitted, what the library yields and what was published, cell by cell.",
                    "逐格比对法院报送数、标准库计算数与上级公布数。"))
        }

        @Option(help: help("The form.", "报表。"))
        var form: String

        @Option(help: help("The court.", "法院。"))
        var court: String

        @Option(help: help("The statistical period.", "统计周期。"))
        var period: String

        @Option(help: help("Also write the differences to this workbook (.xlsx).", "同时把差异写入此工作簿（.xlsx）。"))
        var to: String?

        @Flag(help: help("Do not look for the cases behind the figures.", "不查找数字背后的案件。"))
        var withoutCases = false

        @OptionGroup var library: LibraryOptions
        @OptionGroup var schema: SchemaOptions
        @OptionGroup var common: CommonOptions

        /// Cases of a cell that are named; more of them than that is no list to look through.
        static let namedCases = 200

        func perform(in session: Session) throws -> OperationResult {
            let loaded = try session.definitions(schema)
            let form = try FormsCommand.forms([form], of: loaded.schema)[0]
            let period = try session.period(period)
            let store = try session.library(library)
            let snapshots = try store.figureHistory(form: form.name, court: court, period: period.label)
                .compactMap { entry in
                    FigureSide(rawValue: entry.source).map { side in
                        SideComparison.Snapshot(
                            run: entry.run, startedAt: entry.startedAt, side: side,
                            figures: entry.figures.map(Figure.init))
                    }
                }
            let result = SideComparison.compare(snapshots, of: form)
            guard result.sides.count > 1 else { throw OperationError.nothingToCompare(form, court, period, result) }
            let cases = try withoutCases ? [:] : cases(of: result.differences, form, period, loaded.schema, store)
            let summary = FormsComparison(
                form: form.name, court: court, period: period.label, sides: result.sides.map(\.rawValue),
                compared: result.comparedCells,
                differences: result.differences.map { .init($0, cases[$0], result.sides) })
            if let to {
                try SideWorkbook(
                    summary: summary, form: form, courtName: loaded.schema.courtName(court),
                    language: session.language
                ).write(to: to)
            }
            return OperationResult(
                result.differences.isEmpty ? .ok : .findings, json: summary, text: summary.text(form),
                products: to.map { [$0] } ?? [])
        }

        /// The cases behind what the library yields, of cells in which it differs from another side.
        private func cases(
            of differences: [SideDifference], _ form: FormDefinition, _ period: StatisticalPeriod,
            _ schema: StandardSchema, _ store: StandardLibrary
        ) throws -> [SideDifference: [FormTrace.Case]] {
            guard let table = form.table.flatMap({ schema.table($0) }) else { return [:] }
            let wanted = differences.filter { difference in
                guard difference.values[.computed] != nil, let column = form.columnIndex(difference.column) else {
                    return false
                }
                switch form.columns[column].measure {
                case .count, .sum: return true
                case .ratio, .given: return false
                }
            }
            guard !wanted.isEmpty else { return [:] }
            let trace = try FormTrace(table: table, forms: [form], schema: schema, period: period)
            let names = trace.neededColumns.map { trace.table.columns[$0].name }
            let found = try trace.cases(
                form: form.name, cells: wanted.map { ($0.row, $0.column) },
                courts: Set(try schema.jurisdictions(of: [], named: [court]).courts),
                in: try store.snapshot().reader(table: trace.table, columns: names, schema: schema))
            return Dictionary(uniqueKeysWithValues: zip(wanted, found))
        }
    }
}

/// `forms compare --json`.
struct FormsComparison: Encodable {
    struct Difference: Encodable {
        struct Since: Encodable {
            var run: String
            // swift-format-ignore: AlwaysUseLowerCamelCase
            @Nullable var started_at: String?
            /// Sides that agreed with the others before and moved then; empty when they never agreed.
            var moved: [String]
        }

        var row: String
        var column: String
        @Nullable var submitted: String?
        @Nullable var computed: String?
        @Nullable var published: String?
        var since: Since
        @Nullable var outlier: String?
        /// How many cases the library counts there; null where it counts none of its own.
        // swift-format-ignore: AlwaysUseLowerCamelCase
        @Nullable var case_count: Int?
        /// The first of them.
        var cases: [[String]]

        init(_ difference: SideDifference, _ cases: [FormTrace.Case]?, _ sides: [FigureSide]) {
            row = difference.row
            column = difference.column
            func text(_ side: FigureSide) -> String? { difference.values[side]?.number.map { "\($0)" } }
            submitted = text(.submitted)
            computed = text(.computed)
            published = text(.published)
            switch difference.since {
            case .beginning(let run, let startedAt): since = Since(run: run, started_at: startedAt, moved: [])
            case .moved(let run, let startedAt, let sides):
                since = Since(run: run, started_at: startedAt, moved: sides.map(\.rawValue))
            }
            outlier = difference.outlier?.rawValue
            let counted = cases?.filter { !$0.isUndecided }
            case_count = counted?.count
            self.cases = counted?.prefix(FormsCommand.Compare.namedCases).map(\.key) ?? []
        }

        /// Since when, and which side moved.
        var story: LocalizedText {
            let when = since.started_at.map { " (\($0))" } ?? ""
            let outside = since.run == Session.noRun
            let run = LocalizedText(
                en: outside ? "what was kept outside of a run" : "run \(since.run)\(when)",
                zh: outside ? "运行之外保存的数字" : "运行 \(since.run)\(when)")
            guard !since.moved.isEmpty else {
                let alone = outlier.flatMap { FigureSide(rawValue: $0) }?.title
                return LocalizedText(
                    en: "differ since they are known, \(run.en)" + (alone.map { "; \($0.en) stands alone" } ?? ""),
                    zh: "自始不一致，\(run.zh)" + (alone.map { "；\($0.zh)与另两方不同" } ?? ""))
            }
            let moved = since.moved.compactMap { FigureSide(rawValue: $0)?.title }
            return LocalizedText(
                en: "\(moved.map(\.en).joined(separator: " and ")) moved in \(run.en)",
                zh: "\(moved.map(\.zh).joined(separator: "、"))变动于\(run.zh)")
        }
    }

    var format = "sitong.forms-compare/1"
    var form: String
    var court: String
    var period: String
    var sides: [String]
    var compared: Int
    var differences: [Difference]

    func text(_ form: FormDefinition) -> LocalizedText {
        let names = sides.compactMap { FigureSide(rawValue: $0)?.title }
        var en = [
            "\(self.form) of \(court) in \(period): \(names.map(\.en).joined(separator: ", ")); \(Format.count(compared)) cells compared, \(differences.count) differ"
        ]
        var zh = [
            "\(court) \(period) 报表\(self.form)：\(names.map(\.zh).joined(separator: "、"))；比对 \(Format.count(compared)) 格，不一致 \(differences.count) 格"
        ]
        for difference in differences {
            let (row, column) = form.titles(row: difference.row, column: difference.column)
            let values = sides.compactMap { FigureSide(rawValue: $0) }.map { side in
                let value = difference.value(side) ?? "-"
                return LocalizedText(en: "\(side.title.en) \(value)", zh: "\(side.title.zh) \(value)")
            }
            let count = difference.case_count
            en.append(
                "  [\(row), \(column)] \(values.map(\.en).joined(separator: ", ")); \(difference.story.en)"
                    + (count.map { "; \($0) cases counted" } ?? ""))
            zh.append(
                "  [\(row), \(column)] \(values.map(\.zh).joined(separator: "，"))；\(difference.story.zh)"
                    + (count.map { "；计入案件 \($0) 件" } ?? ""))
        }
        return LocalizedText(en: en.joined(separator: "\n"), zh: zh.joined(separator: "\n"))
    }
}

extension FormsComparison.Difference {
    func value(_ side: FigureSide) -> String? {
        switch side {
        case .submitted: submitted
        case .computed: computed
        case .published: published
        }
    }
}

extension FigureSide {
    var title: LocalizedText {
        switch self {
        case .submitted: LocalizedText(en: "submitted", zh: "报送数")
        case .computed: LocalizedText(en: "library", zh: "计算数")
        case .published: LocalizedText(en: "published", zh: "公布数")
        }
    }
}

extension FormDefinition {
    /// Titles of a row and a column, their codes where the form has them no longer.
    func titles(row: String, column: String) -> (row: String, column: String) {
        (rowIndex(row).map { rows[$0].title } ?? row, columnIndex(column).map { columns[$0].title } ?? column)
    }
}

/// The differences of one form as a workbook: what differs, and the cases behind it.
struct SideWorkbook {
    let summary: FormsComparison
    let form: FormDefinition
    let courtName: String
    let language: Language

    private func text(_ en: String, _ zh: String) -> String { LocalizedText(en: en, zh: zh).text(in: language) }

    func write(to path: String) throws {
        let title = "\(form.title) \(courtName) \(summary.period)"
        let workbook = try Workbook(path: path, title: title)
        let sides = summary.sides.compactMap { FigureSide(rawValue: $0) }
        let table = workbook.addTable(
            text("Differences", "差异"),
            columns: [text("Row", "行"), text("Column", "栏")].map { SheetColumn($0) }
                + sides.map { SheetColumn($0.title.text(in: language)) }
                + [text("What moved, and when", "哪一方何时变动"), text("Cases counted", "计入案件数")].map { SheetColumn($0) },
            frozenColumns: 2)
        for difference in summary.differences {
            let (row, column) = form.titles(row: difference.row, column: difference.column)
            try table.append(
                [.text(row), .text(column)]
                    + sides.map { difference.value($0).map { SheetValue.decimal($0) } ?? .empty }
                    + [
                        .text(difference.story.text(in: language)),
                        difference.case_count.map { .integer($0) } ?? .empty,
                    ])
        }
        try table.finish()
        let cases = workbook.addTable(
            text("Cases", "案件"),
            columns: [text("Row", "行"), text("Column", "栏"), text("Case", "案件标识")].map { SheetColumn($0) },
            frozenColumns: 2)
        for difference in summary.differences {
            let (row, column) = form.titles(row: difference.row, column: difference.column)
            for key in difference.cases {
                try cases.append([.text(row), .text(column), .text(key.joined(separator: " "))])
            }
        }
        try cases.finish()
        try workbook.close()
    }
}

extension OperationError {
    static func nothingToCompare(
        _ form: FormDefinition, _ court: String, _ period: StatisticalPeriod, _ result: SideComparison.Result
    ) -> OperationError {
        let has = result.sides.first?.title
        return OperationError(
            .noInput, code: "sides-missing",
            LocalizedText(
                en:
                    "the library holds \(has.map { "only one side (\($0.en))" } ?? "nothing") of form \(form.name) of '\(court)' in \(period.label)",
                zh: "标准库中\(court) \(period.label) 的报表\(form.name)\(has.map { "只有\($0.zh)" } ?? "没有任何数字")"),
            hint: LocalizedText(
                en:
                    "'sitong forms compute' computes it, 'sitong forms import' takes in what was submitted or, with --side published, published",
                zh: "用“sitong forms compute”计算，用“sitong forms import”导入报送数，加 --side published 导入公布数"))
    }
}
