public import Columnar
public import Diagnostics
public import Schema

/// A rule as it is written in a rules document; expressions are still text.
public struct RuleDefinition: Sendable {
    public enum Body: Sendable {
        case check(ExpressionText)
        case unique([String])
        case depends(from: [String], to: [String])
        case share(ExpressionText)
        /// 表内, 表间: `check` over cells of forms.
        case formCheck(ExpressionText)
        /// 上下级: the cells, along which hierarchy, and whether the parent's own figures are added.
        case rollup(cells: ExpressionText, along: String, own: Bool)
    }

    public enum Action: String, Sendable { case report, reject }

    /// What undecided means: stays undecided, or counts as false or true.
    public enum NullPolicy: String, Sendable { case undecided, fail, pass }

    public struct FormOptions: Sendable {
        public var blank: String?
        public var absent: String?
        public var tolerance: String?
        public var figures: String?

        public init(blank: String? = nil, absent: String? = nil, tolerance: String? = nil, figures: String? = nil) {
            self.blank = blank
            self.absent = absent
            self.tolerance = tolerance
            self.figures = figures
        }
    }

    /// One of a rule's own examples: rows by table, or figures, and which of them fail.
    public struct Example: Sendable {
        /// Rows of each table as name → text (nil is NULL), names as written.
        public var tables: [String: [[String: String?]]]
        /// form, court, period, row, column, value, [own].
        public var figures: [[String?]]
        /// Row numbers, from 0, of the rule's table that are violations; for figures empty or not.
        public var failingRows: [Int]
        public var failingCells: [[String]]
        public var location: SourceLocation?

        public init(
            tables: [String: [[String: String?]]] = [:], figures: [[String?]] = [], failingRows: [Int] = [],
            failingCells: [[String]] = [], location: SourceLocation? = nil
        ) {
            self.tables = tables
            self.figures = figures
            self.failingRows = failingRows
            self.failingCells = failingCells
            self.location = location
        }
    }

    /// A key of the rule's table that is excepted, until when, and why.
    public struct Exception: Sendable {
        public var key: [String]
        public var until: CivilDate?
        public var reason: String

        public init(key: [String], until: CivilDate? = nil, reason: String) {
            self.key = key
            self.until = until
            self.reason = reason
        }
    }

    public var id: String
    public var title: String?
    /// The table's code or title; nil for form rules.
    public var table: String?
    /// The forms' codes or titles; empty for row rules.
    public var forms: [String]
    public var when: ExpressionText?
    public var body: Body
    public var severity: Severity
    public var action: Action
    public var nullPolicy: NullPolicy
    public var formOptions: FormOptions
    /// Both inclusive, against the last day of the statistical period.
    public var effectiveFrom: CivilDate?
    public var effectiveUntil: CivilDate?
    public var cite: String?
    /// A template with `{column}` in it.
    public var message: ExpressionText?
    public var tags: [String]
    public var examples: [Example]
    public var exceptions: [Exception]
    /// The reason why an overlay disabled it.
    public var disabledReason: String?
    public var isProvisional: Bool
    public var location: SourceLocation?

    public init(
        id: String, title: String? = nil, table: String? = nil, forms: [String] = [], when: ExpressionText? = nil,
        body: Body, severity: Severity = .error, action: Action = .report, nullPolicy: NullPolicy = .undecided,
        formOptions: FormOptions = FormOptions(), effectiveFrom: CivilDate? = nil, effectiveUntil: CivilDate? = nil,
        cite: String? = nil, message: ExpressionText? = nil, tags: [String] = [], examples: [Example] = [],
        exceptions: [Exception] = [], disabledReason: String? = nil, isProvisional: Bool = false,
        location: SourceLocation? = nil
    ) {
        self.id = id
        self.title = title
        self.table = table
        self.forms = forms
        self.when = when
        self.body = body
        self.severity = severity
        self.action = action
        self.nullPolicy = nullPolicy
        self.formOptions = formOptions
        self.effectiveFrom = effectiveFrom
        self.effectiveUntil = effectiveUntil
        self.cite = cite
        self.message = message
        self.tags = tags
        self.examples = examples
        self.exceptions = exceptions
        self.disabledReason = disabledReason
        self.isProvisional = isProvisional
        self.location = location
    }
}

/// A named expression of a rules file, computed once per row (`let`).
public struct LetDefinition: Sendable {
    public var name: String
    public var table: String
    public var expression: ExpressionText
    /// Rules of other files do not see it.
    public var file: String
    public var location: SourceLocation?

    public init(
        name: String, table: String, expression: ExpressionText, file: String, location: SourceLocation? = nil
    ) {
        self.name = name
        self.table = table
        self.expression = expression
        self.file = file
        self.location = location
    }
}

/// All rules of the loaded definitions, in the order in which they were read.
public struct RuleSet: Sendable {
    public var rules: [RuleDefinition]
    public var lets: [LetDefinition]
    /// Files of which some let could not be read, so that its name is not told as unknown too.
    public var filesLackingLets: Set<String>

    public init(rules: [RuleDefinition] = [], lets: [LetDefinition] = [], filesLackingLets: Set<String> = []) {
        self.rules = rules
        self.lets = lets
        self.filesLackingLets = filesLackingLets
    }
}
