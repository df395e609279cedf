import Columnar
import CourtModel
import Diagnostics
import ReferenceInterpreter
import RuleLanguage
import Schema

/// Two engines that do not agree about a rule, made small.
public struct Disagreement: Sendable {
    public var question: ProofCase
    /// By the engines' names, the reference first.
    public var answers: [(engine: String, verdict: String)]
}

/// Random rules over random data, judged by several engines and by the reference interpreter.
public struct Proof {
    public private(set) var coverage = Coverage()
    /// Canonical texts seen so far, by their hash.
    private var seen: Set<Int> = []
    /// Rules judged, and rows that they were judged over, once for every engine that was compared.
    public private(set) var ruleCount = 0
    public private(set) var cases = 0
    public private(set) var disagreements: [Disagreement] = []

    private let engines: [any Engine]
    private let reference: ReferenceEngine
    /// Without coverage, for shrinking.
    private let quietReference: ReferenceEngine
    private var questions: QuestionGenerator

    public init(
        seed: UInt64, engines: [any Engine], sparing spared: Set<KnownDisagreement> = Set(KnownDisagreement.allCases)
    ) {
        questions = QuestionGenerator(seed: seed, sparing: spared)
        self.engines = engines
        let coverage = coverage
        reference = ReferenceEngine { coverage.observe($0, $1, $2) }
        quietReference = ReferenceEngine()
    }

    public var distinctRules: Int { seen.count }

    /// One random schema, its data, and so many rules over them.
    public mutating func step(rules count: Int = 60) throws {
        let (question, canonical) = try questions.next(rules: count)
        ruleCount += canonical.count
        for text in canonical { seen.insert(text.utf8.reduce(into: Hasher()) { $0.combine($1) }.finalize()) }
        let expected = try reference.judge(question)
        observe(question, expected)
        for engine in engines {
            let answers: [Verdict?]
            do {
                answers = try engine.judge(question)
            } catch {
                // Rule by rule, to find the one that it cannot bear.
                for index in question.rules.rules.indices { compare(engine, question, index, nil) }
                continue
            }
            for index in question.rules.rules.indices {
                cases += expected[index]?.rowsInScope ?? 0
                if answers[index] != expected[index] { compare(engine, question, index, answers[index]) }
            }
        }
    }

    // MARK: - Comparing

    private func observe(_ question: ProofCase, _ verdicts: [Verdict?]) {
        for (rule, verdict) in zip(question.rules.rules, verdicts) {
            guard let verdict else { continue }
            let kind =
                switch rule.body {
                case .share: "share"
                case .unique: "unique"
                case .depends: "depends"
                default: "check"
                }
            coverage.observe(feature: kind + (rule.when == nil ? "" : " with when"), verdict)
            if rule.nullPolicy != .undecided { coverage.observe(feature: "null: \(rule.nullPolicy.rawValue)", verdict) }
        }
    }

    private mutating func compare(_ engine: any Engine, _ question: ProofCase, _ index: Int, _ answer: Verdict?) {
        var single = question
        single.rules.rules = [question.rules.rules[index]]
        let reference = quietReference
        func verdicts(_ question: ProofCase) -> (expected: Verdict?, answer: String)? {
            guard let expected = try? reference.judge(question) else { return nil }
            do {
                guard let answer = try engine.judge(question)[0] else { return nil }
                return (expected[0], "\(answer)")
            } catch is InvalidDefinitions {
                return nil
            } catch {
                return (expected[0], "\(error)")
            }
        }
        func disagree(_ question: ProofCase) -> Bool {
            guard let (expected, answer) = verdicts(question), let expected else { return false }
            return "\(expected)" != answer
        }
        // Alone it may come out right: then it is reported as it was.
        let small = disagree(single) ? Shrinker(disagree: disagree).shrink(single) : question
        let found = verdicts(small)
        disagreements.append(
            Disagreement(
                question: small,
                answers: [
                    (reference.name, found?.expected.map { "\($0)" } ?? "none"),
                    (engine.name, found?.answer ?? answer.map { "\($0)" } ?? "none"),
                ]))
    }
}
