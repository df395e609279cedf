import Columnar
import DataAccess
import Glibc
import Synchronization

/// Work on several threads at once; the first error stops all and is thrown.
package enum Parallel {
    private final class Job: @unchecked Sendable {
        // Sound because the body is called, never changed, and the error is guarded by its mutex.
        let body: (Int) throws -> Void
        let index: Int
        let failure: Failure

        init(_ index: Int, _ failure: Failure, _ body: @escaping (Int) throws -> Void) {
            self.index = index
            self.failure = failure
            self.body = body
        }
    }

    /// The first error of several threads.
    package final class Failure: Sendable {
        package init() {}

        private let error = Mutex<(any Error)?>(nil)
        private let hasFailed = Atomic<Bool>(false)

        var isSet: Bool { hasFailed.load(ordering: .relaxed) }

        func set(_ new: any Error) {
            error.withLock { if $0 == nil { $0 = new } }
            hasFailed.store(true, ordering: .relaxed)
        }

        func rethrow() throws {
            if let error = error.withLock({ $0 }) { throw error }
        }
    }

    /// Runs `body` for 0 ..< count, each on a thread of its own, and waits for all.
    package static func run(_ count: Int, _ failure: Failure = Failure(), _ body: (Int) throws -> Void) throws {
        if count == 1 {
            try body(0)
            return
        }
        // Sound because all threads are joined before this function returns.
        try withoutActuallyEscaping(body) { body in
            var threads: [pthread_t] = []
            for index in 0..<count {
                let job = Unmanaged.passRetained(Job(index, failure, body))
                var thread = pthread_t()
                var attributes = pthread_attr_t()
                pthread_attr_init(&attributes)
                pthread_attr_setstacksize(&attributes, 8 << 20)
                let code = pthread_create(
                    &thread, &attributes,
                    { pointer in
                        guard let pointer else { return nil }
                        let job = Unmanaged<Job>.fromOpaque(pointer).takeRetainedValue()
                        do { try job.body(job.index) } catch { job.failure.set(error) }
                        return nil
                    }, job.toOpaque())
                pthread_attr_destroy(&attributes)
                if code == 0 {
                    threads.append(thread)
                } else {
                    // Without a thread of its own the work is done here.
                    let job = job.takeRetainedValue()
                    do { try job.body(job.index) } catch { failure.set(error) }
                }
            }
            for thread in threads { pthread_join(thread, nil) }
            try failure.rethrow()
        }
    }

    /// Runs `body` for every block of a reader on `count` threads: each reads a block, one thread after another, and works on
    /// it while it is in the cache of its processor.
    ///
    /// - Parameter body: told the thread's number, the block, and the block's, from 0; blocks end in no order.
    static func forEachBlock(
        _ reader: inout any CellReader, _ count: Int, _ body: (Int, CellBlock, Int) throws -> Void
    ) throws {
        let failure = Failure()
        let reading = Lock()
        var shared = reader
        // The next block's; nil after the last: a reader is not asked again.
        var number: Int? = 0
        try withUnsafeMutablePointer(to: &shared) { reader in
            try withUnsafeMutablePointer(to: &number) { next in
                try run(count, failure) { index in
                    var block = CellBlock()
                    while !failure.isSet {
                        let taken: Int? = try reading.with {
                            guard let number = next.pointee else { return nil }
                            next.pointee = try reader.pointee.next(into: &block) ? number + 1 : nil
                            return next.pointee == nil ? nil : number
                        }
                        guard let taken else { return }
                        try body(index, block, taken)
                    }
                }
            }
        }
        reader = shared
    }

    /// Numbers 0 ..< count handed out to several threads, each once.
    final class Counter: Sendable {
        private let next = Atomic<Int>(0)
        private let count: Int

        init(_ count: Int) { self.count = count }

        func take() -> Int? {
            let number = next.add(1, ordering: .relaxed).oldValue
            return number < count ? number : nil
        }
    }
}

/// A mutex around what several threads do in turn.
final class Lock: @unchecked Sendable {
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
