public import Diagnostics
public import FormEngine

/// 差异: one cell in which the figure computed from the cases and the figure submitted do not agree.
public struct FigureMismatch: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Both are numbers and differ.
        case differs
        /// 漏报: computed, but not submitted, or submitted blank.
        case notSubmitted
        /// 多报: submitted, but not computed, or computed blank.
        case notComputed
    }

    /// The part of a difference that one court caused.
    public struct Share: Sendable, Hashable {
        public var court: String
        public var amount: ExactDecimal

        public init(court: String, amount: ExactDecimal) {
            self.court = court
            self.amount = amount
        }
    }

    public var kind: Kind
    public var form: String
    public var court: String
    public var period: String
    public var row: String
    public var column: String
    /// From the cases.
    public var expected: ExactDecimal?
    /// As submitted.
    public var actual: ExactDecimal?
    /// Submitted − computed, a missing side counted as 0.
    public var difference: ExactDecimal
    /// The courts below that caused it, largest first; their amounts and `remainder` add up to `difference`.
    public var shares: [Share]
    /// What no court below explains: the court's own cases, or an error in adding up. Nil for a court without lower ones.
    public var remainder: ExactDecimal?
    public var message: LocalizedText

    public init(
        kind: Kind, form: String, court: String, period: String, row: String, column: String, expected: ExactDecimal?,
        actual: ExactDecimal?, difference: ExactDecimal, shares: [Share] = [], remainder: ExactDecimal? = nil,
        message: LocalizedText
    ) {
        self.kind = kind
        self.form = form
        self.court = court
        self.period = period
        self.row = row
        self.column = column
        self.expected = expected
        self.actual = actual
        self.difference = difference
        self.shares = shares
        self.remainder = remainder
        self.message = message
    }
}
