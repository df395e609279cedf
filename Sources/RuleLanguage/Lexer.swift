import Columnar
public import Diagnostics
import Schema

/// Cuts a text into tokens. Full-width punctuation and digits outside strings are read as their ASCII twins.
struct Lexer {
    private let scalars: [Unicode.Scalar]
    private let source: ExpressionText
    private var index = 0

    init(_ source: ExpressionText) {
        self.source = source
        scalars = Array(source.text.unicodeScalars)
    }

    static func tokens(of source: ExpressionText) throws(LanguageError) -> [Token] {
        var lexer = Lexer(source)
        var tokens: [Token] = []
        repeat {
            tokens.append(try lexer.next())
        } while tokens.last?.kind != .end
        return tokens
    }

    /// The ASCII twin of a full-width mark or digit.
    static func narrowed(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0x3000: " "
        case 0xFF01...0xFF20, 0xFF3B...0xFF40, 0xFF5B...0xFF5E: Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar
        default: scalar
        }
    }

    private func peek(_ ahead: Int = 0) -> Unicode.Scalar? {
        index + ahead < scalars.count ? Lexer.narrowed(scalars[index + ahead]) : nil
    }

    private static func isDigit(_ scalar: Unicode.Scalar?) -> Bool {
        scalar.map { $0.value >= 48 && $0.value <= 57 } ?? false
    }

    private static func isNameStart(_ scalar: Unicode.Scalar?) -> Bool {
        scalar.map { $0 == "_" || $0.properties.isAlphabetic } ?? false
    }

    private mutating func next() throws(LanguageError) -> Token {
        while let scalar = peek(), scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r" { index += 1 }
        let start = index
        guard let scalar = peek() else { return Token(kind: .end, offset: start) }
        if scalars[index] == "‘" {
            return Token(kind: .string(try quoted("’", at: start, doubled: false)), offset: start)
        }
        if scalar == "'" { return Token(kind: .string(try quoted("'", at: start, doubled: true)), offset: start) }
        if scalar == "`" { return Token(kind: .quotedName(try quoted("`", at: start, doubled: false)), offset: start) }
        if Lexer.isDigit(scalar) { return try numberOrDate() }
        if Lexer.isNameStart(scalar) { return Token(kind: .word(word()), offset: start) }
        return Token(kind: .symbol(try symbol()), offset: start)
    }

    private mutating func quoted(
        _ close: Unicode.Scalar, at start: Int, doubled: Bool
    ) throws(LanguageError) -> String {
        index += 1
        var text = String.UnicodeScalarView()
        while index < scalars.count {
            // A full-width apostrophe closes what one opened, as its ASCII twin does.
            let scalar = scalars[index]
            let isClose = scalar == close || (close == "'" && scalars[start].value == 0xFF07 && scalar.value == 0xFF07)
            if isClose {
                if doubled, index + 1 < scalars.count, scalars[index + 1] == scalar {
                    text.append(scalar)
                    index += 2
                    continue
                }
                index += 1
                return String(text)
            }
            text.append(scalar)
            index += 1
        }
        throw source.error(
            at: start, "unclosed-quote",
            LocalizedText(en: "a quote is not closed", zh: "引号没有闭合"),
            hint: LocalizedText(
                en: "end it with \(close); a quote inside a string is written ''", zh: "请以 \(close) 结束；字符串里的引号写作 ''"))
    }

    private func digits(_ from: Int, _ length: Int) -> Int? {
        var sum = 0
        for offset in from..<from + length {
            guard let scalar = peek(offset), Lexer.isDigit(scalar) else { return nil }
            sum = sum * 10 + Int(scalar.value - 48)
        }
        return sum
    }

    private mutating func numberOrDate() throws(LanguageError) -> Token {
        let start = index
        if let year = digits(0, 4), peek(4) == "-", let month = digits(5, 2), peek(7) == "-", let day = digits(8, 2),
            !Lexer.isDigit(peek(10)), !Lexer.isNameStart(peek(10))
        {
            guard let date = CivilDate(year: year, month: month, day: day) else {
                throw source.error(
                    at: start, "impossible-date", LocalizedText(en: "there is no such day", zh: "没有这一天"),
                    hint: LocalizedText(en: "dates are written YYYY-MM-DD", zh: "日期写作 YYYY-MM-DD"))
            }
            index += 10
            return Token(kind: .date(date), offset: start)
        }
        var text = ""
        while let scalar = peek(), Lexer.isDigit(scalar) {
            text.unicodeScalars.append(scalar)
            index += 1
        }
        if peek() == ".", Lexer.isDigit(peek(1)) {
            text += "."
            index += 1
            while let scalar = peek(), Lexer.isDigit(scalar) {
                text.unicodeScalars.append(scalar)
                index += 1
            }
        }
        if Lexer.isNameStart(peek()) {
            throw source.error(
                at: start, "bad-number",
                LocalizedText(en: "a number runs into a word", zh: "数字与文字连在一起"),
                hint: LocalizedText(
                    en: "put a blank between them; numbers have no exponent; a code is quoted: '0301'; "
                        + "a name that begins with a digit stands in back-quotes",
                    zh: "两者之间加空格；数字不用指数写法；代码要加引号：'0301'；以数字开头的名称写在反引号里"))
        }
        return Token(kind: .number(text), offset: start)
    }

    private mutating func word() -> String {
        var text = String.UnicodeScalarView()
        while let scalar = peek(), Lexer.isNameStart(scalar) || Lexer.isDigit(scalar) || scalar.properties.isIDContinue
        {
            text.append(scalar)
            index += 1
        }
        let word = String(text)
        for tail in Lexer.hyphenated[word.asciiLowercased] ?? [] {
            let matches = tail.unicodeScalars.enumerated().allSatisfy { offset, scalar in
                peek(offset).map { String($0).asciiLowercased == String(scalar) } ?? false
            }
            let after = peek(tail.unicodeScalars.count)
            if matches, !Lexer.isNameStart(after), !Lexer.isDigit(after) {
                index += tail.unicodeScalars.count
                return word.asciiLowercased + tail
            }
        }
        return word
    }

    private static let hyphenated = ["period": ["-begin", "-end"], "same": ["-period-last-year"]]

    private mutating func symbol() throws(LanguageError) -> String {
        guard let first = peek() else { return "" }
        let start = index
        let second = peek(1)
        index += 1
        switch (first, second) {
        case ("<", "="), (">", "="), ("<", ">"), (".", "."):
            index += 1
            return "\(first)\(second.map(String.init) ?? "")"
        case ("!", "="):
            index += 1
            return "<>"
        case ("≠", _): return "<>"
        case ("≥", _): return ">="
        case ("≤", _): return "<="
        case ("=", "="):
            throw source.error(
                at: start, "unknown-operator", LocalizedText(en: "'==' is no operator", zh: "没有运算符 '=='"),
                hint: LocalizedText(en: "equality is written =", zh: "相等写作 ="))
        default: break
        }
        if "=<>+-*&()[],.@%".unicodeScalars.contains(first) { return String(first) }
        if first == "/" {
            throw source.error(
                at: start, "no-division", LocalizedText(en: "there is no operator '/'", zh: "没有运算符 '/'"),
                hint: LocalizedText(
                    en: "write a <= k * b, or div(a, b, scale)", zh: "写作 a <= k * b，或 div(a, b, 小数位数)"))
        }
        throw source.error(
            at: start, "unexpected-character",
            LocalizedText(en: "unexpected character '\(first)'", zh: "意外的字符“\(first)”"),
            hint: first == "\""
                ? LocalizedText(en: "strings are written in '…', names in `…`", zh: "字符串写作 '…'，名称写作 `…`") : nil)
    }
}

/// One thing wrong with a text of the rule language.
public struct LanguageError: Error, Sendable {
    public var diagnostic: Diagnostic

    public init(_ diagnostic: Diagnostic) { self.diagnostic = diagnostic }
}

extension ExpressionText {
    /// Where the code point at `offset` stands in the file.
    func location(of offset: Int) -> SourceLocation? {
        guard var place = location else { return nil }
        var seen = 0
        for scalar in text.unicodeScalars {
            if seen == offset { break }
            seen += 1
            if scalar == "\n" {
                place.line += 1
                place.column = 1
            } else {
                place.column += 1
            }
        }
        return place
    }

    func error(at offset: Int, _ code: String, _ message: LocalizedText, hint: LocalizedText? = nil) -> LanguageError {
        LanguageError(Diagnostic(code: code, message, at: location(of: offset), hint: hint))
    }
}
