public import Columnar
import Foundation

/// The rows of another reader, read in a thread of its own while those before are worked on.
///
/// At most two blocks are ahead. The reader is used by that thread alone from the first call of `next` until the end, or until
/// this value goes, which waits for it; whatever it reads from must not be used otherwise meanwhile.
public final class ReadAhead: CellReader {
    public let columns: [String]
    public let widths: [ColumnWidth?]
    private let work: Work
    private var isBegun = false

    public init(_ base: any CellReader) {
        columns = base.columns
        widths = base.widths
        work = Work(base)
    }

    deinit { work.stop() }

    public func next(into block: inout CellBlock) throws -> Bool {
        if !isBegun {
            isBegun = true
            work.begin()
        }
        return try work.take(&block)
    }

    // Sendable because its thread alone uses `reader`, and all else is used under `changed`.
    private final class Work: @unchecked Sendable {
        private static let limit = 2
        private let changed = NSCondition()
        private var reader: any CellReader
        private var ready: [CellBlock] = []
        /// Blocks whose storage can be used again.
        private var spare: [CellBlock] = []
        private var error: (any Error)?
        private var isDone = true
        private var isStopped = false

        init(_ reader: any CellReader) { self.reader = reader }

        func begin() {
            isDone = false
            Thread.detachNewThread { [self] in run() }
        }

        private func run() {
            var end: (any Error)?
            do {
                while var block = emptyBlock() {
                    guard try reader.next(into: &block) else { break }
                    changed.withLock {
                        ready.append(block)
                        changed.broadcast()
                    }
                }
            } catch { end = error }
            changed.withLock {
                error = end
                isDone = true
                changed.broadcast()
            }
        }

        /// Storage for the next rows, when they are wanted; waits while enough are ahead.
        private func emptyBlock() -> CellBlock? {
            changed.withLock {
                while ready.count >= Self.limit, !isStopped { changed.wait() }
                guard !isStopped else { return nil }
                return spare.popLast() ?? CellBlock()
            }
        }

        func take(_ block: inout CellBlock) throws -> Bool {
            try changed.withLock {
                while ready.isEmpty, !isDone { changed.wait() }
                guard !ready.isEmpty else {
                    if let error { throw error }
                    return false
                }
                if spare.count < Self.limit { spare.append(block) }
                block = ready.removeFirst()
                changed.broadcast()
                return true
            }
        }

        func stop() {
            changed.withLock {
                isStopped = true
                changed.broadcast()
                while !isDone { changed.wait() }
            }
        }
    }
}
