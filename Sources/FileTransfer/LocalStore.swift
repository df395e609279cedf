import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// `file://`: folders of this machine, or a share that is mounted in it, by the system's own calls.
///
/// libcurl's `file` can neither rename nor make folders, nor does it wait until the disk has the bytes. Here a file is
/// synchronised before it gets its final name, and its folder after.
final class LocalStore: RemoteStore {
    func ensureFolder(_ path: String) throws {
        if isFolder(path) { return }
        let parent = Self.parent(of: path)
        if parent != path { try ensureFolder(parent) }
        if mkdir(path, 0o750) != 0 {
            let failure = SystemFailure(errno)
            if failure.number == EEXIST, isFolder(path) { return }
            throw OperationError.remote(.makeFolder, path, failure)
        }
        try synchroniseFolder(parent)
    }

    func size(of path: String) throws -> Int? {
        var status = stat()
        if stat(path, &status) == 0 { return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil }
        let failure = SystemFailure(errno)
        if failure.isMissing || failure.number == ENOTDIR { return nil }
        throw OperationError.remote(.read, path, failure)
    }

    func upload(localFile: String, to path: String, progress: (Int) -> Void) throws {
        do {
            let file = try FileDescriptor(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o640)
            var sent = 0
            try LocalFile.read(localFile) { bytes in
                try file.write(bytes)
                sent += bytes.count
                progress(sent)
            }
            try file.sync()
        } catch let failure as SystemFailure {
            throw OperationError.remote(.write, path, failure)
        }
    }

    func download(_ path: String, into sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        do {
            let file = try FileDescriptor(path, O_RDONLY)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: LocalFile.pieceSize, alignment: 16)
            defer { buffer.deallocate() }
            while true {
                let count = try file.read(into: buffer)
                if count == 0 { return }
                try sink(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        } catch let failure as SystemFailure {
            throw OperationError.remote(.read, path, failure)
        }
    }

    func rename(_ from: String, to: String) throws {
        #if canImport(Glibc)
        let code = Glibc.rename(from, to)
        #else
        let code = Darwin.rename(from, to)
        #endif
        if code != 0 { throw OperationError.remote(.rename, to, SystemFailure(errno)) }
        try synchroniseFolder(Self.parent(of: to))
    }

    func remove(_ path: String) throws {
        if unlink(path) != 0, errno != ENOENT { throw OperationError.remote(.remove, path, SystemFailure(errno)) }
    }

    func list(_ folder: String) throws -> [String] {
        guard let stream = opendir(folder) else {
            let failure = SystemFailure(errno)
            if failure.isMissing { return [] }
            throw OperationError.remote(.list, folder, failure)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            // Sound because the name is terminated by a null within the record that the stream lends until the next call.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Without it a crash of the machine could lose the name of a file whose content is safe.
    private func synchroniseFolder(_ path: String) throws {
        do {
            try FileDescriptor(path, O_RDONLY | O_DIRECTORY).sync()
        } catch {
            // A folder that may be entered and written but not read cannot be opened; its names are then written when
            // the system sees fit.
            if error.isPermission { return }
            throw OperationError.remote(.write, path, error)
        }
    }

    private static func parent(of path: String) -> String {
        let names = path.split(separator: "/").dropLast()
        return "/" + names.joined(separator: "/")
    }
}
