import DelimitedText
public import Diagnostics

/// What was planted, or must not be reported; a row of `truth.csv`.
public struct TruthItem: Sendable, Hashable {
    /// What the tool ought to do with it.
    public enum Outcome: String, Sendable, CaseIterable {
        /// Reported by a rule.
        case finding
        /// Not loaded, kept with its bytes and the reason.
        case quarantine
        /// Not loaded, since the same batch has the key again.
        case superseded
        /// Computed and submitted figure differ.
        case mismatch
        /// Exactly on the boundary of a rule: must not be reported.
        case boundary
    }

    /// Which defect it comes from, such as `closed-before-filed`; one defect may have several items.
    public var kind: String
    public var outcome: Outcome
    /// The rule's id, `type.<table>.<column>`, `required.<table>.<column>`; empty for mismatches.
    public var rule: String
    public var severity: Severity
    /// Empty when the row belongs to no case and so to no court.
    public var court: String
    /// The table's or the form's code.
    public var table: String
    /// A plain value, JSON array text for a composite key, `court|row|column` for a cell of a form.
    public var key: String
    public var note: String

    public init(
        kind: String, outcome: Outcome, rule: String, severity: Severity = .error, court: String, table: String,
        key: String, note: String = ""
    ) {
        self.kind = kind
        self.outcome = outcome
        self.rule = rule
        self.severity = severity
        self.court = court
        self.table = table
        self.key = key
        self.note = note
    }
}

/// What the tool reported, in the terms of the truth file.
public struct FoundItem: Sendable, Hashable {
    public var outcome: TruthItem.Outcome
    public var rule: String
    public var court: String
    public var table: String
    public var key: String

    public init(outcome: TruthItem.Outcome, rule: String, court: String, table: String, key: String) {
        self.outcome = outcome
        self.rule = rule
        self.court = court
        self.table = table
        self.key = key
    }
}
