import Diagnostics
import Foundation
import SQLiteClient

/// A copy of a SQLite file that only this user can read, gone when it was read.
///
/// Its folder in TMPDIR bears the number of the process, so that what a killed one left is removed by the next.
struct PrivateCopy {
    private static let prefix = "sitong-copy-"
    private let folder: URL
    var path: String { folder.appending(path: "copy.sqlite").path }

    init(of database: SQLiteDatabase) throws {
        Self.removeStale()
        folder = FileManager.default.temporaryDirectory
            .appending(path: "\(Self.prefix)\(getpid())-\(UUID().uuidString)")
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw OperationError.copyNotCreated(folder.path)
        }
        do {
            try database.copy(to: path)
        } catch {
            remove()
            throw error
        }
        faultPoint("extract.afterPrivateCopy")
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    /// Removes the copies of processes that are no more. What cannot be removed, as another user's, is left to its owner.
    private static func removeStale() {
        let place = FileManager.default.temporaryDirectory
        for name in (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? [] {
            guard name.hasPrefix(prefix), let owner = pid_t(name.dropFirst(prefix.count).prefix { $0 != "-" }),
                kill(owner, 0) != 0, errno == ESRCH
            else { continue }
            try? FileManager.default.removeItem(at: place.appending(path: name))
        }
    }
}
