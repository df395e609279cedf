public import Columnar
public import DataAccess
import Diagnostics
import Foundation

/// The rows of several queries, one after the other, read by as many connections at once.
///
/// Each connection has a thread of its own, which takes the next query that nobody has begun; what came before its turn
/// waits. At most two queries for each connection are begun and not yet taken, so that memory is bounded whatever the
/// size of the table. Belongs to one thread; dropped before the end, it stops the connections.
public final class RangeReader: CellReader {
    public let columns: [String]
    public let widths: [ColumnWidth?]
    private let work: RangeWork
    private var ready: [CellBlock] = []
    private var rowCount = 0

    /// - Parameter connect: makes a connection that sees the state to be read; called on the thread that will use it.
    public init(
        queries: [String], shape: BinaryCopyShape, connections: Int,
        connect: @escaping @Sendable () throws -> PostgresConnection
    ) {
        columns = shape.columns
        widths = shape.widths
        let width = max(1, min(connections, queries.count))
        work = RangeWork(queryCount: queries.count, limit: width * 2)
        for _ in 0..<width {
            Thread.detachNewThread { [work] in
                Self.read(queries, shape, work, connect)
            }
        }
    }

    deinit { work.stop() }

    public func next(into block: inout CellBlock) throws -> Bool {
        while ready.isEmpty {
            guard let blocks = try work.take() else { return false }
            ready = blocks.reversed()
        }
        guard var next = ready.popLast() else { return false }
        next.firstRow = rowCount + 1
        rowCount += next.rowCount
        block = next
        return true
    }

    private static func read(
        _ queries: [String], _ shape: BinaryCopyShape, _ work: RangeWork, _ connect: () throws -> PostgresConnection
    ) {
        do {
            guard !work.isStopped else { return }
            let connection = try connect()
            while let number = work.begin() {
                var blocks: [CellBlock] = []
                let reader = try BinaryCopyReader(connection, select: queries[number], shape: shape)
                var block = CellBlock()
                while try !work.isStopped && reader.next(into: &block) {
                    blocks.append(block)
                    block = CellBlock()
                }
                work.finish(number, blocks)
            }
        } catch {
            work.fail(error)
        }
    }
}

/// What the threads of a reader share: which queries are begun, what of them has come, and whether to go on.
private final class RangeWork: @unchecked Sendable {
    // Sendable because every property below is used under `changed` alone.
    private let changed = NSCondition()
    private let queryCount: Int
    private let limit: Int
    private var begun = 0
    private var taken = 0
    private var finished: [Int: [CellBlock]] = [:]
    private var error: (any Error)?
    private var stopped = false

    init(queryCount: Int, limit: Int) {
        self.queryCount = queryCount
        self.limit = limit
    }

    var isStopped: Bool { changed.withLock { stopped } }

    /// The query to read next, nil when there is none left or nobody wants it; waits while too much is ahead.
    func begin() -> Int? {
        changed.withLock {
            while !stopped, begun < queryCount, begun - taken >= limit { changed.wait() }
            guard !stopped, begun < queryCount else { return nil }
            begun += 1
            return begun - 1
        }
    }

    func finish(_ number: Int, _ blocks: [CellBlock]) {
        changed.withLock {
            finished[number] = blocks
            changed.broadcast()
        }
    }

    func fail(_ error: any Error) {
        changed.withLock {
            self.error = self.error ?? error
            stopped = true
            changed.broadcast()
        }
    }

    func stop() {
        changed.withLock {
            stopped = true
            changed.broadcast()
        }
    }

    /// The blocks of the next query in order, nil after the last; waits for them.
    func take() throws -> [CellBlock]? {
        try changed.withLock {
            guard taken < queryCount else { return nil }
            while finished[taken] == nil, error == nil { changed.wait() }
            if let error { throw error }
            taken += 1
            changed.broadcast()
            return finished.removeValue(forKey: taken - 1)
        }
    }
}
