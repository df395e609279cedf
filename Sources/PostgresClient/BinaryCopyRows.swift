import Columnar

/// Rows in PostgreSQL's binary COPY format, made value by value; `PostgresConnection.copyIn` takes them with
/// `(FORMAT binary)`.
///
/// The storage is used again after `removeAll`. Belongs to one thread.
public final class BinaryCopyRows {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    /// Bytes so far.
    public private(set) var count = 0

    public init() {
        capacity = 1 << 19
        base = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { base.deallocate() }

    /// What stands before the first row of a COPY.
    public func beginCopy() {
        let signature: [UInt8] = [80, 71, 67, 79, 80, 89, 10, 255, 13, 10, 0]
        signature.withUnsafeBytes { append(bytes: $0) }
        put(Int64(0))  // No flags, no extension of the header.
    }

    /// What stands behind the last row of a COPY.
    public func endCopy() { put(Int16(-1)) }

    public func beginRow(columnCount: Int) { put(Int16(truncatingIfNeeded: columnCount)) }

    /// Forgets what was appended since there were so many bytes: a row that turned out to be none.
    public func cut(to count: Int) { self.count = count }

    public func removeAll() { count = 0 }

    /// Lends the bytes.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    // MARK: Values

    public func appendNull() { put(Int32(-1)) }

    public func append(int4 value: Int32) {
        put(Int32(4))
        put(value)
    }

    public func append(int8 value: Int64) {
        put(Int32(8))
        put(value)
    }

    public func append(bool value: Bool) {
        put(Int32(1))
        put(UInt8(value ? 1 : 0))
    }

    /// - Parameter days: since 1970-01-01.
    public func append(date days: Int64) {
        put(Int32(4))
        put(Int32(truncatingIfNeeded: days - 10_957))
    }

    /// - Parameter microseconds: since 1970-01-01 00:00:00.
    public func append(timestamp microseconds: Int64) {
        put(Int32(8))
        put(microseconds &- 946_684_800_000_000)
    }

    /// - Parameter text: UTF-8 without zero bytes.
    @inline(__always)
    public func append(text: UnsafeBufferPointer<UInt8>) {
        put(Int32(truncatingIfNeeded: text.count))
        append(bytes: UnsafeRawBufferPointer(text))
    }

    /// A `numeric` that is `value` × 10^-scale, with `scale` decimals.
    public func append(numeric value: Int128, scale: Int) {
        var digits: (count: Int, zeros: Int) = (0, 0)
        reserve(64)
        // Digits to the base 10,000, the last first: 38 decimal digits make at most eleven of them.
        withUnsafeTemporaryAllocation(of: Int16.self, capacity: 16) { groups in
            let magnitude = value.magnitude
            if magnitude <= UInt128(UInt64.max) {
                digits.count = Self.split(UInt64(magnitude), scale: scale, into: groups)
            } else {
                digits.count = Self.split(magnitude, scale: scale, into: groups)
            }
            // Neither zeros at the end nor at the beginning are sent.
            while digits.zeros < digits.count, groups[digits.zeros] == 0 { digits.zeros += 1 }
            let fractions = (scale + 3) / 4
            let sent = digits.count - digits.zeros
            put(Int32(8 + 2 * sent))
            put(Int16(sent))
            put(Int16(sent == 0 ? 0 : digits.count - fractions - 1))
            put(Int16(bitPattern: value < 0 ? 0x4000 : 0))
            put(Int16(scale))
            for place in stride(from: digits.count - 1, through: digits.zeros, by: -1) { put(groups[place]) }
        }
    }

    /// Into groups of four decimal digits counted from the point, the last first; how many there are up to the first that
    /// is not zero.
    @inline(__always)
    private static func split<Word: UnsignedInteger & FixedWidthInteger>(
        _ magnitude: Word, scale: Int, into groups: UnsafeMutableBufferPointer<Int16>
    ) -> Int {
        var rest = magnitude
        var count = 0
        if scale % 4 != 0 {
            // The last group of the decimals is short: its missing digits are zeros.
            let power: Word = scale % 4 == 1 ? 10 : scale % 4 == 2 ? 100 : 1000
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: power)
            groups[0] = Int16(truncatingIfNeeded: remainder * (10_000 / power))
            rest = quotient
            count = 1
        }
        while rest > 0 {
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10_000)
            groups[count] = Int16(truncatingIfNeeded: remainder)
            rest = quotient
            count += 1
        }
        while count > 0, groups[count - 1] == 0 { count -= 1 }
        return count
    }

    // MARK: Bytes

    @inline(__always) private func put<Word: FixedWidthInteger>(_ word: Word) {
        reserve(MemoryLayout<Word>.size)
        (base + count).storeBytes(of: word.bigEndian, as: Word.self)
        count += MemoryLayout<Word>.size
    }

    @inline(__always) private func append(bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        reserve(bytes.count)
        (base + count).copyMemory(from: start, byteCount: bytes.count)
        count += bytes.count
    }

    @inline(__always) private func reserve(_ more: Int) { if capacity - count < more { grow(more) } }

    private func grow(_ more: Int) {
        capacity = max(capacity * 2, count + more)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = larger
    }
}
