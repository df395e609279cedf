public import Diagnostics

/// A pattern of `matches`: the portable subset that every engine reads alike, always matched in full.
///
/// Literals, `[…]` and `[^…]` of explicit characters and code-point ranges, `|`, groups, `? * +`, `{m} {m,} {m,n}` with
/// n ≤ 255, and `\` before punctuation. No `.`, `\d`, anchors, back-references or look-around.
public struct Pattern: Sendable, Hashable {
    public indirect enum Node: Sendable, Hashable {
        case empty
        /// One code point out of sorted, disjoint, closed ranges.
        case oneOf([ClosedRange<UInt32>])
        case sequence([Node])
        case choice([Node])
        /// At least `low` times, at most `high` (nil: without limit).
        case repetition(Node, low: Int, high: Int?)
    }

    public let text: String
    public let root: Node

    public struct Failure: Error, Sendable {
        public var message: LocalizedText
        public var hint: LocalizedText?
        /// Of the code point that cannot be read.
        public var offset = 0
    }

    public init(_ text: String) throws(Failure) {
        var reader = PatternReader(Array(text.unicodeScalars))
        self.text = text
        root = try reader.whole()
        guard Pattern.size(root) <= Pattern.maximumSize else {
            throw Failure(
                message: LocalizedText(en: "the pattern is too large", zh: "模式过大"),
                hint: LocalizedText(en: "use fewer or smaller repetitions", zh: "请减少重复次数"))
        }
    }

    /// Character positions after repetitions are written out.
    private static let maximumSize = 20_000

    private static func size(_ node: Node) -> Int {
        switch node {
        case .empty: 0
        case .oneOf: 1
        case .sequence(let parts), .choice(let parts):
            parts.reduce(0) { min(maximumSize + 1, $0 + size($1)) }
        case .repetition(let inner, let low, let high):
            min(maximumSize + 1, size(inner) * max(1, high ?? low + 1))
        }
    }
}

private struct PatternReader {
    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var depth = 0

    init(_ scalars: [Unicode.Scalar]) { self.scalars = scalars }

    private var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    mutating func whole() throws(Pattern.Failure) -> Pattern.Node {
        if scalars.isEmpty { return .empty }
        let node = try choice()
        if index < scalars.count { throw failure("an unmatched ')'", "多余的 ')'") }
        return node
    }

    /// - Parameter place: where it is, if not at the character at hand.
    private func failure(
        _ en: String, _ zh: String, at place: Int? = nil, hint: LocalizedText? = nil
    ) -> Pattern.Failure {
        let place = place ?? index
        return Pattern.Failure(
            message: LocalizedText(
                en: "the pattern has \(en) at character \(place + 1)", zh: "模式第 \(place + 1) 个字符处有\(zh)"), hint: hint,
            offset: place)
    }

    private mutating func choice() throws(Pattern.Failure) -> Pattern.Node {
        var parts = [try sequence()]
        while peek == "|" {
            index += 1
            parts.append(try sequence())
        }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    private mutating func sequence() throws(Pattern.Failure) -> Pattern.Node {
        var parts: [Pattern.Node] = []
        while let scalar = peek, scalar != "|", scalar != ")" { parts.append(try repeated()) }
        guard !parts.isEmpty else {
            throw failure(
                "an empty alternative", "空的分支",
                hint: LocalizedText(en: "use ? for what may be absent", zh: "可有可无的部分用 ?"))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func repeated() throws(Pattern.Failure) -> Pattern.Node {
        let atom = try atom()
        guard let scalar = peek else { return atom }
        let bounds: (Int, Int?)
        switch scalar {
        case "?": bounds = (0, 1)
        case "*": bounds = (0, nil)
        case "+": bounds = (1, nil)
        case "{":
            index += 1
            bounds = try braces()
        default: return atom
        }
        index += 1
        if let next = peek, "?*+{".unicodeScalars.contains(next) {
            throw failure(
                "a repetition of a repetition", "重复的重复",
                hint: LocalizedText(en: "put a group around the first", zh: "请给前一个加括号"))
        }
        return .repetition(atom, low: bounds.0, high: bounds.1)
    }

    /// Leaves `index` at the closing brace.
    private mutating func braces() throws(Pattern.Failure) -> (Int, Int?) {
        func malformed() -> Pattern.Failure {
            failure(
                "a malformed repetition", "不正确的重复",
                hint: LocalizedText(
                    en: "{m}, {m,} or {m,n}, n at most 255; a brace itself is \\{",
                    zh: "{m}、{m,} 或 {m,n}，n 不超过 255；花括号本身写作 \\{"))
        }
        guard let low = number() else { throw malformed() }
        var high: Int? = low
        if peek == "," {
            index += 1
            high = number()
        }
        guard peek == "}", low <= 255, high ?? low <= 255, high ?? low >= low else { throw malformed() }
        return (low, high)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = peek, scalar.value >= 48, scalar.value <= 57 {
            value = min(9999, (value ?? 0) * 10 + Int(scalar.value - 48))
            index += 1
        }
        return value
    }

    private mutating func atom() throws(Pattern.Failure) -> Pattern.Node {
        guard let scalar = peek else { throw failure("an end too early", "过早的结尾") }
        switch scalar {
        case "(":
            guard depth < 100 else { throw failure("groups nested too deeply", "过深的嵌套") }
            let opening = index
            index += 1
            if peek == "?" {
                throw failure(
                    "a special group", "特殊分组", hint: LocalizedText(en: "groups are plain (…)", zh: "分组只写 (…)"))
            }
            depth += 1
            let inner = try choice()
            depth -= 1
            guard peek == ")" else { throw failure("an unclosed '('", "未闭合的 '('", at: opening) }
            index += 1
            return inner
        case "[":
            index += 1
            return try characterClass()
        case "\\": return .oneOf([try escaped()])
        case ".":
            throw failure(
                "an unescaped '.'", "未转义的 '.'",
                hint: LocalizedText(
                    en: "write \\. for a point, a class such as [^,] for any other", zh: "点写作 \\.，其他字符写字符类，如 [^,]"))
        case "^", "$":
            throw failure(
                "an anchor", "锚点",
                hint: LocalizedText(
                    en: "the whole text is always matched; a plain \(scalar) is \\\(scalar)",
                    zh: "总是整体匹配；\(scalar) 本身写作 \\\(scalar)"))
        case "?", "*", "+", "{", "}", "]":
            throw failure(
                "an unescaped '\(scalar)'", "未转义的 '\(scalar)'",
                hint: LocalizedText(en: "write \\\(scalar)", zh: "写作 \\\(scalar)"))
        default:
            index += 1
            return .oneOf([scalar.value...scalar.value])
        }
    }

    /// `\` before punctuation.
    private mutating func escaped() throws(Pattern.Failure) -> ClosedRange<UInt32> {
        index += 1
        guard let scalar = peek else { throw failure("a lone '\\'", "孤立的 '\\'") }
        let isPunctuation =
            scalar.isASCII && scalar.value > 32 && scalar.value < 127
            && !(scalar.properties.isAlphabetic || (48...57).contains(scalar.value))
        guard isPunctuation else {
            throw failure(
                "'\\\(scalar)'", "'\\\(scalar)'",
                hint: LocalizedText(
                    en: "'\\' stands only before punctuation; digits are [0-9]", zh: "'\\' 只能用在标点前；数字写作 [0-9]"))
        }
        index += 1
        return scalar.value...scalar.value
    }

    private mutating func characterClass() throws(Pattern.Failure) -> Pattern.Node {
        let opening = index - 1
        var isNegated = false
        if peek == "^" {
            isNegated = true
            index += 1
        }
        var ranges: [ClosedRange<UInt32>] = []
        while let scalar = peek, scalar != "]" {
            let low = try classCharacter(scalar, isFirst: ranges.isEmpty)
            if peek == "-", index + 1 < scalars.count, scalars[index + 1] != "]" {
                index += 1
                guard let next = peek else { break }
                let high = try classCharacter(next, isFirst: false)
                guard low.lowerBound <= high.lowerBound else { throw failure("a range that runs backwards", "倒写的范围") }
                ranges.append(low.lowerBound...high.lowerBound)
            } else {
                ranges.append(low)
            }
        }
        guard peek == "]" else { throw failure("an unclosed '['", "未闭合的 '['", at: opening) }
        guard !ranges.isEmpty else { throw failure("an empty class", "空的字符类") }
        index += 1
        let merged = PatternReader.merged(ranges)
        return .oneOf(isNegated ? PatternReader.complement(merged) : PatternReader.withoutSurrogates(merged))
    }

    private mutating func classCharacter(
        _ scalar: Unicode.Scalar, isFirst: Bool
    ) throws(Pattern.Failure) -> ClosedRange<UInt32> {
        if scalar == "\\" { return try escaped() }
        // '[' and '^' inside a class mean different things to different engines, '-' only at its ends means itself.
        let isLast = index + 1 < scalars.count && scalars[index + 1] == "]"
        if scalar == "[" || scalar == "^" || (scalar == "-" && !isFirst && !isLast) || scalar == "&" || scalar == "~" {
            throw failure(
                "an unescaped '\(scalar)' in a class", "字符类中未转义的 '\(scalar)'",
                hint: LocalizedText(en: "write \\\(scalar)", zh: "写作 \\\(scalar)"))
        }
        index += 1
        return scalar.value...scalar.value
    }

    private static func merged(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var result: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = result.last, range.lowerBound <= last.upperBound &+ 1 {
                result[result.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                result.append(range)
            }
        }
        return result
    }

    private static func complement(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= 0x10FFFF { result.append(next...0x10FFFF) }
        return withoutSurrogates(result)
    }

    private static func withoutSurrogates(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        ranges.flatMap { range -> [ClosedRange<UInt32>] in
            var parts: [ClosedRange<UInt32>] = []
            if range.lowerBound < 0xD800 { parts.append(range.lowerBound...min(range.upperBound, 0xD7FF)) }
            if range.upperBound > 0xDFFF { parts.append(max(range.lowerBound, 0xE000)...range.upperBound) }
            return parts
        }
    }
}
