import RuleLanguage

/// Connectives, comparisons, tests for NULL and choices: where SQL's three values must become our four.
extension RowTerms {
    func connect(_ op: Operator, _ operands: [SQLTerm]) -> SQLTerm {
        if op == .not { return operands.strict(.boolean, .not(operands[0].value)) }
        let value: SQLExpression = op == .and ? .and(operands.map(\.value)) : .or(operands.map(\.value))
        guard let error = operands.error else { return operands.strict(.boolean, value) }
        // `and` takes false before error, `or` true; SQL's value is NULL where an operand is an error and neither is there.
        let (name, level) = bind(value, level: operands.level)
        let decided: SQLExpression = .truth(name, op == .and ? "IS NOT FALSE" : "IS NOT TRUE")
        return SQLTerm(value: name, error: .and([error, decided]), type: .boolean, level: level)
    }

    func compare(_ comparison: Comparison, _ operands: [SQLTerm]) -> SQLTerm {
        let isOrder = comparison != .equal && comparison != .notEqual
        var values = operands.map(\.value)
        if isOrder, operands[0].type == .text { values[1] = .byBytes(values[1]) }
        return operands.strict(.boolean, .infix(comparison.rawValue, values))
    }

    /// Strict, unlike SQL's, which is false already when one bound says so.
    func between(_ operands: [SQLTerm]) -> SQLTerm {
        let operands = operands[0].type == .text || !operands[1].isNeverNull || !operands[2].isNeverNull
            ? operands.map(bound) : operands
        let values = operands.map(\.value)
        let isText = operands[0].type == .text
        let test: SQLExpression =
            isText
            ? .and([.infix(">=", [values[0], .byBytes(values[1])]), .infix("<=", [values[0], .byBytes(values[2])])])
            : .between(values[0], values[1], values[2])
        let unsure = operands.dropFirst().filter { !$0.isNeverNull }.map { SQLExpression.isNotNull($0.value) }
        return operands.strict(.boolean, unsure.isEmpty ? test : .when(.and(unsure), test))
    }

    /// A test that is never NULL but for errors.
    func presence(_ operand: SQLTerm, _ test: (SQLExpression) -> SQLExpression) -> SQLTerm {
        guard let error = operand.error else { return [operand].strict(.boolean, test(operand.value)) }
        return [operand].strict(.boolean, .when(.not(error), test(operand.value)))
    }

    func conditional(_ operands: [SQLTerm], _ type: ExpressionType) -> SQLTerm {
        let branches = aligned(Array(operands.dropFirst()), type)
        guard operands.error != nil else {
            let isOpen = if case .null = branches[1].value { true } else { false }
            return operands.strict(
                branches[0].type,
                .cases([.init(operands[0].value, branches[0].value)], otherwise: isOpen ? nil : branches[1].value))
        }
        let condition = bound(operands[0])
        let failed = condition.error ?? .bool(false)
        let error = SQLExpression.cases(
            [
                .init(failed, .bool(true)),
                .init(condition.value, branches[0].error ?? .bool(false)),
            ], otherwise: branches[1].error ?? .bool(false))
        let value = SQLExpression.cases(
            [.init(failed, .null(branches[0].type)), .init(condition.value, branches[0].value)],
            otherwise: branches[1].value)
        return SQLTerm(
            value: value, error: error, type: branches[0].type, level: ([condition] + branches).level)
    }

    func coalesce(_ operands: [SQLTerm], _ type: ExpressionType) -> SQLTerm {
        var values = aligned(operands, type)
        guard values.error != nil else {
            return values.strict(values[0].type, .call("coalesce", values.map(\.value)))
        }
        // From left to right, up to the first value or error.
        values = values.map(bound)
        var branches: [SQLExpression.Branch] = []
        var errors: [SQLExpression.Branch] = []
        for value in values {
            if let error = value.error {
                branches.append(.init(error, .null(value.type)))
                errors.append(.init(error, .bool(true)))
            }
            branches.append(.init(.isNotNull(value.value), value.value))
            errors.append(.init(.isNotNull(value.value), .bool(false)))
        }
        return SQLTerm(
            value: .cases(branches, otherwise: nil), error: .cases(errors, otherwise: .bool(false)),
            type: values[0].type, level: values.level)
    }

    /// `least` and `greatest` skip NULLs; ours are NULL when an operand is.
    func extreme(_ function: String, _ operands: [SQLTerm], _ type: ExpressionType) -> SQLTerm {
        let values = aligned(operands, type).map(bound)
        let unsure = values.filter { !$0.isNeverNull }.map { SQLExpression.isNotNull($0.value) }
        let isText = values[0].type == .text
        let call = SQLExpression.call(function, values.map { isText ? .byBytes($0.value) : $0.value })
        return values.strict(values[0].type, unsure.isEmpty ? call : .when(.and(unsure), call))
    }

    /// Numbers brought to one type of the server's.
    private func aligned(_ operands: [SQLTerm], _ type: ExpressionType) -> [SQLTerm] {
        guard case .number = type, Set(operands.map(\.type)).count > 1 else { return operands }
        let common: SQLType = operands.contains { $0.type == .numeric } ? .numeric : .bigint
        return operands.map { operand in
            var result = operand
            result.value = common == .numeric ? operand.asNumeric : operand.asBigint
            result.type = common
            return result
        }
    }
}
