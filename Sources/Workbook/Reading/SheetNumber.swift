/// The number of a spreadsheet's cell, exactly as its user sees it.
enum SheetNumber {
    /// Digits that spreadsheets keep; what stands behind them is noise of binary fractions.
    private static let digits = 15

    /// Plain decimal text of `12`, `37.52`, `37.520000000000003`, `1.2E5`; nil for what is no such number.
    static func plain(_ text: String) -> String? {
        var digits: [UInt8] = []
        // How many of the digits stand before the point.
        var point: Int?
        var exponent = 0
        var isNegative = false
        var rest = Substring(text).utf8
        if rest.first == UInt8(ascii: "-") {
            isNegative = true
            rest = rest.dropFirst()
        }
        while let byte = rest.first {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(byte - UInt8(ascii: "0"))
            case UInt8(ascii: ".") where point == nil: point = digits.count
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                guard let number = Int(Substring(rest.dropFirst())), abs(number) <= 40 else { return nil }
                exponent = number
                rest = rest.dropFirst(rest.count - 1)
            default: return nil
            }
            rest = rest.dropFirst()
        }
        guard !digits.isEmpty else { return nil }
        var whole = (point ?? digits.count) + exponent
        let zeros = digits.prefix { $0 == 0 }.count
        digits.removeFirst(zeros)
        whole -= zeros
        if digits.count > Self.digits {
            let isRoundedUp = digits[Self.digits] >= 5
            digits.removeLast(digits.count - Self.digits)
            if isRoundedUp {
                var place = digits.count - 1
                while place >= 0, digits[place] == 9 {
                    digits[place] = 0
                    place -= 1
                }
                if place >= 0 {
                    digits[place] += 1
                } else {
                    digits.insert(1, at: 0)
                    whole += 1
                }
            }
        }
        while digits.count > max(whole, 0), digits.last == 0 { digits.removeLast() }
        guard !digits.isEmpty else { return "0" }
        if whole < 0 { digits.insert(contentsOf: Array(repeating: 0, count: -whole), at: 0) }
        while digits.count < whole { digits.append(0) }
        let text = String(decoding: digits.map { $0 + UInt8(ascii: "0") }, as: UTF8.self)
        let before = text.prefix(max(whole, 0))
        let after = text.dropFirst(max(whole, 0))
        return (isNegative ? "-" : "") + (before.isEmpty ? "0" : before) + (after.isEmpty ? "" : "." + after)
    }
}
