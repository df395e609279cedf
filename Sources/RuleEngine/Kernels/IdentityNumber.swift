/// Check digits of the numbers that identify people and organisations.
enum IdentityNumber {
    /// 居民身份证号 by GB 11643: 17 digits, a digit or X, the right check digit. The date in it is not judged.
    static func isIDCard(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count == 18 else { return false }
        var sum = 0
        // ISO 7064 MOD 11-2: the weight of each place is 2^place mod 11.
        let weights: StaticString =
            "\u{07}\u{09}\u{0A}\u{05}\u{08}\u{04}\u{02}\u{01}\u{06}\u{03}\u{07}\u{09}\u{0A}\u{05}\u{08}\u{04}\u{02}"
        let checks: StaticString = "10X98765432"
        for index in 0..<17 {
            let digit = text[index] &- 48
            guard digit <= 9 else { return false }
            sum += Int(digit) * Int(weights.utf8Start[index])
        }
        return text[17] == checks.utf8Start[sum % 11]
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

    private static func value(_ byte: UInt8) -> Int? {
        let alphabet: StaticString = "0123456789ABCDEFGHJKLMNPQRTUWXY"
        for index in 0..<31 where alphabet.utf8Start[index] == byte { return index }
        return nil
    }
}
