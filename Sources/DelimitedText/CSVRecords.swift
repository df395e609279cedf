public import Columnar

/// Records of the strict profile made value by value, into storage that is used again: the quick way from cells to text.
///
/// Belongs to one thread.
public final class CSVRecords {
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// Bytes so far.
    public private(set) var count = 0
    private var atBeginning = true

    public init() {
        capacity = 1 << 19
        base = .allocate(capacity: capacity)
    }

    deinit { base.deallocate() }

    public func removeAll() {
        count = 0
        atBeginning = true
    }

    /// Forgets what was appended since there were so many bytes: a record that turned out to be none.
    public func cut(to count: Int) {
        self.count = count
        atBeginning = true
    }

    /// Lends the bytes from a place on.
    public func withBytes<R>(from start: Int = 0, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeRawBufferPointer(start: base + start, count: count - start))
    }

    public func appendNull() { beginField(0) }

    /// - Parameter text: with at least 16 readable bytes behind its end, as the cells of a `CellBlock` have.
    public func append(_ text: UnsafeBufferPointer<UInt8>) {
        beginField(text.count * 2 + 32)
        guard let source = text.baseAddress, !text.isEmpty else {
            // The empty text is quoted, so that it differs from NULL.
            putQuoted(text)
            return
        }
        // Eight bytes at a time are looked at and copied; what was copied behind the end is overwritten by what comes.
        let target = UnsafeMutableRawPointer(base + count)
        var isPlain = true
        var offset = 0
        while offset < text.count {
            let bytes = UInt64(littleEndian: UnsafeRawPointer(source + offset).loadUnaligned(as: UInt64.self))
            target.storeBytes(of: bytes.littleEndian, toByteOffset: offset, as: UInt64.self)
            if Self.mustBeQuoted(bytes, count: text.count - offset) {
                isPlain = false
                break
            }
            offset += 8
        }
        // `\.` ends PostgreSQL's COPY.
        if isPlain, text.count != 2 || text[0] != UInt8(ascii: "\\") || text[1] != UInt8(ascii: ".") {
            count += text.count
        } else {
            putQuoted(text)
        }
    }

    public func endRecord() {
        reserve(1)
        base[count] = UInt8(ascii: "\n")
        count += 1
        atBeginning = true
    }

    private static let ones: UInt64 = 0x0101_0101_0101_0101

    /// Whether there is a comma, a quote or an end of line among the first `count` bytes, the lowest first.
    ///
    /// The bits of bytes that are told wrongly lie above those of one that is told rightly, so that those behind the
    /// end can be masked off.
    @inline(__always) private static func mustBeQuoted(_ bytes: UInt64, count: Int) -> Bool {
        let inside = (ones << 7) & (count < 8 ? (1 << UInt64(count * 8)) - 1 : .max)
        // All of them are below 0x2D, and few other bytes are.
        guard (bytes &- ones &* 0x2D) & ~bytes & inside != 0 else { return false }
        func holds(_ byte: UInt8) -> UInt64 {
            let others = bytes ^ (ones &* UInt64(byte))
            return (others &- ones) & ~others
        }
        let found =
            holds(UInt8(ascii: ",")) | holds(UInt8(ascii: "\"")) | holds(UInt8(ascii: "\n")) | holds(UInt8(ascii: "\r"))
        return found & inside != 0
    }

    @inline(__always) private func beginField(_ room: Int) {
        reserve(room + 1)
        if atBeginning {
            atBeginning = false
        } else {
            base[count] = UInt8(ascii: ",")
            count += 1
        }
    }

    private func putQuoted(_ text: UnsafeBufferPointer<UInt8>) {
        base[count] = UInt8(ascii: "\"")
        count += 1
        for byte in text {
            if byte == UInt8(ascii: "\"") {
                base[count] = byte
                count += 1
            }
            base[count] = byte
            count += 1
        }
        base[count] = UInt8(ascii: "\"")
        count += 1
    }

    @inline(__always) private func reserve(_ more: Int) {
        guard capacity - count < more else { return }
        capacity = max(capacity * 2, count + more)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: base, count: count)
        base.deallocate()
        base = larger
    }
}
