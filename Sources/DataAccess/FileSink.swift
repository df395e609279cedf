public import Diagnostics
import Glibc

/// Writes a file; a sink that is dropped before `finish` removes what it began.
public final class FileSink: ByteSink {
    public let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isFinished = false

    /// - Parameter exclusive: refuse to overwrite a file that is there (73).
    public init(_ path: String, exclusive: Bool = true) throws(OperationError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (exclusive ? O_EXCL : O_TRUNC), 0o644)
        guard descriptor >= 0 else { throw .fileNotCreated(path, errno) }
        buffer.reserveCapacity(Self.bufferSize)
    }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        if buffer.count + bytes.count > Self.bufferSize { try flush() }
        if bytes.count >= Self.bufferSize {
            try writeThrough(bytes)
        } else {
            buffer.append(contentsOf: bytes)
        }
    }

    /// Writes what is left, and waits until the disk has it all.
    public func finish() throws {
        guard !isFinished else { return }
        try flush()
        guard fsync(descriptor) == 0 else { throw OperationError.fileNotWritten(path, errno) }
        isFinished = true
    }

    deinit {
        close(descriptor)
        if !isFinished && descriptor >= 0 { unlink(path) }
    }

    private func flush() throws {
        try buffer.withUnsafeBytes { try writeThrough($0) }
        buffer.removeAll(keepingCapacity: true)
    }

    private func writeThrough(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest)
            let count = retryingOnInterrupt { Glibc.write(descriptor, piece.baseAddress, piece.count) }
            guard count >= 0 else { throw OperationError.fileNotWritten(path, errno) }
            rest = rest.dropFirst(count)
        }
    }

    private static let bufferSize = 1 << 18
}
