/// An integer of any size, as its decimal digits: slow, and right by the arithmetic of primary school.
public struct BigInteger: Sendable, Hashable {
    /// From the last digit to the first, without leading zeros; empty for 0.
    private(set) var digits: [UInt8]
    private(set) var isNegative: Bool

    private init(digits: [UInt8], isNegative: Bool) {
        var digits = digits
        while digits.last == 0 { digits.removeLast() }
        self.digits = digits
        self.isNegative = isNegative && !digits.isEmpty
    }

    public init(_ value: Int) {
        var rest = value.magnitude
        var digits: [UInt8] = []
        while rest > 0 {
            digits.append(UInt8(rest % 10))
            rest /= 10
        }
        self.init(digits: digits, isNegative: value < 0)
    }

    /// `-?[0-9]+` in ASCII digits; nil for anything else.
    public init?(_ text: some Collection<Unicode.Scalar>) {
        let isNegative = text.first == "-"
        let rest = isNegative ? text.dropFirst() : text.dropFirst(0)
        guard !rest.isEmpty, rest.allSatisfy({ $0 >= "0" && $0 <= "9" }) else { return nil }
        self.init(digits: rest.map { UInt8($0.value - 48) }.reversed(), isNegative: isNegative)
    }

    public var isZero: Bool { digits.isEmpty }
    /// How many decimal digits it has; none for 0.
    public var digitCount: Int { digits.count }
    /// The digit at the place of 10^place.
    func digit(_ place: Int) -> UInt8 { place < digits.count ? digits[place] : 0 }
    public var magnitude: BigInteger { BigInteger(digits: digits, isNegative: false) }
    public static prefix func - (value: BigInteger) -> BigInteger {
        BigInteger(digits: value.digits, isNegative: !value.isNegative)
    }

    /// × 10^places.
    public func shifted(by places: Int) -> BigInteger {
        isZero
            ? self : BigInteger(digits: [UInt8](repeating: 0, count: places) + digits, isNegative: isNegative)
    }

    /// Nil when it is not one.
    public var int: Int? {
        var value = 0
        for digit in digits.reversed() {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowed) = product.subtractingReportingOverflow(Int(digit))
            if overflow || overflowed { return nil }
            value = sum
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    private static func compareMagnitudes(_ a: [UInt8], _ b: [UInt8]) -> Int {
        if a.count != b.count { return a.count < b.count ? -1 : 1 }
        for index in a.indices.reversed() where a[index] != b[index] { return a[index] < b[index] ? -1 : 1 }
        return 0
    }

    private static func sum(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var carry: UInt8 = 0
        for index in 0..<max(a.count, b.count) {
            let digit = (index < a.count ? a[index] : 0) + (index < b.count ? b[index] : 0) + carry
            result.append(digit % 10)
            carry = digit / 10
        }
        if carry > 0 { result.append(carry) }
        return result
    }

    /// a − b of magnitudes, a ≥ b.
    private static func difference(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var borrow: UInt8 = 0
        for index in a.indices {
            let subtrahend = (index < b.count ? b[index] : 0) + borrow
            borrow = a[index] < subtrahend ? 1 : 0
            result.append(a[index] + borrow * 10 - subtrahend)
        }
        while result.last == 0 { result.removeLast() }
        return result
    }

    public static func + (a: BigInteger, b: BigInteger) -> BigInteger {
        if a.isNegative == b.isNegative {
            return BigInteger(digits: sum(a.digits, b.digits), isNegative: a.isNegative)
        }
        if compareMagnitudes(a.digits, b.digits) >= 0 {
            return BigInteger(digits: difference(a.digits, b.digits), isNegative: a.isNegative)
        }
        return BigInteger(digits: difference(b.digits, a.digits), isNegative: b.isNegative)
    }

    public static func - (a: BigInteger, b: BigInteger) -> BigInteger { a + -b }

    public static func * (a: BigInteger, b: BigInteger) -> BigInteger {
        var result = [Int](repeating: 0, count: a.digits.count + b.digits.count + 1)
        for (i, x) in a.digits.enumerated() {
            for (j, y) in b.digits.enumerated() { result[i + j] += Int(x) * Int(y) }
        }
        for index in result.indices.dropLast() {
            result[index + 1] += result[index] / 10
            result[index] %= 10
        }
        return BigInteger(digits: result.map { UInt8($0) }, isNegative: a.isNegative != b.isNegative)
    }

    /// Long division, towards zero; the remainder has the sign of the dividend. The divisor is not 0.
    public func dividedTowardsZero(by divisor: BigInteger) -> (quotient: BigInteger, remainder: BigInteger) {
        var rest: [UInt8] = []
        var quotient: [UInt8] = []
        for digit in digits.reversed() {
            if digit != 0 || !rest.isEmpty { rest.insert(digit, at: 0) }
            var count: UInt8 = 0
            while BigInteger.compareMagnitudes(rest, divisor.digits) >= 0 {
                rest = BigInteger.difference(rest, divisor.digits)
                count += 1
            }
            quotient.append(count)
        }
        return (
            BigInteger(digits: quotient.reversed(), isNegative: isNegative != divisor.isNegative),
            BigInteger(digits: rest, isNegative: isNegative)
        )
    }

    /// Rounded half away from zero. The divisor is not 0.
    public func dividedHalfAway(by divisor: BigInteger) -> BigInteger {
        let (quotient, remainder) = dividedTowardsZero(by: divisor)
        let twice = remainder.magnitude + remainder.magnitude
        guard twice >= divisor.magnitude else { return quotient }
        return isNegative != divisor.isNegative ? quotient - BigInteger(1) : quotient + BigInteger(1)
    }
}

extension BigInteger: Comparable {
    public static func < (a: BigInteger, b: BigInteger) -> Bool {
        if a.isNegative != b.isNegative { return a.isNegative }
        let order = compareMagnitudes(a.digits, b.digits)
        return a.isNegative ? order > 0 : order < 0
    }
}

/// An exact decimal number of any size: `coefficient` / 10^`scale`.
public struct Number: Sendable {
    public var coefficient: BigInteger
    public var scale: Int

    public init(_ coefficient: BigInteger, scale: Int = 0) {
        self.coefficient = coefficient
        self.scale = scale
    }

    public init(_ value: Int) { self.init(BigInteger(value)) }

    /// `-?[0-9]+(\.[0-9]+)?`; nil for anything else.
    public init?(_ text: [Unicode.Scalar]) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, BigInteger(parts[0]) != nil else { return nil }
        guard parts.count == 2 else {
            self.init(BigInteger(parts[0]) ?? BigInteger(0))
            return
        }
        guard parts[1].first != "-", BigInteger(parts[1]) != nil,
            let coefficient = BigInteger(Array(parts[0] + parts[1]))
        else { return nil }
        self.init(coefficient, scale: parts[1].count)
    }

    /// `-?[0-9]+(\.[0-9]+)?`
    public var text: String {
        let whole = max(1, coefficient.digitCount - scale)
        let digits = (0..<(whole + scale)).reversed().map { coefficient.digit($0) }
        let tail = scale == 0 ? "" : "." + digits[whole...].map(String.init).joined()
        return (sign < 0 ? "-" : "") + digits[..<whole].map(String.init).joined() + tail
    }

    /// Its coefficient at a scale; nil when decimals other than zeros would be lost.
    public func coefficient(at wanted: Int) -> BigInteger? {
        if wanted >= scale { return coefficient.shifted(by: wanted - scale) }
        let (quotient, remainder) = coefficient.dividedTowardsZero(by: BigInteger(1).shifted(by: scale - wanted))
        return remainder.isZero ? quotient : nil
    }

    /// Whether it is a value of dec(precision, scale).
    public func fits(precision: Int, scale: Int) -> Bool {
        coefficient(at: scale).map { $0.digitCount <= precision } ?? false
    }

    /// The whole number that it is; nil when it is none within 64 bits.
    public var int: Int? { coefficient(at: 0)?.int }

    private static func aligned(_ a: Number, _ b: Number) -> (BigInteger, BigInteger, scale: Int) {
        let scale = max(a.scale, b.scale)
        return (
            a.coefficient.shifted(by: scale - a.scale), b.coefficient.shifted(by: scale - b.scale), scale
        )
    }

    public static func + (a: Number, b: Number) -> Number {
        let (x, y, scale) = aligned(a, b)
        return Number(x + y, scale: scale)
    }

    public static func - (a: Number, b: Number) -> Number { a + -b }
    public static prefix func - (a: Number) -> Number { Number(-a.coefficient, scale: a.scale) }

    public static func * (a: Number, b: Number) -> Number {
        Number(a.coefficient * b.coefficient, scale: a.scale + b.scale)
    }

    public var magnitude: Number { Number(coefficient.magnitude, scale: scale) }
    public var sign: Int { coefficient.isZero ? 0 : coefficient < BigInteger(0) ? -1 : 1 }

    /// The remainder with the sign of the dividend; nil when the divisor is 0.
    public func remainder(by divisor: Number) -> Number? {
        guard divisor.sign != 0 else { return nil }
        let (x, y, scale) = Number.aligned(self, divisor)
        return Number(x.dividedTowardsZero(by: y).remainder, scale: scale)
    }

    /// To so many decimals, or, when negative, to tens, hundreds, …; half away from zero.
    public func rounded(to places: Int) -> Number {
        guard places < scale else { return self }
        let kept = coefficient.dividedHalfAway(by: BigInteger(1).shifted(by: scale - places))
        return places >= 0 ? Number(kept, scale: places) : Number(kept.shifted(by: -places))
    }

    /// The quotient with so many decimals, half away from zero; nil when the divisor is 0.
    public func divided(by divisor: Number, scale places: Int) -> Number? {
        guard divisor.sign != 0 else { return nil }
        let (x, y, _) = Number.aligned(self, divisor)
        return Number(x.shifted(by: places).dividedHalfAway(by: y), scale: places)
    }
}

extension Number: Comparable {
    public static func == (a: Number, b: Number) -> Bool {
        let (x, y, _) = aligned(a, b)
        return x == y
    }

    public static func < (a: Number, b: Number) -> Bool {
        let (x, y, _) = aligned(a, b)
        return x < y
    }
}
