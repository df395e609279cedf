import Columnar
import RuleLanguage

/// Operators that choose among values: `if`, `coalesce`, `min`, `max`.
enum ChoiceKernel {
    static func conditional(
        _ operands: [Vector], _ types: [ExpressionType], _ type: ExpressionType, _ arena: Arena
    ) -> Vector {
        var condition = operands[0]
        if types[0] == .null { condition = .null(.bool, condition.count, arena) }
        guard case .bits(let bits) = condition.storage else { return operands[1] }
        let isTrue = arena.bits(condition.count)
        for index in 0..<condition.wordCount { isTrue[index] = bits[index] & condition.valid[index] }
        let branches = aligned(Array(operands[1...]), Array(types[1...]), type, arena)
        var result = select(isTrue, branches[0], branches[1], arena)
        guard let conditionErrors = condition.errors else { return result }
        let errors = arena.bits(condition.count)
        let valid = arena.bits(condition.count)
        for index in 0..<condition.wordCount {
            errors[index] = (result.errors?[index] ?? 0) | conditionErrors[index]
            valid[index] = result.valid[index] & ~conditionErrors[index]
        }
        result.errors = errors
        result.valid = valid
        return result
    }

    /// The first value or error from the left.
    static func coalesce(
        _ operands: [Vector], _ types: [ExpressionType], _ type: ExpressionType, _ arena: Arena
    ) -> Vector {
        let values = aligned(operands, types, type, arena)
        var result = values[values.count - 1]
        for value in values.dropLast().reversed() {
            let stops = arena.bits(value.count)
            for index in 0..<value.wordCount { stops[index] = value.valid[index] | (value.errors?[index] ?? 0) }
            result = select(stops, value, result, arena)
        }
        return result
    }

    /// The least or greatest; NULL when an operand is.
    static func extreme(
        _ least: Bool, _ operands: [Vector], _ types: [ExpressionType], _ type: ExpressionType, _ arena: Arena
    ) -> Vector {
        let values = aligned(operands, types, type, arena)
        var result = values[0]
        for value in values.dropFirst() {
            let keeps = CompareKernel.bits(
                least ? .lessOrEqual : .greaterOrEqual, result, value, type, type, arena)
            let chosen = select(keeps, result, value, arena)
            result = Strict.vector(chosen.storage, [result, value], arena)
        }
        return result
    }

    /// Numbers brought to the result's scale and one storage; the literal null to the result's type.
    private static func aligned(
        _ operands: [Vector], _ types: [ExpressionType], _ type: ExpressionType, _ arena: Arena
    ) -> [Vector] {
        let operands = operands.indices.map {
            types[$0] == .null ? Vector.null(type, operands[$0].count, arena) : operands[$0]
        }
        guard case .number(let precision, let scale) = type else { return operands }
        let isNarrow = operands.indices.allSatisfy { index in
            guard case .words = operands[index].storage else { return false }
            guard case .number(_, let own) = types[index] else { return true }
            return own == scale
        }
        if isNarrow { return operands }
        return operands.indices.map { index in
            let operand = operands[index]
            let own = if case .number(_, let own) = types[index] { own } else { scale }
            let wide = operand.wide(scaledBy: scale - own, arena)
            return Vector(
                NumberKernel.narrowed(wide, precision, operand.count, arena), valid: operand.valid,
                errors: operand.errors, count: operand.count)
        }
    }

    /// Row by row the first where the bit is set, else the second.
    private static func select(_ bits: BitWords, _ first: Vector, _ second: Vector, _ arena: Arena) -> Vector {
        let count = first.count
        func mixed(_ a: BitWords?, _ b: BitWords?) -> BitWords {
            let made = arena.bits(count)
            for index in 0..<first.wordCount {
                made[index] = (a?[index] ?? 0) & bits[index] | (b?[index] ?? 0) & ~bits[index]
            }
            return made
        }
        func values<T>(_ a: UnsafeMutablePointer<T>, _ b: UnsafeMutablePointer<T>) -> UnsafeMutablePointer<T> {
            let made = arena.make(T.self, count)
            for row in 0..<count { made[row] = Bits.test(bits, row) ? a[row] : b[row] }
            return made
        }
        let storage: Vector.Storage =
            switch (first.storage, second.storage) {
            case (.bits(let a), .bits(let b)): .bits(mixed(a, b))
            case (.words(let a), .words(let b)): .words(values(a, b))
            case (.text(let a), .text(let b)): .text(values(a, b))
            default: .wide(values(first.wide(scaledBy: 0, arena), second.wide(scaledBy: 0, arena)))
            }
        return Vector(
            storage, valid: mixed(first.valid, second.valid),
            errors: first.errors == nil && second.errors == nil ? nil : mixed(first.errors, second.errors),
            count: count)
    }
}
