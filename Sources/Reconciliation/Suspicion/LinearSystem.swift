/// Linear constraints over a few integers: whether some values satisfy all of them, exactly.
///
/// The general simplex of Dutertre and de Moura ("A fast linear-arithmetic solver for DPLL(T)", 2006), with Bland's rule,
/// so that it ends; where a value is no integer, both neighbours are tried.
struct LinearSystem {
    /// `lower ≤ Σ coefficients × variables ≤ upper`; a bound that is nil does not bind.
    struct Constraint {
        var coefficients: [Fraction]
        var lower: Fraction?
        var upper: Fraction?
    }

    enum Answer {
        /// A value for each variable.
        case satisfied([Int128])
        /// Positions of constraints that cannot hold together.
        case contradiction(Set<Int>)
    }

    /// More branches than a form's sums and balances ever need.
    struct TooManyBranches: Error {}

    // Variables first, then one for each constraint: the sum it bounds.
    private var lower: [Fraction?]
    private var upper: [Fraction?]
    private var value: [Fraction]
    private let variableCount: Int
    /// Which of them stands in each row, and in each column.
    private var basic: [Int]
    private var free: [Int]
    /// By row of a basic one, by column of a free one.
    private var tableau: [[Fraction]]

    /// - Parameters:
    ///   - start: where the variables begin; those that need not move stay there.
    ///   - minimum: of each variable, nil where there is none.
    init(_ constraints: [Constraint], start: [Fraction], minimum: [Fraction?]) throws(Fraction.Overflow) {
        variableCount = start.count
        lower = minimum + constraints.map(\.lower)
        upper = Array(repeating: nil, count: start.count) + constraints.map(\.upper)
        value = start
        for constraint in constraints {
            var sum = Fraction.zero
            for (coefficient, number) in zip(constraint.coefficients, start) {
                sum = try sum.adding(try coefficient.multiplied(by: number))
            }
            value.append(sum)
        }
        basic = constraints.indices.map { $0 + start.count }
        free = Array(start.indices)
        tableau = constraints.map(\.coefficients)
    }

    /// Integers that satisfy all constraints, or constraints that no integers satisfy.
    func integers(depth: Int = 24) throws -> Answer {
        var relaxed = self
        if let contradiction = try relaxed.relax() { return .contradiction(contradiction) }
        guard let place = relaxed.value[..<variableCount].firstIndex(where: { !$0.isInteger }) else {
            return .satisfied(relaxed.value[..<variableCount].map(\.numerator))
        }
        guard depth > 0 else { throw TooManyBranches() }
        let floor = relaxed.value[place].floor
        var below = relaxed
        below.upper[place] = Fraction(floor)
        var above = relaxed
        above.lower[place] = Fraction(floor + 1)
        switch try below.integers(depth: depth - 1) {
        case .satisfied(let values): return .satisfied(values)
        case .contradiction(let first):
            switch try above.integers(depth: depth - 1) {
            case .satisfied(let values): return .satisfied(values)
            case .contradiction(let second): return .contradiction(first.union(second))
            }
        }
    }

    /// Moves the values until every bound holds; nil when it succeeded.
    private mutating func relax() throws -> Set<Int>? {
        // A free variable may have got a bound that it breaks.
        for column in free.indices {
            let variable = free[column]
            if let bound = lower[variable], try value[variable].isLess(than: bound) {
                try move(column, to: bound)
            } else if let bound = upper[variable], try bound.isLess(than: value[variable]) {
                try move(column, to: bound)
            }
        }
        while true {
            var row: Int?
            for candidate in basic.indices where try breaks(basic[candidate]) {
                if row.map({ basic[candidate] < basic[$0] }) ?? true { row = candidate }
            }
            guard let row else { return nil }
            let variable = basic[row]
            let isTooSmall =
                try lower[variable].map { bound throws in try value[variable].isLess(than: bound) } ?? false
            guard let bound = isTooSmall ? lower[variable] : upper[variable] else { return nil }
            var column: Int?
            for candidate in free.indices where try canMove(candidate, row: row, up: isTooSmall) {
                if column.map({ free[candidate] < free[$0] }) ?? true { column = candidate }
            }
            guard let column else {
                let involved = [variable] + free.indices.filter { !tableau[row][$0].isZero }.map { free[$0] }
                return Set(involved.filter { $0 >= variableCount }.map { $0 - variableCount })
            }
            let step = try bound.subtracting(value[variable]).divided(by: tableau[row][column])
            try move(column, to: try value[free[column]].adding(step))
            try pivot(row, column)
        }
    }

    private func breaks(_ variable: Int) throws -> Bool {
        if let bound = lower[variable], try value[variable].isLess(than: bound) { return true }
        if let bound = upper[variable], try bound.isLess(than: value[variable]) { return true }
        return false
    }

    /// Whether a free variable has room in the direction that moves the row's up or down.
    private func canMove(_ column: Int, row: Int, up: Bool) throws -> Bool {
        let coefficient = tableau[row][column]
        guard !coefficient.isZero else { return false }
        let variable = free[column]
        if coefficient.isNegative != up {
            return try upper[variable].map { bound throws in try value[variable].isLess(than: bound) } ?? true
        }
        return try lower[variable].map { bound throws in try bound.isLess(than: value[variable]) } ?? true
    }

    private mutating func move(_ column: Int, to target: Fraction) throws {
        let step = try target.subtracting(value[free[column]])
        for row in basic.indices where !tableau[row][column].isZero {
            value[basic[row]] = try value[basic[row]].adding(try tableau[row][column].multiplied(by: step))
        }
        value[free[column]] = target
    }

    /// Lets a basic and a free variable change places.
    private mutating func pivot(_ row: Int, _ column: Int) throws {
        let inverse = try Fraction.one.divided(by: tableau[row][column])
        for other in free.indices where other != column {
            tableau[row][other] = try tableau[row][other].multiplied(by: inverse).negated
        }
        tableau[row][column] = inverse
        for line in basic.indices where line != row && !tableau[line][column].isZero {
            let factor = tableau[line][column]
            for other in free.indices where other != column {
                tableau[line][other] = try tableau[line][other].adding(
                    try factor.multiplied(by: tableau[row][other]))
            }
            tableau[line][column] = try factor.multiplied(by: inverse)
        }
        (basic[row], free[column]) = (free[column], basic[row])
    }
}
