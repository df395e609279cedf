import RuleLanguage
import Schema

/// A rule with its parts as they were generated, so that reading them back can be checked.
struct GeneratedRule {
    var definition: RuleDefinition
    /// Canonical texts with what they were printed from.
    var parts: [(text: String, syntax: Syntax)]
    /// What makes it distinct: its table and all it says, without its id.
    var canonical: String
}

/// Random rules of every kind.
struct RuleGenerator {
    var expressions: ExpressionGenerator
    private var random: RandomSource {
        get { expressions.random }
        set { expressions.random = newValue }
    }

    /// Nil when what came out does not compile.
    mutating func rule(id: String, lets: [LetDefinition]) -> GeneratedRule? {
        let table = expressions.table
        var parts: [(text: String, syntax: Syntax)] = []
        func part(_ depth: Int) -> String {
            let syntax = expressions.expression(.bool, depth)
            let text = Printer.text(of: syntax)
            parts.append((text, syntax))
            return text
        }
        var isGroup = false
        let body: RuleDefinition.Body
        let said: String
        switch random.below(20) {
        case 0, 1:
            let names = columns(1...3)
            body = .unique(names)
            isGroup = true
            said = "unique " + names.joined(separator: ",")
        case 2, 3:
            let (from, to) = (columns(1...2), columns(1...2))
            body = .depends(from: from, to: to)
            isGroup = true
            said = "depends " + from.joined(separator: ",") + " to " + to.joined(separator: ",")
        case 4, 5:
            let share =
                "(\(part(2))) \(random.pick(Comparison.allCases).rawValue) "
                + random.pick(["0.5%", "50%", "0", "100%", "0.25", "33.3%", "1", "12.5%"])
            body = .share(ExpressionText(share))
            said = "share " + share
        default:
            let check = part(1 + random.below(4))
            body = .check(ExpressionText(check))
            said = check
        }
        var when: String?
        if random.chance(40) {
            when = part(1 + random.below(2))
        }
        var rule = RuleDefinition(
            id: id, table: random.chance(50) ? table.name : table.title, when: when.map { ExpressionText($0) },
            body: body)
        if case .share = body {
        } else {
            rule.nullPolicy = random.pick([.undecided, .undecided, .undecided, .fail, .pass])
        }
        guard compiles(rule, lets) else { return nil }
        return GeneratedRule(
            definition: rule, parts: parts,
            canonical: "\(table.name): \(said) when \(when ?? "") null \(rule.nullPolicy.rawValue)")
    }

    private mutating func columns(_ count: ClosedRange<Int>) -> [String] {
        var names: [String] = []
        for _ in 0..<(count.lowerBound + random.below(count.count)) {
            let name = random.pick(expressions.table.columns).name
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    private func compiles(_ rule: RuleDefinition, _ lets: [LetDefinition]) -> Bool {
        let checker = TypeChecker(schema: expressions.schema, table: expressions.table, lets: lets)
        do {
            if let when = rule.when { _ = try checker.checkPredicate(when) }
            switch rule.body {
            case .check(let text): _ = try checker.checkPredicate(text)
            case .share(let text): _ = try checker.checkPredicate(try Parser.parseShare(text).predicate, in: text)
            default: break
            }
            return true
        } catch {
            return false
        }
    }
}

extension Syntax {
    /// Whether it reads a column of a related row, in itself or, perhaps, in a let.
    fileprivate var mayLookUp: Bool {
        switch kind {
        case .path: true
        case .name(let name): name.hasPrefix("简称")
        default: parts.contains(where: \.mayLookUp)
        }
    }
}
