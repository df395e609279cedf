import RuleLanguage

/// A pattern as a deterministic automaton over UTF-8 bytes; the whole text must match.
///
/// States are made when they are first reached and kept, at most `maximumStates` of them: beyond that the cache is
/// emptied and begun again, so that no pattern can exhaust memory and every text costs time linear in its length.
struct Automaton: Sendable {
    /// One step of the non-deterministic automaton.
    private enum Edge: Sendable {
        case bytes(UInt8, UInt8, next: Int)
        case split([Int])
        case accept
    }

    private var edges: [Edge] = []
    private var start = 0
    /// States of the deterministic automaton: the byte edges that are open in each, and whether it accepts.
    private var members: [[Int32]] = []
    private var accepts: [Bool] = []
    /// 256 targets per state; −1 not made yet, −2 dead.
    private var targets: [Int32] = []
    private var known: [[Int32]: Int32] = [:]
    private static let maximumStates = 2_000

    init(_ pattern: Pattern) {
        edges = [.accept]
        start = build(pattern.root, next: 0)
        reset()
    }

    private mutating func add(_ edge: Edge) -> Int {
        edges.append(edge)
        return edges.count - 1
    }

    /// The entry of a part that goes on at `next`; built from the end, so that every target exists.
    private mutating func build(_ node: Pattern.Node, next: Int) -> Int {
        switch node {
        case .empty: return next
        case .oneOf(let ranges):
            var entries: [Int] = []
            for range in ranges {
                for sequence in UTF8Ranges.sequences(range) {
                    var target = next
                    for byteRange in sequence.reversed() {
                        target = add(.bytes(byteRange.lowerBound, byteRange.upperBound, next: target))
                    }
                    entries.append(target)
                }
            }
            return entries.count == 1 ? entries[0] : add(.split(entries))
        case .sequence(let parts):
            return parts.reversed().reduce(next) { build($1, next: $0) }
        case .choice(let parts):
            return add(.split(parts.map { build($0, next: next) }))
        case .repetition(let inner, let low, let high):
            var target = next
            if let high {
                for _ in low..<max(low, high) { target = add(.split([build(inner, next: target), next])) }
            } else {
                let loop = add(.split([]))
                let body = build(inner, next: loop)
                edges[loop] = .split([body, next])
                target = loop
            }
            for _ in 0..<low { target = build(inner, next: target) }
            return target
        }
    }

    private mutating func reset() {
        members = []
        accepts = []
        targets = []
        known = [:]
        _ = state(of: [start])
    }

    private mutating func state(of entries: [Int]) -> Int32 {
        var seen = Set<Int>()
        var stack = entries
        var open: [Int32] = []
        var isAccepting = false
        while let index = stack.popLast() {
            guard seen.insert(index).inserted else { continue }
            switch edges[index] {
            case .bytes: open.append(Int32(index))
            case .split(let parts): stack.append(contentsOf: parts)
            case .accept: isAccepting = true
            }
        }
        open.sort()
        if isAccepting { open.append(-1) }
        if open.isEmpty { return -2 }
        if let state = known[open] { return state }
        let state = Int32(members.count)
        known[open] = state
        members.append(open)
        accepts.append(isAccepting)
        targets.append(contentsOf: repeatElement(-1, count: 256))
        return state
    }

    private mutating func advance(_ state: Int32, _ byte: UInt8) -> Int32 {
        var entries: [Int] = []
        for index in members[Int(state)] where index >= 0 {
            if case .bytes(let low, let high, let next) = edges[Int(index)], byte >= low, byte <= high {
                entries.append(next)
            }
        }
        let target = self.state(of: entries)
        targets[Int(state) << 8 | Int(byte)] = target
        return target
    }

    /// Whether the whole text matches.
    mutating func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        if members.count > Automaton.maximumStates { reset() }
        // A class without characters leaves nothing to begin with.
        if members.isEmpty { return false }
        var state: Int32 = 0
        for byte in text {
            var target = targets[Int(state) << 8 | Int(byte)]
            if target == -1 { target = advance(state, byte) }
            if target == -2 { return false }
            state = target
        }
        return accepts[Int(state)]
    }
}

/// Code-point ranges as sequences of byte ranges of UTF-8.
enum UTF8Ranges {
    static func sequences(_ range: ClosedRange<UInt32>) -> [[ClosedRange<UInt8>]] {
        var result: [[ClosedRange<UInt8>]] = []
        let limits: [UInt32] = [0x7F, 0x7FF, 0xFFFF, 0x10FFFF]
        var low = range.lowerBound
        for limit in limits where low <= range.upperBound && low <= limit {
            split(low, min(range.upperBound, limit), &result)
            low = limit + 1
        }
        return result
    }

    /// Both ends have the same number of bytes; cut until every byte position is a full range below the first.
    private static func split(_ low: UInt32, _ high: UInt32, _ result: inout [[ClosedRange<UInt8>]]) {
        let (first, last) = (encoded(low), encoded(high))
        for position in stride(from: 1, to: first.count, by: 1) {
            let bits = UInt32(6 * (first.count - position))
            let mask = (UInt32(1) << bits) - 1
            if low & ~mask != high & ~mask {
                if low & mask != 0 {
                    split(low, low | mask, &result)
                    split((low | mask) + 1, high, &result)
                    return
                }
                if high & mask != mask {
                    split(low, (high & ~mask) - 1, &result)
                    split(high & ~mask, high, &result)
                    return
                }
            }
        }
        result.append(zip(first, last).map { $0...$1 })
    }

    private static func encoded(_ value: UInt32) -> [UInt8] {
        Unicode.Scalar(value).map { Array(String($0).utf8) } ?? []
    }
}
