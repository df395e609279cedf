import Diagnostics
import Foundation

/// Whom the embedded server runs as: oneself, or `postgres` when that would be root.
struct ServerUser {
    let name: String
    let id: uid_t
    private let group: gid_t
    private let isOther: Bool

    /// - Throws: `OperationError` 77 when root has no user `postgres` to give the server to.
    init() throws {
        isOther = geteuid() == 0
        guard isOther else {
            id = geteuid()
            group = getegid()
            name = getpwuid(id).map { String(cString: $0.pointee.pw_name) } ?? String(id)
            return
        }
        guard let entry = getpwnam("postgres")?.pointee else { throw OperationError.noServerUser() }
        name = "postgres"
        id = entry.pw_uid
        group = entry.pw_gid
    }

    /// The command as this user runs it.
    func command(_ arguments: [String]) -> [String] {
        isOther ? ["setpriv", "--reuid=\(id)", "--regid=\(group)", "--clear-groups", "--"] + arguments : arguments
    }

    /// Makes a folder and those above it; a private one is the server's alone, others can be passed through.
    func makeFolder(_ path: String, isPrivate: Bool) throws {
        var built = ""
        for part in path.split(separator: "/") {
            built += "/" + part
            let isLast = built == path
            let mode: mode_t = isLast && (isPrivate || !isOther) ? 0o700 : isOther ? 0o755 : 0o777
            if mkdir(built, mode) == 0 {
                if isLast, isPrivate { own(built) }
            } else if errno != EEXIST {
                throw OperationError.unableToWrite(built, errno)
            }
        }
    }

    func own(_ path: String) {
        if isOther { chown(path, id, group) }
    }

    /// Whether every folder down to `path` lets this user through.
    func canReach(_ path: String) -> Bool {
        guard isOther else { return true }
        var built = ""
        for part in [""] + path.split(separator: "/").map(String.init) {
            built += part.isEmpty ? "/" : built == "/" ? part : "/" + part
            var info = stat()
            guard stat(built, &info) == 0 else { return false }
            let needed: mode_t = info.st_uid == id ? S_IXUSR : info.st_gid == group ? S_IXGRP : S_IXOTH
            if info.st_mode & needed == 0 { return false }
        }
        return true
    }
}
