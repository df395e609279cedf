import FormEngine
import RuleLanguage

/// What a rule within a form (表内) demands of one sheet, as bounds of a weighted sum of its cells.
struct LinearCheck {
    /// Weights of cells by their place in the sheet; no cell twice, none with weight 0.
    var terms: [(place: Int, weight: Fraction)]
    var lower: Fraction?
    var upper: Fraction?
}

/// Turns one rule's instances over one sheet into linear checks.
struct LinearReader {
    /// Why an instance is no linear check.
    enum Obstacle: Error {
        /// It reads other forms or periods, multiplies cells, chooses, or demands that sides differ.
        case notLinear
        /// It demands nothing at present: a cell has no number, or `when` is not true.
        case undecided
        case tooLarge
    }

    let rule: CompiledFormRule
    let columnCount: Int
    /// By place in the sheet.
    let cells: [CellValue]

    /// The weighted sum of cells that an amount is, and what it takes to judge it.
    private struct Sum {
        var weights: [Int: Fraction] = [:]
        var constant = Fraction.zero
        /// How many cells were read, each by its factor; for `rounding`.
        var cellWeight = Fraction.zero

        mutating func add(_ other: Sum, times factor: Fraction) throws {
            for (place, weight) in other.weights {
                weights[place] = try (weights[place] ?? .zero).adding(try weight.multiplied(by: factor))
            }
            constant = try constant.adding(try other.constant.multiplied(by: factor))
            let size = factor.isNegative ? try factor.negated : factor
            cellWeight = try cellWeight.adding(try other.cellWeight.multiplied(by: size))
        }
    }

    /// What one instance demands; of several comparisons joined by `and` each.
    func checks(binding: Int) throws -> [LinearCheck] {
        do {
            if let when = rule.when, try truth(when, binding) != true { throw Obstacle.undecided }
            return try demands(rule.check, binding)
        } catch is Fraction.Overflow {
            throw Obstacle.tooLarge
        }
    }

    private func demands(_ expression: FormExpression, _ binding: Int) throws -> [LinearCheck] {
        switch expression {
        case .bool(true): return []
        case .and(let parts): return try parts.flatMap { try demands($0, binding) }
        case .compare(let comparison, let left, let right):
            var difference = try sum(left, binding)
            try difference.add(try sum(right, binding), times: Fraction(-1))
            return [try bounded(difference, comparison)]
        default: throw Obstacle.notLinear
        }
    }

    private func bounded(_ sum: Sum, _ comparison: Comparison) throws -> LinearCheck {
        let tolerance: Fraction
        switch rule.tolerance {
        case .exact: tolerance = .zero
        case .amount(let amount): tolerance = try Fraction(amount)
        case .rounding(let unit): tolerance = try Fraction(unit).multiplied(by: sum.cellWeight)
        case .share: throw Obstacle.notLinear
        }
        let terms = sum.weights.filter { !$0.value.isZero }.sorted { $0.key < $1.key }
            .map { (place: $0.key, weight: $0.value) }
        // left − right lies between −t and t; the constant goes to the other side.
        let low = try tolerance.negated.subtracting(sum.constant)
        let high = try tolerance.subtracting(sum.constant)
        switch comparison {
        case .equal: return LinearCheck(terms: terms, lower: low, upper: high)
        case .lessOrEqual: return LinearCheck(terms: terms, lower: nil, upper: high)
        case .greaterOrEqual: return LinearCheck(terms: terms, lower: low, upper: nil)
        case .less:
            return LinearCheck(terms: terms, lower: nil, upper: try high.subtracting(try grain(terms, high)))
        case .greater: return LinearCheck(terms: terms, lower: try low.adding(try grain(terms, low)), upper: nil)
        case .notEqual: throw Obstacle.notLinear
        }
    }

    /// The smallest step that the weighted sum can make, cells having the digits that they have now, cut by the bound.
    private func grain(_ terms: [(place: Int, weight: Fraction)], _ bound: Fraction) throws -> Fraction {
        var common = bound.denominator
        for (place, weight) in terms {
            let unit = try Fraction(1, over: try Fraction.power(cells[place].number?.scale ?? 0))
            let step = try weight.multiplied(by: unit).denominator
            let (product, overflow) = common.multipliedReportingOverflow(by: step)
            guard !overflow else { throw Fraction.Overflow() }
            if common % step != 0 { common = product }
        }
        return try Fraction(1, over: common)
    }

    // MARK: Amounts

    private func sum(_ expression: FormExpression, _ binding: Int) throws -> Sum {
        switch expression {
        case .number(let number): return Sum(constant: try Fraction(number))
        case .cell(let cell): return try read(cell, binding, axis: nil)
        case .axisSum(let places, let cell, _):
            guard !places.isEmpty else { throw Obstacle.undecided }
            var total = Sum()
            for place in places { try total.add(try read(cell, binding, axis: place), times: .one) }
            return total
        case .add(let left, let right), .subtract(let left, let right):
            var total = try sum(left, binding)
            let isSubtraction = if case .subtract = expression { true } else { false }
            try total.add(try sum(right, binding), times: isSubtraction ? Fraction(-1) : .one)
            return total
        case .negate(let inner):
            var total = Sum()
            try total.add(try sum(inner, binding), times: Fraction(-1))
            return total
        case .multiply(let left, let right):
            let (left, right) = (try sum(left, binding), try sum(right, binding))
            guard let factor = [left, right].first(where: { $0.weights.isEmpty }) else { throw Obstacle.notLinear }
            var total = Sum()
            try total.add(left.weights.isEmpty ? right : left, times: factor.constant)
            return total
        case .null: throw Obstacle.undecided
        default: throw Obstacle.notLinear
        }
    }

    private func read(_ cell: FormCell, _ binding: Int, axis: Int?) throws -> Sum {
        guard cell.form == rule.form, cell.period == .current else { throw Obstacle.notLinear }
        let columns = rule.columnBindings?.count ?? 1
        func position(_ place: FormCell.Place, _ bound: CompiledFormRule.Binding?) throws -> Int {
            switch place {
            case .fixed(let index): return index
            case .wildcard:
                guard let bound else { throw Obstacle.notLinear }
                return bound.places[rule.form]
            case .axis:
                guard let axis else { throw Obstacle.notLinear }
                return axis
            }
        }
        let place =
            try position(cell.row, rule.rowBindings?[binding / columns]) * columnCount
            + position(cell.column, rule.columnBindings?[binding % columns])
        switch cells[place] {
        case .number: return Sum(weights: [place: .one], cellWeight: .one)
        case .blank where rule.program.blank == .zero, .absent where rule.program.absent == .zero: return Sum()
        case .blank, .absent: throw Obstacle.undecided
        }
    }

    // MARK: `when`, at the present figures

    private func truth(_ expression: FormExpression, _ binding: Int) throws -> Bool? {
        switch expression {
        case .bool(let value): return value
        case .and(let parts):
            let all = try parts.map { try truth($0, binding) }
            return all.contains(false) ? false : all.contains(nil) ? nil : true
        case .or(let parts):
            let all = try parts.map { try truth($0, binding) }
            return all.contains(true) ? true : all.contains(nil) ? nil : false
        case .not(let inner): return try truth(inner, binding).map { !$0 }
        case .isNull(let inner): return try value(inner, binding) == nil
        case .compare(let comparison, let left, let right):
            guard let left = try value(left, binding), let right = try value(right, binding) else { return nil }
            switch comparison {
            case .equal: return left == right
            case .notEqual: return left != right
            case .less: return try left.isLess(than: right)
            case .lessOrEqual: return try !right.isLess(than: left)
            case .greater: return try right.isLess(than: left)
            case .greaterOrEqual: return try !left.isLess(than: right)
            }
        default: throw Obstacle.notLinear
        }
    }

    private func value(_ expression: FormExpression, _ binding: Int) throws -> Fraction? {
        do {
            let sum = try sum(expression, binding)
            var value = sum.constant
            for (place, weight) in sum.weights {
                value = try value.adding(try weight.multiplied(by: try Fraction(cells[place].number ?? .zero)))
            }
            return value
        } catch Obstacle.undecided {
            return nil
        }
    }
}
