import Batches
import Columnar
import CourtModel
import Definitions
import Diagnostics
import FormEngine
import Foundation
import Library
import Pipelines
import Reconciliation
import Reporting
import Schema

/// Gathers what the library and the journal know of a run into a `ReportModel`; computes nothing.
struct ReportBuilder {
    let library: StandardLibrary
    let schema: StandardSchema
    let period: StatisticalPeriod?
    let run: String
    let work: String

    func model() throws -> ReportModel {
        let findings = try library.findings(run: run)
        let mismatches = try library.mismatches(run: run)
        let figures = try library.figureTable(run: run, source: "computed", forms: schema.forms)
        let loads = try library.loads(run: run)
        let periods = period.map { [$0.label] } ?? figures.periods
        let spokenOf = Set(
            loads.compactMap(\.court) + findings.compactMap(\.court)
                + schema.forms.indices.flatMap { form in periods.flatMap { figures.courts(form: form, period: $0) } })
        let jurisdictions = try schema.jurisdictions(of: spokenOf, named: [])
        let courts = jurisdictions.courts + spokenOf.filter { !jurisdictions.contains($0) }.sorted()
        let counts = try library.findingCounts(run: run)
        let undecided = try library.undecided(run: run)
        return ReportModel(
            title: LocalizedText(en: "Court statistics: data quality and differences", zh: "司法统计数据质量与差异报告"),
            period: period?.label,
            periodDays: period.map { ($0.firstDay.description, $0.lastDay.description) }, run: run,
            generatedAt: Self.now,
            schemaIdentity: "sha256:\(schema.batchFingerprint.prefix(12))",
            courts: courts.map { code in
                let name = name(of: code)
                return ReportModel.CourtName(
                    code: code, name: name ?? code, parent: jurisdictions.parent(of: code), isListed: name != nil)
            },
            steps: steps(), loads: loads.map(load), quarantine: try quarantine(),
            ruleStatistics: try statistics(),
            findingCounts: counts.map {
                ReportModel.FindingCount(rule: $0.rule, court: $0.court.isEmpty ? nil : $0.court, count: $0.count)
            },
            findings: findings.map(detail),
            forms: schema.forms.flatMap { form in
                periods.compactMap { period in
                    FormSheet(
                        form, in: figures, period: period, courts: courts,
                        undecidedCases: undecided.reduce(0) {
                            $1.form == form.name && $1.period == period ? $0 + $1.cases : $0
                        })
                }.filter {
                    !$0.courts.isEmpty
                }
            },
            formFindings: mismatches.filter { $0.side == .computed }.map(formFinding),
            submittedFindings: mismatches.filter { $0.side == .submitted }.map(formFinding),
            mismatches: mismatches.compactMap(mismatch), diagnostics: try completeness())
    }

    /// What the run's batches lack.
    private func completeness() throws -> [Diagnostic] {
        try library.completeness(run: run).flatMap { batch, table in
            table.lines.map { line in
                Diagnostic(
                    .notice, code: "completeness", LocalizedText(en: "\(batch): \(line.en)", zh: "\(batch)：\(line.zh)"))
            }
        }
    }

    /// In Asia/Shanghai.
    private static var now: String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 8 * 3600)
        formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
        return formatter.string(from: Date())
    }

    private func name(of court: String) -> String? {
        guard let list = schema.hierarchies["court"].flatMap({ schema.codelist($0.codelist) }),
            let attribute = list.nameIndex,
            let entry = list.entries.first(where: { $0.code == court }), attribute < entry.values.count
        else { return nil }
        return entry.values[attribute] ?? court
    }

    private func title(of table: String) -> String { schema.table(table)?.title ?? table }

    // MARK: From the journal

    private static let stepTitles: [String: LocalizedText] = [
        "extract": LocalizedText(en: "extract", zh: "抽取"), "transfer": LocalizedText(en: "transfer", zh: "传输"),
        "receive": LocalizedText(en: "receive", zh: "接收"), "load": LocalizedText(en: "load", zh: "入库"),
        "qc": LocalizedText(en: "check rows", zh: "质检"), "forms": LocalizedText(en: "count forms", zh: "报表"),
        "check": LocalizedText(en: "reconcile forms", zh: "核对"), "report": LocalizedText(en: "report", zh: "报告"),
    ]

    private func steps() -> [ReportModel.Step] {
        let folder = PipelineRunner.folder(of: run, work: work)
        let ended = RunJournal.read(folder: folder).filter { $0.event == .stepFinished }
        return ended.compactMap { entry in
            guard let id = entry.step else { return nil }
            let rows = StepRows(file: "\(folder)/\(id).json")
            return ReportModel.Step(
                id: id, title: Self.stepTitles[id] ?? LocalizedText(id), rowsIn: rows.rowsIn, rowsOut: rows.rowsOut,
                unitIn: rows.unitIn, unitOut: rows.unitOut, seconds: entry.seconds,
                status: entry.status.flatMap(ExitStatus.init(rawValue:)) ?? .ok)
        }
    }

    // MARK: From the library

    private func load(_ record: LoadRecord) -> ReportModel.Load {
        let counts = record.counts
        return ReportModel.Load(
            court: record.court, batch: record.batch, table: record.table, tableTitle: title(of: record.table),
            rowsIn: counts.rowsIn, inserted: counts.inserted, updated: counts.updated, unchanged: counts.unchanged,
            superseded: counts.superseded, quarantined: counts.quarantined, deleted: counts.deleted,
            adjusted: counts.adjusted)
    }

    private func quarantine() throws -> [ReportModel.QuarantineGroup] {
        try library.quarantineGroups(run: run).map { group in
            ReportModel.QuarantineGroup(
                court: group.court, batch: group.batch, table: group.table, tableTitle: title(of: group.table),
                reason: group.reason, reasonText: group.message, rows: group.rows)
        }
    }

    private func statistics() throws -> [ReportModel.RuleStatistic] {
        try ResultKind.allCases.flatMap { kind in
            try library.ruleStatistics(run: run, kind: kind).map { record in
                ReportModel.RuleStatistic(
                    id: record.rule, title: record.title,
                    subject: kind == .rows
                        ? title(of: record.subject) : schema.form(record.subject)?.title ?? record.subject,
                    severity: record.severity, isBuiltIn: record.isBuiltIn, rowsInScope: record.rowsInScope,
                    applicable: record.applicable, trueCount: record.trueCount, falseCount: record.falseCount,
                    undecidedCount: record.undecidedCount, errorCount: record.errorCount,
                    notRun: record.notRun.map { LocalizedText($0) })
            }
        }
    }

    private func detail(_ record: FindingRecord) -> ReportModel.FindingDetail {
        ReportModel.FindingDetail(
            rule: record.rule, severity: record.severity, table: record.table, tableTitle: title(of: record.table),
            court: record.court, key: record.key ?? "", row: record.row, message: record.message)
    }

    private func formFinding(_ record: MismatchRecord) -> FormFinding {
        FormFinding(
            rule: record.rule, severity: record.severity, form: record.form, court: record.court ?? "",
            period: record.period ?? "", row: record.row ?? "", column: record.column ?? "",
            expected: record.expected.flatMap { ExactDecimal($0) }, actual: record.actual.flatMap { ExactDecimal($0) },
            difference: record.difference.flatMap { ExactDecimal($0) },
            message: LocalizedText(record.message))
    }

    private func mismatch(_ record: MismatchRecord) -> FigureMismatch? {
        guard record.rule.hasPrefix(SubmittedRule.prefix),
            let kind = FigureMismatch.Kind(rawValue: String(record.rule.dropFirst(SubmittedRule.prefix.count))),
            let difference = record.difference.flatMap({ ExactDecimal($0) })
        else { return nil }
        return FigureMismatch(
            kind: kind, form: record.form, court: record.court ?? "", period: record.period ?? "",
            row: record.row ?? "",
            column: record.column ?? "", expected: record.expected.flatMap { ExactDecimal($0) },
            actual: record.actual.flatMap { ExactDecimal($0) }, difference: difference,
            message: LocalizedText(record.message))
    }
}

/// Rows through a step, from the object that it printed.
struct StepRows {
    private(set) var rowsIn: Int?
    private(set) var rowsOut: Int?
    /// Nil for rows.
    private(set) var unitIn: LocalizedText?
    private(set) var unitOut: LocalizedText?

    private struct Result: Decodable {
        struct Counts: Decodable {
            var rowsIn: Int
            var inserted: Int
            var updated: Int
            var unchanged: Int
        }

        struct Table: Decodable { var rows: Int }

        var format: String
        var rows: Int?
        var total: Counts?
        var tables: [Table]?
        var findings: Int?
        var cases: Int?
        var figures: Int?
        var compared: Int?
        var mismatches: Int?
        var filesSent: Int?
        var filesAlreadyThere: Int?
        var accepted: [String]?
        var before: [String]?
    }

    init(file: String) {
        guard let bytes = FileManager.default.contents(atPath: file),
            let result = try? JSONDecoder().decode(Result.self, from: bytes)
        else { return }
        switch result.format {
        case "sitong.extract/1": rowsOut = result.rows
        case "sitong.transfer/1":
            rowsOut = (result.filesSent ?? 0) + (result.filesAlreadyThere ?? 0)
            unitOut = LocalizedText(en: "files", zh: "个文件")
        case "sitong.receive/1":
            rowsOut = (result.accepted?.count ?? 0) + (result.before?.count ?? 0)
            unitOut = LocalizedText(en: "batches", zh: "个批次")
        case "sitong.load/1":
            rowsIn = result.total?.rowsIn
            rowsOut = result.total.map { $0.inserted + $0.updated + $0.unchanged }
        case "sitong.qc/1":
            rowsIn = result.tables?.reduce(0) { $0 + $1.rows }
            rowsOut = result.findings
            unitOut = LocalizedText(en: "findings", zh: "个问题")
        case "sitong.forms/1":
            (rowsIn, rowsOut) = (result.cases, result.figures)
            (unitIn, unitOut) = (LocalizedText(en: "cases", zh: "件"), LocalizedText(en: "figures", zh: "个数字"))
        case "sitong.reconcile-forms/1":
            (rowsIn, rowsOut) = (result.compared, result.mismatches)
            (unitIn, unitOut) = (LocalizedText(en: "cells", zh: "格"), LocalizedText(en: "differ", zh: "格不符"))
        default: break
        }
    }
}
