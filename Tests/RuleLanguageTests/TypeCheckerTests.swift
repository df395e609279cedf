import Columnar
import Diagnostics
import RuleLanguage
import Schema
import Testing

/// Names and types.
struct TypeCheckerTests {
    static let schema: StandardSchema = {
        let cases = TableDefinition(
            name: "anjian", title: "案件", key: ["ajbs"],
            columns: [
                ColumnDefinition(name: "ajbs", title: "案件标识", type: .text(maxLength: 50)),
                ColumnDefinition(name: "fydm", title: "法院", type: .code(.list("court"))),
                ColumnDefinition(name: "larq", title: "立案日期", type: .date),
                ColumnDefinition(name: "gxsj", title: "更新时间", type: .timestamp),
                ColumnDefinition(name: "bdje", title: "标的额", type: .decimal(precision: 18, scale: 2)),
                ColumnDefinition(name: "big", type: .decimal(precision: 38, scale: 0)),
                ColumnDefinition(name: "ts", title: "天数", type: .int),
                ColumnDefinition(name: "ok", type: .bool),
            ],
            relations: [
                Relation(
                    name: "dangshiren", title: "当事人", table: "dangshiren", on: [.init(here: "ajbs", there: "ajbs")],
                    isToMany: true)
            ])
        let parties = TableDefinition(
            name: "dangshiren", title: "当事人",
            columns: [
                ColumnDefinition(name: "ajbs", title: "案件标识", type: .text(maxLength: 50)),
                ColumnDefinition(name: "xh", title: "序号", type: .int),
            ])
        let courts = CodeList(
            name: "court", title: "法院", entries: [.init(code: "豫17", values: ["豫17"])],
            attributes: [.init(name: "dz", title: "代字")])
        return StandardSchema(tables: [cases, parties], codelists: ["court": courts])
    }()

    static func check(_ text: String, lets: [LetDefinition] = []) throws -> TypedExpression {
        try TypeChecker(schema: schema, table: schema.tables[0], lets: lets).check(ExpressionText(text))
    }

    @Test(
        "expressions have the narrowest exact type",
        arguments: [
            ("天数 + 1", "dec(20,0)"), ("标的额 * 0.5", "dec(19,3)"), ("标的额 + 天数", "dec(22,2)"),
            ("days(立案日期, 立案日期)", "dec(7,0)"),
            ("计数(当事人)", "dec(18,0)"), ("合计(当事人.序号)", "dec(38,0)"), ("最大(当事人.xh)", "int"), ("法院.代字", "text"),
            ("立案日期 = 2016-01-01", "bool"), ("coalesce(null, 标的额)", "dec(18,2)"), ("year(date(更新时间))", "dec(4,0)"),
            ("round(标的额, 1)", "dec(18,1)"), ("if ok then 1 else 2.5 end", "dec(2,1)"),
        ])
    func types(_ text: String, _ type: String) throws {
        #expect(try TypeCheckerTests.check(text).type.name == type)
    }

    @Test(
        "what does not fit does not compile",
        arguments: [
            ("立案日期 = '2016-01-01'", "type-mismatch"), ("法院 = 17", "type-mismatch"), ("立案日期 + 1", "type-mismatch"),
            ("立案日期 = 更新时间", "type-mismatch"), ("year(更新时间)", "type-mismatch"), ("big * 10", "too-many-digits"),
            ("big + 1", "too-many-digits"), ("ok < true", "bool-order"), ("立案日其 = 2016-01-01", "unknown-name"),
            ("当事.序号 = 1", "unknown-name"), ("当事人.序 = 1", "unknown-name"), ("计数(原告)", "unknown-relation"),
            ("法院.名称 = 'x'", "no-attribute"), ("立案日期.代字 = 'x'", "no-attribute"),
            ("法院 in codelist 法院a", "unknown-codelist"),
            ("法院 in codelist 法院 under 'x'", "no-tree"), ("mid('abc', 0, 1)", "out-of-range"),
            ("left('abc', -1)", "out-of-range"),
            ("caseno('x', 'jahr')", "unknown-option"), ("workdays(立案日期, 立案日期)", "no-calendar"),
            ("lenn('a')", "unknown-function"),
            ("len('a', 'b')", "argument-count"), ("法院 匹配 '.'", "bad-pattern"), ("this.天数 = 1", "this-outside-where"),
            ("计数(当事人 当 计数(案件) = 1)", "two-hops"), ("[*, 1] = 1", "cell-in-row-rule"),
            ("mod(big, 标的额)", "too-many-digits"),
        ])
    func refuses(_ text: String, _ code: String) {
        let error = #expect(throws: LanguageError.self) { try TypeCheckerTests.check(text) }
        #expect(error?.diagnostic.code == code)
    }

    @Test(
        "what is wrong is told at the word that is wrong, with its length, and everything wrong at once",
        arguments: [
            ("立案日其 = 2016-01-01 且 天数 > 'x'", ["unknown-name 1+4", "type-mismatch 26+3"]),
            ("lenn(案件标志) = 1", ["unknown-function 1+4", "unknown-name 6+4"]),
            (
                "left(案件标志) = 'x' 或 mid('a', 天数天, 法园) = 'b'",
                ["argument-count 1+10", "unknown-name 6+4", "unknown-name 29+3", "unknown-name 34+2"]
            ),
            ("法院 属于 码表 法园 按 立案", ["unknown-name 15+2"]), ("法院 属于 码表 法园", ["unknown-codelist 10+2"]),
            ("法院 属于 码表 法院 之下 '17'", ["no-tree 16+4"]), ("法院.名 = 法院.代子", ["no-attribute 4+1", "no-attribute 11+2"]),
            ("当事人.xx = 1", ["unknown-name 5+2"]),
            ("合计(当事人.xx 当 yy = 1) = 0", ["unknown-name 8+2", "unknown-name 13+2"]),
            ("计数(原告) = 计数(被告)", ["unknown-relation 4+2", "unknown-relation 13+2"]),
            ("计数(当事人 当 本行.xx = 1) = 0", ["unknown-name 13+2"]),
            ("案件标识 匹配 'a''(b' 且 案件标识 匹配 '[c'", ["bad-pattern 13+1", "bad-pattern 28+1"]),
            ("如果 立案 那么 结案 否则 文书 结束 = 1", ["unknown-name 4+2", "unknown-name 10+2", "unknown-name 16+2"]),
        ])
    func places(_ text: String, _ expected: [String]) {
        let place = SourceLocation(file: "r.yaml", line: 1, column: 1)
        let checker = TypeChecker(schema: Self.schema, table: Self.schema.tables[0])
        let error = #expect(throws: LanguageError.self) { try checker.check(ExpressionText(text, at: place)) }
        let told = error?.diagnostics.map { "\($0.code) \($0.location?.column ?? 0)+\($0.location?.length ?? 0)" }
        #expect(told == expected)
    }

    @Test("an expression that lets make too deep or too large is refused, in no time", .timeLimit(.minutes(10)))
    func tooLarge() {
        func lets(_ count: Int, _ text: (String) -> String) -> [LetDefinition] {
            (0..<count).map { index in
                LetDefinition(
                    name: "n\(index)", table: "案件",
                    expression: ExpressionText(index == 0 ? "天数" : text("n\(index - 1)")), file: "r.yaml")
            }
        }
        let doubled = #expect(throws: LanguageError.self) {
            try Self.check("n29 = 1", lets: lets(30) { "min(\($0), \($0))" })
        }
        #expect(doubled?.diagnostics.map(\.code) == ["too-large"])
        let deep = #expect(throws: LanguageError.self) {
            try Self.check("n1999 = 1", lets: lets(2000) { "abs(\($0))" })
        }
        #expect(deep?.diagnostics.map(\.code) == ["too-large"])
    }

    @Test("a near miss is named, also when only case differs")
    func suggestions() {
        let first = #expect(throws: LanguageError.self) { try TypeCheckerTests.check("立案日其 = 2016-01-01") }
        #expect(first?.diagnostic.hint?.en == "did you mean '立案日期'?")
        let second = #expect(throws: LanguageError.self) { try TypeCheckerTests.check("LARQ = 2016-01-01") }
        #expect(second?.diagnostic.hint?.en == "did you mean 'larq'?")
        let third = #expect(throws: LanguageError.self) { try TypeCheckerTests.check("法院属于 ('1')") }
        #expect(third?.diagnostic.hint?.en == "put blanks around '属于' in '法院属于'")
    }

    @Test("a let is found before a column, and a circle of lets is an error")
    func lets() throws {
        func definition(_ name: String, _ text: String) -> LetDefinition {
            LetDefinition(name: name, table: "案件", expression: ExpressionText(text), file: "r.yaml")
        }
        let typed = try TypeCheckerTests.check("天数 = 'x'", lets: [definition("天数", "'x'")])
        #expect(typed.type == .bool)
        let error = #expect(throws: LanguageError.self) {
            try TypeCheckerTests.check("a", lets: [definition("a", "b"), definition("b", "a")])
        }
        #expect(error?.diagnostic.code == "let-circle")
    }

    @Test("a long sum is checked in time that grows with its length, not with its powers", .timeLimit(.minutes(10)))
    func longSum() throws {
        let term = "(如果 天数 > 1 那么 1 否则 0 结束)"
        let sum = Array(repeating: term, count: 24).joined(separator: " + ")
        #expect(throws: Never.self) { try Self.check("\(sum) >= 0") }
    }
}
