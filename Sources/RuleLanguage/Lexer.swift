import Columnar
public import Diagnostics
import Schema

/// Cuts a text into tokens. Full-width punctuation and digits outside strings are read as their ASCII twins.
///
/// Goes on behind whatever is no token, so that all problems of a text are found at once.
struct Lexer {
    private let scalars: [Unicode.Scalar]
    private let source: ExpressionText
    private var index = 0
    private var problems: [Diagnostic] = []
    /// The length of a keyword that begins here and is cut off from what follows it without a blank.
    private var gluedKeyword = 0

    private init(_ source: ExpressionText) {
        self.source = source
        scalars = Array(source.text.unicodeScalars)
    }

    /// The tokens, `end` last, and what is wrong with them.
    static func tokens(of source: ExpressionText) -> (tokens: [Token], problems: [Diagnostic]) {
        var lexer = Lexer(source)
        var tokens: [Token] = []
        repeat {
            tokens.append(lexer.next())
        } while tokens.last?.kind != .end
        return (tokens, lexer.problems)
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

    private static func isNamePart(_ scalar: Unicode.Scalar?) -> Bool {
        scalar.map { isNameStart($0) || isDigit($0) || $0.properties.isIDContinue } ?? false
    }

    private mutating func problem(
        from start: Int, _ code: String, _ message: LocalizedText, hint: LocalizedText? = nil
    ) {
        problems.append(
            source.error(at: start, length: max(1, index - start), code, message, hint: hint).diagnostic)
    }

    private mutating func next() -> Token {
        while let scalar = peek(), scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r" { index += 1 }
        let start = index
        guard let scalar = peek() else { return Token(kind: .end, offset: start, length: 0) }
        let kind: Token.Kind =
            if scalars[index] == "‘" {
                .string(quoted("’", isDoubled: false))
            } else if scalar == "'" {
                .string(quoted("'", isDoubled: true))
            } else if scalar == "`" {
                .quotedName(quoted("`", isDoubled: false))
            } else if scalar == "\"" || scalars[index] == "“" {
                doubleQuoted()
            } else if Lexer.isDigit(scalar) {
                numberOrDate()
            } else if gluedKeyword > 0 {
                .word(keyword())
            } else if Lexer.isNameStart(scalar) {
                .word(word())
            } else {
                symbol()
            }
        return Token(kind: kind, offset: start, length: index - start)
    }

    /// An unclosed one goes to the end of the text.
    private mutating func quoted(_ close: Unicode.Scalar, isDoubled: Bool) -> String {
        let start = index
        index += 1
        var text = String.UnicodeScalarView()
        while index < scalars.count {
            // A full-width mark closes what one opened, as its ASCII twin does.
            let scalar = scalars[index]
            let isClose = scalar == close || (scalars[start] != "‘" && scalars[start] == scalar)
            if isClose {
                if isDoubled, index + 1 < scalars.count, scalars[index + 1] == scalar {
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
        problem(
            from: start, "unclosed-quote",
            LocalizedText(en: "a quote is not closed", zh: "引号没有闭合"),
            hint: LocalizedText(
                en: "end it with \(close); a quote inside a string is written ''", zh: "请以 \(close) 结束；字符串里的引号写作 ''"))
        return String(text)
    }

    /// What other languages quote with is a slip; the rest of the text is read as if it were right.
    private mutating func doubleQuoted() -> Token.Kind {
        let start = index
        let close: Unicode.Scalar = scalars[index] == "“" ? "”" : scalars[index]
        index += 1
        var text = String.UnicodeScalarView()
        while index < scalars.count, scalars[index] != close {
            text.append(scalars[index])
            index += 1
        }
        index = min(index + 1, scalars.count)
        problem(
            from: start, "double-quote",
            LocalizedText(en: "double quotes mean nothing here", zh: "此处不能用双引号"),
            hint: LocalizedText(en: "strings are written in '…', names in `…`", zh: "字符串写作 '…'，名称写作 `…`"))
        return .string(String(text))
    }

    private func digits(_ from: Int, _ length: Int) -> Int? {
        var sum = 0
        for offset in from..<from + length {
            guard let scalar = peek(offset), Lexer.isDigit(scalar) else { return nil }
            sum = sum * 10 + Int(scalar.value - 48)
        }
        return sum
    }

    private mutating func numberOrDate() -> Token.Kind {
        let start = index
        if let year = digits(0, 4), peek(4) == "-", let month = digits(5, 2), peek(7) == "-", let day = digits(8, 2),
            !Lexer.isDigit(peek(10))
        {
            index += 10
            let date = CivilDate(year: year, month: month, day: day)
            if date == nil {
                problem(
                    from: start, "impossible-date", LocalizedText(en: "there is no such day", zh: "没有这一天"),
                    hint: LocalizedText(en: "dates are written YYYY-MM-DD", zh: "日期写作 YYYY-MM-DD"))
            }
            if Lexer.isNameStart(peek()) { runsIntoWord(start) }
            return date.map { .date($0) } ?? .invalid
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
        if Lexer.isNameStart(peek()) { runsIntoWord(start) }
        return .number(text)
    }

    /// A keyword that follows without a blank is read as one; anything else is taken as part of the number.
    private mutating func runsIntoWord(_ start: Int) {
        let end = index
        gluedKeyword = Keyword.leading(word()) ?? 0
        if gluedKeyword > 0 { index = end + gluedKeyword }
        problem(
            from: start, "bad-number",
            LocalizedText(en: "a number or date runs into a word", zh: "数字或日期与文字连在一起"),
            hint: LocalizedText(
                en: "put a blank between them; numbers have no exponent; a code is quoted: '0301'; "
                    + "a name that begins with a digit stands in back-quotes",
                zh: "两者之间加空格；数字不用指数写法；代码要加引号：'0301'；以数字开头的名称写在反引号里"))
        if gluedKeyword > 0 { index = end }
    }

    private mutating func keyword() -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[index..<index + gluedKeyword])
        index += gluedKeyword
        gluedKeyword = 0
        return String(text)
    }

    private mutating func word() -> String {
        var text = String.UnicodeScalarView()
        while let scalar = peek(), Lexer.isNamePart(scalar) {
            text.append(scalar)
            index += 1
        }
        let word = String(text)
        for tail in Lexer.hyphenated[word.asciiLowercased] ?? [] {
            let matches = tail.unicodeScalars.enumerated().allSatisfy { offset, scalar in
                peek(offset).map { String($0).asciiLowercased == String(scalar) } ?? false
            }
            if matches, !Lexer.isNamePart(peek(tail.unicodeScalars.count)) {
                index += tail.unicodeScalars.count
                return word.asciiLowercased + tail
            }
        }
        return word
    }

    private static let hyphenated = ["period": ["-begin", "-end"], "same": ["-period-last-year"]]

    private mutating func symbol() -> Token.Kind {
        guard let first = peek() else { return .invalid }
        let start = index
        let second = peek(1)
        index += 1
        switch (first, second) {
        case ("<", "="), (">", "="), ("<", ">"), (".", "."):
            index += 1
            return .symbol("\(first)\(second.map(String.init) ?? "")")
        case ("!", "="):
            index += 1
            return .symbol("<>")
        case ("≠", _): return .symbol("<>")
        case ("≥", _): return .symbol(">=")
        case ("≤", _): return .symbol("<=")
        case ("=", "="):
            index += 1
            problem(
                from: start, "unknown-operator", LocalizedText(en: "'==' is no operator", zh: "没有运算符 '=='"),
                hint: LocalizedText(en: "equality is written =", zh: "相等写作 ="))
            return .symbol("=")
        default: break
        }
        if "=<>+-*&()[],.@%".unicodeScalars.contains(first) { return .symbol(String(first)) }
        if first == "/" {
            problem(
                from: start, "no-division", LocalizedText(en: "there is no operator '/'", zh: "没有运算符 '/'"),
                hint: LocalizedText(
                    en: "write a <= k * b, or div(a, b, scale)", zh: "写作 a <= k * b，或 div(a, b, 小数位数)"))
            return .symbol("*")
        }
        problem(
            from: start, "unexpected-character",
            LocalizedText(en: "unexpected character '\(first)'", zh: "意外的字符“\(first)”"))
        return .invalid
    }
}

/// What is wrong with a text of the rule language; never empty, in the order of the text.
public struct LanguageError: Error, Sendable {
    public var diagnostics: [Diagnostic]

    public init(_ diagnostic: Diagnostic) { diagnostics = [diagnostic] }

    /// Nil when nothing is wrong.
    public init?(_ diagnostics: [Diagnostic]) {
        if diagnostics.isEmpty { return nil }
        self.diagnostics = diagnostics
    }

    /// The first.
    public var diagnostic: Diagnostic { diagnostics[0] }
}

extension ExpressionText {
    func error(
        at offset: Int, length: Int = 1, _ code: String, _ message: LocalizedText, hint: LocalizedText? = nil,
        related: SourceLocation? = nil
    ) -> LanguageError {
        LanguageError(
            Diagnostic(code: code, message, at: location(of: offset, length: length), hint: hint, related: related))
    }

    /// The tokens of a part of the text, for messages about one word of it.
    func tokens(of syntax: Syntax) -> [Token] {
        Lexer.tokens(of: self).tokens.filter { token in
            token.kind != .end && token.offset >= syntax.offset && token.end <= syntax.offset + syntax.length
        }
    }
}
