import Columnar
public import DataAccess
public import ReferenceInterpreter
import RuleEngine
import RuleLanguage
public import Schema

/// The native column engine, through its public API.
public struct NativeEngine: Engine {
    public let name = "native"
    /// Rows per block; the last size is used for the rest.
    private let blockSizes: [Int]
    private let open: (@Sendable (TableDefinition, [[String?]]) throws -> any BlockReader)?

    /// - Parameter open: reads the rows of a table; by default they are handed over from memory.
    public init(
        blockSizes: [Int] = [7, 1, 64],
        open: (@Sendable (TableDefinition, [[String?]]) throws -> any BlockReader)? = nil
    ) {
        self.blockSizes = blockSizes
        self.open = open
    }

    public func judge(_ question: ProofCase) throws -> [Verdict?] {
        let check = try QualityCheck(
            schema: question.schema, rules: question.rules, options: .init(period: question.period))
        let tables = question.schema.tables.map(\.name).filter { question.cells[$0] != nil }
        let result = try check.run(tables: tables) { request in
            let rows = question.cells[request.table.name] ?? []
            return try open?(request.table, rows) ?? MemoryReader(request.table, rows, blockSizes: blockSizes)
        }
        var rows: [String: [Int]] = [:]
        for finding in result.findings { rows[finding.rule, default: []].append(finding.row) }
        let statistics = Dictionary(
            result.statistics.filter { !$0.isBuiltin }.map { ($0.rule, $0) }, uniquingKeysWith: { first, _ in first })
        return question.rules.rules.map { rule in
            statistics[rule.id].flatMap { Verdict($0, violations: rows[rule.id] ?? []) }
        }
    }
}

extension Verdict {
    /// Nil for a rule that was not run.
    init?(_ entry: RuleStatistics, violations: [Int]) {
        guard entry.notRun == nil else { return nil }
        self.init()
        isTrue = entry.isTrue
        isFalse = entry.isFalse
        undecided = entry.undecided
        error = entry.error
        applicable = entry.applicable
        self.violations = violations
    }
}

/// Rows in memory, block by block.
struct MemoryReader: BlockReader {
    let columns: [String]
    private let rows: [[String?]]
    private let blockSizes: [Int]
    private var position = 0
    private var blocks = 0

    init(_ table: TableDefinition, _ rows: [[String?]], blockSizes: [Int]) {
        columns = table.columns.map(\.name)
        self.rows = rows
        self.blockSizes = blockSizes
    }

    mutating func next() -> RawBlock? {
        guard position < rows.count else { return nil }
        let size = blocks < blockSizes.count ? blockSizes[blocks] : blockSizes.last ?? 64
        blocks += 1
        var block = RawBlock(columnCount: columns.count, firstRow: position + 1)
        for row in rows[position..<min(position + size, rows.count)] {
            for (index, cell) in row.enumerated() { block.columns[index].append(cell) }
            block.rowCount += 1
        }
        position += block.rowCount
        return block
    }
}
