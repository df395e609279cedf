import Columnar
public import CourtModel
public import DataAccess
public import Diagnostics
import RuleEngine
import RulePlan
public import Schema

/// From a figure to its cases, and from a case to the cells that count it: the computation again, case by case.
public struct FormTrace {
    /// A case that a cell counts, or cannot decide.
    public struct Case: Sendable, Hashable {
        /// The values of the table's key.
        public var key: [String]
        public var court: String
        public var isUndecided: Bool
        /// What it adds to a cell of amounts; nil where it adds nothing, and in a cell that counts.
        public var amount: ExactDecimal?
    }

    /// A cell that counts a case, or cannot decide it.
    public struct Cell: Sendable, Hashable {
        public var form: String
        public var row: String
        public var column: String
        public var isUndecided: Bool
    }

    public let table: TableDefinition
    /// Indexes of the table's columns that a reader must give.
    public let neededColumns: [Int]
    private let compiled: CompiledForms
    private let keyColumns: [Int]
    private let period: StatisticalPeriod
    private let schema: StandardSchema

    /// Throws all that is wrong with the forms' expressions. Forms over other tables are left alone.
    public init(
        table: TableDefinition, forms: [FormDefinition], schema: StandardSchema, period: StatisticalPeriod
    ) throws(InvalidDefinitions) {
        let mine = forms.filter { form in form.table.flatMap { schema.table($0)?.name } == table.name }
        compiled = try CompiledForms(table: table, forms: mine, schema: schema)
        keyColumns = table.key.compactMap { table.columnIndex($0) }
        self.table = table
        self.period = period
        self.schema = schema
        neededColumns = Set(
            compiled.predicates.neededColumns + compiled.codeColumns + [compiled.courtColumn] + keyColumns
        ).sorted()
    }

    /// The cases of a cell, in the order of the reader.
    ///
    /// - Parameters:
    ///   - row, column: codes or titles; a column of counts or amounts, since a rate has no cases of its own.
    ///   - courts: whose cases; an upper court's figure counts those of its lower courts too.
    public func cases(
        form: String, row: String, column: String, courts: Set<String>, in reader: any CellReader
    ) throws -> [Case] {
        try cases(form: form, cells: [(row, column)], courts: courts, in: reader)[0]
    }

    /// The same for several cells of a form in one pass, each with its cases.
    public func cases(
        form: String, cells: [(row: String, column: String)], courts: Set<String>, in reader: any CellReader
    ) throws -> [[Case]] {
        var cases: [[Case]] = cells.map { _ in [] }
        guard let index = compiled.forms.firstIndex(where: { $0.definition.name == form }) else { return cases }
        let definition = compiled.forms[index].definition
        let places = cells.enumerated().compactMap { cell, names -> (cell: Int, row: Int, column: Int)? in
            guard let row = definition.rowIndex(names.row), let column = definition.columnIndex(names.column) else {
                return nil
            }
            return (cell, row, column)
        }
        try visit(reader) { view in
            guard let court = view.court, courts.contains(court) else { return }
            for place in places {
                let outcome = view.outcome(compiled.forms[index], row: place.row, column: place.column)
                guard outcome != false else { continue }
                var found = Case(key: view.key, court: court, isUndecided: outcome == nil)
                if case .sum(let scalar, let scale, _) = compiled.forms[index].columns[place.column] {
                    found.amount = view.rows.amount(scalar, period: 0, row: view.row)
                        .map { ExactDecimal(unscaled: $0, scale: scale) }
                }
                cases[place.cell].append(found)
            }
        }
        return cases
    }

    /// Every cell that counts the case with that key, or cannot decide it; nil when no case has it.
    public func cells(ofCase key: [String], in reader: any CellReader) throws -> [Cell]? {
        var cells: [Cell]?
        try visit(reader, allRows: true) { view in
            guard view.key == key else { return }
            var found = cells ?? []
            for form in compiled.forms {
                for row in form.rows.indices {
                    for column in form.columns.indices {
                        guard let outcome = view.outcome(form, row: row, column: column) else {
                            found.append(cell(form, row, column, isUndecided: true))
                            continue
                        }
                        if outcome { found.append(cell(form, row, column, isUndecided: false)) }
                    }
                }
            }
            cells = found
        }
        return cells
    }

    /// Every case that some cell counts, with all of these cells, in the order of the reader. What is undecided is left out.
    public func forEachCase(
        in reader: any CellReader, _ body: (_ one: Case, _ cells: [Cell]) throws -> Void
    ) throws {
        try visit(reader) { view in
            guard let court = view.court else { return }
            let cells = compiled.forms.flatMap { form in
                let columns = view.columns(of: form)
                return columns.isEmpty
                    ? []
                    : view.rows(of: form).flatMap { row in
                        columns.map { cell(form, row, $0, isUndecided: false) }
                    }
            }
            if !cells.isEmpty { try body(Case(key: view.key, court: court, isUndecided: false), cells) }
        }
    }

    private func cell(_ form: CompiledForms.Form, _ row: Int, _ column: Int, isUndecided: Bool) -> Cell {
        Cell(
            form: form.definition.name, row: form.definition.rows[row].code,
            column: form.definition.columns[column].code, isUndecided: isUndecided)
    }

    /// One case as it was judged.
    private struct View {
        let rows: PredicateScan.Rows
        let row: Int
        let key: [String]
        let court: String?

        func outcome(_ predicate: Int) -> Bool? {
            let (word, bit) = (row >> 6, UInt64(1) << UInt64(row & 63))
            if rows.isTrue(predicate, period: 0)[word] & bit != 0 { return true }
            return rows.isPossible(predicate, period: 0)[word] & bit != 0 ? nil : false
        }

        /// The columns that count the case in whatever row it is; none where the form's scope leaves it out.
        func columns(of form: CompiledForms.Form) -> [Int] {
            guard form.scope.map({ outcome($0) == true }) ?? true else { return [] }
            return form.columns.indices.filter { column in
                switch form.columns[column] {
                case .count(let predicate): outcome(predicate) == true
                case .sum(let scalar, _, let predicate):
                    predicate.map { outcome($0) == true } ?? true && !rows.isError(scalar, period: 0, row: row)
                case .ratio, .given: false
                }
            }
        }

        /// The rows in which the case is.
        func rows(of form: CompiledForms.Form) -> [Int] {
            var found = form.rows.indices.filter { index in
                if case .predicate(let predicate) = form.rows[index] { outcome(predicate) == true } else { false }
            }
            for subtree in form.subtrees {
                guard let code = rows.text(subtree.column, row: row) else { continue }
                found += subtree.rows(of: String(decoding: code, as: UTF8.self))
            }
            return found
        }

        /// Whether the cell counts the case; nil where it cannot be decided, false for a column that counts nothing.
        func outcome(_ form: CompiledForms.Form, row: Int, column: Int) -> Bool? {
            var parts: [Bool?] = [form.scope.flatMap(outcome)]
            if form.scope == nil { parts[0] = true }
            switch form.columns[column] {
            case .count(let predicate), .sum(_, _, .some(let predicate)): parts.append(outcome(predicate))
            case .sum(_, _, nil): break
            case .ratio, .given: return false
            }
            switch form.rows[row] {
            case .predicate(let predicate): parts.append(outcome(predicate))
            case .given: return false
            case .subtree:
                guard let subtree = form.subtrees.first(where: { $0.has(row: row) }) else { return false }
                parts.append(
                    rows.text(subtree.column, row: self.row).map { bytes in
                        subtree.rows(of: String(decoding: bytes, as: UTF8.self)).contains(row)
                    })
            }
            if case .sum(let scalar, _, _) = form.columns[column], rows.isError(scalar, period: 0, row: self.row) {
                parts.append(nil)
            }
            return parts.contains(false) ? false : parts.contains(nil) ? nil : true
        }
    }

    private func visit(
        _ reader: any CellReader, allRows: Bool = false, _ body: (View) throws -> Void
    ) throws {
        let scan = try PredicateScan(
            compiled.predicates, gates: allRows ? nil : compiled.gates, periods: [period],
            court: compiled.courtColumn, kept: compiled.codeColumns + keyColumns + [compiled.courtColumn],
            schema: schema, readerColumns: reader.columns)
        try PredicateScan.distribute(reader, to: [scan]) { scan, block in
            try scan.judge(block) { rows in
                for row in 0..<rows.count {
                    func text(_ column: Int) -> String? {
                        rows.text(column, row: row).map { String(decoding: $0, as: UTF8.self) }
                    }
                    try body(
                        View(
                            rows: rows, row: row, key: keyColumns.map { text($0) ?? "" },
                            court: text(compiled.courtColumn)))
                }
            }
        }
    }
}
