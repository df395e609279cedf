import Foundation
import Synchronization

/// Stands between a client and a PostgreSQL server on Unix sockets, and cuts every connection once when so many bytes
/// went through in both directions; from then on it lets everything pass.
///
/// The server is reached through `directory` instead of its own socket directory.
public final class CuttingProxy: Sendable {
    private struct State {
        var bytes = 0
        var cutAt: Int?
        var descriptors: Set<Int32> = []
        var isClosed = false
    }

    /// To be given as `host=`.
    public var directory: String { folder.path }
    private let folder: TemporaryDirectory
    private let server: String
    private let listener: Int32
    private let state: Mutex<State>

    /// - Parameters:
    ///   - server: the directory of the server's socket.
    ///   - cutAt: after how many bytes; nil never cuts.
    public init(to server: String, cutAt: Int?) throws {
        folder = try TemporaryDirectory()
        self.server = server + "/.s.PGSQL.5432"
        state = Mutex(State(cutAt: cutAt))
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let path = folder.appending(".s.PGSQL.5432")
        guard listener >= 0, Self.withAddress(path, { bind(listener, $0, $1) }) == 0, listen(listener, 32) == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
        // Whoever runs the client may come in.
        chmod(folder.path, 0o711)
        chmod(path, 0o777)
        Thread.detachNewThread { [self] in accept() }
    }

    /// How many bytes went through so far, and whether the cut was made.
    public var bytes: Int { state.withLock { $0.bytes } }
    public var hasCut: Bool { state.withLock { $0.cutAt == nil } }

    /// Nothing is accepted any more; what is open is closed. Without it the thread that accepts keeps the proxy alive.
    public func close() {
        state.withLock { state in
            state.isClosed = true
            for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func accept() {
        while true {
            let client = Foundation.accept(listener, nil, nil)
            guard client >= 0 else { break }
            let upstream = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            guard Self.withAddress(server, { connect(upstream, $0, $1) }) == 0 else {
                Foundation.close(client)
                Foundation.close(upstream)
                continue
            }
            // The second of the two directions that ends closes both ends.
            let ended = Ended()
            state.withLock { $0.descriptors.formUnion([client, upstream]) }
            for (from, to) in [(client, upstream), (upstream, client)] {
                Thread.detachNewThread { [self] in
                    pump(from, to)
                    guard ended.isSecond() else { return }
                    state.withLock { $0.descriptors.subtract([client, upstream]) }
                    Foundation.close(client)
                    Foundation.close(upstream)
                }
            }
        }
        Foundation.close(listener)
    }

    private final class Ended: Sendable {
        private let isFirstOver = Mutex(false)

        func isSecond() -> Bool {
            isFirstOver.withLock { over in
                defer { over = true }
                return over
            }
        }
    }

    private func pump(_ from: Int32, _ to: Int32) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(from, &buffer, buffer.count)
            guard count > 0 else { break }
            // The bytes up to the cut still arrive: half of a message is worse than none.
            let (allowed, isCut) = state.withLock { state -> (Int, Bool) in
                state.bytes += count
                guard let cutAt = state.cutAt, state.bytes >= cutAt else { return (count, false) }
                state.cutAt = nil
                return (max(0, count - (state.bytes - cutAt)), true)
            }
            var sent = 0
            while sent < allowed {
                let more = buffer.withUnsafeBytes {
                    send(to, $0.baseAddress.map { $0 + sent }, allowed - sent, Int32(MSG_NOSIGNAL))
                }
                guard more > 0 else { break }
                sent += more
            }
            if isCut {
                state.withLock { state in
                    for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
                }
            }
            if sent < count || isCut { break }
        }
        // Each side hears of the other's end.
        shutdown(from, Int32(SHUT_RDWR))
        shutdown(to, Int32(SHUT_RDWR))
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { place in
            for (index, byte) in path.utf8.prefix(place.count - 1).enumerated() { place[index] = byte }
        }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}
