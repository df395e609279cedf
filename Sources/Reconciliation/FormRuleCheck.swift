import Columnar
import CourtModel
public import Diagnostics
public import FormEngine
public import RuleLanguage
public import Schema

/// Judges form rules (表内, 表间, 上期, 上下级) over a table of figures, computed or submitted.
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

    private let schema: StandardSchema
    private let rules: [RuleDefinition]
    private let compiled: [CompiledFormRule]
    private let notRun: [(rule: RuleDefinition, form: String, reason: LocalizedText)]

    /// Compiles the form rules of a rule set (row rules in it are left alone); throws all that is wrong with them.
    public init(rules: [RuleDefinition], schema: StandardSchema) throws(InvalidDefinitions) {
        var compiler = FormRuleCompiler(schema: schema)
        compiler.compile(rules)
        guard compiler.diagnostics.isEmpty else { throw InvalidDefinitions(compiler.diagnostics) }
        self.schema = schema
        self.rules = rules
        compiled = compiler.rules
        notRun = compiler.notRun
    }

    /// - Parameters:
    ///   - figures: made with the schema's forms; may hold other periods too, for `@`.
    ///   - period: the label that is judged.
    ///   - jurisdictions: for 上下级, and for the order of courts.
    ///   - maxStored: findings kept of each rule and form; the counts stay complete.
    public func judge(
        _ figures: FigureTable, period: String, jurisdictions: Jurisdictions, maxStored: Int = .max
    ) throws(OperationError) -> Result {
        var result = Result()
        let known = StatisticalPeriod(period)
        if known == nil {
            result.notices.append(
                Diagnostic(
                    .notice, code: "opaque-period",
                    LocalizedText(
                        en: "period '\(period)' is of no known kind: rules that refer to other periods are undecided",
                        zh: "统计周期“\(period)”不是已知种类，涉及其他周期的规则无法判定")))
        }
        for rule in compiled {
            var run = Run(
                rule: rule, schema: schema, figures: figures, period: period, known: known,
                jurisdictions: jurisdictions, maxStored: maxStored)
            let missing = rule.forms.first {
                figures.courts(form: $0, period: period).isEmpty && !readsOnlyOtherPeriods(rule, $0)
            }
            if let reason = notInForce(rule.definition, known) {
                run.statistic.notRun = reason
            } else if let missing {
                run.statistic.notRun = LocalizedText(
                    en: "no figures of form \(schema.forms[missing].name) in \(period)",
                    zh: "没有报表\(schema.forms[missing].name)在\(period)的数据")
            } else {
                try run.judge(courts: Self.ordered(figures.courts(form: rule.form, period: period), by: jurisdictions))
            }
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
        let all = Set(schema.forms.indices.flatMap { figures.courts(form: $0, period: period) })
        result.unknownCourts = all.filter { !jurisdictions.contains($0) }.sorted()
        return result
    }

    /// The rule's own form must be there in the period; another one too, since a cell without `@` means the same period.
    private func readsOnlyOtherPeriods(_ rule: CompiledFormRule, _ form: Int) -> Bool {
        guard form != rule.form, case .check(let expression) = rule.judgement else { return false }
        return !expression.readsCurrentPeriod(of: form) && !(rule.when?.readsCurrentPeriod(of: form) ?? false)
    }

    private func notInForce(_ rule: RuleDefinition, _ period: StatisticalPeriod?) -> LocalizedText? {
        guard let last = period?.lastDay else { return nil }
        let isEarly = rule.effectiveFrom.map { last < $0 } ?? false
        let isLate = rule.effectiveUntil.map { $0 < last } ?? false
        guard isEarly || isLate else { return nil }
        return LocalizedText(en: "not in force on \(last)", zh: "在\(last)不生效")
    }

    /// In the order of the hierarchy, upper courts first; unknown ones at the end by code.
    private static func ordered(_ courts: [String], by jurisdictions: Jurisdictions) -> [String] {
        let present = Set(courts)
        return jurisdictions.courts.filter(present.contains) + courts.filter { !jurisdictions.contains($0) }.sorted()
    }
}

/// One rule over one form: all courts, all bindings.
private struct Run {
    let rule: CompiledFormRule
    let schema: StandardSchema
    let figures: FigureTable
    let period: String
    let known: StatisticalPeriod?
    let jurisdictions: Jurisdictions
    let maxStored: Int
    var statistic: FormRuleStatistic
    var findings: [FormFinding] = []

    init(
        rule: CompiledFormRule, schema: StandardSchema, figures: FigureTable, period: String,
        known: StatisticalPeriod?, jurisdictions: Jurisdictions, maxStored: Int
    ) {
        self.rule = rule
        self.schema = schema
        self.figures = figures
        self.period = period
        self.known = known
        self.jurisdictions = jurisdictions
        self.maxStored = maxStored
        statistic = FormRuleStatistic(
            rule: rule.definition.id, title: rule.definition.title ?? rule.definition.id,
            form: schema.forms[rule.form].name, severity: rule.definition.severity)
    }

    mutating func judge(courts: [String]) throws(OperationError) {
        let choices: [Bool] =
            switch rule.figures {
            case .value: [false]
            case .own: [true]
            case .both: [false, true]
            }
        for court in courts {
            switch rule.judgement {
            case .check(let expression):
                for judgesOwn in choices { try check(expression, court: court, judgesOwn: judgesOwn) }
            case .rollup(let rows, let columns, let own):
                try rollUp(rows: rows, columns: columns, own: own, court: court)
            }
        }
    }

    private mutating func check(
        _ expression: FormExpression, court: String, judgesOwn: Bool
    ) throws(OperationError) {
        var judge = FormJudge(
            figures: figures, rule: rule, court: court, period: period, neighbours: known, judgesOwn: judgesOwn)
        let rows: [CompiledFormRule.Binding?] = rule.rowBindings ?? [nil]
        let columns: [CompiledFormRule.Binding?] = rule.columnBindings ?? [nil]
        for row in rows {
            for column in columns {
                judge.row = row
                judge.column = column
                let isApplicable =
                    try rule.when.map { condition throws(OperationError) in try judge.truth(condition) } ?? true
                statistic.rowsInScope += 1
                if isApplicable == true { statistic.applicable += 1 }
                // `when A check B` is (not A) or B.
                guard isApplicable != false else {
                    statistic.trueCount += 1
                    continue
                }
                var verdict = try judge.verdict(expression)
                if isApplicable == nil, verdict.truth != true { verdict.truth = nil }
                record(
                    verdict, court: court, row: row?.code ?? rule.firstRow, column: column?.code ?? rule.firstColumn)
            }
        }
    }

    /// value = Σ value of the courts directly below (+ the court's own).
    private mutating func rollUp(
        rows: [Int], columns: [Int], own: Bool, court: String
    ) throws(OperationError) {
        let children = jurisdictions.children(of: court)
        guard own || !children.isEmpty else { return }
        let form = schema.forms[rule.form]
        var judge = FormJudge(
            figures: figures, rule: rule, court: court, period: period, neighbours: known, judgesOwn: false)
        for row in rows {
            for column in columns {
                var wasMissed = false
                func cell(_ court: String) -> FigureTable.Cell {
                    figures.cell(form: rule.form, court: court, period: period, row: row, column: column)
                }
                let parent = cell(court)
                let actual = judge.number(parent.value)
                var expected: ExactDecimal? = own ? judge.number(parent.own) : .zero
                for child in children {
                    let part = judge.number(cell(child).value)
                    if let sum = expected, let part { expected = try sum.adding(part) } else { expected = nil }
                }
                wasMissed = judge.missedCell
                let weight = ExactDecimal(children.count + (own ? 1 : 0))
                var truth = try judge.compare(
                    .equal, FormJudge.Amount(value: actual, weight: ExactDecimal(1)),
                    FormJudge.Amount(value: expected, weight: weight))
                if wasMissed { truth = false }
                statistic.rowsInScope += 1
                statistic.applicable += 1
                record(
                    FormJudge.Verdict(truth: truth, actual: actual, expected: expected), court: court,
                    row: form.rows[row].code, column: form.columns[column].code)
                judge = FormJudge(
                    figures: figures, rule: rule, court: court, period: period, neighbours: known, judgesOwn: false)
            }
        }
    }

    private mutating func record(
        _ verdict: FormJudge.Verdict, court: String, row: String, column: String
    ) {
        var truth = verdict.truth
        if truth == nil {
            switch rule.definition.nullPolicy {
            case .undecided: break
            case .fail: truth = false
            case .pass: truth = true
            }
        }
        switch truth {
        case nil: statistic.undecidedCount += 1
        case true?: statistic.trueCount += 1
        case false?:
            statistic.falseCount += 1
            guard statistic.stored < maxStored else {
                statistic.truncated += 1
                return
            }
            statistic.stored += 1
            findings.append(finding(verdict, court: court, row: row, column: column))
        }
    }

    private func finding(
        _ verdict: FormJudge.Verdict, court: String, row: String, column: String
    ) -> FormFinding {
        let form = schema.forms[rule.form]
        var difference: ExactDecimal?
        if let actual = verdict.actual, let expected = verdict.expected {
            difference = try? actual.subtracting(expected)
        }
        let rowTitle = form.rowIndex(row).map { form.rows[$0].title } ?? row
        let columnTitle = form.columnIndex(column).map { form.columns[$0].title } ?? column
        return FormFinding(
            rule: rule.definition.id, severity: rule.definition.severity, form: form.name, court: court,
            period: period, row: row, column: column, expected: verdict.expected, actual: verdict.actual,
            difference: difference,
            message: FormMessage.text(
                template: rule.definition.message?.text, title: rule.definition.title ?? rule.definition.id,
                row: rowTitle, column: columnTitle, court: court, verdict: verdict, difference: difference))
    }
}

/// The message of a form finding, from the rule's template or from both sides.
private enum FormMessage {
    static func text(
        template: String?, title: String, row: String, column: String, court: String, verdict: FormJudge.Verdict,
        difference: ExactDecimal?
    ) -> LocalizedText {
        if let template {
            let values = [
                "行": row, "row": row, "栏": column, "列": column, "column": column, "法院": court, "court": court,
                "应为": verdict.expected?.description ?? "", "expected": verdict.expected?.description ?? "",
                "实为": verdict.actual?.description ?? "", "actual": verdict.actual?.description ?? "",
                "差额": difference?.description ?? "", "difference": difference?.description ?? "",
            ]
            return LocalizedText(filled(template, values))
        }
        guard let actual = verdict.actual, let expected = verdict.expected, let difference else {
            return LocalizedText(en: "\(title): does not hold", zh: "\(title)：不成立")
        }
        let sign = difference.isNegative || difference.isZero ? "" : "+"
        return LocalizedText(
            en: "\(title): \(actual) where \(expected) is expected (\(sign)\(difference))",
            zh: "\(title)：实为\(actual)，应为\(expected)，相差\(sign)\(difference)")
    }

    /// Replaces `{name}` once, from left to right; unknown names stay.
    private static func filled(_ template: String, _ values: [String: String]) -> String {
        var result = ""
        var rest = Substring(template)
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let name = String(rest[rest.index(after: open)..<close])
            result += rest[..<open]
            result += values[name] ?? "{\(name)}"
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }
}

extension FormExpression {
    /// Whether a cell of the form in the period at hand is read somewhere.
    fileprivate func readsCurrentPeriod(of form: Int) -> Bool {
        switch self {
        case .number, .bool, .null: false
        case .cell(let cell), .axisSum(_, let cell, _): cell.form == form && cell.period == .current
        case .add(let left, let right), .subtract(let left, let right), .multiply(let left, let right),
            .divide(let left, let right, _), .compare(_, let left, let right):
            left.readsCurrentPeriod(of: form) || right.readsCurrentPeriod(of: form)
        case .negate(let inner), .absolute(let inner), .round(let inner, _), .not(let inner), .isNull(let inner):
            inner.readsCurrentPeriod(of: form)
        case .least(let parts), .greatest(let parts), .coalesce(let parts), .and(let parts), .or(let parts):
            parts.contains { $0.readsCurrentPeriod(of: form) }
        case .conditional(let condition, let then, let otherwise):
            condition.readsCurrentPeriod(of: form) || then.readsCurrentPeriod(of: form)
                || (otherwise?.readsCurrentPeriod(of: form) ?? false)
        }
    }
}
