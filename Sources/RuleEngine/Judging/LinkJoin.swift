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
    private let needed: [Bool]
    private let correlated: [Int: CorrelatedCondition]
    private let isCourtLink: Bool
    private let late: LateRows.Writer
    private let courts: CourtNotes.Writer?
    private let notes: ReplayNotes.Writer?
    private(set) var counts: RuleCounts
    private let buildArena = Arena()
    private let arena = Arena()
    private let lookupSlots: [Int]

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
        lookupSlots = Array(Set(use.lookups.map(\.slot))).sorted()
    }

    func finish() {
        late.finish()
        courts?.finish()
        notes?.finish()
    }

    func run(partition: Int) throws {
        let probe = try state.keyStreams[link.hereStream].load(partition)
        defer { withExtendedLifetime(probe) {} }
        let rows = LinkJoin.places(probe, state.layouts[link.hereStream])
        guard !rows.isEmpty else { return }
        buildArena.reset()
        let build = try related.keyStreams[link.thereStream].load(partition)
        defer { withExtendedLifetime(build) {} }
        let members = Members(build, related.layouts[link.thereStream], buildArena)
        let values = lookupSlots.reduce(into: [Int: Vector]()) { $0[$1] = members.vector($1, buildArena) }
        let totals = link.aggregates.map { use in
            use.aggregate.isCorrelated ? nil : GroupTotals(use, members, buildArena)
        }
        for first in stride(from: 0, to: rows.count, by: LinkJoin.blockSize) {
            arena.reset()
            let chosen = rows[first..<min(first + LinkJoin.blockSize, rows.count)]
            try chosen.withUnsafeBufferPointer { try judge($0, members, values, totals) }
        }
    }

    /// Where each record of a stream begins.
    fileprivate static func places(_ stream: LoadedStream, _ layout: CarriedLayout) -> [UnsafeRawPointer] {
        var places: [UnsafeRawPointer] = []
        places.reserveCapacity(
            stream.pieces.reduce(0) { $0 + $1.count } / (KeyRecord.headerSize + layout.fixedSize) + 1)
        for piece in stream.pieces {
            guard var place = piece.baseAddress else { continue }
            let end = place + piece.count
            while place < end {
                places.append(place)
                place += KeyRecord.size(place, layout)
            }
        }
        return places
    }

    private func judge(
        _ rows: UnsafeBufferPointer<UnsafeRawPointer>, _ members: Members, _ values: [Int: Vector],
        _ totals: [GroupTotals?]
    ) throws {
        let count = rows.count
        let layout = state.layouts[link.hereStream]
        let payload = arena.make(UnsafeRawPointer.self, count)
        for row in 0..<count { payload[row] = rows[row] + KeyRecord.headerSize }
        let records = UnsafeBufferPointer(start: payload, count: count)
        let groups = arena.make(Int32.self, count)
        for row in 0..<count { groups[row] = members.group(of: rows[row], layout) }

        var leaves = Leaves(count: count, columns: Array(repeating: nil, count: state.program.table.columns.count))
        for (step, slot) in link.known { leaves.known[step] = layout.read(slot, records, arena) }
        leaves.aggregates = Array(repeating: nil, count: state.program.plan.expressions.aggregates.count)
        let found = UnsafeBufferPointer(start: groups, count: count)
        for (use, totals) in zip(link.aggregates, totals) {
            if let totals {
                leaves.aggregates[use.index] = totals.values(found, arena)
            } else if let condition = correlated[use.index] {
                leaves.aggregates[use.index] = condition.values(
                    use, found, members, outer: link.outer.map { ($0.column, layout.read($0.slot, records, arena)) },
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
            try judgeRules(leaves, found, firstMembers, hasSeveral && !link.lookups.isEmpty, rows, members, values)
        }
        if let courts { try noteCourts(courts, rows, firstMembers, values) }
        if let notes {
            try notes.append(rows, found, members, leaves.aggregates, values, link, arena)
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
    private(set) var violating = RowMarks()

    private func look(_ members: UnsafeBufferPointer<Int32>, _ values: [Int: Vector], _ leaves: inout Leaves) {
        for (column, slot) in link.lookups {
            leaves.related[RelatedColumn(relation: link.relation, column: column)] = values[slot]?.gathered(
                members, arena)
        }
    }

    private func noteCourts(
        _ courts: CourtNotes.Writer, _ rows: UnsafeBufferPointer<UnsafeRawPointer>,
        _ firsts: UnsafeBufferPointer<Int32>, _ values: [Int: Vector]
    ) throws {
        guard let court = state.program.plan.court,
            case .related(_, let column) = state.program.plan.expressions.steps[court].operation,
            let slot = link.lookups.first(where: { $0.column == column })?.slot, let vector = values[slot]
        else { return }
        let isText = if case .text = vector.storage { true } else { false }
        let (marks, own, all) = (state.marks, violating, state.program.hasReplay)
        for row in 0..<rows.count where firsts[row] >= 0 {
            let number = KeyRecord.row(rows[row])
            guard all || marks.contains(number) || own.contains(number) else { continue }
            let member = Int(firsts[row])
            guard vector.isValid(member) else { continue }
            if isText, case .text(let spans) = vector.storage {
                try courts.append(row: number, spans[member])
            } else if let text = FindingText.text(
                vector, member, state.program.plan.expressions.steps[court].type)
            {
                try courts.append(row: number, arena.text(text))
            }
        }
    }
}

/// The related rows of one partition, grouped by key.
struct Members {
    let places: UnsafeBufferPointer<UnsafeRawPointer>
    private let records: UnsafeBufferPointer<UnsafeRawPointer>
    let layout: CarriedLayout
    /// Group of each member.
    let groups: UnsafeMutablePointer<Int32>
    /// First member of each group, in the order of rows, and the one after each member; −1 is none.
    let first: UnsafeMutablePointer<Int32>
    let next: UnsafeMutablePointer<Int32>
    private(set) var groupCount = 0
    /// Group + 1 at each place of an open-addressed table; 0 is free.
    private let table: UnsafeMutablePointer<Int32>
    private let mask: Int

    var count: Int { places.count }

    init(_ stream: LoadedStream, _ layout: CarriedLayout, _ arena: Arena) {
        self.layout = layout
        var found = LinkJoin.places(stream, layout)
        // Several threads hand rows in as they come.
        if !zip(found, found.dropFirst()).allSatisfy({ KeyRecord.row($0) <= KeyRecord.row($1) }) {
            found.sort { KeyRecord.row($0) < KeyRecord.row($1) }
        }
        let count = found.count
        let places = arena.make(UnsafeRawPointer.self, count)
        let records = arena.make(UnsafeRawPointer.self, count)
        for index in 0..<count {
            places[index] = found[index]
            records[index] = found[index] + KeyRecord.headerSize
        }
        self.places = UnsafeBufferPointer(start: places, count: count)
        self.records = UnsafeBufferPointer(start: records, count: count)
        groups = arena.make(Int32.self, count)
        first = arena.make(Int32.self, count)
        next = arena.make(Int32.self, count)
        var size = 16
        while size < count * 2 { size *= 2 }
        mask = size - 1
        table = arena.make(Int32.self, size)
        table.update(repeating: 0, count: size)
        let last = arena.make(Int32.self, count)
        for index in 0..<count {
            let slot = slot(of: places[index], layout)
            let member = Int32(truncatingIfNeeded: index)
            next[index] = -1
            if table[slot] == 0 {
                table[slot] = Int32(truncatingIfNeeded: groupCount + 1)
                first[groupCount] = member
                last[groupCount] = member
                groups[index] = Int32(truncatingIfNeeded: groupCount)
                groupCount += 1
            } else {
                let group = Int(table[slot]) - 1
                next[Int(last[group])] = member
                last[group] = member
                groups[index] = Int32(truncatingIfNeeded: group)
            }
        }
    }

    /// Where a key stands in the table, or would.
    @inline(__always)
    private func slot(of place: UnsafeRawPointer, _ layout: CarriedLayout) -> Int {
        let (first, second, form) = (KeyRecord.first(place), KeyRecord.second(place), KeyRecord.form(place))
        var slot = Int(truncatingIfNeeded: KeyHash.mixed(first, second, form)) & mask
        while table[slot] != 0 {
            let other = places[Int(self.first[Int(table[slot]) - 1])]
            if KeyRecord.first(other) == first, KeyRecord.second(other) == second, KeyRecord.form(other) == form,
                form != EncodedKeys.Form.hashed
                    || KeyRecord.key(place, layout).elementsEqual(KeyRecord.key(other, self.layout))
            {
                return slot
            }
            slot = (slot + 1) & mask
        }
        return slot
    }

    /// −1 when no member has the row's key.
    @inline(__always) func group(of place: UnsafeRawPointer, _ layout: CarriedLayout) -> Int32 {
        count == 0 ? -1 : table[slot(of: place, layout)] - 1
    }

    /// What all members carry in a slot.
    func vector(_ slot: Int, _ arena: Arena) -> Vector { layout.read(slot, records, arena) }

    /// Every row with every member of its group, rows ascending; with `keepsEmpty` also rows without members, with −1.
    func pairs(
        _ groups: UnsafeBufferPointer<Int32>, keepsEmpty: Bool, _ arena: Arena
    ) -> (origins: UnsafeBufferPointer<Int32>, members: UnsafeBufferPointer<Int32>) {
        var count = 0
        for group in groups {
            var member = group < 0 ? -1 : first[Int(group)]
            if member < 0, keepsEmpty { count += 1 }
            while member >= 0 {
                count += 1
                member = next[Int(member)]
            }
        }
        let origins = arena.make(Int32.self, count)
        let members = arena.make(Int32.self, count)
        var place = 0
        for (row, group) in groups.enumerated() {
            var member = group < 0 ? -1 : first[Int(group)]
            if member < 0, !keepsEmpty { continue }
            repeat {
                origins[place] = Int32(truncatingIfNeeded: row)
                members[place] = member
                place += 1
                member = member < 0 ? -1 : next[Int(member)]
            } while member >= 0
        }
        return (UnsafeBufferPointer(start: origins, count: count), UnsafeBufferPointer(start: members, count: count))
    }
}
