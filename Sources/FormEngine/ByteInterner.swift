/// Short texts such as codes as small numbers, in the order in which they first occur.
struct ByteInterner {
    private(set) var texts: [String] = []
    /// Texts of at most eight bytes, packed; nearly all codes are.
    private var packed: [UInt64: Int32] = [:]
    private var long: [String: Int32] = [:]
    /// The last text of each slot: codes come again and again, and a look-up here costs a tenth of one above.
    private var recent = [(key: UInt64, index: Int32)](repeating: (0, -1), count: 1 << slotBits)
    private static let slotBits: UInt64 = 10

    mutating func index(of text: String) -> Int32 {
        var text = text
        return text.withUTF8 { index(of: $0) }
    }

    mutating func index(of bytes: UnsafeBufferPointer<UInt8>) -> Int32 {
        guard bytes.count <= 8, !bytes.isEmpty else {
            let text = String(decoding: bytes, as: UTF8.self)
            if let known = long[text] { return known }
            let index = append(text)
            long[text] = index
            return index
        }
        // No code holds a zero byte, so shorter codes cannot be taken for longer ones.
        var key: UInt64 = 0
        for byte in bytes { key = key << 8 | UInt64(byte) }
        let slot = Int((key &* 0x9E37_79B9_7F4A_7C15) >> (64 - Self.slotBits))
        if recent[slot].key == key { return recent[slot].index }
        var index = packed[key] ?? -1
        if index < 0 {
            index = append(String(decoding: bytes, as: UTF8.self))
            packed[key] = index
        }
        recent[slot] = (key, index)
        return index
    }

    private mutating func append(_ text: String) -> Int32 {
        texts.append(text)
        return Int32(texts.count - 1)
    }
}
