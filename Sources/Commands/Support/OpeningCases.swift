import CourtModel
import Definitions
import Diagnostics
import FormEngine
import Library
import Reconciliation
import Schema

/// Looks for the cases behind opening balances that differ from the last closing ones.
struct OpeningCases {
    let store: StandardLibrary
    let schema: StandardSchema

    /// The figures of the periods before, that opening balances are compared with: as they were kept when the period was
    /// closed, else as they were computed last.
    func figuresBefore(_ periods: [String]) throws -> [Figure] {
        let before = Set(periods.compactMap { StatisticalPeriod($0)?.previous?.label }).subtracting(periods)
        return try before.sorted().flatMap { period in
            let records =
                if let closing = try store.closing(of: period) {
                    try store.figures(of: closing, source: FigureSource.computed)
                } else {
                    try store.latestFigures(period: period, source: FigureSource.computed)
                }
            return records.map(Figure.init)
        }
    }

    /// One for each finding of a rule on opening balances, in their order.
    func explanations(of findings: [FormFinding], _ check: FormRuleCheck) throws -> [OpeningExplanation] {
        let balances = Dictionary(
            check.openingBalances.map { ([$0.rule, $0.form], $0) }, uniquingKeysWith: { first, _ in first })
        let found = findings.filter { balances[[$0.rule, $0.form]] != nil }
        guard !found.isEmpty else { return [] }
        let snapshot = try store.snapshot()
        var cells: [[String]: Balances] = [:]
        for (sheet, findings) in Dictionary(grouping: found, by: { [$0.rule, $0.form, $0.period] }) {
            guard let balance = balances[[sheet[0], sheet[1]]] else { continue }
            let rows = Set(findings.map(\.row)).sorted()
            let courts = Set(try schema.jurisdictions(of: [], named: Set(findings.map(\.court)).sorted()).courts)
            let balances = try self.balances(balance, rows, courts, period: sheet[2], snapshot)
            for (row, found) in zip(rows, balances) {
                cells[sheet + [row]] = found
            }
        }
        let jurisdictions = Dictionary(
            uniqueKeysWithValues: try Set(found.map(\.court)).map {
                ($0, Set(try schema.jurisdictions(of: [], named: [$0]).courts))
            })
        return try found.map { finding in
            guard let balances = cells[[finding.rule, finding.form, finding.period, finding.row]],
                let table = table(of: finding.form), let jurisdiction = jurisdictions[finding.court]
            else { return OpeningExplanation(finding, cases: nil) }
            return OpeningExplanation(
                finding,
                cases: try OpeningExplanation.cases(
                    opening: balances.opening, kept: balances.kept,
                    jurisdiction: jurisdiction
                ) { key in try store.court(ofCase: key, in: table) })
        }
    }

    private struct Balances {
        var opening: [[String]: String]
        var kept: [[String]: OpeningExplanation.Kept]
    }

    private func table(of form: String) -> TableDefinition? {
        schema.form(form)?.table.flatMap { schema.table($0) }
    }

    /// The cases of some rows' balances, row by row; none where the period before is not closed.
    private func balances(
        _ balance: OpeningBalance, _ rows: [String], _ courts: Set<String>, period label: String,
        _ snapshot: LibrarySnapshot
    ) throws -> [Balances] {
        guard let form = schema.form(balance.form), let table = table(of: balance.form),
            let period = StatisticalPeriod(label),
            let closing = try period.previous.flatMap({ try store.closing(of: $0.label) })
        else { return [] }
        let trace = try FormTrace(table: table, forms: [form], schema: schema, period: period)
        let names = trace.neededColumns.map { table.columns[$0].name }
        let reader = try snapshot.reader(table: table, columns: names, schema: schema)
        let opening = try trace.cases(
            form: form.name, cells: rows.map { ($0, balance.opening) }, courts: courts, in: reader)
        let kept = try store.cases(of: closing, form: form.name)
        return zip(rows, opening).map { row, cases in
            Balances(
                opening: Dictionary(
                    cases.filter { !$0.isUndecided }.map { ($0.key, $0.court) }, uniquingKeysWith: { first, _ in first }
                ),
                kept: Dictionary(
                    kept.map {
                        ($0.key, .init(court: $0.court, isCounted: $0.cells.contains("\(row),\(balance.closing)")))
                    }, uniquingKeysWith: { first, _ in first }))
        }
    }
}
