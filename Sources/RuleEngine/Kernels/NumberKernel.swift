import Columnar
import RuleLanguage

/// Exact arithmetic. Results of at most 18 digits stay in words; wider ones are computed in 128 bits, which 38 digits
/// cannot overflow.
enum NumberKernel {
    typealias Wide = UnsafeMutablePointer<Int128>

    static func apply(
        _ op: Operator, _ operands: [Vector], _ types: [ExpressionType], _ type: ExpressionType, _ arena: Arena
    ) -> Vector {
        let scales = types.map { if case .number(_, let scale) = $0 { scale } else { 0 } }
        guard case .number(let precision, let scale) = type else { return operands[0] }
        let count = operands[0].count
        switch op {
        case .add, .subtract, .multiply:
            // Same-scale words whose result fits a word need no widening.
            if precision <= 18, case .words(let a) = operands[0].storage, case .words(let b) = operands[1].storage,
                op == .multiply || scales[0] == scales[1]
            {
                // Both operands have fewer digits than the result, so nothing here overflows.
                let words = arena.make(Int64.self, count)
                switch op {
                case .add: for row in 0..<count { words[row] = a[row] &+ b[row] }
                case .subtract: for row in 0..<count { words[row] = a[row] &- b[row] }
                default: for row in 0..<count { words[row] = a[row] &* b[row] }
                }
                return Strict.vector(.words(words), operands, arena)
            }
            let isProduct = op == .multiply
            let a = operands[0].wide(scaledBy: isProduct ? 0 : scale - scales[0], arena)
            let b = operands[1].wide(scaledBy: isProduct ? 0 : scale - scales[1], arena)
            let wide = arena.make(Int128.self, count)
            switch op {
            case .add: for row in 0..<count { wide[row] = a[row] &+ b[row] }
            case .subtract: for row in 0..<count { wide[row] = a[row] &- b[row] }
            default: for row in 0..<count { wide[row] = a[row] &* b[row] }
            }
            return Strict.vector(narrowed(wide, precision, count, arena), operands, arena)
        case .negate: return mapped(operands, precision, arena) { 0 &- $0 }
        case .abs: return mapped(operands, precision, arena) { $0 < 0 ? 0 &- $0 : $0 }
        case .sign: return mapped(operands, precision, arena) { $0.signum() }
        case .round(let places):
            // Of 38 digits nothing is left when more than 38 are taken away.
            guard scales[0] - places <= 38 else { return mapped(operands, precision, arena) { _ in 0 } }
            let factor = PowerOfTen.value(scales[0] - places)
            let back = PowerOfTen.value(max(0, -places))
            return mapped(operands, precision, arena) { rounded($0, factor) &* back }
        case .mod:
            let common = max(scales[0], scales[1])
            let a = operands[0].wide(scaledBy: common - scales[0], arena)
            let b = operands[1].wide(scaledBy: common - scales[1], arena)
            let wide = arena.make(Int128.self, count)
            for row in 0..<count { wide[row] = b[row] != 0 ? modulo(a[row], b[row]) : 0 }
            return divided(wide, precision, operands, b, arena)
        case .div(let places):
            let shift = places + scales[1] - scales[0]
            let a = operands[0].wide(scaledBy: max(0, shift), arena)
            let b = operands[1].wide(scaledBy: 0, arena)
            let wide = arena.make(Int128.self, count)
            let factor = PowerOfTen.value(max(0, -shift))
            for row in 0..<count { wide[row] = b[row] != 0 ? quotient(a[row], b[row], factor) : 0 }
            return divided(wide, precision, operands, b, arena)
        default: return operands[0]
        }
    }

    @inline(__always)
    private static func mapped(
        _ operands: [Vector], _ precision: Int, _ arena: Arena, _ body: (Int128) -> Int128
    ) -> Vector {
        let count = operands[0].count
        let source = operands[0].wide(scaledBy: 0, arena)
        let wide = arena.make(Int128.self, count)
        for row in 0..<count { wide[row] = body(source[row]) }
        return Strict.vector(narrowed(wide, precision, count, arena), operands, arena)
    }

    /// With the sign of the dividend; small numbers, nearly all there are, need no 128-bit division.
    @inline(__always)
    private static func modulo(_ a: Int128, _ b: Int128) -> Int128 {
        if let small = Int64(exactly: a), let divisor = Int64(exactly: b), divisor != -1 {
            return Int128(small % divisor)
        }
        return a % b
    }

    /// The value over 10^k, half away from zero.
    static func rounded(_ value: Int128, _ factor: Int128) -> Int128 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: factor)
        // Without doubling, which 38 digits might not bear: r ≥ f − r.
        let size = remainder.magnitude
        return size >= factor.magnitude - size && size != 0 ? quotient + (value < 0 ? -1 : 1) : quotient
    }

    /// a / (b × factor), half away from zero.
    static func quotient(_ a: Int128, _ b: Int128, _ factor: Int128) -> Int128 {
        let (divisor, overflow) = b.magnitude.multipliedReportingOverflow(by: factor.magnitude)
        // Beyond 2^128 the divisor is more than twice any dividend.
        if overflow { return 0 }
        let (quotient, remainder) = a.magnitude.quotientAndRemainder(dividingBy: divisor)
        let rounded = remainder >= divisor - remainder ? quotient + 1 : quotient
        let signed = Int128(truncatingIfNeeded: rounded)
        return (a < 0) != (b < 0) ? -signed : signed
    }

    static func narrowed(_ wide: Wide, _ precision: Int, _ count: Int, _ arena: Arena) -> Vector.Storage {
        guard precision <= 18 else { return .wide(wide) }
        let words = arena.make(Int64.self, count)
        for row in 0..<count { words[row] = Int64(truncatingIfNeeded: wide[row]) }
        return .words(words)
    }

    /// NULL where the divisor is 0.
    private static func divided(
        _ wide: Wide, _ precision: Int, _ operands: [Vector], _ divisors: Wide, _ arena: Arena
    ) -> Vector {
        let count = operands[0].count
        let nonzero = Bits.make(count, arena) { divisors[$0] != 0 }
        return Strict.vector(narrowed(wide, precision, count, arena), operands, has: nonzero, arena)
    }
}
