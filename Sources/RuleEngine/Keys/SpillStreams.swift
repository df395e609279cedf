import Diagnostics
import Glibc
import Synchronization

/// Many streams of records side by side, appended to and read back as a whole: in memory, and beyond the budget in one
/// file.
///
/// A record lies in one piece, aligned to nothing. Writers are per thread; `streams` and the file are guarded by the mutex.
/// Reading begins when all writers have finished.
final class SpillStreams: Sendable {
    /// Full chunks lie here until they are spilled.
    private struct Chunk {
        var base: UnsafeMutableRawPointer
        var used: Int
        var size: Int
    }

    private struct Extent {
        var offset: Int
        var size: Int
    }

    private struct Stream {
        var chunks: [Chunk] = []
        var extents: [Extent] = []
    }

    private struct State: @unchecked Sendable {
        // Sound because the mutex guards it, and chunks belong to it alone once they are handed in.
        var streams: [Stream]
        var file: Int32 = -1
        var fileSize = 0
        var resident = 0
        var byteCount = 0
        /// Loaded streams that point into chunks: while there are any, nothing is spilled.
        var readers = 0
    }

    /// What records may use of a chunk of the pool; behind it are bytes that kernels may read.
    static let chunkSize = ChunkPool.chunkSize - Arena.slack

    private let state: Mutex<State>
    private let budget: MemoryBudget

    init(count: Int, _ budget: MemoryBudget) {
        state = Mutex(State(streams: Array(repeating: Stream(), count: count)))
        self.budget = budget
        budget.add(self)
    }

    deinit {
        state.withLock { state in
            for chunk in state.streams.flatMap(\.chunks) { budget.free(chunk.base, chunk.size) }
            if state.file >= 0 { close(state.file) }
            budget.give(state.resident)
        }
    }

    /// Bytes in memory that `spill` would write out.
    var residentBytes: Int { state.withLock { $0.readers > 0 ? 0 : $0.resident } }
    /// Streams so far; they grow as writers name higher ones.
    var count: Int { state.withLock { $0.streams.count } }
    /// Bytes of all records handed in.
    var byteCount: Int { state.withLock { $0.byteCount } }

    private func hand(in chunk: Chunk, to stream: Int) {
        state.withLock { state in
            while state.streams.count <= stream { state.streams.append(Stream()) }
            state.streams[stream].chunks.append(chunk)
            state.resident += chunk.size
            state.byteCount += chunk.used
        }
    }

    /// Writes all full chunks to the file, stream by stream, and gives their memory back.
    func spill() throws {
        try state.withLock { state in
            guard state.resident > 0, state.readers == 0 else { return }
            if state.file < 0 { state.file = try SpillStreams.makeFile(in: budget.directory) }
            var gather: [UInt8] = []
            for index in state.streams.indices where !state.streams[index].chunks.isEmpty {
                gather.removeAll(keepingCapacity: true)
                for chunk in state.streams[index].chunks {
                    gather.append(contentsOf: UnsafeRawBufferPointer(start: chunk.base, count: chunk.used))
                }
                try write(gather, state.file, at: state.fileSize)
                state.streams[index].extents.append(Extent(offset: state.fileSize, size: gather.count))
                state.fileSize += gather.count
                for chunk in state.streams[index].chunks { budget.free(chunk.base, chunk.size) }
                state.streams[index].chunks.removeAll()
            }
            budget.give(state.resident)
            budget.noteSpilled(state.fileSize)
            state.resident = 0
        }
    }

    private static func makeFile(in directory: String) throws -> Int32 {
        var template = Array("\(directory)/sitong-spill-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        guard file >= 0 else { throw OperationError.spill(directory, errno) }
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        // Without a name it is gone when the process is, however that ends.
        unlink(template)
        return file
    }

    private func write(_ bytes: [UInt8], _ file: Int32, at offset: Int) throws {
        try bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = pwrite(
                    file, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw OperationError.spill(budget.directory, count < 0 ? errno : ENOSPC) }
                done += count
            }
        }
    }

    /// The records of one stream, in pieces that each hold whole records; they live as long as what is returned.
    func load(_ stream: Int) throws -> LoadedStream {
        // Outside the lock, as it counts itself, and counts itself off when reading fails.
        let loaded = LoadedStream(self)
        try state.withLock { state in
            guard stream < state.streams.count else { return }
            for extent in state.streams[stream].extents {
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: extent.size + Arena.slack, alignment: 8)
                loaded.owned.append(buffer)
                var done = 0
                while done < extent.size {
                    let count = pread(
                        state.file, buffer.baseAddress.map { $0 + done }, extent.size - done,
                        off_t(extent.offset + done))
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { throw OperationError.spill(budget.directory, count < 0 ? errno : EIO) }
                    done += count
                }
                loaded.pieces.append(UnsafeRawBufferPointer(rebasing: buffer[0..<extent.size]))
            }
            for chunk in state.streams[stream].chunks {
                loaded.pieces.append(UnsafeRawBufferPointer(start: chunk.base, count: chunk.used))
            }
        }
        return loaded
    }

    fileprivate func beginReading() { state.withLock { $0.readers += 1 } }
    fileprivate func endReading() { state.withLock { $0.readers -= 1 } }

    /// Forgets a stream that was read for the last time.
    func drop(_ stream: Int) {
        state.withLock { state in
            guard stream < state.streams.count else { return }
            for chunk in state.streams[stream].chunks {
                budget.free(chunk.base, chunk.size)
                state.resident -= chunk.size
                budget.give(chunk.size)
            }
            state.streams[stream] = Stream()
        }
    }

    func dropAll() { for stream in 0..<count { drop(stream) } }

    /// Appends for one thread.
    final class Writer {
        /// The open chunk of a stream.
        private struct Cursor {
            var place: UnsafeMutableRawPointer
            var end: UnsafeMutableRawPointer
            var base: UnsafeMutableRawPointer
        }

        private let target: SpillStreams
        // Pointers rather than an array: appending is the innermost loop of every pass.
        private var cursors: UnsafeMutablePointer<Cursor?>
        private var count: Int
        private var holds = false
        private var held: [(stream: Int, chunk: Chunk)] = []

        init(_ target: SpillStreams) {
            self.target = target
            count = max(1, target.count)
            cursors = .allocate(capacity: count)
            cursors.initialize(repeating: nil, count: count)
        }

        deinit {
            finish()
            cursors.deallocate()
        }

        /// Room for one record of this size at the end of a stream.
        @inline(__always)
        func reserve(_ size: Int, in stream: Int) throws -> UnsafeMutableRawPointer {
            if stream < count, let cursor = cursors[stream], cursor.end - cursor.place >= size {
                cursors[stream] = Cursor(place: cursor.place + size, end: cursor.end, base: cursor.base)
                return cursor.place
            }
            return try makeRoom(size, stream)
        }

        private func makeRoom(_ size: Int, _ stream: Int) throws -> UnsafeMutableRawPointer {
            if stream >= count { grow(stream + 1) }
            // The first chunk of a stream is small, so that many streams with little in them stay small.
            var usual = 512
            if let old = cursors[stream] {
                usual = min((old.end - old.base) * 4, SpillStreams.chunkSize)
                handIn(stream)
            }
            let wanted = max(size, usual)
            let base = try target.budget.allocate(wanted)
            cursors[stream] = Cursor(place: base + size, end: base + wanted, base: base)
            return base
        }

        private func grow(_ wanted: Int) {
            let size = max(wanted, count * 2)
            let grown = UnsafeMutablePointer<Cursor?>.allocate(capacity: size)
            grown.initialize(repeating: nil, count: size)
            grown.update(from: cursors, count: count)
            cursors.deallocate()
            cursors = grown
            count = size
        }

        private func handIn(_ stream: Int) {
            guard let cursor = cursors[stream] else { return }
            cursors[stream] = nil
            let chunk = Chunk(base: cursor.base, used: cursor.place - cursor.base, size: cursor.end - cursor.base)
            if holds { held.append((stream, chunk)) } else { target.hand(in: chunk, to: stream) }
        }

        /// Reserves many records that are filled only afterwards: until `body` returns, none of them is spilled.
        func holding<R>(_ body: () throws -> R) throws -> R {
            holds = true
            defer {
                holds = false
                for (stream, chunk) in held { target.hand(in: chunk, to: stream) }
                held.removeAll(keepingCapacity: true)
            }
            return try body()
        }

        func append(_ bytes: UnsafeRawBufferPointer, to stream: Int) throws {
            let place = try reserve(bytes.count, in: stream)
            if let base = bytes.baseAddress { place.copyMemory(from: base, byteCount: bytes.count) }
        }

        /// Hands in what is still open; the writer may go on afterwards.
        func finish() {
            for stream in 0..<count { handIn(stream) }
        }
    }
}

/// One stream's records while they are read.
final class LoadedStream {
    fileprivate(set) var pieces: [UnsafeRawBufferPointer] = []
    fileprivate var owned: [UnsafeMutableRawBufferPointer] = []
    private let source: SpillStreams

    fileprivate init(_ source: SpillStreams) {
        self.source = source
        source.beginReading()
    }

    deinit {
        for buffer in owned { buffer.deallocate() }
        source.endReading()
    }
}
