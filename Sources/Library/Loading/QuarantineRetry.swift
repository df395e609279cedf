import Columnar
import CourtModel
import DataAccess
import DelimitedText
import Diagnostics
import PostgresClient
import RuleEngine
public import RuleLanguage
import SQLGeneration
public import Schema

/// What trying rows of the quarantine again did, for one batch.
public struct RetryReceipt: Sendable, Hashable {
    public var batch: String
    /// Rows that were tried.
    public var tried = 0
    /// Rows that are loaded now; unchanged ones are those that the library has already.
    public var inserted = 0
    public var updated = 0
    public var unchanged = 0
    /// Rows of which the library has a newer version, or whose deletion is newer: they are not loaded, and wait no longer.
    public var superseded = 0
    /// Rows that do not fit yet, and wait on.
    public var remaining = 0

    public init(
        batch: String, tried: Int = 0, inserted: Int = 0, updated: Int = 0, unchanged: Int = 0, superseded: Int = 0,
        remaining: Int = 0
    ) {
        self.batch = batch
        self.tried = tried
        self.inserted = inserted
        self.updated = updated
        self.unchanged = unchanged
        self.superseded = superseded
        self.remaining = remaining
    }
}

extension StandardLibrary {
    /// Tries rows of the quarantine again (重试隔离数据), after a definition was mended: those that fit are loaded as rows of the
    /// batch that they came with, all in one transaction; the rest stay, with the reason of today.
    ///
    /// Bytes that are no row (a broken record, text in no encoding) are not tried; they have to come again from their source.
    /// - Parameters:
    ///   - batch: nil for all that are loaded.
    ///   - id: one row, by its number; nil for all.
    /// - Throws: `OperationError` 66 when no such batch is loaded or no such row waits; 75 when another process changes the library.
    public func retryQuarantine(
        batch: String? = nil, id: Int? = nil, schema: StandardSchema, rules: RuleSet
    ) throws -> [RetryReceipt] {
        try requireLedger()
        let receipts = try withLockedTransaction {
            // Deferred constraints must speak while it is still known which rows they speak of.
            try connection.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL jit = off")
            let waiting = try connection.execute(
                """
                SELECT b.batch, b.number, b.period FROM sitong.batch b
                WHERE b.status = 'loaded' AND ($1::text IS NULL OR b.batch = $1) AND (
                    ($2::bigint IS NULL AND $1::text IS NOT NULL) OR EXISTS (
                        SELECT FROM sitong.quarantine q
                        WHERE q.batch = b.batch AND q.state = 'open' AND ($2::bigint IS NULL OR q.id = $2)))
                ORDER BY b.number
                """, [batch, id.map { String($0) }])
            if waiting.isEmpty, batch != nil || id != nil { throw OperationError.nothingToRetry(batch: batch, id: id) }
            let receipts = try waiting.map { row in
                let retry = QuarantineRetry(
                    connection: connection, batch: row[0] ?? "", number: row[1].flatMap { Int($0) } ?? 0, id: id,
                    period: row[2].flatMap { StatisticalPeriod($0) }, schema: schema, rules: rules, bytes: bytes)
                return try retry.run()
            }
            faultPoint("quarantine.beforeRetryCommit")
            return receipts
        }
        faultPoint("quarantine.afterRetryCommit")
        return receipts
    }
}

/// The retry of one batch's rows; within the transaction of its caller.
private struct QuarantineRetry {
    let connection: PostgresConnection
    let batch: String
    let number: Int
    let id: Int?
    let period: StatisticalPeriod?
    let schema: StandardSchema
    let rules: RuleSet
    /// Of a `bytea` as the server prints it.
    let bytes: (String?) -> [UInt8]

    /// A row that waits, and what becomes of it.
    private struct Row {
        var id: String
        var part: String
        var raw: [UInt8]
        var outcome: Outcome = .remaining
    }

    private enum Outcome: String { case inserted, updated, unchanged, superseded, remaining }

    func run() throws -> RetryReceipt {
        var receipt = RetryReceipt(batch: batch)
        let groups = try connection.execute(
            """
            SELECT table_name, columns FROM sitong.quarantine
            WHERE batch = $1 AND state = 'open' AND ($2::bigint IS NULL OR id = $2)
            GROUP BY table_name, columns ORDER BY min(id)
            """, [batch, id.map { String($0) }])
        for group in groups {
            var rows = try waiting(table: group[0], columns: group[1])
            receipt.tried += rows.count
            if let header = group[1], let table = group[0].flatMap({ schema.table($0) }), !table.key.isEmpty {
                try retry(&rows, header: header, table)
                try record(rows)
            }
            for row in rows {
                switch row.outcome {
                case .inserted: receipt.inserted += 1
                case .updated: receipt.updated += 1
                case .unchanged: receipt.unchanged += 1
                case .superseded: receipt.superseded += 1
                case .remaining: receipt.remaining += 1
                }
            }
        }
        return receipt
    }

    private func waiting(table: String?, columns: String?) throws -> [Row] {
        try connection.execute(
            """
            SELECT id, part, raw FROM sitong.quarantine
            WHERE batch = $1 AND state = 'open' AND ($2::bigint IS NULL OR id = $2) AND table_name = $3
              AND columns IS NOT DISTINCT FROM $4
            ORDER BY part, row
            """, [batch, id.map { String($0) }, table, columns]
        ).map { Row(id: $0[0] ?? "", part: $0[1] ?? "", raw: bytes($0[2])) }
    }

    private func retry(_ rows: inout [Row], header: String, _ table: TableDefinition) throws {
        let stage = StageStatements(table: table, isDeletion: false, orderColumn: try orderColumn(table))
        try connection.execute(stage.create)
        var staged = Set(rows.indices)
        for rejected in try check(rows, header: header, stage) {
            staged.remove(rejected.row - 1)
            try note(rows[rejected.row - 1].id, column: rejected.column, rejected.reason, rejected.message)
        }
        // Of several rows with one key the latest goes on; the others are superseded by it.
        try connection.execute(stage.supersede)
        let statements = RetryStatements(merge: MergeStatements(stage: stage, number: number))
        try connection.execute(statements.createVerdict)
        for row in staged { rows[row].outcome = .superseded }
        for verdict in try connection.execute(statements.verdicts) {
            guard let position = verdict[0].flatMap({ Int($0) }), let outcome = verdict[1].flatMap(Outcome.init) else {
                continue
            }
            rows[position - 1].outcome = outcome
        }
        if !rows.isEmpty { try write(1...rows.count, statements, &rows, table) }
        try connection.execute("\(statements.dropVerdict); \(stage.drop)")
    }

    /// Stages the rows that are what they should be; the others are returned, numbered from 1 as they were given.
    private func check(_ rows: [Row], header: String, _ stage: StageStatements) throws -> [RejectedRow] {
        var text = Array(header.utf8) + [UInt8(ascii: "\n")]
        for row in rows { text += row.raw + [UInt8(ascii: "\n")] }
        var reader = try CSVCellReader(BytesSource(text), file: "quarantine of \(batch)")
        let columns = reader.columns
        let check = RowCheck(
            table: stage.table, columns: stage.columns,
            places: stage.columns.map { columns.firstIndex(of: $0.name) ?? columns.firstIndex(of: $0.title) },
            header: header, part: "", destination: .stage(part: 0, recordsBefore: 0))
        let own = try RowRules(rules, rejectingRowsOf: stage.table, schema: schema, period: period)
        let judge = own.isEmpty ? nil : try own.judge(readerColumns: columns)
        var rejected: [RejectedRow] = []
        let copy = BinaryCopyRows()
        copy.beginCopy()
        let sink = try connection.copyIn(stage.copy)
        var block = CellBlock()
        while try reader.next(into: &block) {
            check.check(block, broken: judge?.violations(block) ?? [:], into: copy, rejected: &rejected)
            rejected += reader.takeMalformed().map(check.reject)
            try copy.withBytes { try sink.write($0) }
            copy.removeAll()
        }
        copy.endCopy()
        try copy.withBytes { try sink.write($0) }
        try sink.finish()
        guard reader.recordCount == rows.count, sink.rowCount + rejected.count == rows.count else {
            throw OperationError.retryNotConserved(batch, rows: rows.count, found: sink.rowCount + rejected.count)
        }
        return rejected
    }

    /// The table's watermark, as the batch's manifest has it.
    private func orderColumn(_ table: TableDefinition) throws -> String? {
        try connection.execute(
            """
            SELECT t->>'watermark' FROM sitong.batch b, jsonb_array_elements(b.manifest->'tables') t
            WHERE b.batch = $1 AND t->>'name' = $2
            """, [batch, table.name]
        ).first?.first ?? nil
    }

    /// Writes the rows between two positions; where the server refuses some, halves the range until these stand alone.
    private func write(
        _ positions: ClosedRange<Int>, _ statements: RetryStatements, _ rows: inout [Row], _ table: TableDefinition
    ) throws {
        let range = [String(positions.lowerBound), String(positions.upperBound)]
        do {
            try connection.withSavepoint {
                try connection.execute(statements.log, range)
                try connection.execute(statements.write, range)
            }
        } catch let refusal as OperationError where refusal.code == "pg-data" {
            guard positions.count > 1 else {
                let row = positions.lowerBound - 1
                rows[row].outcome = .remaining
                return try note(rows[row].id, column: nil, "server.\(table.name)", refusal.message)
            }
            let middle = positions.lowerBound + positions.count / 2
            try write(positions.lowerBound...middle - 1, statements, &rows, table)
            try write(middle...positions.upperBound, statements, &rows, table)
        }
    }

    // MARK: The ledger

    /// Why a row still waits.
    private func note(_ id: String, column: String?, _ reason: String, _ message: LocalizedText) throws {
        try connection.execute(
            """
            UPDATE sitong.quarantine SET column_name = $2, reason = $3, message_en = $4, message_zh = $5
            WHERE id = $1::bigint
            """, [id, column, reason, message.en, message.zh])
    }

    /// What became of the rows, in the quarantine and in the counts of their parts, which stay conserved.
    private func record(_ rows: [Row]) throws {
        func list(_ chosen: [Row]) -> String { "{" + chosen.map(\.id).joined(separator: ",") + "}" }
        let superseded = rows.filter { $0.outcome == .superseded }
        let loaded = rows.filter { $0.outcome != .superseded && $0.outcome != .remaining }
        for (state, chosen) in [("superseded", superseded), ("fixed", loaded)] where !chosen.isEmpty {
            try connection.execute(
                "UPDATE sitong.quarantine SET state = $1, resolved_at = now() WHERE id = ANY ($2::bigint[])",
                [state, list(chosen)])
        }
        for (part, ofPart) in Dictionary(grouping: superseded + loaded, by: \.part) {
            func count(_ outcome: Outcome) -> String { String(ofPart.count { $0.outcome == outcome }) }
            try connection.execute(
                """
                UPDATE sitong.load_part SET
                    inserted = inserted + $3::bigint, updated = updated + $4::bigint, unchanged = unchanged + $5::bigint,
                    superseded = superseded + $6::bigint, quarantined = quarantined - $7::bigint
                WHERE batch = $1 AND part = $2
                """,
                [
                    batch, part, count(.inserted), count(.updated), count(.unchanged), count(.superseded),
                    String(ofPart.count),
                ])
        }
    }
}

/// The statements that bring rows of the quarantine from staging into the library, as rows of the batch that they came with.
private struct RetryStatements {
    let merge: MergeStatements

    private var stage: StageStatements { merge.stage }
    private var number: Int { merge.number }
    private let verdict = "pg_temp.verdict"

    init(merge: MergeStatements) { self.merge = merge }

    /// By position, what becomes of each staged row: what the library has of a later batch, or of the same one unless the
    /// watermark says otherwise, is newer, and so is a later deletion.
    var createVerdict: String {
        let batchColumn = "t.\(merge.batchColumn)"
        let isLater =
            stage.orderName.map { "coalesce(s.\($0) > t.\($0), false)" } ?? "false"
        return """
            CREATE TEMP TABLE verdict ON COMMIT DROP AS
            SELECT s.sitong_position AS position, CASE
                WHEN \(batchColumn) IS NULL THEN CASE WHEN EXISTS (
                        SELECT FROM \(merge.logTable) l
                        WHERE \(stage.sameKey("l", "s")) AND l.operation = 'delete' AND l.ended_by > \(number)
                    ) THEN 'superseded' ELSE 'inserted' END
                WHEN NOT (\(merge.differs("t", "s"))) THEN 'unchanged'
                WHEN \(batchColumn) > \(number) OR (\(batchColumn) = \(number) AND NOT \(isLater)) THEN 'superseded'
                ELSE 'updated' END AS outcome
            FROM \(stage.stage) s LEFT JOIN \(stage.target) t ON \(stage.sameKey("t", "s"))
            """
    }

    var verdicts: String { "SELECT position, outcome FROM \(verdict)" }
    var dropVerdict: String { "DROP TABLE \(verdict)" }

    /// Keeps the versions that are about to end: with the batch that ends them, which was loaded then.
    var log: String {
        """
        INSERT INTO \(merge.logTable)
            (\(stage.list(stage.table.key)), \(merge.batchColumn), ended_by, operation, valid_from, valid_to, "row")
        SELECT \(stage.list(stage.table.key, of: "t")), t.\(merge.batchColumn), \(number), 'update', b.loaded_at,
               own.loaded_at, to_jsonb(t) - '\(LibraryTables.batchColumn)'
        FROM \(verdict) v
        JOIN \(stage.stage) s ON s.sitong_position = v.position
        JOIN \(stage.target) t ON \(stage.sameKey("t", "s"))
        JOIN sitong.batch b ON b.number = t.\(merge.batchColumn)
        JOIN sitong.batch own ON own.number = \(number)
        WHERE v.outcome = 'updated' AND b.number < \(number) AND v.position BETWEEN $1::bigint AND $2::bigint
        """
    }

    var write: String {
        """
        \(merge.insertion)
        SELECT \(stage.list(merge.names, of: "s")), \(number)
        FROM \(verdict) v JOIN \(stage.stage) s ON s.sitong_position = v.position
        WHERE v.outcome IN ('inserted', 'updated') AND v.position BETWEEN $1::bigint AND $2::bigint
        ON CONFLICT (\(stage.list(stage.table.key))) \(merge.others.isEmpty ? "DO NOTHING" : merge.overwriting)
        """
    }
}

extension OperationError {
    fileprivate static func nothingToRetry(batch: String?, id: Int?) -> OperationError {
        let what =
            id.map { LocalizedText(en: "row \($0) does not wait in the quarantine", zh: "第 \($0) 号行不在隔离区等待处理") }
            ?? LocalizedText(en: "batch '\(batch ?? "")' is not loaded", zh: "批次“\(batch ?? "")”尚未入库")
        return OperationError(
            .noInput, code: "quarantine-retry", what,
            hint: LocalizedText(
                en:
                    "`sitong quarantine show` names the rows that wait; a batch that was refused is loaded again as a whole",
                zh: "可用 sitong quarantine show 查看等待处理的行；被整批拒绝的批次须重新入库"))
    }

    fileprivate static func retryNotConserved(_ batch: String, rows: Int, found: Int) -> OperationError {
        OperationError(
            .internalError, code: "conservation",
            LocalizedText(
                en: "unable to retry the quarantine of batch '\(batch)': \(rows) rows in, \(found) out",
                zh: "无法重试批次“\(batch)”的隔离数据：输入 \(rows) 行，去向 \(found) 行"))
    }
}
