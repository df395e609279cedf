public import Diagnostics
public import FormEngine

/// A form rule (表内, 表间, 上下级) that does not hold at one place.
///
/// Actual is the left side, expected the right side, difference = actual − expected; each is nil where the rule is no
/// comparison or the side has no number.
public struct FormFinding: Sendable, Hashable {
    public var rule: String
    public var severity: Severity
    public var form: String
    public var court: String
    public var period: String
    /// Codes: the bound wildcards, else those of the rule's first reference to the form; empty when it has none.
    public var row: String
    public var column: String
    public var expected: ExactDecimal?
    public var actual: ExactDecimal?
    public var difference: ExactDecimal?
    public var message: LocalizedText

    public init(
        rule: String, severity: Severity, form: String, court: String, period: String, row: String, column: String,
        expected: ExactDecimal?, actual: ExactDecimal?, difference: ExactDecimal?, message: LocalizedText
    ) {
        self.rule = rule
        self.severity = severity
        self.form = form
        self.court = court
        self.period = period
        self.row = row
        self.column = column
        self.expected = expected
        self.actual = actual
        self.difference = difference
        self.message = message
    }
}

/// What became of one form rule. In scope = true + false + undecided + error, counted in instances: a court, a period
/// and one binding of the wildcards.
public struct FormRuleStatistic: Sendable, Hashable {
    public var rule: String
    public var title: String
    public var form: String
    public var severity: Severity
    public var rowsInScope = 0
    public var applicable = 0
    public var trueCount = 0
    public var falseCount = 0
    public var undecidedCount = 0
    public var errorCount = 0
    /// Violations that an exception of the rule covers: counted as false, but no findings.
    public var excepted = 0
    public var stored = 0
    public var truncated = 0
    /// Why the rule could not be judged at all: a form was not given, not in force.
    public var notRun: LocalizedText?

    public init(rule: String, title: String, form: String, severity: Severity) {
        self.rule = rule
        self.title = title
        self.form = form
        self.severity = severity
    }

    /// 空转: it ran and met nothing to judge.
    public var judgedNothing: Bool { notRun == nil && trueCount + falseCount == 0 }
}
