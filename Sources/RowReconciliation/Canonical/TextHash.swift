/// PostgreSQL's `hashtextextended`: 64 bits of some bytes and a seed (Bob Jenkins, "lookup3"), so that rows are hashed
/// alike inside a server and here.
///
/// It finds differences that nobody made on purpose; it is no defence against somebody who makes two texts collide.
enum TextHash {
    static func hash(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
        var state = State(count: bytes.count, seed: seed)
        var rest = bytes.count
        let raw = UnsafeRawBufferPointer(bytes)
        var offset = 0
        while rest >= 12 {
            state.a &+= UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            state.b &+= UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
            state.c &+= UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self))
            state.mix()
            offset += 12
            rest -= 12
        }
        for index in 0..<rest {
            let byte = UInt32(bytes[offset + index])
            switch index {
            case 0..<4: state.a &+= byte << UInt32(8 * index)
            case 4..<8: state.b &+= byte << UInt32(8 * (index - 4))
            // The lowest byte of c holds the length.
            default: state.c &+= byte << UInt32(8 * (index - 7))
            }
        }
        return state.finish()
    }

    static func hash(_ bytes: [UInt8], seed: UInt64) -> UInt64 {
        bytes.withUnsafeBufferPointer { hash($0, seed: seed) }
    }

    private struct State {
        var a: UInt32
        var b: UInt32
        var c: UInt32

        init(count: Int, seed: UInt64) {
            a = 0x9E37_79B9 &+ UInt32(truncatingIfNeeded: count) &+ 3_923_095
            b = a
            c = a
            guard seed != 0 else { return }
            a &+= UInt32(truncatingIfNeeded: seed >> 32)
            b &+= UInt32(truncatingIfNeeded: seed)
            mix()
        }

        @inline(__always) private func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 {
            word << bits | word >> (32 - bits)
        }

        @inline(__always) mutating func mix() {
            a = (a &- c) ^ rotated(c, 4)
            c = c &+ b
            b = (b &- a) ^ rotated(a, 6)
            a = a &+ c
            c = (c &- b) ^ rotated(b, 8)
            b = b &+ a
            a = (a &- c) ^ rotated(c, 16)
            c = c &+ b
            b = (b &- a) ^ rotated(a, 19)
            a = a &+ c
            c = (c &- b) ^ rotated(b, 4)
            b = b &+ a
        }

        mutating func finish() -> UInt64 {
            c = (c ^ b) &- rotated(b, 14)
            a = (a ^ c) &- rotated(c, 11)
            b = (b ^ a) &- rotated(a, 25)
            c = (c ^ b) &- rotated(b, 16)
            a = (a ^ c) &- rotated(c, 4)
            b = (b ^ a) &- rotated(a, 14)
            c = (c ^ b) &- rotated(b, 24)
            return UInt64(b) << 32 | UInt64(c)
        }
    }
}
