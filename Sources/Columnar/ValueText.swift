/// Exact numbers from their text, `-?[0-9]+(\.[0-9]+)?`.
public enum DecimalText {
    /// A 64-bit integer; decimals only if they are zeros.
    @inlinable
    public static func int64(_ text: UnsafeBufferPointer<UInt8>, _ value: inout Int64) -> DecodingFault? {
        var wide: Int128 = 0
        if text.count <= 18 {
            // The common case: digits alone, no sign, cannot overflow.
            var sum: Int64 = 0
            var isPlain = true
            for byte in text {
                let digit = byte &- 48
                if digit > 9 {
                    isPlain = false
                    break
                }
                sum = sum &* 10 &+ Int64(digit)
            }
            if isPlain, !text.isEmpty {
                value = sum
                return nil
            }
        }
        if let fault = decimal(text, precision: 19, scale: 0, &wide) { return fault }
        guard let narrow = Int64(exactly: wide) else { return .tooManyDigits }
        value = narrow
        return nil
    }

    /// The integer value × 10^scale; leading zeros do not count as digits, decimals beyond the scale must be zeros.
    @inlinable
    public static func decimal(
        _ text: UnsafeBufferPointer<UInt8>, precision: Int, scale: Int, _ value: inout Int128
    ) -> DecodingFault? {
        var index = 0
        let isNegative = text.count > 0 && text[0] == 45
        if isNegative { index = 1 }
        let integerStart = index
        var sum: Int128 = 0
        var digits = 0
        var tooMany = false
        while index < text.count, text[index] &- 48 <= 9 {
            let digit = text[index] &- 48
            if digits > 0 || digit > 0 { digits += 1 }
            // 38 digits stay below 2^127; beyond, the value is of no use.
            if digits <= 38 { sum = sum &* 10 &+ Int128(digit) } else { tooMany = true }
            index += 1
        }
        guard index > integerStart else { return .unparsable }
        var decimals = 0
        if index < text.count {
            guard text[index] == 46 else { return .unparsable }
            index += 1
            let fractionStart = index
            while index < text.count, text[index] &- 48 <= 9 {
                let digit = text[index] &- 48
                if decimals < scale {
                    decimals += 1
                    if digits > 0 || digit > 0 { digits += 1 }
                    if digits <= 38 { sum = sum &* 10 &+ Int128(digit) } else { tooMany = true }
                } else if digit != 0 {
                    tooMany = true
                }
                index += 1
            }
            guard index > fractionStart, index == text.count else { return .unparsable }
        }
        while decimals < scale, !tooMany {
            decimals += 1
            if sum != 0 { digits += 1 }
            if digits <= 38 { sum = sum &* 10 } else { tooMany = true }
        }
        if tooMany || digits > precision { return .tooManyDigits }
        value = isNegative ? -sum : sum
        return nil
    }
}

extension DecimalText {
    /// Appends the digits of an integer, without a string.
    @inlinable
    public static func append(_ number: Int64, to bytes: inout [UInt8]) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        var rest = number.magnitude
        repeat {
            bytes.append(UInt8(truncatingIfNeeded: 48 + rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }
}

/// Dates and timestamps from their text.
public enum TemporalText {
    /// `YYYY-MM-DD` or `YYYYMMDD`, as days since 1970-01-01.
    @inlinable
    public static func date(_ text: UnsafeBufferPointer<UInt8>, _ value: inout Int64) -> DecodingFault? {
        let year: Int?
        let month: Int?
        let day: Int?
        if text.count == 10, text[4] == 45, text[7] == 45 {
            year = number(text, 0, 4)
            month = number(text, 5, 2)
            day = number(text, 8, 2)
        } else if text.count == 8 {
            year = number(text, 0, 4)
            month = number(text, 4, 2)
            day = number(text, 6, 2)
        } else {
            return .unparsable
        }
        guard let year, let month, let day, let date = CivilDate(year: year, month: month, day: day) else {
            return .unparsable
        }
        value = Int64(date.days)
        return nil
    }

    /// `YYYY-MM-DD HH:MM:SS[.ffffff]` with a blank or `T`, no zone; microseconds since 1970-01-01 00:00:00.
    @inlinable
    public static func timestamp(_ text: UnsafeBufferPointer<UInt8>, _ value: inout Int64) -> DecodingFault? {
        guard text.count >= 19, text[10] == 32 || text[10] == 84, text[13] == 58, text[16] == 58 else {
            return .unparsable
        }
        var days: Int64 = 0
        if let fault = date(UnsafeBufferPointer(rebasing: text[0..<10]), &days) { return fault }
        guard let hour = number(text, 11, 2), hour < 24, let minute = number(text, 14, 2), minute < 60,
            let second = number(text, 17, 2), second < 60
        else { return .unparsable }
        var micros = 0
        if text.count > 19 {
            guard text[19] == 46, text.count > 20 else { return .unparsable }
            for index in 20..<text.count where text[index] &- 48 > 9 { return .unparsable }
            guard text.count <= 26 else { return .tooManyDigits }
            for index in 20..<26 { micros = micros * 10 + (index < text.count ? Int(text[index] &- 48) : 0) }
        }
        value =
            ((days * 24 + Int64(hour)) * 60 + Int64(minute)) * 60_000_000 + Int64(second) * 1_000_000 + Int64(micros)
        return nil
    }

    @inlinable
    static func number(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ length: Int) -> Int? {
        var sum = 0
        for index in start..<start + length {
            let digit = text[index] &- 48
            guard digit <= 9 else { return nil }
            sum = sum * 10 + Int(digit)
        }
        return sum
    }
}

/// Booleans from their text: `t f true false 1 0`.
public enum BooleanText {
    @inlinable
    public static func bool(_ text: UnsafeBufferPointer<UInt8>, _ value: inout Int64) -> DecodingFault? {
        switch text.count {
        case 1:
            switch text[0] {
            case 116, 49: value = 1
            case 102, 48: value = 0
            default: return .unparsable
            }
        case 4 where text.elementsEqual("true".utf8): value = 1
        case 5 where text.elementsEqual("false".utf8): value = 0
        default: return .unparsable
        }
        return nil
    }
}

/// Code points of UTF-8 bytes; every byte that does not continue a sequence begins one.
public enum CodePoints {
    @inlinable
    public static func count(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var sum = 0
        for byte in bytes { sum &+= byte & 0xC0 != 0x80 ? 1 : 0 }
        return sum
    }
}
