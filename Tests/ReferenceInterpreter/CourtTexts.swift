/// 案号 as rule-language.md §5 reads it, letter by letter.
struct CaseNumberParts {
    var year = Number(0)
    var court: [Unicode.Scalar] = []
    var type: [Unicode.Scalar] = []
    var number = Number(0)
    var suffix: [Unicode.Scalar] = []
    var style = "2016"

    static let provinces = Array("京津冀晋内辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川黔云藏陕甘青宁新兵军".unicodeScalars)

    /// Nil when the text is no case number.
    init?(_ text: [Unicode.Scalar]) {
        var rest = text[...]
        func isLetter(_ scalar: Unicode.Scalar) -> Bool { ("\u{3400}"..."\u{9FFF}").contains(scalar) }
        func take(_ count: Int) -> ArraySlice<Unicode.Scalar> {
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
        guard let open = take(1).first, open == "(" || open == "（" else { return nil }
        let year = take(4)
        guard year.count == 4, year.allSatisfy(isDigit), let value = BigInteger(year) else { return nil }
        self.year = Number(value)
        guard let close = take(1).first, close == ")" || close == "）" else { return nil }
        if rest.starts(with: "最高法".unicodeScalars) {
            court = Array(take(3))
        } else {
            guard let province = rest.first, CaseNumberParts.provinces.contains(province) else { return nil }
            court = Array(take(1))
            court += take(min(4, rest.prefix(while: isDigit).count))
        }
        type = Array(take(rest.prefix { isLetter($0) && $0 != "号" }.count))
        if type.count >= 2, type.suffix(2) == Array("字第".unicodeScalars)[...] {
            type.removeLast(2)
            style = "old"
        }
        guard !type.isEmpty else { return nil }
        let digits = take(rest.prefix(while: isDigit).count)
        // Within 64 bits, as `number` is an int; 18 digits are sure to be.
        guard digits.count <= 18, let number = BigInteger(digits) else { return nil }
        self.number = Number(number)
        guard take(1).first == "号" else { return nil }
        suffix = Array(rest)
        guard suffix.allSatisfy({ isLetter($0) || isDigit($0) || $0 == "-" }) else { return nil }
    }

    /// One leading letter that makes the rest a listed mark; the type itself is no listed mark.
    func special(_ marks: [[Unicode.Scalar]]) -> [Unicode.Scalar] {
        type.count > 1 && !marks.contains(type) && marks.contains(Array(type.dropFirst())) ? [type[0]] : []
    }

    func part(_ name: String, marks: [[Unicode.Scalar]]) -> Value {
        switch name {
        case "year": .number(year)
        case "number": .number(number)
        case "court": .text(court)
        case "type": .text(Array(type.dropFirst(special(marks).count)))
        case "special": .text(special(marks))
        case "suffix": .text(suffix)
        default: Value(style.unicodeScalars)
        }
    }
}

enum CheckDigits {
    /// GB 11643: ISO 7064 MOD 11-2 over 17 digits; 10 is written X.
    static func isIDCard(_ text: [Unicode.Scalar]) -> Bool {
        guard text.count == 18, text[..<17].allSatisfy(isDigit), isDigit(text[17]) || text[17] == "X" else {
            return false
        }
        // The weight of the i-th place from the right, the check digit's being 1, is 2^i mod 11; the sum is 1 mod 11.
        var sum = text[17] == "X" ? 10 : Int(text[17].value) - 48
        var weight = 1
        for scalar in text[..<17].reversed() {
            weight = weight * 2 % 11
            sum += (Int(scalar.value) - 48) * weight
        }
        return sum % 11 == 1
    }

    /// GB 32100: 18 of 31 characters; the weights are 3^i mod 31, and the weighted sum with the check character is 0.
    static func isUSCC(_ text: [Unicode.Scalar]) -> Bool {
        let alphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY".unicodeScalars)
        let values = text.compactMap { alphabet.firstIndex(of: $0) }
        guard text.count == 18, values.count == 18 else { return false }
        var sum = values[17]
        var weight = 1
        for value in values[..<17] {
            sum += value * weight
            weight = weight * 3 % 31
        }
        return sum % 31 == 0
    }
}
