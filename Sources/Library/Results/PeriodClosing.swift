public import Diagnostics
import Foundation
import PostgresClient
import SQLGeneration
public import Schema

/// 关账: the figures of a period, and the cases behind them, as they were at one moment.
public struct PeriodClosing: Sendable, Hashable {
    /// Its number in the library; a period that is reopened and closed again has several.
    public var closing: Int
    public var period: String
    /// `YYYY-MM-DD HH:MM:SS`, in Asia/Shanghai.
    public var closedAt: String
    /// The number of the batch that was loaded last then, 0 when none was.
    public var lastBatch: Int
    public var reason: String?
    /// Nil while it is closed.
    public var reopenedAt: String?
    public var reopenReason: String?

    public var isOpenAgain: Bool { reopenedAt != nil }
}

/// A case that some cells of a form count.
public struct CountedCase: Sendable, Hashable {
    public var form: String
    /// The values of its table's key.
    public var key: [String]
    public var court: String
    /// `row,column` by their codes.
    public var cells: [String]

    public init(form: String, key: [String], court: String, cells: [String]) {
        self.form = form
        self.key = key
        self.court = court
        self.cells = cells
    }
}

/// What was counted for a period: its figures, and its cases one after the other.
public struct CountedPeriod {
    public var figures: any Sequence<FigureRecord>
    public var forEachCase: ((CountedCase) throws -> Void) throws -> Void

    public init(
        figures: any Sequence<FigureRecord>, forEachCase: @escaping ((CountedCase) throws -> Void) throws -> Void
    ) {
        self.figures = figures
        self.forEachCase = forEachCase
    }
}

extension StandardLibrary {
    /// Every closing of every period, or of one, in their order.
    public func closings(of period: String? = nil) throws -> [PeriodClosing] {
        try requireLedger()
        func text(_ column: String) -> String {
            "to_char(\(column) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS')"
        }
        return try connection.execute(
            """
            SELECT closing, period, \(text("closed_at")), last_batch, reason, \(text("reopened_at")), reopen_reason
            FROM sitong.period_closing WHERE $1::text IS NULL OR period = $1 ORDER BY closing
            """, [period]
        ).map { row in
            PeriodClosing(
                closing: row[0].flatMap { Int($0) } ?? 0, period: row[1] ?? "", closedAt: row[2] ?? "",
                lastBatch: row[3].flatMap { Int($0) } ?? 0, reason: row[4], reopenedAt: row[5], reopenReason: row[6])
        }
    }

    /// The closing by which a period is closed; nil while it is open.
    public func closing(of period: String) throws -> PeriodClosing? {
        try closings(of: period).last { !$0.isOpenAgain }
    }

    /// - Throws: `OperationError` 73 when the period is closed: its figures cannot be made anew.
    public func requireOpen(_ period: String) throws {
        if let closing = try closing(of: period) { throw OperationError.periodClosed(closing) }
    }

    /// Closes a period: keeps what `count` counts in a state of the library that no loader changes meanwhile.
    ///
    /// - Throws: `OperationError` 73 when it is closed already, 75 when another process changes the library.
    public func close(
        period: String, reason: String?, count: (LibrarySnapshot) throws -> CountedPeriod
    ) throws -> PeriodClosing {
        try requireLedger()
        try withLockedTransaction {
            try requireOpen(period)
            let snapshot = try LibrarySnapshot(conninfo)
            let number = try connection.execute("SELECT coalesce(max(closing), 0) + 1 FROM sitong.period_closing")
            let closing = (number.first?.first ?? nil) ?? "1"
            try connection.execute(
                """
                INSERT INTO sitong.period_closing (closing, period, last_batch, reason)
                VALUES ($1::bigint, $2, $3::bigint, $4)
                """, [closing, period, String(snapshot.lastBatch), reason])
            let counted = try count(snapshot)
            try keep(counted, figures: "sitong.closed_figure", cases: "sitong.closed_case", closing: closing)
            faultPoint("period.beforeCloseCommit")
        }
        faultPoint("period.afterCloseCommit")
        guard let closing = try closing(of: period) else { throw OperationError.periodNotClosed(period) }
        return closing
    }

    /// Opens a closed period again; what was kept stays in the library.
    ///
    /// - Throws: `OperationError` 66 when it is not closed, 75 when another process changes the library.
    public func reopen(period: String, reason: String) throws -> PeriodClosing {
        try requireLedger()
        return try withLockedTransaction {
            guard let closing = try closing(of: period) else { throw OperationError.periodNotClosed(period) }
            try connection.execute(
                """
                UPDATE sitong.period_closing SET reopened_at = now(), reopen_reason = $2 WHERE closing = $1::bigint
                """, [String(closing.closing), reason])
            faultPoint("period.beforeReopenCommit")
            return try closings(of: period).last ?? closing
        }
    }

    /// The figures that a closing kept, by form, court, row and column.
    public func figures(of closing: PeriodClosing, source: String) throws -> [FigureRecord] {
        try connection.execute(
            """
            SELECT form, court, row_code, column_code, value, own FROM sitong.closed_figure WHERE closing = $1::bigint
            ORDER BY form, court, row_code, column_code
            """, [String(closing.closing)]
        ).map { row in
            FigureRecord(
                form: row[0] ?? "", court: row[1] ?? "", period: closing.period, row: row[2] ?? "",
                column: row[3] ?? "", value: row[4], own: row[5], source: source)
        }
    }

    /// The cases of a form that a closing kept, with the cells that counted them.
    public func cases(of closing: PeriodClosing, form: String) throws -> [CountedCase] {
        func texts(_ json: String?) throws -> [String] {
            try JSONDecoder().decode([String].self, from: Data((json ?? "[]").utf8))
        }
        return try connection.execute(
            """
            SELECT to_json(key), court, to_json(cells) FROM sitong.closed_case WHERE closing = $1::bigint AND form = $2
            ORDER BY key
            """, [String(closing.closing), form]
        ).map { row in
            CountedCase(form: form, key: try texts(row[0]), court: row[1] ?? "", cells: try texts(row[2]))
        }
    }

    /// The court of a case as it is now, empty where it has none; nil when the library has no such case.
    ///
    /// - Parameter table: one whose court is a column of its own.
    public func court(ofCase key: [String], in table: TableDefinition) throws -> String? {
        guard key.count == table.key.count, let court = table.courtPath.flatMap({ table.column($0)?.name }) else {
            return nil
        }
        let conditions = table.key.enumerated().map { "\(SQLIdentifier($1))::text = $\($0 + 1)" }
        let found = try connection.execute(
            """
            SELECT \(SQLIdentifier(court))::text FROM \(SQLIdentifier(table.name, in: "public"))
            WHERE \(conditions.joined(separator: " AND "))
            """, key)
        return found.first.map { $0[0] ?? "" }
    }

    private func keep(_ counted: CountedPeriod, figures: String, cases: String, closing: String) throws {
        try keep(counted.figures, in: figures, closing)
        let copy = try CopyRows(connection, into: cases)
        try counted.forEachCase { one in
            try copy.write { buffer in
                CopyText.append(closing, to: &buffer)
                CopyText.append(one.form, to: &buffer)
                CopyText.append(array: one.key, to: &buffer)
                CopyText.append(one.court, to: &buffer)
                CopyText.append(array: one.cells, to: &buffer)
            }
        }
        _ = try copy.finish()
    }

    private func keep(_ figures: some Sequence<FigureRecord>, in table: String, _ closing: String) throws {
        try connection.copyRows(figures, into: table) { figure, buffer in
            for text in [closing, figure.form, figure.court, figure.row, figure.column, figure.value, figure.own] {
                CopyText.append(text, to: &buffer)
            }
        }
    }
}

// MARK: - What came late

/// How a closed period would look today.
public struct PeriodDrift: Sendable, Hashable {
    /// A figure that is another now.
    public struct Figure: Sendable, Hashable {
        public var form: String
        public var court: String
        public var row: String
        public var column: String
        /// Plain decimal text; nil is blank, or not there.
        public var closed: String?
        public var now: String?
        /// now − closed, blank counted as 0.
        public var difference: String
    }

    /// A case that other cells count now.
    public struct Case: Sendable, Hashable {
        public var form: String
        public var key: [String]
        public var court: String
        /// `row,column` of cells that counted it, or count it, alone.
        public var left: [String]
        public var entered: [String]
    }

    /// All of them, and the first so many.
    public var figureCount: Int
    public var figures: [Figure]
    public var caseCount: Int
    public var cases: [Case]
}

extension StandardLibrary {
    /// Compares what a closing kept with what `counted` says now.
    ///
    /// - Parameter limit: figures and cases that are named; all are counted.
    public func drift(since closing: PeriodClosing, counted: CountedPeriod, limit: Int) throws -> PeriodDrift {
        try connection.withTransaction {
            try connection.execute(
                """
                CREATE TEMP TABLE now_figure (LIKE sitong.closed_figure) ON COMMIT DROP;
                CREATE TEMP TABLE now_case (LIKE sitong.closed_case) ON COMMIT DROP
                """)
            let number = String(closing.closing)
            try keep(counted, figures: "pg_temp.now_figure", cases: "pg_temp.now_case", closing: number)
            try connection.execute("ANALYZE pg_temp.now_figure; ANALYZE pg_temp.now_case")
            let figures = """
                FROM (SELECT * FROM sitong.closed_figure WHERE closing = $1::bigint) was
                FULL JOIN pg_temp.now_figure now USING (form, court, row_code, column_code)
                WHERE was.value IS DISTINCT FROM now.value
                """
            let cases = """
                FROM (SELECT * FROM sitong.closed_case WHERE closing = $1::bigint) was
                FULL JOIN pg_temp.now_case now USING (form, key)
                WHERE was.cells IS DISTINCT FROM now.cells
                """
            func count(_ tables: String) throws -> Int {
                let rows = try connection.execute("SELECT count(*) \(tables)", [number])
                return (rows.first?.first ?? nil).flatMap { Int($0) } ?? 0
            }
            var drift = PeriodDrift(
                figureCount: try count(figures), figures: [], caseCount: try count(cases), cases: [])
            drift.figures = try connection.execute(
                """
                SELECT form, court, row_code, column_code, was.value, now.value,
                       coalesce(now.value, 0) - coalesce(was.value, 0)
                \(figures) ORDER BY form, court, row_code, column_code LIMIT $2::bigint
                """, [number, String(limit)]
            ).map { row in
                PeriodDrift.Figure(
                    form: row[0] ?? "", court: row[1] ?? "", row: row[2] ?? "", column: row[3] ?? "", closed: row[4],
                    now: row[5], difference: row[6] ?? "0")
            }
            // Arrays come as several rows: texts are never taken out of one another.
            let found = try connection.execute(
                """
                WITH found AS (
                    SELECT form, key, coalesce(now.court, was.court) AS court, coalesce(was.cells, '{}') AS before,
                           coalesce(now.cells, '{}') AS after
                    \(cases) ORDER BY form, key LIMIT $2::bigint
                ), numbered AS (SELECT row_number() OVER (ORDER BY form, key) AS number, * FROM found)
                SELECT number, 'key', form, court, part, place FROM numbered, unnest(key) WITH ORDINALITY k(part, place)
                UNION ALL
                SELECT number, CASE WHEN part = ANY (before) THEN 'left' ELSE 'entered' END, form, court, part, place
                FROM numbered, unnest(before || after) WITH ORDINALITY c(part, place)
                WHERE (part = ANY (before)) <> (part = ANY (after))
                ORDER BY 1, 6
                """, [number, String(limit)])
            for row in found {
                guard let place = row[0].flatMap({ Int($0) }), let part = row[4] else { continue }
                if drift.cases.count < place {
                    drift.cases.append(
                        .init(form: row[2] ?? "", key: [], court: row[3] ?? "", left: [], entered: []))
                }
                switch row[1] {
                case "key": drift.cases[place - 1].key.append(part)
                case "left": drift.cases[place - 1].left.append(part)
                default: drift.cases[place - 1].entered.append(part)
                }
            }
            return drift
        }
    }
}

extension OperationError {
    static func periodClosed(_ closing: PeriodClosing) -> OperationError {
        OperationError(
            .cannotCreate, code: "period-closed",
            LocalizedText(
                en: "period \(closing.period) was closed at \(closing.closedAt); its figures are not made anew",
                zh: "统计周期 \(closing.period) 已于 \(closing.closedAt) 关账，不再重新计算"),
            hint: LocalizedText(
                en:
                    "`sitong library period show \(closing.period)` tells what came late; `library period reopen \(closing.period) --reason …` opens it again",
                zh:
                    "用 sitong library period show \(closing.period) 查看迟到数据的影响；用 library period reopen \(closing.period) --reason … 重新打开"
            ))
    }

    public static func periodNotClosed(_ period: String) -> OperationError {
        OperationError(
            .noInput, code: "period-not-closed",
            LocalizedText(en: "period \(period) is not closed", zh: "统计周期 \(period) 尚未关账"),
            hint: LocalizedText(
                en: "`sitong library period list` names those that are", zh: "可用 sitong library period list 查看已关账的周期"))
    }
}
