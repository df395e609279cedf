public import Columnar
import Diagnostics

/// Cases that are alike to all forms: the same court, the same codes, the same outcome of every predicate.
///
/// What a database groups, so that not every case has to leave it.
public struct CaseGroup: Sendable {
    public var court: String?
    /// In the order of `FormComputation.codeColumns`.
    public var codes: [String?]
    public var cases: Int
    /// By predicate.
    public var outcomes: [Outcome]
    /// By scalar, unscaled; nil where no case of the group has a value.
    public var sums: [Int128?]

    public init(court: String?, codes: [String?], cases: Int, outcomes: [Outcome], sums: [Int128?]) {
        self.court = court
        self.codes = codes
        self.cases = cases
        self.outcomes = outcomes
        self.sums = sums
    }
}

extension FormTotals {
    /// Counts a group of cases into the form's cells.
    ///
    /// - Parameters:
    ///   - rows: for each of the form's subtrees the rows of the group's code; nil where it has none.
    mutating func add(
        _ group: CaseGroup, to court: Int, form: CompiledForms.Form, rows subtrees: [[Int]?]
    ) throws(OperationError) {
        func outcome(_ predicate: Int?) -> Bool? {
            guard let predicate else { return true }
            return switch group.outcomes[predicate] {
            case .isTrue: true
            case .isFalse: false
            case .undecided, .error: nil
            }
        }
        func and(_ left: Bool?, _ right: Bool?) -> Bool? {
            left == false || right == false ? false : left == nil || right == nil ? nil : true
        }
        let scope = outcome(form.scope)
        guard scope != false else { return }
        var tests: [(row: Int, outcome: Bool?)] = form.rows.enumerated().compactMap { row, test in
            guard case .predicate(let predicate) = test else { return nil }
            return (row, outcome(predicate))
        }
        var isUndecided = false
        for (subtree, found) in subtrees.enumerated() {
            if let found {
                tests += found.map { ($0, true) }
            } else if form.subtrees[subtree].hasRows {
                tests.append((-1, nil))
            }
        }
        for (column, measure) in form.columns.enumerated() {
            let inColumn: Bool?
            var scalar: Int?
            switch measure {
            case .count(let predicate): inColumn = outcome(predicate)
            case .sum(let place, _, let when): (inColumn, scalar) = (outcome(when), place)
            case .ratio, .given: continue
            }
            for test in tests {
                switch and(scope, and(inColumn, test.outcome)) {
                case .some(false): continue
                case .none: isUndecided = true
                case .some(true):
                    let cell = (court * self.rows + test.row) * columns + column
                    if let scalar {
                        if let sum = group.sums[scalar] { try add(sum, at: cell) }
                    } else {
                        counts[cell] += group.cases
                    }
                }
            }
        }
        if isUndecided { undecidedCases[court] += group.cases }
    }
}
