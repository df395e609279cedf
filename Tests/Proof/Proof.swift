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
    /// What engines said that could not bear all the rules of a question together.
    public private(set) var refusals: [String] = []

    private let engines: [any Engine]
    private let reference: ReferenceEngine
    /// Without coverage, for shrinking.
    private let quietReference: ReferenceEngine
    private var questions: QuestionGenerator

    public init(
        seed: UInt64, engines: [any Engine]
    ) {
        questions = QuestionGenerator(seed: seed)
        self.engines = engines
        let coverage = coverage
        reference = ReferenceEngine { coverage.observe($0, $1, $2) }
        quietReference = ReferenceEngine()
    }

    public var distinctRules: Int { seen.count }

    /// One random schema, its data, and so many rules over them.
    ///
    /// - Parameters:
    ///   - limit: after so many disagreements in all it compares no further.
    ///   - found: told of each disagreement at once; making it small takes its time.
    public mutating func step(
        rules count: Int = 60, limit: Int = .max, found: (Disagreement) throws -> Void = { _ in }
    ) throws {
        let (question, canonical) = try questions.next(rules: count)
        ruleCount += canonical.count
        for text in canonical { seen.insert(text.utf8.reduce(into: Hasher()) { $0.combine($1) }.finalize()) }
        let expected = try reference.judge(question)
        observe(question, expected)
        for engine in engines {
            // An engine that cannot bear one of the rules is asked rule by rule which one it is.
            let answers: [Verdict?]?
            do {
                answers = try engine.judge(question)
            } catch {
                answers = nil
                refusals.append("\(engine.name): \(error)")
            }
            for index in question.rules.rules.indices {
                if answers != nil { cases += expected[index]?.rowsInScope ?? 0 }
                guard disagreements.count < limit, answers == nil || answers?[index] != expected[index] else {
                    continue
                }
                // Not by optional chaining, which cannot tell a rule that was not run from an engine that gave up.
                let answer = answers.map { $0[index] }
                guard let disagreement = compare(engine, question, index, answer) else { continue }
                disagreements.append(disagreement)
                try found(disagreement)
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

    /// The disagreement about one rule, made small; nil when the engine, asked for it alone after all rules were too much,
    /// agrees.
    private func compare(
        _ engine: any Engine, _ question: ProofCase, _ index: Int, _ answer: Verdict??
    ) -> Disagreement? {
        var single = question
        single.rules.rules = [question.rules.rules[index]]
        /// Nil for what is no question, or is not run.
        func verdicts(_ question: ProofCase) -> (expected: Verdict, answer: String)? {
            guard let expected = try? quietReference.judge(question)[0] else { return nil }
            do {
                guard let answer = try engine.judge(question)[0] else { return nil }
                return (expected, "\(answer)")
            } catch is InvalidDefinitions {
                return nil
            } catch {
                return (expected, "\(error)")
            }
        }
        func disagree(_ question: ProofCase) -> Bool {
            verdicts(question).map { "\($0.expected)" != $0.answer } ?? false
        }
        func report(_ question: ProofCase, _ expected: String, _ found: String) -> Disagreement {
            Disagreement(question: question, answers: [(reference.name, expected), (engine.name, found)])
        }
        if disagree(single) {
            let small = Shrinker(limit: .seconds(20), disagree: disagree).shrink(single)
            return verdicts(small).map { report(small, "\($0.expected)", $0.answer) }
        }
        // Among the others it came out wrong, alone it comes out right.
        guard let answer else { return nil }
        var whole = question
        whole.rules.rules.swapAt(0, index)
        let expected = try? quietReference.judge(single)[0]
        return report(
            whole, expected.map { "\($0)" } ?? "none",
            (answer.map { "\($0)" } ?? "not run") + ", alone as the reference")
    }
}
