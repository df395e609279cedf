import PostgresClient
import RuleLanguage
import SQLGeneration
import TestSupport
import Testing

/// Patterns in the server's dialect, and which pattern is narrower than which.
struct PatternTests {
    @Test func `a pattern implies those that match all its texts`() throws {
        func implies(_ one: String, _ other: String) throws -> Bool { try Pattern(one).implies(Pattern(other)) }
        #expect(try implies("abc", "[a-c]*"))
        #expect(try implies("[0-9]{4}", "[0-9]+"))
        #expect(try implies("(19|20)[0-9]{2}", "[0-9]{2,4}"))
        #expect(try implies("a?b", "(a|b)+"))
        #expect(try implies("[^x]", "[^x]|x"))
        #expect(try implies("", "a*"))
        #expect(try !implies("[0-9]{4}", "[0-9]{3}"))
        #expect(try !implies("[0-9]*", "[0-9]+"))
        #expect(try !implies("[一-龥]", "[一-龤]"))
        #expect(try !implies("[^x]", "[a-z]"))
        #expect(try !implies("a|b", "a"))
        #expect(try !implies("(ab)*", "(ab){0,3}"))
    }

    @Test func `what only case numbers match is not matched twice, other patterns are`() throws {
        func statement(_ pattern: String) throws -> String {
            let comparison = try EngineComparison(
                yaml: """
                    table: t
                    key: [a]
                    columns: [{name: a, type: text}]
                    ---
                    rules: [{id: A, on: t, check: "if a matches '\(pattern)' then caseno(a, 'court') = '豫' end"}]
                    """)
            let rules = comparison.rules
            return try #require(RuleSQL(comparison.schema, rules, nil).text(of: rules.rules[0]))
        }
        let narrow = "（(19|20)[0-9]{2}）豫([0-9]{4}|[0-9]{2})?[一-龥]{1,4}[1-9][0-9]{0,6}号"
        #expect(try statement(narrow).contains(" OR "))
        #expect(try statement("（[0-9]{4}）豫民初[0-9]{1,3}号").contains(" OR "))
        #expect(try !statement("（[0-9]{4}）[^x]*").contains(" OR "))
    }

    /// The largest patterns that the language allows, and characters with a meaning of their own in the dialect.
    @Test func `the server compiles what the language allows`() throws {
        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        let comparison = try EngineComparison(
            yaml: """
                table: t
                key: [n]
                columns: [{name: n, type: int}, {name: a, type: text}]
                ---
                rules:
                  - {id: A, on: t, check: "a matches '[一-龥]{255}'"}
                  - {id: B, on: t, check: "a matches '([a-z]{1,60}x){1,20}'"}
                  - {id: C, on: t, check: "a matches '([^,;]{0,255}|b{3,}){2}'"}
                  - {id: D, on: t, check: 'a matches ''[\\]\\[\\^\\\\\\-]+|\\*\\.\\$\\(\\)\\{\\}\\|\\?\\+''' }
                  - {id: E, on: t, check: "a matches '[^一-龥]*'"}
                  - {id: F, on: t, check: "a matches '😀?[😀-😂]{2}'"}
                """)
        let texts = [
            "", "]", "[^\\-]", "*.$(){}|?+", String(repeating: "立", count: 255), String(repeating: "立", count: 256), "abcx",
            "a,b", "a\nb", "\n", "😀😁😂", "😁😂", "bbb", "bbbb,", "ａ", "e\u{301}",
        ]
        try comparison.expectAgreement(
            ["t": texts.enumerated().map { ["\($0.offset + 1)", $0.element] }], on: connection)
    }
}
