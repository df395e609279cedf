import CourtModel
import Definitions
import Diagnostics
import Foundation
import Library
import PostgresClient
import RuleEngine
import RuleLanguage
import SQLGeneration
import Schema
import TestSupport
import Testing

/// Rules over groups of rows and over other tables, with keys that are NULL, repeated, no value, or without a partner.
struct RelationEquivalenceTests {
    private static let tables = """
        table: c
        title: 案件
        key: [id]
        court: fy
        columns:
          - {name: id, type: int}
          - {name: k, type: text}
          - {name: fy, type: code(court)}
          - {name: n, type: int}
          - {name: d, type: date}
        relations:
          - {name: p, table: p, on: {k: k}, many: true}
          - {name: one, table: p, on: {k: k}}
          - {name: pair, table: p, on: {k: k, n: m}}
        ---
        table: p
        title: 当事人
        key: [pid]
        court: up.fy
        columns:
          - {name: pid, type: int}
          - {name: k, type: text}
          - {name: m, type: int}
          - {name: x, type: "dec(20,2)"}
          - {name: t, type: text, personal: name}
          - {name: d, type: date}
        relations:
          - {name: up, table: c, on: {k: k}}
        ---
        codelist: court
        file: court.csv
        key: code
        parent: up
        valid: {since: since, until: until}
        attributes: {mark: 代字}
        ---

        """

    private static let courts = """
        code,up,since,until,mark
        豫,,,,豫
        豫17,豫,2000-01-01,2019-12-31,豫十七
        豫17,豫,2020-01-01,,豫17
        豫1702,豫17,,2024-06-30,豫1702
        京,,2010-01-01,,

        """

    private static let cases: [[String?]] = [
        ["1", "a", "豫17", "2", "2024-01-01"], ["2", "b", "豫1702", "0", "2024-07-01"], ["3", nil, "京", "1", nil],
        ["4", "a", "沪", nil, "2019-05-05"], ["5", "c", nil, "x", "2009-12-31"], ["6", "", "豫", "3", "bad"],
        ["7", "e\u{301}", "豫17", "1", "1999-01-01"], ["8", "é", "豫17", "-1", "2024-06-30"], ["9", "d", "豫1702", "2", "2024-01-01"],
    ]

    private static let parties: [[String?]] = [
        ["1", "a", "1", "1.50", "甲", "2000-01-01"], ["2", "a", "2", nil, "乙", "2030-01-01"], ["3", "b", "0", "-3", "丙", nil],
        ["4", nil, "1", "5", "丁", "2000-01-01"], ["5", "z", "1", "5", nil, "bad"], ["6", "", "3", "bad", "", "2001-01-01"],
        ["7", "é", "-1", "999999999999999999.99", "戊", "2020-01-01"], ["8", "é", "-1", "0.01", "A", "2020-01-01"],
        ["9", "d", "2", "1", "己", "2020-01-01"], ["10", "d", "x", "1", "庚", "2020-01-01"], ["11", "d", "1", "1", nil, "2020-01-01"],
    ]

    private static let rules: [String] = [
        "{on: c, check: \"count(p) = n\"}", "{on: c, check: exists(p)}", "{on: c, check: \"sum(p.x) > 0\", message: \"{sum(p.x)}\"}",
        "{on: c, check: \"min(p.t) < '乙'\", message: \"{min(p.t)} {max(p.t)}\"}", "{on: c, check: \"max(p.m) = count(p)\"}",
        "{on: c, check: \"min(p.d) > 2000-01-01\"}", "{on: c, check: \"count(p where m = 1) >= 1\"}",
        "{on: c, check: \"count(p where x > 0 and m >= 1) = 1\"}", "{on: c, check: \"sum(p.x where m = 2) = 1\"}",
        "{on: c, check: \"count(p where d > this.d) = 0\", message: \"{count(p where d > this.d)}\"}",
        "{on: c, check: \"exists(p where m = this.n and t is not null)\"}", "{on: c, check: \"max(p.x where m < this.n) > 1\"}",
        "{on: c, check: \"one.m = n\", message: \"{one.t} {one.x}\"}", "{on: c, check: \"one.m = 2 or one.x is null\"}",
        "{on: c, check: \"one.x > 0 and one.d < d\"}", "{on: c, when: \"one.m >= 1\", check: \"one.x > 0\"}",
        "{on: c, check: \"pair.x > 0\"}", "{on: c, check: \"pair.t is not null\"}", "{on: c, check: \"coalesce(one.t, fy) = fy\"}",
        "{on: p, check: \"up.d < d\", message: \"{up.k}{t}\"}", "{on: p, check: \"up.fy.mark is null or t is null\"}",
        "{on: p, check: exists(up)}", "{on: c, unique: [k]}", "{on: c, unique: [fy, n]}", "{on: c, when: \"n > 0\", unique: [fy]}",
        "{on: c, when: \"one.m = 2\", unique: [fy]}", "{on: c, when: \"count(p) >= 1\", unique: [n]}", "{on: p, unique: [x]}",
        "{on: c, depends: {from: [fy], to: [n]}}", "{on: c, depends: {from: [k], to: [fy, d]}}", "{on: p, depends: {from: [k], to: [t]}}",
        "{on: p, when: \"m = 1\", depends: {from: [x], to: [k]}}", "{on: p, depends: {from: [m], to: [x]}}",
        "{on: c, share: \"(n > 0) <= 50%\"}", "{on: c, when: \"fy = '豫17'\", share: \"(n > 0) >= 99.5%\"}", "{on: p, share: \"missing(t) <= 90%\"}",
        "{on: c, check: \"n > 0\", null: fail}", "{on: c, check: \"n > 0\", null: pass}", "{on: c, check: \"one.m > 0\", null: fail}",
        "{on: c, unique: [k], null: fail}", "{on: c, check: fy in codelist court}", "{on: c, check: fy in codelist court by d}",
        "{on: c, check: \"fy in codelist court under '豫17'\"}", "{on: c, check: \"fy in codelist court by d under '豫17'\"}",
        "{on: c, check: \"fy.mark = fy\", message: \"{fy.mark}\"}", "{on: c, check: d in period}", "{on: c, check: \"d < period-begin\"}",
        "{on: c, check: \"n > 0\", effective: 2030-01-01..}", "{on: c, check: \"n > 100\", severity: warning}",
    ]

    private func comparison(_ rules: [String]) throws -> EngineComparison {
        let list = rules.enumerated().map { index, text in "  - " + text.replacing("{on", with: "{id: R\(index), on", maxReplacements: 1) }
        return try EngineComparison(
            yaml: Self.tables + "rules:\n" + list.joined(separator: "\n") + "\n", files: ["court.csv": Self.courts])
    }

    private func connection() throws -> PostgresConnection {
        try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
    }

    private let options = QualityCheck.Options(period: StatisticalPeriod("2024-06"), language: .en)

    @Test func `groups, relations, shares and code lists agree where cells are texts`() throws {
        try comparison(Self.rules).expectAgreement(
            ["c": Self.cases, "p": Self.parties], options: options, on: connection())
    }

    @Test func `they agree one by one, so that no rule leans on another`() throws {
        let connection = try connection()
        for rule in Self.rules {
            try comparison([rule]).expectAgreement(
                ["c": Self.cases, "p": Self.parties], options: options, on: connection)
        }
    }

    @Test func `they agree over columns of the schema's types`() throws {
        let (cases, parties) = (Self.cases.filter { !$0.contains("x") && !$0.contains("bad") }, Self.parties)
        try comparison(Self.rules).expectAgreement(
            ["c": cases, "p": parties.filter { !$0.contains("x") && !$0.contains("bad") }], options: options, typed: true,
            on: connection())
    }

    @Test func `a table that is not given leaves its rules unjudged`() throws {
        try comparison(Self.rules).expectAgreement(["c": Self.cases], options: options, on: connection())
        try comparison(Self.rules).expectAgreement(["p": Self.parties], options: options, on: connection())
    }

    @Test func `an empty table is judged too`() throws {
        try comparison(Self.rules).expectAgreement(["c": [], "p": []], options: options, on: connection())
    }

    @Test func `only so many findings are kept, and all are counted`() throws {
        var few = options
        few.maxStored = 1
        try comparison(Self.rules).expectAgreement(["c": Self.cases, "p": Self.parties], options: few, on: connection())
    }

    @Test func `more rules than one word holds`() throws {
        let many = (0..<70).map { "{on: c, check: \"n <> \($0 % 5)\"}" }
        try comparison(many + ["{on: c, when: \"n > 0\", check: \"one.m = \(1)\"}"]).expectAgreement(
            ["c": Self.cases, "p": Self.parties], options: options, on: connection())
    }

    @Test func `cells of the right type outside the schema's range are errors`() throws {
        let connection = try connection()
        let check = try comparison(["{on: c, check: \"d > 2000-01-01\"}", "{on: c, check: \"days(d, d) = 0\"}", "{on: c, check: \"year(d) > 0\"}"])
        try connection.execute(
            """
            CREATE TEMPORARY TABLE c (id bigint, k varchar(10), fy text, n integer, d date);
            INSERT INTO c VALUES (1, 'a', 'x', 1, 'infinity'), (2, 'b', 'x', 1, '-infinity'), (3, 'c', 'x', 1, '0044-03-15 BC'),
                (4, 'd', 'x', 1, '12026-01-01'), (5, 'e', 'x', 1, '2024-01-01'), (6, 'f', 'x', 1, NULL)
            """)
        let result = try SQLQualityCheck(schema: check.schema, rules: check.rules, options: options)
            .run(on: connection, tables: ["c": SQLIdentifier("c", in: "pg_temp")])
        for entry in result.statistics.prefix(3) {
            #expect(entry.error == 4 && entry.undecided == 1 && entry.isTrue == 1, "\(entry)")
        }
        #expect(result.findings.filter { $0.rule == "type.c.d" }.map(\.row) == [1, 2, 3, 4])
    }

    @Test func `every shipped rule's examples hold inside PostgreSQL`() throws {
        let schemas = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Schemas").path
        let loaded = try DefinitionLoader.load(directories: [schemas]).validated()
        let connection = try connection()
        let examples = loaded.rules.rules.filter { $0.forms.isEmpty }.reduce(0) { $0 + $1.examples.count }
        #expect(examples > 50)
        let problems = try RuleExamples(schema: loaded.schema).check(
            loaded.rules, with: SQLRuleExamples(schema: loaded.schema, on: connection).judge)
        for problem in problems.prefix(10) { Issue.record("\(problem.message.en)") }
    }
}
