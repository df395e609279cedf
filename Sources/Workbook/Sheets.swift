import CXLSXWriter
public import Diagnostics

/// A sheet written freely, from the top row down, such as a summary.
public final class FreeSheet {
    private let workbook: Workbook
    private let pointer: UnsafeMutablePointer<lxw_worksheet>
    /// The next row to be written, from 0.
    public private(set) var row = 0

    init(workbook: Workbook, pointer: UnsafeMutablePointer<lxw_worksheet>) {
        self.workbook = workbook
        self.pointer = pointer
        worksheet_gridlines(pointer, UInt8(LXW_HIDE_ALL_GRIDLINES.rawValue))
    }

    func setWidths(_ widths: [Int]) {
        for (column, width) in widths.enumerated() {
            _ = worksheet_set_column(pointer, lxw_col_t(column), lxw_col_t(column), Double(width), nil)
        }
    }

    /// Writes a row; each cell with its style.
    public func append(_ cells: [(SheetValue, SheetStyle)], height: Double? = nil) throws(OperationError) {
        if let height { _ = worksheet_set_row(pointer, lxw_row_t(row), height, nil) }
        for (column, cell) in cells.enumerated() {
            try workbook.write(
                cell.0, cell.1, isWrapped: cell.1 == .wrapped, row: row, column: column, in: pointer)
        }
        row += 1
    }

    /// Writes a row in one style.
    public func append(_ values: [SheetValue], _ style: SheetStyle = .plain) throws(OperationError) {
        try append(values.map { ($0, style) })
    }

    public func skipRow() { row += 1 }
}

/// A table of a workbook: header, filters, widths; goes on in the next sheet after `Workbook.rowsPerSheet` rows.
///
/// Widths are fitted to the header and the first rows, which are held back until there are enough of them.
public final class TableSheet {
    /// Rows by which the widths are judged.
    private static let sampleSize = 500
    private static let narrowest = 6
    private static let widest = 60

    private let workbook: Workbook
    private let name: String
    private let columns: [SheetColumn]
    private let frozenColumns: Int
    private let headerHeight: Double
    private var held: [(values: [SheetValue], style: SheetStyle)] = []
    private var widths: [Int] = []
    private var pointer: UnsafeMutablePointer<lxw_worksheet>?
    /// Rows of the present sheet, the header not counted.
    private var rowsInSheet = 0
    private var sheetNumber = 0

    init(workbook: Workbook, name: String, columns: [SheetColumn], frozenColumns: Int, headerHeight: Double) {
        self.frozenColumns = frozenColumns
        self.headerHeight = headerHeight
        self.workbook = workbook
        self.name = name
        self.columns = columns
    }

    /// Writes a row; the style colours it from the first to the last column.
    public func append(_ values: [SheetValue], _ style: SheetStyle = .plain) throws(OperationError) {
        if widths.isEmpty {
            held.append((values, style))
            if held.count >= Self.sampleSize { try release() }
        } else {
            try write(values, style)
        }
    }

    /// Ends the table; call it before the next sheet is begun, since rows are written in order.
    public func finish() throws(OperationError) {
        if widths.isEmpty { try release() }
        finishSheet()
    }

    private func release() throws(OperationError) {
        widths = columns.enumerated().map { index, column in
            if let width = column.width { return width }
            // Room for the filter's arrow beside the title.
            let title = DisplayWidth.of(column.title) + 4
            let longest = held.map { index < $0.values.count ? $0.values[index].displayWidth + 2 : 0 }.max() ?? 0
            return min(max(title, longest, Self.narrowest), Self.widest)
        }
        try beginSheet()
        let rows = held
        held = []
        for row in rows { try write(row.values, row.style) }
    }

    private func write(_ values: [SheetValue], _ style: SheetStyle) throws(OperationError) {
        if rowsInSheet == workbook.rowsPerSheet {
            finishSheet()
            try beginSheet()
        }
        guard let pointer else { return }
        // Not every program grows a row by itself for the text that is wrapped in it.
        let lines = lines(of: values)
        if lines > 1 { _ = worksheet_set_row(pointer, lxw_row_t(rowsInSheet + 1), Double(lines) * 15.5, nil) }
        for (column, value) in values.enumerated() {
            let isWrapped = column < columns.count && columns[column].isWrapped
            try workbook.write(
                value, style, isWrapped: isWrapped, row: rowsInSheet + 1, column: column, in: pointer)
        }
        rowsInSheet += 1
    }

    /// Lines that the row's longest wrapped text takes, at most 10.
    private func lines(of values: [SheetValue]) -> Int {
        var most = 1
        for (column, definition) in columns.enumerated() where definition.isWrapped && column < values.count {
            guard case .text(let text) = values[column] else { continue }
            // One column is kept free, since a full-width character does not go over the edge by half.
            let room = max(1, widths[column] - 1)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
                .reduce(0) { $0 + max(1, (DisplayWidth.of($1) + room - 1) / room) }
            most = max(most, lines)
        }
        return min(most, 10)
    }

    private func beginSheet() throws(OperationError) {
        sheetNumber += 1
        let sheet = try workbook.newSheet(sheetNumber == 1 ? name : "\(name) \(sheetNumber)")
        pointer = sheet
        rowsInSheet = 0
        for (column, width) in widths.enumerated() {
            _ = worksheet_set_column(sheet, lxw_col_t(column), lxw_col_t(column), Double(width), nil)
        }
        _ = worksheet_set_row(sheet, 0, headerHeight, nil)
        for (column, definition) in columns.enumerated() {
            try workbook.write(.text(definition.title), .header, isWrapped: true, row: 0, column: column, in: sheet)
        }
        worksheet_freeze_panes(sheet, 1, lxw_col_t(frozenColumns))
        _ = worksheet_repeat_rows(sheet, 0, 0)
    }

    private func finishSheet() {
        guard let pointer, !columns.isEmpty else { return }
        _ = worksheet_autofilter(pointer, 0, 0, lxw_row_t(rowsInSheet), lxw_col_t(columns.count - 1))
        self.pointer = nil
    }
}
