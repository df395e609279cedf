import FormEngine
import RuleLanguage

/// A form rule for one of its forms, ready to be judged.
struct CompiledFormRule: Sendable {
    enum FigureChoice: Sendable { case value, own, both }

    var definition: RuleDefinition
    /// Position of the form among the schema's.
    var form: Int
    /// All forms that it reads.
    var forms: [Int]
    /// Forms that it reads in other periods only; figures of the period at hand are not asked of them.
    var formsOfOtherPeriods: Set<Int>
    /// Codes bound by `*` on rows; nil when no cell has a wildcard there.
    var rowBindings: [Binding]?
    var columnBindings: [Binding]?
    /// Of the first reference to its own form, for rules without wildcards.
    var firstRow: String
    var firstColumn: String
    var figures: FigureChoice
    /// Along which hierarchy a roll-up goes, and whether the court's own figures are added; nil for a check.
    var rollup: (hierarchy: String, own: Bool)?
    var program: FormProgram
    /// What the program was written from, for who reads the rule in another way than judging.
    var check: FormExpression
    var when: FormExpression?
    var tolerance: Tolerance

    /// A code, with its place in every form; -1 where the form does not take part.
    struct Binding: Sendable {
        var code: String
        var places: [Int]
    }

    /// How often the rule is judged for one court and period: rows × columns.
    var bindingCount: Int { (rowBindings?.count ?? 1) * (columnBindings?.count ?? 1) }

    /// Row and column of one of them, in the order of rows.
    func codes(ofBinding binding: Int) -> (row: String, column: String) {
        let columns = columnBindings?.count ?? 1
        return (
            rowBindings.map { $0[binding / columns].code } ?? firstRow,
            columnBindings.map { $0[binding % columns].code } ?? firstColumn
        )
    }
}

/// What a rule does with cells that hold no number.
enum MissingPolicy: Sendable {
    case null, zero, fail
}

/// How far two sides of a comparison may lie apart.
enum Tolerance: Sendable {
    case exact
    case amount(ExactDecimal)
    /// Of the right side, as a fraction of 1.
    case share(ExactDecimal)
    /// Every reported cell may be off by this much.
    case rounding(ExactDecimal)

    /// `1`, `0.5%`, `rounding(0.005)`; nil for anything else.
    init?(_ text: String) {
        let plain = text.filter { $0 != " " }
        if plain.hasSuffix("%") {
            guard let percent = ExactDecimal(plain.dropLast()), !percent.isNegative, percent.scale <= 36 else {
                return nil
            }
            self = .share(ExactDecimal(unscaled: percent.unscaled, scale: percent.scale + 2))
        } else if plain.hasPrefix("rounding("), plain.hasSuffix(")") {
            guard let unit = ExactDecimal(plain.dropFirst(9).dropLast()), !unit.isNegative else { return nil }
            self = .rounding(unit)
        } else {
            guard let amount = ExactDecimal(plain), !amount.isNegative else { return nil }
            self = amount.isZero ? .exact : .amount(amount)
        }
    }
}

// MARK: Tolerance, written into the comparison

extension Tolerance {
    /// The comparison with this tolerance t: `=` is |a − b| ≤ t, `<=` is a − b ≤ t, `<` is a − b < t, and so on; `<` and
    /// `>` without tolerance are strict.
    func applied(to comparison: Comparison, _ left: FormExpression, _ right: FormExpression) -> FormExpression {
        let tolerance: FormExpression
        switch self {
        case .exact: return .compare(comparison, left, right)
        case .amount(let amount): tolerance = .number(amount)
        case .share(let share): tolerance = .multiply(.absolute(right), .number(share))
        case .rounding(let unit): tolerance = .multiply(.number(unit), left.cellWeight.plus(right.cellWeight))
        }
        let difference = FormExpression.subtract(left, right)
        switch comparison {
        case .equal: return .compare(.lessOrEqual, .absolute(difference), tolerance)
        case .notEqual: return .compare(.greater, .absolute(difference), tolerance)
        case .lessOrEqual, .less: return .compare(comparison, difference, tolerance)
        case .greaterOrEqual, .greater: return .compare(comparison, difference, .negate(tolerance))
        }
    }
}

extension FormExpression {
    /// By how much the value may move when each cell that it reads may move by 1: how many cells, each by its factor.
    ///
    /// What is chosen among several counts alone; a quotient is taken as exact.
    fileprivate var cellWeight: FormExpression {
        switch self {
        case .cell: .number(ExactDecimal(1))
        case .axisSum(let places, _, _): .number(ExactDecimal(places.count))
        case .below(_, let own): .belowCount(own: own)
        case .add(let left, let right), .subtract(let left, let right): left.cellWeight.plus(right.cellWeight)
        case .multiply(let left, let right):
            left.magnitude.times(right.cellWeight).plus(right.magnitude.times(left.cellWeight))
        case .negate(let inner), .absolute(let inner), .round(let inner, _): inner.cellWeight
        case .least(let parts): Self.weightOfChosen(parts, .less)
        case .greatest(let parts): Self.weightOfChosen(parts, .greater)
        case .coalesce(let parts):
            parts.dropLast().reversed().reduce(parts.last?.cellWeight ?? .zero) { rest, part in
                .conditional(.isNull(part), rest, part.cellWeight)
            }
        case .conditional(let condition, let then, let otherwise):
            .conditional(condition, then.cellWeight, otherwise?.cellWeight ?? .zero)
        default: .zero
        }
    }

    private static let zero = FormExpression.number(.zero)

    /// The first of those that no other one beats.
    private static func weightOfChosen(_ parts: [FormExpression], _ better: Comparison) -> FormExpression {
        guard var best = parts.first else { return .zero }
        var weight = best.cellWeight
        for part in parts.dropFirst() {
            weight = .conditional(.compare(better, part, best), part.cellWeight, weight)
            best = better == .less ? .least([best, part]) : .greatest([best, part])
        }
        return weight
    }

    private var magnitude: FormExpression {
        if case .number(let number) = self { .number(number.magnitude) } else { .absolute(self) }
    }

    fileprivate func plus(_ other: FormExpression) -> FormExpression {
        switch (self, other) {
        case (Self.zero, _): other
        case (_, Self.zero): self
        default: .add(self, other)
        }
    }

    private func times(_ other: FormExpression) -> FormExpression {
        self == Self.zero || other == Self.zero ? Self.zero : .multiply(self, other)
    }
}
