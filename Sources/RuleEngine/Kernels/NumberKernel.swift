import Columnar
import RuleLanguage

/// Exact arithmetic. Results of at most 18 digits stay in words; wider ones are computed in 128 bits, which 38 digits
/// cannot overflow.
enum NumberKernel {
    static func apply(_ op: Operator, _ operands: [Vector], _ types: [ExpressionType], _ type: ExpressionType) -> Vector
    {
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
                var words = a
                switch op {
                case .add: for row in 0..<count { words[row] = a[row] &+ b[row] }
                case .subtract: for row in 0..<count { words[row] = a[row] &- b[row] }
                default: for row in 0..<count { words[row] = a[row] &* b[row] }
                }
                return result(.words(words), operands)
            }
            let isProduct = op == .multiply
            let a = operands[0].wide(scaledBy: isProduct ? 0 : scale - scales[0])
            let b = operands[1].wide(scaledBy: isProduct ? 0 : scale - scales[1])
            var wide = a
            switch op {
            case .add: for row in 0..<count { wide[row] = a[row] &+ b[row] }
            case .subtract: for row in 0..<count { wide[row] = a[row] &- b[row] }
            default: for row in 0..<count { wide[row] = a[row] &* b[row] }
            }
            return result(narrowed(wide, precision), operands)
        case .negate: return result(narrowed(operands[0].wide(scaledBy: 0).map { 0 &- $0 }, precision), operands)
        case .abs:
            return result(narrowed(operands[0].wide(scaledBy: 0).map { $0 < 0 ? 0 &- $0 : $0 }, precision), operands)
        case .sign: return result(.words(operands[0].wide(scaledBy: 0).map { Int64($0.signum()) }), operands)
        case .round(let places):
            let wide = operands[0].wide(scaledBy: 0)
            let factor = PowerOfTen.value(scales[0] - places)
            let back = PowerOfTen.value(max(0, -places))
            return result(narrowed(wide.map { rounded($0, factor) &* back }, precision), operands)
        case .mod:
            let common = max(scales[0], scales[1])
            let a = operands[0].wide(scaledBy: common - scales[0])
            let b = operands[1].wide(scaledBy: common - scales[1])
            var wide = a
            for row in 0..<count where b[row] != 0 { wide[row] = a[row] % b[row] }
            return withoutZeroDivisors(result(narrowed(wide, precision), operands), b)
        case .div(let places):
            let shift = places + scales[1] - scales[0]
            let a = operands[0].wide(scaledBy: max(0, shift))
            let b = operands[1].wide(scaledBy: 0)
            var wide = a
            for row in 0..<count where b[row] != 0 {
                wide[row] = quotient(a[row], b[row], PowerOfTen.value(max(0, -shift)))
            }
            return withoutZeroDivisors(result(narrowed(wide, precision), operands), b)
        default: return operands[0]
        }
    }

    /// The value over 10^k, half away from zero.
    private static func rounded(_ value: Int128, _ factor: Int128) -> Int128 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: factor)
        // Without doubling, which 38 digits might not bear: r ≥ f − r.
        let size = remainder.magnitude
        return size >= factor.magnitude - size && size != 0 ? quotient + (value < 0 ? -1 : 1) : quotient
    }

    /// a / (b × factor), half away from zero.
    private static func quotient(_ a: Int128, _ b: Int128, _ factor: Int128) -> Int128 {
        let (divisor, overflow) = b.magnitude.multipliedReportingOverflow(by: factor.magnitude)
        // Beyond 2^128 the divisor is more than twice any dividend.
        if overflow { return 0 }
        let (quotient, remainder) = a.magnitude.quotientAndRemainder(dividingBy: divisor)
        let rounded = remainder >= divisor - remainder ? quotient + 1 : quotient
        let signed = Int128(truncatingIfNeeded: rounded)
        return (a < 0) != (b < 0) ? -signed : signed
    }

    private static func narrowed(_ wide: [Int128], _ precision: Int) -> Vector.Storage {
        precision <= 18 ? .words(wide.map { Int64(truncatingIfNeeded: $0) }) : .wide(wide)
    }

    static func result(_ storage: Vector.Storage, _ operands: [Vector]) -> Vector {
        let errors = Bits.errors(operands)
        var valid = Bits.valid(operands)
        if let errors { for index in valid.indices { valid[index] &= ~errors[index] } }
        return Vector(storage: storage, valid: valid, errors: errors, count: operands[0].count)
    }

    private static func withoutZeroDivisors(_ vector: Vector, _ divisors: [Int128]) -> Vector {
        let nonzero = Bits.make(vector.count) { divisors[$0] != 0 }
        var result = vector
        for index in nonzero.indices { result.valid[index] &= nonzero[index] }
        return result
    }
}
