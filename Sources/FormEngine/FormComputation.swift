public import Columnar
public import CourtModel
public import Diagnostics
import RuleEngine
import RulePlan
public import Schema

/// Figures of all forms over one table, computed in one pass over its cases.
///
/// Give it the table's blocks in any order with `add`, then `finish`. What scope, row and column leave undecided is
/// counted beside the forms, never guessed. Belongs to one thread; memory depends on forms and courts only, not on cases.
public struct FormComputation {
    public struct Result: Sendable {
        /// Cases read.
        public var cases = 0
        /// Cases whose court is NULL; they are in no figure.
        public var casesWithoutCourt = 0
        /// Courts of cases that the jurisdictions do not have, with their cases. Their own figures are computed, but
        /// they are in no upper court's figure.
        public var unknownCourts: [(court: String, cases: Int)] = []
        /// Distinct cases that a form could not decide, by form and court; only where there are some.
        public var undecided: [Undecided] = []
        /// Forms that are not made for this kind of period.
        public var skippedForms: [String] = []
    }

    public struct Undecided: Sendable, Hashable {
        public var form: String
        public var court: String
        public var cases: Int

        public init(form: String, court: String, cases: Int) {
            self.form = form
            self.court = court
            self.cases = cases
        }
    }

    /// Indexes of the table's columns that `add` must be given.
    public let neededColumns: [Int]
    public let table: TableDefinition
    /// Courts of the cases so far.
    public var courts: Set<String> { Set(interner.courts) }
    private let compiled: CompiledForms
    private let period: StatisticalPeriod
    private let skipped: [String]
    private var evaluator: PredicateEvaluator
    private var interner = CourtInterner()
    private var totals: [FormTotals]
    private var casesByCourt: [Int] = []
    private var cases = 0
    private var casesWithoutCourt = 0

    /// - Parameter forms: those over another table and those whose figures come from elsewhere are left alone.
    ///
    /// Throws all that is wrong with the forms' expressions.
    public init(
        table: TableDefinition, forms: [FormDefinition], schema: StandardSchema, period: StatisticalPeriod
    ) throws(InvalidDefinitions) {
        let mine = forms.filter { form in form.table.flatMap { schema.table($0)?.name } == table.name }
        let wanted = mine.filter { $0.periodKinds.isEmpty || $0.periodKinds.contains(period.kind.rawValue) }
        let compiled = try CompiledForms(table: table, forms: wanted, schema: schema)
        self.compiled = compiled
        self.table = table
        self.period = period
        skipped = mine.map(\.name).filter { name in !wanted.contains { $0.name == name } }
        neededColumns = Set(compiled.predicates.neededColumns + [compiled.courtColumn]).sorted()
        evaluator = PredicateEvaluator(compiled.predicates, schema: schema, period: period)
        totals = compiled.forms.map { FormTotals(rows: $0.rows.count, columns: $0.columns.count) }
    }

    /// The tables, by code, that some form counts, in the order of the forms.
    public static func tables(of forms: [FormDefinition], in schema: StandardSchema) -> [TableDefinition] {
        var seen: Set<String> = []
        return forms.compactMap { form in form.table.flatMap { schema.table($0) } }.filter {
            seen.insert($0.name).inserted
        }
    }

    /// Counts the cases of a block; `columns` are the table's column indexes of the block's columns.
    public mutating func add(_ block: Block, columns: [Int]) throws(OperationError) {
        guard block.rowCount > 0 else { return }
        guard let place = columns.firstIndex(of: compiled.courtColumn) else {
            throw .missingColumns(
                [table.columns[compiled.courtColumn]], of: table, found: columns.map { table.columns[$0].name })
        }
        let courts = BlockCourts(interner.indexes(block.columns[place], count: block.rowCount))
        casesByCourt.append(contentsOf: repeatElement(0, count: interner.courts.count - casesByCourt.count))
        for court in courts.indexes where court >= 0 { casesByCourt[Int(court)] += 1 }
        cases += block.rowCount
        casesWithoutCourt += courts.unknownCount

        let (masks, scalars) = evaluator.evaluate(block, columns: columns)
        let judged = masks.map(Judged.init)
        for (index, form) in compiled.forms.enumerated() {
            totals[index].makeRoom(for: interner.courts.count)
            try Self.add(form, into: &totals[index], judged, scalars, courts)
        }
    }

    /// One predicate over a block: rows for which it is true, and rows for which it is not false.
    private struct Judged {
        var isTrue: [UInt64]
        var isPossible: [UInt64]

        init(_ mask: OutcomeMask) {
            isTrue = mask.trueRows.words
            var possible = mask.falseRows
            possible.invert()
            isPossible = possible.words
        }

        init(all courts: borrowing BlockCourts) {
            isTrue = courts.known
            isPossible = courts.known
        }

        /// Both together; an undecided part leaves the whole undecided unless the other is false.
        func and(_ other: Judged) -> Judged {
            var both = self
            for index in isTrue.indices {
                both.isTrue[index] &= other.isTrue[index]
                both.isPossible[index] &= other.isPossible[index]
            }
            return both
        }

        /// Possible, but not true.
        var undecided: [UInt64]? {
            var words = isPossible
            var any: UInt64 = 0
            for index in words.indices {
                words[index] &= ~isTrue[index]
                any |= words[index]
            }
            return any == 0 ? nil : words
        }
    }

    private static func add(
        _ form: CompiledForms.Form, into totals: inout FormTotals, _ judged: [Judged], _ scalars: [Column],
        _ courts: borrowing BlockCourts
    ) throws(OperationError) {
        var scope = Judged(all: courts)
        if let predicate = form.scope { scope = scope.and(judged[predicate]) }
        var undecidedCases = [UInt64](repeating: 0, count: courts.known.count)
        var anyUndecided = false
        for (row, predicate) in form.rows.enumerated() {
            guard let predicate else { continue }
            let inRow = scope.and(judged[predicate])
            for (column, measure) in form.columns.enumerated() {
                var cell = inRow
                switch measure {
                case .count(let predicate):
                    cell = inRow.and(judged[predicate])
                    totals.count(cell.isTrue, row: row, column: column, courts: courts)
                case .sum(let scalar, _, let when):
                    if let when { cell = inRow.and(judged[when]) }
                    if let errors = scalars[scalar].errors {
                        for index in cell.isTrue.indices { cell.isTrue[index] &= ~errors.words[index] }
                    }
                    try totals.add(scalars[scalar], cell.isTrue, row: row, column: column, courts: courts)
                case .ratio, .given: continue
                }
                guard let undecided = cell.undecided else { continue }
                anyUndecided = true
                totals.countUndecided(undecided, row: row, column: column, courts: courts)
                for index in undecided.indices { undecidedCases[index] |= undecided[index] }
            }
        }
        if anyUndecided { totals.countUndecidedCases(undecidedCases, courts: courts) }
    }

    /// Rolls the courts' own figures up along the hierarchy, derives the ratios and puts all into `figures`.
    ///
    /// Every court of the jurisdictions gets figures, zeros where it has no cases. `figures` must know the forms.
    public mutating func finish(
        into figures: inout FigureTable, jurisdictions: Jurisdictions
    ) throws(OperationError) -> Result {
        var result = Result()
        result.cases = cases
        result.casesWithoutCourt = casesWithoutCourt
        result.skippedForms = skipped
        let unknown = interner.courts.enumerated().filter { !jurisdictions.contains($0.element) }
        result.unknownCourts = unknown.map { (court: $0.element, cases: casesByCourt[$0.offset]) }
            .sorted { $0.court < $1.court }
        for (index, form) in compiled.forms.enumerated() {
            guard let target = figures.formIndex(form.definition.name) else { continue }
            try RollUp(form: form, totals: totals[index], interner: interner, period: period.label)
                .write(to: &figures, form: target, jurisdictions: jurisdictions, unknown: unknown.map(\.element))
            for (court, count) in totals[index].undecidedCases.enumerated() where count > 0 {
                result.undecided.append(
                    Undecided(form: form.definition.name, court: interner.courts[court], cases: count))
            }
        }
        result.undecided.sort { ($0.form, $0.court) < ($1.form, $1.court) }
        return result
    }
}
