import Columnar
import Glibc
import RuleLanguage

/// How the values of a row are laid down as bytes, to be read again as vectors.
///
/// Two bits of state per value (an `Outcome`: booleans are no more than that), then the values, then the texts.
struct CarriedLayout {
    enum Slot: Hashable {
        case truth, day, word, wide, text

        /// What a step of this type needs; an int column stays a word although its type has 19 digits.
        init(_ type: ExpressionType, isColumn: Bool) {
            switch type {
            case .bool, .null: self = .truth
            case .text: self = .text
            case .date: self = .day
            case .timestamp: self = .word
            case .number(let precision, _): self = precision <= 18 || (isColumn && precision == 19) ? .word : .wide
            }
        }

        fileprivate var size: Int {
            switch self {
            case .truth: 0
            case .day: 4
            case .word: 8
            case .wide: 16
            case .text: 4
            }
        }
    }

    let slots: [Slot]
    /// Where the value of each slot lies; of a text its length, the bytes come after all slots.
    private let offsets: [Int]
    /// Bytes without those of texts.
    let fixedSize: Int
    /// Slots of texts, in their order.
    private let textSlots: [Int]
    private var hasTexts: Bool { !textSlots.isEmpty }

    init(_ slots: [Slot]) {
        self.slots = slots
        var offset = (slots.count * 2 + 7) / 8
        offsets = slots.map { slot in
            defer { offset += slot.size }
            return offset
        }
        fixedSize = offset
        textSlots = slots.indices.filter { slots[$0] == .text }
    }

    /// Bytes of each row's texts, added to `sizes`.
    func addTextSizes(_ vectors: [Vector], to sizes: UnsafeMutablePointer<Int32>, count: Int) {
        for (slot, vector) in zip(slots, vectors) where slot == .text {
            guard case .text(let spans) = vector.storage else { continue }
            for row in 0..<count where vector.isValid(row) {
                sizes[row] += Int32(truncatingIfNeeded: spans[row].count)
            }
        }
    }

    /// Writes the values of rows; a nil place is left out. Places have room for `fixedSize` and the row's texts.
    func write(_ vectors: [Vector], to places: UnsafeMutablePointer<UnsafeMutableRawPointer?>, count: Int) {
        for first in stride(from: 0, to: slots.count, by: 4) {
            writeStates(first, Array(vectors[first..<min(first + 4, slots.count)]), places, count)
        }
        for (index, (slot, vector)) in zip(slots, vectors).enumerated() {
            let offset = offsets[index]
            switch (slot, vector.storage) {
            case (.word, .words(let words)):
                for row in 0..<count { places[row]?.storeBytes(of: words[row], toByteOffset: offset, as: Int64.self) }
            case (.day, .words(let words)):
                for row in 0..<count {
                    places[row]?.storeBytes(
                        of: Int32(truncatingIfNeeded: words[row]), toByteOffset: offset, as: Int32.self)
                }
            case (.wide, .words(let words)):
                for row in 0..<count {
                    places[row]?.storeBytes(of: Int128(words[row]), toByteOffset: offset, as: Int128.self)
                }
            case (.wide, .wide(let words)):
                for row in 0..<count { places[row]?.storeBytes(of: words[row], toByteOffset: offset, as: Int128.self) }
            default: break
            }
        }
        if hasTexts { writeTexts(vectors, places, count) }
    }

    /// The byte with the states of up to four values.
    private func writeStates(
        _ first: Int, _ vectors: [Vector], _ places: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ count: Int
    ) {
        for word in 0..<Bits.words(count) {
            // Of each value the low and the high bit: true is 1, false 2, an error 3; what is no boolean has values only.
            var bits: (SIMD4<UInt64>, SIMD4<UInt64>) = (.zero, .zero)
            for (index, vector) in vectors.enumerated() {
                let (valid, error) = (vector.valid[word], vector.errors?[word] ?? 0)
                var truths = UInt64.max
                if slots[first + index] == .truth, case .bits(let bits) = vector.storage { truths = bits[word] }
                bits.0[index] = valid & truths | error
                bits.1[index] = valid & ~truths | error
            }
            for bit in 0..<max(0, min(64, count - word << 6)) {
                guard let place = places[word << 6 + bit] else { continue }
                let (low, high) = (bits.0 &>> UInt64(bit) & 1, bits.1 &>> UInt64(bit) & 1)
                let states = low | high &<< 1
                let byte = states[0] | states[1] << 2 | states[2] << 4 | states[3] << 6
                place.storeBytes(of: UInt8(truncatingIfNeeded: byte), toByteOffset: first >> 2, as: UInt8.self)
            }
        }
    }

    private func writeTexts(
        _ vectors: [Vector], _ places: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ count: Int
    ) {
        let texts = textSlots.map { slot -> (vector: Vector, spans: UnsafeMutablePointer<TextSpan>?, offset: Int) in
            guard case .text(let spans) = vectors[slot].storage else { return (vectors[slot], nil, offsets[slot]) }
            return (vectors[slot], spans, offsets[slot])
        }
        for row in 0..<count {
            guard let place = places[row] else { continue }
            var end = fixedSize
            for text in texts {
                var length = 0
                if let spans = text.spans, text.vector.isValid(row) {
                    length = spans[row].count
                    memcpy(place + end, spans[row].start, length)
                }
                place.storeBytes(of: UInt32(truncatingIfNeeded: length), toByteOffset: text.offset, as: UInt32.self)
                end += length
            }
        }
    }

    /// Bytes of the record at a place.
    @inline(__always) func size(at place: UnsafeRawPointer) -> Int {
        guard hasTexts else { return fixedSize }
        var size = fixedSize
        for slot in textSlots {
            size += Int(place.loadUnaligned(fromByteOffset: offsets[slot], as: UInt32.self))
        }
        return size
    }

    /// The value of one slot in each of some records; texts are spans of the records themselves.
    func read(_ index: Int, _ places: UnsafeBufferPointer<UnsafeRawPointer>, _ arena: Arena) -> Vector {
        let count = places.count
        let (byte, shift) = (index >> 2, UInt8((index & 3) * 2))
        let offset = offsets[index]
        @inline(__always) func state(_ row: Int) -> UInt8 {
            places[row].load(fromByteOffset: byte, as: UInt8.self) >> shift & 3
        }
        let slot = slots[index]
        let valid = arena.bits(count)
        let truths = arena.bits(count)
        let errorBits = arena.bits(count)
        var anyError: UInt64 = 0
        for word in 0..<Bits.words(count) {
            // One look at each record: its states lie far apart.
            var (low, high): (UInt64, UInt64) = (0, 0)
            for bit in 0..<max(0, min(64, count - (word << 6))) {
                let state = UInt64(state((word << 6) + bit))
                low |= (state & 1) << UInt64(bit)
                high |= (state >> 1) << UInt64(bit)
            }
            valid[word] = low ^ high
            truths[word] = low & ~high
            errorBits[word] = low & high
            anyError |= low & high
        }
        let errors = anyError == 0 ? nil : errorBits
        switch slot {
        case .truth: return Vector(.bits(truths), valid: valid, errors: errors, count: count)
        case .word:
            let words = arena.make(Int64.self, count)
            for row in 0..<count { words[row] = places[row].loadUnaligned(fromByteOffset: offset, as: Int64.self) }
            return Vector(.words(words), valid: valid, errors: errors, count: count)
        case .day:
            let words = arena.make(Int64.self, count)
            for row in 0..<count {
                words[row] = Int64(places[row].loadUnaligned(fromByteOffset: offset, as: Int32.self))
            }
            return Vector(.words(words), valid: valid, errors: errors, count: count)
        case .wide:
            let words = arena.make(Int128.self, count)
            for row in 0..<count { words[row] = places[row].loadUnaligned(fromByteOffset: offset, as: Int128.self) }
            return Vector(.wide(words), valid: valid, errors: errors, count: count)
        case .text:
            let spans = arena.make(TextSpan.self, count)
            let before = textSlots.filter { $0 < index }.map { offsets[$0] }
            for row in 0..<count {
                var start = fixedSize
                for earlier in before {
                    start += Int(places[row].loadUnaligned(fromByteOffset: earlier, as: UInt32.self))
                }
                let length = places[row].loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                spans[row] = TextSpan((places[row] + start).assumingMemoryBound(to: UInt8.self), Int(length))
            }
            return Vector(.text(spans), valid: valid, errors: errors, count: count)
        }
    }
}
