public import Diagnostics
import FormEngine
import Mustache
import Reconciliation

/// The report as one page that needs nothing beside itself: style and charts are inside, there is no script.
public enum HTMLReport {
    /// Throws 70 when the built-in template does not parse, which a test rules out.
    public static func page(_ model: ReportModel, language: Language) throws(OperationError) -> String {
        let template: MustacheTemplate
        do {
            template = try MustacheTemplate(string: HTMLTemplate.page)
        } catch {
            throw OperationError(
                .internalError, code: "report-template",
                LocalizedText(
                    en: "the built-in page template is broken: \(error)", zh: "内置网页模板有误：\(error)"))
        }
        return template.render(HTMLContent(digest: ReportDigest(model, language: language)).context)
    }

    /// Throws 73 or 74; then no file is left behind.
    public static func write(_ model: ReportModel, to path: String, language: Language) throws(OperationError) {
        let text = try page(model, language: language)
        let file = try OutputFile(path: path)
        try file.write(text)
        try file.close()
    }
}

/// What the template is filled with. Long lists are cut; the workbook has all of them.
private struct HTMLContent {
    private static let samplesPerRule = 20
    private static let samplesAltogether = 500
    private static let differencesShown = 300
    private static let quarantineShown = 200
    private static let loadsShown = 200
    private static let barsShown = 30
    private static let rulesCharted = 15
    private static let formCourtsShown = 60

    let digest: ReportDigest
    private var words: Wording { digest.words }
    private var model: ReportModel { digest.model }

    var context: [String: Any] {
        var context: [String: Any] = [
            "lang": words("zh-CN", "en"), "title": model.title.text(in: words.language), "style": HTMLTemplate.style,
            "facts": facts, "verdict": digest.verdict, "verdictClass": verdictClass, "cards": cards, "nav": navigation,
            "w": vocabulary, "footer": footer,
        ]
        context["todo"] = todo
        context["hasTodo"] = !todo.isEmpty
        addSteps(&context)
        addFindings(&context)
        addDifferences(&context)
        context["forms"] = model.forms.enumerated().map { form($0.element, number: $0.offset) }
        context["hasQuarantine"] = !model.quarantine.isEmpty
        if model.quarantine.count > Self.quarantineShown {
            context["moreQuarantine"] = [
                words(
                    "另有 \(model.quarantine.count - Self.quarantineShown) 组，见工作簿“隔离数据”。",
                    "\(model.quarantine.count - Self.quarantineShown) more in the workbook, sheet Quarantine.")
            ]
        }
        context["quarantine"] = model.quarantine.prefix(Self.quarantineShown).map { group -> [String: Any] in
            [
                "court": digest.courtLabel(group.court), "table": group.tableTitle,
                "reason": group.reasonText.text(in: words.language), "rows": words.number(group.rows),
                "batch": group.batch,
            ]
        }
        addRules(&context)
        context["hasDiagnostics"] = !model.diagnostics.isEmpty
        context["diagnostics"] = model.diagnostics.map { $0.text(in: words.language) }
        return context
    }

    // MARK: Head

    private var facts: String {
        var parts = [words("统计周期：", "Period: ") + digest.periodText]
        if let run = model.run { parts.append(words("运行：", "Run: ") + run) }
        parts.append(words("生成：", "Generated: ") + model.generatedAt)
        return parts.joined(separator: "　")
    }

    private var footer: String {
        let definitions = model.schemaIdentity.map { words("数据表定义 \($0)。", "Table definitions \($0). ") } ?? ""
        return definitions
            + words(
                "完整明细见同目录的工作簿和 CSV 文件。本页不含当事人姓名、证件号码等个人信息。",
                "All details are in the workbook and the CSV files beside this page. It holds no personal data.")
    }

    private var verdictClass: String {
        if digest.count(.error) > 0 || digest.differenceCount > 0 { return "bad" }
        return digest.findingCount > 0 || digest.quarantinedRows > 0 ? "mild" : ""
    }

    private var cards: [[String: Any]] {
        func card(_ text: String, _ value: Int, _ style: String) -> [String: Any] {
            ["text": text, "value": words.number(value), "style": value == 0 && style != "rows" ? "good" : style]
        }
        return [
            card(words("质检错误", "errors"), digest.count(.error), "error"),
            card(words("质检警告", "warnings"), digest.count(.warning), "warning"),
            card(words("质检提示", "notices"), digest.count(.notice), "notice"),
            card(words("报表差异", "differences in forms"), digest.differenceCount, "error"),
            card(words("隔离行数", "rows in quarantine"), digest.quarantinedRows, "warning"),
            card(words("收到行数", "rows received"), digest.loadedRows, "rows"),
        ]
    }

    private var navigation: [[String: Any]] {
        var entries: [(String, String, Bool)] = [
            ("todo", words("怎么办", "What to do"), !todo.isEmpty),
            ("steps", words("各步骤数据量", "Rows through steps"), !model.steps.isEmpty),
            ("courts", words("按法院", "By court"), digest.findingCount > 0),
            ("rules", words("按规则", "By rule"), digest.findingCount > 0),
            ("differences", words("报表差异", "Differences"), digest.differenceCount > 0),
        ]
        entries += model.forms.enumerated().map { ("form\($0.offset)", "\($0.element.form) \($0.element.title)", true) }
        entries.append(("quarantine", words("隔离数据", "Quarantine"), !model.quarantine.isEmpty))
        entries.append(("judged", words("规则执行情况", "Rules"), !model.ruleStatistics.isEmpty))
        return entries.filter(\.2).map { ["id": $0.0, "text": $0.1] }
    }

    /// Who should do what, most pressing first.
    private var todo: [String] {
        var lines: [String] = []
        for rule in digest.rules.filter({ $0.statistic.severity == .error }).prefix(5) {
            let top = rule.courts.filter { $0.court != nil }.prefix(3)
                .map {
                    words("\(digest.courtName($0.court)) \($0.count) 条", "\(digest.courtName($0.court)) \($0.count)")
                }
                .joined(separator: words("，", ", "))
            let count = words.number(rule.count)
            guard !top.isEmpty else {
                lines.append(
                    words(
                        "“\(rule.statistic.title)”不符 \(count) 条：这些行找不到所属的案件，先处理隔离数据，再核对抽取范围。",
                        "\(rule.statistic.title): \(count) findings. The case of these rows is missing: see to the quarantine first, then to what is extracted."
                    ))
                continue
            }
            lines.append(
                words(
                    "“\(rule.statistic.title)”不符 \(count) 条（\(top)\(rule.courts.count > 3 ? "等" : "")）：请相关法院在审判系统中核对并更正后重新抽取。",
                    "\(rule.statistic.title): \(count) findings (\(top)\(rule.courts.count > 3 ? ", …" : "")). These courts should check and correct the cases in their trial system; then extract again."
                ))
        }
        let courts = Set(model.mismatches.map(\.court))
        if !courts.isEmpty {
            lines.append(
                words(
                    "\(courts.count) 个法院的上报数与案件计算数不符：先处理上面的质检错误，再核对“报表差异”中列出的行和栏。",
                    "The figures of \(courts.count) courts differ from those computed from the cases: correct the findings above first, then check the rows and columns under Differences."
                ))
        }
        let broken = model.formFindings.count + model.submittedFindings.count
        if broken > 0 {
            lines.append(
                words(
                    "报表有 \(broken) 处表内、表间或上下级关系不平衡：收结案不平衡多由结案日期早于立案日期的案件造成。",
                    "\(broken) identities within or between forms do not hold; a balance that fails is most often caused by cases closed before they were filed."
                ))
        }
        if digest.quarantinedRows > 0 {
            lines.append(
                words(
                    "\(words.number(digest.quarantinedRows)) 行未能入库、不在任何统计数中：请按“隔离数据”所列原因在来源处更正。",
                    "\(words.number(digest.quarantinedRows)) rows were not loaded and are in no figure: correct them at the source, by the reasons under Quarantine."
                ))
        }
        return lines
    }

    // MARK: Steps

    private func addSteps(_ context: inout [String: Any]) {
        context["hasSteps"] = !model.steps.isEmpty || !model.loads.isEmpty
        context["stepChart"] = Chart.bars(
            model.steps.compactMap { step in
                // Findings and figures are no rows that go on, so a step that makes them shows the rows it took in.
                guard let rows = step.unitOut == nil ? step.rowsOut : step.unitIn == nil ? step.rowsIn : nil else {
                    return nil
                }
                let lost = step.unitOut == nil ? max(0, (step.rowsIn ?? rows) - rows) : 0
                return Chart.Bar(
                    label: step.title.text(in: words.language),
                    parts: [(Double(rows), "rows"), (Double(lost), "lost")],
                    text: words.number(rows)
                        + (lost > 0 ? words("（少 \(words.number(lost))）", " (\(words.number(lost)) fewer)") : ""))
            }, title: words("各步骤的行数", "Rows through each step"), id: "chart-steps", labelWidth: 160)
        context["steps"] = model.steps.map { step -> [String: Any] in
            [
                "title": step.title.text(in: words.language), "in": words.amount(step.rowsIn, step.unitIn),
                "out": words.amount(step.rowsOut, step.unitOut),
                "seconds": step.seconds.map { "\(Int(($0 * 10).rounded()) / 10).\(Int(($0 * 10).rounded()) % 10)" }
                    ?? "",
                "status": step.note?.text(in: words.language) ?? words.status(step.status),
            ]
        }
        context["hasLoads"] = !model.loads.isEmpty
        context["loadColumns"] = [
            words("收到", "rows in"), words("新增", "inserted"), words("更新", "updated"), words("未变", "unchanged"),
            words("被取代", "superseded"), words("隔离", "quarantined"), words("删除", "deleted"),
            words("调整", "adjusted"),
        ]
        func row(_ court: String, _ table: String, _ loads: [ReportModel.Load]) -> [String: Any] {
            let fields: [(ReportModel.Load) -> Int] = [
                \.rowsIn, \.inserted, \.updated, \.unchanged, \.superseded, \.quarantined, \.deleted, \.adjusted,
            ]
            return [
                "court": court, "table": table,
                "numbers": fields.map { field in words.number(loads.reduce(0) { $0 + field($1) }) },
            ]
        }
        let tables = Dictionary(grouping: model.loads, by: \.table).values.sorted { $0[0].table < $1[0].table }
        context["loadTotals"] =
            tables.map { row("", $0[0].tableTitle, $0) } + [row("", words("合计", "total"), model.loads)]
        let shown = model.loads.prefix(Self.loadsShown)
        context["loads"] = shown.map { row(digest.courtLabel($0.court), $0.tableTitle, [$0]) }
        context["loadsText"] = words(
            "按法院和表（\(shown.count == model.loads.count ? "共" : "前 \(shown.count) 行，共") \(model.loads.count) 行）",
            "By court and table (\(shown.count == model.loads.count ? "" : "\(shown.count) of ")\(model.loads.count))")
    }

    // MARK: Findings

    private func addFindings(_ context: inout [String: Any]) {
        context["hasFindings"] = digest.findingCount > 0
        context["courtChart"] = Chart.bars(
            digest.courts.prefix(Self.barsShown).map { court in
                Chart.Bar(
                    label: digest.courtName(court.court),
                    parts: [
                        (Double(court.errors), "error"), (Double(court.warnings), "warning"),
                        (Double(court.notices), "notice"),
                    ], text: words.number(court.total))
            }, title: words("各法院的质检问题数", "Findings by court"), id: "chart-courts")
        context["ruleChart"] = Chart.bars(
            digest.rules.prefix(Self.rulesCharted).map { rule in
                Chart.Bar(
                    label: rule.statistic.title, parts: [(Double(rule.count), rule.statistic.severity.rawValue)],
                    text: words.number(rule.count))
            }, title: words("各规则的质检问题数", "Findings by rule"), id: "chart-rules", labelWidth: 340)
        context["withoutCourt"] = digest.findingsWithoutCourt > 0 ? digest.withoutCourtNote : ""
        let samples = samples
        context["rules"] = digest.rules.map { rule -> [String: Any] in
            let some = samples[rule.statistic.id] ?? []
            let courts = rule.courts.map { "\(digest.courtName($0.court)) \(words.number($0.count))" }
            return [
                "id": rule.statistic.id, "title": rule.statistic.title, "style": rule.statistic.severity.rawValue,
                "severity": words.severity(rule.statistic.severity), "count": words.number(rule.count),
                "courts": courts.joined(separator: words("，", ", ")), "hasSamples": !some.isEmpty,
                "hasPlace": some.contains { !place($0).isEmpty },
                "samplesText": words(
                    some.count == rule.count
                        ? "全部 \(rule.count) 条" : "前 \(some.count) 条，共 \(words.number(rule.count)) 条；其余见工作簿“质检明细”",
                    some.count == rule.count
                        ? "all \(rule.count)"
                        : "\(some.count) of \(words.number(rule.count)); the others are in the workbook, sheet Finding details"
                ),
                "samples": some.map { finding -> [String: Any] in
                    [
                        "court": digest.courtName(finding.court), "table": finding.tableTitle,
                        "key": words.key(finding.key),
                        "message": finding.message, "place": place(finding),
                    ]
                },
            ]
        }
    }

    /// The first findings of each rule, so few that the page stays small whatever was found.
    private var samples: [String: [ReportModel.FindingDetail]] {
        let each = max(1, min(Self.samplesPerRule, Self.samplesAltogether / max(1, digest.rules.count)))
        return model.findings.reduce(into: [:]) { samples, finding in
            if samples[finding.rule, default: []].count < each { samples[finding.rule, default: []].append(finding) }
        }
    }

    private func place(_ finding: ReportModel.FindingDetail) -> String {
        [finding.batch, finding.file, finding.line.map { words("第 \($0) 行", "line \($0)") }]
            .compactMap { $0 }.joined(separator: " ")
    }

    private func addDifferences(_ context: inout [String: Any]) {
        func place(_ form: String, _ row: String, _ column: String) -> String {
            [form, digest.rowTitle(form, row), digest.columnTitle(form, column)].filter { !$0.isEmpty }
                .joined(separator: " · ")
        }
        let rows = digest.differences.prefix(Self.differencesShown).map { difference -> [String: Any] in
            [
                "court": digest.courtLabel(difference.court),
                "kind": difference.rule == nil
                    ? difference.kind : difference.side + words("：", ": ") + difference.kind,
                "place": place(difference.form, difference.row, difference.column),
                "expected": words.number(difference.expected), "actual": words.number(difference.actual),
                "difference": words.signed(difference.amount), "message": difference.message,
            ]
        }
        context["hasDifferences"] = digest.differenceCount > 0
        context["differences"] = rows
        if rows.count < digest.differenceCount {
            context["moreDifferences"] = [
                words(
                    "另有 \(digest.differenceCount - rows.count) 处，见工作簿“差异”。",
                    "\(digest.differenceCount - rows.count) more in the workbook, sheet Differences.")
            ]
        }
    }

    // MARK: Forms

    private func form(_ sheet: FormSheet, number: Int) -> [String: Any] {
        // Counts can be compared in one chart; ratios and amounts cannot.
        let series = sheet.columns.indices.filter { sheet.columns[$0].isCount }.prefix(4)
        let roots = Set(sheet.courts.map(\.court))
        let parents = Dictionary(
            model.courts.map { ($0.code, $0.parent) }, uniquingKeysWith: { first, _ in first })
        // Lower courts, since an upper court's figures hold theirs and would dwarf them.
        let all = digest.courtsWithFigures(sheet)
        var charted = all.filter { court in (parents[court.court] ?? nil).map(roots.contains) ?? false }
        if charted.isEmpty { charted = all }
        let groups = charted.prefix(Self.barsShown).map { court -> Chart.Group in
            let cells = court.cells.first ?? []
            return Chart.Group(
                label: digest.courtName(court.court),
                amounts: series.map { cells[$0].value.number?.approximation ?? 0 },
                texts: series.map { words.cell(cells[$0].value) })
        }
        let undecided =
            sheet.undecidedCases > 0
            ? words(
                "另有 \(words.number(sheet.undecidedCases)) 件案件因所需信息缺失无法判定，未计入任何一格。",
                "\(words.number(sheet.undecidedCases)) cases could not be decided and are in no cell.") : ""
        let empty = all.count < sheet.courts.count ? digest.emptyCourtsNote(sheet) : ""
        return [
            "id": "form\(number)", "title": "\(sheet.form) \(sheet.title)",
            "lead": words(
                "期间 \(sheet.period)。上级法院的数为其辖区（本级与下级之和）。\(undecided)\(empty)",
                "Period \(sheet.period). An upper court's figures are those of its jurisdiction. \(undecided)\(empty)"),
            "chart": series.count > 1
                ? Chart.groups(
                    groups, title: "\(sheet.title) \(sheet.rows.first?.title ?? "")", id: "chart-form\(number)")
                : "",
            "hasChart": series.count > 1 && !groups.isEmpty,
            "series": series.enumerated().map { place, column -> [String: Any] in
                ["style": "s\(place % 4 + 1)", "text": sheet.columns[column].title]
            },
            "courts": all.prefix(Self.formCourtsShown).enumerated().map { place, court -> [String: Any] in
                [
                    "court": digest.courtLabel(court.court), "open": place == 0 ? "open" : "",
                    "columns": sheet.columns.map { column in
                        column.heading
                    },
                    "rows": zip(sheet.rows, court.cells).map { row, cells -> [String: Any] in
                        [
                            "title": String(repeating: "　", count: row.depth) + row.title,
                            "style": row.depth == 0 ? "total" : "", "cells": cells.map { words.cell($0.value) },
                        ]
                    },
                ]
            },
        ]
    }

    // MARK: Rules

    private func addRules(_ context: inout [String: Any]) {
        context["hasRuleTable"] = !model.ruleStatistics.isEmpty
        let idle = digest.idleRules + digest.notRunRules
        context["hasIdle"] = !idle.isEmpty
        context["idleText"] =
            words(
                "以下规则没有判定任何数据，不能说明数据没有问题：", "These rules judged nothing, which does not mean that the data is right: ")
            + idle.map { "\($0.title)（\($0.id)）" }.joined(separator: words("；", "; "))
        context["ruleColumns"] = [
            words("范围内", "in scope"), words("适用", "applicable"), words("符合", "true"), words("不符", "false"),
            words("不能判定", "undecided"), words("值有误", "error"),
        ]
        context["ruleTable"] = model.ruleStatistics.map { rule -> [String: Any] in
            [
                "id": rule.id, "title": rule.title, "subject": rule.subject,
                "numbers": [
                    rule.rowsInScope, rule.applicable, rule.trueCount, rule.falseCount, rule.undecidedCount,
                    rule.errorCount,
                ].map { words.number($0) },
            ]
        }
    }

    private var vocabulary: [String: Any] {
        [
            "contents": words("目录", "Contents"), "todo": words("怎么办", "What to do"),
            "todoLead": words("按紧要程度排列。", "Most pressing first."),
            "steps": words("各步骤数据量", "Rows through each step"),
            "stepsLead": words(
                "每一步收到和交出的数量；图中浅红为没有继续的行。",
                "What each step took in and gave on; pale red is rows that did not go on."),
            "step": words("步骤", "Step"), "in": words("输入", "In"), "out": words("输出", "Out"),
            "seconds": words("用时（秒）", "Seconds"), "status": words("状态", "Status"),
            "loads": words("入库（收到 = 其余各栏之和）", "Load (rows in = sum of the other columns)"),
            "court": words("法院", "Court"), "table": words("表", "Table"),
            "byCourt": words("质检问题：按法院", "Findings by court"),
            "byCourtLead": words("哪些法院的数据需要更正。", "Which courts have data to correct."),
            "error": words("错误", "Errors"), "warning": words("警告", "Warnings"), "notice": words("提示", "Notices"),
            "byRule": words("质检问题：按规则", "Findings by rule"),
            "byRuleLead": words(
                "哪里不对，有多少，是哪些案件。点开一条规则可看案件。", "What is wrong, how often, and in which cases. Open a rule to see cases."),
            "key": words("主键", "Key"), "message": words("说明", "Message"), "place": words("来源", "Origin"),
            "differences": words("报表差异", "Differences in forms"),
            "differencesLead": words(
                "应当相等而不相等的报表数；差额 = 实为 − 应为。计算数由案件得出，报送数由法院报送。",
                "Figures that should agree and do not; difference = actual − expected."),
            "kind": words("种类", "Kind"), "formRowColumn": words("报表 · 行 · 栏", "Form · row · column"),
            "expected": words("应为", "Expected"), "actual": words("实为", "Actual"),
            "difference": words("差额", "Difference"), "item": words("项目", "Item"),
            "quarantine": words("隔离数据", "Quarantine"),
            "quarantineLead": words(
                "无法入库的行，原文已保存，不在任何统计数中。", "Rows that could not be loaded; kept as they came, and in no figure."),
            "reason": words("原因", "Reason"), "rows": words("行数", "Rows"), "batch": words("批次", "Batch"),
            "judged": words("规则执行情况", "What the rules judged"),
            "judgedLead": words("每条规则判定了多少行。", "How many rows each rule judged."),
            "allRules": words("全部规则", "All rules"), "rule": words("规则", "Rule"),
            "subject": words("对象", "Subject"), "diagnostics": words("诊断", "Diagnostics"),
        ]
    }
}
