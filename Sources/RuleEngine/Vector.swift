import Columnar
import RuleLanguage

/// Where a text lies; nothing is owned. At least `Arena.slack` readable bytes follow its end.
struct TextSpan {
    var start: UnsafePointer<UInt8>
    var count: Int

    @inline(__always) init(_ start: UnsafePointer<UInt8>, _ count: Int) {
        self.start = start
        self.count = count
    }

    @inline(__always) var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: count) }

    /// Up to eight bytes from `offset` on, little-endian, zeros behind the end.
    @inline(__always) func word(at offset: Int) -> UInt64 {
        let word = UnsafeRawPointer(start + offset).loadUnaligned(as: UInt64.self)
        let rest = count - offset
        return rest >= 8 ? word : rest <= 0 ? 0 : word & (1 << UInt64(rest * 8) - 1)
    }

    @inline(__always) static func == (left: TextSpan, right: TextSpan) -> Bool {
        guard left.count == right.count else { return false }
        var offset = 0
        while offset < left.count {
            if left.word(at: offset) != right.word(at: offset) { return false }
            offset += 8
        }
        return true
    }

    var string: String { String(decoding: bytes, as: UTF8.self) }

    /// An empty text.
    static let empty: TextSpan = {
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: Arena.slack)
        bytes.initialize(repeating: 0, count: Arena.slack)
        return TextSpan(UnsafePointer(bytes), 0)
    }()
}

// Sound because the bytes of a span are only read, and outlive the block whose values it is among.
extension TextSpan: @unchecked Sendable {}

/// The values of one step for the rows of a block. Its memory is the block's arena's, or lives as long as the evaluator.
struct Vector {
    enum Storage {
        /// Booleans.
        case bits(BitWords)
        /// Numbers that fit, dates (days), timestamps (microseconds).
        case words(UnsafeMutablePointer<Int64>)
        case wide(UnsafeMutablePointer<Int128>)
        case text(UnsafeMutablePointer<TextSpan>)
    }

    var storage: Storage
    /// One for a value; zero for NULL and error. What lies in the storage under a zero is unspecified, but a text there is
    /// readable.
    var valid: BitWords
    /// Nil when no row is an error; never one where `valid` is.
    var errors: BitWords?
    let count: Int
    /// Whether every row has the same value: a literal.
    var isConstant = false

    init(_ storage: Storage, valid: BitWords, errors: BitWords? = nil, count: Int) {
        self.storage = storage
        self.valid = valid
        self.errors = errors
        self.count = count
    }

    @inline(__always) var wordCount: Int { Bits.words(count) }
    @inline(__always) func isValid(_ row: Int) -> Bool { Bits.test(valid, row) }
    @inline(__always) func isError(_ row: Int) -> Bool { errors.map { Bits.test($0, row) } ?? false }

    /// Booleans as outcomes.
    func outcomes() -> OutcomeMask {
        guard case .bits(let bits) = storage, count > 0 else { return OutcomeMask(count: count) }
        let words = wordCount
        var truths = [UInt64](repeating: 0, count: words)
        var falses = truths
        for index in 0..<words {
            let error = errors?[index] ?? 0
            truths[index] = bits[index] & valid[index] | error
            falses[index] = ~bits[index] & valid[index] | error
        }
        truths[words - 1] &= Bits.tail(count)
        falses[words - 1] &= Bits.tail(count)
        return OutcomeMask(truths: truths, falses: falses, count: count)
    }

    /// Every value as wide, scaled up by 10^`digits`.
    func wide(scaledBy digits: Int, _ arena: Arena) -> UnsafeMutablePointer<Int128> {
        if digits == 0, case .wide(let own) = storage { return own }
        let factor = PowerOfTen.value(digits)
        let made = arena.make(Int128.self, count)
        switch storage {
        case .words(let words): for row in 0..<count { made[row] = Int128(words[row]) &* factor }
        case .wide(let words): for row in 0..<count { made[row] = words[row] &* factor }
        case .bits, .text: made.update(repeating: 0, count: count)
        }
        return made
    }

    /// The rows at `indices`; −1 gives NULL.
    func gathered(_ indices: UnsafeBufferPointer<Int32>, _ arena: Arena) -> Vector {
        let count = indices.count
        func bits(_ source: BitWords) -> BitWords {
            Bits.make(count, arena) { indices[$0] >= 0 && Bits.test(source, Int(indices[$0])) }
        }
        func values<T>(_ source: UnsafeMutablePointer<T>, _ none: T) -> UnsafeMutablePointer<T> {
            let made = arena.make(T.self, count)
            for row in 0..<count { made[row] = indices[row] >= 0 ? source[Int(indices[row])] : none }
            return made
        }
        let gathered: Storage =
            switch storage {
            case .bits(let source): .bits(bits(source))
            case .words(let source): .words(values(source, 0))
            case .wide(let source): .wide(values(source, 0))
            case .text(let source): .text(values(source, TextSpan.empty))
            }
        return Vector(gathered, valid: bits(valid), errors: errors.map(bits), count: count)
    }

    /// NULL in every row.
    static func null(_ type: ExpressionType, _ count: Int, _ arena: Arena) -> Vector {
        let valid = arena.bits(count, all: false)
        switch type {
        case .text:
            let spans = arena.make(TextSpan.self, count)
            spans.update(repeating: TextSpan.empty, count: count)
            return Vector(.text(spans), valid: valid, count: count)
        case .bool: return Vector(.bits(valid), valid: valid, count: count)
        case .number(let precision, _) where precision > 19:
            let wide = arena.make(Int128.self, count)
            wide.update(repeating: 0, count: count)
            return Vector(.wide(wide), valid: valid, count: count)
        case .number, .date, .timestamp, .null:
            let words = arena.make(Int64.self, count)
            words.update(repeating: 0, count: count)
            return Vector(.words(words), valid: valid, count: count)
        }
    }
}

/// What strict operators share: NULL or error in, NULL or error out.
enum Strict {
    /// Rows in which every operand has a value, and rows in which some operand is an error.
    @inline(__always)
    static func state(_ operands: [Vector], _ arena: Arena) -> (valid: BitWords, errors: BitWords?) {
        if operands.count == 1 { return (operands[0].valid, operands[0].errors) }
        let words = operands[0].wordCount
        let valid = arena.bits(operands[0].count)
        for index in 0..<words { valid[index] = operands[0].valid[index] }
        var errors: BitWords?
        for operand in operands {
            for index in 0..<words { valid[index] &= operand.valid[index] }
            guard let more = operand.errors else { continue }
            if let sum = errors {
                for index in 0..<words { sum[index] |= more[index] }
            } else {
                let sum = arena.bits(operand.count)
                for index in 0..<words { sum[index] = more[index] }
                errors = sum
            }
        }
        return (valid, errors)
    }

    static func vector(_ storage: Vector.Storage, _ operands: [Vector], _ arena: Arena) -> Vector {
        let state = state(operands, arena)
        return Vector(storage, valid: state.valid, errors: state.errors, count: operands[0].count)
    }

    /// The result when it has no value in some rows beside those of its operands.
    static func vector(
        _ storage: Vector.Storage, _ operands: [Vector], has values: BitWords, _ arena: Arena
    ) -> Vector {
        let state = state(operands, arena)
        let valid = arena.bits(operands[0].count)
        for index in 0..<operands[0].wordCount { valid[index] = state.valid[index] & values[index] }
        return Vector(storage, valid: valid, errors: state.errors, count: operands[0].count)
    }
}
