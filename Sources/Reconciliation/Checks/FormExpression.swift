import FormEngine
import RuleLanguage

/// An expression over cells with every name resolved to a position; what a form rule computes.
///
/// Numbers are exact or null, truths are true, false or null.
indirect enum FormExpression: Sendable, Hashable {
    case number(ExactDecimal)
    case bool(Bool)
    case null
    case cell(FormCell)
    /// The total of the cell while one of its axes runs over the places.
    case axisSum([Int], FormCell, Axis)
    /// The total of the cell over the courts directly below (and the court's own figure): 0 where there is none.
    case below(FormCell, own: Bool)
    /// How many figures that total is of.
    case belowCount(own: Bool)
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
struct FormCell: Sendable, Hashable {
    enum Place: Sendable, Hashable {
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

extension FormExpression {
    /// Whether a cell of the form in the period at hand is read somewhere.
    func readsCurrentPeriod(of form: Int) -> Bool {
        switch self {
        case .number, .bool, .null, .belowCount: false
        case .cell(let cell), .axisSum(_, let cell, _), .below(let cell, _):
            cell.form == form && cell.period == .current
        case .add(let left, let right), .subtract(let left, let right), .multiply(let left, let right),
            .divide(let left, let right, _), .compare(_, let left, let right):
            left.readsCurrentPeriod(of: form) || right.readsCurrentPeriod(of: form)
        case .negate(let inner), .absolute(let inner), .round(let inner, _), .not(let inner), .isNull(let inner):
            inner.readsCurrentPeriod(of: form)
        case .least(let parts), .greatest(let parts), .coalesce(let parts), .and(let parts), .or(let parts):
            parts.contains { $0.readsCurrentPeriod(of: form) }
        case .conditional(let condition, let then, let otherwise):
            condition.readsCurrentPeriod(of: form) || then.readsCurrentPeriod(of: form)
                || (otherwise?.readsCurrentPeriod(of: form) ?? false)
        }
    }
}
