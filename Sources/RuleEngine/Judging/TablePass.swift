import Columnar
import DataAccess
import Diagnostics
import Glibc
import Schema

/// Reads one table once: each thread reads a block, one after another, and judges it while it is in the cache of its
/// processor; what they found is put down in the order of blocks.
final class TablePass {
    private let state: TableState
    private let context: RunContext
    private let store: FindingStore
    /// Next block whose findings are to be put down, and those that came before their turn.
    private var nextBlock = 0
    private var waiting: [Int: TableWorker.Output] = [:]
    private var stored: [Int: Int] = [:]
    private var spare: [TableWorker.Output] = []

    init(_ state: TableState, _ context: RunContext, _ store: FindingStore) {
        self.state = state
        self.context = context
        self.store = store
    }

    func run(_ reader: inout any CellReader) throws {
        let program = state.program
        let table = program.table
        let checked = context.options.checksAllTypes ? Set(table.columns.indices) : []
        let decoder = try CellDecoder(
            table: table, required: program.requiredColumns, optional: program.optionalColumns, checked: checked,
            readerColumns: reader.columns)
        state.types = decoder.columns.map { column in
            RuleStatistics(
                rule: "type.\(table.name).\(table.columns[column].name)",
                title: TypeFinding.title(table.columns[column]).text(in: context.options.language), table: table.name,
                severity: .error, isBuiltin: true)
        }
        for column in decoder.columns {
            let statistics = state.types[decoder.columns.firstIndex(of: column) ?? 0]
            store.sources.append(
                FindingStore.Source(
                    rule: statistics.rule, severity: .error, table: table.name, columns: [table.columns[column].name],
                    message: statistics.title, courts: state.courts))
        }
        let workers = (0..<max(1, context.options.jobs)).map { _ in TableWorker(state, context, decoder) }
        if workers.count == 1 {
            var output = TableWorker.Output()
            var block = CellBlock()
            while try reader.next(into: &block) {
                try TablePass.checkRows(block)
                output.removeAll()
                try workers[0].judge(block, into: &output)
                try put(output)
            }
        } else {
            try runParallel(&reader, workers)
        }
        for worker in workers { collect(worker, decoder) }
        for (source, count) in stored where source >= state.firstSource {
            let index = source - state.firstSource
            if index < program.rules.count {
                state.statistics[index].stored = count
            } else {
                state.types[index - program.rules.count].stored = count
            }
        }
        for index in state.statistics.indices where state.program.ways[index] == .atOnce {
            state.statistics[index].truncated = state.statistics[index].violations > state.statistics[index].stored
        }
        for index in state.types.indices {
            state.types[index].truncated = state.types[index].violations > state.types[index].stored
        }
    }

    private func runParallel(_ reader: inout any CellReader, _ workers: [TableWorker]) throws {
        let failure = Parallel.Failure()
        let (reading, order) = (Lock(), Lock())
        var shared = reader
        var number = 0
        try withUnsafeMutablePointer(to: &shared) { reader in
            try withUnsafeMutablePointer(to: &number) { next in
                try Parallel.run(workers.count, failure) { index in
                    var block = CellBlock()
                    while !failure.isSet {
                        let taken: Int? = try reading.with {
                            guard try reader.pointee.next(into: &block) else { return nil }
                            next.pointee += 1
                            return next.pointee - 1
                        }
                        guard let number = taken else { return }
                        try TablePass.checkRows(block)
                        var output = order.with { spare.popLast() } ?? TableWorker.Output()
                        output.removeAll()
                        try workers[index].judge(block, into: &output)
                        try order.with { try put(output, number) }
                    }
                }
            }
        }
        reader = shared
    }

    /// Numbers of rows are kept in 32 bits.
    private static func checkRows(_ block: CellBlock) throws {
        guard block.firstRow + block.rowCount < Int(UInt32.max) else { throw OperationError.tooManyRows }
    }

    /// Puts down what a block gave when its turn has come.
    private func put(_ output: TableWorker.Output, _ number: Int) throws {
        waiting[number] = output
        while let next = waiting.removeValue(forKey: nextBlock) {
            try put(next)
            spare.append(next)
            nextBlock += 1
        }
    }

    private func put(_ output: TableWorker.Output) throws {
        state.places?.append(output.places)
        let limit = context.options.maxStored ?? .max
        try output.findings.bytes.withUnsafeBytes { bytes in
            for piece in output.pieces {
                let before = stored[piece.source, default: 0]
                let room = min(piece.count, limit - before)
                guard room > 0 else { continue }
                var records = UnsafeRawBufferPointer(rebasing: bytes[piece.range])
                if room < piece.count {
                    records = UnsafeRawBufferPointer(
                        rebasing: records[..<FindingStore.size(ofFirst: room, in: records)])
                }
                try store.append(records, to: piece.source)
                stored[piece.source] = before + room
            }
        }
    }

    private func collect(_ worker: TableWorker, _ decoder: CellDecoder) {
        worker.finish()
        worker.counts.add(to: state)
        for (index, statistics) in worker.types.enumerated() { state.types[index].add(statistics) }
        for (place, count) in worker.emptyTexts.enumerated() where count > 0 {
            state.emptyTexts[state.program.table.columns[decoder.columns[place]].name, default: 0] += count
        }
        state.rows += worker.rows
        state.marks.formUnion(worker.marks)
    }
}

/// A mutex around what several threads do in turn.
private final class Lock: @unchecked Sendable {
    // Sound because it holds nothing but the mutex.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() { pthread_mutex_init(mutex, nil) }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func with<R>(_ body: () throws -> R) rethrows -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }
}

extension OperationError {
    static var tooManyRows: OperationError {
        OperationError(
            .badData, code: "too-many-rows",
            LocalizedText(en: "a table has more than 4,294,967,294 rows", zh: "单表超过 4,294,967,294 行"),
            hint: LocalizedText(en: "check it court by court", zh: "请按法院分别检查"))
    }
}
