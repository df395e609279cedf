public import Diagnostics
public import Reconciliation

/// Everything that a report of one run says, ready to be written: counts, names and places, nothing computed any more.
///
/// It holds no personal data: keys, codes, court names, and messages from which the caller has masked what is personal.
/// Lists keep the order in which the caller puts them, except where a writer says that it sorts.
public struct ReportModel: Sendable {
    public var title: LocalizedText
    /// The label, such as `2026-10`; nil when the run has no period.
    public var period: String?
    /// First and last day as `YYYY-MM-DD`, both inclusive.
    public var periodDays: (first: String, last: String)?
    /// 运行编号.
    public var run: String?
    /// `YYYY-MM-DD HH:MM:SS`, in Asia/Shanghai.
    public var generatedAt: String
    /// Which definitions were used: version or content hash.
    public var schemaIdentity: String?
    /// Code, name and upper court of every court that the report may name, upper courts first.
    public var courts: [CourtName]
    public var steps: [Step]
    public var loads: [Load]
    public var quarantine: [QuarantineGroup]
    /// Row rules and form rules, in the order of their definitions.
    public var ruleStatistics: [RuleStatistic]
    /// Complete counts of findings on rows, by rule and court, also where `findings` holds only samples.
    public var findingCounts: [FindingCount]
    public var findings: [FindingDetail]
    public var forms: [FormSheet]
    /// Form rules that the figures computed from the cases break.
    public var formFindings: [FormFinding]
    /// Form rules that the figures as submitted (报送数) break.
    public var submittedFindings: [FormFinding]
    /// Figures computed against figures submitted.
    public var mismatches: [FigureMismatch]
    public var diagnostics: [Diagnostic]

    public init(
        title: LocalizedText, period: String? = nil, periodDays: (first: String, last: String)? = nil,
        run: String? = nil, generatedAt: String, schemaIdentity: String? = nil, courts: [CourtName] = [],
        steps: [Step] = [], loads: [Load] = [], quarantine: [QuarantineGroup] = [],
        ruleStatistics: [RuleStatistic] = [], findingCounts: [FindingCount] = [], findings: [FindingDetail] = [],
        forms: [FormSheet] = [], formFindings: [FormFinding] = [], submittedFindings: [FormFinding] = [],
        mismatches: [FigureMismatch] = [], diagnostics: [Diagnostic] = []
    ) {
        self.title = title
        self.period = period
        self.periodDays = periodDays
        self.run = run
        self.generatedAt = generatedAt
        self.schemaIdentity = schemaIdentity
        self.courts = courts
        self.steps = steps
        self.loads = loads
        self.quarantine = quarantine
        self.ruleStatistics = ruleStatistics
        self.findingCounts = findingCounts
        self.findings = findings
        self.forms = forms
        self.formFindings = formFindings
        self.submittedFindings = submittedFindings
        self.mismatches = mismatches
        self.diagnostics = diagnostics
    }
}

extension ReportModel {
    public struct CourtName: Sendable, Hashable {
        /// 代字, such as 豫1702.
        public var code: String
        public var name: String
        /// The upper court's code, nil at the top.
        public var parent: String?
        /// Whether the court list has the code; what data gives as a court need not be one.
        public var isListed: Bool

        public init(code: String, name: String, parent: String? = nil, isListed: Bool = true) {
            self.code = code
            self.name = name
            self.parent = parent
            self.isListed = isListed
        }
    }

    /// One step of the line: 抽取, 传输, 入库, 质检, 统计, 比对.
    public struct Step: Sendable, Hashable {
        public var id: String
        public var title: LocalizedText
        /// What came in and went out, rows unless a unit says otherwise; nil where a step has no such number.
        public var rowsIn: Int?
        public var rowsOut: Int?
        /// What is counted, such as cases or findings; nil for rows (行).
        public var unitIn: LocalizedText?
        public var unitOut: LocalizedText?
        public var seconds: Double?
        public var status: ExitStatus
        public var note: LocalizedText?

        public init(
            id: String, title: LocalizedText, rowsIn: Int? = nil, rowsOut: Int? = nil,
            unitIn: LocalizedText? = nil, unitOut: LocalizedText? = nil, seconds: Double? = nil,
            status: ExitStatus = .ok, note: LocalizedText? = nil
        ) {
            self.id = id
            self.title = title
            self.rowsIn = rowsIn
            self.rowsOut = rowsOut
            self.unitIn = unitIn
            self.unitOut = unitOut
            self.seconds = seconds
            self.status = status
            self.note = note
        }
    }

    /// What loading did with the rows of one table of one court (or one source, where a batch holds many courts).
    public struct Load: Sendable, Hashable {
        public var court: String?
        public var batch: String
        public var table: String
        public var tableTitle: String
        public var rowsIn: Int
        public var inserted: Int
        public var updated: Int
        public var unchanged: Int
        public var superseded: Int
        public var quarantined: Int
        public var deleted: Int
        public var adjusted: Int

        public init(
            court: String?, batch: String, table: String, tableTitle: String, rowsIn: Int, inserted: Int = 0,
            updated: Int = 0, unchanged: Int = 0, superseded: Int = 0, quarantined: Int = 0, deleted: Int = 0,
            adjusted: Int = 0
        ) {
            self.court = court
            self.batch = batch
            self.table = table
            self.tableTitle = tableTitle
            self.rowsIn = rowsIn
            self.inserted = inserted
            self.updated = updated
            self.unchanged = unchanged
            self.superseded = superseded
            self.quarantined = quarantined
            self.deleted = deleted
            self.adjusted = adjusted
        }

        /// 守恒: rows in = inserted + updated + unchanged + superseded + quarantined + deleted + adjusted.
        public var isConserved: Bool {
            rowsIn == inserted + updated + unchanged + superseded + quarantined + deleted + adjusted
        }
    }

    /// Rows in quarantine (隔离) for one reason.
    public struct QuarantineGroup: Sendable, Hashable {
        public var court: String?
        public var batch: String
        public var table: String
        public var tableTitle: String
        /// Stable and short, such as `type.anjian.larq`.
        public var reason: String
        public var reasonText: LocalizedText
        public var rows: Int

        public init(
            court: String?, batch: String, table: String, tableTitle: String, reason: String,
            reasonText: LocalizedText, rows: Int
        ) {
            self.court = court
            self.batch = batch
            self.table = table
            self.tableTitle = tableTitle
            self.reason = reason
            self.reasonText = reasonText
            self.rows = rows
        }
    }

    public struct RuleStatistic: Sendable, Hashable {
        public var id: String
        public var title: String
        /// Title of the table or form that it judges.
        public var subject: String
        public var severity: Severity
        public var isBuiltIn: Bool
        public var rowsInScope: Int
        public var applicable: Int
        public var trueCount: Int
        public var falseCount: Int
        public var undecidedCount: Int
        public var errorCount: Int
        /// Why it could not run; nil when it ran.
        public var notRun: LocalizedText?

        public init(
            id: String, title: String, subject: String, severity: Severity, isBuiltIn: Bool = false,
            rowsInScope: Int = 0, applicable: Int = 0, trueCount: Int = 0, falseCount: Int = 0,
            undecidedCount: Int = 0, errorCount: Int = 0, notRun: LocalizedText? = nil
        ) {
            self.id = id
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
            self.notRun = notRun
        }

        /// The same facts of a form rule.
        public init(_ form: FormRuleStatistic, subject: String) {
            self.init(
                id: form.rule, title: form.title, subject: subject, severity: form.severity,
                rowsInScope: form.rowsInScope, applicable: form.applicable, trueCount: form.trueCount,
                falseCount: form.falseCount, undecidedCount: form.undecidedCount, errorCount: form.errorCount,
                notRun: form.notRun)
        }

        /// 空转: it ran and decided nothing.
        public var judgedNothing: Bool { notRun == nil && trueCount + falseCount == 0 && !isBuiltIn }
    }

    public struct FindingCount: Sendable, Hashable {
        public var rule: String
        /// Nil for rows whose court is not known.
        public var court: String?
        public var count: Int

        public init(rule: String, court: String?, count: Int) {
            self.rule = rule
            self.court = court
            self.count = count
        }
    }

    /// One row that breaks one rule.
    public struct FindingDetail: Sendable, Hashable {
        public var rule: String
        public var severity: Severity
        public var table: String
        public var tableTitle: String
        public var court: String?
        /// The key's plain value, or JSON array text.
        public var key: String
        public var row: Int?
        public var message: String
        public var batch: String?
        public var file: String?
        public var line: Int?

        public init(
            rule: String, severity: Severity, table: String, tableTitle: String, court: String?, key: String,
            row: Int? = nil, message: String, batch: String? = nil, file: String? = nil, line: Int? = nil
        ) {
            self.rule = rule
            self.severity = severity
            self.table = table
            self.tableTitle = tableTitle
            self.court = court
            self.key = key
            self.row = row
            self.message = message
            self.batch = batch
            self.file = file
            self.line = line
        }
    }
}
