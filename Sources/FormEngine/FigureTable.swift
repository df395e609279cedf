public import Schema

/// Figures of forms in memory, addressed by form, court, period, row and column; computed or read from elsewhere.
///
/// Rows and columns are found by code, else by title. A cell that was never put in is absent.
public struct FigureTable: Sendable {
    /// Jurisdiction and own value of one cell.
    public struct Cell: Sendable, Hashable {
        public var value: CellValue
        public var own: CellValue

        public init(value: CellValue = .absent, own: CellValue = .absent) {
            self.value = value
            self.own = own
        }
    }

    /// Why a figure found no place.
    public enum Misplacement: String, Sendable, Hashable, CaseIterable {
        case unknownForm, unknownRow, unknownColumn
        /// The cell already holds another value; the first one stays.
        case repeated
    }

    struct SheetKey: Hashable, Sendable {
        var form: Int
        var court: String
        var period: String
    }

    public let forms: [FormDefinition]
    private let formIndexes: [String: Int]
    private let rowIndexes: [[String: Int]]
    private let columnIndexes: [[String: Int]]
    /// Cells row by row.
    private var sheets: [SheetKey: [Cell]] = [:]

    public init(forms: [FormDefinition]) {
        self.forms = forms
        formIndexes = Self.index(forms.map { ($0.name, $0.title) })
        rowIndexes = forms.map { Self.index($0.rows.map { ($0.code, $0.title) }) }
        columnIndexes = forms.map { Self.index($0.columns.map { ($0.code, $0.title) }) }
    }

    /// Codes win over titles, the first over later ones.
    private static func index(_ names: [(code: String, title: String)]) -> [String: Int] {
        var index: [String: Int] = [:]
        for (place, name) in names.enumerated() where index[name.code] == nil { index[name.code] = place }
        for (place, name) in names.enumerated() where index[name.title] == nil { index[name.title] = place }
        return index
    }

    /// Places a figure; nil when it found its cell, else why not (the table is then unchanged).
    public mutating func insert(_ figure: Figure) -> Misplacement? {
        guard let form = formIndexes[figure.form] else { return .unknownForm }
        guard let row = rowIndexes[form][figure.row] else { return .unknownRow }
        guard let column = columnIndexes[form][figure.column] else { return .unknownColumn }
        let new = Cell(value: figure.value, own: figure.own)
        let key = SheetKey(form: form, court: figure.court, period: figure.period)
        let place = row * forms[form].columns.count + column
        let old = sheets[key]?[place] ?? Cell()
        guard old == Cell() || old == new else { return .repeated }
        set(new, key: key, place: place)
        return nil
    }

    /// Sets a cell by positions, whatever it held.
    mutating func set(_ cell: Cell, form: Int, court: String, period: String, row: Int, column: Int) {
        set(
            cell, key: SheetKey(form: form, court: court, period: period),
            place: row * forms[form].columns.count + column)
    }

    private mutating func set(_ cell: Cell, key: SheetKey, place: Int) {
        let size = forms[key.form].rows.count * forms[key.form].columns.count
        sheets[key, default: Array(repeating: Cell(), count: size)][place] = cell
    }

    public func formIndex(_ codeOrTitle: String) -> Int? { formIndexes[codeOrTitle] }
    public func rowIndex(_ codeOrTitle: String, form: Int) -> Int? { rowIndexes[form][codeOrTitle] }
    public func columnIndex(_ codeOrTitle: String, form: Int) -> Int? { columnIndexes[form][codeOrTitle] }

    /// By positions; an empty cell where the sheet or the cell was never put in.
    public func cell(form: Int, court: String, period: String, row: Int, column: Int) -> Cell {
        guard let sheet = sheets[SheetKey(form: form, court: court, period: period)] else { return Cell() }
        return sheet[row * forms[form].columns.count + column]
    }

    /// By codes or titles.
    public func cell(form: String, court: String, period: String, row: String, column: String) -> Cell {
        guard let form = formIndexes[form], let row = rowIndexes[form][row],
            let column = columnIndexes[form][column]
        else { return Cell() }
        return cell(form: form, court: court, period: period, row: row, column: column)
    }

    /// The cells of one sheet, row by row; nil when nothing of it was put in.
    func sheet(form: Int, court: String, period: String) -> [Cell]? {
        sheets[SheetKey(form: form, court: court, period: period)]
    }

    /// Whether anything of this sheet was put in.
    public func hasSheet(form: Int, court: String, period: String) -> Bool {
        sheets[SheetKey(form: form, court: court, period: period)] != nil
    }

    /// Courts with a sheet of the form in the period, by code.
    public func courts(form: Int, period: String) -> [String] {
        sheets.keys.filter { $0.form == form && $0.period == period }.map(\.court).sorted()
    }

    /// Labels of all periods in the table, in order of text.
    public var periods: [String] { Set(sheets.keys.map(\.period)).sorted() }

    public var sheetCount: Int { sheets.count }
    public var isEmpty: Bool { sheets.isEmpty }

    /// Every cell that is not absent, by form as defined, period, court, row and column.
    public var figures: [Figure] {
        let keys = sheets.keys.sorted { ($0.form, $0.period, $0.court) < ($1.form, $1.period, $1.court) }
        return keys.flatMap { key in
            let form = forms[key.form]
            return (sheets[key] ?? []).enumerated().compactMap { place, cell -> Figure? in
                guard cell != Cell() else { return nil }
                return Figure(
                    form: form.name, court: key.court, period: key.period,
                    row: form.rows[place / form.columns.count].code,
                    column: form.columns[place % form.columns.count].code, value: cell.value, own: cell.own)
            }
        }
    }
}
