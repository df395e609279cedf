import Diagnostics
import PostgresClient

/// The chain of batches of each source: numbered without gaps, each naming the digest of the one before.
struct BatchChain {
    private let connection: PostgresConnection

    init(_ connection: PostgresConnection) { self.connection = connection }

    /// The receipt of then, when the very same batch was loaded before.
    func replay(of batch: IncomingBatch) throws -> LoadReceipt? {
        let found = try connection.execute(
            "SELECT number FROM sitong.batch WHERE batch = $1 AND digest = $2 AND status = 'loaded'",
            [batch.id, batch.digest])
        guard let text = found.first?.first ?? nil, let number = Int(text) else { return nil }
        let parts = try connection.execute(
            """
            SELECT part, digest, table_name, rows_in, inserted, updated, unchanged, superseded, quarantined, deleted, adjusted
            FROM sitong.load_part WHERE batch = $1 ORDER BY part
            """, [batch.id])
        return LoadReceipt(
            batch: batch.id, number: number, isReplay: true,
            parts: parts.map { row in
                let numbers = row.dropFirst(3).map { $0.flatMap { Int($0) } ?? 0 }
                var counts = RowCounts()
                counts.rowsIn = numbers[0]
                counts.inserted = numbers[1]
                counts.updated = numbers[2]
                counts.unchanged = numbers[3]
                counts.superseded = numbers[4]
                counts.quarantined = numbers[5]
                counts.deleted = numbers[6]
                counts.adjusted = numbers[7]
                return .init(name: row[0] ?? "", digest: row[1] ?? "", table: row[2] ?? "", counts: counts)
            })
    }

    /// - Throws: 65 unless `batch` is the next one of its source.
    func check(_ batch: IncomingBatch) throws {
        let same = try connection.execute(
            """
            SELECT batch FROM sitong.batch
            WHERE status = 'loaded' AND (batch = $1 OR (source = $2 AND sequence = $3))
            """, [batch.id, batch.source, String(batch.sequence)])
        if let loaded = same.first?.first ?? nil { throw OperationError.batchDoubled(batch, loaded: loaded) }
        let last = try connection.execute(
            """
            SELECT batch, sequence, digest FROM sitong.batch
            WHERE status = 'loaded' AND source = $1 ORDER BY sequence DESC LIMIT 1
            """, [batch.source])
        guard let row = last.first, let name = row[0], let sequence = row[1].flatMap({ Int($0) }) else {
            guard batch.sequence == 1 || batch.isFull else { throw OperationError.batchMissing(batch, last: 0) }
            return
        }
        if batch.sequence < sequence { throw OperationError.batchReordered(batch, last: sequence) }
        if batch.sequence > sequence + 1 { throw OperationError.batchMissing(batch, last: sequence) }
        if batch.previousDigest != row[2] { throw OperationError.batchChainBroken(batch, last: name) }
    }

    /// Not a sequence: a load that is rolled back must leave no gap, so that repeated runs give the same numbers.
    func nextNumber() throws -> Int {
        let rows = try connection.execute("SELECT coalesce(max(number), 0) + 1 FROM sitong.batch")
        return (rows.first?.first ?? nil).flatMap { Int($0) } ?? 1
    }
}
