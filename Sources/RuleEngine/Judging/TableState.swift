import Columnar
import CourtModel
import RuleLanguage
import RulePlan
import Schema

/// What all parts of a run share.
final class RunContext: @unchecked Sendable {
    // Sound because it is never changed; the budget guards itself.
    let schema: StandardSchema
    let options: QualityCheck.Options
    let program: RunProgram
    let budget: MemoryBudget

    init(_ schema: StandardSchema, _ options: QualityCheck.Options, _ program: RunProgram) {
        self.schema = schema
        self.options = options
        self.program = program
        budget = MemoryBudget(
            limit: max(options.memory - RunContext.ownMemory, options.memory / 2), directory: options.spillDirectory)
    }

    /// What blocks, code lists, places of rows and the like take of the memory, whatever the number of rows; in bytes.
    private static let ownMemory = 96 << 20

    func evaluator(_ plan: ExpressionPlan) -> ExpressionEvaluator {
        ExpressionEvaluator(plan, schema: schema, period: options.period)
    }
}

/// What is remembered of one table during a run.
final class TableState: @unchecked Sendable {
    // Sound because streams guard themselves, and all else changes only between the parallel parts of a run.
    static let partitionBits = 9
    static let partitions = 1 << partitionBits

    let program: TableProgram
    /// The number of the table's program.
    let number: Int
    /// By key, for relations.
    let keyStreams: [SpillStreams]
    let layouts: [CarriedLayout]
    /// By key, for `unique` and `depends`, by rule; not for those whose groups are found in a key stream.
    let groupStreams: [Int: SpillStreams]
    /// Rows that break rules judged in joins.
    let late: LateRows
    /// Rows that may break `unique` and `depends` rules: their keys have equal fingerprints.
    let candidates: LateRows
    /// Rows with findings, or candidates for them, so far.
    var marks = RowMarks()
    var courts: CourtNotes?
    /// What relations gave for each row, by link, when rules are replayed.
    let replayNotes: [ReplayNotes]
    var statistics: [RuleStatistics]
    var shares: [ShareCount]
    var types: [RuleStatistics] = []
    var emptyTexts: [String: Int] = [:]
    var rows = 0
    /// Nil when rows cannot be fetched one by one.
    var places: RowPlaces?
    var readerColumns: [String] = []
    /// The findings' source of rule 0; the built-in ones follow the rules.
    let firstSource: Int

    struct ShareCount {
        var isTrue = 0
        var isFalse = 0
    }

    init(_ number: Int, _ context: RunContext, firstSource: Int) {
        let program = context.program.tables[number]
        let budget = context.budget
        self.number = number
        self.program = program
        self.firstSource = firstSource
        keyStreams = program.streams.map { _ in SpillStreams(count: TableState.partitions, budget) }
        layouts = program.streams.map { CarriedLayout($0.slots) }
        var groups: [Int: SpillStreams] = [:]
        for rule in program.groupRules where program.groupHomes[rule] == nil {
            groups[rule] = SpillStreams(count: TableState.partitions, budget)
        }
        groupStreams = groups
        late = LateRows(budget)
        candidates = LateRows(budget)
        courts = program.courtLink.map { _ in CourtNotes(budget) }
        replayNotes = program.hasReplay ? program.links.map { ReplayNotes($0, program, context) } : []
        statistics = program.rules.map { rule in
            RuleStatistics(
                rule: rule.definition.id, title: rule.definition.title ?? rule.definition.id,
                table: program.table.name, severity: rule.definition.severity)
        }
        shares = program.rules.map { _ in ShareCount() }
    }

    func source(ofRule rule: Int) -> Int { firstSource + rule }
    func source(ofType place: Int) -> Int { firstSource + program.rules.count + place }
}

/// What one thread counts, added up afterwards.
struct RuleCounts {
    var statistics: [RuleStatistics]
    var shares: [TableState.ShareCount]
    private let rules: [CompiledRule]

    init(_ state: TableState) {
        rules = state.program.rules
        statistics = state.program.rules.map {
            RuleStatistics(
                rule: $0.definition.id, title: "", table: state.program.table.name, severity: $0.definition.severity)
        }
        shares = state.program.rules.map { _ in TableState.ShareCount() }
    }

    /// Takes the outcomes of some rows; the mask that remains after the rule's policy for undecided ones.
    mutating func take(_ rule: Int, _ mask: OutcomeMask, applicable: Bitmap) -> OutcomeMask {
        let compiled = rules[rule]
        if case .share = compiled.judgement {
            let tally = mask.tally(within: applicable)
            add(rule, tally, applicable.population)
            shares[rule].isTrue += tally.isTrue
            shares[rule].isFalse += tally.isFalse
            return OutcomeMask(count: mask.count)
        }
        let settled = compiled.settled(mask)
        add(rule, settled.tally(), applicable.population)
        return settled
    }

    /// Takes the outcome of a check for rows that were judged once each; one for each violation.
    ///
    /// The same as `take`, word by word, for what is asked millions of times.
    mutating func take(_ rule: Int, _ outcome: Vector, when: Vector?, _ arena: Arena) -> BitWords? {
        guard case .bits(let bits) = outcome.storage else { return nil }
        let count = outcome.count
        let policy = rules[rule].definition.nullPolicy
        let violations = arena.bits(count)
        var tally = OutcomeMask.Tally()
        var applicable = count
        if let when, case .bits(let applies) = when.storage {
            applicable = 0
            for index in 0..<outcome.wordCount {
                let rows: UInt64 = index == outcome.wordCount - 1 ? Bits.tail(count) : .max
                applicable += (applies[index] & when.valid[index] & rows).nonzeroBitCount
            }
        }
        var any: UInt64 = 0
        for index in 0..<outcome.wordCount {
            let rows: UInt64 = index == outcome.wordCount - 1 ? Bits.tail(count) : .max
            let valid = outcome.valid[index] & rows
            let error = (outcome.errors?[index] ?? 0) & rows
            var isTrue = bits[index] & valid
            var isFalse = ~bits[index] & valid
            switch policy {
            case .undecided: break
            case .fail: isFalse |= rows & ~valid & ~error
            case .pass: isTrue |= rows & ~valid & ~error
            }
            tally.isTrue += isTrue.nonzeroBitCount
            tally.isFalse += isFalse.nonzeroBitCount
            tally.error += error.nonzeroBitCount
            violations[index] = isFalse
            any |= isFalse
        }
        tally.undecided = count - tally.isTrue - tally.isFalse - tally.error
        add(rule, tally, applicable)
        return any == 0 ? nil : violations
    }

    private mutating func add(_ rule: Int, _ tally: OutcomeMask.Tally, _ applicable: Int) {
        statistics[rule].rowsInScope += tally.isTrue + tally.isFalse + tally.undecided + tally.error
        statistics[rule].applicable += applicable
        statistics[rule].isTrue += tally.isTrue
        statistics[rule].isFalse += tally.isFalse
        statistics[rule].undecided += tally.undecided
        statistics[rule].error += tally.error
    }

    func add(to state: TableState) {
        for index in statistics.indices {
            state.statistics[index].add(statistics[index])
            state.shares[index].isTrue += shares[index].isTrue
            state.shares[index].isFalse += shares[index].isFalse
        }
    }
}

extension RuleStatistics {
    mutating func add(_ other: RuleStatistics) {
        rowsInScope += other.rowsInScope
        applicable += other.applicable
        isTrue += other.isTrue
        isFalse += other.isFalse
        undecided += other.undecided
        error += other.error
        excepted += other.excepted
        violations += other.violations
        stored += other.stored
        truncated = truncated || other.truncated
    }
}

extension OutcomeMask {
    /// The tally over some rows only.
    fileprivate func tally(within rows: Bitmap) -> Tally {
        var tally = Tally()
        for index in truths.indices {
            let (t, f, chosen) = (truths[index], falses[index], rows.words[index])
            tally.isTrue += (t & ~f & chosen).nonzeroBitCount
            tally.isFalse += (f & ~t & chosen).nonzeroBitCount
            tally.error += (t & f & chosen).nonzeroBitCount
            tally.undecided += (~(t | f) & chosen).nonzeroBitCount
        }
        return tally
    }
}

/// The outcome of steps over rows, each of which may have been judged several times.
struct JudgedRows {
    var values: [Vector?]
    /// Which row each value belongs to, where a relation found several rows for one; nil: value i is row i's.
    var origins: UnsafeBufferPointer<Int32>?
    /// Rows, not values.
    var count: Int

    /// The worst outcome of each row: false, error, undecided, true.
    func mask(_ step: Int) -> OutcomeMask {
        values[step].map { worst($0.outcomes()) } ?? OutcomeMask(count: count)
    }

    /// Values, not rows.
    var valueCount: Int { origins?.count ?? count }

    /// One outcome for each value → the worst of each row.
    func worst(_ mask: OutcomeMask) -> OutcomeMask {
        guard let origins else { return mask }
        var result = OutcomeMask(repeating: .isTrue, count: count)
        for (place, origin) in origins.enumerated() {
            let (old, new) = (result[Int(origin)], mask[place])
            if JudgedRows.badness(new) > JudgedRows.badness(old) { result[Int(origin)] = new }
        }
        return result
    }

    /// One outcome for each row → the same for each of its values.
    func spread(_ mask: OutcomeMask) -> OutcomeMask {
        guard let origins else { return mask }
        var result = OutcomeMask(count: origins.count)
        for (place, origin) in origins.enumerated() { result[place] = mask[Int(origin)] }
        return result
    }

    private static func badness(_ outcome: Outcome) -> Int {
        switch outcome {
        case .isTrue: 0
        case .undecided: 1
        case .error: 2
        case .isFalse: 3
        }
    }

    /// Where a row first stands among the values.
    func place(of row: Int) -> Int {
        origins.flatMap { origins in origins.firstIndex(of: Int32(truncatingIfNeeded: row)) } ?? row
    }

    /// The rows in which `when` is true; all without it.
    func applicable(_ rule: CompiledRule) -> Bitmap {
        rule.when.map { mask($0).trueRows } ?? Bitmap(repeating: true, count: count)
    }
}
