import Proof
import RuleLanguage
import Schema
import Testing

/// A short slice of `make prove`, the same in every run.
struct RandomRuleTests {
    @Test("random rules over random data come out as the reference has them", arguments: [UInt64(20_261_121), 3])
    func slice(_ seed: UInt64) throws {
        var proof = Proof(seed: seed, engines: [NativeEngine()])
        for _ in 0..<8 { try proof.step(rules: 50) }
        for disagreement in proof.disagreements {
            Issue.record(
                "seed \(seed): \(disagreement.question.rules.rules.map(\.body)) \(disagreement.question.cells) \(disagreement.answers)"
            )
        }
        #expect(proof.distinctRules > 300)
        #expect(proof.cases > 12_000)
    }

    @Test("an engine that is wrong about one operator is found, and the rule is made small")
    func findsWhatIsWrong() throws {
        var proof = Proof(seed: 5, engines: [WrongEngine()])
        for _ in 0..<40 where proof.disagreements.isEmpty { try proof.step(rules: 50) }
        let found = try #require(proof.disagreements.first)
        #expect(found.answers.map(\.engine) == ["reference", "wrong"])
        let rule = try #require(found.question.rules.rules.first)
        #expect(found.question.rules.rules.count == 1)
        guard case .check(let text) = rule.body else { return }
        #expect(text.text.utf8.count < 60, "\(text.text)")
        #expect(found.question.cells.values.reduce(0) { $0 + $1.count } <= 8)
    }
}
