public import Columnar
public import CourtModel
public import DataAccess
public import Diagnostics
public import RuleLanguage
import RulePlan
public import Schema

/// 质检: judges all rules over the tables that are given.
///
/// Every table is read once. What rules need of all rows or of other tables is remembered by key, in memory up to
/// `Options.memory` and then on disk, and judged when all tables have been read; then only the rows that broke such a rule
/// are read again, for their findings.
public struct QualityCheck {
    public struct Options: Sendable {
        /// 期初, 期末, 本期, and which rules are in force; without it all are.
        public var period: StatisticalPeriod?
        /// Rules apply to rows of these courts alone; empty: to all.
        public var courts: [String]
        /// Findings kept per rule; counting goes on.
        public var maxStored: Int?
        /// Whether personal values appear in messages as they are.
        public var revealsPersonal: Bool
        /// The language of the messages of built-in findings.
        public var language: Language
        /// Whether columns that no rule reads are checked for their type too, where the reader has them.
        public var checksAllTypes: Bool
        /// Bytes that what is remembered may take in memory.
        public var memory: Int
        /// Where it goes beyond that.
        public var spillDirectory: String
        /// Threads that judge; reading has one more.
        public var jobs: Int
        /// Bits of fingerprints that are used. Fewer than all make different keys look alike at first: for tests.
        package var keyMask = UInt64.max

        public init(
            period: StatisticalPeriod? = nil, courts: [String] = [], maxStored: Int? = nil,
            revealsPersonal: Bool = false, language: Language = .zh, checksAllTypes: Bool = true,
            memory: Int = 512 << 20, spillDirectory: String = "/tmp", jobs: Int = 1
        ) {
            self.memory = memory
            self.spillDirectory = spillDirectory
            self.jobs = jobs
            self.period = period
            self.courts = courts
            self.maxStored = maxStored
            self.revealsPersonal = revealsPersonal
            self.language = language
            self.checksAllTypes = checksAllTypes
        }
    }

    /// What a pass wants of a table: column codes. Readers may call columns by code or title, in any order, and may have
    /// more; missing optional ones are done without.
    public struct TableRequest: Sendable {
        public var table: TableDefinition
        public var required: [String]
        public var optional: [String]
    }

    private let schema: StandardSchema
    private let options: Options
    private let plans: [TablePlan]

    /// Rules of forms are left to the form engine.
    public init(schema: StandardSchema, rules: RuleSet, options: Options = Options()) throws(InvalidDefinitions) {
        let compiler = RuleCompiler(schema: schema, rules: rules, courts: options.courts)
        guard !compiler.diagnostics.contains(where: { $0.severity == .error }) else {
            throw InvalidDefinitions(compiler.diagnostics)
        }
        self.schema = schema
        self.options = options
        plans = compiler.tables
    }

    /// The columns, by code, that the rules to be judged read of each table, when these tables (codes) are given.
    public func requiredColumns(given tables: [String]) -> [String: [String]] {
        program(given: Set(tables)).tables.reduce(into: [:]) { result, program in
            result[program.table.name] = program.requiredColumns.sorted().map { program.table.columns[$0].name }
        }
    }

    private func program(given: Set<String>) -> RunProgram {
        RunProgram(
            plans.filter { given.contains($0.table.name) }.map { plan in
                (plan, plan.rules.filter { notRun($0, plan.table, given: given) == nil })
            }, keyMask: options.keyMask)
    }

    private func notRun(_ rule: CompiledRule, _ table: TableDefinition, given: Set<String>) -> NotRun? {
        NotRun(rule, table, given: given, schema: schema, period: options.period)
    }

    /// Judges the given tables (codes). `open` is asked for a reader of a table at the beginning of each reading of it.
    public func run(
        tables: [String], open: (TableRequest) throws -> any BlockReader
    ) throws -> QualityResult {
        try run(tables: tables, cells: { BlockCells(AnyBlockReader(try open($0))) })
    }

    /// Judges the given tables (codes).
    ///
    /// - Parameters:
    ///   - cells: asked for a reader of a table at the beginning of each reading of it.
    ///   - fetcher: asked, when a table was read, for what fetches single rows of it; nil: it is read again as a whole.
    public func run(
        tables: [String], cells open: (TableRequest) throws -> any CellReader,
        fetcher: (TableRequest) throws -> (any RowFetcher)? = { _ in nil }
    ) throws -> QualityResult {
        let given = Set(tables)
        let run = QualityRun(RunContext(schema, options, program(given: given)))
        try run.perform(open, fetcher)
        return run.result(
            plans.flatMap { plan in
                plan.rules.compactMap { rule -> (position: Int, statistics: RuleStatistics)? in
                    guard let reason = notRun(rule, plan.table, given: given) else { return nil }
                    var statistics = RuleStatistics(
                        rule: rule.definition.id, title: rule.definition.title ?? rule.definition.id,
                        table: plan.table.name, severity: rule.definition.severity)
                    statistics.notRun = reason
                    return (rule.position, statistics)
                }
            })
    }
}

/// Any reader of blocks of rows.
private struct AnyBlockReader: BlockReader {
    private var base: any BlockReader
    init(_ base: any BlockReader) { self.base = base }
    var columns: [String] { base.columns }
    mutating func next() throws -> RawBlock? { try base.next() }
}
