public import Diagnostics
import FormEngine
import Reconciliation

/// The whole report as one JSON object, `"format": "sitong.report/1"`. Figures are numbers with all their digits.
public enum JSONReport {
    /// The object as one line of text.
    public static func text(_ model: ReportModel) -> String {
        var text = ""
        object(model).write { text += $0 }
        return text
    }

    /// Throws 73 or 74; then no file is left behind.
    public static func write(_ model: ReportModel, to path: String) throws(OperationError) {
        let file = try OutputFile(path: path)
        do {
            try object(model).write { try file.write($0) }
            try file.write("\n")
        } catch let error as OperationError {
            throw error
        } catch {
            throw .reportNotWritten(path, reason: "\(error)")
        }
        try file.close()
    }

    private static func object(_ model: ReportModel) -> JSONText {
        .object([
            ("format", .string("sitong.report/1")),
            ("title", text(model.title)),
            ("period", .optional(model.period)),
            ("first_day", .optional(model.periodDays?.first)),
            ("last_day", .optional(model.periodDays?.last)),
            ("run", .optional(model.run)),
            ("generated_at", .string(model.generatedAt)),
            ("schema", .optional(model.schemaIdentity)),
            ("summary", summary(model)),
            (
                "courts",
                .array(
                    model.courts.map {
                        .object([
                            ("code", .string($0.code)), ("name", .string($0.name)), ("parent", .optional($0.parent)),
                        ])
                    })
            ),
            ("steps", .array(model.steps.map(step))),
            ("loads", .array(model.loads.map(load))),
            ("quarantine", .array(model.quarantine.map(quarantine))),
            ("rules", .array(model.ruleStatistics.map(rule))),
            (
                "finding_counts",
                .array(
                    model.findingCounts.map {
                        .object([("rule", .string($0.rule)), ("court", .optional($0.court)), ("count", .int($0.count))])
                    })
            ),
            ("findings", .array(model.findings.map(finding))),
            ("forms", .array(model.forms.map(form))),
            (
                "form_findings",
                .array(
                    model.formFindings.map { formFinding($0, side: "computed") }
                        + model.submittedFindings.map { formFinding($0, side: "submitted") })
            ),
            ("mismatches", .array(model.mismatches.map(mismatch))),
            ("diagnostics", .array(model.diagnostics.map(diagnostic))),
        ])
    }

    private static func summary(_ model: ReportModel) -> JSONText {
        let digest = ReportDigest(model, language: .en)
        return .object([
            ("findings", .int(digest.findingCount)),
            ("errors", .int(digest.count(.error))),
            ("warnings", .int(digest.count(.warning))),
            ("notices", .int(digest.count(.notice))),
            ("form_findings", .int(model.formFindings.count + model.submittedFindings.count)),
            ("mismatches", .int(model.mismatches.count)),
            ("rows_loaded", .int(digest.loadedRows)),
            ("rows_quarantined", .int(digest.quarantinedRows)),
        ])
    }

    private static func text(_ text: LocalizedText) -> JSONText {
        .object([("zh", .string(text.zh)), ("en", .string(text.en))])
    }

    private static func number(_ value: ExactDecimal?) -> JSONText {
        value.map { .number($0.description) } ?? .null
    }

    /// null is blank; an absent cell has no member at all.
    private static func member(_ name: String, _ value: CellValue) -> [(String, JSONText)] {
        switch value {
        case .absent: []
        case .blank: [(name, .null)]
        case .number(let number): [(name, .number(number.description))]
        }
    }

    private static func step(_ step: ReportModel.Step) -> JSONText {
        .object([
            ("id", .string(step.id)), ("title", text(step.title)), ("rows_in", .optional(step.rowsIn)),
            ("rows_out", .optional(step.rowsOut)), ("unit_in", step.unitIn.map(text) ?? .null),
            ("unit_out", step.unitOut.map(text) ?? .null),
            ("seconds", step.seconds.map { .number(milliseconds($0)) } ?? .null),
            ("status", .int(Int(step.status.rawValue))), ("note", step.note.map(text) ?? .null),
        ])
    }

    /// Seconds with three digits after the point.
    private static func milliseconds(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds.magnitude < 1e12 else { return "0" }
        return ExactDecimal(unscaled: Int128((seconds * 1000).rounded()), scale: 3).description
    }

    private static func load(_ load: ReportModel.Load) -> JSONText {
        .object([
            ("court", .optional(load.court)), ("batch", .string(load.batch)), ("table", .string(load.table)),
            ("rows_in", .int(load.rowsIn)), ("inserted", .int(load.inserted)), ("updated", .int(load.updated)),
            ("unchanged", .int(load.unchanged)), ("superseded", .int(load.superseded)),
            ("quarantined", .int(load.quarantined)), ("deleted", .int(load.deleted)),
            ("adjusted", .int(load.adjusted)),
        ])
    }

    private static func quarantine(_ group: ReportModel.QuarantineGroup) -> JSONText {
        .object([
            ("court", .optional(group.court)), ("batch", .string(group.batch)), ("table", .string(group.table)),
            ("reason", .string(group.reason)), ("reason_text", text(group.reasonText)), ("rows", .int(group.rows)),
        ])
    }

    private static func rule(_ rule: ReportModel.RuleStatistic) -> JSONText {
        .object([
            ("id", .string(rule.id)), ("title", .string(rule.title)), ("subject", .string(rule.subject)),
            ("severity", .string(rule.severity.rawValue)), ("builtin", .bool(rule.isBuiltIn)),
            ("rows_in_scope", .int(rule.rowsInScope)), ("applicable", .int(rule.applicable)),
            ("true", .int(rule.trueCount)), ("false", .int(rule.falseCount)),
            ("undecided", .int(rule.undecidedCount)), ("error", .int(rule.errorCount)),
            ("judged_nothing", .bool(rule.judgedNothing)), ("not_run", rule.notRun.map(text) ?? .null),
        ])
    }

    private static func finding(_ finding: ReportModel.FindingDetail) -> JSONText {
        .object([
            ("rule", .string(finding.rule)), ("severity", .string(finding.severity.rawValue)),
            ("table", .string(finding.table)), ("key", .string(finding.key)), ("row", .optional(finding.row)),
            ("court", .optional(finding.court)), ("message", .string(finding.message)),
            ("batch", .optional(finding.batch)), ("file", .optional(finding.file)),
            ("line", .optional(finding.line)),
        ])
    }

    private static func form(_ sheet: FormSheet) -> JSONText {
        var figures: [JSONText] = []
        for court in sheet.courts {
            for (row, cells) in zip(sheet.rows, court.cells) {
                for (column, cell) in zip(sheet.columns, cells) where cell != FigureTable.Cell() {
                    figures.append(
                        .object(
                            [
                                ("court", .string(court.court)), ("row", .string(row.code)),
                                ("column", .string(column.code)),
                            ] + member("value", cell.value) + member("own", cell.own)))
                }
            }
        }
        return .object([
            ("form", .string(sheet.form)), ("title", .string(sheet.title)), ("period", .string(sheet.period)),
            ("undecided_cases", .int(sheet.undecidedCases)),
            (
                "columns",
                .array(
                    sheet.columns.map {
                        .object([
                            ("code", .string($0.code)), ("title", .string($0.title)), ("unit", .optional($0.unit)),
                        ])
                    })
            ),
            ("rows", .array(sheet.rows.map { .object([("code", .string($0.code)), ("title", .string($0.title))]) })),
            ("figures", .array(figures)),
        ])
    }

    private static func formFinding(_ finding: FormFinding, side: String) -> JSONText {
        .object([
            ("rule", .string(finding.rule)), ("side", .string(side)), ("severity", .string(finding.severity.rawValue)),
            ("form", .string(finding.form)), ("court", .string(finding.court)), ("period", .string(finding.period)),
            ("row", .string(finding.row)), ("column", .string(finding.column)), ("expected", number(finding.expected)),
            ("actual", number(finding.actual)), ("difference", number(finding.difference)),
            ("message", text(finding.message)),
        ])
    }

    private static func mismatch(_ mismatch: FigureMismatch) -> JSONText {
        .object([
            ("kind", .string(mismatch.kind.rawValue)), ("form", .string(mismatch.form)),
            ("court", .string(mismatch.court)), ("period", .string(mismatch.period)), ("row", .string(mismatch.row)),
            ("column", .string(mismatch.column)), ("expected", number(mismatch.expected)),
            ("actual", number(mismatch.actual)), ("difference", number(mismatch.difference)),
            (
                "shares",
                .array(
                    mismatch.shares.map {
                        .object([("court", .string($0.court)), ("amount", number($0.amount))])
                    })
            ),
            ("remainder", number(mismatch.remainder)), ("message", text(mismatch.message)),
        ])
    }

    private static func diagnostic(_ diagnostic: Diagnostic) -> JSONText {
        .object([
            ("severity", .string(diagnostic.severity.rawValue)), ("code", .string(diagnostic.code)),
            ("message", text(diagnostic.message)), ("file", .optional(diagnostic.location?.file)),
            ("line", .optional(diagnostic.location?.line)), ("column", .optional(diagnostic.location?.column)),
            ("hint", diagnostic.hint.map(text) ?? .null),
        ])
    }
}
