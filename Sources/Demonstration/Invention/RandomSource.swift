/// A small reproducible source of numbers (SplitMix64, Steele, Lea and Flood 2014): the same seed gives the same
/// province on every machine and with every version of Swift.
struct RandomSource {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A source of its own for one part of the province, so that parts do not depend on each other.
    init(seed: UInt64, part: Int) {
        var mixer = RandomSource(seed: seed ^ (UInt64(truncatingIfNeeded: part) &+ 1) &* 0xD6E8_FEB8_6659_FD93)
        self.init(seed: mixer.next())
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Evenly from 0 up to, not including, `bound` (which is above 0).
    mutating func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }

    mutating func between(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

    /// True in so many of a hundred cases.
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    /// One of the values; their weights are the chances.
    mutating func weighted<Value>(_ choices: [(Value, Int)]) -> Value {
        var rest = below(choices.reduce(0) { $0 + $1.1 })
        for (value, weight) in choices {
            if rest < weight { return value }
            rest -= weight
        }
        return choices[choices.count - 1].0
    }

    mutating func one<Value>(of values: [Value]) -> Value { values[below(values.count)] }
}
