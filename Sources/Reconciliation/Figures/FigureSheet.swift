import FormEngine
import Glibc

/// What stands in a cell, in one byte: absent, blank, a number too wide for 64 bits, or a number with its decimals.
enum CellCode {
    static let absent: UInt8 = 0
    static let blank: UInt8 = 1
    /// The 64 bits are a place in the store's list of wide numbers.
    static let wide: UInt8 = 2
    /// The 64 bits are the number; a number with n digits after the point has the code `integer + n`.
    static let integer: UInt8 = 3
}

/// The figures of one form, court and period: for each cell the jurisdiction's and the own number, and a code for each.
///
/// Cells lie row by row. The 64 bits of a cell without a number are 0.
struct FigureSheet {
    let values: UnsafeMutablePointer<Int64>
    let owns: UnsafeMutablePointer<Int64>
    let codes: UnsafeMutablePointer<UInt8>
    let ownCodes: UnsafeMutablePointer<UInt8>

    /// All cells absent. Whoever makes it releases it.
    init(cellCount: Int) {
        let bytes = max(cellCount, 1) * 18
        // Sound because `calloc` aligns for any type, and the two arrays of 64-bit numbers come first.
        guard let base = calloc(bytes, 1) else { preconditionFailure("no memory for \(cellCount) figures") }
        values = base.bindMemory(to: Int64.self, capacity: cellCount)
        owns = (base + cellCount * 8).bindMemory(to: Int64.self, capacity: cellCount)
        codes = (base + cellCount * 16).bindMemory(to: UInt8.self, capacity: cellCount)
        ownCodes = (base + cellCount * 17).bindMemory(to: UInt8.self, capacity: cellCount)
    }

    func release() { free(values) }
}

/// The text of a figure, `-?[0-9]+(\.[0-9]+)?`, as 64 bits and a code; nil for any other text.
enum FigureText {
    /// Sixteen bytes must be readable at `bytes`, whatever the count. A number that does not fit in 64 bits has the code
    /// `wide`, and `number` is to be made from the text by `ExactDecimal`.
    @inline(__always)
    static func parse(_ bytes: UnsafePointer<UInt8>, count: Int, _ number: inout Int64) -> UInt8? {
        if count <= 8 {
            // Eight digits at once: those that are missing on the left are zeros.
            let raw = UInt64(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self))
            var word = raw << UInt64(64 &- count &* 8) | (0x3030_3030_3030_3030 >> UInt64(count &* 8))
            if count > 0, word & 0xF0F0_F0F0_F0F0_F0F0 == 0x3030_3030_3030_3030,
                (word &+ 0x0606_0606_0606_0606) & 0xF0F0_F0F0_F0F0_F0F0 == 0x3030_3030_3030_3030
            {
                word = ((word & 0x0F0F_0F0F_0F0F_0F0F) &* 2561) >> 8
                word = ((word & 0x00FF_00FF_00FF_00FF) &* 6_553_601) >> 16
                word = ((word & 0x0000_FFFF_0000_FFFF) &* 42_949_672_960_001) >> 32
                number = Int64(truncatingIfNeeded: word)
                return CellCode.integer
            }
        }
        return parseSlowly(UnsafeBufferPointer(start: bytes, count: count), &number)
    }

    private static func parseSlowly(_ text: UnsafeBufferPointer<UInt8>, _ number: inout Int64) -> UInt8? {
        var value: Int64 = 0
        var digits = 0
        var decimals: UInt8 = 0
        var seenPoint = false
        let isNegative = text.first == UInt8(ascii: "-")
        for byte in text.dropFirst(isNegative ? 1 : 0) {
            if byte == UInt8(ascii: "."), digits > 0, !seenPoint {
                seenPoint = true
                continue
            }
            let digit = byte &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            digits += 1
            // Beyond 18 digits the value is not used.
            if digits <= 18 { value = value * 10 + Int64(digit) }
            if seenPoint, decimals < 200 { decimals += 1 }
        }
        guard digits > 0, !seenPoint || decimals > 0 else { return nil }
        guard digits <= 18 else { return CellCode.wide }
        number = isNegative ? -value : value
        return CellCode.integer + decimals
    }
}
