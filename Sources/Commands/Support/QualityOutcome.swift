import DelimitedText
import Diagnostics
import Library
import RuleEngine
import Schema

/// What `qc` tells: the engine's result, and the records of files that are no rows.
struct QualityOutcome {
    /// One rule or built-in check.
    struct Rule {
        var record: RuleStatisticRecord
        var isBuiltin: Bool
        /// Findings of it, stored or not.
        var violations: Int
        var notRun: LocalizedText?
        var severity: Severity { record.severity }
        var rowsInScope: Int { record.rowsInScope }
    }

    /// A finding that is no engine's: a record of a file that is no row.
    private struct Located {
        var record: FindingRecord
        var file: String?
        var line: Int?
    }

    private(set) var statistics: [Rule]
    private var others: [Located] = []
    let tables: [(table: String, rows: Int)]
    /// What the engine found, still where it keeps it, and in what.
    private let findings: FindingList
    private let input: (any QualityInput)?
    private let schema: StandardSchema

    init(_ result: QualityResult, input: any QualityInput, schema: StandardSchema, language: Language) {
        self.schema = schema
        statistics = result.statistics.map { Rule($0, language) }
        findings = input.numbersRows ? result.findings : result.findings.byKey
        self.input = input
        tables = result.tables.map { table in
            (table.table, table.rows + input.malformed(in: table.table).count)
        }
        for (table, rows) in tables { addMalformed(of: table, rows: rows, input: input, language: language) }
    }

    /// What was judged inside the library's server.
    init(_ result: QualityResult, schema: StandardSchema, language: Language) {
        self.schema = schema
        statistics = result.statistics.map { Rule($0, language) }
        findings = result.findings.byKey
        input = nil
        tables = result.tables.map { ($0.table, $0.rows) }
    }

    /// `csv.<table>.<kind>`: one finding for each record that is no row.
    private mutating func addMalformed(of table: String, rows: Int, input: any QualityInput, language: Language) {
        let byKind = Dictionary(grouping: input.malformed(in: table), by: \.record.kind)
        for (kind, records) in byKind.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let rule = "csv.\(table).\(kind.rawValue)"
            let message =
                switch kind {
                case .fields: LocalizedText(en: "not as many fields as the header", zh: "字段数与表头不一致")
                case .quote: LocalizedText(en: "a quote that does not close as it should", zh: "引号没有正确闭合")
                case .encoding:
                    LocalizedText(
                        en: "bytes that are not \(input.encoding.rawValue.uppercased())",
                        zh: "含有非 \(input.encoding.rawValue.uppercased()) 字节")
                case .nul: LocalizedText(en: "a zero byte", zh: "含有零字节")
                }
            statistics.append(
                Rule(
                    record: RuleStatisticRecord(
                        rule: rule, title: message.text(in: language), subject: table, severity: .error,
                        isBuiltIn: true,
                        rowsInScope: rows, applicable: rows, trueCount: rows - records.count, falseCount: records.count,
                        stored: records.count),
                    isBuiltin: true, violations: records.count))
            others += records.map { file, record in
                Located(
                    record: FindingRecord(
                        rule: rule, severity: .error, table: table, key: "", row: record.row, court: nil,
                        message: message.text(in: language)),
                    file: file, line: record.line)
            }
        }
    }

    var findingCount: Int { statistics.reduce(0) { $0 + $1.violations } }

    func write(to path: String) throws {
        var file = try FindingsFile(path, columns: FindingsFile.rowColumns)
        try findings.forEachEncoded { source, finding in
            try file.append(
                source, finding, file: input?.place(of: finding.row, in: source.table),
                hasRow: input?.numbersRows ?? false)
        }
        for record in others {
            let finding = record.record
            try file.append([
                finding.rule, finding.severity.rawValue, finding.table, finding.key, finding.row.map(String.init),
                finding.court, finding.message, record.file, record.line.map(String.init),
            ])
        }
        try file.finish()
    }

    func store(in library: StandardLibrary, run: String) throws {
        var counts: [String: [String: Int]] = [:]
        try findings.forEachEncoded { source, finding in
            let court = finding.court.map { String(decoding: $0, as: UTF8.self) } ?? ""
            counts[source.rule, default: [:]][court, default: 0] += 1
        }
        for other in others { counts[other.record.rule, default: [:]][other.record.court ?? "", default: 0] += 1 }
        let countRecords = counts.flatMap { rule, courts in
            courts.map { FindingCountRecord(rule: rule, court: $0.key, count: $0.value) }
        }
        try library.store(
            findings: records(),
            counts: countRecords.sorted { ($0.rule, $0.court) < ($1.rule, $1.court) },
            statistics: statistics.lazy.map(\.record), run: run)
    }

    /// Every finding as the library keeps it.
    private func records() -> some Sequence<FindingRecord> {
        let hasRows = input?.numbersRows ?? false
        let others = AnySequence(others.lazy.map(\.record))
        let found = findings.lazy.map { finding in
            FindingRecord(
                rule: finding.rule, severity: finding.severity, table: finding.table, key: finding.key,
                row: hasRows ? finding.row : nil, court: finding.court, message: finding.message)
        }
        return [AnySequence(found), others].joined()
    }

    /// The lines that `qc` prints.
    func text(seconds: Double) -> LocalizedText {
        let rows = tables.reduce(0) { $0 + $1.rows }
        var en = [
            "\(Format.count(rows)) rows, \(statistics.count) rules, \(Format.count(findingCount)) findings, \(Format.seconds(seconds))"
        ]
        var zh = [
            "共 \(Format.count(rows)) 行、\(statistics.count) 条规则，查出问题 \(Format.count(findingCount)) 个，用时 \(Format.seconds(seconds))"
        ]
        for rule in statistics where rule.violations > 0 {
            let line = "  \(Format.padded(rule.violations, 8))  \(rule.record.rule)  \(rule.record.title)"
            en.append(line)
            zh.append(line)
        }
        for rule in statistics {
            if let reason = rule.notRun {
                en.append("  not run: \(rule.record.rule): \(reason.en)")
                zh.append("  未运行：\(rule.record.rule)：\(reason.zh)")
            } else if !rule.isBuiltin, rule.rowsInScope == 0 {
                en.append("  judged nothing: \(rule.record.rule)")
                zh.append("  没有判定任何行：\(rule.record.rule)")
            }
        }
        return LocalizedText(en: en.joined(separator: "\n"), zh: zh.joined(separator: "\n"))
    }
}

extension QualityOutcome.Rule {
    fileprivate init(_ entry: RuleStatistics, _ language: Language) {
        self.init(
            record: RuleStatisticRecord(
                rule: entry.rule, title: entry.title, subject: entry.table, severity: entry.severity,
                isBuiltIn: entry.isBuiltin, rowsInScope: entry.rowsInScope, applicable: entry.applicable,
                trueCount: entry.isTrue, falseCount: entry.isFalse, undecidedCount: entry.undecided,
                errorCount: entry.error, stored: entry.stored, isTruncated: entry.truncated,
                notRun: entry.notRun?.text.text(in: language)),
            isBuiltin: entry.isBuiltin, violations: entry.violations, notRun: entry.notRun?.text)
    }
}

/// `qc --json`; names are those of the command contract.
struct QualitySummary: Encodable {
    struct Table: Encodable {
        var table: String
        var files: Int
        var rows: Int
        var bytes: Int
    }

    struct Rule: Encodable {
        var id: String
        var title: String
        var table: String
        var severity: String
        var builtin: Bool
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var rows_in_scope: Int
        var applicable: Int
        var `true`: Int
        var `false`: Int
        var undecided: Int
        var error: Int
        var stored: Int
        var truncated: Bool
        // swift-format-ignore: AlwaysUseLowerCamelCase
        @Nullable var not_run: String?
    }

    var format = "sitong.qc/1"
    var engine: String
    @Nullable var period: String?
    var seconds: Double
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var cpu_seconds: Double
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var peak_memory_bytes: Int
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var rows_per_second: Int
    var tables: [Table]
    var rules: [Rule]
    var findings: Int
    var status: Int32

    init(
        _ outcome: QualityOutcome, engine: String, period: String?, seconds: Double,
        sizes: [String: (files: Int, bytes: Int)],
        status: Int32
    ) {
        self.engine = engine
        self.period = period
        self.seconds = seconds
        cpu_seconds = ResourceUse.cpuSeconds
        peak_memory_bytes = ResourceUse.peakMemoryBytes
        let rows = outcome.tables.reduce(0) { $0 + $1.rows }
        rows_per_second = seconds > 0 ? Int(Double(rows) / seconds) : 0
        tables = outcome.tables.map { table in
            Table(
                table: table.table, files: sizes[table.table]?.files ?? 0, rows: table.rows,
                bytes: sizes[table.table]?.bytes ?? 0)
        }
        rules = outcome.statistics.map { rule in
            let record = rule.record
            return Rule(
                id: record.rule, title: record.title, table: record.subject, severity: record.severity.rawValue,
                builtin: rule.isBuiltin, rows_in_scope: record.rowsInScope, applicable: record.applicable,
                true: record.trueCount, false: record.falseCount, undecided: record.undecidedCount,
                error: record.errorCount, stored: record.stored, truncated: record.isTruncated, not_run: record.notRun)
        }
        findings = outcome.findingCount
        self.status = status
    }
}
