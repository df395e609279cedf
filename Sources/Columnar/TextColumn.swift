/// A column of texts as their UTF-8 bytes, end to end, with offsets; the raw form of every value that is read.
///
/// NULL and the empty text differ: NULL is a one in `nulls`.
public struct TextColumn: Sendable, Equatable {
    public var bytes: [UInt8]
    /// `count + 1` offsets into `bytes`; the first is 0.
    public var offsets: [Int32]
    public var nulls: Bitmap

    public init() {
        bytes = []
        offsets = [0]
        nulls = Bitmap(count: 0)
    }

    public var count: Int { offsets.count - 1 }

    public mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        finishValue()
    }

    public mutating func append(bytes newBytes: UnsafeBufferPointer<UInt8>) {
        bytes.append(contentsOf: newBytes)
        finishValue()
    }

    public mutating func append(_ text: String?) {
        if let text { append(text) } else { appendNull() }
    }

    public mutating func appendNull() {
        offsets.append(Int32(truncatingIfNeeded: bytes.count))
        nulls.append(true)
    }

    /// Ends a value whose bytes the caller appended to `bytes` itself.
    public mutating func finishValue() {
        offsets.append(Int32(truncatingIfNeeded: bytes.count))
        nulls.append(false)
    }

    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        offsets.append(0)
        nulls.removeAll(keepingCapacity: true)
    }

    @inlinable public func isNull(_ row: Int) -> Bool { nulls[row] }

    @inlinable public func range(_ row: Int) -> Range<Int> { Int(offsets[row])..<Int(offsets[row + 1]) }

    /// The value as a string, nil for NULL; for messages and tests, not for hot loops.
    public subscript(_ row: Int) -> String? {
        isNull(row) ? nil : String(decoding: bytes[range(row)], as: UTF8.self)
    }

    /// Lends the bytes of one value (empty for NULL).
    @inlinable public func withBytes<R>(_ row: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
        try bytes.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[range(row)])) }
    }
}
