import RuleLanguage

/// A pattern as a deterministic automaton over UTF-8 bytes; the whole text must match.
///
/// All its states are made at once. A pattern that has very many keeps those that its texts reach instead, at most
/// `maximumStates` of them, beyond which that cache is begun again: no pattern can exhaust memory, and every text costs
/// time linear in its length. Belongs to one thread.
final class Automaton {
    /// One step of the non-deterministic automaton.
    private enum Edge {
        case bytes(UInt8, UInt8, next: Int)
        case split([Int])
        case accept
    }

    private var edges: [Edge] = []
    private var start = 0
    /// Bytes that no edge tells apart are of one class.
    private let classes = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
    private var classCount = 1
    /// States of the deterministic automaton: the byte edges that are open in each, and whether it accepts. State 0 is dead.
    private var members: [[Int32]] = []
    private var accepts: [Bool] = []
    /// The next state × `classCount` for each state and class; `Automaton.unknown` where it was not made yet.
    private var targets: [UInt32] = []
    private var known: [[Int32]: UInt32] = [:]
    private var isComplete = false
    private static let maximumStates = 2_000
    private static let unknown = UInt32.max

    init(_ pattern: Pattern) {
        edges = [.accept]
        start = build(pattern.root, next: 0)
        findClasses()
        reset()
        complete()
    }

    deinit { classes.deallocate() }

    private func add(_ edge: Edge) -> Int {
        edges.append(edge)
        return edges.count - 1
    }

    /// The entry of a part that goes on at `next`; built from the end, so that every target exists.
    private func build(_ node: Pattern.Node, next: Int) -> Int {
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

    private func findClasses() {
        var begins = [Bool](repeating: false, count: 257)
        for case .bytes(let low, let high, _) in edges {
            begins[Int(low)] = true
            begins[Int(high) + 1] = true
        }
        var number: UInt8 = 0
        for byte in 0..<256 {
            if byte > 0, begins[byte] { number += 1 }
            classes[byte] = number
        }
        classCount = Int(number) + 1
    }

    private func reset() {
        members = []
        accepts = []
        targets = []
        known = [:]
        _ = add(state: [], accepts: false)
        for place in targets.indices { targets[place] = 0 }
        _ = state(of: [start])
    }

    /// Makes every state that can be reached, unless they are very many.
    private func complete() {
        var state = 1
        while state < members.count {
            for byte in 0..<256 where byte == 0 || classes[byte] != classes[byte - 1] {
                _ = advance(state, UInt8(byte))
            }
            if members.count > Automaton.maximumStates { return }
            state += 1
        }
        isComplete = true
    }

    private func add(state open: [Int32], accepts isAccepting: Bool) -> UInt32 {
        let number = UInt32(members.count * classCount)
        members.append(open)
        accepts.append(isAccepting)
        for _ in 0..<classCount { targets.append(Automaton.unknown) }
        return number
    }

    private func state(of entries: [Int]) -> UInt32 {
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
        if open.isEmpty { return 0 }
        if let state = known[open] { return state }
        let state = add(state: open, accepts: isAccepting)
        known[open] = state
        return state
    }

    private func advance(_ state: Int, _ byte: UInt8) -> UInt32 {
        var entries: [Int] = []
        for index in members[state] where index >= 0 {
            if case .bytes(let low, let high, let next) = edges[Int(index)], byte >= low, byte <= high {
                entries.append(next)
            }
        }
        let target = self.state(of: entries)
        targets[state * classCount + Int(classes[Int(byte)])] = target
        return target
    }

    /// Which of the texts match in full; NULLs are not looked at.
    func matches(_ operand: Vector, _ arena: Arena) -> Vector {
        guard case .text(let spans) = operand.storage else { return operand }
        let bits = arena.bits(operand.count, all: false)
        if isComplete {
            match(spans, operand.valid, operand.count, bits)
        } else {
            for row in 0..<operand.count where operand.isValid(row) && matches(spans[row]) { Bits.set(bits, row) }
        }
        return Vector(.bits(bits), valid: operand.valid, errors: operand.errors, count: operand.count)
    }

    /// Four texts at a time: each step of one waits for the one before it, the four do not wait for each other.
    private func match(_ spans: UnsafeMutablePointer<TextSpan>, _ valid: BitWords, _ count: Int, _ bits: BitWords) {
        let classes = UnsafePointer(classes)
        let width = classCount
        let first: UInt32 = members.count > 1 ? UInt32(width) : 0
        targets.withUnsafeBufferPointer { table in
            accepts.withUnsafeBufferPointer { accepts in
                @inline(__always) func step(_ state: inout UInt32, _ byte: UInt8) {
                    state = table[Int(state) + Int(classes[Int(byte)])]
                }
                @inline(__always) func finish(_ state: UInt32, _ span: TextSpan, _ from: Int, _ row: Int) {
                    var state = state
                    var index = from
                    while index < span.count, state != 0 {
                        step(&state, span.start[index])
                        index += 1
                    }
                    if accepts[Int(state) / width] { Bits.set(bits, row) }
                }
                var row = 0
                while row + 4 <= count {
                    defer { row += 4 }
                    let set = valid[row >> 6] >> UInt64(row & 63) & 15
                    if set == 0 { continue }
                    let (a, b, c, d) = (spans[row], spans[row + 1], spans[row + 2], spans[row + 3])
                    var (p, q, r, s) = (first, first, first, first)
                    let shared = min(min(a.count, b.count), min(c.count, d.count))
                    var index = 0
                    while index < shared, p | q | r | s != 0 {
                        step(&p, a.start[index])
                        step(&q, b.start[index])
                        step(&r, c.start[index])
                        step(&s, d.start[index])
                        index += 1
                    }
                    if set & 1 != 0 { finish(p, a, index, row) }
                    if set & 2 != 0 { finish(q, b, index, row + 1) }
                    if set & 4 != 0 { finish(r, c, index, row + 2) }
                    if set & 8 != 0 { finish(s, d, index, row + 3) }
                }
                while row < count {
                    if Bits.test(valid, row) { finish(first, spans[row], 0, row) }
                    row += 1
                }
            }
        }
    }

    private func matches(_ text: TextSpan) -> Bool {
        if members.count > Automaton.maximumStates { reset() }
        // A class without characters leaves nothing to begin with.
        if members.count < 2 { return false }
        var state = UInt32(classCount)
        for byte in text.bytes {
            var target = targets[Int(state) + Int(classes[Int(byte)])]
            if target == Automaton.unknown { target = advance(Int(state) / classCount, byte) }
            if target == 0 { return false }
            state = target
        }
        return accepts[Int(state) / classCount]
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
