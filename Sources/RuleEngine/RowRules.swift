public import Columnar
public import CourtModel
public import Diagnostics
public import RuleLanguage
import RulePlan
public import Schema

/// Rules of one table that are judged while its rows pass by, as at load (`action: reject`): each needs nothing but the row.
///
/// What needs other rows, or another table, is `QualityCheck`'s; the compiler refuses `action: reject` there.
public struct RowRules {
    /// Rules that are not judged, and why.
    public let notRun: [(rule: RuleDefinition, reason: NotRun)]
    private let context: RunContext

    /// - Parameters:
    ///   - rules: of any table; those that reject rows of `table` are taken.
    ///   - period: of the batch; without one, rules that speak of the statistical period are not judged.
    /// - Throws: all that is wrong with those rules.
    public init(
        _ rules: RuleSet, rejectingRowsOf table: TableDefinition, schema: StandardSchema, period: StatisticalPeriod?
    ) throws(InvalidDefinitions) {
        var own = rules
        own.rules = rules.rules.filter { rule in
            rule.action == .reject && rule.table.flatMap { schema.table($0)?.name } == table.name
        }
        let compiler = RuleCompiler(schema: schema, rules: own)
        guard !compiler.diagnostics.contains(where: { $0.severity == .error }) else {
            throw InvalidDefinitions(compiler.diagnostics)
        }
        guard let plan = compiler.tables.first(where: { $0.table.name == table.name }) else {
            preconditionFailure("the table is not of the schema")
        }
        let reasons = plan.rules.map {
            NotRun($0, table, given: [table.name], schema: schema, period: period)
        }
        notRun = zip(plan.rules, reasons).compactMap { rule, reason in reason.map { (rule.definition, $0) } }
        let judged = zip(plan.rules, reasons).filter { $0.1 == nil }.map(\.0)
        context = RunContext(
            schema, QualityCheck.Options(period: period), RunProgram([(plan, judged)], keyMask: .max))
    }

    public var isEmpty: Bool { context.program.tables[0].rules.isEmpty }

    /// A judge of blocks with these columns, by code or title in any order. A column that is not there is NULL.
    public func judge(readerColumns: [String]) throws(OperationError) -> RowJudge {
        try RowJudge(context, readerColumns)
    }
}

/// Judges blocks of one reader by `RowRules`. Belongs to one thread.
public final class RowJudge {
    private let program: TableProgram
    private let evaluator: ExpressionEvaluator
    private let needed: NeededSteps
    private let arena = Arena()
    private var decoder: CellDecoder
    private var composer: FindingComposer

    fileprivate init(_ context: RunContext, _ readerColumns: [String]) throws(OperationError) {
        program = context.program.tables[0]
        evaluator = context.evaluator(program.plan.expressions)
        needed = evaluator.closure(of: program.rules.flatMap(program.roots))
        decoder = try CellDecoder(
            table: program.table, required: [], optional: program.requiredColumns.union(program.shownColumns),
            checked: [], readerColumns: readerColumns)
        composer = FindingComposer(program, context.options, decoder)
    }

    /// By place in the block, the first rule, as defined, that a row breaks. Rows that break none, and those that an overlay
    /// excepts, are left out.
    public func violations(_ block: CellBlock) -> [Int: RuleDefinition] {
        guard block.rowCount > 0 else { return [:] }
        arena.reset()
        var found: [Int: RuleDefinition] = [:]
        block.withCells { cells in
            let columns = decoder.decode(cells, arena)
            let judged = JudgedRows(
                values: evaluator.evaluate(
                    Leaves(count: cells.count, columns: columns), needed: needed, arena), count: cells.count)
            for (index, rule) in program.rules.enumerated() {
                guard let step = rule.checkedStep else { continue }
                rule.settled(judged.mask(step)).falseRows.forEachOne { row in
                    if found[row] == nil, !composer.isExcepted(index, row, cells) { found[row] = rule.definition }
                }
            }
        }
        return found
    }
}

extension CompiledRule {
    /// The outcomes after the rule's policy for undecided ones.
    func settled(_ outcomes: OutcomeMask) -> OutcomeMask {
        guard definition.nullPolicy != .undecided else { return outcomes }
        var mask = outcomes
        let outcome: Outcome = definition.nullPolicy == .fail ? .isFalse : .isTrue
        mask.undecidedRows.forEachOne { mask[$0] = outcome }
        return mask
    }
}
