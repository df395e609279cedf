import Diagnostics
import Foundation
import PostgresClient

/// A private PostgreSQL cluster in a folder: the default place of the standard library (标准库).
///
/// It is the distribution's server, run as the user who runs sitong (as `postgres` when that is root, since the server
/// refuses to be root). It listens on no network, only on a Unix socket, and admits only that user and root, as the
/// kernel names them (peer). It is started on demand, stopped by its last user (`ClusterUse`), or adopted by the next run;
/// after a crash it recovers by itself. All methods may be called by several processes at once: a lock in the folder
/// puts them in a row.
///
/// ```
/// DIR/cluster.json     written last: the cluster is whole
/// DIR/data/            the server's (elsewhere when root's folder cannot be reached by `postgres`; cluster.json says where)
/// DIR/server.log         beside data/
/// /tmp/sitong-<16 hex digits>/   the socket, since its path is limited to 107 bytes
/// ```
public struct EmbeddedCluster: Sendable {
    public enum Status: Sendable, Equatable {
        /// There is no cluster in the folder.
        case absent
        /// `initialize` was interrupted; it will begin anew.
        case incomplete
        case stopped
        case running(process: Int32)
    }

    /// The folder as an absolute path.
    public let directory: String
    private let settings: [String: String]
    private let programFolders: [String]?
    private static let owner = "sitong"

    /// - Parameters:
    ///   - settings: of the server, beside and above ours; read by `initialize`, `port` by all.
    ///   - programFolders: where to look for the server instead of the usual places.
    public init(directory: String, settings: [String: String] = [:], programFolders: [String]? = nil) {
        self.directory = URL(fileURLWithPath: directory).standardizedFileURL.path
        self.settings = settings
        self.programFolders = programFolders
    }

    /// How to connect, whether it runs or not: `host=/tmp/sitong-… port=5432 dbname=sitong user=sitong`.
    public var connectionString: String {
        "host=\(socketDirectory) port=\(port) dbname=\(Self.owner) user=\(Self.owner)"
    }

    public var socketDirectory: String { "/tmp/sitong-" + identity }

    /// Of no network: it is part of the socket's name.
    private var port: String { settings["port"] ?? "5432" }

    /// The folder's path as 16 hexadecimal digits (FNV-1a): short, and the same for every run.
    private var identity: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in directory.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    // MARK: - What is there

    private struct Marker: Codable {
        var format = "sitong-cluster/1"
        var data: String
        var version: Int
    }

    private var markerFile: String { directory + "/cluster.json" }
    /// Names the data folder of an `initialize` that has begun.
    private var attemptFile: String { directory + "/cluster.incomplete" }

    private var onDemandFile: String { directory + "/on-demand" }

    /// Whether the server runs only because somebody needed it (see `ClusterUse`).
    var isOnDemand: Bool { FileManager.default.fileExists(atPath: onDemandFile) }

    func markOnDemand() throws { try append("", to: onDemandFile) }

    /// Lets a server that was started on demand run on, until it is stopped.
    public func keepRunning() { unlink(onDemandFile) }

    func requireMarker() throws {
        guard try marker() != nil else { throw OperationError.noCluster(directory) }
    }

    private func marker() throws -> Marker? {
        guard let data = FileManager.default.contents(atPath: markerFile) else { return nil }
        do {
            return try JSONDecoder().decode(Marker.self, from: data)
        } catch {
            throw OperationError.clusterNotOurs(directory)
        }
    }

    /// - Throws: `OperationError` 73 when the folder's `cluster.json` is not ours.
    public func status() throws -> Status {
        guard let marker = try marker() else {
            return FileManager.default.fileExists(atPath: attemptFile) ? .incomplete : .absent
        }
        return postmaster(marker).map { .running(process: $0) } ?? .stopped
    }

    /// The server's process, nil when `postmaster.pid` is absent or was left by a server that crashed.
    ///
    /// A number in that file proves nothing: after a crash or a restart of the machine it may be another process. The
    /// server's working directory is its data folder, which is what the kernel is asked for.
    private func postmaster(_ marker: Marker) -> Int32? {
        guard let text = FileManager.default.contents(atPath: marker.data + "/postmaster.pid"),
            let first = String(decoding: text, as: UTF8.self).split(separator: "\n").first,
            let process = Int32(first), process > 0
        else { return nil }
        #if os(Linux)
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/\(process)/cwd", &path, path.count - 1)
        guard length > 0 else { return nil }
        let folder = String(decoding: path[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return folder == Self.realPath(marker.data) ? process : nil
        #else
        return kill(process, 0) == 0 ? process : nil
        #endif
    }

    private static func realPath(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// `server.log` lies beside the data folder, where the server's user can get.
    private static func logFile(beside data: String) -> String {
        URL(fileURLWithPath: data).deletingLastPathComponent().path + "/server.log"
    }

    // MARK: - Initialize

    /// Makes the cluster unless it is there. What an interrupted attempt left is removed first.
    ///
    /// - Throws: `OperationError` 69 when no server is installed, 73 when the folder cannot be made or holds something
    ///   else, 74 when the disk is full, 77 when root's server has no user to run as.
    public func initialize() throws {
        if try marker() != nil { return }
        let installation = try PostgresInstallation.find(in: programFolders)
        let user = try ServerUser()
        try user.makeFolder(directory, isPrivate: false)
        try withLock {
            if try marker() != nil { return }
            let data = try dataFolder(for: user)
            if FileManager.default.fileExists(atPath: attemptFile) {
                try removeAttempt()
            } else if FileManager.default.fileExists(atPath: data) {
                throw OperationError.clusterNotOurs(directory)
            }
            try write(data, to: attemptFile)
            faultPoint("library.beforeInitdb")
            do {
                try user.makeFolder(data, isPrivate: true)
                try runInitdb(installation, user, data)
                faultPoint("library.afterInitdb")
                try configure(installation, data, user)
                try createDatabase(installation, user, data)
            } catch {
                try? removeAttempt()
                throw error
            }
            faultPoint("library.beforeClusterMarker")
            let marker = try JSONEncoder().encode(Marker(data: data, version: installation.version))
            try write(String(decoding: marker, as: UTF8.self), to: markerFile)
            unlink(attemptFile)
        }
    }

    /// Below the cluster's folder, unless the server's user cannot get there (root's home is closed to `postgres`).
    private func dataFolder(for user: ServerUser) throws -> String {
        user.canReach(directory) ? directory + "/data" : "/var/lib/sitong/\(identity)/data"
    }

    private func removeAttempt() throws {
        guard let text = FileManager.default.contents(atPath: attemptFile) else { return }
        let data = String(decoding: text, as: UTF8.self)
        // Only what we can have made is removed, whatever the file says.
        guard data == directory + "/data" || data == "/var/lib/sitong/\(identity)/data" || data.isEmpty else {
            throw OperationError.clusterNotOurs(directory)
        }
        if !data.isEmpty, FileManager.default.fileExists(atPath: data) {
            try FileManager.default.removeItem(atPath: data)
        }
        unlink(attemptFile)
    }

    private func runInitdb(_ installation: PostgresInstallation, _ user: ServerUser, _ data: String) throws {
        // Keys sort by their bytes everywhere, so that every engine agrees on the order; letters are still Unicode's.
        #if os(Linux)
        let letters = "C.UTF-8"
        #else
        let letters = "C"
        #endif
        let initdb = try ChildProcess(
            user.command([
                installation.programs + "/initdb", "--pgdata=\(data)", "--username=\(Self.owner)", "--auth=peer",
                "--encoding=UTF8", "--locale=C", "--lc-ctype=\(letters)", "--data-checksums", "--no-instructions",
            ]))
        guard initdb.exitStatus == 0 else {
            throw OperationError.clusterFailed("initdb", directory, output: initdb.output)
        }
    }

    private func configure(_ installation: PostgresInstallation, _ data: String, _ user: ServerUser) throws {
        // Loading into tables with large indexes writes many whole pages to the log. LZ4 compresses them in a fraction of the
        // time that PostgreSQL's own method takes, but not every build has it: whether this one does is asked of it.
        let lz4 = try ChildProcess(
            user.command([
                installation.programs + "/postgres", "-D", data, "-c", "wal_compression=lz4", "-C", "wal_compression",
            ]))
        let ours = [
            "listen_addresses": "", "unix_socket_directories": socketDirectory, "unix_socket_permissions": "0700",
            "port": port, "max_connections": "60", "shared_buffers": "128MB", "max_wal_size": "2GB",
            "checkpoint_timeout": "15min", "wal_compression": lz4.exitStatus == 0 ? "lz4" : "on", "jit": "off",
            "lc_messages": "C", "timezone": "Asia/Shanghai", "log_timezone": "Asia/Shanghai",
            "log_line_prefix": "%m [%p] %a ",
            // Statements and details quote rows: they stay out of the log.
            "log_error_verbosity": "terse", "log_min_error_statement": "panic",
            "log_parameter_max_length_on_error": "0",
        ].merging(settings) { _, given in given }
        let lines = ours.sorted { $0.key < $1.key }.map { "\($0.key) = '\($0.value)'" }
        try append("\n# sitong\n" + lines.joined(separator: "\n") + "\n", to: data + "/postgresql.conf")
        try overwrite("local all all peer map=sitong\n", data + "/pg_hba.conf")
        let admitted = Set(["root", user.name]).sorted()
        try overwrite(admitted.map { "sitong \($0) \(Self.owner)\n" }.joined(), data + "/pg_ident.conf")
    }

    private func createDatabase(_ installation: PostgresInstallation, _ user: ServerUser, _ data: String) throws {
        let single = try ChildProcess(
            user.command([installation.programs + "/postgres", "--single", "-D", data, "postgres"]),
            input: "CREATE DATABASE \(Self.owner)\n")
        guard single.exitStatus == 0, !single.output.contains("ERROR:") else {
            throw OperationError.clusterFailed("postgres --single", directory, output: single.output)
        }
    }

    // MARK: - Start and stop

    /// Starts the server unless it runs, and returns when it takes connections: true when it was this call that started it.
    ///
    /// - Throws: `OperationError` 66 when there is no cluster in the folder, 69 when the server does not start (its log
    ///   is named), 74 when the disk is full.
    @discardableResult
    public func start() throws -> Bool {
        guard let marker = try marker() else { throw OperationError.noCluster(directory) }
        return try withLock {
            let isStopped = postmaster(marker) == nil
            if isStopped { try launch(marker) }
            try waitUntilReady()
            return isStopped
        }
    }

    private func launch(_ marker: Marker) throws {
        let installation = try PostgresInstallation.find(version: marker.version, in: programFolders)
        let user = try ServerUser()
        try makeSocketDirectory(user)
        // Of a server that is gone (see `postmaster`); the new one might take its number for a living one's.
        unlink(marker.data + "/postmaster.pid")
        unlink(socketDirectory + "/.s.PGSQL.\(port).lock")
        // The server opens the log itself, as its own user.
        let log = Self.logFile(beside: marker.data)
        try append("", to: log)
        user.own(log)
        let logged = FileManager.default.contents(atPath: log)?.count ?? 0
        var attemptsLeft = 20
        while true {
            let start = try ChildProcess(
                user.command([
                    installation.programs + "/pg_ctl", "start", "--wait", "--timeout=120", "--silent",
                    "--pgdata=\(marker.data)", "--log=\(log)",
                ]))
            if start.exitStatus == 0 { break }
            let said = String(
                decoding: (FileManager.default.contents(atPath: log) ?? Data()).dropFirst(logged), as: UTF8.self)
            // Sessions of a server that was killed need a moment to notice.
            attemptsLeft -= 1
            guard attemptsLeft > 0, said.contains("shared memory block") else {
                throw OperationError.clusterFailed("pg_ctl start", directory, output: said + start.output, log: log)
            }
            usleep(500_000)
        }
        faultPoint("library.afterServerStart")
    }

    /// A running server may still recover from a crash.
    private func waitUntilReady() throws {
        let deadline = Date().addingTimeInterval(120)
        while true {
            do {
                _ = try PostgresConnection(connectionString, applicationName: "sitong library start")
                return
            } catch let error as OperationError where error.isTransient && Date() < deadline {
                usleep(100_000)
            }
        }
    }

    private func makeSocketDirectory(_ user: ServerUser) throws {
        try user.makeFolder(socketDirectory, isPrivate: true)
        // Anyone may make folders in /tmp: one that is not the server's own is not used.
        var info = stat()
        guard lstat(socketDirectory, &info) == 0, info.st_mode & S_IFMT == S_IFDIR, info.st_uid == user.id,
            info.st_mode & 0o077 == 0
        else { throw OperationError.socketDirectoryNotOurs(socketDirectory) }
    }

    /// Stops the server cleanly, breaking off sessions that are still open; nothing happens when it does not run.
    public func stop() throws {
        guard let marker = try marker() else { return }
        try withLock {
            guard postmaster(marker) != nil else { return }
            let installation = try PostgresInstallation.find(version: marker.version, in: programFolders)
            let stop = try ChildProcess(
                try ServerUser().command([
                    installation.programs + "/pg_ctl", "stop", "--wait", "--timeout=120", "--mode=fast", "--silent",
                    "--pgdata=\(marker.data)",
                ]))
            guard stop.exitStatus == 0 || postmaster(marker) == nil else {
                throw OperationError.clusterFailed(
                    "pg_ctl stop", directory, output: stop.output, log: Self.logFile(beside: marker.data))
            }
            unlink(onDemandFile)
            rmdir(socketDirectory)
        }
    }

    /// Stops the server and removes the cluster with all that is in it; what cannot be removed stays.
    public func remove() {
        let data = (try? marker())?.data
        try? stop()
        // Only what we can have made is removed, whatever the file says.
        if data == "/var/lib/sitong/\(identity)/data" {
            try? FileManager.default.removeItem(atPath: "/var/lib/sitong/\(identity)")
        }
        try? FileManager.default.removeItem(atPath: directory)
    }

    // MARK: - Files

    private func withLock<R>(_ body: () throws -> R) throws -> R {
        let descriptor = open(directory + "/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw OperationError.unableToWrite(directory + "/lock", errno) }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
        return try body()
    }

    /// By a temporary name, so that the file is whole or absent.
    private func write(_ text: String, to path: String) throws {
        let temporary = path + ".new"
        unlink(temporary)
        try append(text, to: temporary)
        guard rename(temporary, path) == 0 else { throw OperationError.unableToWrite(path, errno) }
    }

    /// Keeps owner and mode, which are the server's.
    private func overwrite(_ text: String, _ path: String) throws {
        guard truncate(path, 0) == 0 else { throw OperationError.unableToWrite(path, errno) }
        try append(text, to: path)
    }

    private func append(_ text: String, to path: String) throws {
        let descriptor = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw OperationError.unableToWrite(path, errno) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            throw OperationError.unableToWrite(path, errno)
        }
    }
}
