import Foundation
import Synchronization

/// A real sshd on the loopback, of the account that runs the tests, with keys and configuration of its own.
///
/// It serves SFTP only, and ends with the value, with the test process, or when that is killed.
public final class SSHServer: Sendable {
    public let port: Int
    /// Holds the folders that are served; outside it nothing is touched.
    public let folder: TemporaryDirectory
    public let user: String
    /// A private key that the server accepts, and one that it does not know.
    public let userKey: String
    public let strangerKey: String
    /// A file that accepts this server's host key, one that has another key for it, and an empty one.
    public let knownHosts: String
    public let changedKnownHosts: String
    public let emptyKnownHosts: String

    private let configuration: String
    private let fileLimitKilobytes: Int?
    private let process = Mutex<pid_t>(0)
    private let agent = Mutex<pid_t>(0)

    /// Texts of the key files by their names, made once for the process.
    private static let keys = Result<[String: String], any Error> {
        let folder = try TemporaryDirectory()
        return try ["host", "other-host", "user", "stranger"].reduce(into: [:]) { texts, name in
            try run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder.appending(name)])
            for file in [name, name + ".pub"] {
                texts[file] = try String(contentsOfFile: folder.appending(file), encoding: .utf8)
            }
        }
    }

    /// Starts it and waits until it answers.
    ///
    /// - Parameter fileLimitKilobytes: no file may grow beyond; writing more fails as on a full disk.
    public init(
        fileLimitKilobytes: Int? = nil, file: String = #fileID, function: String = #function
    ) throws {
        RealPart.note(.sshd, file: file, function: function)
        folder = try TemporaryDirectory()
        port = try Self.freePort()
        self.fileLimitKilobytes = fileLimitKilobytes
        user = NSUserName()
        let keys = try Self.keys.get()
        for (name, text) in keys {
            try folder.write(text, to: name)
            chmod(folder.appending(name), 0o600)
        }
        userKey = folder.appending("user")
        strangerKey = folder.appending("stranger")
        let place = "[127.0.0.1]:\(port) "
        knownHosts = try folder.write(place + (keys["host.pub"] ?? ""), to: "known_hosts")
        changedKnownHosts = try folder.write(place + (keys["other-host.pub"] ?? ""), to: "known_hosts.changed")
        emptyKnownHosts = try folder.write("", to: "known_hosts.empty")
        try FileManager.default.createDirectory(atPath: folder.appending("in"), withIntermediateDirectories: true)
        configuration = try folder.write(
            """
            Port \(port)
            ListenAddress 127.0.0.1
            HostKey \(folder.appending("host"))
            AuthorizedKeysFile \(folder.appending("user.pub"))
            PidFile \(folder.appending("sshd.pid"))
            UsePAM no
            StrictModes no
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            MaxStartups 100
            PermitRootLogin prohibit-password
            Subsystem sftp internal-sftp
            ForceCommand internal-sftp

            """, to: "sshd_config")
        try start()
    }

    deinit {
        stop()
        RunningServers.end(agent.withLock { $0 })
    }

    /// A folder that is served, empty at first.
    public var inbox: String { folder.appending("in") }

    /// `sftp://user@127.0.0.1:port` followed by the path.
    public func url(_ path: String) -> String { "sftp://\(user)@127.0.0.1:\(port)\(path)" }

    /// Starts it again after `stop`, on the same port.
    public func start() throws {
        // sshd insists on this folder when it is root.
        if getuid() == 0 { mkdir("/run/sshd", 0o755) }
        // The last of the words replaces the shell, so that its process id is the server's.
        let limit = fileLimitKilobytes.map { "trap '' XFSZ; ulimit -f \($0 * 2); " } ?? ""
        let script = limit + "exec setpriv --pdeathsig KILL /usr/sbin/sshd -D -E \"$1\" -f \"$2\""
        // POSIX counts `ulimit -f` in blocks of 512 bytes.
        let words = ["/bin/sh", "-c", script, "sh", folder.appending("sshd.log"), configuration]
        let number = try RunningServers.spawn(words)
        process.withLock { $0 = number }
        let deadline = Date().addingTimeInterval(60)
        while !Self.answers(port) {
            guard Date() < deadline, kill(number, 0) == 0 else {
                stop()
                let log = (try? String(contentsOfFile: folder.appending("sshd.log"), encoding: .utf8)) ?? ""
                throw SSHServerFailure(text: "sshd did not start: \(log)")
            }
            usleep(20_000)
        }
    }

    /// Kills every session and then the server, as when the machine goes down.
    public func stop() {
        let number = process.withLock { number in
            defer { number = 0 }
            return number
        }
        guard number > 0 else { return }
        RunningServers.end(number)
    }

    /// Stops server and sessions without ending them: connections stand, and nothing answers.
    public func freeze() {
        let number = process.withLock { $0 }
        guard number > 0 else { return }
        for process in RunningServers.descendants(of: number) + [number] { kill(process, SIGSTOP) }
    }

    /// Kills the sessions, frozen or not; the server takes new ones.
    public func dropSessions() {
        let number = process.withLock { $0 }
        if number > 0 { RunningServers.endDescendants(of: number) }
    }

    /// Starts an ssh agent that holds the user's key; it ends with the server.
    ///
    /// - Returns: the value for `SSH_AUTH_SOCK`.
    public func startAgent() throws -> String {
        let socket = folder.appending("agent")
        let number = try RunningServers.spawn(
            ["/bin/sh", "-c", "exec setpriv --pdeathsig KILL ssh-agent -D -a \"$1\"", "sh", socket])
        agent.withLock { $0 = number }
        let deadline = Date().addingTimeInterval(60)
        while !FileManager.default.fileExists(atPath: socket), Date() < deadline { usleep(20_000) }
        try Self.run(["SSH_AUTH_SOCK=\(socket)", "ssh-add", "-q", userKey])
        return socket
    }

    private static func answers(_ port: Int) -> Bool {
        guard let socket = loopbackSocket() else { return false }
        defer { close(socket) }
        return withAddress(port) { connect(socket, $0, $1) } == 0
    }

    private static func freePort() throws -> Int {
        guard let socket = loopbackSocket(), withAddress(0, { bind(socket, $0, $1) }) == 0 else {
            throw SSHServerFailure(text: "no free port")
        }
        defer { close(socket) }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func loopbackSocket() -> Int32? {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        return number < 0 ? nil : number
    }

    private static func withAddress(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func run(_ words: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw SSHServerFailure(text: "\(words[0]) failed") }
    }
}

public struct SSHServerFailure: Error, CustomStringConvertible {
    public var text: String
    public var description: String { text }
}

/// The servers of this process, killed when it ends.
///
/// The kernel kills a server when the thread ends that started it (`PR_SET_PDEATHSIG`), so all are started from one
/// thread that lasts as long as the process; that also covers a test process that is killed.
private enum RunningServers {
    private static let numbers = Mutex<Set<pid_t>>([])
    private static let spawner = Spawner()

    static func spawn(_ words: [String]) throws -> pid_t {
        _ = atEnd
        let number = spawner.spawn(words)
        guard number > 0 else { throw SSHServerFailure(text: "unable to start \(words[0])") }
        numbers.withLock { _ = $0.insert(number) }
        return number
    }

    static func end(_ number: pid_t) {
        guard numbers.withLock({ $0.remove(number) }) != nil else { return }
        // The sessions first, as they outlive the listener otherwise.
        endDescendants(of: number)
        for process in descendants(of: number) + [number] { kill(process, SIGKILL) }
        var status: Int32 = 0
        waitpid(number, &status, 0)
    }

    static func endDescendants(of number: pid_t) {
        // From the leaves, so that each is reaped by its parent: where nothing reaps orphans they would stay as zombies.
        kill(number, SIGCONT)
        let deadline = Date().addingTimeInterval(2)
        // Those of this moment only: new sessions may come meanwhile.
        let sessions = Set(descendants(of: number))
        while case let below = sessions.intersection(descendants(of: number)), !below.isEmpty {
            let isLate = Date() > deadline
            for process in below { kill(process, isLate || descendants(of: process).isEmpty ? SIGKILL : SIGCONT) }
            if isLate { break }
            usleep(5_000)
        }
    }

    /// Children and theirs, from /proc.
    static func descendants(of number: pid_t) -> [pid_t] {
        var children: [pid_t: [pid_t]] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let process = pid_t(name),
                let text = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8),
                // The name in parentheses may contain spaces; the state and the parent follow it.
                let fields = text.split(separator: ")").last?.split(separator: " "), fields.count > 1,
                let parent = pid_t(fields[1])
            else { continue }
            children[parent, default: []].append(process)
        }
        var found: [pid_t] = []
        var pending = [number]
        while let next = pending.popLast() {
            let below = children[next] ?? []
            found += below
            pending += below
        }
        return found
    }

    private static let atEnd: Void = {
        atexit { for number in RunningServers.numbers.withLock({ $0 }) { RunningServers.end(number) } }
    }()
}

/// A thread of its own that starts processes, one after the other.
private final class Spawner: Sendable {
    private struct Request: Sendable {
        var words: [String]
        let answer: @Sendable (pid_t) -> Void
    }

    private let requests = Mutex<[Request]>([])
    private let wake = DispatchSemaphore(value: 0)

    init() {
        Thread.detachNewThread { [self] in
            while true {
                wake.wait()
                let request = requests.withLock { $0.removeFirst() }
                request.answer(Self.start(request.words))
            }
        }
    }

    func spawn(_ words: [String]) -> pid_t {
        let done = DispatchSemaphore(value: 0)
        let result = Mutex<pid_t>(0)
        requests.withLock { list in
            list.append(
                Request(words: words) { number in
                    result.withLock { $0 = number }
                    done.signal()
                })
        }
        wake.signal()
        done.wait()
        return result.withLock { $0 }
    }

    private static func start(_ words: [String]) -> pid_t {
        var arguments = words.map { strdup($0) }
        defer { for argument in arguments { free(argument) } }
        arguments.append(nil)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in Int32(0)...2 {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var number: pid_t = 0
        return posix_spawn(&number, words[0], &actions, nil, arguments, environ) == 0 ? number : -1
    }
}
