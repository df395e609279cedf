import CXLSXWriter
public import Diagnostics
import Foundation

/// An XLSX file that is being written, row by row and sheet by sheet.
///
/// Rows go to disk as they come (constant memory), so a row cannot be touched again once the next one has begun, and
/// memory stays flat however many rows there are. The file appears under its name only with `close()`; without it,
/// nothing is left behind. Belongs to one thread.
public final class Workbook {
    /// Rows of a table that one sheet takes; the rest goes on in the next one.
    public static let rowsPerSheet = 1_000_000

    public let path: String
    private let temporaryPath: String
    private var handle: UnsafeMutablePointer<lxw_workbook>?
    private var formats: [FormatKey: UnsafeMutablePointer<lxw_format>] = [:]
    private var sheetNames: Set<String> = []
    private var sheets: [UnsafeMutablePointer<lxw_worksheet>] = []
    /// Rows of a table in one sheet; smaller only in tests.
    let rowsPerSheet: Int

    private struct FormatKey: Hashable {
        var style: SheetStyle
        var number: NumberForm
        var isWrapped: Bool
    }

    enum NumberForm: Hashable {
        case text, integer
        case decimals(Int)
        case date
    }

    /// Begins a workbook beside `path`; throws 73 when its folder cannot be written to.
    public convenience init(path: String, title: String = "") throws(OperationError) {
        try self.init(path: path, title: title, rowsPerSheet: Workbook.rowsPerSheet)
    }

    package init(path: String, title: String, rowsPerSheet: Int) throws(OperationError) {
        self.path = path
        self.rowsPerSheet = rowsPerSheet
        temporaryPath = path + ".\(ProcessInfo.processInfo.processIdentifier).part"
        // The library only opens the file when it is closed, after all work is done; so try now.
        guard let probe = fopen(temporaryPath, "wb") else {
            throw .workbookNotCreated(path, reason: String(cString: strerror(errno)))
        }
        fclose(probe)
        // Sound because the library copies file name and options before it returns.
        handle = temporaryPath.withCString { name in
            var options = lxw_workbook_options()
            options.constant_memory = 1
            options.use_zip64 = 1
            return workbook_new_opt(name, &options)
        }
        guard let handle else {
            unlink(temporaryPath)
            throw .workbookNotCreated(path, reason: "out of memory")
        }
        if !title.isEmpty {
            title.withCString { text in
                // Sound because the library copies the texts before it returns.
                var properties = lxw_doc_properties()
                properties.title = UnsafeMutablePointer(mutating: text)
                _ = workbook_set_properties(handle, &properties)
            }
        }
    }

    deinit {
        // The library frees itself only by writing the file; what it wrote is then removed.
        if let handle {
            if sheetNames.isEmpty { _ = workbook_add_worksheet(handle, nil) }
            _ = workbook_close(handle)
            unlink(temporaryPath)
        }
    }

    /// Writes the file and gives it its name. Throws 73 or 74; then nothing of it remains.
    public func close() throws(OperationError) {
        guard let handle else { return }
        if sheetNames.isEmpty { _ = workbook_add_worksheet(handle, nil) }
        self.handle = nil
        // The library does not look whether the rows it put aside reached the disk, and would leave a torn sheet.
        let isTorn = sheets.contains { sheet in
            guard let rows = sheet.pointee.optimize_tmpfile else { return false }
            return fflush(rows) != 0 || ferror(rows) != 0
        }
        sheets = []
        let code = workbook_close(handle)
        guard code == LXW_NO_ERROR, !isTorn else {
            unlink(temporaryPath)
            throw isTorn ? .workbookNotWritten(path, reason: "no room for temporary files") : .workbook(code, path)
        }
        faultPoint("workbook.beforeRename")
        guard rename(temporaryPath, path) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(temporaryPath)
            throw .workbookNotCreated(path, reason: reason)
        }
        faultPoint("workbook.afterRename")
    }

    /// A sheet to be written freely, from the top row down.
    ///
    /// The name is made legal for a sheet and unique. Widths are characters of a display, column by column.
    public func addSheet(_ name: String, widths: [Int] = []) throws(OperationError) -> FreeSheet {
        let sheet = FreeSheet(workbook: self, pointer: try newSheet(name))
        sheet.setWidths(widths)
        return sheet
    }

    /// A table: a header that stays in sight, filters on every column, widths that fit; continued on further sheets.
    ///
    /// The first `frozenColumns` columns stay in sight too. A header with long titles needs a height, in points.
    public func addTable(
        _ name: String, columns: [SheetColumn], frozenColumns: Int = 0, headerHeight: Double = 22
    ) -> TableSheet {
        TableSheet(
            workbook: self, name: name, columns: columns, frozenColumns: frozenColumns, headerHeight: headerHeight)
    }

    // MARK: For sheets

    func newSheet(_ wanted: String) throws(OperationError) -> UnsafeMutablePointer<lxw_worksheet> {
        guard let handle else { throw .workbookNotWritten(path, reason: "closed") }
        let name = uniqueName(wanted)
        guard let sheet = name.withCString({ workbook_add_worksheet(handle, $0) }) else {
            throw .workbookNotWritten(path, reason: "sheet '\(name)' was refused")
        }
        sheets.append(sheet)
        worksheet_set_landscape(sheet)
        worksheet_set_paper(sheet, 9)  // A4
        worksheet_fit_to_pages(sheet, 1, 0)
        worksheet_set_margins(sheet, 0.4, 0.4, 0.5, 0.6)
        _ = worksheet_set_footer(sheet, "&C&P / &N")
        return sheet
    }

    /// At most 31 UTF-16 units without `[ ] : * ? / \` or apostrophes at the ends, and not used yet (case-insensitively).
    private func uniqueName(_ wanted: String) -> String {
        let legal = String(wanted.map { "[]:*?/\\'".contains($0) ? "_" : $0 })
        let base = legal.isEmpty ? "Sheet" : legal
        var number = 1
        while true {
            let suffix = number == 1 ? "" : " (\(number))"
            var stem = base
            while stem.utf16.count + suffix.utf16.count > 31 { stem.removeLast() }
            if sheetNames.insert((stem + suffix).lowercased()).inserted { return stem + suffix }
            number += 1
        }
    }

    func format(_ style: SheetStyle, _ number: NumberForm, isWrapped: Bool) -> UnsafeMutablePointer<lxw_format>? {
        let key = FormatKey(style: style, number: number, isWrapped: isWrapped)
        if let known = formats[key] { return known }
        guard let format = workbook_add_format(handle) else { return nil }
        format_set_font_name(format, "Microsoft YaHei")
        format_set_font_size(format, 10)
        format_set_align(format, UInt8(LXW_ALIGN_VERTICAL_TOP.rawValue))
        switch number {
        case .text: break
        case .integer: format_set_num_format(format, "#,##0")
        case .decimals(let digits):
            format_set_num_format(format, "#,##0." + String(repeating: "0", count: max(1, digits)))
        case .date: format_set_num_format(format, "yyyy-mm-dd")
        }
        if isWrapped { format_set_text_wrap(format) }
        decorate(format, style)
        formats[key] = format
        return format
    }

    private func decorate(_ format: UnsafeMutablePointer<lxw_format>, _ style: SheetStyle) {
        func fill(_ color: UInt32) {
            format_set_pattern(format, UInt8(LXW_PATTERN_SOLID.rawValue))
            format_set_bg_color(format, color)
        }
        switch style {
        case .plain: break
        case .title:
            format_set_bold(format)
            format_set_font_size(format, 16)
            format_set_font_color(format, 0x1F3A5F)
        case .header:
            format_set_bold(format)
            format_set_font_color(format, 0xFFFFFF)
            fill(0x1F3A5F)
            format_set_text_wrap(format)
            format_set_align(format, UInt8(LXW_ALIGN_VERTICAL_CENTER.rawValue))
            format_set_align(format, UInt8(LXW_ALIGN_CENTER.rawValue))
        case .heading:
            format_set_bold(format)
            format_set_font_size(format, 12)
            format_set_font_color(format, 0x1F3A5F)
        case .note: format_set_font_color(format, 0x5B6672)
        case .bold: format_set_bold(format)
        case .error: fill(0xFBE3E0)
        case .warning: fill(0xFDF0D5)
        case .notice: fill(0xE3EDF7)
        case .good: fill(0xE2F1E4)
        case .wrapped: format_set_text_wrap(format)
        case .formTitle, .formLeft, .formMiddle, .formRight, .formHeader, .formText, .formNumber, .formTotalTitle,
            .formTotal, .formNote, .formSignature:
            decorateForm(format, style)
        }
    }

    /// Black on white, as a form is printed and signed.
    private func decorateForm(_ format: UnsafeMutablePointer<lxw_format>, _ style: SheetStyle) {
        func align(_ alignment: lxw_format_alignments) { format_set_align(format, UInt8(alignment.rawValue)) }
        format_set_font_name(format, "SimSun")
        align(LXW_ALIGN_VERTICAL_CENTER)
        switch style {
        case .formTitle:
            format_set_bold(format)
            format_set_font_size(format, 18)
            align(LXW_ALIGN_CENTER)
        case .formMiddle: align(LXW_ALIGN_CENTER)
        case .formRight: align(LXW_ALIGN_RIGHT)
        case .formNote: align(LXW_ALIGN_VERTICAL_TOP)
        case .formHeader, .formText, .formNumber, .formTotalTitle, .formTotal:
            format_set_border(format, UInt8(LXW_BORDER_THIN.rawValue))
            if style == .formHeader { align(LXW_ALIGN_CENTER) }
            if style == .formNumber || style == .formTotal { align(LXW_ALIGN_RIGHT) }
            // Digits do not touch the line beside them.
            if style == .formNumber || style == .formTotal { format_set_indent(format, 1) }
            if style == .formHeader || style == .formTotalTitle || style == .formTotal { format_set_bold(format) }
        default: break
        }
    }

    /// Writes one cell. A text longer than a cell can hold (32,767 units) is cut.
    func write(
        _ value: SheetValue, _ style: SheetStyle, isWrapped: Bool, row: Int, column: Int,
        in sheet: UnsafeMutablePointer<lxw_worksheet>
    ) throws(OperationError) {
        let (row, column) = (lxw_row_t(row), lxw_col_t(column))
        let code: lxw_error
        switch value {
        case .empty:
            guard style != .plain else { return }
            code = worksheet_write_blank(sheet, row, column, format(style, .text, isWrapped: isWrapped))
        case .text(let text):
            code = writeText(text, format(style, .text, isWrapped: isWrapped), row, column, sheet)
        case .integer(let number):
            if number.magnitude < 1_000_000_000_000_000 {
                code = worksheet_write_number(
                    sheet, row, column, Double(number), format(style, .integer, isWrapped: false))
            } else {
                code = writeText(String(number), format(style, .text, isWrapped: false), row, column, sheet)
            }
        case .decimal(let text):
            let digits = text.utf8.count { $0 >= 0x30 && $0 <= 0x39 }
            if digits <= 15, let number = Double(text) {
                let fraction = text.split(separator: ".", maxSplits: 1)
                let form = fraction.count == 2 ? NumberForm.decimals(fraction[1].utf8.count) : .integer
                code = worksheet_write_number(sheet, row, column, number, format(style, form, isWrapped: false))
            } else {
                code = writeText(text, format(style, .text, isWrapped: false), row, column, sheet)
            }
        case .date(let year, let month, let day):
            // Excel counts days from 1900; earlier days stay readable as text.
            guard year >= 1901 else {
                let text = String(format: "%04d-%02d-%02d", year, month, day)
                code = writeText(text, format(style, .text, isWrapped: false), row, column, sheet)
                break
            }
            var moment = lxw_datetime()
            (moment.year, moment.month, moment.day) = (Int32(year), Int32(month), Int32(day))
            code = worksheet_write_datetime(sheet, row, column, &moment, format(style, .date, isWrapped: false))
        }
        guard code == LXW_NO_ERROR else { throw .workbook(code, path) }
    }

    private func writeText(
        _ text: String, _ format: UnsafeMutablePointer<lxw_format>?, _ row: lxw_row_t, _ column: lxw_col_t,
        _ sheet: UnsafeMutablePointer<lxw_worksheet>
    ) -> lxw_error {
        // A cell of type string is never taken for a formula, so `=`, `+`, `-` and `@` are safe as they are, and what
        // a reader copies out again is what was in the data. Control characters are not allowed in XML.
        var legal = text
        if text.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\n" && $0 != "\t" }) {
            legal = String(
                String.UnicodeScalarView(
                    text.unicodeScalars.map {
                        $0.value < 0x20 && $0 != "\n" && $0 != "\t" ? " " : $0
                    }))
        }
        if legal.utf16.count > 32_767 {
            legal = String(legal.prefix(16_000)) + "…"
        }
        return legal.withCString { worksheet_write_string(sheet, row, column, $0, format) }
    }
}
