import Columnar
import RuleLanguage

/// The values of one step for the rows of a block.
struct Vector: Sendable {
    enum Storage: Sendable {
        /// Numbers that fit, dates (days), timestamps (microseconds), booleans (0 or 1).
        case words([Int64])
        case wide([Int128])
        case text(TextColumn)
    }

    var storage: Storage
    /// One for a value; zero for NULL and error. What lies in the storage under a zero is unspecified.
    var valid: [UInt64]
    /// Nil when no row is an error.
    var errors: [UInt64]?
    let count: Int

    init(storage: Storage, valid: [UInt64], errors: [UInt64]? = nil, count: Int) {
        self.storage = storage
        self.valid = valid
        self.errors = errors
        self.count = count
    }

    init(_ column: Column) {
        switch column.storage {
        case .int64(let words): storage = .words(words)
        case .int128(let words): storage = .wide(words)
        case .text(let text): storage = .text(text)
        }
        valid = column.valid.words
        errors = column.errors?.words
        count = column.valid.count
    }

    /// Booleans from outcomes.
    init(_ mask: OutcomeMask) {
        var words = [Int64](repeating: 0, count: mask.count)
        var valid = mask.truths
        var errors = mask.truths
        for index in valid.indices {
            valid[index] = mask.truths[index] ^ mask.falses[index]
            errors[index] = mask.truths[index] & mask.falses[index]
        }
        for row in 0..<mask.count { words[row] = Int64(mask.truths[row >> 6] >> UInt64(row & 63) & 1) }
        storage = .words(words)
        self.valid = valid
        self.errors = errors.contains { $0 != 0 } ? errors : nil
        count = mask.count
    }

    /// Booleans as outcomes.
    var outcomes: OutcomeMask {
        guard case .words(let words) = storage else { return OutcomeMask(count: count) }
        return Vector.outcomes(bits: Bits.make(count) { words[$0] != 0 }, valid: valid, errors: errors, count: count)
    }

    /// A strict predicate: `bits` where valid, error where an operand is error.
    static func outcomes(bits: [UInt64], valid: [UInt64], errors: [UInt64]?, count: Int) -> OutcomeMask {
        var truths = bits
        var falses = bits
        for index in bits.indices {
            let error = errors?[index] ?? 0
            truths[index] = bits[index] & valid[index] | error
            falses[index] = ~bits[index] & valid[index] | error
        }
        return OutcomeMask(truths: truths, falses: falses, count: count)
    }

    /// The same value in every row; nil is NULL.
    static func constant(_ value: Storage?, count: Int) -> Vector {
        Vector(
            storage: value ?? .words([Int64](repeating: 0, count: count)),
            valid: Bitmap(repeating: value != nil, count: count).words, count: count)
    }

    static func constantText(_ text: String, count: Int) -> Vector {
        var column = TextColumn()
        for _ in 0..<count { column.append(text) }
        return constant(.text(column), count: count)
    }

    func isValid(_ row: Int) -> Bool { valid[row >> 6] >> UInt64(row & 63) & 1 != 0 }
    func isError(_ row: Int) -> Bool { errors.map { $0[row >> 6] >> UInt64(row & 63) & 1 != 0 } ?? false }

    /// Every value as wide, scaled up by 10^`digits`.
    func wide(scaledBy digits: Int) -> [Int128] {
        let factor = PowerOfTen.value(digits)
        switch storage {
        case .words(let words): return words.map { Int128($0) &* factor }
        case .wide(let words): return digits == 0 ? words : words.map { $0 &* factor }
        case .text: return [Int128](repeating: 0, count: count)
        }
    }

    /// The rows at `indices`; −1 gives NULL.
    func gathered(_ indices: [Int32]) -> Vector { Vector.gather(storage, valid, errors, indices) }

    static func gather(
        _ storage: Storage, _ valid: [UInt64], _ errors: [UInt64]?, _ indices: [Int32]
    ) -> Vector {
        func bits(_ words: [UInt64]) -> [UInt64] {
            Bits.make(indices.count) { row in
                let index = Int(indices[row])
                return index >= 0 && words[index >> 6] >> UInt64(index & 63) & 1 != 0
            }
        }
        let gathered: Storage
        switch storage {
        case .words(let words): gathered = .words(indices.map { $0 >= 0 ? words[Int($0)] : 0 })
        case .wide(let words): gathered = .wide(indices.map { $0 >= 0 ? words[Int($0)] : 0 })
        case .text(let column):
            var result = TextColumn()
            column.bytes.withUnsafeBufferPointer { bytes in
                for index in indices {
                    if index >= 0 { result.bytes.append(contentsOf: bytes[column.range(Int(index))]) }
                    result.finishValue()
                }
            }
            gathered = .text(result)
        }
        return Vector(storage: gathered, valid: bits(valid), errors: errors.map(bits), count: indices.count)
    }
}

/// Packed bits made by a test per row.
enum Bits {
    @inline(__always)
    static func make(_ count: Int, _ test: (Int) -> Bool) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: (count + 63) >> 6)
        for index in words.indices {
            var word: UInt64 = 0
            let first = index << 6
            for row in first..<min(first + 64, count) { word |= (test(row) ? 1 : 0) << UInt64(row & 63) }
            words[index] = word
        }
        return words
    }

    /// Rows in which every vector has a value.
    static func valid(_ operands: [Vector]) -> [UInt64] {
        var result = operands[0].valid
        for operand in operands.dropFirst() {
            for index in result.indices { result[index] &= operand.valid[index] }
        }
        return result
    }

    /// Rows in which some vector is an error.
    static func errors(_ operands: [Vector]) -> [UInt64]? {
        var result: [UInt64]?
        for case .some(let errors) in operands.map(\.errors) {
            guard var sum = result else {
                result = errors
                continue
            }
            for index in sum.indices { sum[index] |= errors[index] }
            result = sum
        }
        return result
    }
}
