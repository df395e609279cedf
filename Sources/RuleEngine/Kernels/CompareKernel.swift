import Columnar
import Glibc
import RuleLanguage

/// Comparisons: numbers exactly whatever their scales, text by its bytes, all else by its word.
enum CompareKernel {
    static func compare(
        _ comparison: Comparison, _ operands: [Vector], _ types: [ExpressionType], _ arena: Arena
    ) -> Vector {
        Strict.vector(
            .bits(bits(comparison, operands[0], operands[1], types[0], types[1], arena)), operands, arena)
    }

    static func bits(
        _ comparison: Comparison, _ left: Vector, _ right: Vector, _ leftType: ExpressionType,
        _ rightType: ExpressionType, _ arena: Arena
    ) -> BitWords {
        let count = left.count
        switch (left.storage, right.storage) {
        case (.text(let a), .text(let b)):
            return texts(comparison, a, b, count, arena)
        case (.bits(let a), .bits(let b)): return truths(comparison, a, b, count, arena)
        default: break
        }
        var scales = (0, 0)
        var precisions = (0, 0)
        if case .number(let p, let s) = leftType, case .number(let q, let t) = rightType {
            scales = (s, t)
            precisions = (p, q)
        }
        let scale = max(scales.0, scales.1)
        let shifts = (scale - scales.0, scale - scales.1)
        if case .words(let a) = left.storage, case .words(let b) = right.storage {
            if shifts == (0, 0) { return numbers(comparison, a, b, count, arena) }
            if precisions.0 + shifts.0 <= 18, precisions.1 + shifts.1 <= 18 {
                return numbers(
                    comparison, scaled(a, shifts.0, count, arena), scaled(b, shifts.1, count, arena), count, arena)
            }
        }
        if precisions.0 + shifts.0 <= 38, precisions.1 + shifts.1 <= 38 {
            return words(
                comparison, left.wide(scaledBy: shifts.0, arena), right.wide(scaledBy: shifts.1, arena), count, arena)
        }
        return farApart(
            comparison, left.wide(scaledBy: 0, arena), right.wide(scaledBy: 0, arena), scales, count, arena)
    }

    private static func scaled(
        _ words: UnsafeMutablePointer<Int64>, _ digits: Int, _ count: Int, _ arena: Arena
    ) -> UnsafeMutablePointer<Int64> {
        guard digits > 0 else { return words }
        let factor = Int64(truncatingIfNeeded: PowerOfTen.value(digits))
        let made = arena.make(Int64.self, count)
        for row in 0..<count { made[row] = words[row] &* factor }
        return made
    }

    private static func numbers(
        _ comparison: Comparison, _ a: UnsafeMutablePointer<Int64>, _ b: UnsafeMutablePointer<Int64>, _ count: Int,
        _ arena: Arena
    ) -> BitWords {
        let bits = arena.bits(count)
        switch comparison {
        case .equal, .notEqual: ColumnKernels.compare(a, b, .equal, count, into: bits)
        case .less, .greaterOrEqual: ColumnKernels.compare(a, b, .less, count, into: bits)
        case .greater, .lessOrEqual: ColumnKernels.compare(a, b, .greater, count, into: bits)
        }
        switch comparison {
        case .equal, .less, .greater: break
        case .notEqual, .greaterOrEqual, .lessOrEqual: Bits.complement(bits, count)
        }
        return bits
    }

    private static func words(
        _ comparison: Comparison, _ a: UnsafeMutablePointer<Int128>, _ b: UnsafeMutablePointer<Int128>, _ count: Int,
        _ arena: Arena
    ) -> BitWords {
        switch comparison {
        case .equal: Bits.make(count, arena) { a[$0] == b[$0] }
        case .notEqual: Bits.make(count, arena) { a[$0] != b[$0] }
        case .less: Bits.make(count, arena) { a[$0] < b[$0] }
        case .lessOrEqual: Bits.make(count, arena) { a[$0] <= b[$0] }
        case .greater: Bits.make(count, arena) { a[$0] > b[$0] }
        case .greaterOrEqual: Bits.make(count, arena) { a[$0] >= b[$0] }
        }
    }

    /// Equality, or its contrary, with a short literal: a comparison of integers.
    static func equal(_ texts: ShortTexts, _ literal: TextSpan, isEqual: Bool, _ arena: Arena) -> Vector {
        let bits = arena.bits(texts.operand.count)
        ColumnKernels.find(ShortText.word(literal), in: texts.words, texts.operand.count, into: bits)
        if !isEqual { Bits.complement(bits, texts.operand.count) }
        return Vector(
            .bits(bits), valid: texts.operand.valid, errors: texts.operand.errors, count: texts.operand.count)
    }

    /// False is less than true.
    private static func truths(
        _ comparison: Comparison, _ a: BitWords, _ b: BitWords, _ count: Int, _ arena: Arena
    ) -> BitWords {
        let made = arena.bits(count)
        for index in 0..<Bits.words(count) {
            let (x, y) = (a[index], b[index])
            made[index] =
                switch comparison {
                case .equal: ~(x ^ y)
                case .notEqual: x ^ y
                case .less: ~x & y
                case .lessOrEqual: ~x | y
                case .greater: x & ~y
                case .greaterOrEqual: x | ~y
                }
        }
        return made
    }

    /// Scales so far apart that neither fits the other's: compares whole parts, then what is left over.
    private static func farApart(
        _ comparison: Comparison, _ a: UnsafeMutablePointer<Int128>, _ b: UnsafeMutablePointer<Int128>,
        _ scales: (Int, Int), _ count: Int, _ arena: Arena
    ) -> BitWords {
        let signs = arena.make(Int64.self, count)
        let zeros = arena.make(Int64.self, count)
        zeros.update(repeating: 0, count: count)
        let factor = PowerOfTen.value(abs(scales.0 - scales.1))
        for row in 0..<count {
            // `coarse` has the smaller scale; it is compared with the quotient of the finer one.
            let (coarse, fine) = scales.0 < scales.1 ? (a[row], b[row]) : (b[row], a[row])
            let (quotient, remainder) = fine.quotientAndRemainder(dividingBy: factor)
            let sign: Int64 =
                coarse < quotient ? -1 : coarse > quotient ? 1 : remainder > 0 ? -1 : remainder < 0 ? 1 : 0
            signs[row] = scales.0 < scales.1 ? sign : -sign
        }
        return numbers(comparison, signs, zeros, count, arena)
    }

    private static func texts(
        _ comparison: Comparison, _ a: UnsafeMutablePointer<TextSpan>, _ b: UnsafeMutablePointer<TextSpan>,
        _ count: Int, _ arena: Arena
    ) -> BitWords {
        switch comparison {
        case .equal: Bits.make(count, arena) { a[$0] == b[$0] }
        case .notEqual: Bits.make(count, arena) { !(a[$0] == b[$0]) }
        case .less: Bits.make(count, arena) { order(a[$0], b[$0]) < 0 }
        case .lessOrEqual: Bits.make(count, arena) { order(a[$0], b[$0]) <= 0 }
        case .greater: Bits.make(count, arena) { order(a[$0], b[$0]) > 0 }
        case .greaterOrEqual: Bits.make(count, arena) { order(a[$0], b[$0]) >= 0 }
        }
    }

    /// Negative, zero or positive, by UTF-8 bytes.
    static func order(_ left: TextSpan, _ right: TextSpan) -> Int {
        let order = memcmp(left.start, right.start, min(left.count, right.count))
        return order != 0 ? Int(order) : left.count - right.count
    }
}
