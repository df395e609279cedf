import Columnar
public import CourtModel
public import DataAccess
public import Diagnostics
import RuleEngine
public import RulePlan
public import Schema

/// Figures of all forms over one table, for one period or several, computed in one pass over its cases.
///
/// Give it a reader of the table's rows with `read`, then `finish`. What scope, row and column leave undecided is counted
/// beside the forms, never guessed. Memory depends on forms, periods and courts only, not on cases.
public struct FormComputation {
    public struct Result: Sendable {
        /// Cases read.
        public var cases = 0
        /// Cases whose court is NULL; they are in no figure.
        public var casesWithoutCourt = 0
        /// Courts of cases that the jurisdictions do not have, with their cases. Their own figures are computed, but
        /// they are in no upper court's figure.
        public var unknownCourts: [(court: String, cases: Int)] = []
        /// Distinct cases that a form could not decide, by form, period and court; only where there are some.
        public var undecided: [Undecided] = []
        /// Forms that are not made for this kind of period.
        public var skippedForms: [String] = []
    }

    public struct Undecided: Sendable, Hashable {
        public var form: String
        public var period: String
        public var court: String
        public var cases: Int

        public init(form: String, period: String, court: String, cases: Int) {
            self.form = form
            self.period = period
            self.court = court
            self.cases = cases
        }
    }

    /// Indexes of the table's columns that a reader must give.
    public let neededColumns: [Int]
    public let table: TableDefinition
    private let compiled: CompiledForms
    public let periods: [StatisticalPeriod]
    private let schema: StandardSchema
    private let skipped: [String]
    private var courtNames = ByteInterner()
    /// By court.
    private var cases: [Int] = []
    private var casesWithoutCourt = 0
    /// By period, then form.
    private var totals: [[FormTotals]]

    /// - Parameters:
    ///   - forms: those over another table and those whose figures come from elsewhere are left alone.
    ///   - periods: at least one, all of one kind.
    ///
    /// Throws all that is wrong with the forms' expressions.
    public init(
        table: TableDefinition, forms: [FormDefinition], schema: StandardSchema, periods: [StatisticalPeriod]
    ) throws(InvalidDefinitions) {
        precondition(!periods.isEmpty)
        let kind = periods[0].kind.rawValue
        let mine = forms.filter { form in form.table.flatMap { schema.table($0)?.name } == table.name }
        let wanted = mine.filter { $0.periodKinds.isEmpty || $0.periodKinds.contains(kind) }
        let compiled = try CompiledForms(table: table, forms: wanted, schema: schema)
        self.compiled = compiled
        self.table = table
        self.periods = periods
        self.schema = schema
        skipped = mine.map(\.name).filter { name in !wanted.contains { $0.name == name } }
        neededColumns = Set(compiled.predicates.neededColumns + compiled.codeColumns + [compiled.courtColumn]).sorted()
        totals = periods.map { _ in compiled.forms.map { FormTotals($0) } }
    }

    /// The tables, by code, that some form counts, in the order of the forms.
    public static func tables(of forms: [FormDefinition], in schema: StandardSchema) -> [TableDefinition] {
        var seen: Set<String> = []
        return forms.compactMap { form in form.table.flatMap { schema.table($0) } }.filter {
            seen.insert($0.name).inserted
        }
    }

    // MARK: - Counting cases that a database grouped

    /// What every case has to be judged by; groups of cases are alike in all of it.
    public var predicates: PredicateSet { compiled.predicates }
    /// Predicates of which one must be possible for a case to be in some cell; nil when every case may be.
    public var gates: [Int]? { compiled.gates }
    public var courtColumn: Int { compiled.courtColumn }
    /// Columns whose codes tell rows apart.
    public var codeColumns: [Int] { compiled.codeColumns }

    /// Counts a group of cases in one of the periods; of the first one as cases, too.
    public mutating func add(_ group: CaseGroup, period: Int) throws(OperationError) {
        guard let court = court(group.court, cases: period == 0 ? group.cases : 0) else { return }
        for (index, form) in compiled.forms.enumerated() {
            let rows = form.subtrees.map { subtree in
                compiled.codeColumns.firstIndex(of: subtree.column).flatMap { group.codes[$0] }.map(subtree.rows(of:))
            }
            totals[period][index].makeRoom(forCourts: courtNames.texts.count)
            try totals[period][index].add(group, to: court, form: form, rows: rows)
        }
    }

    /// Cases that are in no cell.
    public mutating func add(passedOver count: Int, court name: String?) { _ = court(name, cases: count) }

    private mutating func court(_ name: String?, cases count: Int) -> Int? {
        guard let name else {
            casesWithoutCourt += count
            return nil
        }
        let court = Int(courtNames.index(of: name))
        if court == cases.count { cases.append(0) }
        cases[court] += count
        return court
    }

    // MARK: - Results

    /// Courts of the cases so far.
    public var courts: Set<String> { Set(courtNames.texts) }

    /// Counts all rows of a reader, whose columns may stand in any order, by code or title.
    ///
    /// - Parameter jobs: threads that count beside the one that reads; with 1 all is done on this thread.
    public mutating func read(_ reader: any CellReader, jobs: Int = 1) throws {
        let workers = try (0..<max(1, jobs)).map { _ in
            FormTally(
                compiled.forms, periods: periods.count, courtColumn: compiled.courtColumn,
                try PredicateScan(
                    compiled.predicates, gates: compiled.gates, periods: periods, court: compiled.courtColumn,
                    kept: compiled.codeColumns + [compiled.courtColumn], schema: schema, readerColumns: reader.columns))
        }
        try PredicateScan.distribute(reader, to: workers) { worker, block in try worker.add(block) }
        for worker in workers {
            try worker.finish()
            try add(worker)
        }
    }

    private mutating func add(_ tally: FormTally) throws(OperationError) {
        let courts = tally.courts.texts.map { Int(courtNames.index(of: $0)) }
        cases.append(contentsOf: repeatElement(0, count: courtNames.texts.count - cases.count))
        for (court, target) in courts.enumerated() { cases[target] += tally.cases[court] }
        casesWithoutCourt += tally.casesWithoutCourt
        for period in totals.indices {
            for form in totals[period].indices {
                totals[period][form].makeRoom(forCourts: courtNames.texts.count)
                try totals[period][form].add(tally.totals[period][form], courts: courts)
            }
        }
    }

    /// Rolls the courts' own figures up along the hierarchy and derives the ratios.
    ///
    /// Every court of the jurisdictions gets figures, zeros where it has no cases.
    public func finish(jurisdictions: Jurisdictions) throws(OperationError) -> (ComputedFigures, Result) {
        var result = Result()
        result.cases = cases.reduce(casesWithoutCourt, +)
        result.casesWithoutCourt = casesWithoutCourt
        result.skippedForms = skipped
        let unknown = courtNames.texts.enumerated().filter { !jurisdictions.contains($0.element) }
        result.unknownCourts = unknown.map { (court: $0.element, cases: cases[$0.offset]) }
            .sorted { $0.court < $1.court }
        var rollUps: [RollUp] = []
        for (index, form) in compiled.forms.enumerated() {
            for (number, period) in periods.enumerated() {
                let total = totals[number][index]
                rollUps.append(
                    try RollUp(
                        form: form, totals: total, names: courtNames.texts, period: period.label,
                        jurisdictions: jurisdictions, unknown: unknown.map(\.element)))
                for (court, count) in total.undecidedCases.enumerated() where count > 0 {
                    result.undecided.append(
                        Undecided(
                            form: form.definition.name, period: period.label, court: courtNames.texts[court],
                            cases: count))
                }
            }
        }
        result.undecided.sort { ($0.form, $0.period, $0.court) < ($1.form, $1.period, $1.court) }
        return (ComputedFigures(rollUps: rollUps), result)
    }

    /// The same with the figures put into a table that knows the forms.
    public func finish(
        into figures: inout FigureTable, jurisdictions: Jurisdictions
    ) throws(OperationError) -> Result {
        let (computed, result) = try finish(jurisdictions: jurisdictions)
        computed.write(to: &figures)
        return result
    }
}
