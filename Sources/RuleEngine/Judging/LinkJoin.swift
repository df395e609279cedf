import Columnar
import RuleLanguage
import RulePlan
import Schema

/// Brings the rows of a table together with those of a relation, one partition of keys at a time, and judges the rules
/// that waited for it. One per thread and link.
final class LinkJoin {
    private let state: TableState
    private let related: TableState
    private let link: TableProgram.Link
    private let context: RunContext
    private let evaluator: ExpressionEvaluator
    private let needed: NeededSteps
    private let correlated: [Int: CorrelatedCondition]
    private let isCourtLink: Bool
    private let late: LateRows.Writer
    private let courts: CourtNotes.Writer?
    private let notes: ReplayNotes.Writer?
    private var counts: RuleCounts
    private let arena = Arena()
    /// What is read of all related rows.
    private let lookups: [(column: Int, slot: Int)]

    private static let blockSize = 4096

    init(_ state: TableState, _ link: Int, _ related: TableState, _ context: RunContext) {
        self.state = state
        self.related = related
        self.context = context
        let use = state.program.links[link]
        self.link = use
        isCourtLink = state.program.courtLink == link
        let program = state.program
        let evaluator = context.evaluator(program.plan.expressions)
        self.evaluator = evaluator
        let known = Set(use.known.map(\.step))
        needed = evaluator.closure(of: use.rules.flatMap { program.roots(of: program.rules[$0]) }) {
            known.contains($0)
        }
        correlated = use.aggregates.reduce(into: [:]) { result, use in
            if use.aggregate.isCorrelated { result[use.index] = CorrelatedCondition(use.aggregate, context) }
        }
        late = state.late.makeWriter()
        courts = isCourtLink ? state.courts?.makeWriter() : nil
        notes = state.replayNotes.isEmpty ? nil : state.replayNotes[link].makeWriter()
        counts = RuleCounts(state)
        // Notes are taken of all columns; the court, when no rule reads it, is looked up for the few rows that need it.
        let steps = program.plan.expressions.steps
        let needed = needed
        let read = steps.indices.compactMap { step in
            if needed[step], case .related(_, let column) = steps[step].operation { column } else { nil }
        }
        let hasNotes = notes != nil
        lookups = use.lookups.filter { hasNotes || read.contains($0.column) }
    }

    func finish(_ state: TableState) {
        late.finish()
        courts?.finish()
        notes?.finish()
        counts.add(to: state)
        state.marks.formUnion(violating)
    }

    /// Judges the rows of a partition.
    func run(_ partition: PartitionRows) throws {
        let rows = try partition.places(of: state, stream: link.hereStream)
        guard !rows.isEmpty else { return }
        let members = try partition.members(of: related, stream: link.thereStream)
        let values = lookups.reduce(into: [Int: Vector]()) {
            $0[$1.slot] = $0[$1.slot] ?? members.vector($1.slot, partition.arena)
        }
        let totals = link.aggregates.map { use in
            use.aggregate.isCorrelated ? nil : GroupTotals(use, members, partition.arena)
        }
        let groups = try partition.groups(of: (state, link.hereStream), in: (related, link.thereStream))
        for first in stride(from: 0, to: rows.count, by: LinkJoin.blockSize) {
            arena.reset()
            let chosen = rows[first..<min(first + LinkJoin.blockSize, rows.count)]
            try judge(
                UnsafeBufferPointer(rebasing: chosen), UnsafeBufferPointer(start: groups + first, count: chosen.count),
                members, values, totals)
        }
    }

    private func judge(
        _ rows: UnsafeBufferPointer<UnsafeRawPointer>, _ groups: UnsafeBufferPointer<Int32>, _ members: Members,
        _ values: [Int: Vector], _ totals: [GroupTotals?]
    ) throws {
        let count = rows.count
        let layout = state.layouts[link.hereStream]
        let payload = arena.make(UnsafeRawPointer.self, count)
        for row in 0..<count { payload[row] = rows[row] + KeyRecord.headerSize }
        let records = UnsafeBufferPointer(start: payload, count: count)

        var leaves = Leaves(count: count, columns: Array(repeating: nil, count: state.program.table.columns.count))
        for (step, slot) in link.known { leaves.known[step] = layout.read(slot, records, arena) }
        leaves.aggregates = Array(repeating: nil, count: state.program.plan.expressions.aggregates.count)
        for (use, totals) in zip(link.aggregates, totals) {
            if let totals {
                leaves.aggregates[use.index] = totals.values(groups, arena)
            } else if let condition = correlated[use.index] {
                leaves.aggregates[use.index] = condition.values(
                    use, groups, members, outer: link.outer.map { ($0.column, layout.read($0.slot, records, arena)) },
                    arena)
            }
        }
        // The first member of each row's group; −1 where there is none.
        let firsts = arena.make(Int32.self, count)
        var hasSeveral = false
        for row in 0..<count {
            firsts[row] = groups[row] < 0 ? -1 : members.first[Int(groups[row])]
            hasSeveral = hasSeveral || (groups[row] >= 0 && members.next[Int(firsts[row])] >= 0)
        }
        let firstMembers = UnsafeBufferPointer(start: firsts, count: count)
        if !link.rules.isEmpty {
            try judgeRules(leaves, groups, firstMembers, hasSeveral && !lookups.isEmpty, rows, members, values)
        }
        if let courts { try noteCourts(courts, rows, firstMembers, members) }
        if let notes {
            try notes.append(rows, groups, members, leaves.aggregates, values, link, arena)
        }
    }

    private func judgeRules(
        _ leaves: Leaves, _ groups: UnsafeBufferPointer<Int32>, _ firsts: UnsafeBufferPointer<Int32>,
        _ hasSeveral: Bool, _ rows: UnsafeBufferPointer<UnsafeRawPointer>, _ members: Members,
        _ values: [Int: Vector]
    ) throws {
        var leaves = leaves
        let count = rows.count
        var origins: UnsafeBufferPointer<Int32>?
        if hasSeveral {
            let pairs = members.pairs(groups, keepsEmpty: true, arena)
            origins = pairs.origins
            leaves = Leaves(
                count: pairs.origins.count, columns: leaves.columns,
                aggregates: leaves.aggregates.map { $0?.gathered(pairs.origins, arena) },
                known: leaves.known.mapValues { $0.gathered(pairs.origins, arena) })
            look(pairs.members, values, &leaves)
        } else {
            look(firsts, values, &leaves)
        }
        let judged = JudgedRows(
            values: evaluator.evaluate(leaves, needed: needed, arena), origins: origins, count: count)
        for rule in link.rules {
            let compiled = state.program.rules[rule]
            guard let step = compiled.checkedStep else { continue }
            let mask = counts.take(rule, judged.mask(step), applicable: judged.applicable(compiled))
            try mask.falseRows.forEachOne { row in
                try late.append(row: KeyRecord.row(rows[row]), rule: rule)
                violating.insert(KeyRecord.row(rows[row]))
            }
        }
    }

    /// Rows that broke a rule in this join.
    private var violating = RowMarks()

    private func look(_ members: UnsafeBufferPointer<Int32>, _ values: [Int: Vector], _ leaves: inout Leaves) {
        for (column, slot) in lookups {
            leaves.related[RelatedColumn(relation: link.relation, column: column)] = values[slot]?.gathered(
                members, arena)
        }
    }

    private func noteCourts(
        _ courts: CourtNotes.Writer, _ rows: UnsafeBufferPointer<UnsafeRawPointer>,
        _ firsts: UnsafeBufferPointer<Int32>, _ members: Members
    ) throws {
        guard let court = state.program.plan.court,
            case .related(_, let column) = state.program.plan.expressions.steps[court].operation,
            let slot = link.lookups.first(where: { $0.column == column })?.slot
        else { return }
        let all = state.program.hasReplay
        let chosen = rows.indices.filter { row in
            let number = KeyRecord.row(rows[row])
            return firsts[row] >= 0 && (all || state.marks.contains(number) || violating.contains(number))
        }
        let vector = members.vector(slot, of: chosen.map { Int(firsts[$0]) }, arena)
        for (place, row) in chosen.enumerated() where vector.isValid(place) {
            let number = KeyRecord.row(rows[row])
            if case .text(let spans) = vector.storage {
                try courts.append(row: number, spans[place])
            } else if let text = FindingText.text(vector, place, state.program.plan.expressions.steps[court].type) {
                try courts.append(row: number, arena.text(text))
            }
        }
    }
}
