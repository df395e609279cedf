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
        // Sixteen bytes at a time are looked at and copied; what was copied behind the end is overwritten by what comes.
        var isPlain = true
        var offset = 0
        while offset < text.count {
            let bytes = UnsafeRawPointer(source + offset).loadUnaligned(as: SIMD16<UInt8>.self)
            UnsafeMutableRawPointer(base + count + offset).storeBytes(of: bytes, as: SIMD16<UInt8>.self)
            let odd =
                (bytes .== UInt8(ascii: ",")) .| (bytes .== UInt8(ascii: "\"")) .| (bytes .== UInt8(ascii: "\n"))
                .| (bytes .== UInt8(ascii: "\r"))
            let inside = Self.lanes .< UInt8(truncatingIfNeeded: min(text.count - offset, 16))
            if any(odd .& inside) {
                isPlain = false
                break
            }
            offset += 16
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

    private static let lanes = SIMD16<UInt8>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)

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
