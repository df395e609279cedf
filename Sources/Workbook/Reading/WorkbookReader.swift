public import Diagnostics
import Foundation

/// A sheet of a workbook (.xlsx) as it was read.
public struct ReadSheet: Sendable {
    /// What stands in a cell that is not empty.
    public enum Cell: Sendable, Hashable {
        case text(String)
        /// Plain decimal text.
        case number(String)
        /// No figure: an error of a formula, a formula that was never computed, a percentage, a date, a truth.
        case fault(LocalizedText)
    }

    public var name: String
    /// Rows with something in them, by their numbers from 1; cells by columns from 0.
    public var rows: [(number: Int, cells: [Int: Cell])]
}

/// Reads workbooks that spreadsheet programs write. Strict: what it does not understand is an error, never skipped.
///
/// Formulas count by their last computed value. Hidden sheets are left out.
public enum WorkbookReader {
    /// Larger than any workbook of forms.
    private static let largestFile = 256 << 20

    /// The visible sheets in their order. Throws 66 when the file cannot be read, 65 when it is no sound workbook.
    public static func sheets(of path: String) throws(OperationError) -> [ReadSheet] {
        guard let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int,
            size <= largestFile, let data = FileManager.default.contents(atPath: path)
        else {
            throw OperationError(
                .noInput, code: "workbook-missing",
                LocalizedText(en: "the workbook '\(path)' cannot be read", zh: "无法读取工作簿“\(path)”"),
                hint: LocalizedText(en: "check that it exists and may be read", zh: "请检查文件是否存在、是否有读取权限"))
        }
        let archive = try ZipArchive(Array(data), path: path)
        func tree(_ part: String) throws(OperationError) -> XMLElementTree? {
            guard let bytes = try archive.part(part) else { return nil }
            guard let tree = XMLElementTree.root(of: bytes) else {
                throw .workbookUnreadable(
                    path, LocalizedText(en: "'\(part)' is no sound XML", zh: "“\(part)”不是有效的 XML"))
            }
            return tree
        }
        guard let book = try tree("xl/workbook.xml"), let links = try tree("xl/_rels/workbook.xml.rels") else {
            throw .workbookUnreadable(
                path, LocalizedText(en: "it holds no workbook", zh: "其中没有工作簿"))
        }
        var targets: [String: String] = [:]
        for link in links.children("Relationship") { targets[link["Id"] ?? ""] = link["Target"] }
        let strings = try tree("xl/sharedStrings.xml")?.children("si").map(\.plainText) ?? []
        let styles = SheetStyles(try tree("xl/styles.xml"))
        var sheets: [ReadSheet] = []
        for sheet in book.child("sheets")?.children("sheet") ?? [] where sheet["state"] ?? "visible" == "visible" {
            let target = targets[sheet["r:id"] ?? ""] ?? ""
            let part = target.hasPrefix("/") ? String(target.dropFirst()) : "xl/" + target
            guard let content = try tree(part) else {
                throw .workbookUnreadable(
                    path, LocalizedText(en: "'\(part)' is missing", zh: "缺少“\(part)”"))
            }
            let name = sheet["name"] ?? ""
            guard let rows = SheetContent(content, strings: strings, styles: styles).rows else {
                throw .workbookUnreadable(
                    path, LocalizedText(en: "sheet '\(name)' is malformed", zh: "工作表“\(name)”格式有误"))
            }
            sheets.append(ReadSheet(name: name, rows: rows))
        }
        return sheets
    }
}

/// Which styles show percentages and dates.
private struct SheetStyles {
    private let formats: [Int]
    private let codes: [Int: String]

    init(_ tree: XMLElementTree?) {
        formats = tree?.child("cellXfs")?.children("xf").map { Int($0["numFmtId"] ?? "") ?? 0 } ?? []
        let own = tree?.child("numFmts")?.children("numFmt") ?? []
        codes = Dictionary(
            own.map { (Int($0["numFmtId"] ?? "") ?? -1, $0["formatCode"] ?? "") }, uniquingKeysWith: { $1 })
    }

    /// Why a number of this style is no plain one; nil when it is.
    func fault(of style: Int) -> LocalizedText? {
        guard formats.indices.contains(style) else { return nil }
        let format = formats[style]
        // Texts in quotes and what stands in brackets are no signs of the format.
        let code = (codes[format] ?? "").replacing(/"[^"]*"|\[[^\]]*\]|\\./, with: "").lowercased()
        if format == 9 || format == 10 || code.contains("%") {
            return LocalizedText(
                en: "the cell is formatted as a percentage; give the number itself", zh: "单元格为百分比格式，请直接填写数字")
        }
        if (14...22).contains(format) || (45...47).contains(format) || code.contains("y") || code.contains("d") {
            return LocalizedText(en: "the cell is a date", zh: "单元格为日期")
        }
        return nil
    }
}

/// The rows of a sheet's XML.
private struct SheetContent {
    let tree: XMLElementTree
    let strings: [String]
    let styles: SheetStyles

    init(_ tree: XMLElementTree, strings: [String], styles: SheetStyles) {
        (self.tree, self.strings, self.styles) = (tree, strings, styles)
    }

    /// Nil when it is malformed.
    var rows: [(number: Int, cells: [Int: ReadSheet.Cell])]? {
        var rows: [(number: Int, cells: [Int: ReadSheet.Cell])] = []
        var number = 0
        for row in tree.child("sheetData")?.children("row") ?? [] {
            // Neither rows nor cells need say where they stand; then they follow the one before.
            number = row["r"].flatMap { Int($0) } ?? number + 1
            var cells: [Int: ReadSheet.Cell] = [:]
            var column = -1
            for cell in row.children("c") {
                if let place = cell["r"] {
                    guard let found = Self.column(of: place) else { return nil }
                    column = found
                } else {
                    column += 1
                }
                guard let found = value(of: cell) else { return nil }
                cells[column] = found
            }
            cells = cells.filter { $0.value != .text("") }
            if !cells.isEmpty { rows.append((number, cells)) }
        }
        return rows
    }

    /// The column of `AB12`, from 0.
    private static func column(of place: String) -> Int? {
        var column = 0
        for byte in place.utf8.prefix(while: { (65...90).contains($0) }).prefix(4) {
            column = column * 26 + Int(byte) - 64
        }
        return column == 0 ? nil : column - 1
    }

    /// Nil when it is malformed; an empty text for an empty cell.
    private func value(of cell: XMLElementTree) -> ReadSheet.Cell? {
        let text = cell.child("v")?.text
        switch cell["t"] ?? "n" {
        case "inlineStr": return .text(cell.child("is")?.plainText ?? "")
        case "str": return .text(text ?? "")
        case "s":
            guard let text else { return .text("") }
            guard let index = Int(text), strings.indices.contains(index) else { return nil }
            return .text(strings[index])
        case "n":
            guard let text else {
                return cell.child("f") == nil
                    ? .text("")
                    : .fault(LocalizedText(en: "the formula was never computed", zh: "公式没有计算结果"))
            }
            if let fault = styles.fault(of: cell["s"].flatMap { Int($0) } ?? 0) { return .fault(fault) }
            return SheetNumber.plain(text).map { .number($0) }
        case "e":
            return .fault(LocalizedText(en: "the cell is an error, \(text ?? "")", zh: "单元格为错误值 \(text ?? "")"))
        case "b": return .fault(LocalizedText(en: "the cell is a truth value", zh: "单元格为逻辑值"))
        case "d": return .fault(LocalizedText(en: "the cell is a date", zh: "单元格为日期"))
        default: return nil
        }
    }
}

extension XMLElementTree {
    /// What is read of a text: its runs without the readings of characters (拼音).
    fileprivate var plainText: String {
        children("t").map(\.text).joined()
            + children("r").map { $0.children("t").map(\.text).joined() }.joined()
    }
}
