public import Columnar
public import RuleLanguage

/// The four-valued truth tables of the connectives, as data: what every engine's kernels and printers are held against.
///
/// Rows and columns in the order undecided, true, false, error (the raw values of `Outcome`).
public enum TruthTable {
    public static let and: [[Outcome]] = [
        [.undecided, .undecided, .isFalse, .error],
        [.undecided, .isTrue, .isFalse, .error],
        [.isFalse, .isFalse, .isFalse, .isFalse],
        [.error, .error, .isFalse, .error],
    ]

    public static let or: [[Outcome]] = [
        [.undecided, .isTrue, .undecided, .error],
        [.isTrue, .isTrue, .isTrue, .isTrue],
        [.undecided, .isTrue, .isFalse, .error],
        [.error, .isTrue, .error, .error],
    ]

    public static let not: [Outcome] = [.undecided, .isFalse, .isTrue, .error]
}

/// What an operator makes of NULL and error among its operands.
public enum NullHandling: Sendable, Hashable {
    /// Error if an operand is error, else NULL if one is NULL.
    case strict
    /// By `TruthTable`.
    case connective
    /// Error stays error; NULL is an ordinary value (`is null`, `present`).
    case presence
    /// From left to right; stops at the first value or error (`coalesce`).
    case firstValue
    /// Error condition gives error, NULL condition the else branch.
    case choice
}

extension Operator {
    public var nullHandling: NullHandling {
        switch self {
        case .and, .or, .not: .connective
        case .isNull, .present: .presence
        case .coalesce: .firstValue
        case .conditional: .choice
        default: .strict
        }
    }
}
