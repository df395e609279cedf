import Diagnostics
import FileTransfer
import Foundation
import TestSupport
import Testing

/// What can go wrong between here and a server, on a real sshd.
@Suite("Sending to an SSH server")
struct SSHServerTests {
    let server: SSHServer
    let shipment: Shipment

    init() throws {
        server = try SSHServer()
        shipment = try Shipment(["a.bin": 1_000])
    }

    private var folder: String { server.inbox + "/batch" }

    private func failure(
        _ status: Diagnostics.ExitStatus, _ code: String, _ set: (inout TransferOptions) -> Void
    ) -> OperationError? {
        let error = #expect(throws: OperationError.self) { try shipment.send(to: server.url(folder), server, set: set) }
        #expect(error?.status == status)
        #expect(error?.code == code)
        #expect(error?.hint != nil)
        #expect(!FileManager.default.fileExists(atPath: folder))
        return error
    }

    @Test("an unknown host is refused, with the way to accept it")
    func unknownHost() {
        let error = failure(.noPermission, "transfer-host-unknown") { $0.knownHosts = server.emptyKnownHosts }
        #expect(error?.hint?.en.contains("ssh-keyscan -p \(server.port) 127.0.0.1") == true)
        #expect(error?.hint?.zh.contains("指纹") == true)
        #expect(error?.isTransient == false)
        _ = failure(.noPermission, "transfer-host-unknown") { $0.knownHosts = server.folder.appending("none") }
    }

    @Test("a host whose key changed is refused")
    func changedHost() {
        let error = failure(.noPermission, "transfer-host-changed") { $0.knownHosts = server.changedKnownHosts }
        #expect(error?.message.en.contains("posing") == true)
        #expect(error?.message.zh.contains("冒充") == true)
        #expect(error?.isTransient == false)
    }

    @Test("a key that the server does not know is refused")
    func wrongKey() {
        let error = failure(.noPermission, "transfer-auth") { $0.privateKey = server.strangerKey }
        #expect(error?.message.en.contains("refused user '\(server.user)'") == true)
        #expect(error?.hint?.zh.contains("authorized_keys") == true)
    }

    @Test("a private key that is not there is told before connecting")
    func missingKey() {
        _ = failure(.noInput, "transfer-local-file") { $0.privateKey = server.folder.appending("none") }
    }

    @Test("without a key file the keys of the ssh agent serve")
    func agent() async throws {
        let (socket, knownHosts, url) = (try server.startAgent(), server.knownHosts, server.url(folder))
        // In a process of its own, since the agent is found through the environment.
        await #expect(processExitsWith: .success) {
            [socket = socket as String, knownHosts = knownHosts as String, url = url as String] in
            setenv("SSH_AUTH_SOCK", socket, 1)
            let receipt = try Shipment(["a.bin": 1_000]).send(to: url, set: { $0.knownHosts = knownHosts })
            #expect(receipt.filesSent == 2)
        }
        #expect(shipment.arrived(in: folder))
    }

    @Test("a closed port ends with 69 after the tries")
    func refusedPort() {
        server.stop()
        let error = failure(.unavailable, "transfer-connect") { $0.maxTries = 3 }
        #expect(error?.isTransient == true)
        #expect(error?.message.en.contains("127.0.0.1:\(server.port)") == true)
        #expect(error?.message.zh.contains("无法连接服务器") == true)
    }

    @Test("an unknown host name ends with 69")
    func unknownName() {
        let error = #expect(throws: OperationError.self) {
            try shipment.send(to: "sftp://no-such-host.invalid/in", server)
        }
        #expect(error?.status == .unavailable)
        #expect(error?.code == "transfer-connect")
        #expect(error?.isTransient == true)
    }

    @Test("a path below the account's home")
    func home() throws {
        // Seen through the store, since the home of the account that runs the tests is not ours to write in.
        var options = TransferOptions()
        options.knownHosts = server.knownHosts
        options.privateKey = server.userKey
        let location = try RemoteLocation(server.url("/~/"))
        let store = try RemoteStores.open(location, options: options)
        let home = try #require(NSHomeDirectoryForUser(server.user))
        func local() throws -> Set<String> { try Set(FileManager.default.contentsOfDirectory(atPath: home)) }
        // Other programs may make and remove files there meanwhile.
        let before = try local()
        let names = try Set(store.list(location.path))
        let after = try local()
        #expect(names.isSuperset(of: before.intersection(after)))
        #expect(names.isSubset(of: before.union(after)))
    }

    @Test("a server that dies in the middle: 69, no manifest; and the next attempt sends the rest")
    func serverDies() throws {
        let large = try Shipment(["0.bin": 1_000, "1.bin": 30_000_000])
        let error = #expect(throws: OperationError.self) {
            try large.send(
                to: server.url(folder), server,
                progress: {
                    if $0.file == "1.bin", $0.bytes > 1_000_000 { server.stop() }
                })
        }
        #expect(error?.status == .unavailable)
        #expect(error?.isTransient == true)
        let left = Shipment.contents(of: folder)
        #expect(Set(left.keys) == ["0.bin", ".1.bin.r1.part"])
        #expect((left[".1.bin.r1.part"]?.count ?? 0) < 30_000_000)

        try server.start()
        let receipt = try large.send(to: server.url(folder), server, run: "r2")
        #expect(receipt.filesAlreadyThere == 1)
        #expect(receipt.filesSent == 2)
        #expect(large.arrived(in: folder))
    }

    @Test("a server that comes back in time is not noticed but in the count of retries")
    func serverRestarts() throws {
        let large = try Shipment(["1.bin": 30_000_000])
        var hasStopped = false
        let receipt = try large.send(
            to: server.url(folder), server, tries: 8,
            progress: {
                guard !hasStopped, $0.bytes > 1_000_000 else { return }
                hasStopped = true
                server.stop()
                let server = server
                Thread.detachNewThread {
                    usleep(200_000)
                    try? server.start()
                }
            })
        #expect(hasStopped)
        #expect(receipt.retries >= 1)
        #expect(receipt.filesSent == 2)
        #expect(large.arrived(in: folder))
    }

    @Test("a connection lost during a command is not taken for what the server said before")
    func lostDuringCommand() throws {
        let path = try server.folder.write("x", to: "in/file")
        var options = TransferOptions()
        (options.knownHosts, options.privateKey) = (server.knownHosts, server.userKey)
        let store = try RemoteStores.open(RemoteLocation(server.url("/")), options: options)
        // It says that some of these folders are there.
        try store.ensureFolder(server.inbox + "/a/b")
        server.freeze()
        let server = server
        Thread.detachNewThread {
            usleep(300_000)
            server.dropSessions()
        }
        try store.remove(path)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a server that stops answering is given up after the limit")
    func stalled() throws {
        let large = try Shipment(["1.bin": 30_000_000])
        var frozen = 0.0
        let error = #expect(throws: OperationError.self) {
            try large.send(
                to: server.url(folder), server, set: { $0.stallTimeoutSeconds = 1 },
                progress: {
                    guard frozen == 0, $0.bytes > 1_000_000 else { return }
                    frozen = ProcessInfo.processInfo.systemUptime
                    server.freeze()
                })
        }
        #expect(frozen > 0)
        #expect(ProcessInfo.processInfo.systemUptime - frozen < 30)
        #expect(error?.status == .unavailable)
        #expect(error?.code == "transfer-timeout")
        #expect(error?.isTransient == true)
    }

    @Test("a server without room ends with 74, and gets its room back")
    func noRoom() throws {
        let small = try SSHServer(fileLimitKilobytes: 1_000)
        let large = try Shipment(["1.bin": 8_000_000])
        let place = small.inbox + "/batch"
        let error = #expect(throws: OperationError.self) { try large.send(to: small.url(place), small, tries: 5) }
        #expect(error?.status == .ioError)
        #expect(error?.code == "transfer-no-room")
        #expect(error?.message.zh.contains("磁盘空间不足") == true)
        #expect(Shipment.contents(of: place).isEmpty)
    }
}
