public import Diagnostics
import FormEngine
import Reconciliation
import Workbook

/// The summary that a command prints at its end: 80 columns, aligned also where texts are Chinese.
public enum TerminalReport {
    /// - Parameters:
    ///   - width: columns of the display, at least 80.
    ///   - color: whether escape sequences may be used.
    ///   - rows: how many lines each list shows at most.
    public static func text(
        _ model: ReportModel, language: Language, width: Int = 80, color: Bool = false, rows: Int = 15
    ) -> String {
        TerminalPage(
            digest: ReportDigest(model, language: language), width: max(80, width), color: color, limit: rows
        ).text
    }
}

private struct TerminalPage {
    let digest: ReportDigest
    let width: Int
    let color: Bool
    let limit: Int
    private var words: Wording { digest.words }
    private var model: ReportModel { digest.model }

    var text: String {
        var lines: [String] = []
        lines.append(bold(DisplayWidth.fitted(model.title.text(in: words.language), to: width)))
        var facts = [words("统计周期 ", "period ") + digest.periodText]
        if let run = model.run { facts.append(words("运行 ", "run ") + run) }
        facts.append(words("生成 ", "generated ") + model.generatedAt)
        // Never broken within a fact.
        lines.append(contentsOf: filled(facts, separator: " · "))
        lines.append(contentsOf: wrapped(digest.verdict))
        lines.append(contentsOf: steps + loads + findings + forms + differences + quarantine + idle)
        return lines.joined(separator: "\n") + "\n"
    }

    private var steps: [String] {
        guard !model.steps.isEmpty else { return [] }
        var lines = heading(words("各步骤数据量", "Rows through each step"))
        lines.append(
            row([
                (words("步骤", "step"), 16, false), (words("输入", "in"), 14, true), (words("输出", "out"), 15, true),
                (words("用时（秒）", "seconds"), 10, true), (words("状态", "status"), width - 59, false),
            ]))
        for step in model.steps {
            lines.append(
                row([
                    (step.title.text(in: words.language), 16, false),
                    (words.amount(step.rowsIn, step.unitIn), 14, true),
                    (words.amount(step.rowsOut, step.unitOut), 15, true),
                    (step.seconds.map(Self.seconds) ?? "", 10, true),
                    (step.note?.text(in: words.language) ?? words.status(step.status), width - 59, false),
                ]))
        }
        return lines
    }

    private static func seconds(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private var loads: [String] {
        guard !model.loads.isEmpty else { return [] }
        func sum(_ field: (ReportModel.Load) -> Int) -> Int { model.loads.reduce(0) { $0 + field($1) } }
        let parts = [
            (words("新增", "inserted"), sum(\.inserted)), (words("更新", "updated"), sum(\.updated)),
            (words("未变", "unchanged"), sum(\.unchanged)), (words("被取代", "superseded"), sum(\.superseded)),
            (words("隔离", "quarantined"), sum(\.quarantined)), (words("删除", "deleted"), sum(\.deleted)),
            (words("调整", "adjusted"), sum(\.adjusted)),
        ].filter { $0.1 != 0 }
        let total = words.number(sum(\.rowsIn))
        return heading(words("入库", "Load"))
            + wrapped(
                words("收到 \(total) 行 = ", "\(total) rows in = ")
                    + parts.map { "\($0.0) \(words.number($0.1))" }.joined(separator: " + "))
    }

    private var findings: [String] {
        guard !digest.rules.isEmpty else { return [] }
        var lines = heading(words("质检问题（按规则）", "Findings by rule"))
        for rule in digest.rules.prefix(limit) {
            let label = DisplayWidth.padded(words.severity(rule.statistic.severity), to: words(4, 7))
            let start = "\(label) \(DisplayWidth.padded(words.number(rule.count), to: 7, right: true))  "
            let room = width - DisplayWidth.of(start)
            let (title, id) = (rule.statistic.title, rule.statistic.id)
            let gap = room - DisplayWidth.of(title) - DisplayWidth.of(id)
            // What does not fit beside its title stands below it, whole: an id that is cut cannot be looked up.
            if gap >= 2 {
                lines.append(start + title + String(repeating: " ", count: gap) + id)
            } else {
                lines.append(start + DisplayWidth.fitted(title, to: room))
                lines.append(DisplayWidth.padded(id, to: width, right: true))
            }
        }
        lines.append(contentsOf: more(digest.rules.count))
        lines.append(contentsOf: heading(words("质检问题（按法院）", "Findings by court")))
        lines.append(
            row([
                (words("法院", "court"), width - 30, false), (words("错误", "errors"), 9, true),
                (words("警告", "warnings"), 9, true), (words("提示", "notices"), 9, true),
            ]))
        for court in digest.courts.prefix(limit) {
            lines.append(
                row([
                    (digest.courtLabel(court.court), width - 30, false), (words.number(court.errors), 9, true),
                    (words.number(court.warnings), 9, true), (words.number(court.notices), 9, true),
                ]))
        }
        lines.append(contentsOf: more(digest.courts.count))
        if digest.findingsWithoutCourt > 0 { lines.append(contentsOf: wrapped(digest.withoutCourtNote)) }
        return lines
    }

    private var forms: [String] {
        model.forms.flatMap { sheet -> [String] in
            guard let total = sheet.rows.first else { return [] }
            let each = 9
            // At least 28 columns are left for the court.
            let columns = sheet.columns.prefix((width - 29) / (each + 1))
            let label = width - columns.count * (each + 1) - 1
            let courts = digest.courtsWithFigures(sheet)
            var lines = heading(
                words(
                    "报表 \(sheet.form) \(sheet.title)：\(total.title)",
                    "Form \(sheet.form) \(sheet.title): \(total.title)"))
            lines.append(
                row(
                    [(words("法院", "court"), label, false)]
                        + columns.map { ($0.unit == "%" ? $0.title + "%" : $0.title, each, true) }))
            for court in courts.prefix(limit) {
                lines.append(
                    row(
                        [(digest.courtLabel(court.court), label, false)]
                            + columns.indices.map { (words.cell(court.cells[0][$0].value), each, true) }))
            }
            lines += more(courts.count)
            if courts.count < sheet.courts.count { lines += wrapped(digest.emptyCourtsNote(sheet)) }
            return lines
        }
    }

    private var differences: [String] {
        let all = digest.differences
        guard !all.isEmpty else { return [] }
        var lines = heading(words("报表差异", "Differences in forms"))
        let sums = [
            (words("报送数与案件计算数不符", "submitted figures differ from the cases"), model.mismatches.count),
            (words("报送数违反报表规则", "submitted figures break form rules"), model.submittedFindings.count),
            (words("案件计算数违反报表规则", "figures from the cases break form rules"), model.formFindings.count),
        ]
        lines += filled(
            sums.filter { $0.1 > 0 }.map { "\($0.0) \(words.number($0.1))" }, separator: words("；", "; "))
        lines.append(
            row([
                (words("法院", "court"), 8, false), (words("报表 行 栏", "form row column"), width - 57, false),
                (words("比较对象", "figures"), 15, false), (words("应为", "expected"), 9, true),
                (words("实为", "actual"), 9, true), (words("差额", "differ."), 9, true),
            ]))
        for difference in all.prefix(limit) {
            let place = [
                difference.form, digest.rowTitle(difference.form, difference.row),
                digest.columnTitle(difference.form, difference.column),
            ].filter { !$0.isEmpty }.joined(separator: " ")
            lines.append(
                row([
                    (difference.court, 8, false), (place, width - 57, false), (difference.side, 15, false),
                    (words.number(difference.expected), 9, true), (words.number(difference.actual), 9, true),
                    (words.signed(difference.amount), 9, true),
                ]))
        }
        return lines + more(all.count)
    }

    /// By table and reason; which courts they come from is in the report files.
    private var quarantine: [String] {
        guard !model.quarantine.isEmpty else { return [] }
        var groups: [String: (table: String, reason: String, rows: Int, courts: Set<String>)] = [:]
        for group in model.quarantine {
            let reason = group.reasonText.text(in: words.language)
            var sum = groups[group.table + "|" + reason] ?? (group.tableTitle, reason, 0, [])
            sum.rows += group.rows
            sum.courts.insert(group.court ?? group.batch)
            groups[group.table + "|" + reason] = sum
        }
        let sorted = groups.values.sorted { ($1.rows, $0.table, $0.reason) < ($0.rows, $1.table, $1.reason) }
        var lines = heading(words("隔离数据（未入库）", "Quarantine (not loaded)"))
        lines.append(
            row([
                (words("行数", "rows"), 7, true), (words("法院数", "courts"), 7, true), (words("表", "table"), 12, false),
                (words("原因", "reason"), width - 29, false),
            ]))
        for group in sorted.prefix(limit) {
            lines.append(
                row([
                    (words.number(group.rows), 7, true), (words.number(group.courts.count), 7, true),
                    (group.table, 12, false), (group.reason, width - 29, false),
                ]))
        }
        return lines + more(sorted.count)
    }

    private var idle: [String] {
        let idle = digest.idleRules
        guard !idle.isEmpty else { return [] }
        return heading(words("未判定任何数据的规则", "Rules that judged nothing"))
            + filled(idle.map(\.id), separator: "  ")
    }

    // MARK: Lines

    private func heading(_ text: String) -> [String] { ["", bold(text), String(repeating: "-", count: width)] }

    private func bold(_ text: String) -> String { color ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

    private func more(_ count: Int) -> [String] {
        count > limit ? [words("  … 另有 \(count - limit) 项，见报告文件", "  … \(count - limit) more in the report files")] : []
    }

    private func row(_ cells: [(text: String, width: Int, right: Bool)]) -> String {
        var line = cells.map { DisplayWidth.padded($0.text, to: $0.width, right: $0.right) }.joined(separator: " ")
        while line.last == " " { line.removeLast() }
        return line
    }

    /// As many parts in a line as it takes.
    private func filled(_ parts: [String], separator: String) -> [String] {
        parts.reduce(into: []) { lines, part in
            if let last = lines.last, DisplayWidth.of(last + separator + part) <= width {
                lines[lines.count - 1] = last + separator + part
            } else {
                lines.append(DisplayWidth.fitted(part, to: width))
            }
        }
    }

    /// Broken at any character, as Chinese text is; at blanks where there are some.
    private func wrapped(_ text: String) -> [String] {
        var lines: [String] = []
        var line = ""
        var used = 0
        for character in text {
            let size = DisplayWidth.of(String(character))
            if used + size > width {
                if let blank = line.lastIndex(of: " "), words.language == .en {
                    let rest = String(line[line.index(after: blank)...])
                    lines.append(String(line[..<blank]))
                    line = rest
                } else {
                    lines.append(line)
                    line = ""
                }
                used = DisplayWidth.of(line)
            }
            line.append(character)
            used += size
        }
        return lines + [line]
    }
}
