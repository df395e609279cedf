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
        /// The figures as submitted break a rule of the form.
        case submittedFinding = "submitted-finding"
        /// A mistake in a form, named by its pattern.
        case explanation
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
    /// A plain value, JSON array text for a composite key, `court|row|column` for a cell of a form,
    /// `file|court|courts below` for an explanation.
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

extension FoundItem {
    /// What the tool makes of a file of figures with a mistake in it.
    ///
    /// - Parameters:
    ///   - courts: the courts below at which it points.
    public init(slip file: String, pattern: String, form: String, court: String, courts: [String]) {
        self.init(
            outcome: .explanation, rule: pattern, court: court, table: form,
            key: FormSlips.key(file: file, court, courts))
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

/// `truth.csv`: what was planted, written by the generator without asking a rule or the engine.
public enum TruthFile {
    static let columns = ["kind", "outcome", "rule", "severity", "court", "table", "key", "note"]

    static func write(_ items: [TruthItem], to path: String) throws {
        let rows = items.map { item -> [String?] in
            [
                item.kind, item.outcome.rawValue, item.rule, item.severity.rawValue, item.court, item.table, item.key,
                item.note,
            ]
        }
        try CSVFile.write(rows, columns: columns, to: path)
    }

    /// - Throws: 66 when there is no such file, 65 when it is not a truth file.
    public static func read(_ path: String) throws -> [TruthItem] {
        guard let rows = try CSVFile.read(path, columns: columns) else { throw OperationError.notATruthFile(path) }
        return try rows.map { row in
            let texts = row.map { $0 ?? "" }
            guard let outcome = TruthItem.Outcome(rawValue: texts[1]), let severity = Severity(rawValue: texts[3])
            else {
                throw OperationError.notATruthFile(path)
            }
            return TruthItem(
                kind: texts[0], outcome: outcome, rule: texts[2], severity: severity, court: texts[4], table: texts[5],
                key: texts[6], note: texts[7])
        }
    }

    /// What was planted and not found, and what was found and not planted.
    ///
    /// Items agree by outcome, rule, table and key; not by court, which a row without a case does not have. Keys in
    /// JSON array text agree by their elements, so that `["a",1]` is `["a","1"]`. Boundaries are never expected.
    public static func compare(
        _ truth: [TruthItem], found: [FoundItem]
    ) -> (missing: [TruthItem], unexpected: [FoundItem]) {
        let planted = Set(truth.filter { $0.outcome != .boundary }.map(Identity.init))
        let reported = Set(found.map(Identity.init))
        var seen: Set<Identity> = []
        let missing = truth.filter {
            $0.outcome != .boundary && !reported.contains(Identity($0)) && seen.insert(Identity($0)).inserted
        }
        let unexpected = found.filter { !planted.contains(Identity($0)) && seen.insert(Identity($0)).inserted }
        return (missing, unexpected)
    }

    private struct Identity: Hashable {
        var outcome: TruthItem.Outcome
        var rule: String
        var table: String
        var key: String

        init(_ item: TruthItem) {
            self.init(outcome: item.outcome, rule: item.rule, table: item.table, key: item.key)
        }

        init(_ item: FoundItem) {
            self.init(outcome: item.outcome, rule: item.rule, table: item.table, key: item.key)
        }

        private init(outcome: TruthItem.Outcome, rule: String, table: String, key: String) {
            self.outcome = outcome
            self.rule = rule
            self.table = table
            // None of the invented keys has a quote or a blank in it.
            self.key = key.hasPrefix("[") ? key.filter { $0 != "\"" && $0 != " " } : key
        }
    }
}
