import Columnar
import CourtModel
import Diagnostics
import FormEngine
import Schema
import Workbook

/// 报表页面: one form of one court and period, laid out as it is printed and signed; and its comparison with the same
/// period of last year.
///
/// What a page says is decided here, once for a workbook and for HTML.
struct FormDocument {
    let form: FormDefinition
    let court: String
    let courtName: String
    let period: String
    /// The label of 上年同期; nil where it was not computed.
    let lastYear: String?
    let figures: FigureTable
    /// Cases that are in no cell, of the whole jurisdiction.
    var undecidedCases = 0
    let language: Language

    /// Columns of the form that one page of a comparison takes, with four columns for each of them.
    private static let comparedColumns = 3

    private func text(_ en: String, _ zh: String) -> String { LocalizedText(en: en, zh: zh).text(in: language) }

    /// The form itself, then its comparison in as many pages as it needs.
    var pages: [(name: String, page: FormPage)] {
        let name = "\(form.name) \(court)"
        var pages = [(name, page)]
        guard let lastYear else { return pages }
        let columns = form.columns.indices.filter { column in
            if case .given = form.columns[column].measure { false } else { true }
        }
        for (number, start) in stride(from: 0, to: columns.count, by: Self.comparedColumns).enumerated() {
            let chosen = Array(columns[start..<min(start + Self.comparedColumns, columns.count)])
            pages.append(
                ("\(name) \(text("vs", "同比"))\(number + 1)", comparison(of: chosen, with: lastYear)))
        }
        return pages
    }

    // MARK: The form

    private var page: FormPage {
        FormPage(
            title: form.title, heads: heads, corner: text("item", "项目"),
            columns: form.columns.map { FormPage.Column(heading($0)) },
            rows: lines { row in form.columns.indices.map { Self.value(cell(row, $0)) } }, notes: notes,
            signatures: signatures, pageNumber: text("page &P of &N", "第 &P 页 共 &N 页"))
    }

    private func comparison(of columns: [Int], with lastYear: String) -> FormPage {
        FormPage(
            title: form.title + FormLabels.comparison.text(in: language), heads: heads,
            corner: text("item", "项目"),
            columns: columns.flatMap { column in
                [
                    text("this period", "本期"), text("last year", "上年同期"), text("change", "增减"),
                    text("change %", "增减%"),
                ].map { FormPage.Column($0, group: heading(form.columns[column])) }
            },
            rows: lines { row in columns.flatMap { compared(row, $0, lastYear) } }, notes: notes,
            signatures: signatures, pageNumber: text("page &P of &N", "第 &P 页 共 &N 页"))
    }

    /// 本期, 上年同期, 增减, 增减%: the change in % has one decimal, and is blank for a rate and where last year had nothing.
    private func compared(_ row: Int, _ column: Int, _ lastYear: String) -> [SheetValue] {
        let (now, before) = (cell(row, column), cell(row, column, lastYear))
        var values = [Self.value(now), Self.value(before), .empty, .empty]
        guard case .number(let new) = now, case .number(let old) = before, let change = try? new.subtracting(old) else {
            return values
        }
        values[2] = Self.value(.number(change))
        if case .ratio = form.columns[column].measure { return values }
        if let hundred = try? change.multiplied(by: ExactDecimal(100)),
            let share = try? hundred.divided(by: old.magnitude, scale: 1)
        {
            values[3] = Self.value(.number(share))
        }
        return values
    }

    private func cell(_ row: Int, _ column: Int, _ label: String? = nil) -> CellValue {
        guard let index = figures.formIndex(form.name) else { return .absent }
        return figures.cell(form: index, court: court, period: label ?? period, row: row, column: column).value
    }

    static func value(_ value: CellValue) -> SheetValue {
        guard let number = value.number else { return .empty }
        if number.scale == 0, let integer = Int(exactly: number.unscaled) { return .integer(integer) }
        return .decimal("\(number)")
    }

    // MARK: Rows

    private func lines(_ values: (Int) -> [SheetValue]) -> [FormPage.Row] {
        let parents = Dictionary(form.rows.map { ($0.code, $0.parent) }, uniquingKeysWith: { first, _ in first })
        let totals = Set(form.rows.compactMap(\.parent))
        return form.rows.indices.filter { !isLeftOut($0) }.map { row in
            var depth = 0
            var place = form.rows[row].parent
            while let parent = place, depth < form.rows.count {
                depth += 1
                place = parents[parent] ?? nil
            }
            return FormPage.Row(
                title: form.rows[row].title, depth: depth, isTotal: totals.contains(form.rows[row].code),
                values: values(row))
        }
    }

    /// Rows made for every code of a list are printed where some figure is not nought.
    private func isLeftOut(_ row: Int) -> Bool {
        guard case .subtree = form.rows[row].selection else { return false }
        return form.columns.indices.allSatisfy { column in
            [period, lastYear].compactMap(\.self).allSatisfy { cell(row, column, $0).number?.isZero ?? true }
        }
    }

    // MARK: What stands around the table

    private func heading(_ column: FormDefinition.Column) -> String {
        guard let unit = column.unit, unit != commonUnit else { return column.title }
        return "\(column.title)(\(unit))"
    }

    /// The unit of most columns, told once above the table.
    private var commonUnit: String? {
        let units = Dictionary(grouping: form.columns.compactMap(\.unit), by: \.self).mapValues(\.count)
        return units.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }

    private var heads: (left: String, middle: String, right: String) {
        let unit = commonUnit.map { text("　unit: \($0)", "　单位：\($0)") } ?? ""
        return (
            text("court: \(courtName)", "填报单位：\(courtName)"),
            text("period: \(period)", "统计周期：\(Self.title(ofPeriod: period))"),
            text("form \(form.name)", "表号：\(form.name)") + unit
        )
    }

    private var notes: [String] {
        var notes: [String] = []
        if form.isProvisional {
            notes.append(text("Note: the form is provisional.", "说明：本表为暂行表式。"))
        }
        if let note = UndecidedCases.note(undecidedCases) { notes.append(note.text(in: language)) }
        if form.rows.indices.contains(where: isLeftOut) {
            notes.append(text("Rows that are not listed are nought throughout.", "未列出的行各栏均为零。"))
        }
        return notes
    }

    private var signatures: [String] {
        [
            text("made by:", "制表人："), text("checked by:", "审核人："), text("responsible:", "单位负责人："),
            text("date:", "填报日期：　　年　月　日"),
        ]
    }

    /// `2026年10月`; an opaque label stays as it is.
    static func title(ofPeriod label: String) -> String {
        guard let period = StatisticalPeriod(label) else { return label }
        let (first, last) = (period.firstDay.yearMonthDay, period.lastDay.yearMonthDay)
        return switch period.kind {
        case .month: "\(last.year)年\(last.month)月"
        case .month20: "\(last.year)年\(last.month)月（\(first.month)月21日至\(last.month)月20日）"
        case .quarter: "\(last.year)年第\(last.month / 3)季度"
        case .half: "\(last.year)年\(last.month == 6 ? "上" : "下")半年"
        case .year: "\(last.year)年"
        case .yearToDate: "\(last.year)年1至\(last.month)月"
        }
    }
}
