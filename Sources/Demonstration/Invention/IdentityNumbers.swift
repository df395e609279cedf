import Columnar

/// Identity numbers whose check digits are right but which can belong to nobody: no region has the code 990000.
enum IdentityNumbers {
    private static let region = "990000"

    /// 居民身份证号码 (GB 11643) of somebody born that day.
    ///
    /// - Parameter wantedCheck: take a serial number that leads to this check digit, such as `X`.
    static func idCard(
        born: CivilDate, isMale: Bool, random: inout RandomSource, wantedCheck: Character? = nil
    ) -> String {
        let day = String(born.description.filter { $0 != "-" })
        while true {
            // The last digit of the serial number is odd for men.
            let serial = random.below(500) * 2 + (isMale ? 1 : 0)
            let body = region + day + padded(serial, 3)
            let check = idCardCheck(body)
            if wantedCheck == nil || wantedCheck == check { return body + String(check) }
        }
    }

    /// The same number with a check digit that is wrong.
    static func withWrongCheck(_ number: String) -> String {
        String(number.dropLast()) + (number.last == "5" ? "6" : "5")
    }

    private static func idCardCheck(_ body: String) -> Character {
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
        let sum = zip(body.utf8, weights).reduce(0) { $0 + (Int($1.0) - 48) * $1.1 }
        return Array("10X98765432")[sum % 11]
    }

    private static let creditCodeLetters = Array("0123456789ABCDEFGHJKLMNPQRTUWXY")

    /// 统一社会信用代码 (GB 32100) of an enterprise.
    static func creditCode(random: inout RandomSource) -> String {
        var letters = Array("91" + region)
        for _ in 0..<9 { letters.append(creditCodeLetters[random.below(creditCodeLetters.count)]) }
        var sum = 0
        var weight = 1
        for letter in letters {
            sum += weight * (creditCodeLetters.firstIndex(of: letter) ?? 0)
            weight = weight * 3 % 31
        }
        letters.append(creditCodeLetters[(31 - sum % 31) % 31])
        return String(letters)
    }

    static func withWrongCreditCheck(_ code: String) -> String {
        String(code.dropLast()) + (code.last == "A" ? "B" : "A")
    }

    static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
