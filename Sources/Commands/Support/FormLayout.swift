import Diagnostics
import Schema

/// Where a form that is laid out as it is printed has its rows, its columns, and the labels above them.
struct FormLayout {
    private let form: FormDefinition
    private let columns: [String: String]
    /// Rows by plain title or code, in their order.
    private let rows: [String: [Int]]

    init(_ form: FormDefinition) {
        self.form = form
        columns = Dictionary(
            form.columns.flatMap { column in
                [column.code, column.title, column.unit.map { "\(column.title)(\($0))" }].compactMap(\.self)
                    .map { (Self.plain($0), column.code) }
            }, uniquingKeysWith: { first, _ in first })
        var rows: [String: [Int]] = [:]
        for (place, row) in form.rows.enumerated() {
            for name in Set([Self.plain(row.title), Self.plain(row.code)]) { rows[name, default: []].append(place) }
        }
        self.rows = rows
    }

    /// Without blanks, and with ASCII brackets.
    static func plain(_ text: String?) -> String {
        (text ?? "").filter { !$0.isWhitespace }.replacing("（", with: "(").replacing("）", with: ")")
    }

    /// The code of the column with that title or code.
    func column(_ text: String?) -> String? { columns[Self.plain(text)] }

    /// The line that names columns.
    func header(in lines: SubmittedForms.Lines) -> Int? {
        lines.firstIndex { line in line.cells.dropFirst().contains { column($0.text) != nil } }
    }

    /// The row with that title or code: of several with one title the next one, else the first.
    func row(_ title: String, after last: Int) -> Int? {
        let found = rows[Self.plain(title)] ?? []
        return found.first { $0 > last } ?? found.first
    }
}

/// What a page says above its table: which form, whose, and of which period.
struct FormLabels {
    struct Label {
        var text: String
        var line: Int
        /// From 1.
        var column: Int
    }

    private(set) var title: Label?
    private(set) var form: Label?
    private(set) var court: Label?
    private(set) var period: Label?

    /// How the titles of pages end that compare a form with last year.
    static let comparison = LocalizedText(en: " compared with last year", zh: "（与上年同期比较）")

    /// Of the lines before the first with more than four cells, at most ten.
    init(_ lines: SubmittedForms.Lines) {
        for (line, cells) in lines.prefix(10) {
            for (place, cell) in cells.enumerated() {
                guard let text = cell.text, !text.isEmpty else { continue }
                if title == nil { title = Label(text: text, line: line, column: place + 1) }
                // One cell may hold two: `表号：F01　单位：件`.
                for part in text.split(separator: "\u{3000}") {
                    func value(_ names: [String]) -> Label? {
                        for name in names where part.hasPrefix(name) {
                            let rest = part.dropFirst(name.count).drop { ":： ".contains($0) }
                            return Label(text: String(rest), line: line, column: place + 1)
                        }
                        return nil
                    }
                    form = form ?? value(["表号", "form "])
                    court = court ?? value(["填报单位", "court:"])
                    period = period ?? value(["统计周期", "period:"])
                }
            }
        }
    }

    /// Whether the page compares a form with last year and brings no figures of its own.
    var isComparison: Bool {
        guard let title else { return false }
        return title.text.hasSuffix(Self.comparison.en) || title.text.hasSuffix(Self.comparison.zh)
    }
}
