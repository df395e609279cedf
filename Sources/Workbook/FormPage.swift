import CXLSXWriter
public import Diagnostics

/// 报表页: one form of one court and period as it is printed and signed, on A4 in as many pages as its rows need.
///
/// It says where things stand, not what they mean: texts and numbers come ready.
public struct FormPage: Sendable {
    public struct Column: Sendable {
        public var title: String
        /// Columns with the same group, side by side, stand under it as one heading.
        public var group: String?

        public init(_ title: String, group: String? = nil) {
            self.title = title
            self.group = group
        }
    }

    public struct Row: Sendable {
        public var title: String
        /// How far the title is set in.
        public var depth: Int
        /// 合计 and 小计 are bold.
        public var isTotal: Bool
        public var values: [SheetValue]

        public init(title: String, depth: Int, isTotal: Bool, values: [SheetValue]) {
            self.title = title
            self.depth = depth
            self.isTotal = isTotal
            self.values = values
        }
    }

    public var title: String
    /// Above the table: at the left (填报单位), in the middle (统计周期), at the right (表号, 计量单位).
    public var heads: (left: String, middle: String, right: String)
    /// Over the titles of the rows.
    public var corner: String
    public var columns: [Column]
    public var rows: [Row]
    /// Under the table: what is to be known of the figures.
    public var notes: [String]
    /// 制表人, 审核人, 负责人, 填报日期: evenly spread under the table.
    public var signatures: [String]
    /// Page x of y, in a spreadsheet's codes: `第 &P 页 共 &N 页`.
    public var pageNumber: String

    public init(
        title: String, heads: (left: String, middle: String, right: String), corner: String, columns: [Column],
        rows: [Row], notes: [String], signatures: [String], pageNumber: String
    ) {
        self.title = title
        self.heads = heads
        self.corner = corner
        self.columns = columns
        self.rows = rows
        self.notes = notes
        self.signatures = signatures
        self.pageNumber = pageNumber
    }
}

extension Workbook {
    /// A sheet that holds one form and nothing else.
    public func addFormPage(_ name: String, _ page: FormPage) throws(OperationError) {
        try FormPageWriter(page, workbook: self, pointer: try newSheet(name)).write()
    }
}

/// Puts a page on its sheet, from the top row down.
private final class FormPageWriter {
    private let page: FormPage
    private let workbook: Workbook
    private let pointer: UnsafeMutablePointer<lxw_worksheet>
    private let titleWidth: Int
    private let widths: [Int]
    private let hasGroups: Bool
    /// Points that all rows so far take.
    private var height = 0.0

    /// What fits beside each other on A4 upright without being shrunk.
    private static let portraitWidth = 92
    private static let lineHeight = 15.0

    init(_ page: FormPage, workbook: Workbook, pointer: UnsafeMutablePointer<lxw_worksheet>) {
        self.page = page
        self.workbook = workbook
        self.pointer = pointer
        hasGroups = page.columns.contains { $0.group != nil }
        let longest = page.rows.map { DisplayWidth.of($0.title) + 2 * $0.depth }.max() ?? 0
        titleWidth = min(max(longest, DisplayWidth.of(page.corner)) + 2, 44)
        widths = page.columns.indices.map { column in
            // A title of more than five Chinese characters goes over two lines, one of more than ten over three.
            let title = DisplayWidth.of(page.columns[column].title)
            let lines = title <= 10 ? 1 : title <= 20 ? 2 : 3
            let number = page.rows.map { column < $0.values.count ? $0.values[column].displayWidth : 0 }.max() ?? 0
            return max((title + lines - 1) / lines + 2, number + 2, 7)
        }
    }

    private var columnCount: Int { widths.count + 1 }

    func write() throws(OperationError) {
        setUp()
        var row = 0
        try line(page.title, .formTitle, at: &row, height: 30)
        try heads(at: &row)
        try header(at: &row)
        _ = worksheet_repeat_rows(pointer, 0, lxw_row_t(row - 1))
        worksheet_freeze_panes(pointer, lxw_row_t(row), 1)
        for item in page.rows { try write(item, at: &row) }
        for note in page.notes {
            let room = widths.reduce(titleWidth, +)
            let lines = max(1, (DisplayWidth.of(note) + room - 1) / room)
            try line(note, .formNote, at: &row, height: Double(lines) * Self.lineHeight)
        }
        try signatures(at: &row)
        // A few rows, or the places to sign alone, are not worth a page of their own.
        if height < pageHeight * 1.3 { worksheet_fit_to_pages(pointer, 1, 1) }
        _ = worksheet_print_area(pointer, 0, 0, lxw_row_t(row - 1), lxw_col_t(columnCount - 1))
    }

    private var isPortrait: Bool { widths.reduce(titleWidth, +) <= Self.portraitWidth }

    /// What one page holds when its width is fitted, in points. A character of a column is about 5.4 points wide; A4 is
    /// 595 × 842, less the margins.
    private var pageHeight: Double {
        let (wide, high) = isPortrait ? (509.0, 734.0) : (756.0, 487.0)
        let width = Double(widths.reduce(titleWidth, +) + columnCount) * 5.4
        return high * max(1, width / wide)
    }

    private func setUp() {
        if isPortrait { worksheet_set_portrait(pointer) }
        worksheet_set_margins(pointer, 0.6, 0.6, 0.7, 0.8)
        worksheet_center_horizontally(pointer)
        worksheet_gridlines(pointer, UInt8(LXW_HIDE_ALL_GRIDLINES.rawValue))
        _ = page.pageNumber.withCString { worksheet_set_footer(pointer, "&C&10\(String(cString: $0))") }
        for (column, width) in ([titleWidth] + widths).enumerated() {
            _ = worksheet_set_column(pointer, lxw_col_t(column), lxw_col_t(column), Double(width) + 0.7, nil)
        }
    }

    private func setHeight(_ points: Double, at row: Int) {
        height += points
        _ = worksheet_set_row(pointer, lxw_row_t(row), points, nil)
    }

    private func put(_ value: SheetValue, _ style: SheetStyle, row: Int, column: Int) throws(OperationError) {
        try workbook.write(value, style, isWrapped: style.isWrappedInForms, row: row, column: column, in: pointer)
    }

    /// One text over several columns of a row.
    private func span(
        _ text: String, _ style: SheetStyle, row: Int, from first: Int, through last: Int
    ) throws(OperationError) {
        guard last > first else { return try put(.text(text), style, row: row, column: first) }
        let format = workbook.format(style, .text, isWrapped: style.isWrappedInForms)
        let code = text.withCString {
            worksheet_merge_range(
                pointer, lxw_row_t(row), lxw_col_t(first), lxw_row_t(row), lxw_col_t(last), $0, format)
        }
        guard code == LXW_NO_ERROR else { throw .workbook(code, workbook.path) }
    }

    private func line(
        _ text: String, _ style: SheetStyle, at row: inout Int, height points: Double
    ) throws(OperationError) {
        setHeight(points, at: row)
        try span(text, style, row: row, from: 0, through: columnCount - 1)
        row += 1
    }

    /// Where a row is divided for so many texts: each gets columns of about the same width together.
    private func parts(_ count: Int) -> [ClosedRange<Int>] {
        let all = [titleWidth] + widths
        let total = all.reduce(0, +)
        var parts: [ClosedRange<Int>] = []
        var first = 0
        var used = 0
        for column in all.indices {
            used += all[column]
            let rest = all.count - 1 - column
            let isFull = used * count >= total * (parts.count + 1)
            if (isFull && rest >= count - parts.count - 1) || rest < count - parts.count {
                parts.append(first...column)
                first = column + 1
                if parts.count == count { break }
            }
        }
        if let last = parts.last, last.upperBound < all.count - 1 {
            parts[parts.count - 1] = last.lowerBound...(all.count - 1)
        }
        return parts
    }

    private func heads(at row: inout Int) throws(OperationError) {
        try spread(
            [(page.heads.left, .formLeft), (page.heads.middle, .formMiddle), (page.heads.right, .formRight)],
            height: 20, at: &row)
    }

    /// Texts beside each other; where one of them has no room, over more rows.
    private func spread(
        _ texts: [(text: String, style: SheetStyle)], height points: Double, at row: inout Int
    ) throws(OperationError) {
        let parts = parts(texts.count)
        let all = [titleWidth] + widths
        let fit =
            parts.count == texts.count
            && zip(parts, texts).allSatisfy { part, item in
                all[part].reduce(0, +) > DisplayWidth.of(item.text)
            }
        guard fit || texts.count == 1 else {
            // The first texts are the longer ones.
            let half = texts.count / 2
            try spread(Array(texts[..<half]), height: points, at: &row)
            return try spread(Array(texts[half...]), height: points, at: &row)
        }
        setHeight(points, at: row)
        for (part, item) in zip(parts, texts) {
            try span(item.text, item.style, row: row, from: part.lowerBound, through: part.upperBound)
        }
        row += 1
    }

    private func header(at row: inout Int) throws(OperationError) {
        if hasGroups {
            setHeight(20, at: row)
            try put(.text(""), .formHeader, row: row, column: 0)
            var first = 0
            while first < page.columns.count {
                var last = first
                while last + 1 < page.columns.count, page.columns[last + 1].group == page.columns[first].group {
                    last += 1
                }
                try span(page.columns[first].group ?? "", .formHeader, row: row, from: first + 1, through: last + 1)
                first = last + 1
            }
            row += 1
        }
        let lines = zip(page.columns, widths).map { column, width in
            (DisplayWidth.of(column.title) + width - 3) / max(1, width - 2)
        }
        setHeight(Double(max(1, lines.max() ?? 1)) * Self.lineHeight + 6, at: row)
        try put(.text(page.corner), .formHeader, row: row, column: 0)
        for (column, item) in page.columns.enumerated() {
            try put(.text(item.title), .formHeader, row: row, column: column + 1)
        }
        row += 1
    }

    private func write(_ item: FormPage.Row, at row: inout Int) throws(OperationError) {
        let title = String(repeating: "　", count: item.depth) + item.title
        let lines = max(1, (DisplayWidth.of(title) + titleWidth - 3) / max(1, titleWidth - 2))
        setHeight(Double(lines) * Self.lineHeight + 2, at: row)
        try put(.text(title), item.isTotal ? .formTotalTitle : .formText, row: row, column: 0)
        for (column, value) in item.values.enumerated() {
            try put(value, item.isTotal ? .formTotal : .formNumber, row: row, column: column + 1)
        }
        row += 1
    }

    private func signatures(at row: inout Int) throws(OperationError) {
        guard !page.signatures.isEmpty else { return }
        try spread(page.signatures.map { ($0, .formSignature) }, height: 30, at: &row)
    }
}

extension SheetStyle {
    fileprivate var isWrappedInForms: Bool {
        [.formHeader, .formText, .formTotalTitle, .formNote].contains(self)
    }
}
