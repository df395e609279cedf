import Columnar
import RuleLanguage

/// Connectives and tests for nulls, word by word.
enum LogicKernel {
    static func connect(_ op: Operator, _ operands: [Vector]) -> Vector {
        var mask = operands[0].outcomes
        switch op {
        case .not: mask.formNot()
        case .and: for operand in operands.dropFirst() { mask.formAnd(operand.outcomes) }
        default: for operand in operands.dropFirst() { mask.formOr(operand.outcomes) }
        }
        return Vector(mask)
    }

    /// True where both are; error and NULL as of a strict operator.
    static func strictBoth(_ left: Vector, _ right: Vector) -> Vector {
        guard case .words(let a) = left.storage, case .words(let b) = right.storage else { return left }
        return strict([left, right], Bits.make(left.count) { a[$0] & b[$0] != 0 })
    }

    /// The result of a strict predicate over operands.
    static func strict(_ operands: [Vector], _ bits: [UInt64]) -> Vector {
        let errors = Bits.errors(operands)
        var valid = Bits.valid(operands)
        if let errors { for index in valid.indices { valid[index] &= ~errors[index] } }
        let words = (0..<operands[0].count).map { Int64(bits[$0 >> 6] >> UInt64($0 & 63) & 1) }
        return Vector(storage: .words(words), valid: valid, errors: errors, count: operands[0].count)
    }

    static func isNull(_ operand: Vector) -> Vector {
        presence(operand, Bits.make(operand.count) { !operand.isValid($0) })
    }

    /// Not null and, for text, not empty.
    static func present(_ operand: Vector) -> Vector {
        if case .text(let column) = operand.storage {
            return presence(operand, Bits.make(operand.count) { operand.isValid($0) && !column.range($0).isEmpty })
        }
        return presence(operand, operand.valid)
    }

    private static func presence(_ operand: Vector, _ bits: [UInt64]) -> Vector {
        let all = Bitmap(repeating: true, count: operand.count).words
        var valid = all
        if let errors = operand.errors { for index in valid.indices { valid[index] &= ~errors[index] } }
        let words = (0..<operand.count).map { Int64(bits[$0 >> 6] >> UInt64($0 & 63) & 1) }
        return Vector(storage: .words(words), valid: valid, errors: operand.errors, count: operand.count)
    }
}
