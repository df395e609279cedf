/// Whether one pattern is narrower than another, decided on their trees by derivatives: what remains of a pattern when a
/// character has been read (Antimirov, "Partial derivatives of regular expressions", 1996).
extension Pattern {
    /// Whether every text that matches this pattern matches the other too. False also where deciding it would take long.
    public func implies(_ other: Pattern) -> Bool {
        let marks = Set(Pattern.boundaries(root) + Pattern.boundaries(other.root)).sorted()
        var seen: Set<Pair> = []
        var open = [Pair(narrow: [root], wide: [other.root])]
        while let pair = open.popLast() {
            guard seen.insert(pair).inserted else { continue }
            if seen.count > Pattern.patience { return false }
            if pair.narrow.contains(where: Pattern.isNullable), !pair.wide.contains(where: Pattern.isNullable) {
                return false
            }
            // Between two boundaries all characters mean the same to both.
            for mark in marks {
                let narrow = Set(pair.narrow.flatMap { Pattern.rest(of: $0, after: mark) })
                guard !narrow.isEmpty else { continue }
                open.append(Pair(narrow: narrow, wide: Set(pair.wide.flatMap { Pattern.rest(of: $0, after: mark) })))
            }
        }
        return true
    }

    private struct Pair: Hashable {
        var narrow: Set<Node>
        var wide: Set<Node>
    }

    private static let patience = 2_000

    /// The first characters of the stretches that the classes of a pattern cut all characters into.
    private static func boundaries(_ node: Node) -> [UInt32] {
        switch node {
        case .empty: []
        case .oneOf(let ranges): ranges.flatMap { [$0.lowerBound, $0.upperBound + 1] }
        case .sequence(let parts), .choice(let parts): parts.flatMap(boundaries)
        case .repetition(let inner, _, _): boundaries(inner)
        }
    }

    /// Whether the empty text matches.
    private static func isNullable(_ node: Node) -> Bool {
        switch node {
        case .empty: true
        case .oneOf: false
        case .sequence(let parts): parts.allSatisfy(isNullable)
        case .choice(let parts): parts.contains(where: isNullable)
        case .repetition(let inner, let low, _): low == 0 || isNullable(inner)
        }
    }

    /// What can follow once a character has been read.
    private static func rest(of node: Node, after character: UInt32) -> [Node] {
        switch node {
        case .empty: return []
        case .oneOf(let ranges): return ranges.contains { $0.contains(character) } ? [.empty] : []
        case .choice(let parts): return parts.flatMap { rest(of: $0, after: character) }
        case .sequence(let parts):
            var result: [Node] = []
            for (index, part) in parts.enumerated() {
                let tail = Array(parts[(index + 1)...])
                result += rest(of: part, after: character).map { chain($0, tail) }
                if !isNullable(part) { break }
            }
            return result
        case .repetition(let inner, let low, let high):
            if high == 0 { return [] }
            let again = Node.repetition(inner, low: max(0, low - 1), high: high.map { $0 - 1 })
            return rest(of: inner, after: character).map { chain($0, [again]) }
        }
    }

    private static func chain(_ first: Node, _ others: [Node]) -> Node {
        var parts: [Node] = []
        for part in [first] + others {
            switch part {
            case .empty: break
            case .repetition(_, _, high: 0): break
            case .sequence(let inner): parts += inner
            default: parts.append(part)
            }
        }
        return parts.isEmpty ? .empty : parts.count == 1 ? parts[0] : .sequence(parts)
    }
}
