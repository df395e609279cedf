import Columnar
import RuleLanguage

/// The keys of the rows of a block: for each row two words and how to read them.
///
/// A key of one short text, of 32 hexadecimal digits, or of one whole number *is* its words: equal words, equal keys. Any
/// other key has a fingerprint of its canonical bytes for words; who must be exact compares these bytes too.
struct EncodedKeys {
    enum Form {
        /// A text of at most 15 bytes.
        static let short: UInt8 = 0
        /// 32 hexadecimal digits in lower case: what most systems use for technical keys.
        static let hexadecimal: UInt8 = 1
        static let number: UInt8 = 2
        /// A fingerprint.
        static let hashed: UInt8 = 3
    }

    let count: Int
    let first: UnsafeMutablePointer<UInt64>
    let second: UnsafeMutablePointer<UInt64>
    let forms: UnsafeMutablePointer<UInt8>
    /// One where no part is NULL or an error.
    let complete: BitWords
    /// One where some part is an error; nil when none is.
    let errors: BitWords?
    private let parts: [Vector]
    private let scales: [Int]
    private let areTargets: Bool
    /// Fewer bits than all make fingerprints collide: so that tests see what happens then.
    private let mask: UInt64

    /// With `areTargets` a NULL part is a value like others, and there are no words, only canonical bytes.
    init(
        _ parts: [Vector], _ types: [ExpressionType], count: Int, areTargets: Bool = false, mask: UInt64 = .max,
        _ arena: Arena
    ) {
        self.count = count
        self.mask = mask
        self.parts = parts
        self.areTargets = areTargets
        scales = types.map { if case .number(_, let scale) = $0 { scale } else { 0 } }
        first = arena.make(UInt64.self, areTargets ? 0 : count)
        second = arena.make(UInt64.self, areTargets ? 0 : count)
        forms = arena.make(UInt8.self, areTargets ? 0 : count)
        if parts.isEmpty {
            complete = arena.bits(count, all: true)
            errors = nil
        } else {
            let state = Strict.state(parts, arena)
            errors = state.errors
            if areTargets {
                complete = arena.bits(count, all: true)
                if let errors { for index in 0..<Bits.words(count) { complete[index] = ~errors[index] } }
            } else {
                complete = state.valid
            }
        }
        if areTargets { return }
        if parts.count == 1 {
            switch parts[0].storage {
            case .text(let spans):
                // `Form.hexadecimal` is what the kernel says of such a text.
                ColumnKernels.hexadecimal(spans, count, first: first, second: second, isHex: forms)
                for row in 0..<count where forms[row] != Form.hexadecimal && Bits.test(complete, row) {
                    encode(spans[row], row)
                }
                return
            case .words(let words) where scales[0] == 0:
                for row in 0..<count {
                    forms[row] = Form.number
                    first[row] = UInt64(bitPattern: words[row])
                    second[row] = 0
                }
                return
            case .words, .wide:
                for row in 0..<count where Bits.test(complete, row) { encode(number: row) }
                return
            case .bits: break
            }
        }
        encodeParts()
    }

    /// Keys of several parts: the parts' hashes one after another, column by column.
    private func encodeParts() {
        for row in 0..<count { (first[row], second[row], forms[row]) = (0, 0, Form.hashed) }
        for (part, scale) in zip(parts, scales) {
            switch part.storage {
            case .text(let spans):
                for row in 0..<count where part.isValid(row) { mix(KeyHash.of(spans[row]), row) }
            case .bits(let bits):
                for row in 0..<count where part.isValid(row) { mix((Bits.test(bits, row) ? 3 : 2, 0), row) }
            case .words(let words) where scale == 0:
                for row in 0..<count where part.isValid(row) { mix((UInt64(bitPattern: words[row]), 4), row) }
            case .words(let words):
                for row in 0..<count where part.isValid(row) { mix(number: Int128(words[row]), scale, row) }
            case .wide(let words):
                for row in 0..<count where part.isValid(row) { mix(number: words[row], scale, row) }
            }
        }
        if mask != .max {
            for row in 0..<count { (first[row], second[row]) = (first[row] & mask, second[row] & mask) }
        }
    }

    @inline(__always)
    private func mix(_ part: (UInt64, UInt64), _ row: Int) {
        (first[row], second[row]) = KeyHash.chained((first[row], second[row]), part)
    }

    /// Equal numbers of different scales have equal hashes.
    private func mix(number: Int128, _ scale: Int, _ row: Int) {
        var (value, scale) = (number, scale)
        while scale > 0, value % 10 == 0 {
            value /= 10
            scale -= 1
        }
        if scale == 0, let word = Int64(exactly: value) {
            mix((UInt64(bitPattern: word), 4), row)
        } else {
            mix((UInt64(truncatingIfNeeded: value), UInt64(truncatingIfNeeded: value >> 64) &+ UInt64(6 + scale)), row)
        }
    }

    @inline(__always)
    private func encode(_ span: TextSpan, _ row: Int) {
        if span.count <= 15 {
            first[row] = span.word(at: 0)
            second[row] = (span.count > 8 ? span.word(at: 8) : 0) | UInt64(span.count) << 56
            forms[row] = Form.short
        } else {
            let hash = KeyHash.of(span)
            (first[row], second[row], forms[row]) = (hash.0 & mask, hash.1 & mask, Form.hashed)
        }
    }

    /// A whole number is its own key, so that it equals the same number of another scale.
    private func encode(number row: Int) {
        var value: Int128 =
            switch parts[0].storage {
            case .words(let words): Int128(words[row])
            case .wide(let words): words[row]
            case .bits, .text: 0
            }
        var scale = scales[0]
        while scale > 0, value % 10 == 0 {
            value /= 10
            scale -= 1
        }
        if scale == 0, let word = Int64(exactly: value) {
            (first[row], second[row], forms[row]) = (UInt64(bitPattern: word), 0, Form.number)
        } else {
            var bytes: [UInt8] = []
            appendCanonical(row, to: &bytes)
            let hash = bytes.withUnsafeBufferPointer { KeyHash.of($0) }
            (first[row], second[row], forms[row]) = (hash.0 & mask, hash.1 & mask, Form.hashed)
        }
    }

    /// Bytes that two keys share exactly when they are equal.
    func appendCanonical(_ row: Int, to bytes: inout [UInt8]) {
        // One text needs no length: its bytes are the key. (Only such keys are ever compared with each other.)
        if parts.count == 1, !areTargets, case .text(let spans) = parts[0].storage {
            bytes.append(contentsOf: spans[row].bytes)
            return
        }
        for (part, scale) in zip(parts, scales) {
            guard part.isValid(row) else {
                bytes.append(0)
                continue
            }
            switch part.storage {
            case .text(let spans):
                bytes.append(1)
                withUnsafeBytes(of: UInt32(truncatingIfNeeded: spans[row].count)) { bytes.append(contentsOf: $0) }
                bytes.append(contentsOf: spans[row].bytes)
            case .bits(let bits): bytes.append(Bits.test(bits, row) ? 3 : 2)
            case .words(let words): EncodedKeys.append(Int128(words[row]), scale, to: &bytes)
            case .wide(let words): EncodedKeys.append(words[row], scale, to: &bytes)
            }
        }
    }

    /// Equal numbers of different scales have equal bytes: decimals that are zeros are dropped.
    private static func append(_ value: Int128, _ scale: Int, to bytes: inout [UInt8]) {
        var (value, scale) = (value, scale)
        while scale > 0, value % 10 == 0 {
            value /= 10
            scale -= 1
        }
        bytes.append(4)
        bytes.append(UInt8(truncatingIfNeeded: scale))
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }

    /// 64 bits of a key, evenly spread.
    @inline(__always) func hash(_ row: Int) -> UInt64 { KeyHash.mixed(first[row], second[row], forms[row]) & mask }
}

/// Hashes of keys: not cryptographic, and never trusted alone.
enum KeyHash {
    @inline(__always) private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    @inline(__always) static func mixed(_ first: UInt64, _ second: UInt64, _ form: UInt8) -> UInt64 {
        fold(first ^ 0xA076_1D64_78BD_642F ^ UInt64(form), fold(second ^ 0xE703_7ED1_A0B4_28DB, 0x8EBC_6AF0_9C88_C6E3))
    }

    /// The hash of a key of several parts with one more part.
    @inline(__always)
    static func chained(_ before: (UInt64, UInt64), _ part: (UInt64, UInt64)) -> (UInt64, UInt64) {
        let first = fold(before.0 ^ part.0 ^ 0xA076_1D64_78BD_642F, before.1 &+ part.1 ^ 0xE703_7ED1_A0B4_28DB)
        let second = fold(before.1 ^ part.1 ^ 0x8EBC_6AF0_9C88_C6E3, first ^ part.0 &+ 0x5899_65CC_7537_4CC3)
        return (first, second)
    }

    @inline(__always) static func of(_ span: TextSpan) -> (UInt64, UInt64) {
        var a: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(span.count)
        var b: UInt64 = 0xC2B2_AE3D_27D4_EB4F
        var offset = 0
        while offset < span.count {
            let word = span.word(at: offset)
            a = fold(a ^ word, 0xA076_1D64_78BD_642F)
            b = fold(b ^ word, 0xE703_7ED1_A0B4_28DB) ^ a
            offset += 8
        }
        return (fold(a, 0x8EBC_6AF0_9C88_C6E3 ^ b), fold(b, 0x5899_65CC_7537_4CC3))
    }

    static func of(_ bytes: UnsafeBufferPointer<UInt8>) -> (UInt64, UInt64) {
        var padded = Array(bytes)
        padded.append(contentsOf: repeatElement(0, count: 8))
        return padded.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { of(TextSpan($0, bytes.count)) } ?? (0, 0)
        }
    }
}
