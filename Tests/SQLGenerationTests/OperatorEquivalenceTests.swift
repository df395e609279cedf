import CourtModel
import Diagnostics
import Library
import PostgresClient
import RuleEngine
import SQLGeneration
import TestSupport
import Testing

/// Every operator over the edge values of its operands' types, NULL and cells that are no value: the server must say what
/// the native engine says, value for value.
struct OperatorEquivalenceTests {
    /// A rule that is always violated and tells the expression's value, and one that tells NULL from an error.
    private static func rules(_ expressions: [String]) -> String {
        expressions.enumerated().map { index, text in
            // A brace in a message begins a place for a value.
            text.contains("{")
                ? "  - {id: P\(index), on: t, check: \"\(text)\"}"
                : """
                  - {id: V\(index), on: t, check: "false", message: "\(text): {\(text)}"}
                  - {id: N\(index), on: t, check: "(\(text)) is null"}
                """
        }.joined(separator: "\n")
    }

    private func compare(
        _ columns: String, _ rows: [[String?]], _ expressions: [String], more: String = "",
        files: [String: String] = [:], typed: Bool = false,
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) throws {
        let comparison = try EngineComparison(
            yaml: """
                table: t
                key: [n]
                columns:
                  - {name: n, type: int}
                \(columns)
                ---
                \(more)rules:
                \(Self.rules(expressions))
                """, files: files)
        let numbered = rows.enumerated().map { ["\($0.offset + 1)"] + $0.element }
        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        try comparison.expectAgreement(
            ["t": numbered], options: QualityCheck.Options(period: StatisticalPeriod("2026-10"), language: .en),
            typed: typed, on: connection, sourceLocation: sourceLocation)
    }

    private static func pairs(_ values: [String?], _ others: [String?]) -> [[String?]] {
        values.flatMap { value in others.map { [value, $0] } }
    }

    @Test func `integers`() throws {
        let values: [String?] = [
            nil, "0", "1", "-1", "2", "7", "-7", "9223372036854775807", "-9223372036854775808", "-9223372036854775807",
            "x",
            "9223372036854775808", "1.0", "", "+5", " 5", "007",
        ]
        try compare(
            "  - {name: i, type: int}\n  - {name: j, type: int}", Self.pairs(values, values),
            [
                "i + j", "i - j", "i * j", "-i", "abs(i)", "sign(i)", "mod(i, j)", "mod(i, 0)", "div(i, j, 0)",
                "div(i, j, 2)", "div(7, 2, 0)", "div(i, 0, 3)", "round(i, -1)", "round(i, -18)", "min(i, j)",
                "max(i, j, 3)",
                "coalesce(i, j)", "coalesce(i, j, 0)", "if i > j then i else j end", "if i = 1 then j end",
                "if i > 0 then 1 else 2.5 end", "i = j", "i <> j", "i < j", "i <= j", "i > j", "i >= j",
                "i between j and 5", "i between 0 and 7", "i not between j and j", "i in (1, 2, -7)", "i in (1.5, 7.0)",
                "i not in (0)", "i is null", "i is not null", "present(i)", "missing(i)",
                "i = j and i > 0", "i = j or j is null", "not (i < j)", "i = 1 and null", "i = 1 or null",
                "(i > 0 and j > 0) or (i < 0 and j < 0)", "i + 1 > 9223372036854775807", "2147483647 + 1 = i",
                "i * 0.5 = j", "i + 0.25", "min(min(min(i, j), 3), max(i, 2))",
            ])
    }

    /// Whether a column's numbers are short is looked up before they are calculated with.
    @Test(arguments: [
        ["999999999", "-999999999"], ["999999999", "1000000000"], ["-1000000000", "9223372036854775807"],
        ["999999999999999999", "-999999999999999999"], ["1", "999999999999999999"],
    ])
    func `integers of the server, short and long`(_ edges: [String]) throws {
        let values = [nil, "0", "-1", "3"] + edges.map(Optional.some)
        try compare(
            "  - {name: i, type: int}\n  - {name: j, type: int}", Self.pairs(values, values),
            [
                "i + j", "i - j", "i * j", "i * 5 - j", "-i * j", "i * 999999999", "i * 999999999 * 99 + j",
                "i * 1000000000",
                "abs(i) + abs(j)", "mod(i * j, j)", "(i + j) * 1000", "if i > 0 then i * 2 else j end + 1",
                "div(i + j, 3, 0)", "i * i = j * j",
            ], typed: true)
    }

    @Test func `decimals`() throws {
        let values: [String?] = [
            nil, "0", "0.01", "-0.01", "1.005", "-1.005", "2.50", "99999999999999.9999", "-99999999999999.9999", "1e3",
            ".5",
            "1.00000", "1.00001", "100000000000000", "-0", "NaN",
        ]
        let wide: [String?] = [
            nil, "0", "1", "-1", "9999999999999999999999999999.9999999999", "-9999999999999999999999999999.9999999999",
            "0.0000000001", "0.5", "-2.5", "10000000000000000000000000000", "3",
        ]
        try compare(
            "  - {name: d, type: \"dec(18,4)\"}\n  - {name: w, type: \"dec(38,10)\"}", Self.pairs(values, wide),
            [
                "d + 1", "d - 0.5", "d * 0.025 + 100", "-d", "abs(w)", "sign(w)", "-w", "mod(d, 3)", "mod(w, d)",
                "mod(w, 0.7)",
                "round(d, 2)", "round(d, 0)", "round(d, -2)", "round(w, 3)", "round(w, -5)", "div(d, 3, 2)",
                "div(d, d, 4)",
                "div(1, d, 6)", "div(d, 0, 2)", "min(d, 1)", "max(d, 0)", "d = w", "d < w", "d >= w",
                "w between d and 5",
                "d in (0.01, 2.5, 1)", "w in (0.5, 3)", "coalesce(d, 0)", "if d > 0 then d else -1 end",
                "d <= 0.025 * d",
                "d is null",
            ])
    }

    @Test func `texts`() throws {
        let values: [String?] = [
            nil, "", " ", "a", "A", "abc", "ABC ", "e\u{301}", "é", "立案日期", "豫", "　全角　", "\u{FEFF}x\u{A0}", "a\r\nb",
            "\t\n", "😀😀", "'quoted'", "back\\slash", "100%", "\"", "{a}", "ß", "İ", "z", "中",
        ]
        try compare(
            "  - {name: a, type: \"text(6)\"}\n  - {name: b, type: text}", Self.pairs(values, values),
            [
                "a & b", "len(a)", "len(a & b)", "upper(b)", "lower(b)", "strip(b)", "strip(b, 'cjk')",
                "startswith(a, b)",
                "endswith(a, b)", "contains(a, b)", "contains(b, 'a')", "startswith(b, '')", "a = b", "a <> b", "a < b",
                "a <= b", "a > b", "a >= b", "a between b and 'z'", "b between 'A' and 'b'", "min(a, b)", "max(a, b)",
                "coalesce(a, b)", "if a = '' then b else a end", "a in ('a', 'é', '中', '''quoted''')", "a is null",
                "present(a)", "missing(b)", "b matches '[a-z]*'", "b matches '(a|b|立案)[^x]{0,3}'", "b = strip(b)",
                "left(a, 2) = left(b, 2)", "if contains(a, 'b') then len(b) else 0 end",
            ])
    }

    @Test func `cutting texts at any place`() throws {
        let texts: [String?] = [nil, "", "a", "立案日期", "e\u{301}😀x"]
        let places: [String?] = [
            nil, "-9223372036854775808", "-1", "0", "1", "2", "4", "5", "2147483647", "2147483648",
            "9223372036854775807", "x",
        ]
        try compare(
            "  - {name: a, type: text}\n  - {name: i, type: int}", Self.pairs(texts, places),
            [
                "left(a, i)", "right(a, i)", "mid(a, i, 2)", "mid(a, 2, i)", "mid(a, i, i)", "left(a, 0)", "left(a, 2)",
                "right(a, 2)", "mid(a, 1, 2)", "mid(a, 2, 99999999999)", "left('立案', i)", "mid('立案', i, 1)",
            ])
    }

    @Test func `numbers and dates from texts`() throws {
        let zeros = String(repeating: "0", count: 200_000)
        let values: [String?] = [
            nil, "", "0", "-0", "5", " 5", "5 ", "+5", ".5", "5.", "1e3", "1.0", "1.50", "1.005", "-12.34", "--1", "-",
            "٣", "５",
            "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
            "99999999999999999999",
            "000000000000000000000000000005", "123456.78", "1234567.8", "0.001", "0.010", zeros + "7", "1." + zeros,
            "9" + zeros,
            "2024-02-29", "20240229", "2023-02-29", "20230229", "1900-02-29", "2000-02-29", "20000229", "0000-01-01",
            "00000229", "0001-01-01", "9999-12-31", "2024/2/3xyz", "2024-2-3", "2024-13-01", "20241301", "2024-04-31",
            "2024-04-30", "2024-00-10", "2024-01-00", "2024-01-32", "2024-02-29\n", "２０２４", "2024-02-29 00:00:00",
            "202402290",
        ]
        try compare(
            "  - {name: a, type: text}", values.map { [$0] },
            [
                "int(a)", "dec(a, 8, 2)", "dec(a, 38, 10)", "dec(a, 2, 2)", "date(a)", "int(strip(a))", "int(a) + 1",
                "date(a) > 2000-01-01", "int('5')", "int('x')", "date('20240230')", "date('2024-02-29')",
                "dec('1e3', 5, 2)",
                "int(mid(a, 1, 4))", "int(left(a, 4) & right(a, 2))", "int('99999999999999999999')",
                "a matches '[0-9]{4}'",
                "if a matches '[0-9]+' then int(a) end",
            ])
    }

    @Test func `dates`() throws {
        let values: [String?] = [
            nil, "0001-01-01", "0001-01-31", "1600-02-29", "1899-12-31", "1970-01-01", "2000-02-29", "2023-12-31",
            "2024-01-31",
            "20240229", "2024-12-31", "2026-10-01", "2026-10-31", "9999-12-01", "9999-12-31", "2024-02-30", "infinity",
            "",
        ]
        let shifts: [String?] = [
            nil, "0", "1", "-1", "12", "-12", "13", "119987", "-119987", "120000", "-120001", "9223372036854775807",
            "-9223372036854775808", "2147483648",
        ]
        try compare(
            "  - {name: p, type: date}\n  - {name: q, type: date}", Self.pairs(values, values),
            [
                "days(p, q)", "p < q", "p = q", "p >= q", "p between q and 2024-12-31",
                "p between 2000-01-01 and 2024-12-31",
                "p in (2024-02-29, 1970-01-01)", "year(p)", "month(p)", "day(p)", "p in period", "p < period-begin",
                "p > period-end", "min(p, q)", "max(p, q)", "coalesce(p, q)", "workdays(p, q)",
                "workdays(p, 2024-02-10)",
                "p is null", "days(p, 2024-01-01) > 0", "if p > q then q else p end", "present(p)",
            ],
            more: """
                calendar: cn
                file: holidays.csv
                ---

                """,
            files: [
                "holidays.csv": """
                date,kind
                2024-02-10,holiday
                2024-02-12,holiday
                2024-02-13,holiday
                2024-02-04,workday
                2024-02-18,workday
                2026-10-01,holiday

                """
            ])
        try compare(
            "  - {name: p, type: date}\n  - {name: i, type: int}", Self.pairs(values, shifts),
            ["addmonths(p, i)", "addyears(p, i)", "addmonths(p, 1)", "addyears(p, -2000)", "addmonths(2024-01-31, i)"])
    }

    @Test func `timestamps and truth values`() throws {
        let stamps: [String?] = [
            nil, "0001-01-01 00:00:00", "1969-12-31 23:59:59.999999", "1970-01-01T00:00:00", "2024-02-29 12:00:00.1",
            "9999-12-31 23:59:59.999999", "2024-02-29 24:00:00", "2024-02-29 12:00:00.1234567", "2024-02-30 00:00:00",
            "2024-02-29",
            "0000-01-01 00:00:00", "2024-02-29 12:00:00+08",
        ]
        let bools: [String?] = [nil, "t", "f", "true", "false", "1", "0", "T", "yes", ""]
        try compare(
            "  - {name: s, type: timestamp}\n  - {name: ok, type: bool}", Self.pairs(stamps, bools),
            [
                "date(s)", "s", "s > s", "s is null", "date(s) >= 1970-01-01", "year(date(s))", "ok", "not ok",
                "ok = true",
                "ok <> false", "ok in (true)", "ok and s is null", "ok or s is null", "if ok then 'yes' else 'no' end",
                "coalesce(ok, false)", "ok is null", "min(s, s)", "ok and date(s) > 2000-01-01",
                "ok or date(s) > 2000-01-01",
                "not (ok and date(s) > 2000-01-01)",
            ])
    }

    @Test func `numbers of people, organisations and cases`() throws {
        let values: [String?] = [
            nil, "", "11010519491231002X", "110105194912310021", "11010519491231002x", "440524188001010014",
            "44052418800101001",
            "91350100M000100Y43", "91350100M000100Y44", "91350100m000100Y43", "91350100I000100Y43",
            "1１0105194912310021",
            "（2026）豫1702民初123号", "(2026)豫1702民初123号", "(2026）豫1702民初123号之一", "（2015）豫民初字第123号", "（2015）豫字第1号",
            "（2015）豫民字第00号-2", "（2016）最高法民终1号", "（2016）最高法12民终1号", "（2016）豫12345民初1号", "（2016）粤破民初1号",
            "（2016）粤民1号", "（2016）粤1234567890123456789号", "（2016）粤民1234567890123456789号", "（2016）粤民123456789012345678号",
            "（2016）X民初1号", "（2016）豫民A初1号", "（2016）豫民初1号\n", "（2016）豫民初1号x", "（2016）豫号1号", "2016豫民初1号",
            "（２０１６）豫民初1号", "（2016）豫17民初1号号号", "（2016）豫17破民初12号重字-1", "（2016）豫17字第民1号",
            "（2015）最高法字第1号", "（2015）最高法民字第1号", "（2016）最高法1号", "（2016）最高法高法1号", "（2016）高法民1号", "（2016）最高民1号",
            "（2016)豫民初1号", "（201a）豫民初1号", "（16）豫民初1号", "（2016）豫1234民1号", "（2016）豫民初1", "（2016）豫1号", "(2016)",
            "（2016）豫民初号", "（2016）豫1702民初号",
        ]
        let fields = ["year", "number", "court", "type", "special", "suffix", "style"]
        try compare(
            "  - {name: a, type: text}", values.map { [$0] },
            ["idcard18_valid(a)", "uscc_valid(a)", "if a matches '[0-9]{17}[0-9X]' then idcard18_valid(a) end"]
                + fields.flatMap { ["caseno(a, '\($0)')"] } + ["caseno(a, 'court') & caseno(a, 'type')"])
    }
}
