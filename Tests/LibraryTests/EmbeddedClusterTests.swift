import Diagnostics
import Foundation
import Library
import PostgresClient
import TestSupport
import Testing

/// A cluster of its own for each test: initialised, started, killed, stopped.
@Suite(.serialized)
struct EmbeddedClusterTests {
    private let folder: TemporaryDirectory
    private let cluster: EmbeddedCluster

    init() throws {
        RealPart.note(.postgres)
        folder = try TemporaryDirectory()
        chmod(folder.path, 0o711)
        cluster = EmbeddedCluster(directory: folder.appending("library"), settings: ["fsync": "off"])
    }

    private func query(_ sql: String) throws -> [[String?]] {
        try PostgresConnection(cluster.connectionString, applicationName: "tests").execute(sql)
    }

    @Test func `a cluster is made once, started on demand, and stopped cleanly`() throws {
        defer { try? cluster.stop() }
        #expect(try cluster.status() == .absent)
        try cluster.initialize()
        try cluster.initialize()
        #expect(try cluster.status() == .stopped)
        try cluster.start()
        try cluster.start()
        guard case .running = try cluster.status() else {
            Issue.record("it does not run")
            return
        }
        #expect(try query("SHOW listen_addresses") == [[""]])
        #expect(try query("SHOW server_encoding") == [["UTF8"]])
        #expect(try query("SELECT 'B' < 'a', '案' < '豫', lower('Ä')") == [["t", "t", "ä"]])
        try cluster.stop()
        try cluster.stop()
        #expect(try cluster.status() == .stopped)
        #expect(!FileManager.default.fileExists(atPath: cluster.socketDirectory))
    }

    @Test func `a killed server is found dead, started again, and has what was committed`() throws {
        defer { try? cluster.stop() }
        try cluster.initialize()
        try cluster.start()
        _ = try query("CREATE TABLE t (n int); INSERT INTO t VALUES (7)")
        guard case .running(let process) = try cluster.status() else {
            Issue.record("it does not run")
            return
        }
        kill(process, SIGKILL)
        while try cluster.status() != .stopped { usleep(10_000) }
        #expect(FileManager.default.fileExists(atPath: folder.appending("library/data/postmaster.pid")))
        try cluster.start()
        #expect(try query("SELECT n FROM t") == [["7"]])
    }

    @Test func `a stale postmaster.pid that names a living process of someone else does no harm`() throws {
        defer { try? cluster.stop() }
        try cluster.initialize()
        let file = folder.appending("library/data/postmaster.pid")
        try "\(ProcessInfo.processInfo.processIdentifier)\nstale\n".write(
            toFile: file, atomically: false, encoding: .utf8)
        #expect(try cluster.status() == .stopped)
        try cluster.start()
        #expect(try query("SELECT 1") == [["1"]])
    }

    @Test func `an interrupted initialisation is done again`() throws {
        try FileManager.default.createDirectory(
            atPath: folder.appending("library/data/base"), withIntermediateDirectories: true)
        try folder.write(folder.appending("library/data"), to: "library/cluster.incomplete")
        chmod(folder.appending("library"), 0o711)
        #expect(try cluster.status() == .incomplete)
        try cluster.initialize()
        #expect(try cluster.status() == .stopped)
    }

    @Test func `data of someone else is left alone`() throws {
        try folder.write("mine", to: "library/data/file")
        chmod(folder.appending("library"), 0o711)
        let error = #expect(throws: OperationError.self) { try cluster.initialize() }
        #expect(error?.status == .cannotCreate)
        #expect(FileManager.default.fileExists(atPath: folder.appending("library/data/file")))
    }

    @Test func `without a server the hint says what to install, and nothing is left`() throws {
        let cluster = EmbeddedCluster(directory: folder.appending("library"), programFolders: [folder.path])
        let error = #expect(throws: OperationError.self) { try cluster.initialize() }
        #expect(error?.status == .unavailable)
        #expect(error?.hint?.en.contains("apt-get install postgresql") == true)
        #expect(error?.message.zh == "未安装 PostgreSQL 服务器")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func `a folder closed to the server's user works as well`() throws {
        // Only root's server is another user than root.
        chmod(folder.path, 0o700)
        defer {
            try? cluster.stop()
            let identity = cluster.socketDirectory.suffix(16)
            try? FileManager.default.removeItem(atPath: "/var/lib/sitong/\(identity)")
        }
        try cluster.initialize()
        try cluster.start()
        #expect(try query("SELECT 1") == [["1"]])
    }

    @Test func `to start what was never made is status 66`() {
        let error = #expect(throws: OperationError.self) { try cluster.start() }
        #expect(error?.status == .noInput)
    }

    /// The server's settings can be overridden: here it listens on the loopback and asks for a password.
    @Test func `a wrong password, and none, are status 77 and never shown`() throws {
        let port = 20_000 + Int(ProcessInfo.processInfo.processIdentifier) % 20_000
        let cluster = EmbeddedCluster(
            directory: folder.appending("library"),
            settings: ["fsync": "off", "listen_addresses": "127.0.0.1", "port": "\(port)"])
        defer { try? cluster.stop() }
        try cluster.initialize()
        let rules = folder.appending("library/data/pg_hba.conf")
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: rules))
        try file.seekToEnd()
        try file.write(contentsOf: Data("host all all 127.0.0.1/32 scram-sha-256\n".utf8))
        try file.close()
        #expect(try cluster.start())
        let admin = try PostgresConnection(cluster.connectionString, applicationName: "tests")
        try admin.execute("CREATE ROLE reader LOGIN PASSWORD 'richtig'")
        let place = "host=127.0.0.1 port=\(port) dbname=sitong user=reader"
        #expect(
            try PostgresConnection(place + " password=richtig", applicationName: "tests").execute("SELECT 1") == [["1"]]
        )
        let wrong = #expect(throws: OperationError.self) {
            try PostgresConnection(place + " password=falsch", applicationName: "tests")
        }
        #expect(wrong?.status == .noPermission)
        #expect(
            wrong?.message.en
                == "the server refused user 'reader' for database 'sitong' at 127.0.0.1:\(port): authentication failed (SQLSTATE 28P01)"
        )
        #expect(wrong?.text(in: .zh).contains("falsch") == false)
        let none = #expect(throws: OperationError.self) {
            try PostgresConnection(place + " passfile=/nowhere", applicationName: "tests")
        }
        #expect(none?.status == .noPermission)
        #expect(none?.message.zh.contains("需要密码") == true)
    }
}
