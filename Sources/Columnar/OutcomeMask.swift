/// The four outcomes of a predicate: 真, 假, 未定 (a NULL leaves it open), 错误 (a cell did not parse as its type).
public enum Outcome: UInt8, Sendable, Hashable, CaseIterable {
    case undecided = 0
    case isTrue = 1
    case isFalse = 2
    case error = 3
}

/// One outcome per row, packed in two bitmaps: true is (1, 0), false (0, 1), undecided (0, 0), error (1, 1).
///
/// The four-valued connectives are word-wise; `Outcome.and` and its like are their truth tables.
public struct OutcomeMask: Sendable, Hashable {
    /// One for true and for error.
    public var truths: [UInt64]
    /// One for false and for error. Bits beyond `count` are zero in both.
    public var falses: [UInt64]
    public let count: Int

    public init(repeating outcome: Outcome = .undecided, count: Int) {
        self.count = count
        truths = Bitmap(repeating: outcome.rawValue & 1 != 0, count: count).words
        falses = Bitmap(repeating: outcome.rawValue & 2 != 0, count: count).words
    }

    /// Word arrays whose tails beyond `count` are zero.
    @inlinable public init(truths: [UInt64], falses: [UInt64], count: Int) {
        precondition(truths.count == (count + 63) >> 6 && falses.count == truths.count)
        self.truths = truths
        self.falses = falses
        self.count = count
    }

    @inlinable public subscript(_ row: Int) -> Outcome {
        get {
            let bit = UInt64(row & 63)
            let code = UInt8(truncatingIfNeeded: truths[row >> 6] >> bit & 1 | (falses[row >> 6] >> bit & 1) << 1)
            return Outcome(rawValue: code) ?? .undecided
        }
        set {
            let bit: UInt64 = 1 << UInt64(row & 63)
            let word = row >> 6
            if newValue.rawValue & 1 != 0 { truths[word] |= bit } else { truths[word] &= ~bit }
            if newValue.rawValue & 2 != 0 { falses[word] |= bit } else { falses[word] &= ~bit }
        }
    }

    public var trueRows: Bitmap { bitmap { $0 & ~$1 } }
    public var falseRows: Bitmap { bitmap { ~$0 & $1 } }
    public var errorRows: Bitmap { bitmap { $0 & $1 } }
    public var undecidedRows: Bitmap { bitmap { ~($0 | $1) } }

    private func bitmap(_ select: (UInt64, UInt64) -> UInt64) -> Bitmap {
        var words = truths
        for index in words.indices { words[index] = select(truths[index], falses[index]) }
        return Bitmap(words: words, count: count)
    }

    public struct Tally: Sendable, Hashable {
        public var isTrue = 0
        public var isFalse = 0
        public var undecided = 0
        public var error = 0

        public init() {}
    }

    public func tally() -> Tally {
        var tally = Tally()
        for index in truths.indices {
            let (t, f) = (truths[index], falses[index])
            tally.isTrue += (t & ~f).nonzeroBitCount
            tally.isFalse += (f & ~t).nonzeroBitCount
            tally.error += (t & f).nonzeroBitCount
        }
        tally.undecided = count - tally.isTrue - tally.isFalse - tally.error
        return tally
    }

    /// `and`: the first of false, error, undecided, true that occurs.
    public mutating func formAnd(_ other: OutcomeMask) {
        for index in truths.indices {
            let (t, f, u, g) = (truths[index], falses[index], other.truths[index], other.falses[index])
            let isFalse = (f & ~t) | (g & ~u)
            let isError = ((t & f) | (u & g)) & ~isFalse
            let isTrue = t & ~f & u & ~g
            truths[index] = isTrue | isError
            falses[index] = isFalse | isError
        }
    }

    /// `or`: the first of true, error, undecided, false that occurs.
    public mutating func formOr(_ other: OutcomeMask) {
        for index in truths.indices {
            let (t, f, u, g) = (truths[index], falses[index], other.truths[index], other.falses[index])
            let isTrue = (t & ~f) | (u & ~g)
            let isError = ((t & f) | (u & g)) & ~isTrue
            let isFalse = f & ~t & g & ~u
            truths[index] = isTrue | isError
            falses[index] = isFalse | isError
        }
    }

    /// `not`: true and false change places.
    public mutating func formNot() { swap(&truths, &falses) }
}
