/// Memory for the values of one block: handed out in one piece after another, given back all at once by `reset`.
///
/// A block needs some hundred vectors; asking the allocator for each would cost more than computing most of them. An
/// arena belongs to one thread. What it hands out holds garbage, is aligned to 64 bytes, and has `slack` readable bytes
/// behind it, so that kernels may load whole words at the end of a text.
final class Arena {
    private var pieces: [UnsafeMutableRawBufferPointer] = []
    private var piece = 0
    private var used = 0
    private static let pieceSize = 1 << 20
    static let slack = 64

    deinit {
        for piece in pieces { piece.deallocate() }
    }

    /// Everything handed out so far may be overwritten from now on.
    func reset() {
        piece = 0
        used = 0
    }

    func raw(_ size: Int) -> UnsafeMutableRawPointer {
        let need = (size + Arena.slack + 63) & ~63
        while piece < pieces.count {
            if used + need <= pieces[piece].count, let base = pieces[piece].baseAddress {
                defer { used += need }
                return base + used
            }
            piece += 1
            used = 0
        }
        let made = UnsafeMutableRawBufferPointer.allocate(byteCount: max(need, Arena.pieceSize), alignment: 64)
        pieces.append(made)
        used = need
        // Sound because an allocation of more than no bytes has an address.
        return made.baseAddress.unsafelyUnwrapped
    }

    /// Values of a trivial type.
    func make<T>(_ type: T.Type, _ count: Int) -> UnsafeMutablePointer<T> {
        raw(max(1, count) * MemoryLayout<T>.stride).bindMemory(to: type, capacity: max(1, count))
    }

    /// Packed bits, one per row; not cleared.
    func bits(_ count: Int) -> UnsafeMutablePointer<UInt64> { make(UInt64.self, Bits.words(count)) }

    func bits(_ count: Int, all bit: Bool) -> UnsafeMutablePointer<UInt64> {
        let bits = bits(count)
        bits.update(repeating: bit ? .max : 0, count: Bits.words(count))
        return bits
    }
}

/// Packed bits, one per row. Those beyond the last row are unspecified: who counts them masks them.
typealias BitWords = UnsafeMutablePointer<UInt64>

enum Bits {
    @inline(__always) static func words(_ count: Int) -> Int { max(1, (count + 63) >> 6) }

    /// Bits made by a test per row.
    @inline(__always)
    static func make(_ count: Int, _ arena: Arena, _ test: (Int) -> Bool) -> BitWords {
        let bits = arena.bits(count)
        var first = 0
        var index = 0
        while first < count {
            var word: UInt64 = 0
            let end = min(64, count - first)
            for bit in 0..<end { word |= (test(first + bit) ? 1 : 0) << UInt64(bit) }
            bits[index] = word
            index += 1
            first += 64
        }
        if count == 0 { bits[0] = 0 }
        return bits
    }

    /// One in the last word for each row that there is.
    @inline(__always) static func tail(_ count: Int) -> UInt64 { count & 63 == 0 ? .max : 1 << UInt64(count & 63) - 1 }

    static func complement(_ bits: BitWords, _ count: Int) {
        for index in 0..<words(count) { bits[index] = ~bits[index] }
    }

    @inline(__always) static func test(_ bits: BitWords, _ row: Int) -> Bool {
        bits[row >> 6] >> UInt64(row & 63) & 1 != 0
    }

    @inline(__always) static func set(_ bits: BitWords, _ row: Int) { bits[row >> 6] |= 1 << UInt64(row & 63) }
    @inline(__always) static func clear(_ bits: BitWords, _ row: Int) { bits[row >> 6] &= ~(1 << UInt64(row & 63)) }

    static func population(_ bits: BitWords, _ count: Int) -> Int {
        guard count > 0 else { return 0 }
        let last = words(count) - 1
        var sum = 0
        for index in 0..<last { sum += bits[index].nonzeroBitCount }
        return sum + (bits[last] & tail(count)).nonzeroBitCount
    }

    static func isAnySet(_ bits: BitWords, _ count: Int) -> Bool {
        guard count > 0 else { return false }
        let last = words(count) - 1
        for index in 0..<last where bits[index] != 0 { return true }
        return bits[last] & tail(count) != 0
    }

    /// The rows of the ones, ascending.
    @inline(__always)
    static func forEachOne(_ bits: BitWords, _ count: Int, _ body: (Int) throws -> Void) rethrows {
        for index in 0..<words(count) where count > 0 {
            var rest = bits[index]
            if index == words(count) - 1 { rest &= tail(count) }
            while rest != 0 {
                try body(index << 6 + rest.trailingZeroBitCount)
                rest &= rest &- 1
            }
        }
    }
}
