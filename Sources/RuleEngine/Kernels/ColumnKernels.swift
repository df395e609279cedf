import CKernels

/// The vector instructions of this machine, applied to whole columns (`CKernels/columns.c`).
enum ColumnKernels {
    private static let level = sitong_level()

    /// The code points of each text.
    static func points(_ texts: UnsafeMutablePointer<TextSpan>, _ count: Int, into points: UnsafeMutablePointer<Int64>)
    {
        // Sound because a span is an address and a count of 64 bits, as a `sitong_text` is.
        let texts = UnsafeRawPointer(texts).assumingMemoryBound(to: sitong_text.self)
        sitong_code_points(texts, count, points, level)
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
