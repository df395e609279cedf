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
    /// Courts with findings on rows, by count.
    let courts: [CourtRow]
    private let names: [String: String]
    private let titles: [String: String]

    init(_ model: ReportModel, language: Language) {
        self.model = model
        words = Wording(language: language)
        names = Dictionary(model.courts.map { ($0.code, $0.name) }, uniquingKeysWith: { first, _ in first })
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
        courts = byCourt.values.sorted { ($1.total, $0.court ?? "\u{10FFFF}") < ($0.total, $1.court ?? "\u{10FFFF}") }
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
    var differenceCount: Int { model.formFindings.count + model.mismatches.count }
    var loadedRows: Int { model.loads.reduce(0) { $0 + $1.rowsIn } }
    var idleRules: [ReportModel.RuleStatistic] { model.ruleStatistics.filter(\.judgedNothing) }
    var notRunRules: [ReportModel.RuleStatistic] { model.ruleStatistics.filter { $0.notRun != nil } }

    func courtName(_ code: String?) -> String {
        guard let code else { return words("（法院不明）", "(court unknown)") }
        return names[code] ?? code
    }

    /// `豫1702 驻马店市驿城区人民法院`.
    func courtLabel(_ code: String?) -> String {
        guard let code else { return courtName(nil) }
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

    func formTitle(_ form: String) -> String {
        model.forms.first { $0.form == form }.map { "\(form) \($0.title)" } ?? form
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
            let courtCount = courts.count
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

    func shares(_ mismatch: FigureMismatch) -> String {
        var parts = mismatch.shares.map { "\(courtName($0.court)) \(words.signed($0.amount))" }
        if let remainder = mismatch.remainder, !remainder.isZero {
            parts.append(words("本级或汇总 ", "own cases or adding up ") + words.signed(remainder))
        }
        return parts.joined(separator: words("，", ", "))
    }
}
