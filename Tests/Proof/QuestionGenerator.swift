import Columnar
import CourtModel
import Diagnostics
import ReferenceInterpreter
import RuleLanguage
import Schema

/// Random schemas with data and rules over them.
public struct QuestionGenerator {
    private var random: RandomSource

    public init(seed: UInt64) {
        random = RandomSource(seed: seed)
    }

    /// So many rules over a new schema and its data, with the canonical text of each.
    public mutating func next(rules count: Int) throws -> (question: ProofCase, canonical: [String]) {
        var universe = UniverseGenerator(random: RandomSource(seed: random.next()))
        let schema = universe.schema()
        let cells = universe.cells(schema)
        let period = random.chance(85) ? StatisticalPeriod(random.pick(UniverseGenerator.periods)) : nil
        var lets: [LetDefinition] = []
        var named: [String: [Kind: [String]]] = [:]
        var rules: [RuleDefinition] = []
        var canonical: [String] = []
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
            canonical.append(made.canonical)
            rules.append(random.chance(40) ? inChinese(made.definition) : made.definition)
        }
        return (
            ProofCase(schema: schema, rules: RuleSet(rules: rules, lets: lets), period: period, cells: cells), canonical
        )
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
}

/// The printer and the parser do not agree.
public struct NotReadBack: Error {
    public var printed: String
    public var surface: String
    public var again: String
}
