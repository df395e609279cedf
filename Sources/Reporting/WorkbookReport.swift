public import Diagnostics
import FormEngine
import Reconciliation
import Workbook

/// The report as a workbook: 汇总, 入库, 质检问题按规则与法院, 质检明细, 隔离数据, 报表, 差异.
public enum WorkbookReport {
    /// Throws 73 or 74; then no file is left behind.
    public static func write(
        _ model: ReportModel, to path: String, language: Language
    ) throws(OperationError) {
        let digest = ReportDigest(model, language: language)
        let workbook = try Workbook(path: path, title: model.title.text(in: language))
        let pages = WorkbookPages(digest: digest, workbook: workbook)
        try pages.summary()
        if !model.loads.isEmpty { try pages.loads() }
        try pages.findingsByRuleAndCourt()
        try pages.findingDetails()
        try pages.quarantine()
        for sheet in model.forms { try pages.form(sheet) }
        try pages.differences()
        try workbook.close()
    }
}

private struct WorkbookPages {
    let digest: ReportDigest
    let workbook: Workbook
    private var words: Wording { digest.words }
    private var model: ReportModel { digest.model }

    // MARK: 汇总

    func summary() throws(OperationError) {
        let sheet = try workbook.addSheet(words("汇总", "Summary"), widths: [34, 26, 14, 14, 14, 14, 14, 14, 14])
        try sheet.append([(.text(model.title.text(in: words.language)), .title)], height: 28)
        try sheet.append([.text(digest.verdict)], .bold)
        sheet.skipRow()
        try fact(sheet, words("统计周期", "Period"), .text(digest.periodText))
        if let run = model.run { try fact(sheet, words("运行编号", "Run"), .text(run)) }
        try fact(sheet, words("生成时间", "Generated at"), .text(model.generatedAt))
        if let schema = model.schemaIdentity { try fact(sheet, words("数据表定义", "Table definitions"), .text(schema)) }
        sheet.skipRow()
        try fact(
            sheet, words("质检错误", "Errors"), .integer(digest.count(.error)), digest.count(.error) > 0 ? .error : .good)
        try fact(
            sheet, words("质检警告", "Warnings"), .integer(digest.count(.warning)),
            digest.count(.warning) > 0 ? .warning : .good)
        try fact(sheet, words("质检提示", "Notices"), .integer(digest.count(.notice)), .notice)
        try fact(
            sheet, words("报表差异", "Differences in forms"), .integer(digest.differenceCount),
            digest.differenceCount > 0 ? .error : .good)
        try fact(
            sheet, words("隔离行数", "Rows in quarantine"), .integer(digest.quarantinedRows),
            digest.quarantinedRows > 0 ? .warning : .good)
        try steps(sheet)
        try notJudged(sheet)
        try diagnostics(sheet)
    }

    private func fact(
        _ sheet: FreeSheet, _ name: String, _ value: SheetValue, _ style: SheetStyle = .plain
    ) throws(OperationError) {
        try sheet.append([(.text(name), .plain), (value, style)])
    }

    private func steps(_ sheet: FreeSheet) throws(OperationError) {
        guard !model.steps.isEmpty else { return }
        sheet.skipRow()
        try sheet.append([.text(words("各步骤数据量", "Rows through each step"))], .heading)
        try sheet.append(
            [
                words("步骤", "Step"), words("状态", "Status"), words("输入", "In"), words("单位", "Unit"),
                words("输出", "Out"), words("单位", "Unit"), words("用时（秒）", "Seconds"),
            ].map { .text($0) }, .header)
        func unit(_ count: Int?, _ unit: LocalizedText?) -> SheetValue {
            count == nil ? .empty : .text(unit?.text(in: words.language) ?? words("行", "rows"))
        }
        for step in model.steps {
            try sheet.append([
                .text(step.title.text(in: words.language)),
                .text(step.note?.text(in: words.language) ?? words.status(step.status)),
                step.rowsIn.map { .integer($0) } ?? .empty, unit(step.rowsIn, step.unitIn),
                step.rowsOut.map { .integer($0) } ?? .empty, unit(step.rowsOut, step.unitOut),
                step.seconds.map { .decimal(tenths($0)) } ?? .empty,
            ])
        }
    }

    private func tenths(_ seconds: Double) -> String {
        ExactDecimal(unscaled: Int128(min(max(seconds, 0), 1e12) * 10), scale: 1).description
    }

    /// Rows of every court and table: in = inserted + updated + unchanged + superseded + quarantined + deleted + adjusted.
    func loads() throws(OperationError) {
        let table = workbook.addTable(
            words("入库", "Load"),
            columns: [
                SheetColumn(words("法院代字", "Court code")), SheetColumn(words("法院", "Court")),
                SheetColumn(words("表", "Table")), SheetColumn(words("收到", "Rows in")),
                SheetColumn(words("新增", "Inserted")), SheetColumn(words("更新", "Updated")),
                SheetColumn(words("未变", "Unchanged")), SheetColumn(words("被取代", "Superseded")),
                SheetColumn(words("隔离", "Quarantined")), SheetColumn(words("删除", "Deleted")),
                SheetColumn(words("调整", "Adjusted")), SheetColumn(words("批次", "Batch")),
            ], frozenColumns: 2)
        for load in model.loads {
            try table.append(
                [
                    .text(load.court ?? ""), .text(digest.courtName(load.court)), .text(load.tableTitle),
                    .integer(load.rowsIn), .integer(load.inserted), .integer(load.updated), .integer(load.unchanged),
                    .integer(load.superseded), .integer(load.quarantined), .integer(load.deleted),
                    .integer(load.adjusted), .text(load.batch),
                ], load.isConserved ? .plain : .error)
        }
        try table.finish()
    }

    private func notJudged(_ sheet: FreeSheet) throws(OperationError) {
        let rules = digest.idleRules + digest.notRunRules
        guard !rules.isEmpty else { return }
        sheet.skipRow()
        try sheet.append([.text(words("未判定任何数据的规则", "Rules that judged nothing"))], .heading)
        try sheet.append([words("编号", "Id"), words("规则与原因", "Rule and reason")].map { .text($0) }, .header)
        for rule in rules {
            // Titles are long: what stands last in its row is free to run on to the right.
            let reason = rule.notRun?.text(in: words.language) ?? words("没有适用的数据", "no data to which it applies")
            try sheet.append([.text(rule.id), .text(words("\(rule.title)：\(reason)", "\(rule.title): \(reason)"))])
        }
    }

    private func diagnostics(_ sheet: FreeSheet) throws(OperationError) {
        guard !model.diagnostics.isEmpty else { return }
        sheet.skipRow()
        try sheet.append([.text(words("定义与参数的诊断", "Diagnostics"))], .heading)
        for diagnostic in model.diagnostics { try sheet.append([.text(diagnostic.text(in: words.language))], .note) }
    }

    // MARK: 质检

    func findingsByRuleAndCourt() throws(OperationError) {
        let courts = digest.courts.map(\.court)
        let table = workbook.addTable(
            words("质检问题按规则与法院", "Findings by rule and court"),
            columns: [
                SheetColumn(words("级别", "Severity")), SheetColumn(words("规则", "Rule")),
                SheetColumn(words("编号", "Id")), SheetColumn(words("对象", "Subject")),
                SheetColumn(words("判定行数", "Rows judged")), SheetColumn(words("问题合计", "Findings")),
            ] + courts.map { SheetColumn(digest.courtName($0), width: 10) }, frozenColumns: 2, headerHeight: 58)
        for rule in digest.rules {
            let counts = Dictionary(rule.courts.map { ($0.court, $0.count) }, uniquingKeysWith: +)
            try table.append(
                [
                    .text(words.severity(rule.statistic.severity)), .text(rule.statistic.title),
                    .text(rule.statistic.id), .text(rule.statistic.subject),
                    .integer(rule.statistic.trueCount + rule.statistic.falseCount), .integer(rule.count),
                ] + courts.map { counts[$0].map { .integer($0) } ?? .empty })
        }
        try table.finish()
    }

    func findingDetails() throws(OperationError) {
        // Where findings come from is in the report only when it is known for some.
        let hasBatch = model.findings.contains { $0.batch != nil }
        let hasPlace = model.findings.contains { $0.file != nil || $0.line != nil }
        let table = workbook.addTable(
            words("质检明细", "Finding details"),
            columns: [
                SheetColumn(words("级别", "Severity")), SheetColumn(words("规则", "Rule")),
                SheetColumn(words("编号", "Id")), SheetColumn(words("法院代字", "Court code")),
                SheetColumn(words("法院", "Court")), SheetColumn(words("表", "Table")),
                SheetColumn(words("主键", "Key")), SheetColumn(words("说明", "Message"), width: 76, isWrapped: true),
            ] + (hasBatch ? [SheetColumn(words("批次", "Batch"))] : [])
                + (hasPlace ? [SheetColumn(words("文件", "File")), SheetColumn(words("行号", "Line"))] : []),
            frozenColumns: 2)
        for finding in model.findings {
            var values: [SheetValue] = [
                .text(words.severity(finding.severity)), .text(digest.ruleTitle(finding.rule)), .text(finding.rule),
                .text(finding.court ?? ""), .text(digest.courtName(finding.court)), .text(finding.tableTitle),
                .text(words.key(finding.key)), .text(finding.message),
            ]
            if hasBatch { values.append(.text(finding.batch ?? "")) }
            if hasPlace {
                values += [.text(finding.file ?? ""), finding.line.map { .integer($0) } ?? .empty]
            }
            try table.append(values)
        }
        try table.finish()
    }

    func quarantine() throws(OperationError) {
        let table = workbook.addTable(
            words("隔离数据", "Quarantine"),
            columns: [
                SheetColumn(words("法院代字", "Court code")), SheetColumn(words("法院", "Court")),
                SheetColumn(words("批次", "Batch")), SheetColumn(words("表", "Table")),
                SheetColumn(words("原因", "Reason")), SheetColumn(words("原因代码", "Reason code")),
                SheetColumn(words("行数", "Rows")),
            ])
        for group in model.quarantine {
            try table.append([
                .text(group.court ?? ""), .text(digest.courtName(group.court)), .text(group.batch),
                .text(group.tableTitle), .text(group.reasonText.text(in: words.language)), .text(group.reason),
                .integer(group.rows),
            ])
        }
        try table.finish()
    }

    // MARK: 报表, 差异

    func form(_ form: FormSheet) throws(OperationError) {
        let name = words("报表", "Form")
        let table = workbook.addTable(
            model.forms.count == 1 ? name : "\(name) \(form.form)",
            columns: [
                SheetColumn(words("报表", "Form")), SheetColumn(words("期间", "Period")),
                SheetColumn(words("法院代字", "Court code")), SheetColumn(words("法院", "Court")),
                SheetColumn(words("行", "Row")), SheetColumn(words("项目", "Item")),
            ]
                + form.columns.map { column in
                    SheetColumn(column.heading)
                })
        for court in digest.courtsWithFigures(form) {
            for (row, cells) in zip(form.rows, court.cells) {
                let values: [SheetValue] = [
                    .text("\(form.form) \(form.title)"), .text(form.period), .text(court.court),
                    .text(digest.courtName(court.court)), .text(row.code),
                    .text(String(repeating: "　", count: row.depth) + row.title),
                ]
                try table.append(
                    values + cells.map { $0.value.number.map { .decimal($0.description) } ?? .empty })
            }
        }
        try table.finish()
    }

    func differences() throws(OperationError) {
        let table = workbook.addTable(
            words("差异", "Differences"),
            columns: [
                SheetColumn(words("比较对象", "Figures")), SheetColumn(words("种类", "Kind"), width: 26, isWrapped: true),
                SheetColumn(words("报表", "Form")), SheetColumn(words("期间", "Period")),
                SheetColumn(words("法院代字", "Court code")), SheetColumn(words("法院", "Court")),
                SheetColumn(words("行", "Row")), SheetColumn(words("栏", "Column")),
                SheetColumn(words("应为", "Expected")), SheetColumn(words("实为", "Actual")),
                SheetColumn(words("差额", "Difference")), SheetColumn(words("说明", "Message"), width: 48, isWrapped: true),
                SheetColumn(words("规则", "Rule")),
            ], frozenColumns: 1)
        func number(_ value: ExactDecimal?) -> SheetValue { value.map { .decimal($0.description) } ?? .empty }
        for difference in digest.differences {
            try table.append([
                .text(difference.side), .text(difference.kind), .text(difference.form),
                .text(difference.period), .text(difference.court), .text(digest.courtName(difference.court)),
                .text(digest.rowTitle(difference.form, difference.row)),
                .text(digest.columnTitle(difference.form, difference.column)), number(difference.expected),
                number(difference.actual), number(difference.amount), .text(difference.message),
                difference.rule.map { .text($0) } ?? .empty,
            ])
        }
        try table.finish()
    }
}
