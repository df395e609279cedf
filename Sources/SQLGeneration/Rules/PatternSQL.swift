import RuleLanguage

/// Our patterns as PostgreSQL's advanced regular expressions, matched in full and by code points.
///
/// They are printed from the tree, not from the text: every character that could mean something else is an escape by its
/// code, `(?:…)` saves the server from keeping track of groups, and `[^…]` takes line ends as any other character.
enum PatternSQL {
    static func test(_ text: SQLExpression, _ pattern: String) -> SQLExpression {
        // The type checker has read it before.
        guard let pattern = try? Pattern(pattern) else { return .null(.boolean) }
        return .infix("~", [text, .text(translate(pattern))])
    }

    static func translate(_ pattern: Pattern) -> String { "^(?:\(print(pattern.root)))$" }

    private static func print(_ node: Pattern.Node) -> String {
        switch node {
        case .empty: return ""
        case .oneOf(let ranges): return characterClass(ranges)
        case .sequence(let parts): return parts.map(atom).joined()
        case .choice(let parts): return parts.map(print).joined(separator: "|")
        case .repetition(let inner, let low, let high):
            let part = atom(inner)
            switch (low, high) {
            case (0, 1): return part + "?"
            case (0, nil): return part + "*"
            case (1, nil): return part + "+"
            case (let low, nil): return part + "{\(low),}"
            case (let low, let high?): return part + (low == high ? "{\(low)}" : "{\(low),\(high)}")
            }
        }
    }

    /// In a group unless it is one character or, in a sequence, a repeated one.
    private static func atom(_ node: Pattern.Node) -> String {
        if case .oneOf = node { return print(node) }
        return "(?:\(print(node)))"
    }

    private static func characterClass(_ all: [ClosedRange<UInt32>]) -> String {
        // No text of the server contains U+0000.
        let ranges = all.filter { $0.upperBound > 0 }
        // Nothing is in it: a character that is not itself.
        if ranges.isEmpty { return "(?!a)a" }
        if ranges.count == 1, ranges[0].count == 1 { return character(ranges[0].lowerBound) }
        if ranges.last?.upperBound == 0x10FFFF {
            let rest = complement(ranges)
            return rest.isEmpty ? "(?:[^\\u0001]|\\u0001)" : "[^\(list(rest))]"
        }
        return "[\(list(ranges))]"
    }

    private static func list(_ ranges: [ClosedRange<UInt32>]) -> String {
        ranges.map { range in
            let low = character(max(1, range.lowerBound))
            return range.count == 1 ? low : low + "-" + character(range.upperBound)
        }.joined()
    }

    /// What the ranges leave out, surrogates apart, which no text contains.
    private static func complement(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 1
        for range in ranges {
            if range.lowerBound > next {
                let gap = next...range.lowerBound - 1
                if gap != 0xD800...0xDFFF { result.append(gap) }
            }
            next = max(next, range.upperBound + 1)
        }
        return result
    }

    /// A letter or digit as itself, all else by its code.
    private static func character(_ value: UInt32) -> String {
        guard let scalar = Unicode.Scalar(value) else { return "" }
        let isPlain = scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        if isPlain { return String(scalar) }
        let digits = String(value, radix: 16)
        let width = value > 0xFFFF ? 8 : 4
        return (width == 8 ? "\\U" : "\\u") + String(repeating: "0", count: width - digits.utf8.count) + digits
    }
}
