import Batches
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

extension StandardLibrary {
    /// Loads a batch (入库): all of it, with its ledger row, in one transaction, exactly once.
    ///
    /// Rows that are not of their columns' types, or have no key, go to quarantine with their bytes. Of several rows
    /// with one key the latest wins, the others are superseded. Rows that changed are kept in the log. A batch that was
    /// loaded before changes nothing and is reported as a replay.
    ///
    /// - Parameter rules: those with `action: reject` are judged while rows pass; what breaks one goes to quarantine too.
    /// - Throws: `OperationError` 65 when the batch is malformed, out of its chain, or beyond the limits (then its bad
    ///   rows are kept as evidence), 66 when no schema was applied, 69 when the server is lost, 70 when rows do not add
    ///   up, 75 when another process changes the library. Whatever is thrown, no row of the tables was changed.
    public func load(
        _ batch: IncomingBatch, schema: StandardSchema, rules: RuleSet = RuleSet(),
        options: LoadOptions = LoadOptions()
    ) throws -> LoadReceipt {
        try requireLedger()
        let loader = BatchLoader(
            connection: connection, batch: batch, schema: schema, rules: rules, options: options)
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
    private let rules: RuleSet
    private let options: LoadOptions

    private var number = 0
    private var parts: [LoadReceipt.Part] = []
    private var notices: [LocalizedText] = []
    private var badRows = 0
    private var allowedBadRows = 0
    /// By part: the rows that the server took by COPY, and the records of the table's parts before.
    private var copiedRows: [Int: Int] = [:]
    private var recordsBefore: [Int: Int] = [:]
    /// Not yet written to the quarantine.
    private var rejected: [RejectedRow] = []
    /// The first of them, for when the load is rolled back.
    private var evidence: [RejectedRow] = []
    private static let evidenceLimit = 10_000

    init(
        connection: PostgresConnection, batch: IncomingBatch, schema: StandardSchema, rules: RuleSet,
        options: LoadOptions
    ) {
        self.connection = connection
        self.batch = batch
        self.schema = schema
        self.rules = rules
        self.options = options
    }

    func load() throws -> LoadReceipt {
        faultPoint("load.afterLock")
        let chain = BatchChain(connection)
        if let replay = try chain.replay(of: batch) { return replay }
        try chain.check(batch)
        // Deferred constraints must speak while it is still known which rows they speak of.
        try connection.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL jit = off; SET LOCAL work_mem = '64MB'")
        allowedBadRows = options.maxBad.allowed(of: rowTotal)
        number = try chain.nextNumber()
        try insertBatch(number: number, reason: nil)
        faultPoint("load.afterBatchRow")
        // A key that is deleted and delivered in one batch is there again at its end.
        for table in batch.tables where table.kind == .deletions { try load(table) }
        for table in batch.tables where table.kind == .rows { try load(table) }
        for table in batch.tables where table.kind == .quarantine { try keep(table) }
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
        let isDeletion = table.kind == .deletions
        let staged = StagedTable(
            table: table,
            statements: StageStatements(table: definition, isDeletion: isDeletion, orderColumn: table.orderColumn),
            parts: parts.count..<parts.count + table.parts.count,
            rules: isDeletion ? nil : try rowRules(of: definition))
        try connection.execute(staged.statements.create)
        if try isDeletion || !copyDirectly(staged) {
            try copy(staged, to: .stage)
            try connection.execute(staged.statements.analyze)
            if isDeletion { try delete(staged) } else { try merge(staged) }
        }
        faultPoint("load.afterMerge")
        try connection.execute(staged.statements.drop)
        for part in parts[staged.parts] where !part.counts.isConserved {
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

    /// The rules that reject rows of a table; nil when there are none.
    private func rowRules(of table: TableDefinition) throws -> RowRules? {
        let found = try RowRules(
            rules, rejectingRowsOf: table, schema: schema, period: batch.period.flatMap { StatisticalPeriod($0) })
        notices += found.notRun.map { rule, reason in
            LocalizedText(
                en: "rule \(rule.id) rejected no row: \(reason.text.en)", zh: "规则 \(rule.id) 未用于拒收：\(reason.text.zh)")
        }
        return found.isEmpty ? nil : found
    }

    /// Rows that the source could not hand out as text come to the quarantine with their bytes.
    private func keep(_ table: IncomingBatch.Table) throws {
        for part in table.parts {
            var counts = RowCounts()
            var reader = try part.open()
            var block = CellBlock()
            while try reader.next(into: &block) {
                for row in 0..<block.rowCount {
                    let texts = (0..<block.columnCount).map { block.text(row: row, column: $0) }
                    guard let kept = QuarantinedRow(texts: texts) else {
                        throw OperationError.quarantineMalformed(batch, part: part.name)
                    }
                    rejected.append(
                        RejectedRow(
                            part: part.name, row: block.firstRow + row, line: nil, table: table.name,
                            column: kept.column, reason: "source.\(table.name).\(kept.reason)",
                            message: LocalizedText(
                                en: "row \(kept.row) of the source: \(kept.column) is no text in its encoding",
                                zh: "来源第 \(kept.row) 行：“\(kept.column)”不是其编码的文本"),
                            raw: kept.raw))
                }
                counts.quarantined += block.rowCount
                try note(bad: block.rowCount)
                try writeRejected()
            }
            counts.rowsIn = reader.recordCount
            guard reader.takeMalformed().isEmpty, counts.rowsIn == part.rows, counts.isConserved else {
                throw OperationError.quarantineMalformed(batch, part: part.name)
            }
            parts.append(.init(name: part.name, digest: part.digest, table: table.name, counts: counts))
        }
    }

    /// Writes the staged rows; those that the server refuses are taken out one by one, and the others written.
    private func merge(_ staged: StagedTable) throws {
        let merge = MergeStatements(stage: staged.statements, number: number)
        do {
            try connection.withSavepoint { try write(staged, merge) }
        } catch let refusal as OperationError where refusal.code == "pg-data" {
            for part in staged.parts {
                let counts = parts[part].counts
                parts[part].counts = RowCounts()
                parts[part].counts.rowsIn = counts.rowsIn
                parts[part].counts.quarantined = counts.quarantined
            }
            try isolate(staged, merge)
            try write(staged, merge, knowsSuperseded: true)
        }
    }

    /// A source that comes for the first time has its rows copied into the library as they pass, without asking which of
    /// them are there; as fast as any COPY. Where a key comes twice or the server refuses a row, nothing of it is kept,
    /// and false returned.
    private func copyDirectly(_ staged: StagedTable) throws -> Bool {
        let merge = MergeStatements(stage: staged.statements, number: number)
        let name = staged.statements.table.name
        let answer = try connection.execute(
            merge.takesRowsDirectly, [batch.source, name, staged.statements.target.description])
        guard answer.first?.first == "t" else { return false }
        let before = (parts, notices, badRows, evidence)
        do {
            try connection.withSavepoint { try copy(staged, to: .library) }
        } catch let refusal as OperationError where refusal.code == "pg-data" {
            (parts, notices, badRows, evidence) = before
            rejected = []
            return false
        }
        for part in staged.parts { parts[part].counts.inserted = copiedRows[part] ?? 0 }
        return true
    }

    /// Compares the staged rows with the library's, and writes only those that are new or differ.
    private func write(_ staged: StagedTable, _ merge: MergeStatements, knowsSuperseded: Bool = false) throws {
        let rows = knowsSuperseded ? try connection.count(staged.statements.countRows) : try supersede(staged)
        try requireStaged(rows, staged)
        try connection.execute(merge.createChange)
        // Of few rows each key is looked up. Where they lie close together the planner would rather walk that stretch of the
        // index, and meet the rows of all other sources there.
        let isLarge = rows > Self.fewRows
        if !isLarge { try connection.execute("SET LOCAL enable_mergejoin = off; SET LOCAL enable_hashjoin = off") }
        try connection.execute(merge.classifyOwn(isLarge: isLarge), [batch.source])
        if !isLarge {
            try connection.execute("SET LOCAL enable_mergejoin TO DEFAULT; SET LOCAL enable_hashjoin TO DEFAULT")
        }
        var new = 0
        var changed = 0
        for part in staged.parts {
            let counts = parts[part].counts
            parts[part].counts.unchanged = counts.rowsIn - counts.quarantined - counts.superseded
        }
        for (part, counts) in try countsByPart(merge.countChanges) {
            parts[part].counts.inserted = counts[0]
            parts[part].counts.updated = counts[1]
            parts[part].counts.unchanged -= counts[0] + counts[1]
            new += counts[0]
            changed += counts[1]
        }
        if new + changed > 0 { try connection.execute(merge.analyzeChange) }
        if new > 0 {
            for (part, counts) in try countsByPart(merge.classifyAbsent) {
                parts[part].counts.inserted -= counts[0] + counts[1]
                parts[part].counts.unchanged += counts[0]
                parts[part].counts.updated += counts[1]
                new -= counts[0] + counts[1]
                changed += counts[1]
            }
        }
        faultPoint("load.afterComparison")
        let logged = changed == 0 ? 0 : try connection.update(merge.log)
        faultPoint("load.afterHistory")
        let updated = changed == 0 ? 0 : try connection.update(merge.update)
        let inserted = new == 0 ? 0 : try connection.update(merge.insert)
        try connection.execute(merge.dropChange)
        guard logged == changed, updated == changed, inserted == new else {
            var counts = RowCounts()
            counts.rowsIn = new + changed
            counts.inserted = inserted
            counts.updated = min(updated, logged)
            throw OperationError.notConserved(batch, part: staged.statements.table.name, counts)
        }
    }

    /// Staged rows up to which each is looked up in the library, rather than the library read.
    private static let fewRows = 50_000

    /// Removes all but the latest row of each key; how many rows are staged then.
    @discardableResult
    private func supersede(_ staged: StagedTable) throws -> Int {
        let found = try connection.execute(staged.statements.countKeys).first ?? []
        let counts = found.map { $0.flatMap { Int($0) } ?? 0 }
        guard counts.count == 2 else { return 0 }
        guard counts[0] != counts[1] else { return counts[0] }
        var superseded = 0
        for (part, count) in try countsByPart(staged.statements.supersede) {
            parts[part].counts.superseded = count[0]
            superseded += count[0]
        }
        return counts[0] - superseded
    }

    /// Whether the server has as many rows as are left of the parts.
    private func requireStaged(_ rows: Int, _ staged: StagedTable) throws {
        var counts = RowCounts()
        for part in staged.parts { counts += parts[part].counts }
        counts.inserted = rows
        guard counts.isConserved else {
            throw OperationError.notConserved(batch, part: staged.statements.table.name, counts)
        }
    }

    private func delete(_ staged: StagedTable) throws {
        try supersede(staged)
        let deletion = DeletionStatements(stage: staged.statements, number: number)
        let before = try connection.count(deletion.countRows)
        for (part, counts) in try countsByPart(deletion.classify) {
            // Of what is not there, nothing is to be deleted.
            parts[part].counts.unchanged = counts[0]
            parts[part].counts.deleted = counts[1]
        }
        try connection.update(deletion.log)
        let deleted = try connection.update(deletion.delete)
        guard deleted <= options.maxShrink.allowed(of: before) else {
            throw OperationError.tooMuchShrink(
                batch, table: staged.statements.table.name, deleted: deleted, total: before, limit: options.maxShrink)
        }
    }

    /// Rows of a part's number and numbers.
    private func countsByPart(_ query: String, _ parameters: [String?] = []) throws -> [(part: Int, counts: [Int])] {
        try connection.execute(query, parameters).compactMap { row in
            let numbers = row.map { $0.flatMap { Int($0) } ?? 0 }
            guard let part = numbers.first, parts.indices.contains(part) else { return nil }
            return (part, Array(numbers.dropFirst()))
        }
    }

    // MARK: A part

    private enum CopyTarget { case stage, library }

    private func copy(_ staged: StagedTable, to target: CopyTarget) throws {
        for part in staged.table.parts {
            parts.append(.init(name: part.name, digest: part.digest, table: staged.statements.table.name))
            try copy(part, of: staged, to: target)
        }
        faultPoint("load.afterCopy")
    }

    private func copy(_ part: IncomingBatch.Part, of staged: StagedTable, to target: CopyTarget) throws {
        var reader = try part.open()
        let partNumber = parts.count - 1
        let check = try rowCheck(part, partNumber, reader.columns, staged, target)
        let statement =
            switch target {
            case .stage: staged.statements.copy
            case .library: MergeStatements(stage: staged.statements, number: number).copy
            }
        let judge = try staged.rules?.judge(readerColumns: reader.columns)
        let rows = BinaryCopyRows()
        rows.beginCopy()
        var sink = try connection.copyIn(statement)
        var taken = 0
        func endCopy() throws {
            rows.endCopy()
            try rows.withBytes { try sink.write($0) }
            rows.removeAll()
            try sink.finish()
            taken += sink.rowCount
        }
        var bad = 0
        func takeBad() throws {
            guard bad > 0 else { return }
            parts[partNumber].counts.quarantined += bad
            try note(bad: bad)
            bad = 0
            // One connection, one COPY at a time: that of the rows is ended and begun again.
            try endCopy()
            try writeRejected()
            sink = try connection.copyIn(statement)
            rows.beginCopy()
        }
        var block = CellBlock()
        while try reader.next(into: &block) {
            let known = rejected.count
            check.check(block, broken: judge?.violations(block) ?? [:], into: rows, rejected: &rejected)
            rejected += reader.takeMalformed().map(check.reject)
            bad += rejected.count - known
            try rows.withBytes { try sink.write($0) }
            rows.removeAll()
            if bad > 1000 || badRows + bad > allowedBadRows { try takeBad() }
        }
        try takeBad()
        try endCopy()
        parts[partNumber].counts.rowsIn = reader.recordCount
        copiedRows[partNumber] = taken
        recordsBefore[partNumber + 1] = (recordsBefore[partNumber] ?? 0) + reader.recordCount
        guard reader.recordCount == part.rows else {
            throw OperationError.batchRowsDiffer(batch, part: part, found: reader.recordCount)
        }
        guard taken + parts[partNumber].counts.quarantined == reader.recordCount else {
            var counts = parts[partNumber].counts
            counts.inserted = taken
            throw OperationError.notConserved(batch, part: part.name, counts)
        }
        faultPoint("load.afterPart")
    }

    private func rowCheck(
        _ part: IncomingBatch.Part, _ partNumber: Int, _ header: [String], _ staged: StagedTable,
        _ target: CopyTarget = .stage
    ) throws -> RowCheck {
        let columns = staged.statements.columns
        let destination: RowCheck.Destination =
            switch target {
            case .stage: .stage(part: partNumber, recordsBefore: recordsBefore[partNumber] ?? 0)
            case .library: .library(batch: number)
            }
        return RowCheck(
            table: staged.statements.table, columns: columns,
            places: try places(of: columns, staged.statements.table, header, part),
            header: staged.table.kind == .rows ? CSVEncoding.record(of: header) : nil, part: part.name,
            destination: destination)
    }

    /// Keeps the first rows that were rejected as evidence, and sees that they are not too many.
    private func note(bad: Int) throws {
        badRows += bad
        evidence += rejected.prefix(max(0, Self.evidenceLimit - evidence.count))
        guard badRows <= allowedBadRows else {
            throw OperationError.tooManyBadRows(
                batch, limit: options.maxBad, allowed: allowedBadRows, total: rowTotal)
        }
    }

    private var rowTotal: Int { batch.tables.reduce(0) { $0 + $1.parts.reduce(0) { $0 + $1.rows } } }

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

    // MARK: Rows that the server refuses

    /// Finds the rows that the server alone knows to be bad (its triggers, constraints, narrower types), takes them out
    /// of staging and puts them into quarantine.
    private func isolate(_ staged: StagedTable, _ merge: MergeStatements) throws {
        try supersede(staged)
        var found: [(position: Int, refusal: OperationError)] = []
        guard let first = staged.parts.first, let last = staged.parts.last else { return }
        let positions = (recordsBefore[first] ?? 0) + 1...max(recordsBefore[last + 1] ?? 0, 1)
        try findRefused(positions, merge, &found)
        let list = "{" + found.map { String($0.position) }.joined(separator: ",") + "}"
        for (part, count) in try countsByPart(staged.statements.removePositions, [list]) {
            parts[part].counts.quarantined += count[0]
        }
        for part in staged.parts {
            let before = recordsBefore[part] ?? 0
            let after = recordsBefore[part + 1] ?? before
            let ofPart = found.filter { $0.position > before && $0.position <= after }
            try readAgain(ofPart.map { ($0.position - before, $0.refusal) }, staged, part)
        }
        try note(bad: found.count)
        try writeRejected()
    }

    /// Halves the range until single rows are left: some `k × log n` attempts for `k` bad rows, each undone.
    private func findRefused(
        _ positions: ClosedRange<Int>, _ merge: MergeStatements,
        _ found: inout [(position: Int, refusal: OperationError)]
    ) throws {
        // One more than is allowed is enough to know.
        guard badRows + found.count <= allowedBadRows else { return }
        let refusal = try connection.refusal {
            try connection.execute(merge.probe, [String(positions.lowerBound), String(positions.upperBound)])
        }
        guard let refusal else { return }
        guard positions.count > 1 else {
            found.append((positions.lowerBound, refusal))
            return
        }
        let middle = positions.lowerBound + positions.count / 2
        try findRefused(positions.lowerBound...middle - 1, merge, &found)
        try findRefused(middle...positions.upperBound, merge, &found)
    }

    /// The bytes of rows, given by their numbers within the part, ascending.
    private func readAgain(_ rows: [(row: Int, refusal: OperationError)], _ staged: StagedTable, _ part: Int) throws {
        guard !rows.isEmpty else { return }
        let source = staged.table.parts[part - staged.parts.lowerBound]
        var reader = try source.open()
        let check = try rowCheck(source, part, reader.columns, staged)
        var rest = rows[...]
        var block = CellBlock()
        while let wanted = rest.first, try reader.next(into: &block) {
            _ = reader.takeMalformed()
            guard wanted.row < block.firstRow + block.rowCount else { continue }
            while let next = rest.first, next.row < block.firstRow + block.rowCount {
                rejected.append(check.reject(block, next.row - block.firstRow, refusal: next.refusal))
                rest.removeFirst()
            }
        }
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
        guard !rows.isEmpty else { return }
        let columns =
            "id, batch, part, row, line, table_name, column_name, reason, message_en, message_zh, raw, columns"
        // Not a sequence, as with the batches' numbers.
        let last = try connection.execute("SELECT coalesce(max(id), 0) FROM sitong.quarantine").first?.first ?? nil
        var id = last.flatMap { Int64($0) } ?? 0
        try connection.copyRows(rows, into: "sitong.quarantine (\(columns))") { row, buffer in
            id += 1
            CopyText.append(id, to: &buffer)
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
            CopyText.append(row.header, to: &buffer)
        }
    }

    /// After the load was rolled back: that it was tried, why it failed, and the rows that made it fail.
    func keepEvidence(of error: OperationError) throws {
        try insertBatch(number: nil, reason: error.code)
        try write(evidence)
    }
}

/// A table of a batch whose rows are in staging.
private struct StagedTable {
    var table: IncomingBatch.Table
    var statements: StageStatements
    /// Its parts among those of the batch.
    var parts: Range<Int>
    /// Those that reject rows.
    var rules: RowRules?
}

extension PostgresConnection {
    /// The one number that a query yields.
    fileprivate func count(_ query: String) throws -> Int {
        (try execute(query).first?.first ?? nil).flatMap { Int($0) } ?? 0
    }

    /// Undoes what `body` did when it throws, and leaves the transaction going.
    func withSavepoint(_ body: () throws -> Void) throws {
        try execute("SAVEPOINT load")
        do {
            try body()
            try execute("RELEASE SAVEPOINT load")
        } catch {
            // When the connection is lost, this fails too, and the first error is the one to tell.
            _ = try? execute("ROLLBACK TO SAVEPOINT load; RELEASE SAVEPOINT load")
            throw error
        }
    }

    /// Why the server refuses the data that `body` writes, nil when it takes it; undone in any case.
    fileprivate func refusal(_ body: () throws -> Void) throws -> OperationError? {
        try execute("SAVEPOINT probe")
        do {
            try body()
        } catch let error as OperationError where error.code == "pg-data" {
            try execute("ROLLBACK TO SAVEPOINT probe; RELEASE SAVEPOINT probe")
            return error
        }
        try execute("ROLLBACK TO SAVEPOINT probe; RELEASE SAVEPOINT probe")
        return nil
    }
}
