import DataAccess
import Diagnostics
import Foundation

/// The few things done to folders that must be on disk, or seen without following a link.
enum FolderAccess {
    static func make(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw OperationError.fileNotCreated(path, posixCode(of: error))
        }
    }

    /// Names made, renamed or removed in the folder are on disk when this returns.
    static func sync(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw OperationError.fileNotOpened(path, errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw OperationError.fileNotWritten(path, errno) }
    }

    /// Gives a folder its name at once; never replaces anything.
    static func rename(_ old: String, to new: String) throws {
        guard !exists(new) else { throw OperationError.fileNotCreated(new, EEXIST) }
        guard Glibc.rename(old, new) == 0 else { throw OperationError.fileNotCreated(new, errno) }
    }

    static func remove(_ path: String) throws {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw OperationError.fileNotWritten(path, posixCode(of: error))
        }
    }

    /// Writes a file whole or not at all, replacing what is there.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let temporary = temporaryName(of: path)
        let sink = try FileSink(temporary, exclusive: false)
        try bytes.withUnsafeBytes { try sink.write($0) }
        try sink.finish()
        faultPoint("batch.beforeFileRename")
        guard Glibc.rename(temporary, path) == 0 else { throw OperationError.fileNotCreated(path, errno) }
        try sync((path as NSString).deletingLastPathComponent)
    }

    /// Removes what a crash left of writing this file, if anything.
    static func removeUnfinished(_ path: String) throws {
        let temporary = temporaryName(of: path)
        if exists(temporary) { try remove(temporary) }
    }

    private static func temporaryName(of path: String) -> String { path + ".new" }

    /// - Parameter limit: in bytes; a longer file is refused (74).
    static func read(_ path: String, limit: Int = 64 << 20) throws -> [UInt8] {
        var source = try FileSource(path)
        var bytes: [UInt8] = []
        while try source.read(into: &bytes) {
            guard bytes.count <= limit else { throw OperationError.fileNotRead(path, EFBIG) }
        }
        return bytes
    }

    enum Kind {
        case file(bytes: Int)
        case folder
        /// A link, a device, a socket.
        case other
    }

    /// Nil when there is nothing of that name. A link is not followed.
    static func kind(_ path: String) -> Kind? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file(bytes: Int(status.st_size))
        case S_IFDIR: return .folder
        default: return .other
        }
    }

    static func exists(_ path: String) -> Bool { kind(path) != nil }

    /// Sorted.
    static func names(in path: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        } catch {
            throw OperationError.fileNotOpened(path, posixCode(of: error))
        }
    }

    private static func posixCode(of error: any Error) -> Int32 {
        if let code = (error as? CocoaError)?.underlying as? POSIXError { return code.code.rawValue }
        switch (error as? CocoaError)?.code {
        case .fileReadNoSuchFile?, .fileNoSuchFile?: return ENOENT
        case .fileReadNoPermission?, .fileWriteNoPermission?: return EACCES
        case .fileWriteOutOfSpace?: return ENOSPC
        case .fileWriteFileExists?: return ENOTDIR
        default: return EIO
        }
    }
}

/// Held while one process works on a stream or an inbox; the kernel lets go of it when the process dies.
final class FolderLock {
    private let descriptor: Int32

    /// Throws 75 at once when another process holds it.
    init(_ path: String, what: LocalizedText) throws {
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard opened >= 0 else { throw OperationError.fileNotCreated(path, errno) }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            close(opened)
            throw OperationError.batchFolderLocked(what, path)
        }
        descriptor = opened
    }

    deinit { close(descriptor) }
}
