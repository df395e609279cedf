import FormEngine
import Reconciliation
import RuleLanguage
import Schema
import Testing

@Suite("Explaining an opening balance")
struct OpeningExplanationTests {
    private func reasons(
        opening: [String: String], kept: [String: (court: String, isCounted: Bool)], now: [String: String] = [:]
    ) -> [String] {
        OpeningExplanation.cases(
            opening: Dictionary(uniqueKeysWithValues: opening.map { ([$0], $1) }),
            kept: Dictionary(
                uniqueKeysWithValues: kept.map { ([$0], .init(court: $1.court, isCounted: $1.isCounted)) }),
            jurisdiction: ["甲", "甲1"], courtNow: { now[$0[0]] }
        ).map { "\($0.isMore ? "+" : "-")\($0.key[0]) \($0.reason.rawValue)\($0.otherCourt.map { " \($0)" } ?? "")" }
    }

    @Test func `the same cases need no explanation, whichever court below has them`() {
        #expect(reasons(opening: ["a": "甲", "b": "甲1"], kept: ["a": ("甲1", true), "b": ("甲1", true)]).isEmpty)
    }

    @Test func `what is more and what is less is told with the reason`() {
        #expect(
            reasons(
                opening: ["a": "甲", "b": "甲1", "c": "甲"], kept: ["b": ("乙", true), "c": ("甲", false)])
                == ["+a back-dated", "+b moved-in 乙", "+c changed"])
        #expect(
            reasons(
                opening: ["b": "乙"], kept: ["a": ("甲", true), "b": ("甲1", true), "c": ("甲", true)],
                now: ["b": "乙", "c": "甲"])
                == ["-a deleted", "-b moved-away 乙", "-c changed"])
    }

    @Test func `cases of other courts are none of a court's business`() {
        #expect(reasons(opening: ["a": "乙"], kept: ["b": ("乙", true)]).isEmpty)
    }

    @Test func `a rule is on opening balances when it compares a row's columns of two periods`() throws {
        let schema = StandardSchema(forms: [
            FormDefinition(
                name: "F", columns: ["jc", "wj"].map { .init(code: $0, measure: .given) },
                rows: ["1", "2"].map { .init(code: $0, selection: .given) })
        ])
        let texts = [
            "[*, jc] = [*, wj] @ 上期", "[1, jc] = [1, wj] @ 上期", "[1, jc] = [2, wj] @ 上期", "[*, jc] = [*, wj]",
            "[*, jc] <= [*, wj] @ 上期", "[*, jc] = [*, wj] @ 上年同期",
        ]
        let rules = texts.enumerated().map {
            RuleDefinition(id: "R\($0)", forms: ["F"], body: .formCheck(ExpressionText($1)))
        }
        let found = try FormRuleCheck(rules: rules, schema: schema).openingBalances
        #expect(found.map(\.rule) == ["R0", "R1"])
        #expect(found.allSatisfy { $0.form == "F" && $0.opening == "jc" && $0.closing == "wj" })
    }
}
