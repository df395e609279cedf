import FormEngine
import RuleLanguage

/// An expression over cells with every name resolved to a position; what a form rule computes.
///
/// Numbers are exact or null, truths are true, false or null.
indirect enum FormExpression: Sendable {
    case number(ExactDecimal)
    case bool(Bool)
    case null
    case cell(FormCell)
    /// The total of the cell while one of its axes runs over the places.
    case axisSum([Int], FormCell, Axis)
    case add(FormExpression, FormExpression)
    case subtract(FormExpression, FormExpression)
    case multiply(FormExpression, FormExpression)
    case negate(FormExpression)
    case absolute(FormExpression)
    case round(FormExpression, Int)
    case divide(FormExpression, FormExpression, Int)
    case least([FormExpression])
    case greatest([FormExpression])
    case coalesce([FormExpression])
    case conditional(FormExpression, FormExpression, FormExpression?)
    case compare(Comparison, FormExpression, FormExpression)
    case and([FormExpression])
    case or([FormExpression])
    case not(FormExpression)
    case isNull(FormExpression)
}

/// One cell reference.
struct FormCell: Sendable {
    enum Place: Sendable {
        case fixed(Int)
        /// The code that the rule's `*` binds on this axis, through the binding's table of places for this form.
        case wildcard
        /// The axis that an aggregate removes.
        case axis
    }

    var form: Int
    var row: Place
    var column: Place
    var period: CellPeriod
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

/// A form rule for one of its forms, ready to be judged.
struct CompiledFormRule: Sendable {
    enum Judgement: Sendable {
        case check(FormExpression)
        /// Along the hierarchy of courts: value = Σ value of the courts below (+ own).
        case rollup(rows: [Int], columns: [Int], own: Bool)
    }

    enum FigureChoice: Sendable { case value, own, both }

    var definition: RuleDefinition
    /// Position of the form in the table of figures.
    var form: Int
    var when: FormExpression?
    var judgement: Judgement
    /// Codes bound by `*` on rows, each with its place in every form; nil when no cell has a wildcard there.
    var rowBindings: [Binding]?
    var columnBindings: [Binding]?
    /// All forms that it reads.
    var forms: [Int]
    /// Of the first reference to its own form, for rules without wildcards.
    var firstRow: String
    var firstColumn: String
    var blank: MissingPolicy
    var absent: MissingPolicy
    var tolerance: Tolerance
    var figures: FigureChoice
    /// Name of the hierarchy of a roll-up.
    var hierarchy: String?

    struct Binding: Sendable {
        var code: String
        /// By form; -1 where the form does not take part.
        var places: [Int]
    }
}
