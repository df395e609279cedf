import CZlib
public import DataAccess
import Diagnostics

/// Decompresses gzip while it is read; several members one after the other are one stream.
public final class GzipSource<Inner: ByteSource>: ByteSource {
    private var inner: Inner
    private let file: String
    private var stream = z_stream()
    private var compressed: [UInt8] = []
    private let piece = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 20)
    private var position = 0
    /// So from the beginning: no bytes at all are no gzip.
    private var isInsideMember = true
    private var isAtEnd = false

    /// - Parameter file: for messages.
    public init(_ inner: Inner, file: String) {
        self.inner = inner
        self.file = file
        // 15 + 16: the largest window, with the gzip wrapper.
        let result = inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(result == Z_OK, "no memory for a decompressor")
    }

    deinit {
        inflateEnd(&stream)
        piece.deallocate()
    }

    public func read(into buffer: inout [UInt8]) throws -> Bool {
        while true {
            if position == compressed.count, !isAtEnd {
                compressed.removeAll(keepingCapacity: true)
                position = 0
                isAtEnd = try !inner.read(into: &compressed)
            }
            if isAtEnd, !isInsideMember { return false }
            var result = Z_OK
            let written = compressed.withUnsafeMutableBufferPointer { source in
                stream.next_in = source.baseAddress.map { $0 + position }
                stream.avail_in = UInt32(source.count - position)
                stream.next_out = piece.baseAddress
                stream.avail_out = UInt32(piece.count)
                if stream.avail_in > 0 { isInsideMember = true }
                result = inflate(&stream, Z_NO_FLUSH)
                position = source.count - Int(stream.avail_in)
                return piece.count - Int(stream.avail_out)
            }
            buffer.append(contentsOf: UnsafeBufferPointer(rebasing: piece[..<written]))
            switch result {
            case Z_STREAM_END:
                isInsideMember = false
                inflateReset(&stream)
            case Z_OK, Z_BUF_ERROR: break
            default:
                let cause = stream.msg.map { String(cString: $0) } ?? "error \(result)"
                throw OperationError.compressedDamaged(file, cause, cause)
            }
            if written > 0 { return true }
            // Only now is nothing held back any more.
            if isAtEnd, isInsideMember {
                throw OperationError.compressedDamaged(file, "it ends too early", "过早结束")
            }
        }
    }
}
