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
    private var random: RandomSource

    public init(seed: UInt64, engines: [any Engine]) {
        random = RandomSource(seed: seed)
        self.engines = engines
        let coverage = coverage
        reference = ReferenceEngine(calendar: UniverseGenerator.calendar) { coverage.observe($0, $1, $2) }
        quietReference = ReferenceEngine(calendar: UniverseGenerator.calendar)
    }

    public var distinctRules: Int { seen.count }

    /// One random schema, its data, and so many rules over them.
    public mutating func step(rules count: Int = 60) throws {
        let question = try generate(count)
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

    // MARK: - Generating

    private mutating func generate(_ count: Int) throws -> ProofCase {
        var universe = UniverseGenerator(random: RandomSource(seed: random.next()))
        let schema = universe.schema()
        let cells = universe.cells(schema)
        let period = random.chance(85) ? StatisticalPeriod(random.pick(UniverseGenerator.periods)) : nil
        var lets: [LetDefinition] = []
        var named: [String: [Kind: [String]]] = [:]
        var rules: [RuleDefinition] = []
        func generator(_ table: TableDefinition) -> ExpressionGenerator {
            ExpressionGenerator(
                random: RandomSource(seed: random.next()), schema: schema, table: table,
                lets: named[table.name] ?? [:], values: universe, hasPeriod: period != nil,
                focus: random.chance(50) ? random.pick(Family.allCases) : nil)
        }
        for number in 0..<4 {
            let table = random.pick(schema.tables)
            var expressions = generator(table)
            let kind = random.pick(Kind.allCases)
            let text = ExpressionText(Printer.text(of: expressions.expression(kind, 2)))
            let checker = TypeChecker(schema: schema, table: table, lets: lets)
            guard let typed = try? checker.check(text), typed.type != .null else { continue }
            let name = "简称\(number)"
            lets.append(LetDefinition(name: name, table: table.name, expression: text, file: "rules.yaml"))
            named[table.name, default: [:]][kind, default: []].append(name)
        }
        var attempts = 0
        while rules.count < count, attempts < count * 20 {
            attempts += 1
            let table = random.chance(60) ? schema.tables[0] : random.pick(schema.tables)
            var generator = RuleGenerator(expressions: generator(table))
            guard let made = generator.rule(id: "r\(rules.count)", lets: lets) else { continue }
            try readBack(made)
            seen.insert(made.canonical.utf8.reduce(into: Hasher()) { $0.combine($1) }.finalize())
            rules.append(random.chance(40) ? inChinese(made.definition) : made.definition)
        }
        ruleCount += rules.count
        return ProofCase(schema: schema, rules: RuleSet(rules: rules, lets: lets), period: period, cells: cells)
    }

    /// parse(print(x)) == x, also in Chinese words and full-width marks, to the byte.
    private func readBack(_ rule: GeneratedRule) throws {
        for (text, syntax) in rule.parts {
            for surface in [text, Surface.chinese(text)] {
                let read: Syntax
                do { read = try Parser.parse(ExpressionText(surface)) } catch {
                    throw NotReadBack(printed: text, surface: surface, again: error.diagnostic.message.en)
                }
                let again = Printer.text(of: read)
                guard read == syntax, again.utf8.elementsEqual(text.utf8) else {
                    throw NotReadBack(printed: text, surface: surface, again: again)
                }
            }
        }
    }

    private func inChinese(_ rule: RuleDefinition) -> RuleDefinition {
        var rule = rule
        rule.when = rule.when.map { ExpressionText(Surface.chinese($0.text)) }
        switch rule.body {
        case .check(let text): rule.body = .check(ExpressionText(Surface.chinese(text.text)))
        case .share(let text): rule.body = .share(ExpressionText(Surface.chinese(text.text)))
        default: break
        }
        return rule
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
                guard let answer = try engine.judge(question)[0] else { return (expected[0], "not run") }
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

/// The printer and the parser do not agree.
public struct NotReadBack: Error {
    public var printed: String
    public var surface: String
    public var again: String
}
