import Diagnostics
import FormEngine
import Schema

/// What a court submitted, cell by cell as it stands in its file; what cannot be taken is told with its place.
///
/// Two layouts: the long one (`form court period row column value [own]`), and a form as it is printed, rows below each
/// other and columns side by side.
struct SubmittedForms {
    /// One cell that cannot be taken.
    struct Problem {
        /// What is wrong, apart from where and with which text; many of one kind are told together.
        enum Kind: String {
            case header, name, period, number, court, form, row, column, repeated, missing, label, fields
        }

        var kind: Kind
        var file: String
        /// Of a workbook.
        var sheet: String?
        var line: Int
        /// From 1; nil for what concerns the line.
        var column: Int?
        var message: LocalizedText

        /// `f.csv:7:C`, `f.xlsx:Sheet1!C7`: as a spreadsheet calls it.
        var place: String {
            let letters = column.map(Self.letters) ?? ""
            if let sheet { return "\(file):\(sheet)!\(letters)\(line)" }
            return "\(file):\(line)" + (letters.isEmpty ? "" : ":" + letters)
        }

        private static func letters(_ number: Int) -> String {
            var number = number
            var text = ""
            while number > 0 {
                text = String(UnicodeScalar(UInt8(65 + (number - 1) % 26))) + text
                number = (number - 1) / 26
            }
            return text
        }
    }

    /// What stands in a cell of a file; a fault is told where a figure is looked for.
    struct Cell {
        var text: String?
        var fault: LocalizedText?

        /// Whether it is a number, or was to be one.
        var mayBeFigure: Bool {
            let text = text?.filter { !$0.isWhitespace } ?? ""
            return fault != nil || ExactDecimal(SubmittedForms.withoutSeparators(text)) != nil
        }
    }

    /// Where rows come from.
    struct Origin {
        var file: String
        /// Of a workbook.
        var sheet: String?
    }

    /// Rows of a file as texts, the header first; each with its line.
    typealias Lines = [(line: Int, cells: [Cell])]

    private(set) var table: FigureTable
    private(set) var problems: [Problem] = []
    private(set) var count = 0
    private let forms: [FormDefinition]
    /// Codes of the courts that there are; empty where the definitions have no list.
    private let courts: Set<String>
    private var origin = Origin(file: "")

    init(forms: [FormDefinition], courts: Set<String>) {
        self.forms = forms
        self.courts = courts
        table = FigureTable(forms: forms)
    }

    /// Takes a file of the long layout; only figures of that period when one is given.
    mutating func readLong(_ lines: Lines, from origin: Origin, period: String?) {
        self.origin = origin
        guard let header = lines.first else { return }
        var places: [String: Int] = [:]
        for (place, cell) in header.cells.enumerated() { if let name = cell.text { places[name] = place } }
        let missing = ["form", "court", "period", "row", "column", "value"].filter { places[$0] == nil }
        guard missing.isEmpty else {
            let names = missing.joined(separator: ", ")
            tell(
                .header, header.line, nil,
                LocalizedText(en: "the header lacks: \(names)", zh: "表头缺少：\(names)"))
            return
        }
        for (line, cells) in lines.dropFirst() {
            func text(_ name: String) -> String? { places[name].flatMap { $0 < cells.count ? cells[$0].text : nil } }
            var names: [String] = []
            for name in ["form", "court", "period", "row", "column"] {
                guard let text = text(name), !text.isEmpty else {
                    tell(
                        .name, line, places[name].map { $0 + 1 },
                        LocalizedText(en: "'\(name)' is empty", zh: "“\(name)”为空"))
                    break
                }
                names.append(text)
            }
            guard names.count == 5 else { continue }
            if let period, names[2] != period {
                tell(
                    .period, line, places["period"].map { $0 + 1 },
                    LocalizedText(
                        en: "the figure is of '\(names[2])', not of \(period)", zh: "数字属于“\(names[2])”，不属于 \(period)"))
                continue
            }
            guard let value = number(cells, line, places["value"]),
                let own = places["own"] == nil ? .absent : number(cells, line, places["own"])
            else { continue }
            put(
                Figure(
                    form: names[0], court: names[1], period: names[2], row: names[3], column: names[4], value: value,
                    own: own), line, columns: places.mapValues { $0 + 1 })
        }
    }

    /// Takes a form as it is printed. The header is the first line that names a column; above it and below the table
    /// anything may stand.
    mutating func readGrid(
        _ lines: Lines, from origin: Origin, form: FormDefinition, court: String, period: String
    ) {
        self.origin = origin
        let layout = FormLayout(form)
        guard let start = layout.header(in: lines) else {
            tell(
                .header, lines.first?.line ?? 1, nil,
                LocalizedText(
                    en: "no line names columns of form \(form.name)", zh: "没有任何一行写有报表\(form.name)的栏名"))
            return
        }
        var columns: [(place: Int, code: String)] = []
        for (place, cell) in lines[start].cells.enumerated().dropFirst() where !FormLayout.plain(cell.text).isEmpty {
            guard let code = layout.column(cell.text) else {
                tell(
                    .column, lines[start].line, place + 1,
                    LocalizedText(
                        en: "form \(form.name) has no column '\(cell.text ?? "")'",
                        zh: "报表\(form.name)没有栏“\(cell.text ?? "")”"))
                continue
            }
            columns.append((place, code))
        }
        var rowsSeen: Set<Int> = []
        var last = -1
        for (line, cells) in lines[(start + 1)...] {
            let title = FormLayout.plain(cells.first?.text)
            guard let row = layout.row(title, after: last) else {
                // A note or a place to sign has no figures beside it.
                let hasValues = columns.contains { column in
                    column.place < cells.count && cells[column.place].mayBeFigure
                }
                if hasValues {
                    tell(
                        .row, line, 1,
                        LocalizedText(en: "form \(form.name) has no row '\(title)'", zh: "报表\(form.name)没有行“\(title)”"))
                }
                continue
            }
            last = row
            rowsSeen.insert(row)
            for column in columns {
                guard let value = number(cells, line, column.place) else { continue }
                put(
                    Figure(
                        form: form.name, court: court, period: period, row: form.rows[row].code, column: column.code,
                        value: value), line, columns: ["column": column.place + 1])
            }
        }
        for row in form.rows.indices where !rowsSeen.contains(row) {
            // Rows made of a code list are printed where they are not nought.
            if case .subtree = form.rows[row].selection { continue }
            tell(
                .missing, lines.last?.line ?? 1, nil,
                LocalizedText(
                    en: "row '\(form.rows[row].title)' is missing", zh: "缺少行“\(form.rows[row].title)”"))
        }
    }

    /// A record with another number of fields than the first.
    mutating func tellMalformed(_ origin: Origin, _ line: Int) {
        self.origin = origin
        tell(
            .fields, line, nil,
            LocalizedText(
                en: "the line has another number of fields than the first one", zh: "该行的字段数与首行不同"))
    }

    /// What the labels above a form say otherwise than asked, or do not say.
    mutating func tellLabel(_ origin: Origin, _ line: Int, _ column: Int?, _ message: LocalizedText) {
        self.origin = origin
        tell(.label, line, column, message)
    }

    private mutating func tell(_ kind: Problem.Kind, _ line: Int, _ column: Int?, _ message: LocalizedText) {
        problems.append(
            Problem(
                kind: kind, file: origin.file, sheet: origin.sheet, line: line, column: column, message: message))
    }

    private mutating func put(_ figure: Figure, _ line: Int, columns: [String: Int]) {
        if !courts.isEmpty, !courts.contains(figure.court) {
            tell(
                .court, line, columns["court"],
                LocalizedText(en: "there is no court '\(figure.court)'", zh: "没有法院“\(figure.court)”"))
            return
        }
        let cell = "\(figure.form)[\(figure.row), \(figure.column)]"
        switch table.insert(figure) {
        case nil: count += 1
        case .unknownForm:
            tell(
                .form, line, columns["form"],
                LocalizedText(en: "there is no form '\(figure.form)'", zh: "没有报表“\(figure.form)”"))
        case .unknownRow:
            tell(
                .row, line, columns["row"],
                LocalizedText(
                    en: "form \(figure.form) has no row '\(figure.row)'", zh: "报表\(figure.form)没有行“\(figure.row)”"))
        case .unknownColumn:
            tell(
                .column, line, columns["column"],
                LocalizedText(
                    en: "form \(figure.form) has no column '\(figure.column)'",
                    zh: "报表\(figure.form)没有栏“\(figure.column)”"))
        case .repeated:
            tell(
                .repeated, line, columns["value"] ?? columns["column"],
                LocalizedText(
                    en: "\(cell) of \(figure.court) stands here again with another value",
                    zh: "\(figure.court) 的 \(cell) 再次出现且数值不同"))
        }
    }

    /// Blank for nothing; nil, and told, for what is no number. Thousands may be separated, as spreadsheets print them.
    private mutating func number(_ cells: [Cell], _ line: Int, _ place: Int?) -> CellValue? {
        let cell = place.flatMap { $0 < cells.count ? cells[$0] : nil } ?? Cell()
        if let fault = cell.fault {
            tell(.number, line, place.map { $0 + 1 }, fault)
            return nil
        }
        let text = cell.text?.filter { !$0.isWhitespace } ?? ""
        guard !text.isEmpty else { return .blank }
        if let number = ExactDecimal(Self.withoutSeparators(text)) { return .number(number) }
        tell(
            .number, line, place.map { $0 + 1 },
            LocalizedText(en: "'\(text)' is no number", zh: "“\(text)”不是数值"))
        return nil
    }

    /// `1,234.5` without its commas where they stand before groups of three digits; else the text as it is.
    static func withoutSeparators(_ text: String) -> String {
        let whole = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)[0]
        let digits = whole.hasPrefix("-") ? whole.dropFirst() : whole
        let groups = digits.split(separator: ",", omittingEmptySubsequences: false)
        guard groups.count > 1, (1...3).contains(groups[0].utf8.count),
            groups.dropFirst().allSatisfy({ $0.utf8.count == 3 })
        else { return text }
        return text.filter { $0 != "," }
    }
}
