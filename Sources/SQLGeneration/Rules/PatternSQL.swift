import RuleLanguage

/// Our patterns as PostgreSQL's advanced regular expressions, matched in full and by code points.
///
/// They are printed from the tree, not from the text: every character that could mean something else is an escape by its
/// code, `(?:…)` saves the server from keeping track of groups, and `[^…]` takes line ends as any other character.
enum PatternSQL {
    /// - Parameter text: written twice where the length tells a part of the answer.
    static func test(_ text: SQLExpression, _ pattern: String) -> SQLExpression {
        // The type checker has read it before.
        guard let pattern = try? Pattern(pattern) else { return .null(.boolean) }
        guard let counted = Counted(pattern.root) else { return .infix("~", [text, .text(translate(pattern))]) }
        return .and([
            counted.test(.call("length", [text])), .infix("~", [text, .text("^(?:\(write(counted.relaxed)))$")]),
        ])
    }

    static func translate(_ pattern: Pattern) -> String { "^(?:\(write(pattern.root)))$" }

    private static func write(_ node: Pattern.Node) -> String {
        switch node {
        case .empty: return ""
        case .oneOf(let ranges): return characterClass(ranges)
        case .sequence(let parts): return parts.map(atom).joined()
        case .choice(let parts): return parts.map(write).joined(separator: "|")
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
        if case .oneOf = node { return write(node) }
        return "(?:\(write(node)))"
    }

    private static func characterClass(_ all: [ClosedRange<UInt32>]) -> String {
        // No text of the server contains U+0000.
        let ranges = all.filter { $0.upperBound > 0 }
        // Nothing is in it: a character that is not itself.
        if ranges.isEmpty { return "(?:(?!a)a)" }
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

/// A pattern in which one counted repetition of a class is the greater part and all else has a fixed length: the length
/// of the text then counts it.
///
/// The server builds the states of its automaton anew for every text; a count written out costs one for each character,
/// a repetition without limit a few in all.
private struct Counted {
    /// The pattern with the repetition unlimited.
    let relaxed: Pattern.Node
    private let low: Int
    private let high: Int
    /// Below that nothing is gained.
    private static let fewest = 8

    init?(_ root: Pattern.Node) {
        var parts = if case .sequence(let parts) = root { parts } else { [root] }
        var best: (place: Int, inner: Pattern.Node, low: Int, high: Int)?
        for (place, part) in parts.enumerated() {
            guard case .repetition(.oneOf(let ranges), let low, let high?) = part, high >= best?.high ?? Self.fewest
            else { continue }
            best = (place, .oneOf(ranges), low, high)
        }
        guard let best else { return nil }
        parts[best.place] = .repetition(best.inner, low: min(best.low, 1), high: nil)
        var rest = 0
        for (place, part) in parts.enumerated() where place != best.place {
            guard let length = part.fixedLength else { return nil }
            rest += length
        }
        guard rest <= best.high else { return nil }
        relaxed = .sequence(parts)
        low = best.low + rest
        high = best.high + rest
    }

    func test(_ length: SQLExpression) -> SQLExpression {
        low == high
            ? .infix("=", [length, .number("\(low)")]) : .between(length, .number("\(low)"), .number("\(high)"))
    }
}

extension Pattern.Node {
    /// How many characters it matches, if always as many.
    fileprivate var fixedLength: Int? {
        switch self {
        case .empty: return 0
        case .oneOf: return 1
        case .sequence(let parts):
            var sum = 0
            for part in parts {
                guard let length = part.fixedLength else { return nil }
                sum += length
            }
            return sum
        case .choice(let parts):
            let lengths = Set(parts.map(\.fixedLength))
            return lengths.count == 1 ? lengths.first ?? nil : nil
        case .repetition(let inner, let low, let high): return low == high ? inner.fixedLength.map { $0 * low } : nil
        }
    }
}
