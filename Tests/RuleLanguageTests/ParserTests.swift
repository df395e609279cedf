import Columnar
import Diagnostics
import RuleLanguage
import Schema
import Testing

/// Texts → syntax → canonical text, and the messages for texts that are wrong.
struct ParserTests {
    static func parse(_ text: String) throws -> Syntax {
        try Parser.parse(ExpressionText(text, at: SourceLocation(file: "r.yaml", line: 3, column: 10)))
    }

    static func failures(_ text: String) -> [Diagnostic] {
        do throws(LanguageError) {
            _ = try Parser.parse(ExpressionText(text, at: SourceLocation(file: "r.yaml", line: 3, column: 10)))
            return []
        } catch {
            return error.diagnostics
        }
    }

    static func failure(_ text: String) -> Diagnostic? { failures(text).first }

    @Test(
        "the canonical text is as expected and says the same when read again",
        arguments: [
            ("结案日期 >= 立案日期", "结案日期 >= 立案日期"),
            ("结案日期　≥　立案日期 且 非 有值（案由）", "结案日期 >= 立案日期 and not present(案由)"),
            ("a = 1 or b = 2 and c = 3", "a = 1 or b = 2 and c = 3"),
            ("(a = 1 or b = 2) and c = 3", "(a = 1 or b = 2) and c = 3"),
            ("a - (b - c) * -d", "a - (b - c) * -d"), ("a - (b - c) - d", "a - (b - c) - d"),
            ("案由 不 属于 码表 案由 按 立案日期 之下 '9001'", "not 案由 in codelist 案由 by 立案日期 under '9001'"),
            ("x NOT BETWEEN 1 AND 2", "not x between 1 and 2"),
            ("x 介于 1 和 2 且 y 为空", "x between 1 and 2 and y is null"),
            ("x is not null", "not x is null"), ("案由 不为空", "not 案由 is null"),
            ("`结案方式(2015)` = 'it''s'", "`结案方式(2015)` = 'it''s'"),
            ("x = ‘甲’", "x = '甲'"), ("d = 2016-02-29", "d = 2016-02-29"), ("x in (-1, 2.50, 3)", "x in (-1, 2.50, 3)"),
            ("立案日期 属于 本期", "立案日期 in period"), ("d >= 期初 且 d <= period-end", "d >= period-begin and d <= period-end"),
            ("计数(当事人 当 诉讼地位 = '01') >= 1", "count(当事人 where 诉讼地位 = '01') >= 1"),
            ("最大(当事人.序号) = max(1, 2)", "max(当事人.序号) = max(1, 2)"), ("存在(案件)", "exists(案件)"),
            ("如果 a = 1 那么 2 否则 3 结束 = 2", "if a = 1 then 2 else 3 end = 2"),
            ("计数(r 当 x > 本行.y) = 0", "count(r where x > this.y) = 0"),
            ("[*, 旧存] + [*, 新收] = [*, 已结]", "[*, '旧存'] + [*, '新收'] = [*, '已结']"),
            ("[合计, *] = 合计 行 (刑事..执行) [行, *]", "['合计', *] = sum row ('刑事'..'执行') [row, *]"),
            ("[民事一审, 新收] = F03[合计, 新收] @ 上期", "['民事一审', '新收'] = F03['合计', '新收'] @ previous"),
            ("[1..3, 2] = 0", "['1'..'3', '2'] = 0"), ("[1, 2] @ 2026-10 = 0", "['1', '2'] @ '2026-10' = 0"),
            ("案号 匹配 '（[0-9]{4}）'", "案号 matches '（[0-9]{4}）'"), ("a & b = 'ab'", "a & b = 'ab'"),
        ])
    func roundTrip(_ text: String, _ canonical: String) throws {
        let syntax = try ParserTests.parse(text)
        #expect(Printer.text(of: syntax) == canonical)
        let again = try ParserTests.parse(Printer.text(of: syntax))
        #expect(again == syntax)
    }

    @Test(
        "a wrong text is refused at its place, with a code",
        arguments: [
            ("a = = b", "syntax", 14, 1), ("a == b", "unknown-operator", 12, 2), ("a < b < c", "syntax", 16, 1),
            ("a / 2 = 1", "no-division", 12, 1), ("d = 2023-02-29", "impossible-date", 14, 10),
            ("x = 'abc", "unclosed-quote", 14, 4), ("(a = 1", "syntax", 16, 0), ("x = 1e3", "bad-number", 14, 3),
            ("min(x) = 1", "one-value", 10, 6), ("a.b.c = 1", "two-hops", 10, 5), ("x in ()", "syntax", 16, 1),
            ("x matches y", "syntax", 20, 1), ("", "syntax", 10, 0),
            ("x = \"a\"", "double-quote", 14, 3), ("x in (null)", "syntax", 16, 4),
            ("a ? b", "unexpected-character", 12, 1),
            ("a = 1) 且 b = 2", "syntax", 15, 1), ("if a = 1 那末 2 end = 2", "syntax", 19, 2),
        ])
    func refuses(_ text: String, _ code: String, _ column: Int, _ length: Int) {
        let diagnostics = ParserTests.failures(text)
        #expect(diagnostics.map(\.code) == [code])
        #expect(
            diagnostics.first?.location == SourceLocation(file: "r.yaml", line: 3, column: column, length: length))
    }

    @Test(
        "several mistakes of one text are told at once, and none that only follows from another",
        arguments: [
            ("a = = b 且 c == d 或 e < 2023-02-30", ["syntax 14", "unknown-operator 22", "impossible-date 33"]),
            ("(a = ) 且 (b = ) 且 c = 1", ["syntax 15", "syntax 24"]),
            ("f(a b, 1 +) = 2 且 x in (y) 且 z matches 3", ["syntax 14", "syntax 20", "syntax 34", "syntax 49"]),
            ("if a = then 1 else b = end = 2 且 = 3", ["syntax 17", "syntax 33", "syntax 43"]),
            ("立案日期 >= 2016-01-01且结案日期 = 1 且 = 2", ["bad-number 18", "syntax 40"]),
            ("((((((a = 1", ["syntax 21"]), ("and = 1", ["syntax 10", "syntax 14"]),
            ("a = 1)))) 且 b = )", ["syntax 15", "syntax 26"]),
        ])
    func recovers(_ text: String, _ expected: [String]) {
        #expect(ParserTests.failures(text).map { "\($0.code) \($0.location?.column ?? 0)" } == expected)
    }

    @Test("a Chinese keyword without blanks gets that hint")
    func missingBlank() {
        #expect(ParserTests.failure("立案日期 = 1 且结案日期 = 2")?.hint?.zh.contains("前后要有空格") == true)
        #expect(ParserTests.failure("案由属于 码表 案由")?.hint?.zh.contains("属于") == true)
    }

    @Test("the second line of a text counts from its first column")
    func lines() {
        #expect(ParserTests.failure("a = 1 且\n b ==")?.location?.line == 4)
    }

    @Test("a deeply nested text is refused, not a crash")
    func depth() {
        let text = String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000) + " = 1"
        #expect(ParserTests.failure(text)?.code == "too-deep")
        #expect(ParserTests.failure(String(repeating: "1 + ", count: 5000) + "1")?.code == "too-deep")
        #expect(ParserTests.failure(String(repeating: "f(", count: 5000))?.code == "too-deep")
        // Chains within brackets: each is short, together they are deep.
        let chain = String(repeating: " + 1", count: 150) + ")"
        let nested = String(repeating: "(", count: 100) + "1" + String(repeating: chain, count: 100)
        #expect(ParserTests.failure(nested)?.code == "too-deep")
        let unary = String(repeating: "- ", count: 5000) + "1 = " + String(repeating: "not ", count: 5000) + "1"
        #expect(ParserTests.failure(unary) != nil)
    }

    @Test("a share is a predicate, a comparison and a number")
    func share() throws {
        let share = try Parser.parseShare(ExpressionText("缺值(案由) <= 0.5%"))
        #expect(share.comparison == .lessOrEqual && share.limit == "0.5" && share.isPercent)
        #expect(throws: LanguageError.self) { try Parser.parseShare(ExpressionText("缺值(案由)")) }
    }

    @Test(
        "patterns keep to the portable subset",
        arguments: [
            ".", "\\d", "^a", "a$", "a**", "(?:a)", "[]", "a{256}", "a{2,1}", "(a", "a)", "a||b", "[b-a]",
            "[[:alpha:]]", "a{1", "\\",
            "(a{255}){255}",
        ])
    func patterns(_ pattern: String) {
        #expect(throws: Pattern.Failure.self) { try Pattern(pattern) }
    }
}
