import Columnar
public import Diagnostics

/// 质检问题 that another engine finds, kept as the native one keeps its own: in memory up to a budget, then on disk.
public final class FindingCollector {
    private let budget: MemoryBudget
    private let store: FindingStore
    private var buffer = FindingBuffer()

    /// Within the memory of the options, and their folder for what goes beyond it.
    public init(_ options: QualityCheck.Options) {
        budget = MemoryBudget(limit: options.memory, directory: options.spillDirectory)
        store = FindingStore(budget)
    }

    /// Makes a place for the findings of one rule or built-in check.
    ///
    /// - Parameters:
    ///   - columns: those that the rule reads, by code.
    ///   - message: of findings that bring none.
    /// - Returns: the place's number.
    public func makeSource(
        rule: String, severity: Severity, table: String, columns: [String] = [], message: String
    ) -> Int {
        store.sources.append(
            FindingStore.Source(rule: rule, severity: severity, table: table, columns: columns, message: message))
        return store.sources.count - 1
    }

    /// Keeps one finding.
    ///
    /// - Parameters:
    ///   - row: from 1, ascending in a source; 0 where rows have no numbers, and for a finding about the table as a whole.
    ///   - key: as `Finding.key`.
    ///   - message: nil for the source's own.
    /// - Throws: `OperationError` 74 when it cannot be written to disk.
    public func append(row: Int, key: String, court: String?, message: String?, to source: Int) throws {
        buffer.removeAll()
        let record = buffer.begin(row: row, line: 0)
        buffer.part(0, of: record) { $0.append(contentsOf: key.utf8) }
        if let court { buffer.part(1, of: record) { $0.append(contentsOf: court.utf8) } }
        if let message { buffer.part(2, of: record) { $0.append(contentsOf: message.utf8) } }
        try buffer.bytes.withUnsafeBytes { try store.append($0, to: source) }
    }

    /// The result, after the last finding.
    ///
    /// - Parameter sources: in the order of their findings.
    public func finish(
        _ statistics: [RuleStatistics], sources: [Int], tables: [QualityResult.Table]
    ) -> QualityResult {
        store.finish()
        return QualityResult(
            statistics: statistics, findings: FindingList(store, sources), tables: tables,
            spilledBytes: budget.spilledBytes)
    }
}
