import Columnar
import CourtModel
public import Diagnostics
public import FormEngine
public import RuleLanguage
public import Schema

/// Judges form rules (表内, 表间, 上期, 上下级) over figures, computed or submitted.
public struct FormRuleCheck: Sendable {
    public struct Result: Sendable {
        /// By rule as defined, form, period, court (upper ones first), row and column.
        public var findings: [FormFinding] = []
        /// One for each rule and form, in the order of the rules.
        public var statistics: [FormRuleStatistic] = []
        /// Courts with figures that the hierarchy does not have; rules within a form judge them all the same.
        public var unknownCourts: [String] = []
        /// What a reader should know, such as a period whose 上期 is not defined.
        public var notices: [Diagnostic] = []
    }

    let schema: StandardSchema
    private let rules: [RuleDefinition]
    let compiled: [CompiledFormRule]
    /// Forms that would count the cases that rules ask for (`计数(案件 当 …)`).
    ///
    /// With these among the schema's forms, and their figures beside the others, such rules are judged; without, they are
    /// not run.
    public let caseForms: [FormDefinition]
    private let notRun: [(rule: RuleDefinition, form: String, reason: LocalizedText)]

    /// Compiles the form rules of a rule set (row rules in it are left alone); throws all that is wrong with them.
    public init(rules: [RuleDefinition], schema: StandardSchema) throws(InvalidDefinitions) {
        var compiler = FormRuleCompiler(schema: schema)
        compiler.compile(rules)
        guard compiler.diagnostics.isEmpty else { throw InvalidDefinitions(compiler.diagnostics) }
        self.schema = schema
        self.rules = rules
        compiled = compiler.rules
        caseForms = compiler.caseForms
        notRun = compiler.notRun
    }

    /// Names of the hierarchies along which rules roll up.
    public var hierarchies: Set<String> { Set(compiled.compactMap(\.rollup?.hierarchy)) }

    /// Judges one period of a table of figures, with one hierarchy for all rules.
    ///
    /// - Parameters:
    ///   - figures: made with the schema's forms; may hold other periods too, for `@`.
    ///   - period: the label that is judged.
    ///   - jurisdictions: for 上下级, and for the order of courts.
    ///   - maxStored: findings kept of each rule and form; the counts stay complete.
    public func judge(
        _ figures: FigureTable, period: String, jurisdictions: Jurisdictions, maxStored: Int = .max
    ) -> Result {
        judge(FigureStore(figures), periods: [period], maxStored: maxStored) { _, _ in jurisdictions }
    }

    /// Judges some periods of a store of figures.
    ///
    /// - Parameters:
    ///   - figures: made with the schema's forms; may hold other periods too, for `@`.
    ///   - periods: the labels that are judged, in this order.
    ///   - maxStored: findings kept of each rule and form; the counts stay complete.
    ///   - jurisdictions: the courts under a hierarchy (by name; nil: for the order of courts) in a period.
    public func judge(
        _ figures: FigureStore, periods: [String], maxStored: Int = .max,
        jurisdictions: @escaping (_ hierarchy: String?, _ period: String) -> Jurisdictions
    ) -> Result {
        var result = Result()
        let stages = periods.map { FormStage(figures, period: $0, jurisdictions: jurisdictions) }
        for stage in stages where stage.known == nil {
            result.notices.append(
                Diagnostic(
                    .notice, code: "opaque-period",
                    LocalizedText(
                        en: "period '\(stage.label)' is of no known kind: what refers to other periods is undecided",
                        zh: "统计周期“\(stage.label)”不是已知种类，涉及其他周期的规则无法判定")))
        }
        // Period by period, so that the figures of one are judged by all rules while they lie in the cache.
        var runs = compiled.map { FormRuleRun(rule: $0, schema: schema, figures: figures, maxStored: maxStored) }
        var reasons = Array(repeating: [LocalizedText](), count: runs.count)
        for stage in stages {
            for (place, rule) in compiled.enumerated() {
                if let reason = stage.reasonNotToRun(rule, schema) {
                    reasons[place].append(reason)
                } else {
                    runs[place].judge(stage)
                }
            }
        }
        for (var run, reasons) in zip(runs, reasons) {
            // A rule that ran in some period did run.
            if let reason = reasons.first, reasons.count == stages.count { run.statistic.notRun = reason }
            result.findings += run.findings
            result.statistics.append(run.statistic)
        }
        for (rule, form, reason) in notRun {
            var statistic = FormRuleStatistic(
                rule: rule.id, title: rule.title ?? rule.id, form: form, severity: rule.severity)
            statistic.notRun = reason
            result.statistics.append(statistic)
        }
        let order = Dictionary(rules.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        result.statistics.sort { (order[$0.rule] ?? 0) < (order[$1.rule] ?? 0) }
        result.unknownCourts = Set(stages.flatMap(\.unknownCourts)).sorted()
        return result
    }
}

/// One period of the figures: what it is called, what stands beside it, and how its courts stand to each other.
struct FormStage {
    let figures: FigureStore
    let label: String
    /// The period's number in the store; nil when there are no figures of it.
    let period: Int?
    /// Nil when the label is of no known kind.
    let known: StatisticalPeriod?
    private let jurisdictions: (String?, String) -> Jurisdictions
    /// Where each court stands in the order of the hierarchy, by court number.
    private let rank: [Int]
    let unknownCourts: [String]

    init(_ figures: FigureStore, period label: String, jurisdictions: @escaping (String?, String) -> Jurisdictions) {
        self.figures = figures
        self.label = label
        self.jurisdictions = jurisdictions
        period = figures.periodNames.find(label)
        known = StatisticalPeriod(label)
        let tree = jurisdictions(nil, label)
        var rank = Array(repeating: Int.max, count: figures.courts.count)
        for (place, court) in tree.courts.enumerated() {
            if let number = figures.courtNames.find(court) { rank[number] = place }
        }
        self.rank = rank
        guard let period else {
            unknownCourts = []
            return
        }
        let present = Set(figures.forms.indices.flatMap { figures.courts(form: $0, period: period) })
        unknownCourts = present.filter { rank[$0] == .max }.map { figures.courts[$0] }
    }

    /// Courts with a sheet of the form, in the order of the hierarchy; unknown ones at the end by code.
    func courts(form: Int) -> [Int] {
        guard let period else { return [] }
        return figures.courts(form: form, period: period)
            .sorted { (rank[$0], figures.courts[$0]) < (rank[$1], figures.courts[$1]) }
    }

    /// For each court number those directly below it; -1 for one without any figure.
    func children(along hierarchy: String) -> [[Int]] {
        let tree = jurisdictions(hierarchy, label)
        return figures.courts.map { court in
            tree.children(of: court).map { figures.courtNames.find($0) ?? -1 }
        }
    }

    var periods: FormPeriods? {
        period.map { period in
            FormPeriods(
                current: period, previous: place(known?.previous), samePeriodLastYear: place(known?.samePeriodLastYear),
                store: figures)
        }
    }

    /// 上期 of a label; nil when there is none, or no figure of it.
    static func number(ofPeriodBefore label: String, _ figures: FigureStore) -> Int? {
        (StatisticalPeriod(label)?.previous?.label).flatMap { figures.periodNames.find($0) }
    }

    private func place(_ neighbour: StatisticalPeriod?) -> FormPeriods.Place {
        guard let neighbour else { return .unknown }
        return figures.periodNames.find(neighbour.label).map { .number($0) } ?? .absent
    }

    /// Why a rule cannot be judged in this period: it is not in force, or a form of it was not given.
    func reasonNotToRun(_ rule: CompiledFormRule, _ schema: StandardSchema) -> LocalizedText? {
        if let last = known?.lastDay {
            let isEarly = rule.definition.effectiveFrom.map { last < $0 } ?? false
            let isLate = rule.definition.effectiveUntil.map { $0 < last } ?? false
            if isEarly || isLate { return LocalizedText(en: "not in force on \(last)", zh: "在\(last)不生效") }
        }
        let missing = rule.forms.first { form in
            guard !rule.formsOfOtherPeriods.contains(form) else { return false }
            return period.map { figures.courts(form: form, period: $0).isEmpty } ?? true
        }
        return missing.map { form in
            LocalizedText(
                en: "no figures of form \(schema.forms[form].name) in \(label)",
                zh: "没有报表\(schema.forms[form].name)在\(label)的数据")
        }
    }
}
