import Columnar
import CourtModel
import RuleLanguage
import RulePlan
import Schema

/// Judges the rules of one table, block by block, with what relations and groups have been collected.
final class TableJudge {
    let plan: TablePlan
    /// The rules that are judged in this run.
    let rules: [CompiledRule]
    let reads: TablePlan.Reads
    private let courtReads: TablePlan.Reads
    private var evaluator: ExpressionEvaluator
    private var relations: [RelationUse] = []
    /// Per rule of `rules` with `unique` or `depends`.
    private(set) var groups: [Int: GroupTable] = [:]
    /// Conditions of aggregates that others ask of this table, and what is remembered for them.
    private(set) var stores: [RelationStore] = []
    private var conditions = ExpressionPlan()
    private var conditionEvaluator: ExpressionEvaluator?
    private let schema: StandardSchema
    private let period: StatisticalPeriod?

    /// One relation from this table and what is read through it.
    private struct RelationUse {
        var relation: Int
        var store: RelationStore
        var hereColumns: [Int]
        var hereTypes: [ExpressionType]
        var lookups: [Int]
        var aggregates: [(index: Int, accumulator: Accumulator)]
        var correlated: [(index: Int, CorrelatedAggregate)]
    }

    init(_ plan: TablePlan, rules: [CompiledRule], givesCourt: Bool, schema: StandardSchema, period: StatisticalPeriod?)
    {
        self.plan = plan
        self.rules = rules
        self.schema = schema
        self.period = period
        reads = plan.reads(of: rules)
        courtReads = plan.reads(of: [], steps: givesCourt ? plan.court.map { [$0] } ?? [] : [])
        evaluator = ExpressionEvaluator(plan.expressions, schema: schema, period: period)
        for (index, rule) in rules.enumerated() {
            switch rule.judgement {
            case .unique, .depends: groups[index] = GroupTable()
            case .check, .share: break
            }
        }
    }

    // MARK: - Wiring

    /// Columns of the message templates, the key and the court, read when they are there.
    var extraColumns: [Int] {
        var columns = Set(plan.table.key.compactMap { plan.table.columnIndex($0) }).union(courtReads.columns)
        for part in rules.flatMap({ $0.message?.parts ?? [] }) {
            switch part {
            case .column(let column): columns.insert(column)
            case .step(let step, _): columns.formUnion(plan.reads(of: [], steps: [step]).columns)
            case .literal: break
            }
        }
        return columns.sorted()
    }

    private var messageSteps: [Int] {
        rules.flatMap { $0.message?.parts ?? [] }.compactMap { if case .step(let step, _) = $0 { step } else { nil } }
    }

    /// All that judging reads, messages and court included.
    private var allReads: TablePlan.Reads {
        plan.reads(of: rules, steps: messageSteps + courtReads.steps.indices.filter { courtReads.steps[$0] })
    }

    /// Asks the judges of related tables to remember what this one reads of them.
    func connect(_ judges: [String: TableJudge]) {
        let reads = allReads
        for relation in reads.relations(in: plan).sorted() {
            let definition = plan.table.relations[relation]
            guard let related = judges[definition.table] else { continue }
            let pairs = definition.on.compactMap { pair -> (Int, Int)? in
                guard let here = plan.table.columnIndex(pair.here),
                    let there = related.plan.table.columnIndex(pair.there)
                else { return nil }
                return (here, there)
            }
            let store = related.store(forKey: pairs.map(\.1))
            let lookups = (reads.related[relation] ?? []).sorted()
            if !lookups.isEmpty { store.keep(lookups) }
            var use = RelationUse(
                relation: relation, store: store, hereColumns: pairs.map(\.0),
                hereTypes: pairs.map { ExpressionType(plan.table.columns[$0.0].type.kind) }, lookups: lookups,
                aggregates: [], correlated: [])
            for index in reads.aggregates.sorted() where plan.expressions.aggregates[index].relation == relation {
                let aggregate = plan.expressions.aggregates[index]
                let type: ExpressionType =
                    switch aggregate.function {
                    case .exists: .bool
                    case .count: .number(precision: 18, scale: 0)
                    case .sum: related.sumType(aggregate.column)
                    case .min, .max:
                        aggregate.column.map { ExpressionType(related.plan.table.columns[$0].type.kind) } ?? .int
                    }
                if aggregate.isCorrelated {
                    let correlated = CorrelatedAggregate(aggregate, type: type, schema: schema, period: period)
                    store.keep(correlated.relatedColumns)
                    use.correlated.append((index, correlated))
                } else {
                    let condition = aggregate.condition.map { related.conditions.add($0) }
                    use.aggregates.append((index, store.accumulate(aggregate, type: type, condition: condition)))
                }
            }
            relations.append(use)
        }
    }

    private func sumType(_ column: Int?) -> ExpressionType {
        guard let column, case .number(_, let scale) = ExpressionType(plan.table.columns[column].type.kind) else {
            return .int
        }
        return .number(precision: 38, scale: scale)
    }

    private func store(forKey columns: [Int]) -> RelationStore {
        if let known = stores.first(where: { $0.keyColumns == columns }) { return known }
        let made = RelationStore(
            keyColumns: columns, keyTypes: columns.map { ExpressionType(plan.table.columns[$0].type.kind) })
        stores.append(made)
        return made
    }

    /// Columns that the collecting pass over this table reads.
    var collectedColumns: [Int] {
        var columns = Set(conditions.columns)
        for store in stores {
            columns.formUnion(store.keyColumns)
            columns.formUnion(store.columns.keys)
            columns.formUnion(store.accumulators.compactMap(\.column))
        }
        for index in groups.keys {
            columns.formUnion(plan.reads(of: [rules[index]]).columns)
        }
        return columns.sorted()
    }

    /// Groups whose `when` reaches into other tables must wait until those are collected.
    func groupsWait(_ index: Int) -> Bool { !rules[index].relatedTables.isEmpty }

    // MARK: - Collecting

    /// Remembers a block for the tables that relate to this one.
    func collect(_ columns: [Vector?], count: Int) {
        if conditionEvaluator == nil {
            conditionEvaluator = ExpressionEvaluator(conditions, schema: schema, period: period)
        }
        let needed = [Bool](repeating: true, count: conditions.steps.count)
        let values = conditionEvaluator?.evaluate(Leaves(count: count, columns: columns), needed: needed) ?? []
        for store in stores { store.take(columns, values, count: count) }
    }

    /// Counts the groups of `unique` and `depends` rules in a block.
    func collectGroups(_ indices: [Int], _ columns: [Vector?], count: Int) {
        let needed = evaluator.closure(of: indices.compactMap { rules[$0].when })
        let judged = evaluate(columns, count: count, needed: needed)
        for index in indices {
            let keys = groupKeys(rules[index], columns, count: count)
            let when = rules[index].when.flatMap { judged.mask($0) }
            for row in 0..<count where keys.from.isComplete(row) && (when?[row] ?? .isTrue) == .isTrue {
                if let to = keys.to {
                    if !to.isError(row) { groups[index]?.insert(keys.from.fingerprints[row], to: to.fingerprints[row]) }
                } else {
                    groups[index]?.insert(keys.from.fingerprints[row])
                }
            }
        }
    }

    private func groupKeys(_ rule: CompiledRule, _ columns: [Vector?], count: Int) -> (from: RowKeys, to: RowKeys?) {
        func keys(_ parts: [Int], nullsAreValues: Bool = false) -> RowKeys {
            RowKeys(
                parts.compactMap { columns[$0] }, parts.map { ExpressionType(plan.table.columns[$0].type.kind) },
                count: count, nullsAreValues: nullsAreValues)
        }
        switch rule.judgement {
        case .unique(let parts): return (keys(parts), nil)
        case .depends(let from, let to): return (keys(from), keys(to, nullsAreValues: true))
        case .check, .share: return (RowKeys([], [], count: count), nil)
        }
    }

    // MARK: - Judging

    /// What the steps gave for a block. Where a relation found several rows for one, the steps ran over more rows than
    /// the block has, and `origins` tells which of its rows each stands for.
    struct Judged {
        var values: [Vector?]
        var origins: [Int32]?
        var count: Int

        /// The worst outcome of each row: false, error, undecided, true.
        func mask(_ step: Int) -> OutcomeMask? {
            guard let mask = values[step]?.outcomes else { return nil }
            guard let origins else { return mask }
            var result = OutcomeMask(repeating: .isTrue, count: count)
            for (place, origin) in origins.enumerated() {
                let (old, new) = (result[Int(origin)], mask[place])
                if Judged.badness(new) > Judged.badness(old) { result[Int(origin)] = new }
            }
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

        /// Where a row of the block first stands among the rows that the steps ran over.
        func place(of row: Int) -> Int { origins.flatMap { $0.firstIndex(of: Int32(row)) } ?? row }
    }

    func evaluateAll(_ columns: [Vector?], count: Int) -> Judged {
        evaluate(columns, count: count, needed: allReadsSteps)
    }

    private lazy var allReadsSteps: [Bool] = allReads.steps

    private func evaluate(_ columns: [Vector?], count: Int, needed: [Bool]) -> Judged {
        var leaves = Leaves(count: count, columns: columns)
        leaves.aggregates = Array(repeating: nil, count: plan.expressions.aggregates.count)
        guard !relations.isEmpty else {
            return Judged(values: evaluator.evaluate(leaves, needed: needed), origins: nil, count: count)
        }
        var slots: [[Int32]] = []
        var hasSeveral = false
        for use in relations {
            let here = use.hereColumns.compactMap { columns[$0] }
            let found =
                here.count == use.hereColumns.count
                ? use.store.slots(of: here, use.hereTypes, count: count) : [Int32](repeating: -2, count: count)
            slots.append(found)
            for (index, accumulator) in use.aggregates { leaves.aggregates[index] = accumulator.values(found) }
            for (index, correlated) in use.correlated {
                leaves.aggregates[index] = correlated.values(found, use.store, outer: columns)
            }
            if !use.lookups.isEmpty, !hasSeveral {
                hasSeveral = found.contains { use.store.nextRow(use.store.firstRow($0)) >= 0 }
            }
        }
        guard hasSeveral else {
            for (use, found) in zip(relations, slots) where !use.lookups.isEmpty {
                look(use, rows: found.map { use.store.firstRow($0) }, slots: found, &leaves)
            }
            return Judged(values: evaluator.evaluate(leaves, needed: needed), origins: nil, count: count)
        }
        return judgeEach(leaves, slots, count: count, needed: needed)
    }

    private func look(_ use: RelationUse, rows: [Int32], slots: [Int32], _ leaves: inout Leaves) {
        let hasErrors = slots.contains(-3)
        for column in use.lookups {
            guard var vector = use.store.columns[column]?.gathered(rows) else { continue }
            if hasErrors {
                var errors = vector.errors ?? [UInt64](repeating: 0, count: vector.valid.count)
                for row in slots.indices where slots[row] == -3 { errors[row >> 6] |= 1 << UInt64(row & 63) }
                vector.errors = errors
            }
            leaves.related[RelatedColumn(relation: use.relation, column: column)] = vector
        }
    }

    /// Every combination of the rows that relations found, one after another.
    private func judgeEach(_ leaves: Leaves, _ slots: [[Int32]], count: Int, needed: [Bool]) -> Judged {
        let looking = relations.indices.filter { !relations[$0].lookups.isEmpty }
        var origins: [Int32] = []
        var chosen = [[Int32]](repeating: [], count: relations.count)
        for row in 0..<count {
            var combinations: [[Int32]] = [[]]
            for index in looking {
                let store = relations[index].store
                var matches: [Int32] = []
                var match = store.firstRow(slots[index][row])
                repeat {
                    matches.append(match)
                    match = store.nextRow(match)
                } while match >= 0
                combinations = combinations.flatMap { head in matches.map { head + [$0] } }
            }
            for combination in combinations {
                origins.append(Int32(truncatingIfNeeded: row))
                for (index, match) in zip(looking, combination) { chosen[index].append(match) }
            }
        }
        var wide = Leaves(count: origins.count, columns: leaves.columns.map { $0?.gathered(origins) })
        wide.aggregates = leaves.aggregates.map { $0?.gathered(origins) }
        for index in looking {
            look(relations[index], rows: chosen[index], slots: origins.map { slots[index][Int($0)] }, &wide)
        }
        return Judged(values: evaluator.evaluate(wide, needed: needed), origins: origins, count: count)
    }

    /// The outcome of each row and the rows to which the rule applies.
    func outcome(of index: Int, _ judged: Judged, _ columns: [Vector?], count: Int) -> (OutcomeMask, applicable: Bitmap)
    {
        let rule = rules[index]
        let when = rule.when.flatMap { judged.mask($0) }
        var applicable = when?.trueRows ?? Bitmap(repeating: true, count: count)
        switch rule.judgement {
        case .check(let step), .share(let step, _, _, _):
            return (judged.mask(step) ?? OutcomeMask(count: count), applicable)
        case .unique, .depends:
            let keys = groupKeys(rule, columns, count: count)
            var mask = OutcomeMask(count: count)
            for row in 0..<count {
                if keys.from.isError(row) || keys.to?.isError(row) == true {
                    mask[row] = .error
                } else if keys.from.isComplete(row) {
                    mask[row] = groups[index]?.isViolated(keys.from.fingerprints[row]) == true ? .isFalse : .isTrue
                }
            }
            applicable.formIntersection(Bitmap(words: keys.from.complete, count: count))
            if var outside = when {
                outside.formNot()
                outside.formOr(mask)
                mask = outside
            }
            return (mask, applicable)
        }
    }

    func court(_ judged: Judged, row: Int) -> String? {
        guard let step = plan.court, let vector = judged.values[step] else { return nil }
        return FindingText.text(vector, judged.place(of: row), .text)
    }

    func value(_ step: Int, _ judged: Judged, row: Int) -> String? {
        judged.values[step].flatMap {
            FindingText.text($0, judged.place(of: row), plan.expressions.steps[step].type)
        }
    }
}

/// The groups of a `unique` or `depends` rule.
struct GroupTable {
    private var keys = KeyTable()
    /// Whether the group breaks the rule: it has a second row, or a second `to`.
    private var violated: [Bool] = []
    private var targets: [Fingerprint] = []

    mutating func insert(_ key: Fingerprint) {
        let (number, isNew) = keys.insert(key)
        if isNew { violated.append(false) } else { violated[number] = true }
    }

    mutating func insert(_ key: Fingerprint, to target: Fingerprint) {
        let (number, isNew) = keys.insert(key)
        if isNew {
            violated.append(false)
            targets.append(target)
        } else if targets[number] != target {
            violated[number] = true
        }
    }

    func isViolated(_ key: Fingerprint) -> Bool { keys.find(key).map { violated[$0] } ?? false }
}
