public import FormEngine
public import Schema

/// The figures of one form in one period, laid out for reading: a table of rows × columns for each court.
public struct FormSheet: Sendable, Hashable {
    public struct Column: Sendable, Hashable {
        public var code: String
        public var title: String
        public var unit: String?
        /// Numbers of cases, which can stand beside each other in a chart; amounts and rates cannot.
        public var isCount: Bool

        public init(code: String, title: String, unit: String? = nil, isCount: Bool = true) {
            self.code = code
            self.title = title
            self.unit = unit
            self.isCount = isCount
        }

        /// `结案率（%）`.
        var heading: String { unit.map { "\(title)（\($0)）" } ?? title }

        init(_ column: FormDefinition.Column) {
            var isCount = false
            if case .count = column.measure { isCount = true }
            self.init(code: column.code, title: column.title, unit: column.unit, isCount: isCount)
        }
    }

    public struct Row: Sendable, Hashable {
        public var code: String
        public var title: String
        /// How many rows stand above it in the form's structure.
        public var depth: Int

        public init(code: String, title: String, depth: Int = 0) {
            self.code = code
            self.title = title
            self.depth = depth
        }
    }

    public struct CourtFigures: Sendable, Hashable {
        public var court: String
        /// By row, then by column.
        public var cells: [[FigureTable.Cell]]

        public init(court: String, cells: [[FigureTable.Cell]]) {
            self.court = court
            self.cells = cells
        }
    }

    public var form: String
    public var title: String
    public var period: String
    public var columns: [Column]
    public var rows: [Row]
    /// Upper courts first.
    public var courts: [CourtFigures]
    /// Cases that scope, a row or a column of the form could not decide; they are in no cell.
    public var undecidedCases: Int

    public init(
        form: String, title: String, period: String, columns: [Column], rows: [Row], courts: [CourtFigures],
        undecidedCases: Int = 0
    ) {
        self.form = form
        self.title = title
        self.period = period
        self.columns = columns
        self.rows = rows
        self.courts = courts
        self.undecidedCases = undecidedCases
    }

    /// The sheet of a form as a table of figures holds it, for the given courts in their order.
    public init?(
        _ form: FormDefinition, in table: FigureTable, period: String, courts: [String], undecidedCases: Int = 0
    ) {
        guard let index = table.formIndex(form.name) else { return nil }
        let parents = Dictionary(form.rows.map { ($0.code, $0.parent) }, uniquingKeysWith: { first, _ in first })
        func depth(_ code: String) -> Int {
            var steps = 0
            var place = parents[code] ?? nil
            while let parent = place, steps < form.rows.count {
                steps += 1
                place = parents[parent] ?? nil
            }
            return steps
        }
        self.init(
            form: form.name, title: form.title, period: period,
            columns: form.columns.map(Column.init),
            rows: form.rows.map { Row(code: $0.code, title: $0.title, depth: depth($0.code)) },
            courts: courts.filter { table.hasSheet(form: index, court: $0, period: period) }.map { court in
                CourtFigures(
                    court: court,
                    cells: form.rows.indices.map { row in
                        form.columns.indices.map { column in
                            table.cell(form: index, court: court, period: period, row: row, column: column)
                        }
                    })
            },
            undecidedCases: undecidedCases)
    }
}
