/// 64 × 64 bits: what 64 predicates say of 64 rows becomes what is said of each row.
enum BitMatrix {
    /// Exchanges rows and columns in place: bit `i` of word `j` goes to bit `j` of word `i`.
    @inline(__always)
    static func transpose(_ words: UnsafeMutablePointer<UInt64>) {
        // Halves, then halves of halves, change places.
        var width = 32
        var mask: UInt64 = 0x0000_0000_FFFF_FFFF
        while width > 0 {
            var index = 0
            while index < 64 {
                let swapped = ((words[index] >> UInt64(width)) ^ words[index + width]) & mask
                words[index + width] ^= swapped
                words[index] ^= swapped << UInt64(width)
                index = (index + width + 1) & ~width
            }
            width >>= 1
            mask ^= mask << UInt64(width)
        }
    }
}
