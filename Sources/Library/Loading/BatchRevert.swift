import Diagnostics
import PostgresClient
import SQLGeneration
public import Schema

/// What undoing a batch did.
public struct RevertReceipt: Sendable, Hashable {
    public var batch: String
    /// The undoing's own number among the batches.
    public var number: Int
    /// Rows that the batch had brought and that are gone, whether or not an earlier version came back.
    public var removed: Int
    /// Earlier versions that are there again.
    public var restored: Int
}

extension StandardLibrary {
    /// Undoes a batch (撤销批次): rows that it brought go, those that it changed or deleted come back as they were. Both
    /// stay in the history, and the next batch of the source may have the same number again.
    ///
    /// - Throws: `OperationError` 66 when no such batch is loaded, 65 when a later batch stands on it: the next of its
    ///   source, or one that changed a row of its; 75 when another process changes the library.
    public func revert(batch: String, reason: String, schema: StandardSchema) throws -> RevertReceipt {
        try requireLedger()
        let receipt = try withLockedTransaction {
            try BatchRevert(connection: connection, batch: batch, schema: schema).run(reason: reason)
        }
        faultPoint("revert.afterCommit")
        return receipt
    }
}

/// One undoing; within the transaction of its caller.
struct BatchRevert {
    let connection: PostgresConnection
    let batch: String
    let schema: StandardSchema

    func run(reason: String) throws -> RevertReceipt {
        let found = try connection.execute(
            "SELECT number, source, sequence FROM sitong.batch WHERE batch = $1 AND status = 'loaded'", [batch])
        guard let row = found.first, let number = row[0], let source = row[1], let sequence = row[2] else {
            throw OperationError.batchNotLoaded(batch)
        }
        let later = try connection.execute(
            """
            SELECT batch FROM sitong.batch
            WHERE status = 'loaded' AND source = $1 AND sequence > $2::bigint ORDER BY sequence LIMIT 1
            """, [source, sequence])
        if let later = later.first?.first ?? nil { throw OperationError.batchNotLast(batch, later: later) }
        let own = String(try BatchChain(connection).nextNumber())
        try connection.execute(
            """
            INSERT INTO sitong.batch (batch, number, source, sequence, digest, previous_digest, court, period, status, reason)
            SELECT 'revert-' || $2, $2::bigint, source, sequence, digest, previous_digest, court, period, 'revert', $3
            FROM sitong.batch WHERE batch = $1
            """, [batch, own, reason])
        var receipt = RevertReceipt(batch: batch, number: Int(own) ?? 0, removed: 0, restored: 0)
        let tables = try connection.execute(
            "SELECT DISTINCT table_name FROM sitong.load_part WHERE batch = $1 ORDER BY 1", [batch])
        for name in tables.compactMap({ $0.first ?? nil }) {
            guard let table = schema.table(name) else { throw OperationError.revertTableUnknown(batch, table: name) }
            try revert(table, number: number, by: own, &receipt)
        }
        faultPoint("revert.beforeLedger")
        try connection.execute("DELETE FROM sitong.watermark WHERE batch = $1", [batch])
        try connection.execute(
            "UPDATE sitong.batch SET batch = batch || '~' || $2, status = 'reverted', reason = $3 WHERE batch = $1",
            [batch, own, reason])
        return receipt
    }

    private func revert(
        _ table: TableDefinition, number: String, by own: String, _ receipt: inout RevertReceipt
    ) throws {
        let target = SQLIdentifier(table.name)
        let log = SQLIdentifier(LibraryTables.logName(of: table.name))
        let batchColumn = SQLIdentifier(LibraryTables.batchColumn)
        let key = table.key.map { SQLIdentifier($0).description }.joined(separator: ", ")
        let sameKey = table.key.map { "t.\(SQLIdentifier($0)) = l.\(SQLIdentifier($0))" }.joined(separator: " AND ")
        // A version of this batch that another one ended, and a row that it deleted and that came again.
        let blocked = try connection.execute(
            """
            SELECT (SELECT count(*) FROM \(log) WHERE \(batchColumn) = $1::bigint)
                 + (SELECT count(*) FROM \(log) l JOIN \(target) t ON \(sameKey)
                    WHERE l.ended_by = $1::bigint AND t.\(batchColumn) > $1::bigint)
            """, [number])
        if let count = (blocked.first?.first ?? nil).flatMap({ Int($0) }), count > 0 {
            throw OperationError.batchOverwritten(batch, table: table.name, rows: count)
        }
        let logged = try connection.update(
            """
            INSERT INTO \(log) (\(key), \(batchColumn), ended_by, operation, valid_from, valid_to, "row")
            SELECT \(table.key.map { "t.\(SQLIdentifier($0))" }.joined(separator: ", ")), t.\(batchColumn), $2::bigint,
                   'revert', b.loaded_at, now(), to_jsonb(t) - '\(LibraryTables.batchColumn)'
            FROM \(target) t JOIN sitong.batch b ON b.number = t.\(batchColumn)
            WHERE t.\(batchColumn) = $1::bigint
            """, [number, own])
        let removed = try connection.update("DELETE FROM \(target) WHERE \(batchColumn) = $1::bigint", [number])
        let restored = try connection.update(
            """
            INSERT INTO \(target)
            SELECT r.* FROM \(log) l
            CROSS JOIN LATERAL jsonb_populate_record(
                NULL::\(target), l."row" || jsonb_build_object('\(LibraryTables.batchColumn)', $2::bigint)) r
            WHERE l.ended_by = $1::bigint
            """, [number, own])
        guard logged == removed else { throw OperationError.revertNotConserved(batch, table: table.name) }
        receipt.removed += removed
        receipt.restored += restored
    }
}

extension OperationError {
    private static func revertFailed(
        _ status: ExitStatus, _ code: String, _ batch: String, en: String, zh: String, hint: LocalizedText? = nil
    ) -> OperationError {
        OperationError(
            status, code: code,
            LocalizedText(
                en: "unable to revert batch '\(batch)': \(en)", zh: "无法撤销批次“\(batch)”：\(zh)"), hint: hint)
    }

    static func batchNotLoaded(_ batch: String) -> OperationError {
        revertFailed(
            .noInput, "batch-not-loaded", batch, en: "no such batch is loaded", zh: "库中没有该批次",
            hint: LocalizedText(en: "a batch that was reverted before is not loaded", zh: "已撤销的批次不算已入库"))
    }

    static func batchNotLast(_ batch: String, later: String) -> OperationError {
        revertFailed(
            .badData, "batch-not-last", batch, en: "'\(later)' of the same source was loaded after it",
            zh: "同一来源的“\(later)”在其后入库",
            hint: LocalizedText(en: "revert the later ones first, the last before the others", zh: "请从最后的批次起依次撤销"))
    }

    static func batchOverwritten(_ batch: String, table: String, rows: Int) -> OperationError {
        revertFailed(
            .badData, "batch-overwritten", batch,
            en: "later batches changed \(rows) of its rows in table '\(table)'",
            zh: "其后的批次已修改它在表“\(table)”中的 \(rows) 行",
            hint: LocalizedText(en: "revert those batches first", zh: "请先撤销那些批次"))
    }

    static func revertTableUnknown(_ batch: String, table: String) -> OperationError {
        revertFailed(
            .badDefinition, "revert-table", batch, en: "the schema has no table '\(table)'", zh: "定义中没有表“\(table)”")
    }

    static func revertNotConserved(_ batch: String, table: String) -> OperationError {
        revertFailed(
            .internalError, "revert-conservation", batch, en: "the rows of table '\(table)' do not add up",
            zh: "表“\(table)”的行数不守恒")
    }
}
