public import Batches
import CourtModel
public import DataAccess
import Definitions
import Diagnostics
public import Schema

/// The keys that were sent before and are still held there.
public struct KnownKeys {
    /// Those of a table, in the order of the key's columns.
    public var read: (TableDefinition) throws -> any CellReader

    public init(_ read: @escaping (TableDefinition) throws -> any CellReader) { self.read = read }
}

/// 抽取: one source, one state of it, one batch.
///
/// Columns are picked and named, codes are translated; no value is changed otherwise. What cannot be read whole leaves
/// nothing behind.
public enum Extractor {
    /// - Throws: `OperationError`: 65 a needed column is missing or misspelt, or the outbox is damaged; 66, 69, 77 the
    ///   source cannot be reached; 73, 74 the batch cannot be written; 75 another process extracts this source; 78 a
    ///   statement is refused.
    ///
    /// - Parameter known: asked for the keys that were sent before; what of them is not at the source any more becomes a
    ///   tombstone, and `deletes:` is not asked.
    public static func extract(
        _ request: ExtractionRequest, to outbox: Outbox, known: KnownKeys? = nil,
        progress: @escaping (ExtractionProgress) -> Void = { _ in }
    ) throws -> ExtractionResult {
        let clock = ContinuousClock()
        let start = clock.now
        func seconds() -> Double { (clock.now - start) / .seconds(1) }
        let stream = try outbox.stream(request.source.name)
        if let batch = try stream.existing(runKey: request.runKey) {
            return ExtractionResult(batch: batch, isReused: true, notices: [], seconds: seconds())
        }
        // Else the next extract would take this for the first, and never bring the rest.
        if case .keys = request.range, stream.last == nil {
            throw OperationError.nothingToPullAgain(request.source.name)
        }
        let window = SourceWindow(
            request.range, resumeFrom: stream.last.map { $0.resumeFrom ?? $0.snapshotTime },
            position: stream.last?.position)
        let (batch, notices) = try SourceSessions.with(request.source, connections: request.connections) { session in
            faultPoint("extract.afterSnapshot")
            let writer = try stream.begin(period: request.period?.label, partBytes: request.partBytes)
            var extraction = Extraction(
                request, session, window, writer, last: stream.last, known: known, progress)
            return (try extraction.run(), extraction.notices)
        }
        return ExtractionResult(batch: batch, isReused: false, notices: notices, seconds: seconds())
    }

    /// What would be asked of the source, statement by statement, without asking; nothing is made.
    ///
    /// - Parameter comparesKeys: whether deletions would be found by comparing keys.
    public static func plan(
        _ request: ExtractionRequest, to outbox: Outbox, comparesKeys: Bool = false
    ) throws -> [PlannedStatement] {
        let stream = try outbox.stream(request.source.name)
        let window = SourceWindow(
            request.range, resumeFrom: stream.last.map { $0.resumeFrom ?? $0.snapshotTime },
            position: stream.last?.position)
        // Both engines quote alike.
        func quote(_ name: String) -> String {
            "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
        }
        let late: String? =
            if case .postgres = request.source.connection, !window.isWhole {
                window.position.flatMap(SourcePosition.init)?.condition
            } else { nil }
        var plan: [PlannedStatement] = []
        func add(_ table: SourceDefinition.SourceTable, _ purpose: PlannedStatement.Purpose, _ one: SourceStatement) {
            plan.append(PlannedStatement(table: table.table, purpose: purpose, sql: one.sql, isWhole: one.isWhole))
        }
        for table in request.source.tables {
            let key = request.schema.table(table.table)?.key ?? []
            if let keys = window.keys {
                guard keys.columns.allSatisfy(key.contains) else { continue }
                for one in try SourceStatement.reading(keys, of: table, source: request.source, quote: quote) {
                    add(table, .rows, one)
                }
                continue
            }
            // Rows that were late are known by their transactions only in a table.
            let alsoWhere = if case .from = table.query { late } else { String?.none }
            add(table, .rows, SourceStatement(table, window, quote: quote, alsoWhere: alsoWhere))
            if comparesKeys {
                add(table, .keys, try SourceStatement.keys(key, of: table, source: request.source, quote: quote))
            } else if let deletes = table.deletes {
                add(table, .deletions, SourceStatement(select: deletes, window))
            }
        }
        return plan
    }
}
