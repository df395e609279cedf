import ArgumentParser
import CourtModel
import Definitions
import Diagnostics
import FormEngine
import Foundation
import Library
import Reconciliation
import RuleLanguage
import Schema

/// `reconcile forms`: figures against rules, and against what the courts submitted.
struct ReconcileCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "reconcile", abstract: say("Compare what should agree.", "核对应当一致的数据。"),
            subcommands: [Forms.self, Rows.self])
    }

    struct Forms: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "forms",
                abstract: say(
                    "Check figures within a form, between forms, across court levels, and against those submitted.",
                    "核对报表：表内、表间、上下级，以及与法院报送数。"))
        }

        @Option(help: help("Figures from elsewhere (long CSV); repeatable.", "外部报表数字（长表 CSV），可多次给出。"))
        var figures: [String] = []

        @Option(help: help("How the file names its columns: value=hzz,court=fydm.", "文件中的列名对应：value=hzz,court=fydm。"))
        var map: String?

        @Option(help: help("The statistical period; default: all in the figures.", "统计周期；默认为数字中的全部周期。"))
        var period: String?

        @Option(help: help("The run whose computed figures are meant; default: this run's.", "哪次运行的计算数；默认为本次运行。"))
        var run: String?

        @Option(help: help("Write every finding to this CSV file.", "把全部问题写入此 CSV 文件。"))
        var findings: String?

        @Option(help: help("From which severity on the status is 1.", "从哪个级别起状态为 1。"))
        var failOn: FailOn = .error

        @Flag(
            help: help("A rule that could not run or judged nothing makes the status 64.", "有规则未能运行或没有判定任何格时，状态为 64。"))
        var strict = false

        @Flag(
            help: help(
                "Say what each roll-up that does not add up looks like and which courts cause it, and which cells of a form that breaks several rules are suspect.",
                "说明每处上下级不符像哪种差错、由哪些法院造成，以及多处不符的报表中哪些格可疑。"))
        var explain = false

        @OptionGroup var library: LibraryOptions
        @OptionGroup var schema: SchemaOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let begin = ContinuousClock.now
            let loaded = try session.definitions(schema)
            var schema = loaded.schema
            var check = try FormRuleCheck(rules: loaded.rules.rules, schema: schema)
            // Figures alone are judged by themselves; with a library they are compared with what it yields.
            let usesLibrary = figures.isEmpty || library.library != nil || session.environment["SITONG_LIBRARY"] != nil
            let store = usesLibrary ? try session.library(library) : nil
            // Where the cases are, rules that count them can be judged too.
            let caseForms = store == nil ? [] : check.caseForms
            if !caseForms.isEmpty {
                schema.forms += caseForms
                check = try FormRuleCheck(rules: loaded.rules.rules, schema: schema)
            }
            let submitted = try submittedFigures(schema, session)
            let submittedTable = submitted?.table
            let run = run ?? session.runID
            let table = try store?.figureTable(run: run, source: FigureSource.computed, forms: schema.forms)
            if let table, table.isEmpty { throw OperationError.noFigures(run: run) }
            let computed = table.map { FigureStore($0) }
            guard let judged = computed ?? submitted else { throw OperationError.noFigures(run: run) }
            let periods = periods(of: judged, session)
            let courts = try ReportingCourts(schema, check, computed, submitted, periods: periods)
            let openings = store.map { OpeningCases(store: $0, schema: schema) }
            if let computed, let openings {
                for figure in try openings.figuresBefore(periods) { _ = computed.insert(figure) }
            }
            if let store, !caseForms.isEmpty {
                for figure in try store.figures(of: caseForms, schema: schema, periods: periods) {
                    _ = computed?.insert(figure)
                    _ = submitted?.insert(figure)
                }
            }
            var result = check.judge(judged, periods: periods, jurisdictions: courts.jurisdictions)
            let onOpenings =
                computed == nil ? [] : try openings?.explanations(of: result.findings, check) ?? []
            result.findings = result.findings.explained(by: onOpenings)
            if onOpenings.contains(where: { $0.cases == nil }) {
                session.console.warn(
                    LocalizedText(
                        en:
                            "opening balances differ from the last closing ones, and which cases made the difference cannot be told: the period before was not closed",
                        zh: "期初数与上期期末数不一致，且上期未关账，无法说明差在哪些案件"))
            }
            // What the courts submitted must hold by itself too, beside what the cases yield.
            var onSubmitted: [FormFinding] = []
            var mismatches: [FigureMismatch] = []
            var compared = 0
            if let table, let submitted, let submittedTable {
                onSubmitted = check.judge(submitted, periods: periods, jurisdictions: courts.jurisdictions).findings
                for period in periods {
                    let comparison = try FigureComparison.compare(
                        computed: table, submitted: submittedTable, period: period,
                        jurisdictions: courts.jurisdictions(nil, period))
                    mismatches += comparison.mismatches
                    compared += comparison.comparedCells
                    for sheet in comparison.missingSheets {
                        session.console.warn(
                            LocalizedText(
                                en: "\(sheet.court) submitted nothing of \(sheet.form)",
                                zh: "\(sheet.court) 没有报送 \(sheet.form)"))
                    }
                }
            }
            var explanations: [RollUpExplanation] = []
            if explain {
                explanations = check.explain(
                    result.findings, judged, library: computed, jurisdictions: courts.jurisdictions)
            }
            // What the library yields is no slip of a pen: its cases are to be looked at.
            var suspicions = explain && computed == nil ? check.suspect(result.findings, judged) : []
            if let computed, let submitted {
                if explain { suspicions += check.suspect(onSubmitted, submitted) }
                let onThem = check.explain(
                    onSubmitted, submitted, library: computed, jurisdictions: courts.jurisdictions)
                onSubmitted = onSubmitted.attributed(by: onThem)
                explanations += onThem
            }
            let own: MismatchRecord.Side = computed == nil ? .submitted : .computed
            let records =
                result.findings.map { MismatchRecord($0, own, session.language) }
                + onSubmitted.map { MismatchRecord($0, .submitted, session.language) }
                + mismatches.map { MismatchRecord($0, session.language) }
            for notice in result.notices { session.console.detail(notice.message) }
            if let findings { try write(records, to: findings) }
            try store?.store(
                mismatches: records, statistics: result.statistics.map { RuleStatisticRecord($0, session.language) },
                run: session.runID)
            let status = status(of: result, records)
            let seconds = (ContinuousClock.now - begin) / .seconds(1)
            let summary = FormCheckSummary(
                result, mismatches, compared: compared, period: periods.count == 1 ? periods[0] : nil, seconds: seconds,
                status: status.rawValue,
                language: session.language, explanations: explain ? explanations : nil,
                suspicions: explain ? suspicions : nil, openings: onOpenings)
            return OperationResult(
                status, json: summary,
                text: Self.text(
                    result, onSubmitted, mismatches, explain ? explanations : [], suspicions, onOpenings,
                    compared: compared, seconds: seconds),
                products: findings.map { [$0] } ?? [])
        }

        private func submittedFigures(_ schema: StandardSchema, _ session: Session) throws -> FigureStore? {
            let files = try FileNames.expand(figures, what: LocalizedText(en: "figures file", zh: "报表数字文件"))
            guard !files.isEmpty else { return nil }
            let pairs = try (map?.split(separator: ",") ?? []).map { pair -> (String, String) in
                let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2, FiguresFile.columns.contains(parts[0]) else {
                    throw ValidationError(say("--map is column=name, not '\(pair)'", "--map 应为 列=名称，不是“\(pair)”"))
                }
                return (parts[0], parts[1])
            }
            return try session.figures(files, map: Dictionary(pairs, uniquingKeysWith: { $1 }), forms: schema.forms)
        }

        /// The periods that are judged: all of the figures, or the one that is named. One of no known kind is a label
        /// like any other.
        private func periods(of figures: FigureStore, _ session: Session) -> [String] {
            guard let period else { return figures.periods }
            return [
                (StatisticalPeriod(period) ?? StatisticalPeriod(relative: period, today: session.today))?.label
                    ?? period
            ]
        }

        private func status(of result: FormRuleCheck.Result, _ records: [MismatchRecord]) -> ExitStatus {
            let idle = result.statistics.contains { $0.notRun != nil || $0.rowsInScope == 0 }
            if strict, idle { return .usage }
            return failOn.status(severities: records.lazy.map(\.severity))
        }

        private func write(_ records: [MismatchRecord], to path: String) throws {
            var file = try FindingsFile(path, columns: FindingsFile.formColumns)
            for record in records {
                try file.append([
                    record.rule, record.severity.rawValue, record.form, record.court, record.period, record.row,
                    record.column, record.expected, record.actual, record.difference, record.message,
                    record.side.rawValue,
                ])
            }
            try file.finish()
        }

        private static func text(
            _ result: FormRuleCheck.Result, _ onSubmitted: [FormFinding], _ mismatches: [FigureMismatch],
            _ explanations: [RollUpExplanation], _ suspicions: [FormSuspicion], _ openings: [OpeningExplanation],
            compared: Int, seconds: Double
        ) -> LocalizedText {
            var en = [
                "\(result.statistics.count) form rules, \(result.findings.count) findings, \(Format.seconds(seconds))"
            ]
            var zh = ["报表规则 \(result.statistics.count) 条，问题 \(result.findings.count) 个，用时 \(Format.seconds(seconds))"]
            if compared > 0 {
                en.append("\(Format.count(compared)) submitted cells compared, \(mismatches.count) differ")
                zh.append("与报送数比对 \(Format.count(compared)) 格，不一致 \(mismatches.count) 格")
            }
            for rule in result.statistics {
                if let reason = rule.notRun {
                    en.append("  not run: \(rule.rule): \(reason.en)")
                    zh.append("  未运行：\(rule.rule)：\(reason.zh)")
                } else if rule.rowsInScope == 0 {
                    en.append("  judged nothing: \(rule.rule)")
                    zh.append("  没有判定任何格：\(rule.rule)")
                } else if rule.falseCount > 0 {
                    let line = "\(Format.padded(rule.falseCount, 8))  \(rule.rule)  \(rule.title)"
                    en.append(line + (rule.excepted > 0 ? "  (\(rule.excepted) excepted)" : ""))
                    zh.append(line + (rule.excepted > 0 ? "（其中例外 \(rule.excepted) 处）" : ""))
                }
            }
            for (rule, findings) in Dictionary(grouping: onSubmitted, by: \.rule).sorted(by: { $0.key < $1.key }) {
                en.append("\(Format.padded(findings.count, 8))  \(rule)  on the submitted figures")
                zh.append("\(Format.padded(findings.count, 8))  \(rule)  （报送数）")
            }
            for explanation in explanations {
                en.append("  " + explanation.message.en)
                zh.append("  " + explanation.message.zh)
                for attribution in explanation.attributions.prefix(5) {
                    let cell = "    [\(attribution.row), \(attribution.column)] "
                    en.append(cell + attribution.message.en)
                    zh.append(cell + attribution.message.zh)
                }
                if let obstacle = explanation.obstacle {
                    en.append("    " + obstacle.message.en)
                    zh.append("    " + obstacle.message.zh)
                }
            }
            for opening in openings {
                let difference = opening.difference.map { "\($0)" } ?? ""
                let cell = "  \(opening.court) \(opening.form)[\(opening.row)] \(difference): "
                en.append(cell + opening.message.en)
                zh.append(cell + opening.message.zh)
            }
            for suspicion in suspicions {
                en.append("  " + suspicion.message.en)
                zh.append("  " + suspicion.message.zh)
            }
            for mismatch in mismatches.prefix(20) {
                let cell = "  \(mismatch.court) \(mismatch.form)[\(mismatch.row), \(mismatch.column)]: "
                en.append(cell + mismatch.message.en)
                zh.append(cell + mismatch.message.zh)
            }
            if mismatches.count > 20 {
                en.append("  … and \(mismatches.count - 20) more")
                zh.append("  … 另有 \(mismatches.count - 20) 处")
            }
            return LocalizedText(en: en.joined(separator: "\n"), zh: zh.joined(separator: "\n"))
        }
    }
}

extension [FormFinding] {
    /// The same, with the cases that make the difference named in the message of each opening balance.
    ///
    /// - Parameter openings: one for each finding of such a rule, in their order.
    fileprivate func explained(by openings: [OpeningExplanation]) -> [FormFinding] {
        var rest = openings[...]
        return map { finding in
            guard let next = rest.first, next.rule == finding.rule, next.form == finding.form,
                next.court == finding.court, next.period == finding.period, next.row == finding.row
            else { return finding }
            rest.removeFirst()
            var finding = finding
            finding.message = LocalizedText(
                en: "\(finding.message.en); \(next.message.en)", zh: "\(finding.message.zh)；\(next.message.zh)")
            return finding
        }
    }

    /// The same, with who caused it said in the message of each roll-up that could be split over the courts.
    fileprivate func attributed(by explanations: [RollUpExplanation]) -> [FormFinding] {
        var messages: [[String]: LocalizedText] = [:]
        for explanation in explanations {
            for part in explanation.attributions {
                let key = [explanation.rule, explanation.form, explanation.court, explanation.period]
                messages[key + [part.row, part.column]] = part.message
            }
        }
        return map { finding in
            let key = [finding.rule, finding.form, finding.court, finding.period, finding.row, finding.column]
            guard let message = messages[key] else { return finding }
            var finding = finding
            finding.message = LocalizedText(
                en: "\(finding.message.en); \(message.en)", zh: "\(finding.message.zh)；\(message.zh)")
            return finding
        }
    }
}

/// The courts that say something for a period, as each hierarchy orders them.
struct ReportingCourts {
    private let trees: [String: [String?: Jurisdictions]]

    init(
        _ schema: StandardSchema, _ check: FormRuleCheck, _ computed: FigureStore?, _ submitted: FigureStore?,
        periods: [String]
    ) throws {
        var trees: [String: [String?: Jurisdictions]] = [:]
        for period in periods {
            // Beside what was submitted, a court without a figure of its own has nothing that it should have submitted.
            var reporting = submitted?.reportingCourts(period: period, byOwnFigures: false) ?? []
            if let computed {
                reporting.formUnion(computed.reportingCourts(period: period, byOwnFigures: submitted != nil))
            }
            for name in [nil] + check.hierarchies.map(Optional.some) {
                trees[period, default: [:]][name] = try schema.jurisdictions(reporting: reporting, along: name)
            }
        }
        self.trees = trees
    }

    func jurisdictions(_ hierarchy: String?, _ period: String) -> Jurisdictions {
        trees[period]?[hierarchy] ?? Jurisdictions(courts: [], parents: [:])
    }
}

/// How differences from submitted figures are called among the stored results; no rule has such an id.
enum SubmittedRule {
    static let prefix = "submitted."
}

extension MismatchRecord {
    init(_ finding: FormFinding, _ side: Side, _ language: Language) {
        self.init(
            rule: finding.rule, severity: finding.severity, form: finding.form, court: finding.court,
            period: finding.period,
            row: finding.row, column: finding.column, expected: finding.expected.map { "\($0)" },
            actual: finding.actual.map { "\($0)" }, difference: finding.difference.map { "\($0)" },
            message: finding.message.text(in: language), side: side)
    }

    init(_ mismatch: FigureMismatch, _ language: Language) {
        self.init(
            rule: SubmittedRule.prefix + mismatch.kind.rawValue, severity: .error, form: mismatch.form,
            court: mismatch.court, period: mismatch.period, row: mismatch.row, column: mismatch.column,
            expected: mismatch.expected.map { "\($0)" }, actual: mismatch.actual.map { "\($0)" },
            difference: "\(mismatch.difference)", message: mismatch.message.text(in: language), side: .both)
    }
}

extension RuleStatisticRecord {
    init(_ statistic: FormRuleStatistic, _ language: Language) {
        self.init(
            rule: statistic.rule, title: statistic.title, subject: statistic.form, severity: statistic.severity,
            rowsInScope: statistic.rowsInScope, applicable: statistic.applicable, trueCount: statistic.trueCount,
            falseCount: statistic.falseCount, undecidedCount: statistic.undecidedCount,
            errorCount: statistic.errorCount,
            stored: statistic.stored, isTruncated: statistic.truncated > 0, notRun: statistic.notRun?.text(in: language)
        )
    }
}

/// `reconcile forms --json`: like `qc --json`, with `form` for `table`.
struct FormCheckSummary: Encodable {
    struct Rule: Encodable {
        var id: String
        var title: String
        var form: String
        var severity: String
        var builtin = false
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var rows_in_scope: Int
        var applicable: Int
        var `true`: Int
        var `false`: Int
        var undecided: Int
        var error: Int
        var stored: Int
        var truncated: Bool
        /// Violations that an exception covers; part of `false`.
        var excepted: Int
        // swift-format-ignore: AlwaysUseLowerCamelCase
        @Nullable var not_run: String?
    }

    var format = "sitong.reconcile-forms/1"
    var engine = "native"
    /// Null when several were judged.
    @Nullable var period: String?
    var seconds: Double
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var cpu_seconds = ResourceUse.cpuSeconds
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var peak_memory_bytes = ResourceUse.peakMemoryBytes
    var rules: [Rule]
    var findings: Int
    var compared: Int
    var mismatches: Int
    var status: Int32
    /// With `--explain` only.
    var explanations: [Explanation]?
    /// With `--explain` only.
    var suspicions: [Suspicion]?
    /// Why opening balances differ from the last closing ones, where some do.
    var openings: [Opening]?

    struct Opening: Encodable {
        struct Case: Encodable {
            var key: [String]
            var reason: String
            /// Whether the opening balance has it and the closing one had not.
            var more: Bool
            // swift-format-ignore: AlwaysUseLowerCamelCase
            @Nullable var other_court: String?
        }

        var rule: String
        var form: String
        var court: String
        var period: String
        var row: String
        @Nullable var difference: String?
        /// Null where the period before was not closed.
        @Nullable var cases: [Case]?
        var message: String

        init(_ opening: OpeningExplanation, _ language: Language) {
            (rule, form, court) = (opening.rule, opening.form, opening.court)
            (period, row) = (opening.period, opening.row)
            difference = opening.difference.map { "\($0)" }
            cases = opening.cases.map { cases in
                cases.map {
                    Case(key: $0.key, reason: $0.reason.rawValue, more: $0.isMore, other_court: $0.otherCourt)
                }
            }
            message = opening.message.text(in: language)
        }
    }

    struct Suspicion: Encodable {
        struct Cell: Encodable {
            var row: String
            var column: String
            var figure: String
            var suggested: String
        }

        var form: String
        var court: String
        var period: String
        var own: Bool
        var rules: [String]
        var broken: Int
        var choices: [[Cell]]
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var more_choices: Bool
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var least_cells: Int
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var time_limit_reached: Bool
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var left_out: [String]
        var message: String

        init(_ suspicion: FormSuspicion, _ language: Language) {
            form = suspicion.form
            court = suspicion.court
            period = suspicion.period
            own = suspicion.isOwn
            rules = suspicion.rules
            broken = suspicion.brokenCount
            choices = suspicion.choices.map { choice in
                choice.map {
                    Cell(row: $0.row, column: $0.column, figure: "\($0.figure)", suggested: "\($0.suggested)")
                }
            }
            more_choices = suspicion.hasMoreChoices
            least_cells = suspicion.leastSize
            time_limit_reached = suspicion.isCutShort
            left_out = suspicion.unconsidered
            message = suspicion.message.text(in: language)
        }
    }

    /// d = (P − Σe) − Σ(c − e): `difference` is `amount` of `upper` and of all terms added up.
    struct Attribution: Encodable {
        struct Upper: Encodable {
            var figure: String
            var library: String
            var amount: String
        }

        struct Term: Encodable {
            var court: String
            var own: Bool
            var figure: String
            var library: String
            var amount: String
        }

        var row: String
        var column: String
        var difference: String
        var upper: Upper
        var terms: [Term]

        init(_ attribution: RollUpAttribution) {
            row = attribution.row
            column = attribution.column
            difference = "\(attribution.difference)"
            upper = Upper(
                figure: "\(attribution.upper.figure)", library: "\(attribution.upper.library)",
                amount: "\(attribution.upper.amount)")
            terms = attribution.terms.map { term in
                Term(
                    court: term.court, own: term.isOwn, figure: "\(term.figure)", library: "\(term.library)",
                    amount: "\(term.amount)")
            }
        }
    }

    struct Explanation: Encodable {
        var rule: String
        var form: String
        var court: String
        var period: String
        var pattern: String
        var courts: [String]
        var cells: [[String]]
        /// Of the cells that could be split over the courts.
        var attributions: [Attribution]
        /// Why another could not be.
        @Nullable var unattributed: String?
        var message: String

        init(_ explanation: RollUpExplanation, _ language: Language) {
            rule = explanation.rule
            form = explanation.form
            court = explanation.court
            period = explanation.period
            pattern = explanation.pattern.rawValue
            courts = explanation.courts
            cells = explanation.cells.map { [$0.row, $0.column] }
            attributions = explanation.attributions.map(Attribution.init)
            unattributed = explanation.obstacle?.message.text(in: language)
            message = explanation.message.text(in: language)
        }
    }

    init(
        _ result: FormRuleCheck.Result, _ mismatches: [FigureMismatch], compared: Int, period: String?, seconds: Double,
        status: Int32, language: Language, explanations: [RollUpExplanation]?,
        suspicions: [FormSuspicion]?, openings: [OpeningExplanation]
    ) {
        self.openings = openings.isEmpty ? nil : openings.map { Opening($0, language) }
        self.period = period
        self.suspicions = suspicions?.map { Suspicion($0, language) }
        self.explanations = explanations?.map { Explanation($0, language) }
        self.seconds = seconds
        rules = result.statistics.map { rule in
            Rule(
                id: rule.rule, title: rule.title, form: rule.form, severity: rule.severity.rawValue,
                rows_in_scope: rule.rowsInScope, applicable: rule.applicable, true: rule.trueCount,
                false: rule.falseCount,
                undecided: rule.undecidedCount, error: rule.errorCount, stored: rule.stored,
                truncated: rule.truncated > 0, excepted: rule.excepted,
                not_run: rule.notRun?.text(in: language))
        }
        findings = result.findings.count
        self.compared = compared
        self.mismatches = mismatches.count
        self.status = status
    }
}
