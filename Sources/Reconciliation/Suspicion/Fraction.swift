import FormEngine

/// An exact fraction, in lowest terms. Arithmetic throws when a term needs more than 128 bits.
struct Fraction: Hashable {
    struct Overflow: Error {}

    let numerator: Int128
    /// Positive.
    let denominator: Int128

    static let zero = Fraction(0)
    static let one = Fraction(1)

    init(_ integer: Int128) { (numerator, denominator) = (integer, 1) }

    init(_ numerator: Int128, over denominator: Int128) throws(Overflow) {
        guard denominator != 0, numerator != .min, denominator != .min else { throw Overflow() }
        let divisor = Self.divisor(numerator.magnitude, denominator.magnitude)
        let sign: Int128 = denominator < 0 ? -1 : 1
        self.numerator = numerator / divisor * sign
        self.denominator = denominator / divisor * sign
    }

    init(_ decimal: ExactDecimal) throws(Overflow) {
        let plain = decimal.normalized
        try self.init(plain.unscaled, over: try Self.power(plain.scale))
    }

    /// 10 to the power of so many digits.
    static func power(_ digits: Int) throws(Overflow) -> Int128 {
        var power: Int128 = 1
        for _ in 0..<digits {
            let (next, overflow) = power.multipliedReportingOverflow(by: 10)
            guard !overflow else { throw Overflow() }
            power = next
        }
        return power
    }

    var isZero: Bool { numerator == 0 }
    var isNegative: Bool { numerator < 0 }
    var isInteger: Bool { denominator == 1 }
    /// The largest integer that is not larger.
    var floor: Int128 {
        let (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: denominator)
        return remainder < 0 ? quotient - 1 : quotient
    }

    func adding(_ other: Fraction) throws(Overflow) -> Fraction {
        if denominator == 1, other.denominator == 1 {
            let (sum, overflow) = numerator.addingReportingOverflow(other.numerator)
            guard !overflow else { throw Overflow() }
            return Fraction(sum)
        }
        let left = try Self.product(numerator, other.denominator)
        let (sum, overflow) = left.addingReportingOverflow(try Self.product(other.numerator, denominator))
        guard !overflow else { throw Overflow() }
        return try Fraction(sum, over: try Self.product(denominator, other.denominator))
    }

    func subtracting(_ other: Fraction) throws(Overflow) -> Fraction { try adding(try other.negated) }

    func multiplied(by other: Fraction) throws(Overflow) -> Fraction {
        let numerator = try Self.product(self.numerator, other.numerator)
        if denominator == 1, other.denominator == 1 { return Fraction(numerator) }
        return try Fraction(numerator, over: try Self.product(denominator, other.denominator))
    }

    func divided(by other: Fraction) throws(Overflow) -> Fraction {
        try Fraction(
            try Self.product(numerator, other.denominator), over: try Self.product(denominator, other.numerator))
    }

    var negated: Fraction {
        get throws(Overflow) { try Fraction(try Self.product(numerator, -1), over: denominator) }
    }

    func isLess(than other: Fraction) throws(Overflow) -> Bool {
        if denominator == other.denominator { return numerator < other.numerator }
        return try Self.product(numerator, other.denominator) < Self.product(other.numerator, denominator)
    }

    private static func product(_ left: Int128, _ right: Int128) throws(Overflow) -> Int128 {
        let (product, overflow) = left.multipliedReportingOverflow(by: right)
        guard !overflow else { throw Overflow() }
        return product
    }

    /// The greatest common divisor, at least 1.
    private static func divisor(_ left: UInt128, _ right: UInt128) -> Int128 {
        if right == 1 || left == 1 { return 1 }
        var (left, right) = (left, right)
        while right != 0 { (left, right) = (right, left % right) }
        return Int128(max(left, 1))
    }
}
