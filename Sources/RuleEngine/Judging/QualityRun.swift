import Columnar
import DataAccess
import Diagnostics
import RuleLanguage
import RulePlan
import Schema

/// One quality check from the first row to the last finding, stage by stage.
final class QualityRun {
    private let context: RunContext
    private let states: [TableState]
    private let store: FindingStore

    init(_ context: RunContext) {
        self.context = context
        store = FindingStore(context.budget)
        var states: [TableState] = []
        for number in context.program.tables.indices {
            // A source for each rule and each column's type.
            let first =
                states.last.map { $0.firstSource + $0.program.rules.count + $0.program.table.columns.count } ?? 0
            states.append(TableState(number, context, firstSource: first))
        }
        self.states = states
    }

    /// - Parameter open: a reader of a table, asked for at the beginning of each reading of it.
    func perform(
        _ open: (QualityCheck.TableRequest) throws -> any CellReader,
        _ fetcher: (QualityCheck.TableRequest) throws -> (any RowFetcher)?
    ) throws {
        for state in states {
            try read(state, open)
            // Before the next table is read: what was remembered for the search is free again then.
            try searchGroups(state, .atOnce)
        }
        try join()
        for state in states { for stream in state.keyStreams { stream.dropAll() } }
        for state in states where state.program.hasReplay {
            try again(state, open) { try $0.replay(&$1) }
            try searchGroups(state, .replayed)
        }
        for state in states where !state.late.isEmpty || !state.candidates.isEmpty {
            let request = request(state.program, checksTypes: false)
            if let places = state.places, !state.program.hasReplay, var rows = try fetcher(request) {
                let reading = try SecondReading(state, context, store, state.readerColumns)
                try reading.writeLate(&rows, places)
            } else {
                try again(state, open) { try $0.writeLate(&$1) }
            }
        }
        for state in states { try settleShares(state) }
        store.finish()
        for state in states { try state.courts?.finish() }
    }

    // MARK: - Stages

    private func request(_ program: TableProgram, checksTypes: Bool) -> QualityCheck.TableRequest {
        let required = program.requiredColumns
        var optional = program.optionalColumns
        if checksTypes { optional.formUnion(program.table.columns.indices) }
        return QualityCheck.TableRequest(
            table: program.table, required: required.sorted().map { program.table.columns[$0].name },
            optional: optional.subtracting(required).sorted().map { program.table.columns[$0].name })
    }

    private func read(_ state: TableState, _ open: (QualityCheck.TableRequest) throws -> any CellReader) throws {
        let program = state.program
        for rule in program.rules {
            let reads = program.plan.reads(of: [rule]).columns.sorted()
            store.sources.append(
                FindingStore.Source(
                    rule: rule.definition.id, severity: rule.definition.severity, table: program.table.name,
                    columns: reads.map { program.table.columns[$0].name },
                    message: rule.definition.title ?? rule.definition.id, courts: state.courts))
        }
        var reader = try open(request(program, checksTypes: context.options.checksAllTypes))
        state.readerColumns = reader.columns
        if !program.groupRules.isEmpty || program.hasLinks { state.places = RowPlaces() }
        try TablePass(state, context, store).run(&reader)
        // Sources are numbered by columns that there may be, not by those that are.
        let wanted = state.firstSource + program.rules.count + program.table.columns.count
        while store.sources.count < wanted { store.sources.append(.unused) }
    }

    /// Runs something for every partition of keys, on all threads.
    private func forEachPartition<Worker>(
        _ make: () -> Worker, _ body: (Worker, Int) throws -> Void, _ finish: (Worker) -> Void
    ) throws {
        let workers = (0..<max(1, context.options.jobs)).map { _ in make() }
        let counter = Parallel.Counter(TableState.partitions)
        let failure = Parallel.Failure()
        try Parallel.run(workers.count, failure) { index in
            while !failure.isSet, let partition = counter.take() { try body(workers[index], partition) }
        }
        for worker in workers { finish(worker) }
    }

    private func searchGroups(_ state: TableState, _ way: TableProgram.Way) throws {
        for rule in state.groupStreams.keys.sorted() where state.program.ways[rule] == way {
            try forEachPartition(
                { state.candidates.makeWriter() },
                { try GroupSearch.run(state, rule: rule, partition: $1, $0) },
                { $0.finish() })
        }
        try markCandidates(state)
    }

    private func markCandidates(_ state: TableState) throws {
        guard state.courts != nil else { return }
        for range in 0..<state.candidates.rangeCount {
            for entry in try state.candidates.entries(ofRange: range) { state.marks.insert(entry.row) }
        }
    }

    /// Judges what needs rows of equal keys together: groups that are found in streams, and links.
    private func join() throws {
        var early: [(TableState, Int)] = []
        var late: [(TableState, Int)] = []
        for state in states {
            let program = state.program
            for (index, link) in program.links.enumerated() {
                if program.courtLink == index {
                    late.append((state, index))
                } else if !link.rules.isEmpty || program.hasReplay {
                    early.append((state, index))
                }
            }
        }
        try join(early, findsGroups: true)
        for state in states { try markCandidates(state) }
        // The courts of rows with findings are noted when all that have some are known.
        try join(late, findsGroups: false)
    }

    private func join(_ links: [(state: TableState, link: Int)], findsGroups: Bool) throws {
        guard !links.isEmpty || findsGroups else { return }
        try forEachPartition {
            PartitionJoin(
                rows: PartitionRows(states), groups: findsGroups ? states.flatMap { StreamGroups.all(of: $0) } : [],
                links: links.map {
                    LinkJoin($0.state, $0.link, states[$0.state.program.links[$0.link].related], context)
                })
        } _: { worker, partition in
            worker.rows.move(to: partition)
            for groups in worker.groups { try groups.run(worker.rows) }
            for link in worker.links { try link.run(worker.rows) }
        } _: { worker in
            worker.rows.forget()
            for groups in worker.groups { groups.finish() }
            for (place, link) in worker.links.enumerated() { link.finish(links[place].state) }
        }
    }

    /// What one thread does in a partition.
    private struct PartitionJoin {
        let rows: PartitionRows
        let groups: [StreamGroups]
        let links: [LinkJoin]
    }

    private func again(
        _ state: TableState, _ open: (QualityCheck.TableRequest) throws -> any CellReader,
        _ body: (SecondReading, inout any CellReader) throws -> Void
    ) throws {
        var reader = try open(request(state.program, checksTypes: false))
        try body(try SecondReading(state, context, store, reader.columns), &reader)
    }

    /// A share is judged when all rows have been seen.
    private func settleShares(_ state: TableState) throws {
        for (index, rule) in state.program.rules.enumerated() {
            let counts = state.shares[index]
            guard let holds = rule.shareHolds(isTrue: counts.isTrue, isFalse: counts.isFalse) else { continue }
            guard !holds else { continue }
            state.statistics[index].violations = 1
            state.statistics[index].stored = 1
            let title = rule.definition.title ?? rule.definition.id
            var buffer = FindingBuffer()
            let record = buffer.begin(row: 0, line: 0)
            buffer.part(0, of: record) { _ in }
            buffer.part(2, of: record) {
                $0.append(contentsOf: "\(title): \(counts.isTrue)/\(counts.isTrue + counts.isFalse)".utf8)
            }
            store.sources[state.source(ofRule: index)].columns = []
            try buffer.bytes.withUnsafeBytes { try store.append($0, to: state.source(ofRule: index)) }
        }
    }

    // MARK: - Result

    /// - Parameter idle: rules that were not run.
    func result(_ idle: [(position: Int, statistics: RuleStatistics)]) -> QualityResult {
        var all = idle.map { (position: $0.position, statistics: $0.statistics, source: -1) }
        for state in states {
            for (index, rule) in state.program.rules.enumerated() {
                all.append((rule.position, state.statistics[index], state.source(ofRule: index)))
            }
        }
        all.sort { $0.position < $1.position }
        for state in states {
            for (place, statistics) in state.types.enumerated() {
                all.append((.max, statistics, state.source(ofType: place)))
            }
        }
        return QualityResult(
            statistics: all.map(\.statistics),
            findings: FindingList(store, all.map(\.source).filter { $0 >= 0 }),
            tables: states.map {
                QualityResult.Table(table: $0.program.table.name, rows: $0.rows, emptyTexts: $0.emptyTexts)
            }, spilledBytes: context.budget.spilledBytes)
    }
}
