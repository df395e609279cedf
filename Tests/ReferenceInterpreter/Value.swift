/// What an expression gives for a row. Texts are arrays of Unicode scalars: no normalisation, no grapheme clusters.
public enum Value: Sendable {
    /// A cell whose text did not parse as its type, or something made of it.
    case error
    case null
    case number(Number)
    case text([Unicode.Scalar])
    case date(Day)
    case timestamp(Moment)
    case bool(Bool)

    public var isError: Bool { if case .error = self { true } else { false } }
    public var isNull: Bool { if case .null = self { true } else { false } }

    public init(_ bool: Bool) { self = .bool(bool) }
    public init(_ number: Number?) { self = number.map { .number($0) } ?? .null }
    public init(_ day: Day?) { self = day.map { .date($0) } ?? .null }
    public init(_ text: some Sequence<Unicode.Scalar>) { self = .text(Array(text)) }
    public init(_ int: Int) { self = .number(Number(int)) }

    /// As the text of a cell; nil for NULL and errors.
    public var cellText: String? {
        func text(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        func text(_ day: Day) -> String { "\(text(day.year, 4))-\(text(day.month, 2))-\(text(day.day, 2))" }
        switch self {
        case .error, .null: return nil
        case .number(let number): return number.text
        case .text(let scalars): return String(String.UnicodeScalarView(scalars))
        case .date(let day): return text(day)
        case .timestamp(let moment):
            let seconds = moment.micros / 1_000_000
            return text(moment.day)
                + " \(text(seconds / 3600, 2)):\(text(seconds / 60 % 60, 2)):\(text(seconds % 60, 2))."
                + text(moment.micros % 1_000_000, 6)
        case .bool(let bool): return bool ? "t" : "f"
        }
    }

    /// −1, 0, 1 for two values of one type; nil for values that have no order.
    public static func order(_ a: Value, _ b: Value) -> Int? {
        func order<T: Comparable>(_ x: T, _ y: T) -> Int { x < y ? -1 : x == y ? 0 : 1 }
        switch (a, b) {
        case (.number(let x), .number(let y)): return order(x, y)
        // The order of UTF-8 bytes is the order of code points.
        case (.text(let x), .text(let y)):
            return x.lexicographicallyPrecedes(y) ? -1 : x == y ? 0 : 1
        case (.date(let x), .date(let y)): return order(x, y)
        case (.timestamp(let x), .timestamp(let y)): return order(x, y)
        case (.bool(let x), .bool(let y)): return x == y ? 0 : x ? 1 : -1
        default: return nil
        }
    }

    public static func equal(_ a: Value, _ b: Value) -> Bool { order(a, b) == 0 }
}

/// The four truth values (rule-language.md §4).
public enum Truth: Int, Sendable, Hashable, CaseIterable {
    case isTrue, isFalse, undecided, error

    public init(_ value: Value) {
        switch value {
        case .bool(let bool): self = bool ? .isTrue : .isFalse
        case .error: self = .error
        default: self = .undecided
        }
    }

    public var value: Value {
        switch self {
        case .isTrue: .bool(true)
        case .isFalse: .bool(false)
        case .undecided: .null
        case .error: .error
        }
    }

    /// `and` takes the first of false, error, null, true that occurs.
    public static func and(_ parts: [Truth]) -> Truth {
        [.isFalse, .error, .undecided].first { parts.contains($0) } ?? .isTrue
    }

    /// `or` the first of true, error, null, false.
    public static func or(_ parts: [Truth]) -> Truth {
        [.isTrue, .error, .undecided].first { parts.contains($0) } ?? .isFalse
    }

    /// `not` swaps true and false.
    public static func not(_ truth: Truth) -> Truth {
        truth == .isTrue ? .isFalse : truth == .isFalse ? .isTrue : truth
    }

    /// The worst outcome counts: false, error, undecided, true.
    public static func worst(_ outcomes: [Truth]) -> Truth {
        [.isFalse, .error, .undecided].first { outcomes.contains($0) } ?? .isTrue
    }
}
