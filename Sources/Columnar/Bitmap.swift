/// A packed row of bits, one per row of a block.
public struct Bitmap: Sendable, Hashable {
    /// Bits beyond `count` in the last word are always zero.
    public var words: [UInt64]
    public private(set) var count: Int

    public init(repeating bit: Bool = false, count: Int) {
        self.count = count
        words = [UInt64](repeating: bit ? .max : 0, count: (count + 63) >> 6)
        clearTail()
    }

    public init(words: [UInt64], count: Int) {
        precondition(words.count == (count + 63) >> 6)
        self.words = words
        self.count = count
        clearTail()
    }

    @inlinable public subscript(_ index: Int) -> Bool {
        get { words[index >> 6] >> UInt64(index & 63) & 1 != 0 }
        set {
            if newValue { set(index) } else { clear(index) }
        }
    }

    public mutating func append(_ bit: Bool) {
        if count & 63 == 0 { words.append(0) }
        if bit { words[count >> 6] |= 1 << UInt64(count & 63) }
        count += 1
    }

    public mutating func removeAll(keepingCapacity keep: Bool = false) {
        words.removeAll(keepingCapacity: keep)
        count = 0
    }

    @usableFromInline mutating func set(_ index: Int) { words[index >> 6] |= 1 << UInt64(index & 63) }
    @usableFromInline mutating func clear(_ index: Int) { words[index >> 6] &= ~(1 << UInt64(index & 63)) }

    /// The number of ones.
    public var population: Int {
        var sum = 0
        for word in words { sum += word.nonzeroBitCount }
        return sum
    }

    public var isAllZero: Bool {
        for word in words where word != 0 { return false }
        return true
    }

    public mutating func formIntersection(_ other: Bitmap) {
        for index in words.indices { words[index] &= other.words[index] }
    }

    public mutating func formUnion(_ other: Bitmap) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    public mutating func subtract(_ other: Bitmap) {
        for index in words.indices { words[index] &= ~other.words[index] }
    }

    public mutating func invert() {
        for index in words.indices { words[index] = ~words[index] }
        clearTail()
    }

    /// Calls `body` with the index of every one, ascending.
    @inlinable public func forEachOne(_ body: (Int) throws -> Void) rethrows {
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                try body(index << 6 + rest.trailingZeroBitCount)
                rest &= rest &- 1
            }
        }
    }

    private mutating func clearTail() {
        if count & 63 != 0, let last = words.indices.last { words[last] &= (1 << UInt64(count & 63)) - 1 }
    }
}
