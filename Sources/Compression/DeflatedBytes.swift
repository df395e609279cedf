import CZlib
public import Diagnostics

/// One piece of raw deflate data as archives (zip) hold it: in memory, of a known size and checksum.
public enum DeflatedBytes {
    /// Inflates it, and holds it against its size and CRC-32.
    ///
    /// - Parameters:
    ///   - isStored: the bytes were not compressed at all.
    ///   - file: for messages.
    public static func inflate(
        _ compressed: ArraySlice<UInt8>, count: Int, checksum: UInt32, isStored: Bool, file: String
    ) throws(OperationError) -> [UInt8] {
        let bytes = isStored ? Array(compressed) : try inflate(compressed, count: count, file: file)
        guard bytes.count == count else {
            throw .compressedDamaged(file, "it has another size than it says", "大小与标明的不符")
        }
        guard UInt32(truncatingIfNeeded: crc32(0, bytes, UInt32(bytes.count))) == checksum else {
            throw .compressedDamaged(file, "its checksum is wrong", "校验值不符")
        }
        return bytes
    }

    private static func inflate(
        _ compressed: ArraySlice<UInt8>, count: Int, file: String
    ) throws(OperationError) -> [UInt8] {
        var stream = z_stream()
        // −15: the largest window, without a wrapper.
        let begun = inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(begun == Z_OK, "no memory for a decompressor")
        defer { inflateEnd(&stream) }
        var source = Array(compressed)
        var result = Z_OK
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, written in
            source.withUnsafeMutableBufferPointer { source in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(count)
                result = CZlib.inflate(&stream, Z_FINISH)
                written = count - Int(stream.avail_out)
            }
        }
        guard result == Z_STREAM_END || (count == 0 && result == Z_BUF_ERROR) else {
            let cause = stream.msg.map { String(cString: $0) } ?? "error \(result)"
            throw .compressedDamaged(file, cause, cause)
        }
        return bytes
    }
}
