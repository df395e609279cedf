public import Diagnostics

/// A row that breaks a rule (质检问题), as `--findings` writes it.
public struct FindingRecord: Sendable, Hashable {
    public var rule: String
    public var severity: Severity
    public var table: String
    /// The plain value of a single key, JSON array text for a composite one, nil for NULL.
    public var key: String?
    public var row: Int?
    public var court: String?
    public var message: String

    public init(
        rule: String, severity: Severity, table: String, key: String?, row: Int?, court: String?, message: String
    ) {
        self.rule = rule
        self.severity = severity
        self.table = table
        self.key = key
        self.row = row
        self.court = court
        self.message = message
    }
}

/// How many findings a rule has in a court, also of those that were not stored.
public struct FindingCountRecord: Sendable, Hashable {
    public var rule: String
    /// Empty when the table has no court.
    public var court: String
    public var count: Int

    public init(rule: String, court: String, count: Int) {
        self.rule = rule
        self.court = court
        self.count = count
    }
}

/// What a rule found, as `qc --json` and `reconcile forms --json` tell it.
public struct RuleStatisticRecord: Sendable, Hashable {
    public var rule: String
    public var title: String
    /// The table or the form.
    public var subject: String
    public var severity: Severity
    public var isBuiltIn: Bool
    public var rowsInScope: Int
    public var applicable: Int
    public var trueCount: Int
    public var falseCount: Int
    public var undecidedCount: Int
    public var errorCount: Int
    public var stored: Int
    public var isTruncated: Bool
    /// Why it could not run; nil when it ran.
    public var notRun: String?

    public init(
        rule: String, title: String, subject: String, severity: Severity, isBuiltIn: Bool = false,
        rowsInScope: Int = 0, applicable: Int = 0, trueCount: Int = 0, falseCount: Int = 0, undecidedCount: Int = 0,
        errorCount: Int = 0, stored: Int = 0, isTruncated: Bool = false, notRun: String? = nil
    ) {
        self.rule = rule
        self.title = title
        self.subject = subject
        self.severity = severity
        self.isBuiltIn = isBuiltIn
        self.rowsInScope = rowsInScope
        self.applicable = applicable
        self.trueCount = trueCount
        self.falseCount = falseCount
        self.undecidedCount = undecidedCount
        self.errorCount = errorCount
        self.stored = stored
        self.isTruncated = isTruncated
        self.notRun = notRun
    }
}

/// Which verb's results: those of one kind are replaced together.
public enum ResultKind: String, Sendable, CaseIterable {
    /// Row rules: `qc`.
    case rows
    /// Form rules: `reconcile forms`.
    case forms
}

/// A figure (指标值): form, court, period, row and column; nil is blank.
public struct FigureRecord: Sendable, Hashable {
    public var form: String
    public var court: String
    public var period: String
    public var row: String
    public var column: String
    /// Of the whole jurisdiction (辖区), as plain decimal text.
    public var value: String?
    /// The court's own.
    public var own: String?
    /// `computed`, `submitted`, …
    public var source: String

    public init(
        form: String, court: String, period: String, row: String, column: String, value: String?, own: String?,
        source: String
    ) {
        self.form = form
        self.court = court
        self.period = period
        self.row = row
        self.column = column
        self.value = value
        self.own = own
        self.source = source
    }
}

/// Two sides that should agree and do not (差异), as `--findings` of `reconcile forms` writes it.
public struct MismatchRecord: Sendable, Hashable {
    public var rule: String
    public var severity: Severity
    public var form: String
    public var court: String?
    public var period: String?
    public var row: String?
    public var column: String?
    /// Plain decimal texts.
    public var expected: String?
    public var actual: String?
    public var difference: String?
    public var message: String
    /// Whose figures: those computed, those submitted, or one against the other.
    public var side: Side

    public enum Side: String, Sendable, CaseIterable { case computed, submitted, both }

    public init(
        rule: String, severity: Severity, form: String, court: String?, period: String?, row: String?, column: String?,
        expected: String?, actual: String?, difference: String?, message: String, side: Side = .computed
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
        self.side = side
    }
}

/// Rows in quarantine (隔离) of one batch, table and reason.
public struct QuarantineGroupRecord: Sendable, Hashable {
    public var batch: String
    public var court: String?
    public var table: String
    public var reason: String
    public var message: LocalizedText
    public var rows: Int
}

/// One row in quarantine with its bytes.
public struct QuarantineRecord: Sendable, Hashable {
    /// Its number in the library.
    public var id: Int
    public var batch: String
    public var part: String
    public var row: Int
    public var line: Int?
    public var table: String
    public var column: String?
    public var reason: String
    public var message: LocalizedText
    public var raw: [UInt8]
}

/// What loading did with one table of one batch.
public struct LoadRecord: Sendable, Hashable {
    public var batch: String
    public var number: Int
    public var source: String
    public var court: String?
    public var table: String
    public var counts: RowCounts
}
