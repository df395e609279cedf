import Diagnostics
import Foundation
import PostgresClient

/// A process's use of an embedded cluster: started when it is needed, stopped by the last one that needs it.
///
/// A server that was started on demand is marked so in the cluster's folder. Whoever is the last to leave stops it, also
/// when another process had started it and was killed; one that an operator started is left running. The kernel ends a
/// use with its process, however that ends.
///
/// ```
/// DIR/users        locked by all who use the cluster now
/// DIR/on-demand    the server runs only because somebody needed it
/// ```
public final class ClusterUse: Sendable {
    private let cluster: EmbeddedCluster
    private let descriptor: Int32

    /// - Throws: `OperationError` 66 when there is no cluster in the folder, 73 when its folder cannot be written to.
    public init(_ cluster: EmbeddedCluster) throws {
        self.cluster = cluster
        try cluster.requireMarker()
        let file = cluster.directory + "/users"
        descriptor = open(file, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw OperationError.unableToWrite(file, errno) }
        // Waits while the last one is just leaving.
        while flock(descriptor, LOCK_SH) != 0, errno == EINTR {}
    }

    deinit { close(descriptor) }

    /// Starts the server unless it runs; throws as `EmbeddedCluster.start`.
    public func start() throws {
        if case .running = try cluster.status() {
        } else {
            try cluster.markOnDemand()
        }
        try cluster.start()
    }

    /// Stops the server when it was started on demand and nobody else uses it any more.
    public func end() {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return }
        defer { flock(descriptor, LOCK_UN) }
        guard cluster.isOnDemand, !hasSessions() else { return }
        // One that cannot be stopped now is stopped by the next one.
        try? cluster.stop()
    }

    /// Whether other programs are connected, such as an operator's psql.
    private func hasSessions() -> Bool {
        let others = """
            SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
            """
        let rows = try? PostgresConnection(cluster.connectionString, applicationName: "sitong").execute(others)
        // A server that nobody can ask is stopped as well; what it is doing ends in its log.
        return rows != nil && rows?.first?.first != "0"
    }
}
