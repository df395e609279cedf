/// 128 bits that stand for a key: what uniqueness and relations remember instead of texts.
///
/// Not cryptographic. With n keys the chance that two different ones share a fingerprint is about n²/2^129, for a
/// thousand million keys below 10^-20.
public struct Fingerprint: Sendable, Hashable {
    public var low: UInt64
    public var high: UInt64

    /// The fingerprint of no value; `mix` adds values in order.
    @inlinable public init() {
        low = 0x9E37_79B9_7F4A_7C15
        high = 0xC2B2_AE3D_27D4_EB4F
    }

    @inlinable public init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// Adds one 64-bit word: both lanes are multiplied to 128 bits and folded, by different odd constants.
    @inlinable public mutating func mix(_ word: UInt64) {
        let first = (low ^ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        let second = (high ^ word &+ 0x8EBC_6AF0_9C88_C6E3).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
        low = (first.high ^ first.low) &+ high
        high = (second.high ^ second.low) ^ (low << 29 | low >> 35)
    }

    /// Adds a text: its length, so that ('ab','c') and ('a','bc') differ, then its bytes by eights.
    @inlinable public mutating func mix(_ bytes: UnsafeBufferPointer<UInt8>) {
        mix(UInt64(bytes.count))
        var index = 0
        while index < bytes.count {
            var word: UInt64 = 0
            for offset in index..<min(index + 8, bytes.count) { word = word << 8 | UInt64(bytes[offset]) }
            mix(word)
            index += 8
        }
    }

    @inlinable public mutating func mix(_ text: String) {
        var text = text
        text.withUTF8 { mix($0) }
    }

    /// 32 hexadecimal digits.
    public var hexadecimal: String {
        func digits(_ word: UInt64) -> String {
            let text = String(word, radix: 16)
            return String(repeating: "0", count: 16 - text.utf8.count) + text
        }
        return digits(high) + digits(low)
    }
}
