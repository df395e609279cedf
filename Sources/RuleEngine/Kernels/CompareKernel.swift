import Columnar
import Glibc
import RuleLanguage

/// Comparisons: numbers exactly whatever their scales, text by its bytes, all else by its word.
enum CompareKernel {
    static func compare(_ comparison: Comparison, _ operands: [Vector], _ types: [ExpressionType]) -> Vector {
        LogicKernel.strict(operands, bits(comparison, operands[0], operands[1], types[0], types[1]))
    }

    static func bits(
        _ comparison: Comparison, _ left: Vector, _ right: Vector, _ leftType: ExpressionType,
        _ rightType: ExpressionType
    ) -> [UInt64] {
        let count = left.count
        if case .text(let a) = left.storage, case .text(let b) = right.storage { return texts(comparison, a, b, count) }
        var scales = (0, 0)
        var precisions = (0, 0)
        if case .number(let p, let s) = leftType, case .number(let q, let t) = rightType {
            scales = (s, t)
            precisions = (p, q)
        }
        if scales.0 == scales.1 {
            if case .words(let a) = left.storage, case .words(let b) = right.storage {
                return words(comparison, a, b, count)
            }
            return words(comparison, left.wide(scaledBy: 0), right.wide(scaledBy: 0), count)
        }
        let scale = max(scales.0, scales.1)
        if precisions.0 + scale - scales.0 <= 38, precisions.1 + scale - scales.1 <= 38 {
            return words(
                comparison, left.wide(scaledBy: scale - scales.0), right.wide(scaledBy: scale - scales.1), count)
        }
        return farApart(comparison, left.wide(scaledBy: 0), right.wide(scaledBy: 0), scales, count)
    }

    @inline(__always)
    private static func words<Word: FixedWidthInteger>(
        _ comparison: Comparison, _ a: [Word], _ b: [Word], _ count: Int
    ) -> [UInt64] {
        switch comparison {
        case .equal: Bits.make(count) { a[$0] == b[$0] }
        case .notEqual: Bits.make(count) { a[$0] != b[$0] }
        case .less: Bits.make(count) { a[$0] < b[$0] }
        case .lessOrEqual: Bits.make(count) { a[$0] <= b[$0] }
        case .greater: Bits.make(count) { a[$0] > b[$0] }
        case .greaterOrEqual: Bits.make(count) { a[$0] >= b[$0] }
        }
    }

    /// Scales so far apart that neither fits the other's: compares whole parts, then what is left over.
    private static func farApart(
        _ comparison: Comparison, _ a: [Int128], _ b: [Int128], _ scales: (Int, Int), _ count: Int
    ) -> [UInt64] {
        var signs = [Int64](repeating: 0, count: count)
        let factor = PowerOfTen.value(abs(scales.0 - scales.1))
        for row in 0..<count {
            // `coarse` has the smaller scale; it is compared with the quotient of the finer one.
            let (coarse, fine) = scales.0 < scales.1 ? (a[row], b[row]) : (b[row], a[row])
            let (quotient, remainder) = fine.quotientAndRemainder(dividingBy: factor)
            let sign: Int64 =
                coarse < quotient ? -1 : coarse > quotient ? 1 : remainder > 0 ? -1 : remainder < 0 ? 1 : 0
            signs[row] = scales.0 < scales.1 ? sign : -sign
        }
        return words(comparison, signs, [Int64](repeating: 0, count: count), count)
    }

    private static func texts(_ comparison: Comparison, _ a: TextColumn, _ b: TextColumn, _ count: Int) -> [UInt64] {
        a.bytes.withUnsafeBufferPointer { left in
            b.bytes.withUnsafeBufferPointer { right in
                @inline(__always) func sign(_ row: Int) -> Int {
                    let (r, s) = (a.range(row), b.range(row))
                    let shared = min(r.count, s.count)
                    if shared > 0, let p = left.baseAddress, let q = right.baseAddress {
                        let order = memcmp(p + r.lowerBound, q + s.lowerBound, shared)
                        if order != 0 { return Int(order) }
                    }
                    return r.count - s.count
                }
                return switch comparison {
                case .equal: Bits.make(count) { a.range($0).count == b.range($0).count && sign($0) == 0 }
                case .notEqual: Bits.make(count) { a.range($0).count != b.range($0).count || sign($0) != 0 }
                case .less: Bits.make(count) { sign($0) < 0 }
                case .lessOrEqual: Bits.make(count) { sign($0) <= 0 }
                case .greater: Bits.make(count) { sign($0) > 0 }
                case .greaterOrEqual: Bits.make(count) { sign($0) >= 0 }
                }
            }
        }
    }
}
