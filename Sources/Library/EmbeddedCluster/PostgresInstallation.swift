import Diagnostics
import Foundation

/// A PostgreSQL server's programs as the distribution installs them.
public struct PostgresInstallation: Sendable {
    /// The folder of `initdb`, `pg_ctl` and `postgres`.
    public var programs: String
    /// The major version, `15`.
    public var version: Int

    /// The newest of the installed servers, or the newest of major version `version`.
    ///
    /// - Parameter folders: where to look; by default the places of Debian, Red Hat, Homebrew, and what is built by hand.
    /// - Throws: `OperationError` 69 when there is none.
    public static func find(version: Int? = nil, in folders: [String]? = nil) throws -> PostgresInstallation {
        let found = (folders ?? usualFolders()).compactMap { folder -> PostgresInstallation? in
            let isComplete = ["initdb", "pg_ctl", "postgres"].allSatisfy {
                FileManager.default.isExecutableFile(atPath: folder + "/" + $0)
            }
            guard isComplete, let version = majorVersion(of: folder) else { return nil }
            return PostgresInstallation(programs: folder, version: version)
        }
        let suitable = found.filter { version == nil || $0.version == version }
        guard let newest = suitable.max(by: { $0.version < $1.version }) else {
            throw OperationError.noServerInstalled(version: version, found: found.map(\.version).sorted())
        }
        return newest
    }

    private static func usualFolders() -> [String] {
        func below(_ parent: String, _ inner: String, where fits: (String) -> Bool) -> [String] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
            return names.filter(fits).sorted().map { parent + "/" + $0 + inner }
        }
        return below("/usr/lib/postgresql", "/bin") { Int($0) != nil }
            + below("/usr", "/bin") { $0.hasPrefix("pgsql-") }
            + below("/opt/homebrew/opt", "/bin") { $0.hasPrefix("postgresql@") }
            + ["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"]
    }

    /// `postgres (PostgreSQL) 15.18 (Debian …)`.
    private static func majorVersion(of folder: String) -> Int? {
        guard let asked = try? ChildProcess([folder + "/postgres", "--version"]), asked.exitStatus == 0,
            let number = asked.output.split(separator: " ").first(where: { $0.first?.isNumber == true })
        else { return nil }
        return Int(number.prefix { $0.isNumber })
    }
}
