/// The canonical cells of one row in one piece: the length of each (32 bits, all ones for NULL) and its bytes.
///
/// Two rows are the same when their bytes are.
struct PackedRow: Hashable {
    private(set) var bytes: [UInt8] = []

    static let null = UInt32.max

    init() {}

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func append(_ text: UnsafeBufferPointer<UInt8>?, as form: CanonicalText) {
        let start = bytes.count
        appendLength(Self.null)
        guard let text, form.append(text, to: &bytes) else { return }
        let length = UInt32(truncatingIfNeeded: bytes.count - start - 4)
        for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> UInt32(8 * index)) }
    }

    private mutating func appendLength(_ length: UInt32) {
        for index in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: length >> UInt32(8 * index))) }
    }

    /// Calls `body` with the place of each cell in `bytes`, nil for NULL, in order.
    @inline(__always)
    func forEachCell(_ body: (Int, Range<Int>?) -> Void) {
        var offset = 0
        var column = 0
        while offset < bytes.count {
            var length: UInt32 = 0
            for index in 0..<4 { length |= UInt32(bytes[offset + index]) << UInt32(8 * index) }
            offset += 4
            if length == Self.null {
                body(column, nil)
            } else {
                body(column, offset..<offset + Int(length))
                offset += Int(length)
            }
            column += 1
        }
    }

    /// The bytes of the first cells, lengths included.
    func prefix(_ cells: Int) -> ArraySlice<UInt8> {
        var end = 0
        forEachCell { column, range in
            if column < cells { end = range?.upperBound ?? end + 4 }
        }
        return bytes[..<end]
    }

    /// Strings, for reports; nil for NULL.
    var texts: [String?] {
        var texts: [String?] = []
        forEachCell { _, range in texts.append(range.map { String(decoding: bytes[$0], as: UTF8.self) }) }
        return texts
    }
}
