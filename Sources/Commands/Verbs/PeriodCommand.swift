import ArgumentParser
import CourtModel
import Definitions
import Diagnostics
import FormEngine
import Library
import Schema

extension LibraryCommand {
    /// `library period close｜list｜show｜reopen`: figures that stay as they were reported (关账).
    struct PeriodCommand: ParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "period",
                abstract: say(
                    "Close a period, see what came late, open it again.", "关账、查看迟到数据的影响、重新打开。"),
                subcommands: [Close.self, List.self, Show.self, Reopen.self])
        }
    }
}

extension LibraryCommand.PeriodCommand {
    struct Close: Operation, LibraryStep {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "close",
                abstract: say(
                    "Keep the figures of a period, and the cases behind them, as they are now.", "固定一个周期的数字及其背后的案件名单。"))
        }

        @Argument(help: help("The statistical period.", "统计周期。"))
        var period: String

        @Option(help: help("A note for the ledger.", "说明，记入台账。"))
        var reason: String?

        @OptionGroup var library: LibraryOptions
        @OptionGroup var schema: SchemaOptions
        @OptionGroup var resources: ResourceOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let loaded = try session.definitions(schema)
            let period = try session.period(period)
            let count = PeriodCount(period: period, schema: loaded.schema, jobs: resources.threads)
            let closing = try session.library(library).close(
                period: period.label, reason: reason, count: count.counted)
            return OperationResult(
                json: PeriodSummary(closing),
                text: LocalizedText(
                    en: "\(closing.period) is closed: what comes later no longer changes its figures",
                    zh: "\(closing.period) 已关账：此后的数据不再改变其数字"))
        }
    }

    struct List: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "list",
                abstract: say("Every closing, and every reopening with its reason.", "列出历次关账和重新打开及其原因。"))
        }

        @OptionGroup var library: LibraryOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let closings = try session.library(library).closings()
            func line(_ closing: PeriodClosing, _ closed: String, _ opened: String) -> String {
                var text = "\(padLeft(String(closing.closing), 4))  \(closing.period)  \(closed) \(closing.closedAt)"
                if let reason = closing.reason { text += "  \(reason)" }
                guard let at = closing.reopenedAt else { return text }
                return text + "  \(opened) \(at)  \(closing.reopenReason ?? "")"
            }
            return OperationResult(
                json: PeriodList(closings: closings.map(PeriodSummary.Closing.init)),
                text: closings.isEmpty
                    ? LocalizedText(en: "no period was closed", zh: "没有关账的周期")
                    : LocalizedText(
                        en: closings.map { line($0, "closed", "reopened") }.joined(separator: "\n"),
                        zh: closings.map { line($0, "关账", "重新打开") }.joined(separator: "\n")))
        }
    }

    struct Show: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "show",
                abstract: say(
                    "What a closed period would look like today, figure by figure and case by case.",
                    "已关账周期按当前数据重算后的差异：逐格、逐案。"))
        }

        @Argument(help: help("The statistical period.", "统计周期。"))
        var period: String

        @Option(help: help("At most so many figures and cases are named.", "最多列出的数字和案件。"))
        var limit = 100

        @OptionGroup var library: LibraryOptions
        @OptionGroup var schema: SchemaOptions
        @OptionGroup var resources: ResourceOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let loaded = try session.definitions(schema)
            let period = try session.period(period)
            let library = try session.library(library)
            guard let closing = try library.closings(of: period.label).last else {
                throw OperationError.periodNotClosed(period.label)
            }
            let count = PeriodCount(period: period, schema: loaded.schema, jobs: resources.threads)
            let drift = try library.drift(
                since: closing, counted: try count.counted(in: try library.snapshot()), limit: limit)
            let summary = PeriodChanges(closing, drift)
            return OperationResult(json: summary, text: summary.text)
        }
    }

    struct Reopen: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "reopen",
                abstract: say("Open a closed period again; what was kept stays.", "重新打开已关账的周期；已固定的内容保留。"))
        }

        @Argument(help: help("The statistical period.", "统计周期。"))
        var period: String

        @Option(help: help("Why; kept in the ledger.", "原因，记入台账。"))
        var reason: String

        @OptionGroup var library: LibraryOptions
        @OptionGroup var common: CommonOptions

        func validate() throws {
            if reason.allSatisfy(\.isWhitespace) { throw ValidationError(say("--reason is empty", "--reason 不能为空")) }
        }

        func perform(in session: Session) throws -> OperationResult {
            let period = try session.period(period)
            let closing = try session.library(library).reopen(period: period.label, reason: reason)
            return OperationResult(
                json: PeriodSummary(closing),
                text: LocalizedText(en: "\(closing.period) is open again", zh: "\(closing.period) 已重新打开"))
        }
    }
}

/// Counts the forms of a period, and lists the cases behind every cell.
private struct PeriodCount {
    let period: StatisticalPeriod
    let schema: StandardSchema
    let jobs: Int

    func counted(in snapshot: LibrarySnapshot) throws -> CountedPeriod {
        let forms = schema.forms.filter { $0.table != nil }
        let tables = FormComputation.tables(of: forms, in: schema)
        let figures = try tables.map { table in
            var computation = try FormComputation(table: table, forms: forms, schema: schema, periods: [period])
            try computation.read(try reader(table, computation.neededColumns, snapshot), jobs: jobs)
            return try computation.finish(
                jurisdictions: try schema.jurisdictions(of: computation.courts, named: [])
            ).0
        }
        return CountedPeriod(
            figures: figures.lazy.flatMap { $0 }.map { FigureRecord($0, source: FigureSource.computed) }
        ) { body in
            for table in tables {
                let trace = try FormTrace(table: table, forms: forms, schema: schema, period: period)
                try trace.forEachCase(in: try reader(table, trace.neededColumns, snapshot)) { one, cells in
                    for (form, cells) in Dictionary(grouping: cells, by: \.form).sorted(by: { $0.key < $1.key }) {
                        try body(
                            CountedCase(
                                form: form, key: one.key, court: one.court,
                                cells: cells.map { "\($0.row),\($0.column)" }.sorted()))
                    }
                }
            }
        }
    }

    private func reader(
        _ table: TableDefinition, _ columns: [Int], _ snapshot: LibrarySnapshot
    ) throws -> LibraryReader {
        try snapshot.reader(table: table, columns: columns.map { table.columns[$0].name }, schema: schema)
    }
}

/// `library period close｜reopen --json`.
struct PeriodSummary: Encodable {
    struct Closing: Encodable {
        var closing: Int
        var period: String
        var closedAt: String
        var lastBatch: Int
        @Nullable var reason: String?
        @Nullable var reopenedAt: String?
        @Nullable var reopenReason: String?

        enum CodingKeys: String, CodingKey {
            case closing, period, reason
            case closedAt = "closed_at"
            case lastBatch = "last_batch"
            case reopenedAt = "reopened_at"
            case reopenReason = "reopen_reason"
        }

        init(_ closing: PeriodClosing) {
            self.closing = closing.closing
            period = closing.period
            closedAt = closing.closedAt
            lastBatch = closing.lastBatch
            reason = closing.reason
            reopenedAt = closing.reopenedAt
            reopenReason = closing.reopenReason
        }
    }

    var format = "sitong.period/1"
    var closing: Closing

    init(_ closing: PeriodClosing) { self.closing = Closing(closing) }
}

/// `library period list --json`.
struct PeriodList: Encodable {
    var format = "sitong.periods/1"
    var closings: [PeriodSummary.Closing]
}

/// `library period show --json`.
struct PeriodChanges: Encodable {
    struct Figure: Encodable {
        var form: String
        var court: String
        var row: String
        var column: String
        @Nullable var closed: String?
        @Nullable var now: String?
        var difference: String
    }

    struct Case: Encodable {
        var form: String
        var key: [String]
        var court: String
        var left: [String]
        var entered: [String]
    }

    var format = "sitong.period-changes/1"
    var closing: PeriodSummary.Closing
    var figureCount: Int
    var figures: [Figure]
    var caseCount: Int
    var cases: [Case]

    enum CodingKeys: String, CodingKey {
        case format, closing, figures, cases
        case figureCount = "figure_count"
        case caseCount = "case_count"
    }

    init(_ closing: PeriodClosing, _ drift: PeriodDrift) {
        self.closing = PeriodSummary.Closing(closing)
        figureCount = drift.figureCount
        figures = drift.figures.map {
            Figure(
                form: $0.form, court: $0.court, row: $0.row, column: $0.column, closed: $0.closed, now: $0.now,
                difference: $0.difference)
        }
        caseCount = drift.caseCount
        cases = drift.cases.map {
            Case(form: $0.form, key: $0.key, court: $0.court, left: $0.left, entered: $0.entered)
        }
    }

    var text: LocalizedText {
        var en = ["\(closing.period), closed at \(closing.closedAt)"]
        var zh = ["\(closing.period)，\(closing.closedAt) 关账"]
        if figureCount == 0, caseCount == 0 {
            en.append("nothing came late: the figures of today are the same")
            zh.append("没有迟到数据：按当前数据计算的结果相同")
        } else {
            en.append(
                "by the data of today \(Format.count(figureCount)) figures differ, \(Format.count(caseCount)) cases are counted otherwise"
            )
            zh.append("按当前数据有 \(Format.count(figureCount)) 个数字不同，\(Format.count(caseCount)) 件案件计入的格不同")
        }
        for figure in figures {
            let line =
                "  \(figure.form)[\(figure.row), \(figure.column)] \(figure.court)  \(figure.closed ?? "–") → \(figure.now ?? "–")"
                + "  (\(figure.difference.hasPrefix("-") ? "" : "+")\(figure.difference))"
            en.append(line)
            zh.append(line)
        }
        for one in cases {
            let line = "  \(one.form) \(one.court) \(one.key.joined(separator: " "))"
            let cells = one.left.map { "-[\($0)]" } + one.entered.map { "+[\($0)]" }
            en.append(line + "  " + cells.joined(separator: " "))
            zh.append(line + "  " + cells.joined(separator: " "))
        }
        return LocalizedText(en: en.joined(separator: "\n"), zh: zh.joined(separator: "\n"))
    }
}
