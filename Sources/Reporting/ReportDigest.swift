import Diagnostics
import FormEngine
import Reconciliation

/// What the writers have in common: sums over the model, names looked up, lists in the order of importance.
struct ReportDigest {
    struct RuleRow {
        var statistic: ReportModel.RuleStatistic
        var count: Int
        /// Courts and their counts, largest first; nil is a court that is not known.
        var courts: [(court: String?, count: Int)]
    }

    struct CourtRow {
        var court: String?
        var errors = 0
        var warnings = 0
        var notices = 0
        var total: Int { errors + warnings + notices }
    }

    let model: ReportModel
    let words: Wording
    /// Rules with findings on rows, errors first, then by count.
    let rules: [RuleRow]
    /// Courts with findings on rows, by count; rows that belong to no court, or to one that is not in the list, last.
    let courts: [CourtRow]
    private let names: [String: String]
    private let titles: [String: String]
    private let unlisted: Set<String>

    /// A form rule that does not hold, or a submitted figure that the cases do not give, as one line of a list.
    struct Difference {
        var court: String
        var form: String
        var period: String
        var row: String
        var column: String
        var expected: ExactDecimal?
        var actual: ExactDecimal?
        var amount: ExactDecimal?
        /// Whose figures, or which against which: 计算数, 报送数, 报送与计算.
        var side: String
        var kind: String
        var message: String
        /// Nil for comparisons.
        var rule: String?
    }

    init(_ model: ReportModel, language: Language) {
        self.model = model
        words = Wording(language: language)
        names = Dictionary(model.courts.map { ($0.code, $0.name) }, uniquingKeysWith: { first, _ in first })
        unlisted = Set(model.courts.filter { !$0.isListed }.map(\.code))
        titles = Dictionary(model.ruleStatistics.map { ($0.id, $0.title) }, uniquingKeysWith: { first, _ in first })

        var severities = Dictionary(
            model.ruleStatistics.map { ($0.id, $0.severity) }, uniquingKeysWith: { first, _ in first })
        for finding in model.findings where severities[finding.rule] == nil {
            severities[finding.rule] = finding.severity
        }
        var byRule: [String: [String?: Int]] = [:]
        var byCourt: [String?: CourtRow] = [:]
        for count in model.findingCounts where count.count > 0 {
            byRule[count.rule, default: [:]][count.court, default: 0] += count.count
            var row = byCourt[count.court] ?? CourtRow(court: count.court)
            switch severities[count.rule] ?? .error {
            case .error: row.errors += count.count
            case .warning: row.warnings += count.count
            case .notice: row.notices += count.count
            }
            byCourt[count.court] = row
        }
        let statistics = Dictionary(
            model.ruleStatistics.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        rules = byRule.map { rule, courts in
            RuleRow(
                statistic: statistics[rule]
                    ?? ReportModel.RuleStatistic(
                        id: rule, title: rule, subject: "", severity: severities[rule] ?? .error),
                count: courts.values.reduce(0, +),
                courts: courts.map { (court: $0.key, count: $0.value) }
                    .sorted { ($1.count, $0.court ?? "\u{10FFFF}") < ($0.count, $1.court ?? "\u{10FFFF}") })
        }
        .sorted {
            let order: [Severity: Int] = [.error: 0, .warning: 1, .notice: 2]
            return (order[$0.statistic.severity] ?? 0, $1.count, $0.statistic.id)
                < (order[$1.statistic.severity] ?? 0, $0.count, $1.statistic.id)
        }
        let strangers = unlisted
        func rank(_ row: CourtRow) -> Int { row.court.map { strangers.contains($0) ? 1 : 0 } ?? 2 }
        courts = byCourt.values.sorted {
            (rank($0), $1.total, $0.court ?? "") < (rank($1), $0.total, $1.court ?? "")
        }
    }

    func count(_ severity: Severity) -> Int {
        switch severity {
        case .error: courts.reduce(0) { $0 + $1.errors }
        case .warning: courts.reduce(0) { $0 + $1.warnings }
        case .notice: courts.reduce(0) { $0 + $1.notices }
        }
    }

    var findingCount: Int { courts.reduce(0) { $0 + $1.total } }
    var quarantinedRows: Int { model.quarantine.reduce(0) { $0 + $1.rows } }
    var differenceCount: Int { model.formFindings.count + model.submittedFindings.count + model.mismatches.count }

    /// Comparisons with what was submitted first, since courts have to answer for them.
    var differences: [Difference] {
        func broken(_ finding: FormFinding, _ side: String) -> Difference {
            Difference(
                court: finding.court, form: finding.form, period: finding.period, row: finding.row,
                column: finding.column,
                expected: finding.expected, actual: finding.actual, amount: finding.difference, side: side,
                kind: ruleTitle(finding.rule), message: finding.message.text(in: words.language), rule: finding.rule)
        }
        return model.mismatches.map { mismatch in
            Difference(
                court: mismatch.court, form: mismatch.form, period: mismatch.period, row: mismatch.row,
                column: mismatch.column,
                expected: mismatch.expected, actual: mismatch.actual, amount: mismatch.difference,
                side: words("报送与计算", "submitted/cases"), kind: words.mismatchKind(mismatch.kind),
                message: mismatch.message.text(in: words.language))
        }
            + model.submittedFindings.map { broken($0, words("报送数", "submitted")) }
            + model.formFindings.map { broken($0, words("计算数", "from cases")) }
    }

    /// Courts of a form that have any figure but 0; what is left out is only a count.
    func courtsWithFigures(_ sheet: FormSheet) -> [FormSheet.CourtFigures] {
        sheet.courts.filter { court in
            court.cells.contains { cells in cells.contains { $0.value.number.map { !$0.isZero } ?? false } }
        }
    }

    func emptyCourtsNote(_ sheet: FormSheet) -> String {
        let filled = Set(courtsWithFigures(sheet).map(\.court))
        let empty = sheet.courts.map(\.court).filter { !filled.contains($0) }
        let some = empty.prefix(5).map { courtName($0) }.joined(separator: words("、", ", "))
        return words(
            "另有 \(empty.count) 个法院全部为 0，未列出：\(some)\(empty.count > 5 ? "等" : "")。",
            "Left out, since all their figures are 0: \(some)\(empty.count > 5 ? ", …" : "").")
    }

    var withoutCourtNote: String {
        words(
            "未归属法院：该行的案件不在标准库中（多因案件被隔离或未抽取），请先处理隔离数据。",
            "No court: the case of the row is not in the library, mostly because it is in quarantine or was not "
                + "extracted; see to the quarantine first.")
    }

    /// Findings on rows that could not be put to any court.
    var findingsWithoutCourt: Int { courts.filter { $0.court == nil }.reduce(0) { $0 + $1.total } }
    var loadedRows: Int { model.loads.reduce(0) { $0 + $1.rowsIn } }
    var idleRules: [ReportModel.RuleStatistic] { model.ruleStatistics.filter(\.judgedNothing) }
    var notRunRules: [ReportModel.RuleStatistic] { model.ruleStatistics.filter { $0.notRun != nil } }

    func courtName(_ code: String?) -> String {
        guard let code else { return words("未归属法院", "no court") }
        guard !unlisted.contains(code) else { return words("“\(code)”（不在法院表内）", "\(code) (not in the list)") }
        return names[code] ?? code
    }

    /// `豫1702 驻马店市驿城区人民法院`.
    func courtLabel(_ code: String?) -> String {
        guard let code, !unlisted.contains(code) else { return courtName(code) }
        return names[code].map { $0 == code ? code : "\(code) \($0)" } ?? code
    }

    func ruleTitle(_ rule: String) -> String { titles[rule] ?? rule }

    /// Title of a form's row, or the code where the form is not in the report.
    func rowTitle(_ form: String, _ code: String) -> String {
        model.forms.first { $0.form == form }?.rows.first { $0.code == code }?.title ?? code
    }

    func columnTitle(_ form: String, _ code: String) -> String {
        model.forms.first { $0.form == form }?.columns.first { $0.code == code }?.title ?? code
    }

    var periodText: String {
        guard let period = model.period else { return words("未指定", "not given") }
        guard let days = model.periodDays else { return period }
        return words("\(period)（\(days.first) 至 \(days.last)）", "\(period) (\(days.first) to \(days.last))")
    }

    /// One sentence that tells a reader whether something is wrong, and how much.
    var verdict: String {
        if findingCount == 0, differenceCount == 0, quarantinedRows == 0 {
            return words(
                "未发现数据质量问题，报表数据相符。", "No findings; the figures agree.")
        }
        var parts: [String] = []
        if findingCount > 0 {
            let courtCount = courts.filter { $0.court.map { !unlisted.contains($0) } ?? false }.count
            parts.append(
                words(
                    "质检发现 \(words.number(findingCount)) 个问题（错误 \(words.number(count(.error)))，警告 \(words.number(count(.warning)))，提示 \(words.number(count(.notice)))），涉及 \(courtCount) 个法院",
                    "\(words.number(findingCount)) findings (\(words.number(count(.error))) errors, \(words.number(count(.warning))) warnings, \(words.number(count(.notice))) notices) in \(courtCount) courts"
                ))
        } else {
            parts.append(words("质检未发现问题", "no findings on rows"))
        }
        if differenceCount > 0 {
            parts.append(
                words(
                    "报表有 \(words.number(differenceCount)) 处差异", "\(words.number(differenceCount)) differences in forms")
            )
        }
        if quarantinedRows > 0 {
            parts.append(
                words(
                    "\(words.number(quarantinedRows)) 行数据因无法入库被隔离",
                    "\(words.number(quarantinedRows)) rows could not be loaded and are in quarantine"))
        }
        return parts.joined(separator: words("；", "; ")) + words("。", ".")
    }
}
