public import Columnar
import Diagnostics

/// A word, literal or mark of the rule language with its place in the text.
public struct Token: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// An unquoted word: a name or, where the parser expects one, a keyword.
        case word(String)
        /// A name in back-quotes; never a keyword.
        case quotedName(String)
        case number(String)
        case string(String)
        case date(CivilDate)
        /// `= <> < <= > >= + - * & ( ) [ ] , . .. @ %`
        case symbol(String)
        /// Told as wrong already; stands for whatever would be right.
        case invalid
        case end
    }

    public var kind: Kind
    /// Offset of the first code point in the text, from 0.
    public var offset: Int
    /// In code points, quotes included.
    public var length: Int

    /// Offset behind its last code point.
    var end: Int { offset + length }

    /// The token as a message shows it.
    public var text: String {
        switch kind {
        case .word(let text), .number(let text), .symbol(let text): text
        case .quotedName(let text): "`\(text)`"
        case .string(let text): "'\(text)'"
        case .date(let date): date.description
        case .invalid, .end: ""
        }
    }
}

/// Words with a meaning of their own; ASCII ones in any case.
public enum Keyword: Sendable, Hashable, CaseIterable {
    case when, and, or, not, `in`, codelist, by, under, between, `is`, null, isNull, isNotNull, notIn, notMatches
    case matches, `if`, then, `else`, end
    case count, sum, min, max, exists, row, column, this, period, previous, samePeriodLastYear, periodBegin, periodEnd
    case `true`, `false`

    static let words: [String: Keyword] = [
        "when": .when, "where": .when, "当": .when, "and": .and, "且": .and, "or": .or, "或": .or, "not": .not,
        "非": .not, "不": .not, "in": .in, "属于": .in, "不属于": .notIn, "codelist": .codelist, "码表": .codelist, "by": .by,
        "按": .by, "under": .under, "之下": .under, "between": .between, "介于": .between, "和": .and, "is": .is,
        "null": .null, "空": .null, "为空": .isNull, "不为空": .isNotNull, "matches": .matches, "匹配": .matches,
        "不匹配": .notMatches, "if": .if, "如果": .if, "then": .then, "那么": .then, "else": .else, "否则": .else,
        "end": .end, "结束": .end, "count": .count, "计数": .count, "sum": .sum, "合计": .sum, "min": .min, "最小": .min,
        "max": .max, "最大": .max, "exists": .exists, "存在": .exists, "row": .row, "行": .row, "column": .column,
        "列": .column, "this": .this, "本行": .this, "period": .period, "本期": .period, "previous": .previous,
        "上期": .previous, "same-period-last-year": .samePeriodLastYear, "上年同期": .samePeriodLastYear,
        "period-begin": .periodBegin, "期初": .periodBegin, "period-end": .periodEnd, "期末": .periodEnd, "true": .true,
        "真": .true, "false": .false, "假": .false,
    ]

    public init?(_ word: String) {
        guard let keyword = Keyword.words[word] ?? Keyword.words[word.asciiLowercased] else { return nil }
        self = keyword
    }

    /// Chinese words that stand between others; one glued to its neighbours is the usual slip. Longer ones first.
    private static let infixes = [
        "不为空", "为空", "不属于", "属于", "不匹配", "匹配", "介于", "之下", "码表", "那么", "否则", "结束", "且", "或", "当", "按", "和",
    ]

    /// The length of the Chinese keyword that a word begins with, in code points.
    static func leading(_ word: String) -> Int? {
        let letters = word.unicodeScalars
        return infixes.map(\.unicodeScalars).first { letters.starts(with: $0) }?.count
    }

    /// The Chinese keyword that is glued into a word: one with a known name beside it, else, unless the word is near
    /// a known name, any of two letters or more.
    public static func glued(in word: String, known: some Sequence<String> = []) -> String? {
        guard Keyword(word) == nil else { return nil }
        let letters = Array(word.unicodeScalars)
        let names = Set(known)
        var found: String?
        for keyword in infixes {
            let part = Array(keyword.unicodeScalars)
            guard letters.count > part.count else { continue }
            for start in 0...letters.count - part.count where letters[start..<start + part.count].elementsEqual(part) {
                let sides = [letters[..<start], letters[(start + part.count)...]].filter { !$0.isEmpty }
                let isName = sides.contains { side in
                    var text = String.UnicodeScalarView()
                    text.append(contentsOf: side)
                    return names.contains(String(text)) || Keyword(String(text)) != nil
                }
                if isName { return keyword }
                if part.count > 1 || names.isEmpty { found = found ?? keyword }
            }
        }
        return Suggestion.candidates(for: word, among: names).isEmpty ? found : nil
    }
}

extension String {
    /// `A`–`Z` lowered, all else as it is.
    public var asciiLowercased: String {
        String(decoding: utf8.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }, as: UTF8.self)
    }
}
