import CKernels

/// The vector instructions of this machine, applied to whole columns (`CKernels/columns.c`).
enum ColumnKernels {
    private static let level = sitong_level()

    /// Texts of 32 hexadecimal digits in lower case as 128 bits; `isHex` is 1 for them, and 0 for all others.
    static func hexadecimal(
        _ texts: UnsafeMutablePointer<TextSpan>, _ count: Int, first: UnsafeMutablePointer<UInt64>,
        second: UnsafeMutablePointer<UInt64>, isHex: UnsafeMutablePointer<UInt8>
    ) {
        sitong_hex(ColumnKernels.texts(texts), count, first, second, isHex, level)
    }

    // Sound because a span is an address and a count of 64 bits, as a `sitong_text` is.
    private static func texts(_ texts: UnsafeMutablePointer<TextSpan>) -> UnsafePointer<sitong_text> {
        UnsafeRawPointer(texts).assumingMemoryBound(to: sitong_text.self)
    }

    /// The code points of each text.
    static func points(_ texts: UnsafeMutablePointer<TextSpan>, _ count: Int, into points: UnsafeMutablePointer<Int64>)
    {
        sitong_code_points(ColumnKernels.texts(texts), count, points, level)
    }

    /// A bit for each pair of numbers that compare so.
    static func compare(
        _ left: UnsafeMutablePointer<Int64>, _ right: UnsafeMutablePointer<Int64>, _ comparison: Comparing,
        _ count: Int, into bits: BitWords
    ) {
        sitong_compare(left, right, count, Int32(comparison.rawValue), bits, level)
    }

    enum Comparing: Int {
        case equal, less, greater
    }

    /// A bit for each number that is this one.
    static func find(
        _ wanted: UInt64, in numbers: UnsafeMutablePointer<UInt64>, _ count: Int, into bits: BitWords
    ) {
        sitong_find(numbers, wanted, count, bits, level)
    }
}
