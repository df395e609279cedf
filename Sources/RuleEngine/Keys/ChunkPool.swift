import Diagnostics
import Glibc
import Synchronization

/// Chunks of one size cut from large pieces, which the system can back with large pages: the keys of a million rows would
/// otherwise cost thousands of page faults, and as many entries of the processor's address cache.
///
/// Given back chunks are handed out again; the pieces go when the pool does. Guarded by its mutex.
final class ChunkPool: Sendable {
    static let chunkSize = 8 << 10
    private static let pieceSize = 2 << 20

    private struct State: @unchecked Sendable {
        // Sound because the mutex guards it, and a chunk is either here or with one owner.
        var pieces: [UnsafeMutableRawPointer] = []
        var free: [UnsafeMutableRawPointer] = []
    }

    private let state = Mutex(State())

    deinit {
        state.withLock { for piece in $0.pieces { Glibc.free(piece) } }
    }

    /// Throws `spill` (74) when there is no memory.
    func take() throws -> UnsafeMutableRawPointer {
        try state.withLock { state in
            if let chunk = state.free.popLast() { return chunk }
            var piece: UnsafeMutableRawPointer?
            let code = posix_memalign(&piece, ChunkPool.pieceSize, ChunkPool.pieceSize)
            guard code == 0, let base = piece else { throw OperationError.spill("memory", code) }
            // Advice only: where large pages are not to be had, small ones serve.
            _ = madvise(base, ChunkPool.pieceSize, MADV_HUGEPAGE)
            state.pieces.append(base)
            for offset in stride(from: ChunkPool.chunkSize, to: ChunkPool.pieceSize, by: ChunkPool.chunkSize) {
                state.free.append(base + offset)
            }
            return base
        }
    }

    func give(_ chunk: UnsafeMutableRawPointer) { state.withLock { $0.free.append(chunk) } }
}
