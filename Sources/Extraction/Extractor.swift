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
        let window = SourceWindow(request.range, lastSnapshot: stream.last?.snapshotTime)
        let (batch, notices) = try SourceSessions.with(request.source) { session in
            let writer = try stream.begin(period: request.period?.label, partBytes: request.partBytes)
            var extraction = Extraction(request, session, window, writer, progress)
            return (try extraction.run(), extraction.notices)
        }
        return ExtractionResult(batch: batch, isReused: false, notices: notices, seconds: seconds())
    }
}
