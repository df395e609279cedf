import Foundation
import Library
import PostgresClient
import Synchronization

/// A private PostgreSQL cluster for this test process, started by the first test that asks for it.
///
/// It is gone when the process ends, however it ends: a watchdog holds one end of a pipe whose other end only this
/// process has, and when that closes it kills the server and removes its folder.
public enum TestPostgres {
    private static let cluster: Result<EmbeddedCluster, any Error> = Result { try launch() }
    private static let databasesMade = Mutex(0)

    /// A connection string of a new database, empty unless it copies another, which nobody may be using.
    ///
    /// - Parameter original: the connection string of that other one, from an earlier call.
    public static func freshDatabase(
        copying original: String? = nil, file: String = #fileID, function: String = #function
    ) throws -> String {
        RealPart.note(.postgres, file: file, function: function)
        let cluster = try cluster.get()
        // One at a time: two sessions cannot copy the template database at once.
        return try databasesMade.withLock { made in
            made += 1
            let admin = try PostgresConnection(
                "host=\(cluster.socketDirectory) dbname=postgres user=sitong", applicationName: "tests")
            let name = original?.split(separator: " ").first { $0.hasPrefix("dbname=") }?.dropFirst("dbname=".count)
            try admin.execute("CREATE DATABASE test_\(made)" + (name.map { " TEMPLATE \($0)" } ?? ""))
            return "host=\(cluster.socketDirectory) dbname=test_\(made) user=sitong"
        }
    }

    private static func launch() throws -> EmbeddedCluster {
        // In the run's own folder, so that `make test` can tell a server that was left behind.
        let folder = (NSTemporaryDirectory() as NSString).appendingPathComponent("sitong-tests-XXXXXX")
        var template = Array(folder.utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(directory, 0o711)
        let cluster = EmbeddedCluster(
            directory: directory,
            // Nothing in it has to survive a crash.
            settings: ["fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"])
        Watchdog.guardCluster(directory, socketDirectory: cluster.socketDirectory)
        try cluster.initialize()
        try cluster.start()
        return cluster
    }
}

private enum Watchdog {
    nonisolated(unsafe) private static var pipeEnd: Int32 = -1  // Written once, under the lock of `cluster`'s making.
    nonisolated(unsafe) private static var process = pid_t()  // Likewise.

    private static let script = """
        read nothing
        server=$(head -n 1 "$0/data/postmaster.pid" 2>/dev/null)
        if [ -n "$server" ]; then
            kill -QUIT "$server"
            # A dead one that nobody has reaped can still be signalled, but has no working directory.
            while readlink "/proc/$server/cwd"; do sleep 0.05; done
        fi
        rm -rf "$0" "$1"
        """

    static func guardCluster(_ directory: String, socketDirectory: String) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        ends.forEach { _ = fcntl($0, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // A session of its own: what interrupts the tests must not interrupt the watchdog.
        let arguments = ["setsid", "/bin/sh", "-c", script, directory, socketDirectory]
        var strings: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { strings.forEach { free($0) } }
        guard posix_spawnp(&process, "setsid", &actions, nil, &strings, environ) == 0 else { return }
        close(ends[0])
        pipeEnd = ends[1]
        atexit {
            close(Watchdog.pipeEnd)
            var status: Int32 = 0
            while waitpid(Watchdog.process, &status, 0) < 0, errno == EINTR {}
        }
    }
}
