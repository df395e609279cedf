/// The portable subset of regular expressions (rule-language.md §5), matched in full by following every way at once:
/// a pattern maps the places where it may begin to the places where it may end.
public indirect enum PatternTree: Sendable {
    case nothing
    case character(isNegated: Bool, ranges: [ClosedRange<UInt32>])
    case sequence([PatternTree])
    case choice([PatternTree])
    case repetition(PatternTree, low: Int, high: Int?)

    /// Nil when the text is no pattern.
    public init?(_ text: String) {
        var reader = PatternTreeReader(scalars: Array(text.unicodeScalars))
        guard let tree = reader.choice(), reader.rest.isEmpty else { return nil }
        self = tree
    }

    public func matches(_ text: [Unicode.Scalar]) -> Bool { ends(from: [0], text).contains(text.count) }

    private func ends(from starts: Set<Int>, _ text: [Unicode.Scalar]) -> Set<Int> {
        switch self {
        case .nothing: return starts
        case .character(let isNegated, let ranges):
            return Set(
                starts.compactMap { start in
                    guard start < text.count else { return nil }
                    return ranges.contains { $0.contains(text[start].value) } != isNegated ? start + 1 : nil
                })
        case .sequence(let parts): return parts.reduce(starts) { $1.ends(from: $0, text) }
        case .choice(let parts): return Set(parts.flatMap { $0.ends(from: starts, text) })
        case .repetition(let part, let low, let high):
            var current = starts
            for _ in 0..<low { current = part.ends(from: current, text) }
            var all = current
            var more = 0
            while high.map({ low + more < $0 }) ?? true {
                current = part.ends(from: current, text)
                // Without a new place, more rounds bring none.
                if current.isSubset(of: all) { break }
                all.formUnion(current)
                more += 1
            }
            return all
        }
    }
}

private struct PatternTreeReader {
    let scalars: [Unicode.Scalar]
    var index = 0

    var rest: ArraySlice<Unicode.Scalar> { scalars[index...] }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        index += 1
        return true
    }

    mutating func choice() -> PatternTree? {
        var parts: [PatternTree] = []
        repeat {
            var items: [PatternTree] = []
            while let next = rest.first, next != "|", next != ")" {
                guard let item = repeated() else { return nil }
                items.append(item)
            }
            parts.append(items.isEmpty ? .nothing : .sequence(items))
        } while take("|")
        return .choice(parts)
    }

    mutating func repeated() -> PatternTree? {
        guard let atom = atom() else { return nil }
        if take("?") { return .repetition(atom, low: 0, high: 1) }
        if take("*") { return .repetition(atom, low: 0, high: nil) }
        if take("+") { return .repetition(atom, low: 1, high: nil) }
        guard take("{") else { return atom }
        guard let low = number() else { return nil }
        if take("}") { return .repetition(atom, low: low, high: low) }
        guard take(",") else { return nil }
        if take("}") { return .repetition(atom, low: low, high: nil) }
        guard let high = number(), take("}") else { return nil }
        return .repetition(atom, low: low, high: high)
    }

    mutating func number() -> Int? {
        let digits = rest.prefix(while: isDigit)
        index += digits.count
        return BigInteger(digits)?.int
    }

    mutating func atom() -> PatternTree? {
        if take("(") {
            guard let inner = choice(), take(")") else { return nil }
            return inner
        }
        if take("[") {
            let isNegated = take("^")
            var ranges: [ClosedRange<UInt32>] = []
            while let low = rest.first, low != "]" {
                guard let first = literal() else { return nil }
                if rest.first == "-", rest.dropFirst().first != "]" {
                    index += 1
                    guard let last = literal(), first <= last else { return nil }
                    ranges.append(first...last)
                } else {
                    ranges.append(first...first)
                }
            }
            guard take("]"), !ranges.isEmpty else { return nil }
            return .character(isNegated: isNegated, ranges: ranges)
        }
        return literal().map { .character(isNegated: false, ranges: [$0...$0]) }
    }

    mutating func literal() -> UInt32? {
        _ = take("\\")
        guard let scalar = rest.first else { return nil }
        index += 1
        return scalar.value
    }
}
