import Columnar
public import Diagnostics

/// 质检问题: a row that breaks a rule.
public struct Finding: Sendable, Hashable {
    /// The rule's id, or `type.<table>.<column>`.
    public var rule: String
    public var severity: Severity
    /// The table's code.
    public var table: String
    /// The plain value of a single key, JSON array text of a composite one, empty for NULL or no key.
    public var key: String
    /// Number of the row among those of its table, from 1; 0 for a finding about the table as a whole (`share`).
    public var row: Int
    /// For files: the line at which the row starts.
    public var line: Int?
    /// Whose row it is; nil when the table has no court or the row names none.
    public var court: String?
    public var message: String
    /// The columns that the rule reads, by code.
    public var columns: [String]
    /// The how-manieth finding of this rule with this key, from 0.
    public var occurrence: Int

    /// Stable between runs: from rule, table, key and occurrence.
    public var identifier: String {
        var fingerprint = Fingerprint()
        fingerprint.mix(rule)
        fingerprint.mix(table)
        fingerprint.mix(key)
        fingerprint.mix(UInt64(occurrence))
        return fingerprint.hexadecimal
    }
}

/// Why a rule was not judged.
public enum NotRun: Sendable, Hashable {
    /// A table that it reads was not given.
    case tableMissing(String)
    /// It speaks of the statistical period and none was given.
    case periodMissing
    /// The statistical period lies outside its effective dates.
    case notInForce
    /// Switched off by an overlay, with its reason.
    case disabled(String)

    public var text: LocalizedText {
        switch self {
        case .tableMissing(let table):
            LocalizedText(en: "table '\(table)' was not given", zh: "没有给出表“\(table)”")
        case .periodMissing: LocalizedText(en: "no statistical period was given", zh: "没有给出统计周期")
        case .notInForce: LocalizedText(en: "not in force in this period", zh: "在本统计周期内不生效")
        case .disabled(let reason): LocalizedText(en: "disabled: \(reason)", zh: "已停用：\(reason)")
        }
    }
}

/// How a rule fared over all rows.
public struct RuleStatistics: Sendable, Hashable {
    public var rule: String
    public var title: String
    /// The table's code.
    public var table: String
    public var severity: Severity
    /// Not from a rules document: `type.<table>.<column>`.
    public var isBuiltin: Bool
    /// `isTrue + isFalse + undecided + error`.
    public var rowsInScope = 0
    /// Rows where `when` is true; all, when there is none; for `unique` those with a complete key too.
    public var applicable = 0
    public var isTrue = 0
    /// Violations; for `share` the rows where its predicate is false.
    public var isFalse = 0
    public var undecided = 0
    public var error = 0
    /// Violations that an exception of an overlay covers.
    public var excepted = 0
    /// Violations that are findings, stored or not.
    public var violations = 0
    /// Findings kept.
    public var stored = 0
    /// Whether more were found than kept.
    public var truncated = false
    public var notRun: NotRun?

    public init(rule: String, title: String, table: String, severity: Severity, isBuiltin: Bool = false) {
        self.rule = rule
        self.title = title
        self.table = table
        self.severity = severity
        self.isBuiltin = isBuiltin
    }
}

/// What a quality check found.
public struct QualityResult: Sendable {
    public struct Table: Sendable, Hashable {
        /// The table's code.
        public var table: String
        public var rows: Int
        /// Empty texts read as NULL in columns that are no text, by column code; one notice each.
        public var emptyTexts: [String: Int]

        public init(table: String, rows: Int, emptyTexts: [String: Int] = [:]) {
            self.table = table
            self.rows = rows
            self.emptyTexts = emptyTexts
        }
    }

    /// Rules in the order of their definition, then the built-in ones.
    public var statistics: [RuleStatistics]
    /// In the order of `statistics`, then of rows.
    public var findings: FindingList
    public var tables: [Table]
    /// Bytes that did not fit the memory and went to disk.
    public var spilledBytes: Int

    /// Findings of all rules, also those not stored.
    public var findingCount: Int { statistics.reduce(0) { $0 + $1.violations } }

    /// The gravest severity that was found; nil when nothing was.
    public var worst: Severity? {
        let found = Set(statistics.filter { $0.violations > 0 }.map(\.severity))
        return Severity.allCases.first { found.contains($0) }
    }
}
