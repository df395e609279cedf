public import Columnar
public import CourtModel
public import DataAccess
public import Diagnostics
public import RuleLanguage
import RulePlan
public import Schema

/// 质检: judges all rules over the tables that are given.
///
/// Each table is read once to judge it, and once before that if other tables relate to it or a rule groups its rows;
/// what is remembered between the passes is counters and the columns that are looked up, not rows.
public struct QualityCheck {
    public struct Options: Sendable {
        /// 期初, 期末, 本期, and which rules are in force; without it all are.
        public var period: StatisticalPeriod?
        /// Findings kept per rule; counting goes on.
        public var maxStored: Int?
        /// Whether personal values appear in messages as they are.
        public var revealsPersonal: Bool
        /// The language of the messages of built-in findings.
        public var language: Language
        /// Whether columns that no rule reads are checked for their type too, where the reader has them.
        public var checksAllTypes: Bool

        public init(
            period: StatisticalPeriod? = nil, maxStored: Int? = nil, revealsPersonal: Bool = false,
            language: Language = .zh, checksAllTypes: Bool = true
        ) {
            self.period = period
            self.maxStored = maxStored
            self.revealsPersonal = revealsPersonal
            self.language = language
            self.checksAllTypes = checksAllTypes
        }
    }

    /// What a pass wants of a table: column codes. Readers may call columns by code or title, in any order, and may have
    /// more; missing optional ones are done without.
    public struct TableRequest: Sendable {
        public var table: TableDefinition
        public var required: [String]
        public var optional: [String]
    }

    private let schema: StandardSchema
    private let options: Options
    private let plans: [TablePlan]
    private let ruleSet: RuleSet

    /// Rules of forms are left to the form engine.
    public init(schema: StandardSchema, rules: RuleSet, options: Options = Options()) throws(InvalidDefinitions) {
        let compiler = RuleCompiler(schema: schema, rules: rules)
        guard !compiler.diagnostics.contains(where: { $0.severity == .error }) else {
            throw InvalidDefinitions(compiler.diagnostics)
        }
        self.schema = schema
        self.options = options
        plans = compiler.tables
        ruleSet = rules
    }

    /// The columns, by code, that the rules to be judged read of each table, when these tables (codes) are given.
    public func requiredColumns(given tables: [String]) -> [String: [String]] {
        let run = Run(self, given: Set(tables))
        return run.judges.reduce(into: [:]) { result, entry in
            let columns = Set(entry.value.reads.columns).union(entry.value.collectedColumns)
            result[entry.key] = columns.sorted().map { entry.value.plan.table.columns[$0].name }
        }
    }

    /// Judges the given tables (codes). `open` is asked for a reader of a table at the beginning of each pass.
    public func run(
        tables: [String], open: (TableRequest) throws -> any BlockReader
    ) throws -> QualityResult {
        var run = Run(self, given: Set(tables))
        try run.collect(open)
        try run.judge(open)
        return run.result()
    }

    /// One run: judges per table, and what they have found so far.
    fileprivate struct Run {
        let check: QualityCheck
        /// By table code.
        var judges: [String: TableJudge] = [:]
        let order: [String]
        /// By rule position.
        var statistics: [Int: RuleStatistics] = [:]
        var shares: [Int: (isTrue: Int, isFalse: Int)] = [:]
        var findings: [Int: [Finding]] = [:]
        var builtin: [(statistics: RuleStatistics, findings: [Finding])] = []
        var tables: [QualityResult.Table] = []
    }
}

extension QualityCheck.Run {
    fileprivate init(_ check: QualityCheck, given: Set<String>) {
        self.check = check
        order = check.schema.tables.map(\.name).filter { given.contains($0) }
        for plan in check.plans {
            var active: [CompiledRule] = []
            for rule in plan.rules {
                var entry = RuleStatistics(
                    rule: rule.definition.id, title: rule.definition.title ?? rule.definition.id,
                    table: plan.table.name,
                    severity: rule.definition.severity)
                entry.notRun = NotRun(
                    rule, plan.table, given: given, schema: check.schema, period: check.options.period)
                if entry.notRun == nil { active.append(rule) }
                statistics[rule.position] = entry
            }
            guard given.contains(plan.table.name) else { continue }
            judges[plan.table.name] = TableJudge(
                plan, rules: active, givesCourt: plan.courtTable.map { given.contains($0) } ?? true,
                schema: check.schema,
                period: check.options.period)
        }
        for name in order { judges[name]?.connect(judges) }
    }

    private func request(_ judge: TableJudge, required: [Int], optional: [Int]) -> QualityCheck.TableRequest {
        let table = judge.plan.table
        return QualityCheck.TableRequest(
            table: table, required: required.map { table.columns[$0].name },
            optional: optional.map { table.columns[$0].name })
    }

    // MARK: - Collecting

    fileprivate mutating func collect(_ open: (QualityCheck.TableRequest) throws -> any BlockReader) throws {
        for waits in [false, true] {
            for name in order {
                guard let judge = judges[name] else { continue }
                let groups = judge.groups.keys.filter { judge.groupsWait($0) == waits }.sorted()
                let takes = !waits && !judge.stores.isEmpty
                guard takes || !groups.isEmpty else { continue }
                let columns = judge.collectedColumns
                var reader = try open(request(judge, required: columns, optional: []))
                var decoder = try TableDecoder(
                    table: judge.plan.table, required: columns, readerColumns: reader.columns)
                while let raw = try reader.next() {
                    let vectors = QualityCheck.Run.vectors(decoder.decode(raw), decoder, judge.plan.table)
                    if takes { judge.collect(vectors, count: raw.rowCount) }
                    if !groups.isEmpty { judge.collectGroups(groups, vectors, count: raw.rowCount) }
                }
            }
        }
    }

    private static func vectors(_ block: Block, _ decoder: TableDecoder, _ table: TableDefinition) -> [Vector?] {
        var vectors = [Vector?](repeating: nil, count: table.columns.count)
        for (place, column) in decoder.columns.enumerated() { vectors[column] = Vector(block.columns[place]) }
        return vectors
    }

    // MARK: - Judging

    fileprivate mutating func judge(_ open: (QualityCheck.TableRequest) throws -> any BlockReader) throws {
        for name in order {
            guard let judge = judges[name] else { continue }
            let table = judge.plan.table
            let required = judge.reads.columns.sorted()
            let optional = check.options.checksAllTypes ? Array(table.columns.indices) : judge.extraColumns
            var reader = try open(
                request(judge, required: required, optional: optional.filter { !judge.reads.columns.contains($0) }))
            var decoder = try TableDecoder(
                table: table, required: required, optional: optional, readerColumns: reader.columns)
            var types = decoder.columns.map { column in
                (
                    statistics: RuleStatistics(
                        rule: "type.\(table.name).\(table.columns[column].name)",
                        title: TypeFinding.title(table.columns[column]).text(in: check.options.language),
                        table: table.name, severity: .error, isBuiltin: true), findings: [Finding]()
                )
            }
            var summary = QualityResult.Table(table: table.name, rows: 0, emptyTexts: [:])
            let rules = RowRules(judge, check.options)
            while let raw = try reader.next() {
                let block = decoder.decode(raw)
                let vectors = QualityCheck.Run.vectors(block, decoder, table)
                let judged = judge.evaluateAll(vectors, count: raw.rowCount)
                summary.rows += raw.rowCount
                let row = RowContext(judge: judge, judged: judged, decoder: decoder, raw: raw, options: check.options)
                for index in judge.rules.indices {
                    let (mask, applicable) = judge.outcome(of: index, judged, vectors, count: raw.rowCount)
                    take(judge.rules[index], mask, applicable, rules.readColumns[index], row)
                }
                for place in decoder.columns.indices {
                    count(decoder.faults[place], place, block, row, &types[place])
                    if decoder.faults[place].emptyTexts > 0 {
                        let column = table.columns[decoder.columns[place]].name
                        summary.emptyTexts[column, default: 0] += decoder.faults[place].emptyTexts
                    }
                }
            }
            for rule in judge.rules { settleShare(rule, table) }
            builtin.append(contentsOf: types)
            tables.append(summary)
        }
    }

    private mutating func take(
        _ rule: CompiledRule, _ mask: OutcomeMask, _ applicable: Bitmap, _ columns: [String], _ context: RowContext
    ) {
        guard var entry = statistics[rule.position] else { return }
        let position = rule.position
        if case .share = rule.judgement {
            let tally = mask.tally(within: applicable)
            entry.add(tally, applicable: applicable.population)
            shares[position, default: (0, 0)].isTrue += tally.isTrue
            shares[position, default: (0, 0)].isFalse += tally.isFalse
            statistics[position] = entry
            return
        }
        var mask = mask
        if rule.definition.nullPolicy != .undecided {
            let open = mask.undecidedRows
            let outcome: Outcome = rule.definition.nullPolicy == .fail ? .isFalse : .isTrue
            open.forEachOne { mask[$0] = outcome }
        }
        entry.add(mask.tally(), applicable: applicable.population)
        let exceptions = rule.definition.exceptions.filter { exception in
            guard let until = exception.until, let period = check.options.period else { return true }
            return period.lastDay <= until
        }
        let limit = check.options.maxStored ?? .max
        mask.falseRows.forEachOne { row in
            if !exceptions.isEmpty {
                let key = context.keyParts(row, masks: false)
                if exceptions.contains(where: { $0.key.elementsEqual(key) { $0 == $1 } }) {
                    entry.excepted += 1
                    return
                }
            }
            entry.violations += 1
            guard entry.stored < limit else {
                entry.truncated = true
                return
            }
            entry.stored += 1
            findings[position, default: []].append(
                context.finding(
                    rule: rule.definition.id, rule.definition.severity, row, columns: columns,
                    message: context.message(rule, row)))
        }
        statistics[position] = entry
    }

    /// A share is judged when all rows have been seen.
    private mutating func settleShare(_ rule: CompiledRule, _ table: TableDefinition) {
        guard let counts = shares[rule.position] else { return }
        guard rule.shareHolds(isTrue: counts.isTrue, isFalse: counts.isFalse) == false else { return }
        statistics[rule.position]?.violations = 1
        statistics[rule.position]?.stored = 1
        let title = rule.definition.title ?? rule.definition.id
        findings[rule.position] = [
            Finding(
                rule: rule.definition.id, severity: rule.definition.severity, table: table.name, key: "", row: 0,
                line: nil, court: nil, message: "\(title): \(counts.isTrue)/\(counts.isTrue + counts.isFalse)",
                columns: [], occurrence: 0)
        ]
    }

    private func count(
        _ faults: DecodingFaults, _ place: Int, _ block: Block, _ context: RowContext,
        _ entry: inout (statistics: RuleStatistics, findings: [Finding])
    ) {
        let present = block.columns[place].valid.population
        entry.statistics.rowsInScope += block.rowCount
        entry.statistics.applicable += present + faults.rows.count
        entry.statistics.isFalse += faults.rows.count
        entry.statistics.isTrue += block.rowCount - faults.rows.count
        entry.statistics.violations += faults.rows.count
        let column = context.judge.plan.table.columns[context.decoder.columns[place]]
        for fault in faults.rows {
            guard entry.statistics.stored < check.options.maxStored ?? .max else {
                entry.statistics.truncated = true
                break
            }
            entry.statistics.stored += 1
            entry.findings.append(
                context.finding(
                    rule: entry.statistics.rule, .error, Int(fault.row), columns: [column.name],
                    message: TypeFinding.message(column, fault.fault).text(in: check.options.language)))
        }
    }

    // MARK: - Result

    fileprivate func result() -> QualityResult {
        let positions = statistics.keys.sorted()
        var all = positions.flatMap { findings[$0] ?? [] } + builtin.flatMap(\.findings)
        var seen: [Fingerprint: Int] = [:]
        for index in all.indices {
            var fingerprint = Fingerprint()
            fingerprint.mix(all[index].rule)
            fingerprint.mix(all[index].table)
            fingerprint.mix(all[index].key)
            all[index].occurrence = seen[fingerprint, default: 0]
            seen[fingerprint, default: 0] += 1
        }
        return QualityResult(
            statistics: positions.compactMap { statistics[$0] } + builtin.map(\.statistics), findings: all,
            tables: tables)
    }
}

/// Codes of the columns that each rule reads, made once.
private struct RowRules {
    let readColumns: [[String]]

    init(_ judge: TableJudge, _ options: QualityCheck.Options) {
        readColumns = judge.rules.map { rule in
            judge.plan.reads(of: [rule]).columns.sorted().map { judge.plan.table.columns[$0].name }
        }
    }
}

/// A block while its findings are written.
private struct RowContext {
    let judge: TableJudge
    let judged: TableJudge.Judged
    let decoder: TableDecoder
    let raw: RawBlock
    let options: QualityCheck.Options

    func keyParts(_ row: Int, masks: Bool = true) -> [String?] {
        judge.plan.table.key.map { name in
            judge.plan.table.columnIndex(name).flatMap { column in
                masks ? shown(column, row) : decoder.text(column, row: row, in: raw)
            }
        }
    }

    /// A value as it was read, masked where it tells of a person.
    private func shown(_ column: Int, _ row: Int) -> String? {
        guard let text = decoder.text(column, row: row, in: raw) else { return nil }
        guard let kind = judge.plan.table.columns[column].personal, !options.revealsPersonal else { return text }
        return FindingText.masked(text, kind)
    }

    func message(_ rule: CompiledRule, _ row: Int) -> String {
        guard let template = rule.message else { return rule.definition.title ?? rule.definition.id }
        return template.parts.map { part in
            switch part {
            case .literal(let text): return text
            case .column(let column): return shown(column, row) ?? ""
            case .step(let step, let kind):
                let text = judge.value(step, judged, row: row) ?? ""
                guard let kind, !options.revealsPersonal else { return text }
                return FindingText.masked(text, kind)
            }
        }.joined()
    }

    func finding(
        rule: String, _ severity: Severity, _ row: Int, columns: [String], message: String
    ) -> Finding {
        Finding(
            rule: rule, severity: severity, table: judge.plan.table.name, key: FindingText.key(keyParts(row)),
            row: raw.firstRow + row, line: raw.lines.isEmpty ? nil : Int(raw.lines[row]),
            court: judge.court(judged, row: row), message: message, columns: columns, occurrence: 0)
    }
}

/// The texts of `type.<table>.<column>`; the value itself is never in them.
public enum TypeFinding {
    public static func title(_ column: ColumnDefinition) -> LocalizedText {
        LocalizedText(en: "type of \(column.name)", zh: "\(column.title)的类型")
    }

    public static func message(_ column: ColumnDefinition, _ fault: DecodingFault) -> LocalizedText {
        switch fault {
        case .unparsable: LocalizedText(en: "\(column.name) is no value of its type", zh: "\(column.title)不是该类型的值")
        case .tooLong: LocalizedText(en: "\(column.name) is too long", zh: "\(column.title)过长")
        case .tooManyDigits: LocalizedText(en: "\(column.name) has too many digits", zh: "\(column.title)位数过多")
        }
    }
}

extension RuleStatistics {
    fileprivate mutating func add(_ tally: OutcomeMask.Tally, applicable: Int) {
        rowsInScope += tally.isTrue + tally.isFalse + tally.undecided + tally.error
        self.applicable += applicable
        isTrue += tally.isTrue
        isFalse += tally.isFalse
        undecided += tally.undecided
        error += tally.error
    }
}

extension OutcomeMask {
    /// The tally over some rows only.
    fileprivate func tally(within rows: Bitmap) -> Tally {
        var tally = Tally()
        rows.forEachOne { row in
            switch self[row] {
            case .isTrue: tally.isTrue += 1
            case .isFalse: tally.isFalse += 1
            case .undecided: tally.undecided += 1
            case .error: tally.error += 1
            }
        }
        return tally
    }
}
