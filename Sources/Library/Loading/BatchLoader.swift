import Columnar
import DataAccess
import DelimitedText
import Diagnostics
import PostgresClient
import SQLGeneration
public import Schema

extension StandardLibrary {
    /// Loads a batch (入库): all of it, with its ledger row, in one transaction, exactly once.
    ///
    /// Rows that are not of their columns' types, or have no key, go to quarantine with their bytes. Of several rows
    /// with one key the latest wins, the others are superseded. Rows that changed are kept in the log. A batch that was
    /// loaded before changes nothing and is reported as a replay.
    ///
    /// - Throws: `OperationError` 65 when the batch is malformed, out of its chain, or beyond the limits (then its bad
    ///   rows are kept as evidence), 66 when no schema was applied, 69 when the server is lost, 70 when rows do not add
    ///   up, 75 when another process changes the library. Whatever is thrown, no row of the tables was changed.
    public func load(
        _ batch: IncomingBatch, schema: StandardSchema, options: LoadOptions = LoadOptions()
    ) throws -> LoadReceipt {
        try requireLedger()
        let loader = BatchLoader(connection: connection, batch: batch, schema: schema, options: options)
        do {
            let receipt = try withLockedTransaction { try loader.load() }
            faultPoint("load.afterCommit")
            return receipt
        } catch let error as OperationError where error.code == "too-many-bad-rows" {
            // When even that fails, why the load failed is still what matters.
            try? withLockedTransaction { try loader.keepEvidence(of: error) }
            throw error
        }
    }
}

/// One load, from the chain's check to the ledger row. All of it happens inside the transaction of its caller.
final class BatchLoader {
    private let connection: PostgresConnection
    private let batch: IncomingBatch
    private let schema: StandardSchema
    private let options: LoadOptions

    private var number = 0
    private var parts: [LoadReceipt.Part] = []
    private var notices: [LocalizedText] = []
    private var badRows = 0
    private var allowedBadRows = 0
    /// Not yet written to the quarantine.
    private var rejected: [RejectedRow] = []
    /// The first of them, for when the load is rolled back.
    private var evidence: [RejectedRow] = []
    private static let evidenceLimit = 10_000

    init(connection: PostgresConnection, batch: IncomingBatch, schema: StandardSchema, options: LoadOptions) {
        self.connection = connection
        self.batch = batch
        self.schema = schema
        self.options = options
    }

    func load() throws -> LoadReceipt {
        faultPoint("load.afterLock")
        let chain = BatchChain(connection)
        if let replay = try chain.replay(of: batch) { return replay }
        try chain.check(batch)
        let total = batch.tables.reduce(0) { $0 + $1.parts.reduce(0) { $0 + $1.rows } }
        allowedBadRows = options.maxBad.allowed(of: total)
        number = try chain.nextNumber()
        try insertBatch(number: number, reason: nil)
        // A key that is deleted and delivered in one batch is there again at its end.
        for table in batch.tables where table.kind == .deletions { try load(table) }
        for table in batch.tables where table.kind == .rows { try load(table) }
        try writeParts()
        faultPoint("load.beforeCommit")
        return LoadReceipt(batch: batch.id, number: number, isReplay: false, parts: parts, notices: notices)
    }

    // MARK: A table

    private func load(_ table: IncomingBatch.Table) throws {
        guard let definition = schema.table(table.name) else {
            throw OperationError.batchTableUnknown(batch, table: table.name)
        }
        guard !definition.key.isEmpty else { throw OperationError.tableWithoutKey(batch, table: table.name) }
        let statements = MergeStatements(
            table: definition, isDeletion: table.kind == .deletions, orderColumn: table.orderColumn, number: number)
        let firstPart = parts.count
        try connection.execute(statements.createStage)
        var position = 0
        for part in table.parts {
            parts.append(.init(name: part.name, digest: part.digest, table: definition.name))
            try stage(part, of: definition, statements, position: &position)
        }
        faultPoint("load.afterCopy")
        try connection.execute(statements.analyzeStage)
        let superseded = try countsByPart(statements.supersede)
        for (part, count) in superseded { parts[part].counts.superseded = count[0] }
        switch table.kind {
        case .rows: try merge(statements)
        case .deletions: try delete(statements, definition.name)
        }
        faultPoint("load.afterMerge")
        try connection.execute(statements.dropStage)
        for part in parts[firstPart...] where !part.counts.isConserved {
            throw OperationError.notConserved(batch, part: part.name, part.counts)
        }
        if let watermark = table.watermark {
            try connection.execute(
                """
                INSERT INTO sitong.watermark (source, table_name, value, batch) VALUES ($1, $2, $3, $4)
                ON CONFLICT (source, table_name) DO UPDATE SET value = excluded.value, batch = excluded.batch
                """, [batch.source, definition.name, watermark, batch.id])
        }
    }

    /// Counts come from the join before the merge, and the merge must then have touched just as many rows.
    private func merge(_ statements: MergeStatements) throws {
        var new = 0
        var changed = 0
        for (part, counts) in try countsByPart(statements.classify) {
            parts[part].counts.inserted = counts[0]
            parts[part].counts.updated = counts[1]
            parts[part].counts.unchanged = counts[2]
            new += counts[0]
            changed += counts[1]
        }
        // Most rows of most batches are unchanged: then there is nothing to look for twice.
        let logged = changed == 0 ? 0 : try connection.update(statements.log)
        let merged = new + changed == 0 ? 0 : try connection.update(statements.merge)
        guard logged == changed, merged == new + changed else {
            var counts = RowCounts()
            counts.rowsIn = new + changed
            counts.inserted = merged - logged
            counts.updated = logged
            throw OperationError.notConserved(batch, part: statements.table.name, counts)
        }
    }

    private func delete(_ statements: MergeStatements, _ table: String) throws {
        let before = Int((try connection.execute(statements.countRows)).first?.first.flatMap { $0 } ?? "") ?? 0
        for (part, counts) in try countsByPart(statements.classify) {
            // Of what is not there, nothing is to be deleted.
            parts[part].counts.unchanged = counts[0]
            parts[part].counts.deleted = counts[1] + counts[2]
        }
        try connection.update(statements.log)
        let deleted = try connection.update(statements.delete)
        guard deleted <= options.maxShrink.allowed(of: before) else {
            throw OperationError.tooMuchShrink(
                batch, table: table, deleted: deleted, total: before, limit: options.maxShrink)
        }
    }

    /// Rows of a part's number and numbers.
    private func countsByPart(_ query: String) throws -> [(part: Int, counts: [Int])] {
        try connection.execute(query).compactMap { row in
            let numbers = row.map { $0.flatMap { Int($0) } ?? 0 }
            guard let part = numbers.first, parts.indices.contains(part) else { return nil }
            return (part, Array(numbers.dropFirst()))
        }
    }

    // MARK: A part

    private func stage(
        _ part: IncomingBatch.Part, of table: TableDefinition, _ statements: MergeStatements, position: inout Int
    ) throws {
        var reader = try part.open()
        let partNumber = parts.count - 1
        let check = RowCheck(
            table: table, columns: statements.columns,
            places: try places(of: statements.columns, table, reader.columns, part),
            part: part.name, partNumber: partNumber)
        var sink = try connection.copyIn(statements.copyIntoStage)
        var buffer: [UInt8] = []
        var bad = 0
        func takeBad() throws {
            guard bad > 0 else { return }
            badRows += bad
            parts[partNumber].counts.quarantined += bad
            bad = 0
            evidence += rejected.prefix(max(0, Self.evidenceLimit - evidence.count))
            guard badRows <= allowedBadRows else {
                let total = batch.tables.reduce(0) { $0 + $1.parts.reduce(0) { $0 + $1.rows } }
                throw OperationError.tooManyBadRows(
                    batch, limit: options.maxBad, allowed: allowedBadRows, total: total)
            }
            // One connection, one COPY at a time: the stage's is ended and begun again.
            try sink.finish()
            try writeRejected()
            sink = try connection.copyIn(statements.copyIntoStage)
        }
        while let block = try reader.next() {
            let known = rejected.count
            check.check(block, position: &position, into: &buffer, rejected: &rejected)
            rejected += reader.takeMalformed().map(check.reject)
            bad += rejected.count - known
            if buffer.count >= 1 << 18 {
                try buffer.withUnsafeBytes { try sink.write($0) }
                buffer.removeAll(keepingCapacity: true)
            }
            if bad > 1000 || badRows + bad > allowedBadRows { try takeBad() }
        }
        try buffer.withUnsafeBytes { try sink.write($0) }
        try takeBad()
        try sink.finish()
        parts[partNumber].counts.rowsIn = reader.recordCount
        guard reader.recordCount == part.rows else {
            throw OperationError.batchRowsDiffer(batch, part: part, found: reader.recordCount)
        }
    }

    /// Where each column is in the part, by code or title; nil for one that the source does not have, which stays NULL.
    private func places(
        of columns: [ColumnDefinition], _ table: TableDefinition, _ header: [String], _ part: IncomingBatch.Part
    ) throws -> [Int?] {
        let places = columns.map { column in
            header.firstIndex(of: column.name) ?? header.firstIndex(of: column.title)
        }
        let unknown = header.filter { name in table.column(name) == nil }
        let absent = zip(columns, places).filter { $0.1 == nil }.map(\.0)
        let needed = absent.filter { $0.isRequired || table.key.contains($0.name) }
        // An absent column beside an unknown one is more likely misspelt than lacking.
        guard needed.isEmpty, absent.isEmpty || unknown.isEmpty else {
            let missing = (unknown.isEmpty ? needed : absent).map(\.name)
            throw OperationError.batchColumnsMissing(batch, part: part.name, missing: missing, unknown: unknown)
        }
        if !absent.isEmpty {
            let names = absent.map(\.name).joined(separator: ", ")
            notices.append(
                LocalizedText(
                    en: "part '\(part.name)' lacks columns, which stay empty: \(names)",
                    zh: "分卷“\(part.name)”缺少下列列，留空：\(names)"))
        }
        if !unknown.isEmpty {
            let names = unknown.joined(separator: ", ")
            notices.append(
                LocalizedText(
                    en: "part '\(part.name)' has columns that the schema does not know: \(names)",
                    zh: "分卷“\(part.name)”中有定义之外的列：\(names)"))
        }
        return places
    }

    // MARK: The ledger

    private func insertBatch(number: Int?, reason: String?) throws {
        // What an earlier, rejected attempt left goes with its row.
        try connection.execute("DELETE FROM sitong.batch WHERE batch = $1 AND status = 'rejected'", [batch.id])
        try connection.execute(
            """
            INSERT INTO sitong.batch
                (batch, number, source, sequence, digest, previous_digest, court, period, status, reason, manifest, run)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12)
            """,
            [
                batch.id, number.map { String($0) }, batch.source, String(batch.sequence), batch.digest,
                batch.previousDigest, batch.court, batch.period, reason == nil ? "loaded" : "rejected", reason,
                batch.manifest, options.run,
            ])
    }

    private func writeParts() throws {
        try connection.copyRows(parts, into: "sitong.load_part") { part, buffer in
            CopyText.append(batch.id, to: &buffer)
            CopyText.append(part.name, to: &buffer)
            CopyText.append(part.digest, to: &buffer)
            CopyText.append(part.table, to: &buffer)
            let counts = part.counts
            for count in [
                counts.rowsIn, counts.inserted, counts.updated, counts.unchanged, counts.superseded,
                counts.quarantined, counts.deleted, counts.adjusted,
            ] { CopyText.append(Int64(count), to: &buffer) }
        }
    }

    private func writeRejected() throws {
        try write(rejected)
        rejected.removeAll(keepingCapacity: true)
    }

    private func write(_ rows: [RejectedRow]) throws {
        let columns = "batch, part, row, line, table_name, column_name, reason, message_en, message_zh, raw"
        try connection.copyRows(rows, into: "sitong.quarantine (\(columns))") { row, buffer in
            CopyText.append(batch.id, to: &buffer)
            CopyText.append(row.part, to: &buffer)
            CopyText.append(Int64(row.row), to: &buffer)
            CopyText.append(row.line.map { String($0) }, to: &buffer)
            CopyText.append(row.table, to: &buffer)
            CopyText.append(row.column, to: &buffer)
            CopyText.append(row.reason, to: &buffer)
            CopyText.append(row.message.en, to: &buffer)
            CopyText.append(row.message.zh, to: &buffer)
            CopyText.append(blob: row.raw, to: &buffer)
        }
    }

    /// After the load was rolled back: that it was tried, why it failed, and the rows that made it fail.
    func keepEvidence(of error: OperationError) throws {
        try insertBatch(number: nil, reason: error.code)
        try write(evidence)
    }
}
