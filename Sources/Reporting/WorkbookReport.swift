public import Diagnostics
import FormEngine
import Reconciliation
import Workbook

/// The report as a workbook: 汇总, 质检问题按规则与法院, 质检明细, 隔离数据, 报表, 差异.
public enum WorkbookReport {
    /// Throws 73 or 74; then no file is left behind.
    public static func write(
        _ model: ReportModel, to path: String, language: Language
    ) throws(OperationError) {
        let digest = ReportDigest(model, language: language)
        let workbook = try Workbook(path: path, title: model.title.text(in: language))
        let pages = WorkbookPages(digest: digest, workbook: workbook)
        try pages.summary()
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
        if let schema = model.schemaIdentity { try fact(sheet, words("定义版本", "Definitions"), .text(schema)) }
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
        try loads(sheet)
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
                words("步骤", "Step"), words("状态", "Status"), words("输入行数", "Rows in"), words("输出行数", "Rows out"),
                words("用时（秒）", "Seconds"),
            ].map { .text($0) }, .header)
        for step in model.steps {
            try sheet.append([
                .text(step.title.text(in: words.language)),
                .text(step.note?.text(in: words.language) ?? words.status(step.status)),
                step.rowsIn.map { .integer($0) } ?? .empty, step.rowsOut.map { .integer($0) } ?? .empty,
                step.seconds.map { .decimal(tenths($0)) } ?? .empty,
            ])
        }
    }

    private func tenths(_ seconds: Double) -> String {
        ExactDecimal(unscaled: Int128(min(max(seconds, 0), 1e12) * 10), scale: 1).description
    }

    private func loads(_ sheet: FreeSheet) throws(OperationError) {
        guard !model.loads.isEmpty else { return }
        sheet.skipRow()
        try sheet.append(
            [
                .text(
                    words(
                        "入库（收到 = 新增 + 更新 + 未变 + 被取代 + 隔离 + 删除 + 调整）",
                        "Load (rows in = inserted + updated + unchanged + superseded + quarantined + deleted + adjusted)"
                    ))
            ], .heading)
        try sheet.append(
            [
                words("法院", "Court"), words("表", "Table"), words("收到", "Rows in"), words("新增", "Inserted"),
                words("更新", "Updated"), words("未变", "Unchanged"), words("被取代", "Superseded"),
                words("隔离", "Quarantined"), words("删除与调整", "Deleted, adjusted"),
            ].map { .text($0) }, .header)
        for load in model.loads {
            try sheet.append(
                [
                    .text(digest.courtLabel(load.court)), .text(load.tableTitle), .integer(load.rowsIn),
                    .integer(load.inserted), .integer(load.updated), .integer(load.unchanged),
                    .integer(load.superseded), .integer(load.quarantined), .integer(load.deleted + load.adjusted),
                ], load.isConserved ? .plain : .error)
        }
    }

    private func notJudged(_ sheet: FreeSheet) throws(OperationError) {
        let rules = digest.idleRules + digest.notRunRules
        guard !rules.isEmpty else { return }
        sheet.skipRow()
        try sheet.append([.text(words("未判定任何数据的规则", "Rules that judged nothing"))], .heading)
        try sheet.append(
            [words("规则", "Rule"), words("编号", "Id"), words("原因", "Reason")].map { .text($0) }, .header)
        for rule in rules {
            try sheet.append([
                .text(rule.title), .text(rule.id),
                .text(rule.notRun?.text(in: words.language) ?? words("没有适用的数据", "no data to which it applies")),
            ])
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
            ] + courts.map { SheetColumn(digest.courtName($0), width: 16) })
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
        let table = workbook.addTable(
            words("质检明细", "Finding details"),
            columns: [
                SheetColumn(words("级别", "Severity")), SheetColumn(words("规则", "Rule")),
                SheetColumn(words("编号", "Id")), SheetColumn(words("法院代字", "Court code")),
                SheetColumn(words("法院", "Court")), SheetColumn(words("表", "Table")),
                SheetColumn(words("主键", "Key")), SheetColumn(words("说明", "Message"), isWrapped: true),
                SheetColumn(words("批次", "Batch")), SheetColumn(words("文件", "File")),
                SheetColumn(words("行号", "Line")),
            ])
        for finding in model.findings {
            try table.append([
                .text(words.severity(finding.severity)), .text(digest.ruleTitle(finding.rule)), .text(finding.rule),
                .text(finding.court ?? ""), .text(digest.courtName(finding.court)), .text(finding.tableTitle),
                .text(finding.key), .text(finding.message), .text(finding.batch ?? ""), .text(finding.file ?? ""),
                (finding.line ?? finding.row).map { .integer($0) } ?? .empty,
            ])
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
                    SheetColumn(column.unit.map { "\(column.title)（\($0)）" } ?? column.title)
                })
        for court in form.courts {
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
                SheetColumn(words("种类", "Kind")), SheetColumn(words("报表", "Form")),
                SheetColumn(words("期间", "Period")), SheetColumn(words("法院代字", "Court code")),
                SheetColumn(words("法院", "Court")), SheetColumn(words("行", "Row")), SheetColumn(words("栏", "Column")),
                SheetColumn(words("应为", "Expected")), SheetColumn(words("实为", "Actual")),
                SheetColumn(words("差额", "Difference")),
                SheetColumn(words("由下级法院造成", "Caused by lower courts"), isWrapped: true),
                SheetColumn(words("说明", "Message"), isWrapped: true), SheetColumn(words("规则", "Rule")),
            ])
        func number(_ value: ExactDecimal?) -> SheetValue { value.map { .decimal($0.description) } ?? .empty }
        for finding in model.formFindings {
            try table.append([
                .text(digest.ruleTitle(finding.rule)), .text(digest.formTitle(finding.form)), .text(finding.period),
                .text(finding.court), .text(digest.courtName(finding.court)),
                .text(digest.rowTitle(finding.form, finding.row)),
                .text(digest.columnTitle(finding.form, finding.column)), number(finding.expected),
                number(finding.actual), number(finding.difference), .empty,
                .text(finding.message.text(in: words.language)), .text(finding.rule),
            ])
        }
        for mismatch in model.mismatches {
            try table.append([
                .text(words.mismatchKind(mismatch.kind)), .text(digest.formTitle(mismatch.form)),
                .text(mismatch.period), .text(mismatch.court), .text(digest.courtName(mismatch.court)),
                .text(digest.rowTitle(mismatch.form, mismatch.row)),
                .text(digest.columnTitle(mismatch.form, mismatch.column)), number(mismatch.expected),
                number(mismatch.actual), number(mismatch.difference), .text(digest.shares(mismatch)),
                .text(mismatch.message.text(in: words.language)), .empty,
            ])
        }
        try table.finish()
    }
}
