public import Diagnostics
import PostgresClient

/// A run of a pipeline (运行) as the ledger keeps it.
public struct RunRecord: Sendable, Hashable {
    public var run: String
    public var pipeline: String?
    public var period: String?
    /// Nil while it goes on, and for one that was killed.
    public var status: ExitStatus?
    /// `YYYY-MM-DD HH:MM:SS` with the zone; when it is not given, the server's time of recording.
    public var startedAt: String?
    public var finishedAt: String?

    public init(run: String, pipeline: String? = nil, period: String? = nil, status: ExitStatus? = nil) {
        self.run = run
        self.pipeline = pipeline
        self.period = period
        self.status = status
    }
}

/// One attempt at a step of a run.
public struct StepRecord: Sendable, Hashable {
    public var run: String
    public var step: String
    /// From 1; a resumed run tries again.
    public var attempt: Int
    public var status: ExitStatus?
    public var rowsIn: Int?
    public var rowsOut: Int?
    public var startedAt: String?
    public var finishedAt: String?

    public init(
        run: String, step: String, attempt: Int, status: ExitStatus? = nil, rowsIn: Int? = nil, rowsOut: Int? = nil
    ) {
        self.run = run
        self.step = step
        self.attempt = attempt
        self.status = status
        self.rowsIn = rowsIn
        self.rowsOut = rowsOut
    }
}

/// Runs and their steps beside what they did. Recorded when they begin (no status) and when they end.
extension StandardLibrary {
    public func record(_ run: RunRecord) throws {
        try requireLedger()
        try connection.execute(
            """
            INSERT INTO sitong.run (run, pipeline, period, status, exit_status, started_at, finished_at)
            VALUES ($1, $2, $3, $4, $5::integer, coalesce($6::timestamptz, now()),
                    CASE WHEN $5::integer IS NOT NULL THEN coalesce($7::timestamptz, now()) END)
            ON CONFLICT (run) DO UPDATE SET status = excluded.status, exit_status = excluded.exit_status,
                finished_at = excluded.finished_at
            """,
            [
                run.run, run.pipeline, run.period, Self.word(for: run.status), run.status.map { String($0.rawValue) },
                run.startedAt, run.finishedAt,
            ])
    }

    public func record(_ step: StepRecord) throws {
        try requireLedger()
        try connection.execute(
            """
            INSERT INTO sitong.step (run, step, attempt, status, exit_status, rows_in, rows_out, started_at, finished_at)
            VALUES ($1, $2, $3::integer, $4, $5::integer, $6::bigint, $7::bigint, coalesce($8::timestamptz, now()),
                    CASE WHEN $5::integer IS NOT NULL THEN coalesce($9::timestamptz, now()) END)
            ON CONFLICT (run, step, attempt) DO UPDATE SET status = excluded.status, exit_status = excluded.exit_status,
                rows_in = excluded.rows_in, rows_out = excluded.rows_out, finished_at = excluded.finished_at
            """,
            [
                step.run, step.step, String(step.attempt), Self.word(for: step.status),
                step.status.map { String($0.rawValue) }, step.rowsIn.map { String($0) },
                step.rowsOut.map { String($0) }, step.startedAt, step.finishedAt,
            ])
    }

    /// The latest first.
    public func runs(limit: Int = 100) throws -> [RunRecord] {
        try requireLedger()
        return try connection.execute(
            """
            SELECT run, pipeline, period, exit_status, started_at, finished_at
            FROM sitong.run ORDER BY started_at DESC, run DESC LIMIT $1::bigint
            """, [String(limit)]
        ).map { row in
            var run = RunRecord(run: row[0] ?? "", pipeline: row[1], period: row[2], status: Self.status(row[3]))
            run.startedAt = row[4]
            run.finishedAt = row[5]
            return run
        }
    }

    /// In the order in which they began.
    public func steps(run: String) throws -> [StepRecord] {
        try requireLedger()
        return try connection.execute(
            """
            SELECT run, step, attempt, exit_status, rows_in, rows_out, started_at, finished_at
            FROM sitong.step WHERE run = $1 ORDER BY started_at, step, attempt
            """, [run]
        ).map { row in
            var step = StepRecord(
                run: row[0] ?? "", step: row[1] ?? "", attempt: row[2].flatMap { Int($0) } ?? 1,
                status: Self.status(row[3]), rowsIn: row[4].flatMap { Int($0) }, rowsOut: row[5].flatMap { Int($0) })
            step.startedAt = row[6]
            step.finishedAt = row[7]
            return step
        }
    }

    private static func word(for status: ExitStatus?) -> String {
        switch status {
        case nil: "running"
        case .ok: "succeeded"
        case .findings: "findings"
        case .interrupted, .terminated: "interrupted"
        default: "failed"
        }
    }

    private static func status(_ text: String?) -> ExitStatus? {
        text.flatMap { Int32($0) }.flatMap(ExitStatus.init(rawValue:))
    }
}
