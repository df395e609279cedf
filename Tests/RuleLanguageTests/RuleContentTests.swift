import Columnar
import Diagnostics
import RuleLanguage
import Schema
import Testing

/// The content hash of a rule: of what it says, not of how it is written.
struct RuleContentTests {
    static func rule(_ check: String, when: String? = nil) -> RuleDefinition {
        RuleDefinition(
            id: "A", title: "t", table: "案件", when: when.map { ExpressionText($0) },
            body: .check(ExpressionText(check)),
            location: SourceLocation(file: "r.yaml", line: 1, column: 1))
    }

    static func hash(_ rule: RuleDefinition, lets: [(String, String)] = [], file: String = "r.yaml") -> String {
        RuleSet(
            rules: [rule],
            lets: lets.map {
                LetDefinition(name: $0.0, table: "案件", expression: ExpressionText($0.1), file: file)
            }
        ).contentHash(of: rule)
    }

    @Test(
        "blanks, full-width punctuation, brackets without effect and the language of keywords do not change it",
        arguments: [
            ("a >= 1 且 非 有值(b)", "a　≥　１　AND not(present（b）)"), ("a <> 'x'", "(a != ‘x’)"),
            ("a 不 属于 码表 c 按 d 之下 '9'", "not a in codelist `c` by d under '9'"),
            ("如果 a = 1 那么 2 否则 3 结束 = 计数(r 当 x > 本行.y)", "IF a=1 THEN 2 ELSE 3 END=count(r when x>this.y)"),
            ("a 介于 期初 和 期末 或 b 不为空", "a between period-begin and PERIOD-END or b is not null"),
        ])
    func stable(_ first: String, _ second: String) {
        #expect(Self.hash(Self.rule(first)) == Self.hash(Self.rule(second)))
    }

    @Test(
        "another meaning has another hash",
        arguments: [
            ("a > 1", "a >= 1"), ("a = 'é'", "a = 'e\u{301}'"), ("a or b and c", "(a or b) and c"), ("a = 1", "A = 1"),
            ("a = 'x '", "a = 'x'"), ("a - (b - c) = 0", "a - b - c = 0"), ("a = 1", "b = 1"),
            ("a in ('1', '2')", "a in ('2')"), ("a 匹配 '[0-9]'", "a 匹配 '[0-8]'"),
        ])
    func different(_ first: String, _ second: String) {
        #expect(Self.hash(Self.rule(first)) != Self.hash(Self.rule(second)))
    }

    @Test("what else makes a rule judge otherwise changes it, what only speaks about it does not")
    func parts() {
        let plain = Self.hash(Self.rule("a = 1"))
        func changed(_ change: (inout RuleDefinition) -> Void) -> Bool {
            var rule = Self.rule("a = 1")
            change(&rule)
            return Self.hash(rule) != plain
        }
        #expect(changed { $0.when = ExpressionText("b = 1") })
        #expect(changed { $0.table = "当事人" })
        #expect(changed { $0.nullPolicy = .fail })
        #expect(changed { $0.severity = .warning })
        #expect(changed { $0.action = .reject })
        #expect(changed { $0.effectiveFrom = CivilDate(year: 2016, month: 1, day: 1) })
        #expect(changed { $0.exceptions = [.init(key: ["1"], reason: "r")] })
        #expect(changed { $0.disabledReason = "r" })
        #expect(changed { $0.body = .unique(["a"]) })
        #expect(!changed { $0.title = "other" })
        #expect(!changed { $0.message = ExpressionText("{a}") })
        #expect(!changed { $0.tags = ["x"] })
        #expect(!changed { $0.cite = "x" })
        #expect(!changed { $0.location = SourceLocation(file: "r.yaml", line: 9, column: 9) })
    }

    @Test("a let that a rule uses, directly or not, is part of it; others are not")
    func lets() {
        let rule = Self.rule("x = 1")
        let one = Self.hash(rule, lets: [("x", "y + 1"), ("y", "a"), ("z", "1")])
        #expect(one == Self.hash(rule, lets: [("z", "2"), ("y", " a"), ("x", "y+1")]))
        #expect(one != Self.hash(rule, lets: [("x", "y + 1"), ("y", "b"), ("z", "1")]))
        #expect(one != Self.hash(rule, lets: [("x", "y + 2"), ("y", "a"), ("z", "1")]))
        #expect(Self.hash(rule) == Self.hash(rule, lets: [("x", "y + 1")], file: "other.yaml"))
    }

    @Test("a text that cannot be read has a hash too")
    func unreadable() {
        #expect(Self.hash(Self.rule("a = = 1")) != Self.hash(Self.rule("a = = 2")))
    }
}
