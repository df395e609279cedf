/// Check digits of the numbers that identify people and organisations.
enum IdentityNumber {
    /// 居民身份证号 by GB 11643: 17 digits, a digit or X, the right check digit. The date in it is not judged.
    static func isIDCard(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count == 18, let base = text.baseAddress else { return false }
        let first = UnsafeRawPointer(base).loadUnaligned(as: UInt64.self) ^ zeros
        let second = UnsafeRawPointer(base).loadUnaligned(fromByteOffset: 8, as: UInt64.self) ^ zeros
        let last = UInt64(base[16] ^ 48)
        guard (overNine(first) | overNine(second) | overNine(last)) == 0 else { return false }
        // ISO 7064 MOD 11-2: the weight of each place is 2^place mod 11, here 7 9 10 5 8 4 2 1, 6 3 7 9 10 5 8 4, 2.
        let sum =
            product(first, [7, 10, 8, 2]) + product(first >> 8, [9, 5, 4, 1])
            + product(second, [6, 7, 10, 8]) + product(second >> 8, [3, 9, 5, 4]) + last * 2
        let checks: StaticString = "10X98765432"
        return base[17] == checks.utf8Start[Int(sum % 11)]
    }

    private static let zeros: UInt64 = 0x3030_3030_3030_3030

    /// Not zero when some byte is above 9.
    @inline(__always) private static func overNine(_ digits: UInt64) -> UInt64 {
        ((digits &+ 0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080
    }

    /// Every other byte, from the lowest, times its weight, added up: one multiplication brings the sum to the top lane.
    @inline(__always) private static func product(_ digits: UInt64, _ weights: SIMD4<UInt64>) -> UInt64 {
        let packed = weights[0] << 48 | weights[1] << 32 | weights[2] << 16 | weights[3]
        return ((digits & 0x00FF_00FF_00FF_00FF) &* packed) >> 48
    }

    /// 统一社会信用代码 by GB 32100: 18 of 31 characters (no I O S V Z), the right check character.
    static func isUSCC(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count == 18 else { return false }
        var sum = 0
        var weight = 1
        for index in 0..<17 {
            guard let value = value(text[index]) else { return false }
            sum += value * weight
            weight = weight * 3 % 31
        }
        guard let check = value(text[17]) else { return false }
        return check == (31 - sum % 31) % 31
    }

    /// The place of a character in `0123456789ABCDEFGHJKLMNPQRTUWXY`.
    @inline(__always) private static func value(_ byte: UInt8) -> Int? {
        switch byte {
        case 48...57: Int(byte) - 48
        case 65...72: Int(byte) - 55
        case 74...78: Int(byte) - 56
        case 80...82: Int(byte) - 57
        case 84, 85: Int(byte) - 58
        case 87...89: Int(byte) - 59
        default: nil
        }
    }
}
