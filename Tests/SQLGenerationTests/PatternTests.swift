import PostgresClient
import RuleLanguage
import SQLGeneration
import TestSupport
import Testing

/// Patterns in the server's dialect.
struct PatternTests {
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
            "", "]", "[^\\-]", "*.$(){}|?+", String(repeating: "立", count: 255), String(repeating: "立", count: 256),
            "abcx",
            "a,b", "a\nb", "\n", "😀😁😂", "😁😂", "bbb", "bbbb,", "ａ", "e\u{301}",
        ]
        try comparison.expectAgreement(
            ["t": texts.enumerated().map { ["\($0.offset + 1)", $0.element] }], on: connection)
    }

    private static let hexadecimal = "0123456789abcdef"

    /// A text's length stands for a count: at both of its limits, beside parts of a fixed length, and where it may not.
    @Test func `counted repetitions end where they should`() throws {
        let connection = try PostgresConnection(TestPostgres.freshDatabase(), applicationName: "tests")
        let comparison = try EngineComparison(
            yaml: """
                table: t
                key: [n]
                columns: [{name: n, type: int}, {name: a, type: text}]
                ---
                rules:
                  - {id: A, on: t, check: "a matches '[0-9a-f]{16}'"}
                  - {id: B, on: t, check: "a matches '[0-9a-f]{15,17}'"}
                  - {id: C, on: t, check: "a matches '[0-9a-f]{0,16}'"}
                  - {id: D, on: t, check: "a matches '[0-9a-f]{8,}'"}
                  - {id: E, on: t, check: "a matches '0(1|2)[2-9a-f]{12,14}'"}
                  - {id: F, on: t, check: "a matches '0(1|23)[2-9a-f]{12,14}'"}
                  - {id: G, on: t, check: "a matches '[0-9]{0,9}[0-9a-f]{10}'"}
                  - {id: H, on: t, check: "left(a, 16) & '0' matches '[0-9a-f]{17}'"}
                  - {id: I, on: t, check: "not (a matches '[^x]{16}')"}
                """)
        let texts: [String?] =
            [nil, "", "x", "立案", String(repeating: "立", count: 16), String(repeating: "\n", count: 16)]
            + (7...19).map { String(repeating: Self.hexadecimal, count: 2).prefix($0).description }
            + [
                Self.hexadecimal.uppercased(), Self.hexadecimal.dropLast() + "x",
                "01" + Self.hexadecimal.dropFirst(2) + "x",
            ]
        try comparison.expectAgreement(
            ["t": texts.enumerated().map { ["\($0.offset + 1)", $0.element] }], on: connection)
    }

    @Test func `a count is told by the length, not by the automaton`() throws {
        let definitions = try EngineComparison(
            yaml: """
                table: t
                columns: [{name: a, type: text}]
                ---
                rules: [{id: A, on: t, check: "a matches '[0-9]{17}[0-9X]'"}, {id: B, on: t, check: "a matches '[0-9]{3}X'"}]
                """)
        let sql = RuleSQL(definitions.schema, definitions.rules, nil)
        let texts = definitions.rules.rules.map { sql.text(of: $0) ?? "" }
        #expect(texts[0].contains("length(t.\"a\") = 18") && !texts[0].contains("{17}"))
        #expect(!texts[1].contains("length") && texts[1].contains("{3}"))
    }
}
