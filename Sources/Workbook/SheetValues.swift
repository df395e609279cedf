/// What a cell of a sheet holds.
public enum SheetValue: Sendable, Hashable {
    case empty
    /// Always a text, never a formula, whatever it begins with.
    case text(String)
    case integer(Int)
    /// The digits of a decimal, as text: written as a number where a spreadsheet keeps all of them (15), else as text.
    case decimal(String)
    /// A day, as a date that sorts and filters.
    case date(year: Int, month: Int, day: Int)

    /// Width in characters of a display, for the column's width.
    var displayWidth: Int {
        switch self {
        case .empty: 0
        case .text(let text): text.split(separator: "\n").map { DisplayWidth.of($0) }.max() ?? 0
        case .integer(let number):
            // With separators of thousands.
            { $0 + ($0 - 1) / 3 }(String(number).utf8.count)
        case .decimal(let text): text.utf8.count + max(0, (text.utf8.count - 4) / 3)
        case .date: 10
        }
    }
}

/// How a cell looks.
public enum SheetStyle: Int, Sendable, Hashable, CaseIterable {
    case plain
    /// Large, bold: the title of a sheet.
    case title
    /// White on dark: the header over a table.
    case header
    /// Bold: a heading within a sheet.
    case heading
    /// Grey: an explanation.
    case note
    case bold
    /// Light red, light amber, light blue, light green behind the text.
    case error, warning, notice, good
    /// Text that may run over several lines.
    case wrapped
    /// Of a form that is printed: its title, the texts above the table at the left, in the middle and at the right.
    case formTitle, formLeft, formMiddle, formRight
    /// Bordered: the heads of columns, the title and the numbers of a row, and the same of a total, bold.
    case formHeader, formText, formNumber, formTotalTitle, formTotal
    /// Under the table: an explanation, a place to sign.
    case formNote, formSignature
}

/// One column of a table in a sheet.
public struct SheetColumn: Sendable, Hashable {
    public var title: String
    /// Characters of a display; nil fits the width to the title and the first rows.
    public var width: Int?
    public var isWrapped: Bool

    public init(_ title: String, width: Int? = nil, isWrapped: Bool = false) {
        self.title = title
        self.width = width
        self.isWrapped = isWrapped
    }
}
