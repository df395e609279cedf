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
}
