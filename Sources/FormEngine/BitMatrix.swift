/// What some predicates say of 64 rows each becomes what is said of each row.
struct BitMatrix {
    /// How many predicates there may be: 8, 16, 32 or 64, of which the smallest that suffices costs least.
    let side: Int
    private let laneMask: UInt64

    init(predicates: Int) {
        var side = 8
        while side < predicates { side *= 2 }
        self.side = side
        laneMask = .max >> UInt64(64 - side)
    }

    /// What is said of a row, after `transpose`: bit `j` is what word `j` had at the row's place.
    @inline(__always)
    func row(_ row: Int, of words: UnsafeMutablePointer<UInt64>) -> UInt64 {
        words[row & (side - 1)] >> UInt64(row & ~(side - 1)) & laneMask
    }

    /// Exchanges rows and columns of the squares of `side` bits that lie side by side in `side` words.
    @inline(__always)
    func transpose(_ words: UnsafeMutablePointer<UInt64>) {
        var width = 32
        var mask: UInt64 = 0x0000_0000_FFFF_FFFF
        while width >= side {
            width >>= 1
            mask ^= mask << UInt64(width)
        }
        // Halves, then halves of halves, change places.
        while width > 0 {
            var index = 0
            while index < side {
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
