import Diagnostics
public import FormEngine
import PostgresClient

/// What reports ask of the library.
extension StandardLibrary {
    /// In the order in which they were found.
    public func findings(run: String, limit: Int = .max) throws -> [FindingRecord] {
        try connection.execute(
            """
            SELECT rule, severity, table_name, key, row, court, message
            FROM sitong.finding WHERE run = $1 ORDER BY number LIMIT $2::bigint
            """, [run, String(limit)]
        ).map { row in
            FindingRecord(
                rule: text(row[0]), severity: severity(row[1]), table: text(row[2]), key: row[3],
                row: row[4].flatMap { Int($0) }, court: row[5], message: text(row[6]))
        }
    }

    /// By rule and court, complete also where findings were not all stored.
    public func findingCounts(run: String) throws -> [FindingCountRecord] {
        try connection.execute(
            "SELECT rule, court, count FROM sitong.finding_count WHERE run = $1 ORDER BY rule, court", [run]
        ).map { FindingCountRecord(rule: text($0[0]), court: text($0[1]), count: number($0[2])) }
    }

    /// In the order of the definitions.
    public func ruleStatistics(run: String, kind: ResultKind) throws -> [RuleStatisticRecord] {
        try connection.execute(
            """
            SELECT rule, title, subject, severity, builtin, rows_in_scope, applicable, true_count, false_count,
                   undecided_count, error_count, stored, truncated, not_run
            FROM sitong.rule_stat WHERE run = $1 AND kind = $2 ORDER BY number
            """, [run, kind.rawValue]
        ).map { row in
            RuleStatisticRecord(
                rule: text(row[0]), title: text(row[1]), subject: text(row[2]), severity: severity(row[3]),
                isBuiltIn: row[4] == "t", rowsInScope: number(row[5]), applicable: number(row[6]),
                trueCount: number(row[7]), falseCount: number(row[8]), undecidedCount: number(row[9]),
                errorCount: number(row[10]), stored: number(row[11]), isTruncated: row[12] == "t", notRun: row[13])
        }
    }

    /// By form, court, period, row and column.
    public func figures(run: String, source: String? = nil) throws -> [FigureRecord] {
        try connection.execute(
            """
            SELECT form, court, period, row_code, column_code, value, own, source
            FROM sitong.figure WHERE run = $1 AND ($2::text IS NULL OR source = $2)
            ORDER BY form, court, period, row_code, column_code, source
            """, [run, source]
        ).map { row in
            FigureRecord(
                form: text(row[0]), court: text(row[1]), period: text(row[2]), row: text(row[3]), column: text(row[4]),
                value: row[5], own: row[6], source: text(row[7]))
        }
    }

    /// The figures of a period as the latest run kept them.
    public func latestFigures(period: String, source: String) throws -> [FigureRecord] {
        guard let run = try latestRun(withFigures: source, period: period) else { return [] }
        return try figures(run: run, source: source).filter { $0.period == period }
    }

    /// The run that began last of those which kept figures, nil when there are none; figures of no run count as the latest.
    ///
    /// - Parameter period: nil for any.
    public func latestRun(withFigures source: String, period: String?) throws -> String? {
        let found = try connection.execute(
            """
            SELECT f.run
            FROM (SELECT DISTINCT run FROM sitong.figure WHERE source = $1 AND ($2::text IS NULL OR period = $2)) f
            LEFT JOIN sitong.run r ON r.run = f.run ORDER BY r.started_at DESC NULLS FIRST, f.run DESC LIMIT 1
            """, [source, period])
        return found.first?.first ?? nil
    }

    /// Cases that forms could not decide, of each court alone; by form, period and court.
    public func undecided(run: String) throws -> [FormComputation.Undecided] {
        try requireLedger()
        return try connection.execute(
            "SELECT form, period, court, cases FROM sitong.undecided WHERE run = $1 ORDER BY form, period, court", [run]
        ).map { row in
            FormComputation.Undecided(
                form: text(row[0]), period: text(row[1]), court: text(row[2]), cases: number(row[3]))
        }
    }

    /// One sheet as every run kept it, source by source: the runs in the order in which they began, what was kept
    /// outside of a run last.
    public func figureHistory(
        form: String, court: String, period: String
    ) throws -> [(run: String, startedAt: String?, source: String, figures: [FigureRecord])] {
        var history: [(run: String, startedAt: String?, source: String, figures: [FigureRecord])] = []
        let rows = try connection.execute(
            """
            SELECT f.run, to_char(r.started_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS'), f.source,
                   f.row_code, f.column_code, f.value, f.own
            FROM sitong.figure f LEFT JOIN sitong.run r ON r.run = f.run
            WHERE f.form = $1 AND f.court = $2 AND f.period = $3
            ORDER BY r.started_at NULLS LAST, f.run, f.source, f.row_code, f.column_code
            """, [form, court, period])
        for row in rows {
            let figure = FigureRecord(
                form: form, court: court, period: period, row: text(row[3]), column: text(row[4]), value: row[5],
                own: row[6], source: text(row[2]))
            if let last = history.last, last.run == text(row[0]), last.source == figure.source {
                history[history.count - 1].figures.append(figure)
            } else {
                history.append((text(row[0]), row[1], figure.source, [figure]))
            }
        }
        return history
    }

    /// In the order in which they were found.
    public func mismatches(run: String) throws -> [MismatchRecord] {
        try connection.execute(
            """
            SELECT rule, severity, form, court, period, row_code, column_code, expected, actual, difference, message, side
            FROM sitong.mismatch WHERE run = $1 ORDER BY number
            """, [run]
        ).map { row in
            MismatchRecord(
                rule: text(row[0]), severity: severity(row[1]), form: text(row[2]), court: row[3], period: row[4],
                row: row[5], column: row[6], expected: row[7], actual: row[8], difference: row[9],
                message: text(row[10]),
                side: MismatchRecord.Side(rawValue: text(row[11])) ?? .both)
        }
    }

    /// What was loaded, batch by batch in their order and table by table; of one run, or of all.
    public func loads(run: String? = nil) throws -> [LoadRecord] {
        try connection.execute(
            """
            SELECT b.batch, b.number, b.source, b.court, p.table_name, sum(p.rows_in), sum(p.inserted), sum(p.updated),
                   sum(p.unchanged), sum(p.superseded), sum(p.quarantined), sum(p.deleted), sum(p.adjusted)
            FROM sitong.batch b JOIN sitong.load_part p ON p.batch = b.batch
            WHERE $1::text IS NULL OR b.run = $1
            GROUP BY b.batch, p.table_name
            ORDER BY b.number, p.table_name
            """, [run]
        ).map { row in
            var counts = RowCounts()
            counts.rowsIn = number(row[5])
            counts.inserted = number(row[6])
            counts.updated = number(row[7])
            counts.unchanged = number(row[8])
            counts.superseded = number(row[9])
            counts.quarantined = number(row[10])
            counts.deleted = number(row[11])
            counts.adjusted = number(row[12])
            return LoadRecord(
                batch: text(row[0]), number: number(row[1]), source: text(row[2]), court: row[3], table: text(row[4]),
                counts: counts)
        }
    }

    /// Rows that wait in quarantine by batch, table and reason; of one run, or of all.
    public func quarantineGroups(run: String? = nil) throws -> [QuarantineGroupRecord] {
        try connection.execute(
            """
            SELECT q.batch, b.court, q.table_name, q.reason, q.message_en, q.message_zh, count(*)
            FROM sitong.quarantine q JOIN sitong.batch b ON b.batch = q.batch
            WHERE q.state = 'open' AND ($1::text IS NULL OR b.run = $1)
            GROUP BY q.batch, b.court, q.table_name, q.reason, q.message_en, q.message_zh
            ORDER BY q.batch, q.table_name, q.reason, q.message_en
            """, [run]
        ).map { row in
            QuarantineGroupRecord(
                batch: text(row[0]), court: row[1], table: text(row[2]), reason: text(row[3]),
                message: LocalizedText(en: text(row[4]), zh: text(row[5])), rows: number(row[6]))
        }
    }

    /// Rows that wait in quarantine, with their bytes, in the order of the batch's parts.
    ///
    /// - Parameters:
    ///   - reason: as `QuarantineRecord.reason` has it, or what it begins with: `type.anjian`.
    ///   - court: of the batch.
    ///   - after: only rows behind this one in that order, for reading them piece by piece.
    public func quarantine(
        batch: String? = nil, reason: String? = nil, court: String? = nil, after last: QuarantineRecord? = nil,
        limit: Int = 1000
    ) throws -> [QuarantineRecord] {
        try connection.execute(
            """
            SELECT q.batch, part, row, line, table_name, column_name, q.reason, message_en, message_zh, raw, id
            FROM sitong.quarantine q JOIN sitong.batch b ON b.batch = q.batch
            WHERE q.state = 'open' AND ($1::text IS NULL OR q.batch = $1)
              AND ($2::text IS NULL OR q.reason = $2 OR starts_with(q.reason, $2 || '.'))
              AND ($3::text IS NULL OR b.court = $3)
              AND ($4::text IS NULL OR (q.batch, part, row) > ($4, $5, $6::bigint))
            ORDER BY q.batch, part, row LIMIT $7::bigint
            """, [batch, reason, court, last?.batch, last?.part, last.map { String($0.row) }, String(limit)]
        ).map { row in
            QuarantineRecord(
                id: number(row[10]), batch: text(row[0]), part: text(row[1]), row: number(row[2]),
                line: row[3].flatMap { Int($0) }, table: text(row[4]), column: row[5], reason: text(row[6]),
                message: LocalizedText(en: text(row[7]), zh: text(row[8])), raw: bytes(row[9]))
        }
    }

    /// How far a source was read for a table, as its last loaded batch says; nil when none was.
    public func watermark(source: String, table: String) throws -> String? {
        try connection.execute(
            "SELECT value FROM sitong.watermark WHERE source = $1 AND table_name = $2", [source, table]
        ).first?.first ?? nil
    }

    private func text(_ value: String?) -> String { value ?? "" }
    private func number(_ value: String?) -> Int { value.flatMap { Int($0) } ?? 0 }
    private func severity(_ value: String?) -> Severity { value.flatMap(Severity.init(rawValue:)) ?? .error }

    /// `\x00ff`.
    func bytes(_ value: String?) -> [UInt8] {
        let digits = Array((value ?? "").utf8.dropFirst(2))
        return stride(from: 0, to: digits.count - 1, by: 2).map { index in
            digits[index...index + 1].reduce(0) { $0 << 4 | ($1 < 58 ? $1 &- 48 : $1 &- 87) }
        }
    }
}
