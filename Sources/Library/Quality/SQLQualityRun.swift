import Columnar
import CourtModel
import DataAccess
import DelimitedText
import Diagnostics
import PostgresClient
import RuleEngine
import RuleLanguage
import RulePlan
import SQLGeneration
import Schema

/// One run of a check inside a server: the statements that are sent, and what has come of them.
struct SQLQualityRun {
    private let check: SQLQualityCheck
    private let connection: PostgresConnection
    private var tables: [String: ServerTable]
    /// By rule position.
    private var statistics: [Int: RuleStatistics] = [:]
    private let collector: FindingCollector
    /// Where the findings of a rule go, by its position.
    private var sources: [Int: Int] = [:]
    private var builtin: [(statistics: RuleStatistics, source: Int)] = []
    private var active: [String: [CompiledRule]] = [:]
    private var rowCounts: [QualityResult.Table] = []
    /// By table code, for each column: cells that are not NULL, and those that are no value of its type.
    private var profiles: [String: [(given: Int, wrong: Int)]] = [:]
    /// By table code, columns that rules calculate with.
    private var numbers: [String: Set<Int>] = [:]

    init(_ check: SQLQualityCheck, _ connection: PostgresConnection, tables: [String: ServerTable]) {
        self.check = check
        self.connection = connection
        self.tables = tables
        collector = FindingCollector(check.options)
    }

    mutating func begin(_ plan: TablePlan, given: Set<String>) {
        for rule in plan.rules {
            var entry = RuleStatistics(
                rule: rule.definition.id, title: rule.definition.title ?? rule.definition.id, table: plan.table.name,
                severity: rule.definition.severity)
            entry.notRun = NotRun(
                rule, plan.table, given: given, schema: check.schema, period: check.options.period)
            if entry.notRun == nil { active[plan.table.name, default: []].append(rule) }
            statistics[rule.position] = entry
            let reads = plan.reads(of: [rule]).columns.sorted()
            sources[rule.position] = collector.makeSource(
                rule: entry.rule, severity: entry.severity, table: entry.table,
                columns: reads.map { plan.table.columns[$0].name }, message: entry.title)
        }
        for (table, column) in plan.calculated { numbers[table, default: []].insert(column) }
    }

    // MARK: - Profile

    /// Counts rows and cells, and finds out which columns have cells that the schema's type does not hold.
    mutating func profile(_ plan: TablePlan) throws {
        let code = plan.table.name
        guard let table = tables[code] else { return }
        let select = table.profile(numbers: numbers[code] ?? [])
        let row = try connection.execute(select.description).first ?? []
        let counts = row.map { $0.flatMap { Int($0) } }
        rowCounts.append(QualityResult.Table(table: code, rows: counts[0] ?? 0))
        var profile: [(given: Int, wrong: Int)] = []
        for (index, column) in plan.table.columns.enumerated() {
            let (given, wrong, long) = (counts[1 + 3 * index], counts[2 + 3 * index], counts[3 + 3 * index])
            profile.append((given ?? 0, wrong ?? 0))
            tables[code]?.columns[column.name]?.hasStrays = wrong != 0
            if long == 0 { tables[code]?.columns[column.name]?.digits = ServerTable.usualDigits }
        }
        profiles[code] = profile
    }

    /// Looks whether relations that are followed to a column find one row each, unless an index says so.
    private mutating func settleUniqueness(_ plan: TablePlan, _ reads: TablePlan.Reads) throws {
        for relation in reads.related.keys.sorted() {
            let definition = plan.table.relations[relation]
            let columns = definition.on.map(\.there)
            guard let related = tables[definition.table], !related.isUnique(columns) else { continue }
            if try connection.execute(related.repeats(columns).description).first?.first == "f" {
                tables[definition.table]?.uniqueKeys.append(Set(columns))
            }
        }
    }

    // MARK: - Judging

    mutating func judge(_ plan: TablePlan) throws {
        let rules = active[plan.table.name] ?? []
        try settleUniqueness(plan, plan.reads(of: rules))
        guard
            let judgement = TableJudgement(
                plan, rules: rules, tables: tables, schema: check.schema, period: check.options.period)
        else { return }
        if !rules.isEmpty {
            let found = SQLIdentifier("sitong_outcomes_\(plan.table.name)", in: "pg_temp")
            try connection.execute("CREATE TEMPORARY TABLE \(SQLIdentifier(found.name)) AS\n\(judgement.outcomes)")
            try count(judgement, found)
            try collect(plan, judgement, found)
        }
        for rule in rules { try settleShare(rule) }
        try collectWrongCells(plan, judgement)
    }

    /// The tallies of all rules, from the numbers of rows that have the same outcomes.
    private mutating func count(_ judgement: TableJudgement, _ found: SQLIdentifier) throws {
        let words = (0..<judgement.words.wordCount).map { "m\($0)" }.joined(separator: ", ")
        let groups = try connection.execute("SELECT sum(n), \(words) FROM \(found) GROUP BY \(words)")
        for group in groups {
            let numbers = group.map { $0.flatMap { Int64($0) } ?? 0 }
            let (rows, bits) = (Int(numbers[0]), Array(numbers.dropFirst()))
            for (rule, places) in zip(judgement.rules, judgement.places) {
                let applies = places.applicable.map { judgement.words.outcome($0, in: bits) == .isTrue } ?? true
                if rule.isShareRule, !applies { continue }
                statistics[rule.position]?.add(
                    judgement.words.outcome(places.outcome, in: bits), rows: rows, applies: applies)
            }
        }
    }

    private mutating func settleShare(_ rule: CompiledRule) throws {
        guard let entry = statistics[rule.position],
            rule.shareHolds(isTrue: entry.isTrue, isFalse: entry.isFalse) == false
        else { return }
        statistics[rule.position]?.violations = 1
        statistics[rule.position]?.stored = 1
        try collector.append(
            row: 0, key: "", court: nil, message: "\(entry.title): \(entry.isTrue)/\(entry.isTrue + entry.isFalse)",
            to: sources[rule.position] ?? 0)
    }

    // MARK: - Findings

    private func court(of plan: TablePlan) -> Int? {
        plan.courtTable.map { tables[$0] != nil } ?? true ? plan.court : nil
    }

    /// The rows that a query gives, as they come from the server.
    private func reader(of select: SQLSelect, columns: [String]) throws -> CSVReader<PostgresCopyOut> {
        try CSVReader(
            try connection.copyOut("COPY (\(select)) TO STDOUT (FORMAT csv)"), file: connection.displayName,
            options: CSVOptions(columns: columns))
    }

    /// Reads the rows in which some rule found a violation, and writes its findings.
    private mutating func collect(_ plan: TablePlan, _ judgement: TableJudgement, _ found: SQLIdentifier) throws {
        var details = RowDetails(plan, court: court(of: plan), options: check.options)
        for part in judgement.rules.flatMap({ $0.message?.parts ?? [] }) { details.add(part) }
        let words = judgement.words.wordCount
        let select = judgement.findings(found: found, details: details.list)
        let names = ["number"] + (0..<words).map { "m\($0)" } + details.list.indices.map { "d\($0)" }
        let exceptions = judgement.rules.map(inForce)
        let limit = check.options.maxStored ?? .max
        let reader = try reader(of: select, columns: names)
        while let block = try reader.next() {
            for row in 0..<block.rowCount {
                let bits = (0..<words).map { block.columns[1 + $0][row].flatMap { Int64($0) } ?? 0 }
                let texts = details.list.indices.map { block.columns[1 + words + $0][row] }
                for (index, rule) in judgement.rules.enumerated() where !rule.isShareRule {
                    guard judgement.words.outcome(judgement.places[index].outcome, in: bits) == .isFalse,
                        var entry = statistics[rule.position]
                    else { continue }
                    defer { statistics[rule.position] = entry }
                    if !exceptions[index].isEmpty, details.isExcepted(texts, by: exceptions[index]) {
                        entry.excepted += 1
                        continue
                    }
                    entry.violations += 1
                    guard entry.stored < limit else {
                        entry.truncated = true
                        continue
                    }
                    entry.stored += 1
                    try details.append(
                        number: block.columns[0][row], texts, message: details.message(rule, texts),
                        to: sources[rule.position] ?? 0, of: collector)
                }
            }
        }
    }

    private func inForce(_ rule: CompiledRule) -> [RuleDefinition.Exception] {
        rule.definition.exceptions.filter { exception in
            guard let until = exception.until, let period = check.options.period else { return true }
            return period.lastDay <= until
        }
    }

    /// `type.<table>.<column>`: every column, and a finding for each cell that is no value of its type.
    private mutating func collectWrongCells(_ plan: TablePlan, _ judgement: TableJudgement) throws {
        let table = plan.table
        guard check.options.checksAllTypes, let profile = profiles[table.name] else { return }
        let rows = rowCounts.last { $0.table == table.name }?.rows ?? 0
        let start = builtin.count
        for (column, counts) in zip(table.columns, profile) {
            var entry = RuleStatistics(
                rule: "type.\(table.name).\(column.name)",
                title: TypeFinding.title(column).text(in: check.options.language), table: table.name, severity: .error,
                isBuiltin: true)
            entry.rowsInScope = rows
            entry.applicable = counts.given
            entry.isFalse = counts.wrong
            entry.isTrue = rows - counts.wrong
            entry.violations = counts.wrong
            let source = collector.makeSource(
                rule: entry.rule, severity: .error, table: table.name, columns: [column.name], message: entry.title)
            builtin.append((entry, source))
        }
        let wrong = profile.indices.filter { profile[$0].wrong > 0 }
        guard !wrong.isEmpty else { return }
        var details = RowDetails(plan, court: court(of: plan), options: check.options)
        for column in wrong {
            details.add(.wrong(column))
            details.add(.text(column))
        }
        let names = ["number"] + details.list.indices.map { "d\($0)" }
        let reader = try reader(of: judgement.findings(found: nil, details: details.list), columns: names)
        let limit = check.options.maxStored ?? .max
        while let block = try reader.next() {
            for row in 0..<block.rowCount {
                let texts = details.list.indices.map { block.columns[1 + $0][row] }
                for column in wrong where details.text(.wrong(column), texts) == "t" {
                    guard builtin[start + column].statistics.stored < limit else {
                        builtin[start + column].statistics.truncated = true
                        continue
                    }
                    builtin[start + column].statistics.stored += 1
                    let definition = table.columns[column]
                    let message = TypeFinding.message(definition, fault(definition, details.text(.text(column), texts)))
                    try details.append(
                        number: block.columns[0][row], texts, message: message.text(in: check.options.language),
                        to: builtin[start + column].source, of: collector)
                }
            }
        }
    }

    /// What is wrong with a cell, by the decoder of the native engine.
    private func fault(_ column: ColumnDefinition, _ text: String?) -> DecodingFault {
        var faults = DecodingFaults()
        var cell = TextColumn()
        cell.append(text)
        _ = ColumnDecoder(kind: column.type.kind, nullTexts: column.nullTexts).decode(cell, faults: &faults)
        return faults.rows.first?.fault ?? .unparsable
    }

    // MARK: - Result

    func result() -> QualityResult {
        let positions = statistics.keys.sorted()
        return collector.finish(
            positions.compactMap { statistics[$0] } + builtin.map(\.statistics),
            sources: positions.compactMap { sources[$0] } + builtin.map(\.source), tables: rowCounts)
    }
}

extension TablePlan {
    /// The columns, by table code, that rules calculate with.
    fileprivate var calculated: [(table: String, column: Int)] {
        expressions.steps.flatMap { step -> [(table: String, column: Int)] in
            switch step.operation {
            case .apply(.add), .apply(.subtract), .apply(.multiply): break
            default: return []
            }
            return step.operands.compactMap { operand in
                switch expressions.steps[operand].operation {
                case .column(let column): (table.name, column)
                case .related(let relation, let column): (table.relations[relation].table, column)
                default: nil
                }
            }
        }
    }
}

extension RuleStatistics {
    fileprivate mutating func add(_ outcome: Outcome, rows: Int, applies: Bool) {
        rowsInScope += rows
        if applies { applicable += rows }
        switch outcome {
        case .isTrue: isTrue += rows
        case .isFalse: isFalse += rows
        case .undecided: undecided += rows
        case .error: error += rows
        }
    }
}

extension CompiledRule {
    fileprivate var isShareRule: Bool { if case .share = judgement { true } else { false } }
}
