public import Columnar

/// How the outcomes of many rules lie in bigints, two bits each: 0 true, 1 undecided, 2 error, 3 false.
///
/// The greater of two codes is the worse outcome, and a row without a false or an error has no high bit.
public struct OutcomeWords: Sendable {
    /// Outcomes in one word; the sign bit is left alone.
    static let perWord = 31

    public let count: Int

    public init(count: Int) { self.count = count }

    public var wordCount: Int { (count + Self.perWord - 1) / Self.perWord }

    static func name(_ word: Int) -> String { "m\(word)" }

    static func code(_ outcome: Outcome) -> Int64 {
        switch outcome {
        case .isTrue: 0
        case .undecided: 1
        case .error: 2
        case .isFalse: 3
        }
    }

    /// The outcome at a place of a row's words.
    public func outcome(_ place: Int, in words: [Int64]) -> Outcome {
        switch words[place / Self.perWord] >> Int64(2 * (place % Self.perWord)) & 3 {
        case 0: .isTrue
        case 1: .undecided
        case 2: .error
        default: .isFalse
        }
    }

    /// A place's outcome as a number of its word; NULL as `undecided`.
    static func shifted(_ outcome: Outcome, _ place: Int) -> SQLExpression {
        let value = code(outcome) << Int64(2 * (place % perWord))
        return .typed(.bigint, "\(value)")
    }

    /// Where one of these places is false.
    static func isFalse(_ places: [Int], canBeError: Bool, of alias: String) -> SQLExpression {
        let words = Dictionary(grouping: places) { $0 / perWord }
        let tests = words.sorted { $0.key < $1.key }.map { word, places in
            let low = places.reduce(Int64(0)) { $0 | 1 << Int64(2 * ($1 % perWord)) }
            let bits = SQLExpression.column(name(word), of: alias)
            let found =
                canBeError
                ? SQLExpression.infix(
                    "&", [.infix("&", [bits, .infix(">>", [bits, .number("1")])]), .typed(.bigint, "\(low)")])
                : .infix("&", [bits, .typed(.bigint, "\(low << 1)")])
            return SQLExpression.infix("<>", [found, .number("0")])
        }
        return .or(tests)
    }
}
