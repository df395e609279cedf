public import FormEngine
public import Schema

/// Figures of forms in memory for checking, by form, period and court as dense sheets of 64-bit numbers.
///
/// Names of courts and periods are numbered once; rows and columns are found by code, else by title, as in
/// `FigureTable`. A cell that was never put in is absent. A store belongs to one thread.
public final class FigureStore {
    public let forms: [FormDefinition]
    /// In the order in which they were met.
    public private(set) var courts: [String] = []
    private(set) var periodLabels: [String] = []
    /// Numbers that do not fit in 64 bits.
    private(set) var wides: [ExactDecimal] = []
    let formNames = NameIndex()
    let courtNames = NameIndex()
    let periodNames = NameIndex()
    let rowNames: [NameIndex]
    let columnNames: [NameIndex]
    /// By form, period and court; shorter than the names where nothing was put in.
    private var sheets: [[[FigureSheet?]]]

    public init(forms: [FormDefinition]) {
        self.forms = forms
        for (place, form) in forms.enumerated() { formNames.insert(form.name, place) }
        for (place, form) in forms.enumerated() { formNames.insert(form.title, place) }
        rowNames = forms.map { form in Self.index(form.rows.map { ($0.code, $0.title) }) }
        columnNames = forms.map { form in Self.index(form.columns.map { ($0.code, $0.title) }) }
        sheets = Array(repeating: [], count: forms.count)
    }

    public convenience init(_ table: FigureTable) {
        self.init(forms: table.forms)
        for figure in table.figures { _ = insert(figure) }
    }

    /// The same figures as a table, for what reads cells one by one.
    public var table: FigureTable {
        var table = FigureTable(forms: forms)
        for figure in figures { _ = table.insert(figure) }
        return table
    }

    deinit {
        for form in sheets {
            for period in form {
                for sheet in period { sheet?.release() }
            }
        }
    }

    /// Codes win over titles, the first over later ones.
    private static func index(_ names: [(code: String, title: String)]) -> NameIndex {
        let index = NameIndex()
        for (place, name) in names.enumerated() { index.insert(name.code, place) }
        for (place, name) in names.enumerated() { index.insert(name.title, place) }
        return index
    }

    // MARK: Putting in

    /// Places a figure; nil when it found its cell, else why not (the store is then unchanged).
    public func insert(_ figure: Figure) -> FigureTable.Misplacement? {
        guard let form = formNames.find(figure.form) else { return .unknownForm }
        guard let row = rowNames[form].find(figure.row) else { return .unknownRow }
        guard let column = columnNames[form].find(figure.column) else { return .unknownColumn }
        let sheet = makeSheet(form: form, period: number(ofPeriod: figure.period), court: number(ofCourt: figure.court))
        let place = row * forms[form].columns.count + column
        let old = cell(sheet, place)
        guard old == FigureTable.Cell() || old == FigureTable.Cell(value: figure.value, own: figure.own) else {
            return .repeated
        }
        (sheet.values[place], sheet.codes[place]) = encode(figure.value)
        (sheet.owns[place], sheet.ownCodes[place]) = encode(figure.own)
        return nil
    }

    func number(ofCourt name: String) -> Int {
        if let number = courtNames.find(name) { return number }
        courtNames.insert(name, courts.count)
        courts.append(name)
        return courts.count - 1
    }

    func number(ofPeriod label: String) -> Int {
        if let number = periodNames.find(label) { return number }
        periodNames.insert(label, periodLabels.count)
        periodLabels.append(label)
        return periodLabels.count - 1
    }

    func makeSheet(form: Int, period: Int, court: Int) -> FigureSheet {
        if let sheet = sheet(form: form, period: period, court: court) { return sheet }
        while sheets[form].count <= period { sheets[form].append([]) }
        while sheets[form][period].count <= court { sheets[form][period].append(nil) }
        let sheet = FigureSheet(cellCount: forms[form].rows.count * forms[form].columns.count)
        sheets[form][period][court] = sheet
        return sheet
    }

    func encode(_ value: CellValue) -> (Int64, UInt8) {
        switch value {
        case .absent: return (0, CellCode.absent)
        case .blank: return (0, CellCode.blank)
        case .number(let number):
            if let narrow = Int64(exactly: number.unscaled), narrow != .min {
                return (narrow, CellCode.integer + UInt8(number.scale))
            }
            wides.append(number)
            return (Int64(wides.count - 1), CellCode.wide)
        }
    }

    // MARK: Reading

    func decode(_ value: Int64, _ code: UInt8) -> CellValue {
        switch code {
        case CellCode.absent: .absent
        case CellCode.blank: .blank
        case CellCode.wide: .number(wides[Int(value)])
        default: .number(ExactDecimal(unscaled: Int128(value), scale: Int(code - CellCode.integer)))
        }
    }

    func sheet(form: Int, period: Int, court: Int) -> FigureSheet? {
        guard period < sheets[form].count, court < sheets[form][period].count else { return nil }
        return sheets[form][period][court]
    }

    func cell(_ sheet: FigureSheet, _ place: Int) -> FigureTable.Cell {
        FigureTable.Cell(
            value: decode(sheet.values[place], sheet.codes[place]),
            own: decode(sheet.owns[place], sheet.ownCodes[place]))
    }

    /// Numbers of the courts with a sheet of the form in the period.
    func courts(form: Int, period: Int) -> [Int] {
        guard period < sheets[form].count else { return [] }
        return sheets[form][period].indices.filter { sheets[form][period][$0] != nil }
    }

    public var isEmpty: Bool { courts.isEmpty }

    /// Labels of all periods, in order of text.
    public var periods: [String] { periodLabels.sorted() }

    /// Every cell that is not absent, by form as defined, period, court, row and column.
    public var figures: [Figure] {
        var figures: [Figure] = []
        let byLabel = periodLabels.indices.sorted { periodLabels[$0] < periodLabels[$1] }
        for (place, form) in forms.enumerated() {
            for period in byLabel {
                for court in courts(form: place, period: period).sorted(by: { courts[$0] < courts[$1] }) {
                    guard let sheet = sheet(form: place, period: period, court: court) else { continue }
                    for index in 0..<form.rows.count * form.columns.count {
                        let cell = cell(sheet, index)
                        guard cell != FigureTable.Cell() else { continue }
                        figures.append(
                            Figure(
                                form: form.name, court: courts[court], period: periodLabels[period],
                                row: form.rows[index / form.columns.count].code,
                                column: form.columns[index % form.columns.count].code, value: cell.value,
                                own: cell.own))
                    }
                }
            }
        }
        return figures
    }

    /// The courts that say something of their own in a period: by any number (`value`), or by an own one that is not 0.
    public func reportingCourts(period label: String, byOwnFigures: Bool) -> Set<String> {
        guard let period = periodNames.find(label) else { return [] }
        var reporting: Set<String> = []
        for (place, form) in forms.enumerated() {
            let size = form.rows.count * form.columns.count
            for court in courts(form: place, period: period) where !reporting.contains(courts[court]) {
                guard let sheet = sheet(form: place, period: period, court: court) else { continue }
                let speaks = (0..<size).contains { index in
                    if byOwnFigures, sheet.ownCodes[index] != CellCode.absent {
                        return sheet.ownCodes[index] > CellCode.blank && sheet.owns[index] != 0
                            || sheet.ownCodes[index] == CellCode.wide
                    }
                    return sheet.codes[index] > CellCode.blank || sheet.ownCodes[index] > CellCode.blank
                }
                if speaks { reporting.insert(courts[court]) }
            }
        }
        return reporting
    }
}
