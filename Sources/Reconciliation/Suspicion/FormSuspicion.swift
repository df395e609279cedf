public import Diagnostics
public import FormEngine
import RuleLanguage
import Schema

/// The smallest sets of cells of one form whose change would satisfy all its rules; a suspicion, not the truth.
///
/// Of the rules within the form (表内) those are taken that are sums compared; conditions count as the present figures
/// make them. Cells without a number are not changed, and none is made negative that is not.
public struct FormSuspicion: Sendable, Hashable {
    public struct Cell: Sendable, Hashable {
        /// Codes.
        public var row: String
        public var column: String
        public var figure: ExactDecimal
        /// A number that would satisfy the rules; others may.
        public var suggested: ExactDecimal
    }

    public var form: String
    public var court: String
    public var period: String
    /// Whether it is about the court's own figures.
    public var isOwn: Bool
    /// Rules that are broken, as defined, and in how many places.
    public var rules: [String]
    public var brokenCount: Int
    /// One set after the other, all of the same size; empty when none was found.
    public var choices: [[Cell]]
    /// Whether there are more sets as small.
    public var hasMoreChoices: Bool
    /// No set of fewer cells satisfies the rules.
    public var leastSize: Int
    /// Whether the search was ended before all sets of that size were tried.
    public var isCutShort: Bool
    /// Rules within the form that are no sums compared, and were left out.
    public var unconsidered: [String]

    public var message: LocalizedText {
        let place = LocalizedText(
            en:
                "\(form) of \(court) in \(period)\(isOwn ? " (own figures)" : ""): \(rules.count) rules are broken in \(brokenCount) places; ",
            zh: "\(court) \(period) 的报表\(form)\(isOwn ? "（本级数）" : "")有 \(rules.count) 条规则 \(brokenCount) 处不符；")
        var en: String
        var zh: String
        if let first = choices.first {
            let cells = first.map { "[\($0.row), \($0.column)] \($0.figure) → \($0.suggested)" }
            en = "suspected, for example: \(cells.joined(separator: ", "))"
            zh = "疑似有误（例）：\(cells.joined(separator: "，"))"
            if choices.count > 1 {
                en +=
                    "; \(choices.count - 1)\(hasMoreChoices ? " or more" : "") other choices of \(first.count) cells do as well"
                zh += "；另有 \(choices.count - 1)\(hasMoreChoices ? " 种以上" : " 种")同为 \(first.count) 格的可能"
            } else if !isCutShort {
                en += "; no other choice of \(first.count) cells does"
                zh += "；没有其他 \(first.count) 格的可能"
            }
        } else if isCutShort {
            en = "fewer than \(leastSize) cells are not enough"
            zh = "少于 \(leastSize) 格不足以全部满足"
        } else {
            en = "no change of figures would satisfy them all"
            zh = "改动任何数字都不能全部满足"
        }
        if isCutShort {
            en += "; the search was ended at its time limit"
            zh += "；搜索已到时限而止"
        }
        if !unconsidered.isEmpty {
            en += "; left out, since they are no sums: \(unconsidered.joined(separator: ", "))"
            zh += "；未考虑（不是加减关系）：\(unconsidered.joined(separator: "、"))"
        }
        return LocalizedText(en: place.en + en, zh: place.zh + zh)
    }
}

extension FormRuleCheck {
    /// For each form that breaks its own rules in several places, which figures are the likeliest to be wrong.
    ///
    /// - Parameters:
    ///   - findings: of `judge`, over the same figures.
    ///   - limit: how long one form is searched.
    ///   - total: how long all are; what is not reached by then is told as cut short.
    public func suspect(
        _ findings: [FormFinding], _ figures: FigureStore, limit: Duration = .seconds(2),
        total: Duration = .seconds(60)
    ) -> [FormSuspicion] {
        let end = ContinuousClock.now + total
        var suspicions: [FormSuspicion] = []
        var seen: Set<[String]> = []
        var stages: [String: FormStage] = [:]
        for finding in findings where seen.insert([finding.form, finding.court, finding.period]).inserted {
            guard let form = figures.formNames.find(finding.form), let court = figures.courtNames.find(finding.court),
                let period = figures.periodNames.find(finding.period),
                let sheet = figures.sheet(form: form, period: period, court: court)
            else { continue }
            let stage =
                stages[finding.period]
                ?? FormStage(figures, period: finding.period) { _, _ in Jurisdictions(courts: [], parents: [:]) }
            stages[finding.period] = stage
            let rules = compiled.filter {
                $0.form == form && $0.rollup == nil && stage.reasonNotToRun($0, schema) == nil
            }
            for isOwn in [false, true] {
                let chosen = rules.filter { $0.figures == .both || ($0.figures == .own) == isOwn }
                let size = figures.forms[form].rows.count * figures.forms[form].columns.count
                let cells = (0..<size).map { place in
                    let cell = figures.cell(sheet, place)
                    return isOwn ? cell.own : cell.value
                }
                let now = ContinuousClock.now
                let suspicion = Self.suspicion(
                    chosen, cells: cells, of: figures.forms[form], deadline: min(now + limit, max(end, now)))
                guard var suspicion else { continue }
                (suspicion.court, suspicion.period, suspicion.isOwn) = (finding.court, finding.period, isOwn)
                suspicions.append(suspicion)
            }
        }
        return suspicions
    }

    /// Nil when fewer than two places are broken, so that nothing can be told apart.
    private static func suspicion(
        _ rules: [CompiledFormRule], cells: [CellValue], of form: FormDefinition, deadline: ContinuousClock.Instant
    ) -> FormSuspicion? {
        var checks: [LinearCheck] = []
        var origins: [String] = []
        var unconsidered: [String] = []
        for rule in rules {
            let reader = LinearReader(rule: rule, columnCount: form.columns.count, cells: cells)
            let isWithinForm = rule.program.cells.allSatisfy { $0.form == rule.form && $0.period == .current }
            do {
                for binding in 0..<rule.bindingCount {
                    do {
                        let found = try reader.checks(binding: binding)
                        checks += found
                        origins += found.map { _ in rule.definition.id }
                    } catch LinearReader.Obstacle.undecided {
                        continue
                    }
                }
            } catch {
                // A rule that compares with other forms or periods says nothing about which side is wrong.
                if isWithinForm { unconsidered.append(rule.definition.id) }
            }
        }
        guard var search = try? SmallestChange(checks, cells: cells, deadline: deadline), search.broken.count > 1
        else { return nil }
        let outcome = search.search()
        let broken = Set(search.broken.map { origins[$0] })
        var seen: Set<String> = []
        return FormSuspicion(
            form: form.name, court: "", period: "", isOwn: false,
            rules: origins.filter { broken.contains($0) && seen.insert($0).inserted },
            brokenCount: search.broken.count,
            choices: outcome.sets.map { set in
                set.sorted { $0.key < $1.key }.map { place, number in
                    FormSuspicion.Cell(
                        row: form.rows[place / form.columns.count].code,
                        column: form.columns[place % form.columns.count].code,
                        figure: (cells[place].number ?? .zero).normalized, suggested: number.normalized)
                }
            },
            hasMoreChoices: outcome.hasMore, leastSize: outcome.leastSize, isCutShort: outcome.isCutShort,
            unconsidered: unconsidered)
    }
}
