public import Batches
import CourtModel
import Definitions

/// 抽取: one source, one state of it, one batch.
///
/// Columns are picked and named, codes are translated; no value is changed otherwise. What cannot be read whole leaves
/// nothing behind.
public enum Extractor {
    /// - Throws: `OperationError`: 65 a needed column is missing or misspelt, or the outbox is damaged; 66, 69, 77 the
    ///   source cannot be reached; 73, 74 the batch cannot be written; 75 another process extracts this source; 78 a
    ///   statement is refused.
    public static func extract(
        _ request: ExtractionRequest, to outbox: Outbox, progress: @escaping (ExtractionProgress) -> Void = { _ in }
    ) throws -> ExtractionResult {
        let clock = ContinuousClock()
        let start = clock.now
        func seconds() -> Double { (clock.now - start) / .seconds(1) }
        let stream = try outbox.stream(request.source.name)
        if let batch = try stream.existing(runKey: request.runKey) {
            return ExtractionResult(batch: batch, isReused: true, notices: [], seconds: seconds())
        }
        let window = SourceWindow(
            request.range, resumeFrom: stream.last.map { $0.resumeFrom ?? $0.snapshotTime },
            position: stream.last?.position)
        let (batch, notices) = try SourceSessions.with(request.source, connections: request.connections) { session in
            let writer = try stream.begin(period: request.period?.label, partBytes: request.partBytes)
            var extraction = Extraction(request, session, window, writer, progress)
            return (try extraction.run(), extraction.notices)
        }
        return ExtractionResult(batch: batch, isReused: false, notices: notices, seconds: seconds())
    }

    /// What would be asked of the source, statement by statement, without asking; nothing is made.
    public static func plan(_ request: ExtractionRequest, to outbox: Outbox) throws -> [PlannedStatement] {
        let stream = try outbox.stream(request.source.name)
        let window = SourceWindow(
            request.range, resumeFrom: stream.last.map { $0.resumeFrom ?? $0.snapshotTime },
            position: stream.last?.position)
        // Both engines quote alike.
        func quote(_ name: String) -> String {
            "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
        }
        return request.source.tables.flatMap { table in
            let rows = SourceStatement(table, window, quote: quote)
            var plan = [PlannedStatement(table: table.table, purpose: .rows, sql: rows.sql, isWhole: rows.isWhole)]
            if let deletes = table.deletes {
                let statement = SourceStatement(select: deletes, window)
                plan.append(
                    PlannedStatement(
                        table: table.table, purpose: .deletions, sql: statement.sql, isWhole: statement.isWhole))
            }
            return plan
        }
    }
}
