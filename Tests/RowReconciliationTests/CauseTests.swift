import Schema
import Testing

@testable import RowReconciliation

/// Why two values differ.
struct CauseTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var column: String
        var left: String?
        var right: String?
        var cause: DifferenceCause
        var testDescription: String { "\(column) \(left ?? "NULL") \(right ?? "NULL")" }

        init(_ column: String, _ left: String?, _ right: String?, _ cause: DifferenceCause) {
            self.column = column
            self.left = left
            self.right = right
            self.cause = cause
        }
    }

    static let examples: [Example] = [
        Example("t", nil, "", .nullAgainstEmpty), Example("t", "", nil, .nullAgainstEmpty),
        Example("t", nil, "x", .unexplained), Example("t", "a ", "a", .trailingBlank),
        Example("t", "a", "a　", .trailingBlank), Example("t", " a", "a", .unexplained),
        Example("t", "（2026）豫０１", "(2026)豫01", .width), Example("t", "Ａ　Ｂ", "A B", .width),
        Example("t", "张?", "张三", .encoding), Example("t", "张\u{FFFD}", "张三", .encoding),
        Example("t", "张?", "张a", .unexplained), Example("t", "甲", "乙", .unexplained),
        Example("t", "a", "A", .unexplained), Example("t", "é", "e\u{301}", .unexplained),
        Example("m", "12.30", "12.34", .precision), Example("m", "12.34", "12.30", .precision),
        Example("m", "12.00", "12.49", .precision), Example("m", "13.00", "12.51", .precision),
        Example("m", "-13.00", "-12.51", .precision), Example("m", "14.00", "12.51", .unexplained),
        Example("m", "12.34", "12.35", .unexplained), Example("m", "1.00", "-1.00", .unexplained),
        // A half is rounded away from zero.
        Example("m", "13.00", "12.50", .precision), Example("m", "-13.00", "-12.50", .precision),
        Example("m", "11.00", "12.50", .unexplained),
        Example("i", "12", "12.5", .precision), Example("i", "12", "120", .unexplained),
        Example("ts", "2026-01-02 03:04:05", "2026-01-02 11:04:05", .timeZone),
        Example("ts", "2026-01-01 20:00:01", "2026-01-02 04:00:01", .timeZone),
        Example("ts", "2026-01-02 03:04:05", "2026-01-02 17:04:05", .timeZone),
        Example("ts", "2026-01-02 03:04:05", "2026-01-02 17:34:05", .unexplained),
        Example("ts", "2026-01-02 03:04:05", "2026-01-02 03:34:05", .timeZone),
        Example("ts", "2026-01-02 03:04:05", "2026-01-02 03:24:05", .unexplained),
        Example("ts", "2026-01-02 03:04:05.123", "2026-01-02 03:04:05", .timeCut),
        Example("ts", "2026-01-02 03:04:05.6", "2026-01-02 03:04:06", .precision),
        Example("ts", "2026-01-02 00:00:00", "2026-01-02 03:04:05", .timeCut),
        Example("ts", "2026-01-02", "2026-01-02 03:04:05", .timeCut),
        Example("ts", "2026-01-02 03:04:05", "2026-01-03 03:04:06", .unexplained),
        Example("d", "2026-01-02", "2026-01-03", .unexplained),
        Example("d", "2026-01-02", "2026-01-02 12:31:00", .timeCut),
        Example("code", "刑", "0201", .sameCode), Example("code", "0201", "刑", .sameCode),
        Example("code", "?9", "9", .sameCode), Example("code", "0201", "0301", .unexplained),
        Example("b", "t", "f", .unexplained),
    ]

    @Test("the cause of a pair of values", arguments: examples)
    func cause(_ example: Example) throws {
        let names = RowTable.columns.map(\.name)
        let plan = try RowPlan(table: RowTable.definition, schema: RowTable.schema, left: names, right: names)
        let finder = CauseFinder(plan, codes: ["code": ["刑": "0201"]])
        let column = try #require(plan.names.firstIndex(of: example.column))
        #expect(finder.cause(column, example.left, example.right) == example.cause)
    }
}
