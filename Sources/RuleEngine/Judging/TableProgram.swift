import Columnar
import RuleLanguage
import RulePlan
import Schema

/// What is done with one table in a run: which rules are judged when, and what is remembered of its rows for others.
///
/// Made before the first row is read, then only read, by any thread.
final class TableProgram: @unchecked Sendable {
    // Sound because it is written by `RunProgram.init` alone.

    /// When a rule is judged.
    enum Way: Hashable {
        /// While its table is read.
        case atOnce
        /// When the rows of one relation have been brought together, by the link's index.
        case joined(Int)
        /// In a second reading, with what several relations gave for each row.
        case replayed
    }

    let plan: TablePlan
    /// The rules that are judged in this run, and when.
    let rules: [CompiledRule]
    fileprivate(set) var ways: [Way] = []
    /// Relations of this table that some rule, message or the court reads.
    fileprivate(set) var links: [Link] = []
    /// What is remembered of every row of this table by a key of it.
    fileprivate(set) var streams: [KeyStream] = []
    /// Conditions of aggregates that other tables ask of this one's rows.
    fileprivate(set) var conditions = ExpressionPlan()
    /// The `unique` rules whose groups are found among the rows of a stream, by rule.
    fileprivate(set) var groupHomes: [Int: GroupHome] = [:]
    /// The link through which the court of a row is found; nil when the row says it itself, or nobody does.
    fileprivate(set) var courtLink: Int?
    /// Per step, whether its value depends on related rows.
    let isRelational: [Bool]
    let givesCourt: Bool
    /// The bits of fingerprints that are used: all, but for tests of collisions.
    let keyMask: UInt64

    var table: TableDefinition { plan.table }
    var hasReplay: Bool { ways.contains(.replayed) }
    var hasLinks: Bool { !links.isEmpty }
    /// The `unique` and `depends` rules.
    var groupRules: [Int] { rules.indices.filter { groupColumns(of: rules[$0]) != nil } }

    /// One relation of the table as it is used.
    struct Link {
        var relation: Int
        /// The related table's program.
        var related: Int
        var hereColumns: [Int]
        var thereColumns: [Int]
        /// Which stream of this table meets which stream of the related one.
        var hereStream: Int
        var thereStream: Int
        /// Columns of related rows, with their slots in the related stream.
        var lookups: [(column: Int, slot: Int)] = []
        var aggregates: [AggregateUse] = []
        /// Rules that are judged when this link is joined.
        var rules: [Int] = []
        /// Steps known from the row itself, with their slots in this table's stream.
        var known: [(step: Int, slot: Int)] = []
        /// Columns of the row that conditions speak of, with their slots.
        var outer: [(column: Int, slot: Int)] = []
    }

    struct AggregateUse {
        /// In the plan's aggregates.
        var index: Int
        var aggregate: TypedAggregate
        var type: ExpressionType
        /// Slot of the value in the related stream; nil for count and exists.
        var value: Int?
        /// Slot of the condition's outcome in the related stream; nil without condition, or when it is correlated.
        var condition: Int?
        /// Columns of related rows that a correlated condition reads, with their slots.
        var correlated: [(column: Int, slot: Int)] = []
    }

    /// What is remembered of each row by a key.
    struct KeyStream {
        var columns: [Int]
        var carried: [Carried] = []
        var slots: [CarriedLayout.Slot] = []
        /// Whether only rows with findings need to be remembered: their courts are all that is asked for.
        fileprivate(set) var isForMarkedRows = false

        mutating func slot(_ value: Carried, _ slot: CarriedLayout.Slot) -> Int {
            if let known = carried.firstIndex(of: value) { return known }
            carried.append(value)
            slots.append(slot)
            return slots.count - 1
        }
    }

    /// Where the groups of a `unique` rule are found without remembering its keys a second time: rows with equal keys of
    /// the stream are together already, and only the rule's other columns are left to be compared.
    struct GroupHome {
        var stream: Int
        /// The rule's columns that are not the stream's.
        var rest: [(column: Int, slot: Int)]
    }

    enum Carried: Hashable {
        /// A step of the table's plan.
        case step(Int)
        /// A step of its conditions.
        case condition(Int)
        case column(Int)
    }

    fileprivate init(_ plan: TablePlan, rules: [CompiledRule], givesCourt: Bool, keyMask: UInt64) {
        self.keyMask = keyMask
        self.plan = plan
        self.rules = rules
        self.givesCourt = givesCourt
        var isRelational = [Bool](repeating: false, count: plan.expressions.steps.count)
        for (index, step) in plan.expressions.steps.enumerated() {
            switch step.operation {
            case .related, .aggregate: isRelational[index] = true
            default: isRelational[index] = step.operands.contains { isRelational[$0] }
            }
        }
        self.isRelational = isRelational
    }

    // MARK: - What is read

    /// Steps that a rule's judgement needs.
    func roots(of rule: CompiledRule) -> [Int] {
        var roots = rule.when.map { [$0] } ?? []
        switch rule.judgement {
        case .check(let step), .share(let step, _, _, _): roots.append(step)
        case .unique, .depends: break
        }
        return roots
    }

    func messageSteps(of rule: CompiledRule) -> [Int] {
        (rule.message?.parts ?? []).compactMap { if case .step(let step, _) = $0 { step } else { nil } }
    }

    func groupColumns(of rule: CompiledRule) -> (from: [Int], to: [Int]?)? {
        switch rule.judgement {
        case .unique(let columns): (columns, nil)
        case .depends(let from, let to): (from, to)
        case .check, .share: nil
        }
    }

    /// Columns that a finding shows, as they were read.
    var shownColumns: Set<Int> {
        var columns = Set(table.key.compactMap { table.columnIndex($0) })
        for part in rules.flatMap({ $0.message?.parts ?? [] }) {
            if case .column(let column) = part { columns.insert(column) }
        }
        return columns
    }

    /// Columns that the court, the messages' steps and the findings read beside what rules read: done without if missing.
    var optionalColumns: Set<Int> {
        var columns = shownColumns
        columns.formUnion(plan.reads(of: [], steps: rules.flatMap(messageSteps)).columns)
        if givesCourt, let court = plan.court { columns.formUnion(plan.reads(of: [], steps: [court]).columns) }
        return columns
    }

    /// Columns without which it cannot be judged.
    var requiredColumns: Set<Int> {
        var columns = plan.reads(of: rules).columns.union(conditions.columns)
        for stream in streams {
            columns.formUnion(stream.columns)
            for case .column(let column) in stream.carried { columns.insert(column) }
        }
        return columns
    }
}

/// All tables of a run.
struct RunProgram {
    let tables: [TableProgram]

    /// - Parameter plans: of the tables that are given, with the rules to be judged.
    init(_ plans: [(plan: TablePlan, rules: [CompiledRule])], keyMask: UInt64) {
        let names = plans.map(\.plan.table.name)
        let tables = plans.map { plan, rules in
            TableProgram(
                plan, rules: rules, givesCourt: plan.courtTable.map { names.contains($0) } ?? true,
                keyMask: keyMask)
        }
        self.tables = tables
        for program in tables { RunProgram.connect(program, tables, names) }
        for program in tables { RunProgram.findHomes(program) }
        for number in tables.indices { RunProgram.findMarkedOnly(number, tables) }
    }

    private static func connect(_ program: TableProgram, _ tables: [TableProgram], _ names: [String]) {
        let plan = program.plan
        let messageSteps = program.rules.flatMap(program.messageSteps)
        let court = program.givesCourt ? plan.court : nil
        let reads = plan.reads(of: program.rules, steps: messageSteps + (court.map { [$0] } ?? []))
        var linkOf: [Int: Int] = [:]
        for relation in reads.relations(in: plan).sorted() {
            let definition = plan.table.relations[relation]
            guard let related = names.firstIndex(of: definition.table) else { continue }
            let other = tables[related]
            let pairs = definition.on.compactMap { pair -> (Int, Int)? in
                guard let here = plan.table.columnIndex(pair.here), let there = other.table.columnIndex(pair.there)
                else { return nil }
                return (here, there)
            }
            linkOf[relation] = program.links.count
            var link = TableProgram.Link(
                relation: relation, related: related, hereColumns: pairs.map(\.0), thereColumns: pairs.map(\.1),
                hereStream: program.stream(for: pairs.map(\.0)), thereStream: other.stream(for: pairs.map(\.1)))
            for column in (reads.related[relation] ?? []).sorted() {
                link.lookups.append((column, other.slot(forColumn: column, in: link.thereStream)))
            }
            for index in reads.aggregates.sorted() where plan.expressions.aggregates[index].relation == relation {
                link.aggregates.append(use(of: index, program, other, &link))
            }
            program.links.append(link)
        }
        if let court, program.isRelational[court] {
            courtRelation(plan, court).flatMap { linkOf[$0] }.map { program.courtLink = $0 }
        }
        for rule in program.rules {
            let relations = plan.reads(of: [rule]).relations(in: plan)
            let message = plan.reads(of: [], steps: program.messageSteps(of: rule)).relations(in: plan)
            let isGroup = program.groupColumns(of: rule) != nil
            if relations.isEmpty, message.isEmpty {
                program.ways.append(.atOnce)
            } else if relations.count == 1, message.isEmpty, !isGroup,
                let link = relations.first.flatMap({ linkOf[$0] })
            {
                program.ways.append(.joined(link))
                program.links[link].rules.append(program.ways.count - 1)
            } else {
                program.ways.append(.replayed)
            }
        }
        for link in program.links.indices { carryKnown(program, link) }
    }

    /// Decides which streams are there for the courts of findings alone, when all findings are known with their block.
    private static func findMarkedOnly(_ number: Int, _ tables: [TableProgram]) {
        let program = tables[number]
        guard program.ways.allSatisfy({ $0 == .atOnce }), program.groupRules.isEmpty else { return }
        for stream in program.streams.indices {
            let isMet = tables.contains { $0.links.contains { $0.related == number && $0.thereStream == stream } }
            program.streams[stream].isForMarkedRows = !isMet
        }
    }

    /// Decides which `unique` rules find their groups among the rows of a stream; all streams are known by now.
    private static func findHomes(_ program: TableProgram) {
        for (index, rule) in program.rules.enumerated() where program.ways[index] == .atOnce && rule.when == nil {
            guard case .unique(let columns) = rule.judgement else { continue }
            let fitting = program.streams.indices.filter { program.streams[$0].columns.allSatisfy(columns.contains) }
            guard
                let stream = fitting.max(by: { program.streams[$0].columns.count < program.streams[$1].columns.count })
            else { continue }
            let rest = columns.filter { !program.streams[stream].columns.contains($0) }
            program.groupHomes[index] = TableProgram.GroupHome(
                stream: stream, rest: rest.map { ($0, program.slot(forColumn: $0, in: stream)) })
        }
    }

    private static func courtRelation(_ plan: TablePlan, _ court: Int) -> Int? {
        plan.reads(of: [], steps: [court]).relations(in: plan).first
    }

    /// What the steps of a link's rules need of the row itself is computed while the row is read, and carried.
    private static func carryKnown(_ program: TableProgram, _ link: Int) {
        let steps = program.plan.expressions.steps
        var needed = [Bool](repeating: false, count: steps.count)
        var carried: Set<Int> = []
        for rule in program.links[link].rules {
            for root in program.roots(of: program.rules[rule]) { needed[root] = true }
        }
        for index in steps.indices.reversed() where needed[index] {
            if program.isRelational[index] {
                for operand in steps[index].operands { needed[operand] = true }
            } else if !RunProgram.isConstant(steps[index].operation) {
                carried.insert(index)
            }
        }
        for step in carried.sorted() {
            let isColumn = if case .column = steps[step].operation { true } else { false }
            let slot = program.slot(
                .step(step), CarriedLayout.Slot(steps[step].type, isColumn: isColumn),
                in: program.links[link].hereStream)
            program.links[link].known.append((step, slot))
        }
    }

    static func isConstant(_ operation: ExpressionPlan.Operation) -> Bool {
        switch operation {
        case .number, .text, .date, .bool, .null, .periodBegin, .periodEnd: true
        default: false
        }
    }

    private static func use(
        of index: Int, _ program: TableProgram, _ other: TableProgram, _ link: inout TableProgram.Link
    ) -> TableProgram.AggregateUse {
        let aggregate = program.plan.expressions.aggregates[index]
        let columnType = aggregate.column.map { ExpressionType(other.table.columns[$0].type.kind) }
        let type: ExpressionType =
            switch (aggregate.function, columnType) {
            case (.exists, _): .bool
            case (.count, _): .number(precision: 18, scale: 0)
            case (.sum, .number(_, let scale)?): .number(precision: 38, scale: scale)
            case (_, let type): type ?? .int
            }
        var use = TableProgram.AggregateUse(index: index, aggregate: aggregate, type: type)
        use.value = aggregate.column.map { other.slot(forColumn: $0, in: link.thereStream) }
        guard let condition = aggregate.condition else { return use }
        if aggregate.isCorrelated {
            var plan = ExpressionPlan()
            _ = plan.add(condition)
            use.correlated = plan.columns.map { ($0, other.slot(forColumn: $0, in: link.thereStream)) }
            for column in plan.outerColumns where !link.outer.contains(where: { $0.column == column }) {
                link.outer.append((column, program.slot(forColumn: column, in: link.hereStream)))
            }
        } else {
            use.condition = other.slot(forCondition: condition, in: link.thereStream)
        }
        return use
    }
}

extension TableProgram {
    fileprivate func stream(for columns: [Int]) -> Int {
        if let known = streams.firstIndex(where: { $0.columns == columns }) { return known }
        streams.append(KeyStream(columns: columns))
        return streams.count - 1
    }

    fileprivate func slot(_ value: Carried, _ slot: CarriedLayout.Slot, in stream: Int) -> Int {
        streams[stream].slot(value, slot)
    }

    fileprivate func slot(forColumn column: Int, in stream: Int) -> Int {
        slot(
            .column(column), CarriedLayout.Slot(ExpressionType(table.columns[column].type.kind), isColumn: true),
            in: stream)
    }

    fileprivate func slot(forCondition condition: TypedExpression, in stream: Int) -> Int {
        slot(.condition(conditions.add(condition)), .truth, in: stream)
    }
}
