import Columnar
import CourtModel
import DataAccess
import Diagnostics
import RuleEngine
import RuleLanguage
import Schema
import Testing

/// A small schema of invented cases, and ways to judge rules over rows written in a test.
enum EngineFixture {
    static let schema: StandardSchema = {
        let cases = TableDefinition(
            name: "anjian", title: "案件", key: ["ajbs"], courtPath: "fydm",
            columns: [
                ColumnDefinition(name: "ajbs", title: "案件标识", type: .text(maxLength: 50)),
                ColumnDefinition(name: "ah", title: "案号", type: .text(maxLength: 60)),
                ColumnDefinition(name: "fydm", title: "法院", type: .code(.list("court"))),
                ColumnDefinition(name: "ajlx", title: "案件类型", type: .code(.list("ajlx"))),
                ColumnDefinition(name: "larq", title: "立案日期", type: .date),
                ColumnDefinition(name: "jarq", title: "结案日期", type: .date),
                ColumnDefinition(name: "bdje", title: "标的额", type: .decimal(precision: 18, scale: 2)),
                ColumnDefinition(name: "dsrs", title: "当事人数", type: .int),
                ColumnDefinition(name: "gxsj", title: "更新时间", type: .timestamp),
                ColumnDefinition(name: "ok", type: .bool),
                ColumnDefinition(name: "w38", type: .decimal(precision: 38, scale: 10)),
            ],
            relations: [
                Relation(
                    name: "dangshiren", title: "当事人", table: "dangshiren", on: [.init(here: "ajbs", there: "ajbs")],
                    isToMany: true)
            ])
        let parties = TableDefinition(
            name: "dangshiren", title: "当事人", key: ["ajbs", "xh"], courtPath: "anjian.fydm",
            columns: [
                ColumnDefinition(name: "ajbs", title: "案件标识", type: .text(maxLength: 50)),
                ColumnDefinition(name: "xh", title: "序号", type: .int),
                ColumnDefinition(name: "xm", title: "姓名", type: .text(maxLength: 100), personal: .name),
                ColumnDefinition(name: "ssdw", title: "诉讼地位", type: .text(maxLength: 2)),
                ColumnDefinition(name: "csrq", title: "出生日期", type: .date),
            ],
            relations: [
                Relation(
                    name: "anjian", title: "案件", table: "anjian", on: [.init(here: "ajbs", there: "ajbs")],
                    isToMany: false)
            ])
        let courts = CodeList(
            name: "court", title: "法院码表",
            entries: [
                .init(code: "豫17", values: ["豫17"]), .init(code: "豫1702", parent: "豫17", values: ["豫1702"]),
                .init(code: "豫1703", parent: "豫17", values: [nil]),
            ], attributes: [.init(name: "dz", title: "代字")], isTree: true)
        let types = CodeList(
            name: "ajlx", title: "案件类型码表",
            entries: [
                .init(code: "0301", since: CivilDate("2016-01-01"), values: ["民初"]),
                .init(code: "0302", until: CivilDate("2019-12-31"), values: ["民终"]),
            ], attributes: [.init(name: "dz", title: "代字")], isDated: true)
        return StandardSchema(
            tables: [cases, parties], codelists: ["court": courts, "ajlx": types],
            calendars: [
                "cn": WorkCalendar(
                    name: "cn", holidays: Set([CivilDate("2026-10-01")].compactMap(\.self)),
                    workdays: Set([CivilDate("2026-10-10")].compactMap(\.self)))
            ], caseNumberTypes: ("ajlx", "dz"))
    }()

    typealias Row = [String: String?]

    static func rule(
        _ check: String, on table: String = "案件", when: String? = nil, id: String = "r",
        configure: (inout RuleDefinition) -> Void = { _ in }
    ) -> RuleDefinition {
        var rule = RuleDefinition(
            id: id, table: table, when: when.map { ExpressionText($0) }, body: .check(ExpressionText(check)))
        configure(&rule)
        return rule
    }

    static func run(
        _ rules: [RuleDefinition], lets: [LetDefinition] = [], options: QualityCheck.Options = .init(),
        blockSize: Int = 2, _ tables: [String: [Row]]
    ) throws -> QualityResult {
        let check = try QualityCheck(schema: schema, rules: RuleSet(rules: rules, lets: lets), options: options)
        return try check.run(tables: schema.tables.map(\.name).filter { tables[$0] != nil }) { request in
            Rows(request.table, tables[request.table.name] ?? [], blockSize: blockSize)
        }
    }

    /// The outcome of an expression for one case, by the statistics of a rule that checks it.
    static func outcome(
        _ expression: String, _ row: Row = [:], period: String? = nil
    ) throws -> Outcome? {
        let result = try run(
            [rule(expression)], options: .init(period: period.flatMap { StatisticalPeriod($0) }), ["anjian": [row]])
        let entry = try #require(result.statistics.first)
        guard entry.notRun == nil else { return nil }
        #expect(entry.rowsInScope == 1)
        return entry.isTrue == 1 ? .isTrue : entry.isFalse == 1 ? .isFalse : entry.error == 1 ? .error : .undecided
    }
}

/// Rows in memory, block by block, with all columns of the table called by their titles.
struct Rows: BlockReader {
    let columns: [String]
    private let table: TableDefinition
    private let rows: [EngineFixture.Row]
    private let blockSize: Int
    private var position = 0

    init(_ table: TableDefinition, _ rows: [EngineFixture.Row], blockSize: Int) {
        self.table = table
        self.rows = rows
        self.blockSize = blockSize
        columns = table.columns.map(\.title)
    }

    mutating func next() throws -> RawBlock? {
        guard position < rows.count else { return nil }
        var block = RawBlock(columnCount: columns.count, firstRow: position + 1)
        for row in rows[position..<min(position + blockSize, rows.count)] {
            for (index, column) in table.columns.enumerated() {
                block.columns[index].append(row[column.name] ?? row[column.title] ?? nil)
            }
            block.rowCount += 1
        }
        position += block.rowCount
        return block
    }
}
