import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The one owner of a file descriptor.
struct FileDescriptor: ~Copyable {
    let number: Int32

    /// - Throws: `errno` as `SystemFailure`.
    init(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(SystemFailure) {
        number = open(path, flags | O_CLOEXEC, mode)
        if number < 0 { throw SystemFailure(errno) }
    }

    deinit { close(number) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemFailure) -> Int {
        try Self.read(number, into: buffer)
    }

    /// Fewer than asked for only at the end of the file.
    static func read(_ number: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(SystemFailure) -> Int {
        guard let start = buffer.baseAddress else { return 0 }
        var filled = 0
        while filled < buffer.count {
            let count = Self.read(number, start + filled, buffer.count - filled)
            if count == 0 { break }
            if count > 0 { filled += count } else if errno != EINTR { throw SystemFailure(errno) }
        }
        return filled
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(SystemFailure) {
        guard let start = bytes.baseAddress else { return }
        var done = 0
        while done < bytes.count {
            let count = Self.write(number, start + done, bytes.count - done)
            if count >= 0 { done += count } else if errno != EINTR { throw SystemFailure(errno) }
        }
    }

    func sync() throws(SystemFailure) {
        // EINVAL: a file system that has nothing to synchronise.
        if fsync(number) != 0, errno != EINVAL { throw SystemFailure(errno) }
    }

    func size() throws(SystemFailure) -> Int {
        var status = stat()
        guard fstat(number, &status) == 0 else { throw SystemFailure(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SystemFailure(EISDIR) }
        return Int(status.st_size)
    }

    private static func read(_ number: Int32, _ to: UnsafeMutableRawPointer, _ count: Int) -> Int {
        #if canImport(Glibc)
        Glibc.read(number, to, count)
        #else
        Darwin.read(number, to, count)
        #endif
    }

    private static func write(_ number: Int32, _ from: UnsafeRawPointer, _ count: Int) -> Int {
        #if canImport(Glibc)
        Glibc.write(number, from, count)
        #else
        Darwin.write(number, from, count)
        #endif
    }
}

/// The `errno` of a system call that failed.
struct SystemFailure: Error {
    var number: Int32

    init(_ number: Int32) { self.number = number }

    var text: String { String(cString: strerror(number)) }

    var isNoRoom: Bool { [ENOSPC, EDQUOT, EFBIG].contains(number) }
    var isPermission: Bool { [EACCES, EPERM, EROFS].contains(number) }
    var isMissing: Bool { number == ENOENT }
}

/// Reads a file that is to be sent, or its digest.
enum LocalFile {
    static let pieceSize = 1 << 20

    static func open(_ path: String) throws -> FileDescriptor {
        do {
            return try FileDescriptor(path, O_RDONLY)
        } catch {
            throw OperationError.localFile(path, error)
        }
    }

    /// - Throws: status 66 when the file cannot be read.
    static func size(_ path: String) throws -> Int {
        let file = try open(path)
        do {
            return try file.size()
        } catch {
            throw OperationError.localFile(path, error)
        }
    }

    static func read(_ path: String, into sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        let file = try open(path)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceSize, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count: Int
            do {
                count = try file.read(into: buffer)
            } catch {
                throw OperationError.localFile(path, error)
            }
            if count == 0 { return }
            try sink(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
