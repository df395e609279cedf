import CourtModel
import Diagnostics
import FormEngine
import RuleLanguage

/// The value of a form expression at one place: one court, one period, one binding of the wildcards.
struct FormJudge {
    let figures: FigureTable
    let rule: CompiledFormRule
    let court: String
    let period: String
    /// Label of 上期 and 上年同期, nil when the period's label is opaque or out of range.
    let previous: String?
    let samePeriodLastYear: String?
    let judgesOwn: Bool
    var row: CompiledFormRule.Binding?
    var column: CompiledFormRule.Binding?
    /// A cell was absent though the rule wants it (`absent: fail`).
    private(set) var missedCell = false

    init(
        figures: FigureTable, rule: CompiledFormRule, court: String, period: String, neighbours: StatisticalPeriod?,
        judgesOwn: Bool
    ) {
        self.figures = figures
        self.rule = rule
        self.court = court
        self.period = period
        previous = neighbours?.previous?.label
        samePeriodLastYear = neighbours?.samePeriodLastYear?.label
        self.judgesOwn = judgesOwn
    }

    /// A number and how many reported cells went into it, each by its factor; for `rounding`.
    struct Amount {
        var value: ExactDecimal?
        var weight: ExactDecimal = .zero
    }

    /// A truth and, for comparisons, both sides.
    struct Verdict {
        var truth: Bool?
        var actual: ExactDecimal?
        var expected: ExactDecimal?
    }

    mutating func verdict(_ expression: FormExpression) throws(OperationError) -> Verdict {
        missedCell = false
        var verdict = Verdict()
        if case .compare(let comparison, let left, let right) = expression {
            let (left, right) = (try amount(left), try amount(right))
            verdict = Verdict(
                truth: try compare(comparison, left, right), actual: left.value, expected: right.value)
        } else {
            verdict.truth = try truth(expression)
        }
        if missedCell { verdict.truth = false }
        return verdict
    }

    mutating func truth(_ expression: FormExpression) throws(OperationError) -> Bool? {
        switch expression {
        case .bool(let value): return value
        case .and(let parts):
            var sum: Bool? = true
            for part in parts {
                guard let value = try truth(part) else {
                    sum = nil
                    continue
                }
                if !value { return false }
            }
            return sum
        case .or(let parts):
            var sum: Bool? = false
            for part in parts {
                guard let value = try truth(part) else {
                    sum = nil
                    continue
                }
                if value { return true }
            }
            return sum
        case .not(let inner): return try truth(inner).map { !$0 }
        case .compare(let comparison, let left, let right):
            return try compare(comparison, try amount(left), try amount(right))
        case .isNull(let inner): return try amount(inner).value == nil
        case .conditional(let condition, let then, let otherwise):
            if try truth(condition) == true { return try truth(then) }
            guard let otherwise else { return nil }
            return try truth(otherwise)
        default: return nil
        }
    }

    mutating func amount(_ expression: FormExpression) throws(OperationError) -> Amount {
        switch expression {
        case .number(let value): return Amount(value: value)
        case .cell(let cell): return read(cell, axis: nil)
        case .axisSum(let places, let cell, _):
            var sum = Amount(value: places.isEmpty ? nil : .zero)
            for place in places {
                let part = read(cell, axis: place)
                sum = Amount(
                    value: try Self.both(sum.value, part.value) { left, right throws(OperationError) in
                        try left.adding(right)
                    },
                    weight: try sum.weight.adding(part.weight))
            }
            return sum
        case .add(let left, let right):
            let (left, right) = (try amount(left), try amount(right))
            return Amount(
                value: try Self.both(left.value, right.value) { left, right throws(OperationError) in
                    try left.adding(right)
                },
                weight: try left.weight.adding(right.weight))
        case .subtract(let left, let right):
            let (left, right) = (try amount(left), try amount(right))
            return Amount(
                value: try Self.both(left.value, right.value) { left, right throws(OperationError) in
                    try left.subtracting(right)
                },
                weight: try left.weight.adding(right.weight))
        case .multiply(let left, let right):
            let (left, right) = (try amount(left), try amount(right))
            return Amount(
                value: try Self.both(left.value, right.value) { left, right throws(OperationError) in
                    try left.multiplied(by: right)
                },
                weight: try (left.value?.magnitude ?? .zero).multiplied(by: right.weight)
                    .adding(try (right.value?.magnitude ?? .zero).multiplied(by: left.weight)))
        case .negate(let inner):
            let amount = try amount(inner)
            return Amount(value: amount.value?.negated, weight: amount.weight)
        case .absolute(let inner):
            let amount = try amount(inner)
            return Amount(value: amount.value?.magnitude, weight: amount.weight)
        case .round(let inner, let digits):
            let amount = try amount(inner)
            return Amount(value: amount.value?.rounded(scale: digits), weight: amount.weight)
        case .divide(let left, let right, let digits):
            let (left, right) = (try amount(left), try amount(right))
            guard let dividend = left.value, let divisor = right.value else { return Amount() }
            return Amount(value: try dividend.divided(by: divisor, scale: digits))
        case .least(let parts): return try chosen(parts) { $0 < $1 }
        case .greatest(let parts): return try chosen(parts) { $0 > $1 }
        case .coalesce(let parts):
            for part in parts {
                let amount = try amount(part)
                if amount.value != nil { return amount }
            }
            return Amount()
        case .conditional(let condition, let then, let otherwise):
            if try truth(condition) == true { return try amount(then) }
            guard let otherwise else { return Amount() }
            return try amount(otherwise)
        default: return Amount()
        }
    }

    private mutating func chosen(
        _ parts: [FormExpression], _ isBetter: (ExactDecimal, ExactDecimal) -> Bool
    ) throws(OperationError) -> Amount {
        var best = Amount()
        for (index, part) in parts.enumerated() {
            let amount = try amount(part)
            guard let value = amount.value else { return Amount() }
            if index == 0 || best.value.map({ isBetter(value, $0) }) ?? false { best = amount }
        }
        return best
    }

    private static func both(
        _ left: ExactDecimal?, _ right: ExactDecimal?,
        _ operation: (ExactDecimal, ExactDecimal) throws(OperationError) -> ExactDecimal
    ) throws(OperationError) -> ExactDecimal? {
        guard let left, let right else { return nil }
        return try operation(left, right)
    }

    // MARK: Cells

    private mutating func read(_ cell: FormCell, axis: Int?) -> Amount {
        guard let row = position(cell.row, row, cell.form, axis),
            let column = position(cell.column, column, cell.form, axis),
            let period = label(cell.period)
        else { return Amount() }
        let found = figures.cell(form: cell.form, court: court, period: period, row: row, column: column)
        return Amount(value: number(judgesOwn ? found.own : found.value), weight: ExactDecimal(1))
    }

    /// What a cell counts for under the rule's policies; nil is undecided.
    mutating func number(_ value: CellValue) -> ExactDecimal? {
        switch value {
        case .number(let number): return number
        case .blank: return rule.blank == .zero ? .zero : nil
        case .absent:
            if rule.absent == .fail { missedCell = true }
            return rule.absent == .zero ? .zero : nil
        }
    }

    private func position(
        _ place: FormCell.Place, _ binding: CompiledFormRule.Binding?, _ form: Int, _ axis: Int?
    ) -> Int? {
        switch place {
        case .fixed(let index): index
        case .wildcard: binding.map { $0.places[form] }
        case .axis: axis
        }
    }

    private func label(_ period: CellPeriod) -> String? {
        switch period {
        case .current: self.period
        case .previous: previous
        case .samePeriodLastYear: samePeriodLastYear
        case .label(let label): label
        }
    }

    // MARK: Comparison

    /// With the rule's tolerance t: `=` is |a − b| ≤ t, `<=` is a ≤ b + t, `<` is a < b + t, and so on.
    func compare(_ comparison: Comparison, _ left: Amount, _ right: Amount) throws(OperationError) -> Bool? {
        guard let actual = left.value, let expected = right.value else { return nil }
        let difference = try actual.subtracting(expected)
        let tolerance: ExactDecimal
        switch rule.tolerance {
        case .exact: tolerance = .zero
        case .amount(let amount): tolerance = amount
        case .share(let share): tolerance = try expected.magnitude.multiplied(by: share)
        case .rounding(let unit): tolerance = try unit.multiplied(by: try left.weight.adding(right.weight))
        }
        switch comparison {
        case .equal: return difference.magnitude <= tolerance
        case .notEqual: return difference.magnitude > tolerance
        case .lessOrEqual: return difference <= tolerance
        case .less: return tolerance.isZero ? difference < .zero : difference < tolerance
        case .greaterOrEqual: return difference >= tolerance.negated
        case .greater: return tolerance.isZero ? difference > .zero : difference > tolerance.negated
        }
    }
}
