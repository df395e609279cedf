import Columnar
import RuleLanguage

/// Operators that choose among values: `if`, `coalesce`, `min`, `max`.
enum ChoiceKernel {
    static func conditional(_ operands: [Vector], _ types: [ExpressionType], _ type: ExpressionType) -> Vector {
        let condition = operands[0]
        let mask = condition.outcomes
        let isTrue = mask.trueRows.words
        let branches = aligned(Array(operands[1...]), Array(types[1...]), type)
        var result = select(isTrue, branches[0], branches[1])
        guard let conditionErrors = condition.errors else { return result }
        var errors = result.errors ?? [UInt64](repeating: 0, count: isTrue.count)
        for index in errors.indices {
            errors[index] |= conditionErrors[index]
            result.valid[index] &= ~conditionErrors[index]
        }
        result.errors = errors
        return result
    }

    /// The first value or error from the left.
    static func coalesce(_ operands: [Vector], _ types: [ExpressionType], _ type: ExpressionType) -> Vector {
        let values = aligned(operands, types, type)
        var result = values[values.count - 1]
        for value in values.dropLast().reversed() {
            var stops = value.valid
            if let errors = value.errors { for index in stops.indices { stops[index] |= errors[index] } }
            result = select(stops, value, result)
        }
        return result
    }

    /// The least or greatest; NULL when an operand is.
    static func extreme(_ least: Bool, _ operands: [Vector], _ types: [ExpressionType], _ type: ExpressionType)
        -> Vector
    {
        let values = aligned(operands, types, type)
        var result = values[0]
        for value in values.dropFirst() {
            let keeps = CompareKernel.bits(least ? .lessOrEqual : .greaterOrEqual, result, value, type, type)
            let chosen = select(keeps, result, value)
            result = NumberKernel.result(chosen.storage, [result, value])
        }
        return result
    }

    /// Numbers brought to the result's scale and one storage.
    private static func aligned(_ operands: [Vector], _ types: [ExpressionType], _ type: ExpressionType) -> [Vector] {
        guard case .number(let precision, let scale) = type else { return operands }
        let isNarrow = operands.indices.allSatisfy { index in
            guard case .number(_, let own) = types[index], case .words = operands[index].storage else { return false }
            return own == scale
        }
        if isNarrow { return operands }
        return operands.indices.map { index in
            guard case .number(_, let own) = types[index] else { return operands[index] }
            let wide = operands[index].wide(scaledBy: scale - own)
            let storage: Vector.Storage =
                precision <= 18 ? .words(wide.map { Int64(truncatingIfNeeded: $0) }) : .wide(wide)
            return Vector(
                storage: storage, valid: operands[index].valid, errors: operands[index].errors,
                count: operands[index].count)
        }
    }

    /// Row by row the first where the bit is set, else the second.
    private static func select(_ bits: [UInt64], _ first: Vector, _ second: Vector) -> Vector {
        var valid = first.valid
        for index in bits.indices {
            valid[index] = first.valid[index] & bits[index] | second.valid[index] & ~bits[index]
        }
        var errors: [UInt64]?
        if first.errors != nil || second.errors != nil {
            errors = bits.indices.map {
                (first.errors?[$0] ?? 0) & bits[$0] | (second.errors?[$0] ?? 0) & ~bits[$0]
            }
        }
        let count = first.count
        let storage: Vector.Storage
        switch (first.storage, second.storage) {
        case (.words(let a), .words(let b)):
            storage = .words((0..<count).map { bits[$0 >> 6] >> UInt64($0 & 63) & 1 != 0 ? a[$0] : b[$0] })
        case (.text(let a), .text(let b)):
            var column = TextColumn()
            for row in 0..<count {
                let source = bits[row >> 6] >> UInt64(row & 63) & 1 != 0 ? a : b
                column.bytes.append(contentsOf: source.bytes[source.range(row)])
                column.finishValue()
            }
            storage = .text(column)
        default:
            let (a, b) = (first.wide(scaledBy: 0), second.wide(scaledBy: 0))
            storage = .wide((0..<count).map { bits[$0 >> 6] >> UInt64($0 & 63) & 1 != 0 ? a[$0] : b[$0] })
        }
        return Vector(storage: storage, valid: valid, errors: errors, count: count)
    }
}
