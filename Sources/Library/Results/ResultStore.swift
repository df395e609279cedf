import Diagnostics
public import FormEngine
import PostgresClient

/// Keeping the results of a run: each call replaces what the same run kept before, in one transaction, so that a step
/// that is repeated leaves the same rows.
extension StandardLibrary {
    public func store(
        findings: some Sequence<FindingRecord>, counts: some Sequence<FindingCountRecord>,
        statistics: some Sequence<RuleStatisticRecord>, run: String
    ) throws {
        try requireLedger()
        try connection.withTransaction {
            try clear(["finding", "finding_count"], run: run)
            var number: Int64 = 0
            try connection.copyRows(findings, into: "sitong.finding") { finding, buffer in
                number += 1
                CopyText.append(run, to: &buffer)
                CopyText.append(number, to: &buffer)
                CopyText.append(finding.rule, to: &buffer)
                CopyText.append(finding.severity.rawValue, to: &buffer)
                CopyText.append(finding.table, to: &buffer)
                CopyText.append(finding.key, to: &buffer)
                CopyText.append(finding.row.map { String($0) }, to: &buffer)
                CopyText.append(finding.court, to: &buffer)
                CopyText.append(finding.message, to: &buffer)
            }
            try connection.copyRows(counts, into: "sitong.finding_count") { count, buffer in
                CopyText.append(run, to: &buffer)
                CopyText.append(count.rule, to: &buffer)
                CopyText.append(count.court, to: &buffer)
                CopyText.append(Int64(count.count), to: &buffer)
            }
            try replaceStatistics(statistics, kind: .rows, run: run)
            faultPoint("library.beforeFindingsCommit")
        }
        faultPoint("library.afterFindingsCommit")
    }

    public func store(
        mismatches: some Sequence<MismatchRecord>, statistics: some Sequence<RuleStatisticRecord>, run: String
    ) throws {
        try requireLedger()
        try connection.withTransaction {
            try clear(["mismatch"], run: run)
            var number: Int64 = 0
            try connection.copyRows(mismatches, into: "sitong.mismatch") { mismatch, buffer in
                number += 1
                CopyText.append(run, to: &buffer)
                CopyText.append(number, to: &buffer)
                CopyText.append(mismatch.rule, to: &buffer)
                CopyText.append(mismatch.severity.rawValue, to: &buffer)
                for text in [
                    mismatch.form, mismatch.court, mismatch.period, mismatch.row, mismatch.column, mismatch.expected,
                    mismatch.actual, mismatch.difference, mismatch.message, mismatch.side.rawValue,
                ] { CopyText.append(text, to: &buffer) }
            }
            try replaceStatistics(statistics, kind: .forms, run: run)
            faultPoint("library.beforeMismatchesCommit")
        }
        faultPoint("library.afterMismatchesCommit")
    }

    /// Replaces the run's figures of one source (`computed`, `submitted`, `published`).
    public func store(figures: some Sequence<FigureRecord>, source: String, run: String) throws {
        try store(figures, source: source, run: run) {
            try connection.execute("DELETE FROM sitong.figure WHERE run = $1 AND source = $2", [run, source])
        }
    }

    /// Replaces what the run has of these sheets (form, court, period) from one source, and leaves its others alone:
    /// courts submit one after the other.
    public func store(sheets figures: some Collection<FigureRecord>, source: String, run: String) throws {
        try store(figures, source: source, run: run) {
            for sheet in Set(figures.lazy.map { [$0.form, $0.court, $0.period] }) {
                try connection.execute(
                    """
                    DELETE FROM sitong.figure
                    WHERE run = $1 AND source = $2 AND form = $3 AND court = $4 AND period = $5
                    """, [run, source] + sheet)
            }
        }
    }

    private func store(
        _ figures: some Sequence<FigureRecord>, source: String, run: String, clear: () throws -> Void
    ) throws {
        try requireLedger()
        try connection.withTransaction {
            try clear()
            try connection.copyRows(figures, into: "sitong.figure") { figure, buffer in
                for text in [
                    run, figure.form, figure.court, figure.period, figure.row, figure.column, figure.value, figure.own,
                    source,
                ] { CopyText.append(text, to: &buffer) }
            }
            faultPoint("library.beforeFiguresCommit")
        }
        faultPoint("library.afterFiguresCommit")
    }

    /// Replaces the run's counts of cases that forms could not decide.
    public func store(undecided: some Sequence<FormComputation.Undecided>, run: String) throws {
        try requireLedger()
        try connection.withTransaction {
            try clear(["undecided"], run: run)
            try connection.copyRows(undecided, into: "sitong.undecided") { item, buffer in
                for text in [run, item.form, item.court, item.period, String(item.cases)] {
                    CopyText.append(text, to: &buffer)
                }
            }
        }
    }

    private func clear(_ tables: [String], run: String) throws {
        for table in tables { try connection.execute("DELETE FROM sitong.\(table) WHERE run = $1", [run]) }
    }

    private func replaceStatistics(
        _ statistics: some Sequence<RuleStatisticRecord>, kind: ResultKind, run: String
    ) throws {
        try connection.execute(
            "DELETE FROM sitong.rule_stat WHERE run = $1 AND kind = $2", [run, kind.rawValue])
        var number: Int64 = 0
        try connection.copyRows(statistics, into: "sitong.rule_stat") { rule, buffer in
            number += 1
            CopyText.append(run, to: &buffer)
            CopyText.append(kind.rawValue, to: &buffer)
            CopyText.append(number, to: &buffer)
            for text in [rule.rule, rule.title, rule.subject, rule.severity.rawValue] {
                CopyText.append(text, to: &buffer)
            }
            CopyText.append(rule.isBuiltIn ? "t" : "f", to: &buffer)
            for count in [
                rule.rowsInScope, rule.applicable, rule.trueCount, rule.falseCount, rule.undecidedCount,
                rule.errorCount, rule.stored,
            ] { CopyText.append(Int64(count), to: &buffer) }
            CopyText.append(rule.isTruncated ? "t" : "f", to: &buffer)
            CopyText.append(rule.notRun, to: &buffer)
        }
    }
}
