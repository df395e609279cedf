import Diagnostics
import Glibc
import Synchronization

/// How much memory what must be remembered of all rows may take, and where it goes beyond that.
///
/// Shared by all threads of a run; `used` is atomic, the list of stores is guarded by its mutex.
final class MemoryBudget: Sendable {
    let limit: Int
    let directory: String
    private let used = Atomic<Int>(0)
    private let spilled = Atomic<Int>(0)
    private let stores = Mutex<[Weak]>([])

    private struct Weak: @unchecked Sendable {
        // Sound because a store guards its own state.
        weak var store: SpillStreams?
    }

    /// - Parameter directory: for spill files, which have no names: they vanish with the process.
    init(limit: Int, directory: String) {
        self.limit = limit
        self.directory = directory
    }

    /// Bytes written to spill files so far.
    var spilledBytes: Int { spilled.load(ordering: .relaxed) }

    func add(_ store: SpillStreams) { stores.withLock { $0.append(Weak(store: store)) } }

    /// Takes note of memory taken; beyond the limit the store that holds most writes what it holds to its file.
    func take(_ size: Int) throws {
        guard used.add(size, ordering: .relaxed).newValue > limit else { return }
        let largest = stores.withLock { list in
            list.removeAll { $0.store == nil }
            return list.compactMap(\.store).max { $0.residentBytes < $1.residentBytes }
        }
        try largest?.spill()
    }

    private let pool = ChunkPool()

    /// Memory for records, counted, with bytes behind it that kernels may read.
    func allocate(_ size: Int) throws -> UnsafeMutableRawPointer {
        try take(size)
        return size == SpillStreams.chunkSize
            ? try pool.take() : UnsafeMutableRawPointer.allocate(byteCount: size + Arena.slack, alignment: 8)
    }

    /// Gives memory for records back; who counted it is told by `give`.
    func free(_ base: UnsafeMutableRawPointer, _ size: Int) {
        if size == SpillStreams.chunkSize { pool.give(base) } else { base.deallocate() }
    }

    func give(_ size: Int) { used.subtract(size, ordering: .relaxed) }

    func noteSpilled(_ size: Int) { spilled.add(size, ordering: .relaxed) }
}

extension OperationError {
    /// A spill file that cannot be made, written or read.
    static func spill(_ directory: String, _ code: Int32) -> OperationError {
        let reason = String(cString: strerror(code))
        let isCreation = code == EACCES || code == ENOENT || code == EROFS || code == ENOTDIR
        return OperationError(
            isCreation ? .cannotCreate : .ioError, code: "spill",
            LocalizedText(
                en: "unable to keep intermediate data in '\(directory)': \(reason)",
                zh: "无法在“\(directory)”存放中间数据：\(reason)"),
            hint: LocalizedText(
                en: "give more --memory, or a --spill-dir with room", zh: "请增大 --memory，或用 --spill-dir 指定空间充足的目录"))
    }
}
