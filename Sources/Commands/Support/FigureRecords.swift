import CourtModel
import Definitions
import Diagnostics
import FormEngine
import Library
import Schema

/// Figures between the engine's tables and the library's rows.
extension StandardLibrary {
    /// The figures of a run and source as a table of the given forms.
    func figureTable(run: String, source: String, forms: [FormDefinition]) throws -> FigureTable {
        var table = FigureTable(forms: forms)
        for record in try figures(run: run, source: source) {
            // A form that the definitions no longer have is left out: nothing could be said about it.
            _ = table.insert(Figure(record))
        }
        return table
    }
}

extension StandardLibrary {
    /// The figures of forms counted now, from the library's cases, in periods of a known kind.
    func figures(of forms: [FormDefinition], schema: StandardSchema, periods: [String]) throws -> [Figure] {
        let snapshot = try snapshot()
        var figures: [Figure] = []
        for table in FormComputation.tables(of: forms, in: schema) {
            for period in periods.compactMap({ StatisticalPeriod($0) }) {
                var computation = try FormComputation(table: table, forms: forms, schema: schema, periods: [period])
                let names = computation.neededColumns.map { table.columns[$0].name }
                try computation.read(try snapshot.reader(table: table, columns: names, schema: schema))
                let jurisdictions = try schema.jurisdictions(of: computation.courts, named: [])
                figures += try computation.finish(jurisdictions: jurisdictions).0
            }
        }
        return figures
    }
}

extension Figure {
    init(_ record: FigureRecord) {
        func cell(_ text: String?) -> CellValue { text.flatMap { ExactDecimal($0) }.map(CellValue.number) ?? .blank }
        self.init(
            form: record.form, court: record.court, period: record.period, row: record.row, column: record.column,
            value: cell(record.value), own: cell(record.own))
    }
}

extension FigureRecord {
    init(_ figure: Figure, source: String) {
        self.init(
            form: figure.form, court: figure.court, period: figure.period, row: figure.row, column: figure.column,
            value: figure.value.number.map { "\($0)" }, own: figure.own.number.map { "\($0)" }, source: source)
    }
}

extension StandardSchema {
    /// The courts under the topmost of those that are spoken of, in the order of the court list.
    ///
    /// - Parameters:
    ///   - spokenOf: courts of cases or of figures; the whole country would be 3,500 sheets of zeros.
    ///   - named: these courts and all below them, whatever is spoken of.
    ///   - name: of the hierarchy; nil is that of courts.
    func jurisdictions(
        of spokenOf: Set<String>, named: [String], along name: String? = nil
    ) throws -> Jurisdictions {
        guard let hierarchy = name.map({ hierarchy($0) }) ?? hierarchies["court"] ?? hierarchies.values.first else {
            return Jurisdictions(courts: spokenOf.sorted(), parents: [:])
        }
        let list = codelist(hierarchy.codelist)
        if !named.isEmpty { return Jurisdictions(hierarchy, codelist: list, roots: named) }
        let known = Set(list?.entries.map(\.code) ?? [])
        let tops = spokenOf.filter { court in
            guard known.contains(court) else { return false }
            var upper = hierarchy.parents[court]
            while let next = upper {
                if spokenOf.contains(next) { return false }
                upper = hierarchy.parents[next]
            }
            return true
        }
        return Jurisdictions(hierarchy, codelist: list, roots: tops.sorted())
    }

    /// The courts of a hierarchy that report; one whose upper court does not is put under the next above that does.
    ///
    /// A court without figures is out, so that it leaves no upper court's sum undecided.
    func jurisdictions(reporting: Set<String>, along name: String? = nil) throws -> Jurisdictions {
        let tree = try jurisdictions(of: reporting, named: [], along: name)
        var parents: [String: String] = [:]
        for court in tree.courts where reporting.contains(court) {
            var upper = tree.parent(of: court)
            while let next = upper, !reporting.contains(next) { upper = tree.parent(of: next) }
            parents[court] = upper
        }
        let ordered = tree.courts.filter(reporting.contains)
        return Jurisdictions(courts: ordered + reporting.subtracting(ordered).sorted(), parents: parents)
    }
}
