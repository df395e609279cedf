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

    static func failure(_ text: String) -> Diagnostic? {
        do {
            _ = try parse(text)
            return nil
        } catch let error as LanguageError {
            return error.diagnostic
        } catch {
            return nil
        }
    }

    @Test(
        "the canonical text is as expected and says the same when read again",
        arguments: [
            ("结案日期 >= 立案日期", "结案日期 >= 立案日期"),
            ("结案日期　≥　立案日期 且 非 有值（案由）", "结案日期 >= 立案日期 and not 有值(案由)"),
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
            ("a = = b", "syntax", 14), ("a == b", "unknown-operator", 12), ("a < b < c", "syntax", 16),
            ("a / 2 = 1", "no-division", 12),
            ("d = 2023-02-29", "impossible-date", 14), ("x = 'abc", "unclosed-quote", 14), ("(a = 1", "syntax", 16),
            ("x = 1e3", "bad-number", 14), ("min(x) = 1", "one-value", 10), ("a.b.c = 1", "two-hops", 13),
            ("and = 1", "syntax", 10), ("x in ()", "syntax", 16), ("x matches y", "syntax", 20), ("", "syntax", 10),
            ("x = \"a\"", "unexpected-character", 14), ("x in (null)", "syntax", 16),
        ])
    func refuses(_ text: String, _ code: String, _ column: Int) {
        let diagnostic = ParserTests.failure(text)
        #expect(diagnostic?.code == code)
        #expect(diagnostic?.location == SourceLocation(file: "r.yaml", line: 3, column: column))
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
