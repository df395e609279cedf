import Columnar
import RuleLanguage

/// Connectives and tests for nulls, word by word.
enum LogicKernel {
    static func connect(_ op: Operator, _ operands: [Vector], _ arena: Arena) -> Vector {
        // The literal null has no storage of booleans.
        let operands = operands.map { operand in
            if case .bits = operand.storage { operand } else { Vector.null(.bool, operand.count, arena) }
        }
        var result = operands[0]
        if op == .not { return not(result, arena) }
        for operand in operands.dropFirst() {
            result = op == .and ? and(result, operand, arena) : or(result, operand, arena)
        }
        return result
    }

    static func not(_ operand: Vector, _ arena: Arena) -> Vector {
        guard case .bits(let bits) = operand.storage else { return operand }
        let made = arena.bits(operand.count)
        for index in 0..<operand.wordCount { made[index] = ~bits[index] }
        return Vector(.bits(made), valid: operand.valid, errors: operand.errors, count: operand.count)
    }

    /// The first of false, error, null, true that occurs.
    private static func and(_ left: Vector, _ right: Vector, _ arena: Arena) -> Vector {
        guard case .bits(let a) = left.storage, case .bits(let b) = right.storage else { return left }
        let bits = arena.bits(left.count)
        let valid = arena.bits(left.count)
        let errors = errors(left, right, arena)
        for index in 0..<left.wordCount {
            let isFalse = (~a[index] & left.valid[index]) | (~b[index] & right.valid[index])
            let isTrue = a[index] & left.valid[index] & b[index] & right.valid[index]
            bits[index] = isTrue
            valid[index] = isTrue | isFalse
            if let errors { errors[index] &= ~isFalse }
        }
        return Vector(.bits(bits), valid: valid, errors: errors, count: left.count)
    }

    /// The first of true, error, null, false that occurs.
    static func or(_ left: Vector, _ right: Vector, _ arena: Arena) -> Vector {
        guard case .bits(let a) = left.storage, case .bits(let b) = right.storage else { return left }
        let bits = arena.bits(left.count)
        let valid = arena.bits(left.count)
        let errors = errors(left, right, arena)
        for index in 0..<left.wordCount {
            let isTrue = (a[index] & left.valid[index]) | (b[index] & right.valid[index])
            let isFalse = ~a[index] & left.valid[index] & ~b[index] & right.valid[index]
            bits[index] = isTrue
            valid[index] = isTrue | isFalse
            if let errors { errors[index] &= ~isTrue }
        }
        return Vector(.bits(bits), valid: valid, errors: errors, count: left.count)
    }

    private static func errors(_ left: Vector, _ right: Vector, _ arena: Arena) -> BitWords? {
        guard left.errors != nil || right.errors != nil else { return nil }
        let errors = arena.bits(left.count)
        for index in 0..<left.wordCount { errors[index] = (left.errors?[index] ?? 0) | (right.errors?[index] ?? 0) }
        return errors
    }

    /// True where both are; error and NULL as of a strict operator.
    static func strictBoth(_ left: Vector, _ right: Vector, _ arena: Arena) -> Vector {
        guard case .bits(let a) = left.storage, case .bits(let b) = right.storage else { return left }
        let bits = arena.bits(left.count)
        for index in 0..<left.wordCount { bits[index] = a[index] & b[index] }
        return Strict.vector(.bits(bits), [left, right], arena)
    }

    static func isNull(_ operand: Vector, _ arena: Arena) -> Vector {
        let bits = arena.bits(operand.count)
        for index in 0..<operand.wordCount { bits[index] = ~operand.valid[index] }
        return presence(operand, bits, arena)
    }

    /// Not null and, for text, not empty.
    static func present(_ operand: Vector, _ arena: Arena) -> Vector {
        guard case .text(let spans) = operand.storage else { return presence(operand, operand.valid, arena) }
        let bits = Bits.make(operand.count, arena) { spans[$0].count > 0 }
        for index in 0..<operand.wordCount { bits[index] &= operand.valid[index] }
        return presence(operand, bits, arena)
    }

    /// Decided in every row that is no error.
    private static func presence(_ operand: Vector, _ bits: BitWords, _ arena: Arena) -> Vector {
        let valid = arena.bits(operand.count, all: true)
        if let errors = operand.errors {
            for index in 0..<operand.wordCount { valid[index] = ~errors[index] }
        }
        return Vector(.bits(bits), valid: valid, errors: operand.errors, count: operand.count)
    }
}
