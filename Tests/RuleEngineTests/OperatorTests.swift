import Columnar
import RulePlan
import Testing

/// Every operator and function at its edges, NULLs and errors, as the rule language says.
struct OperatorTests {
    /// `E` is an error, `N` NULL: columns of one invented row.
    static let row: EngineFixture.Row = [
        "ah": "（2026）豫1702知民初123号", "fydm": "豫1702", "ajlx": "0301", "larq": "2024-01-31", "jarq": "2024x",
        "bdje": "-0.05",
        "dsrs": "9223372036854775807", "gxsj": "2024-01-31 23:59:59.999999", "ok": "t",
        "w38": "1234567890123456789012345678.0123456789",
    ]

    /// Predicates over: truth T, F, N(ull), E(rror).
    static let operands = ["N": "案件标识 = 'x'", "T": "ok", "F": "非 ok", "E": "jarq = 2024-01-01"]
    static let outcomes: [String: Outcome] = ["N": .undecided, "T": .isTrue, "F": .isFalse, "E": .error]

    @Test("connectives agree with the truth tables", arguments: ["N", "T", "F", "E"], ["N", "T", "F", "E"])
    func connectives(_ left: String, _ right: String) throws {
        let (a, b) = (OperatorTests.operands[left] ?? "", OperatorTests.operands[right] ?? "")
        let (x, y) = (OperatorTests.outcomes[left] ?? .error, OperatorTests.outcomes[right] ?? .error)
        let table = { (outcomes: [[Outcome]]) in outcomes[Int(x.rawValue)][Int(y.rawValue)] }
        #expect(try EngineFixture.outcome("(\(a)) and (\(b))", OperatorTests.row) == table(TruthTable.and))
        #expect(try EngineFixture.outcome("(\(a)) or (\(b))", OperatorTests.row) == table(TruthTable.or))
        #expect(try EngineFixture.outcome("not (\(a))", OperatorTests.row) == TruthTable.not[Int(x.rawValue)])
        // Any other operator is strict.
        let strict: Outcome =
            x == .error || y == .error
            ? .error : x == .undecided || y == .undecided ? .undecided : x == y ? .isTrue : .isFalse
        #expect(try EngineFixture.outcome("(\(a)) = (\(b))", OperatorTests.row) == strict)
    }

    @Test("if, coalesce and the tests for nulls treat NULL and error as they should")
    func choices() throws {
        let expected: [(String, Outcome)] = [
            ("if jarq = 2024-01-01 then true else false end", .error),
            ("if 案件标识 = 'x' then true else false end", .isFalse), ("if 案件标识 = 'x' then true end", .undecided),
            ("if not 案件标识 = 'x' then true else false end", .isFalse),
            ("if ok then 1 else 2.50 end = 1", .isTrue), ("if not ok then 'a' else 'b' end = 'b'", .isTrue),
            ("if ok then true else jarq = 2024-01-01 end", .isTrue), ("coalesce(案件标识, 'y') = 'y'", .isTrue),
            ("coalesce(larq, jarq) = 2024-01-31", .isTrue), ("coalesce(jarq, larq) = 2024-01-31", .error),
            ("coalesce(null, dsrs, 1.5) > 2", .isTrue), ("jarq is null", .error), ("案件标识 is null", .isTrue),
            ("present(案件标识)", .isFalse), ("present(jarq)", .error), ("present(larq)", .isTrue),
            ("missing('')", .isTrue),
            ("present('')", .isFalse), ("jarq in (2024-01-01)", .error), ("案件标识 in ('x')", .undecided),
            ("dsrs between 1 and null", .undecided), ("not dsrs between null and 1", .undecided),
            ("jarq between null and null", .error),
            ("null = 1", .undecided),
        ]
        for (text, outcome) in expected {
            #expect(try EngineFixture.outcome(text, OperatorTests.row) == outcome, "\(text)")
        }
    }

    @Test(
        "what the language promises holds",
        arguments: [
            // Exact numbers.
            "0.1 + 0.2 = 0.3", "dsrs + 1 = 9223372036854775808", "-dsrs - 2 < -9223372036854775808",
            "dsrs * dsrs > dsrs",
            "w38 > 1234567890123456789012345678", "w38 < 12345678901234567890123456789012345678", "bdje = -0.0500",
            "w38 <> 12345678901234567890123456789012345678", "abs(bdje) = 0.05", "sign(bdje) = -1", "sign(0.00) = 0",
            "abs(int('-9223372036854775808')) = 9223372036854775808", "mod(-7, 3) = -1", "mod(7, -3) = 1",
            "mod(7.5, 2) = 1.5",
            "mod(7, 0) is null", "div(7, 2, 0) = 4", "div(-7, 2, 0) = -4", "div(1, 3, 4) = 0.3333",
            "div(2, 3, 4) = 0.6667",
            "div(1, 0, 2) is null", "div(1, 0.5, 0) = 2", "div(bdje, 100, 0) = 0", "round(0.5, 0) = 1",
            "round(-0.5, 0) = -1",
            "round(bdje, 1) = -0.1", "round(149, -2) = 100", "round(150, -2) = 200", "min(1, 2.5) = 1",
            "max(1, 2.5) = 2.5",
            "min(1, null) is null", "max('b', 'a') = 'b'", "min(larq, 2023-01-01) = 2023-01-01",
            "dsrs in (1, 9223372036854775807)",
            "bdje in (-0.050)", "not bdje in (-0.051)", "1 between 1 and 1.0",
            "w38 > dec('1234567890123456789012345678', 38, 0)", "dec('1234567890123456789012345678', 38, 0) < w38",
            "w38 <> dec('1234567890123456789012345678', 38, 0)", "-w38 < dec('-1234567890123456789012345678', 38, 0)",
            // Texts by code points, compared by bytes.
            "fydm <> '豫1703'", "not fydm <> '豫1702'",
            // What costs much is left out where nobody asks for it, and only there.
            "if ok then fydm matches '豫[0-9]{4}' else false end",
            "if not ok then false else fydm matches '豫[0-9]{4}' end",
            "not ok or fydm matches '豫[0-9]{4}'", "ok and fydm matches '豫[0-9]{4}'",
            // Three sets of one column, of short texts and of long ones.
            """
            not ajlx in ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i') and not ajlx in ('1', '2', '3', '4', '5', '6', '7', '8', '9')
            and ajlx in ('0301', '0302', '0303', '0304', '0305', '0306', '0307', '0308', '0309')
            """,
            """
            ah in ('x', '（2026）豫1702知民初123号') and not ah in ('x', '（2026）豫1702知民初124号')
            and not ah in ('（2026）豫1702知民初12号', 'y')
            """,
            "len('e\u{301}') = 2", "len('案号') = 2", "'é' <> 'e\u{301}'", "left('案号x', 2) = '案号'",
            "left('ab', 9) = 'ab'",
            "right('案号x', 2) = '号x'", "right('ab', 0) = ''", "left('ab', -dsrs) is null", "mid('案号xy', 2, 2) = '号x'",
            "mid('ab', 3, 1) = ''", "mid('ab', 1 - 1, 1) is null", "mid('ab', 1, 0 - 1) is null",
            "mid('ab', 2, 9) = 'b'",
            "startswith('案号', '案')", "endswith('案号', '号')", "contains('案号x', '号')", "not contains('ab', 'abc')",
            "contains('ab', '')",
            "strip('  a ') = 'a'", "strip('\u{3000}a') = '\u{3000}a'",
            "strip('\u{3000}\u{A0}\ta\u{FEFF}', 'cjk') = 'a'",
            "strip('   ') = ''", "upper('aé') = 'Aé'", "lower('AÉ') = 'aÉ'", "'a' & 'b' = 'ab'", "('a' & null) is null",
            "'Z' < 'a'",
            "'a' < 'ab'", "'\u{FF21}' < '\u{1F600}'",
            // Conversions.
            "int('007') = 7", "int('+5') is null", "int(' 5') is null", "int('5.0') is null",
            "int('9223372036854775808') is null",
            "dec('1.50', 5, 1) = 1.5", "dec('1.55', 5, 1) is null", "dec('.5', 5, 1) is null",
            "dec('-0.5', 3, 2) = -0.5",
            "date('20240229') = 2024-02-29", "date('2024-02-30') is null", "date('2024/02/03') is null",
            "date('2024-2-3') is null",
            "date(gxsj) = 2024-01-31",
            // Dates.
            "year(larq) = 2024", "month(larq) = 1", "day(larq) = 31", "days(larq, 2024-03-01) = 30",
            "days(larq, 2024-01-30) = -1",
            "addmonths(larq, 1) = 2024-02-29", "addmonths(larq, -2) = 2023-11-30",
            "addyears(2024-02-29, 1) = 2025-02-28",
            "addmonths(larq, 999999999) is null", "addyears(9999-01-01, 1) is null", "larq = 2024-01-31",
            "workdays(2026-09-30, 2026-10-12) = 8", "workdays(2026-10-12, 2026-09-30) = -8",
            // Patterns match in full.
            "'（2026）' matches '（(19|20)[0-9]{2}）'", "not '2024\n' matches '[0-9]{4}'", "not '２０２４' matches '[0-9]{4}'",
            "'案由' matches '[一-龥]{2}'", "'😀é' matches '[^a]{2}'", "'' matches 'a*'", "'aab' matches '(a|ab)*b?'",
            "not 'a' matches 'a{2,}'", "'a.b' matches 'a\\.b'", "not 'aa' matches 'a?'", "'e' matches '[a-cb-e]'",
            "not 'axb' matches 'a\\.b'", "'a-' matches '[a\\-]+'",
            // Identities and case numbers.
            "idcard18_valid('11010519491231002X')", "not idcard18_valid('110105194912310021')",
            "not idcard18_valid('110105194912310:23')",
            "not idcard18_valid('11010519491231002x')",
            "not idcard18_valid('')", "idcard18_valid(案件标识) is null", "uscc_valid('91350100M000100Y43')",
            "not uscc_valid('91350100M000100Y44')",
            // I and V, which it does not know, with the check character that they would have.
            "not uscc_valid('91410100MA3X5I7A22')", "not uscc_valid('91410100MA3X5V7A2H')",
            "caseno(ah, 'year') = 2026", "caseno(ah, 'number') = 123",
            "caseno(ah, 'court') = 法院.代字", "caseno(ah, 'special') = '知'", "caseno(ah, 'type') = 案件类型.代字",
            "caseno(ah, 'style') = '2016'",
            "caseno(ah, 'suffix') = ''", "caseno('x', 'year') is null",
            // Code lists, attributes, trees, dates.
            "fydm in codelist 法院码表", "fydm in codelist court under '豫17'", "not '豫99' in codelist court",
            "not '豫17' in codelist court under '豫1702'", "ajlx in codelist ajlx by larq",
            "not ajlx in codelist ajlx by 2015-12-31",
            "not '0302' in codelist ajlx by larq", "'0302' in codelist ajlx by 2019-12-31",
            "not '0302' in codelist ajlx by 2020-01-01",
            "'0301' in codelist ajlx by 2016-01-01", "('豫17' in codelist ajlx by null) is null",
        ])
    func holds(_ text: String) throws {
        #expect(try EngineFixture.outcome(text, OperatorTests.row) == .isTrue)
    }

    @Test("attributes of an unknown code, and of one without the value, are NULL")
    func attributes() throws {
        #expect(try EngineFixture.outcome("法院.代字 = 'x'", ["fydm": "豫99"]) == .undecided)
        #expect(try EngineFixture.outcome("法院.代字 = 'x'", ["fydm": "豫1703"]) == .undecided)
        #expect(try EngineFixture.outcome("法院.代字 = '豫17'", ["fydm": "豫17"]) == .isTrue)
    }

    @Test("the period's days are inclusive, and without a period the rule is not run")
    func period() throws {
        #expect(try EngineFixture.outcome("larq in period", ["larq": "2024-01-01"], period: "2024-01") == .isTrue)
        #expect(try EngineFixture.outcome("larq in period", ["larq": "2024-01-31"], period: "2024-01") == .isTrue)
        #expect(try EngineFixture.outcome("larq in period", ["larq": "2024-02-01"], period: "2024-01") == .isFalse)
        #expect(try EngineFixture.outcome("larq in period", [:], period: "2024-01") == .undecided)
        #expect(try EngineFixture.outcome("期初 = 2024-01-01 且 期末 = 2024-01-31", [:], period: "2024-01") == .isTrue)
        #expect(try EngineFixture.outcome("larq in period", ["larq": "2024-01-31"]) == nil)
    }
}
