public import Diagnostics
import FormEngine
import Reconciliation
import Workbook

/// The summary that a command prints at its end: 80 columns, aligned also where texts are Chinese.
public enum TerminalReport {
    /// - Parameters:
    ///   - width: columns of the display, at least 60.
    ///   - color: whether escape sequences may be used.
    ///   - rows: how many lines each list shows at most.
    public static func text(
        _ model: ReportModel, language: Language, width: Int = 80, color: Bool = false, rows: Int = 15
    ) -> String {
        TerminalPage(
            digest: ReportDigest(model, language: language), width: max(60, width), color: color, limit: rows
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
        facts.append(model.generatedAt)
        lines.append(contentsOf: wrapped(facts.joined(separator: " · ")))
        lines.append(contentsOf: wrapped(digest.verdict))
        lines.append(contentsOf: steps + loads + findings + forms + differences + quarantine + idle)
        return lines.joined(separator: "\n") + "\n"
    }

    private var steps: [String] {
        guard !model.steps.isEmpty else { return [] }
        var lines = heading(words("各步骤数据量", "Rows through each step"))
        lines.append(
            row([
                (words("步骤", "step"), 22, false), (words("输入", "in"), 12, true), (words("输出", "out"), 12, true),
                (words("用时", "seconds"), 9, true), (words("状态", "status"), width - 61, false),
            ]))
        for step in model.steps {
            lines.append(
                row([
                    (step.title.text(in: words.language), 22, false),
                    (step.rowsIn.map(words.number) ?? "", 12, true),
                    (step.rowsOut.map(words.number) ?? "", 12, true),
                    (step.seconds.map(Self.seconds) ?? "", 9, true),
                    (step.note?.text(in: words.language) ?? words.status(step.status), width - 61, false),
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
            lines.append(
                row([
                    (words.severity(rule.statistic.severity), 8, false), (words.number(rule.count), 8, true),
                    (rule.statistic.title, width - 48, false), (rule.statistic.id, 28, false),
                ]))
        }
        lines.append(contentsOf: more(digest.rules.count))
        lines.append(contentsOf: heading(words("质检问题（按法院）", "Findings by court")))
        lines.append(
            row([
                (words("法院", "court"), width - 40, false), (words("错误", "errors"), 12, true),
                (words("警告", "warnings"), 12, true), (words("提示", "notices"), 12, true),
            ]))
        for court in digest.courts.prefix(limit) {
            lines.append(
                row([
                    (digest.courtLabel(court.court), width - 40, false), (words.number(court.errors), 12, true),
                    (words.number(court.warnings), 12, true), (words.number(court.notices), 12, true),
                ]))
        }
        lines.append(contentsOf: more(digest.courts.count))
        return lines
    }

    private var forms: [String] {
        model.forms.flatMap { sheet -> [String] in
            guard let total = sheet.rows.first else { return [] }
            let each = 9
            // At least 28 columns are left for the court.
            let columns = sheet.columns.prefix((width - 29) / (each + 1))
            let label = width - columns.count * (each + 1) - 1
            var lines = heading(
                words(
                    "报表 \(sheet.form) \(sheet.title)：\(total.title)",
                    "Form \(sheet.form) \(sheet.title): \(total.title)"))
            lines.append(row([(words("法院", "court"), label, false)] + columns.map { ($0.title, each, true) }))
            for court in sheet.courts.prefix(limit) {
                lines.append(
                    row(
                        [(digest.courtLabel(court.court), label, false)]
                            + columns.indices.map { (words.cell(court.cells[0][$0].value), each, true) }))
            }
            return lines + more(sheet.courts.count)
        }
    }

    private var differences: [String] {
        guard digest.differenceCount > 0 else { return [] }
        var lines = heading(words("报表差异", "Differences in forms"))
        lines.append(
            row([
                (words("法院", "court"), width - 49, false), (words("报表 行 栏", "form row column"), 24, false),
                (words("应为", "expected"), 9, true), (words("实为", "actual"), 9, true),
            ]))
        let all =
            model.formFindings.map { ($0.court, $0.form, $0.row, $0.column, $0.expected, $0.actual) }
            + model.mismatches.map { ($0.court, $0.form, $0.row, $0.column, $0.expected, $0.actual) }
        for (court, form, line, column, expected, actual) in all.prefix(limit) {
            let place = "\(form) \(digest.rowTitle(form, line)) \(digest.columnTitle(form, column))"
            lines.append(
                row([
                    (digest.courtLabel(court), width - 49, false), (place, 24, false),
                    (words.number(expected), 9, true), (words.number(actual), 9, true),
                ]))
        }
        return lines + more(all.count)
    }

    private var quarantine: [String] {
        guard !model.quarantine.isEmpty else { return [] }
        var lines = heading(words("隔离数据", "Quarantine"))
        for group in model.quarantine.prefix(limit) {
            lines.append(
                row([
                    (words.number(group.rows), 8, true), (group.tableTitle, 12, false),
                    (group.reasonText.text(in: words.language), width - 60, false),
                    (digest.courtName(group.court), 34, false),
                ]))
        }
        return lines + more(model.quarantine.count)
    }

    private var idle: [String] {
        let idle = digest.idleRules
        guard !idle.isEmpty else { return [] }
        return heading(words("未判定任何数据的规则", "Rules that judged nothing"))
            + wrapped(idle.map(\.id).joined(separator: words("、", ", ")))
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
