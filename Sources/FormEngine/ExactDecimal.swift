public import Diagnostics

/// A figure's number: an integer and how many of its digits stand after the point. Never a float.
///
/// Equality and order are by value (`1.50 == 1.5`); the scale is kept for printing.
public struct ExactDecimal: Sendable {
    public let unscaled: Int128
    /// Digits after the point, 0 to 38.
    public let scale: Int

    public init(unscaled: Int128, scale: Int = 0) {
        precondition((0...38).contains(scale))
        self.unscaled = unscaled
        self.scale = scale
    }

    public init(_ integer: Int) {
        self.init(unscaled: Int128(integer))
    }

    public static let zero = ExactDecimal(0)

    /// `-?[0-9]+(\.[0-9]+)?` of at most 38 digits; nil for any other text.
    public init?(_ text: some StringProtocol) {
        var value: Int128 = 0
        var digits = 0
        var significant = 0
        var scale = 0
        var isNegative = false
        var seenPoint = false
        for (index, byte) in text.utf8.enumerated() {
            switch byte {
            case 0x2D where index == 0: isNegative = true
            case 0x2E where digits > 0 && !seenPoint: seenPoint = true
            case 0x30...0x39:
                value = value * 10 + Int128(byte &- 0x30)
                digits += 1
                if value != 0 { significant += 1 }
                if seenPoint { scale += 1 }
                guard significant <= 38, scale <= 38 else { return nil }
            default: return nil
            }
        }
        guard digits > 0, !seenPoint || scale > 0 else { return nil }
        self.init(unscaled: isNegative ? -value : value, scale: scale)
    }

    /// The number with exactly so many digits after the point, as an integer; nil when digits would be lost or do not fit.
    public func unscaled(scale wanted: Int) -> Int128? {
        let plain = normalized
        guard plain.scale <= wanted, let power = Self.powerOfTen(wanted - plain.scale) else { return nil }
        let (value, overflow) = plain.unscaled.multipliedReportingOverflow(by: power)
        return overflow ? nil : value
    }

    public var isZero: Bool { unscaled == 0 }
    public var isNegative: Bool { unscaled < 0 }
    public var negated: ExactDecimal { ExactDecimal(unscaled: -unscaled, scale: scale) }
    public var magnitude: ExactDecimal { isNegative ? negated : self }

    /// For charts and spreadsheet cells only; figures are never computed with it.
    public var approximation: Double {
        var divisor = 1.0
        for _ in 0..<scale { divisor *= 10 }
        return Double(unscaled) / divisor
    }

    /// The value without zeros at the end of its fraction.
    public var normalized: ExactDecimal {
        var (value, digits) = (unscaled, scale)
        while digits > 0, value % 10 == 0 {
            value /= 10
            digits -= 1
        }
        return ExactDecimal(unscaled: value, scale: digits)
    }

    // MARK: Arithmetic. Each throws when the result needs more digits than 128 bits hold.

    public func adding(_ other: ExactDecimal) throws(OperationError) -> ExactDecimal {
        let (left, right, scale) = try aligned(with: other)
        let (sum, overflow) = left.addingReportingOverflow(right)
        guard !overflow else { throw .figureTooLarge() }
        return ExactDecimal(unscaled: sum, scale: scale)
    }

    public func subtracting(_ other: ExactDecimal) throws(OperationError) -> ExactDecimal {
        try adding(other.negated)
    }

    public func multiplied(by other: ExactDecimal) throws(OperationError) -> ExactDecimal {
        let (left, right) = (normalized, other.normalized)
        let (product, overflow) = left.unscaled.multipliedReportingOverflow(by: right.unscaled)
        guard !overflow, left.scale + right.scale <= 38 else { throw .figureTooLarge() }
        return ExactDecimal(unscaled: product, scale: left.scale + right.scale)
    }

    /// The quotient with `scale` digits after the point, half away from zero; nil when the divisor is 0.
    public func divided(by divisor: ExactDecimal, scale: Int) throws(OperationError) -> ExactDecimal? {
        guard !divisor.isZero else { return nil }
        let (left, right, _) = try normalized.aligned(with: divisor.normalized)
        guard let power = Self.powerOfTen(scale) else { throw .figureTooLarge() }
        let (dividend, overflow) = left.multipliedReportingOverflow(by: power)
        guard !overflow else { throw .figureTooLarge() }
        return ExactDecimal(unscaled: Self.roundedQuotient(dividend, right), scale: scale)
    }

    /// Rounded to so many digits after the point, half away from zero; more digits than there are change nothing.
    public func rounded(scale newScale: Int) -> ExactDecimal {
        guard newScale < scale, let power = Self.powerOfTen(scale - newScale) else { return self }
        return ExactDecimal(unscaled: Self.roundedQuotient(unscaled, power), scale: newScale)
    }

    private static func roundedQuotient(_ dividend: Int128, _ divisor: Int128) -> Int128 {
        let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
        // Half or more of the divisor is left over; compared without doubling, which could overflow.
        guard remainder.magnitude >= divisor.magnitude - remainder.magnitude else { return quotient }
        return (dividend < 0) == (divisor < 0) ? quotient + 1 : quotient - 1
    }

    static func powerOfTen(_ exponent: Int) -> Int128? {
        guard (0...38).contains(exponent) else { return nil }
        var power: Int128 = 1
        for _ in 0..<exponent { power *= 10 }
        return power
    }

    private func aligned(with other: ExactDecimal) throws(OperationError) -> (Int128, Int128, scale: Int) {
        if scale == other.scale { return (unscaled, other.unscaled, scale) }
        let common = max(scale, other.scale)
        guard let left = raised(to: common), let right = other.raised(to: common) else { throw .figureTooLarge() }
        return (left, right, common)
    }

    private func raised(to newScale: Int) -> Int128? {
        guard let power = Self.powerOfTen(newScale - scale) else { return nil }
        let (value, overflow) = unscaled.multipliedReportingOverflow(by: power)
        return overflow ? nil : value
    }
}

extension ExactDecimal: Hashable, Comparable {
    public static func == (left: ExactDecimal, right: ExactDecimal) -> Bool {
        let (left, right) = (left.normalized, right.normalized)
        return left.unscaled == right.unscaled && left.scale == right.scale
    }

    public static func < (left: ExactDecimal, right: ExactDecimal) -> Bool {
        let common = max(left.scale, right.scale)
        switch (left.raised(to: common), right.raised(to: common)) {
        case (let left?, let right?): return left < right
        // The one that does not fit is the larger in magnitude.
        case (nil, _): return left.isNegative
        case (_, nil): return !right.isNegative
        }
    }

    public func hash(into hasher: inout Hasher) {
        let plain = normalized
        hasher.combine(plain.unscaled)
        hasher.combine(plain.scale)
    }
}

extension ExactDecimal: CustomStringConvertible {
    /// All digits of the scale: `37.50`, `-0.05`, `41`.
    public var description: String {
        // Nearly all figures are counts, and words are printed many times faster than 128 bits.
        if scale == 0, let word = Int(exactly: unscaled) { return String(word) }
        let digits = String(unscaled.magnitude)
        let sign = unscaled < 0 ? "-" : ""
        guard scale > 0 else { return sign + digits }
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.utf8.count)) + digits
        return sign + padded.dropLast(scale) + "." + padded.suffix(scale)
    }
}

extension OperationError {
    static func figureTooLarge() -> OperationError {
        OperationError(
            .badData, code: "figure-too-large",
            LocalizedText(
                en: "a figure or a sum of figures needs more than 38 digits",
                zh: "某个报表数值或其合计超过38位数字"),
            hint: LocalizedText(
                en: "look in the figures for a value with far too many digits",
                zh: "请检查报表数据中位数异常的数值"))
    }
}
