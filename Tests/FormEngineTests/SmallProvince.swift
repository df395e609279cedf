import Columnar
import CourtModel
import DataAccess
import FormEngine
import RuleLanguage
import Schema
import Testing

/// Two basic courts under one intermediate court, a form with the four base columns and a rate, and invented cases.
struct SmallProvince {
    static let intermediate = "豫17"
    static let first = "豫1702"
    static let second = "豫1721"

    /// court, case type, filed, closed, amount; nil is NULL.
    typealias Case = (court: String?, type: String?, filed: String?, closed: String?, amount: String?)

    static let form = FormDefinition(
        name: "F01", title: "收结案情况总表", table: "anjian", scope: ExpressionText("案件类型 <> '9999'"),
        columns: [
            .init(code: "jc", title: "旧存", measure: .count(ExpressionText("立案日期 < 期初 且 (结案日期 为空 或 结案日期 >= 期初)"))),
            .init(code: "xs", title: "新收", measure: .count(ExpressionText("立案日期 属于 本期"))),
            .init(code: "yj", title: "已结", measure: .count(ExpressionText("结案日期 属于 本期"))),
            .init(code: "wj", title: "未结", measure: .count(ExpressionText("立案日期 <= 期末 且 (结案日期 为空 或 结案日期 > 期末)"))),
            .init(
                code: "bd", title: "标的额", unit: "元",
                measure: .sum(column: ExpressionText("标的额"), when: ExpressionText("结案日期 属于 本期"))),
            .init(
                code: "jal", title: "结案率", unit: "%",
                measure: .ratio(of: ExpressionText("已结"), to: ExpressionText("旧存 + 新收"), scale: 2)),
        ],
        rows: [
            .init(code: "1", title: "合计", selection: .when(ExpressionText("真"))),
            .init(
                code: "2", title: "刑事", parent: "1", selection: .subtree(column: "ajlx", codelist: "ajlx", code: "02")),
            .init(code: "3", title: "民事", parent: "1", selection: .when(ExpressionText("案件类型 = '0301'"))),
        ])

    static let schema = StandardSchema(
        tables: [
            TableDefinition(
                name: "anjian", title: "案件", key: ["ajbs"], courtPath: "fydm",
                columns: [
                    ColumnDefinition(name: "ajbs", title: "案件标识", type: .text(maxLength: 50)),
                    ColumnDefinition(name: "fydm", title: "法院", type: .code(.list("court"))),
                    ColumnDefinition(name: "ajlx", title: "案件类型", type: .code(.list("ajlx"))),
                    ColumnDefinition(name: "larq", title: "立案日期", type: .date),
                    ColumnDefinition(name: "jarq", title: "结案日期", type: .date),
                    ColumnDefinition(name: "bdje", title: "标的额", type: .decimal(precision: 18, scale: 2)),
                ])
        ],
        codelists: [
            "ajlx": CodeList(
                name: "ajlx", title: "案件类型",
                entries: [
                    .init(code: "02"), .init(code: "0201", parent: "02"), .init(code: "0202", parent: "02"),
                    .init(code: "03"), .init(code: "0301", parent: "03"),
                ], isTree: true),
            "court": CodeList(
                name: "court", title: "法院",
                entries: [
                    .init(code: intermediate), .init(code: first, parent: intermediate),
                    .init(code: second, parent: intermediate),
                ], isTree: true),
        ],
        hierarchies: [
            "court": Hierarchy(
                name: "court", title: "法院", codelist: "court", parents: [first: intermediate, second: intermediate])
        ], forms: [form])

    static var jurisdictions: Jurisdictions {
        Jurisdictions(
            courts: [intermediate, first, second], parents: [first: intermediate, second: intermediate])
    }

    static func compute(
        _ cases: [Case], period: String = "2026-10", blockSize: Int = 64, form: FormDefinition = form, jobs: Int = 1
    ) throws -> (figures: FigureTable, result: FormComputation.Result) {
        try compute(cases, periods: [period], blockSize: blockSize, forms: [form], jobs: jobs)
    }

    static func compute(
        _ cases: [Case], periods: [String], blockSize: Int = 64, forms: [FormDefinition], jobs: Int = 1
    ) throws -> (figures: FigureTable, result: FormComputation.Result) {
        var schema = schema
        schema.forms = forms
        var computation = try FormComputation(
            table: schema.tables[0], forms: forms, schema: schema,
            periods: try periods.map { try #require(StatisticalPeriod($0)) })
        try computation.read(CaseReader(cases, blockSize: blockSize), jobs: jobs)
        var figures = FigureTable(forms: forms)
        let result = try computation.finish(into: &figures, jurisdictions: jurisdictions)
        return (figures, result)
    }
}

/// Gives invented cases as a file would, so many rows at a time.
struct CaseReader: CellReader {
    let columns = ["法院", "bdje", "ajlx", "larq", "结案日期", "ajbs"]
    private let cases: [SmallProvince.Case]
    private let blockSize: Int
    private var next = 0

    init(_ cases: [SmallProvince.Case], blockSize: Int) {
        self.cases = cases
        self.blockSize = blockSize
    }

    mutating func next(into block: inout CellBlock) throws -> Bool {
        guard next < cases.count else { return false }
        let slice = cases[next..<min(next + blockSize, cases.count)]
        block = CellBlock(columnCount: columns.count)
        for (place, one) in slice.enumerated() {
            for text in [one.court, one.amount, one.type, one.filed, one.closed, "\(next + place)"] {
                guard let text else {
                    block.cells.append(.null)
                    continue
                }
                let start = UInt32(block.bytes.count)
                block.bytes += Array(text.utf8)
                block.cells.append(CellBlock.Cell(start: start, end: UInt32(block.bytes.count)))
            }
        }
        block.bytes += Array(repeating: 0, count: CellBlock.padding)
        block.rowCount = slice.count
        block.firstRow = next + 1
        next += slice.count
        return true
    }
}

extension FigureTable {
    /// The jurisdiction's value as text: a number, "blank" or "absent".
    func value(_ court: String, _ row: String, _ column: String, period: String = "2026-10") -> String {
        Self.text(cell(form: "F01", court: court, period: period, row: row, column: column).value)
    }

    func own(_ court: String, _ row: String, _ column: String) -> String {
        Self.text(cell(form: "F01", court: court, period: "2026-10", row: row, column: column).own)
    }

    private static func text(_ value: CellValue) -> String {
        switch value {
        case .number(let number): number.description
        case .blank: "blank"
        case .absent: "absent"
        }
    }
}
