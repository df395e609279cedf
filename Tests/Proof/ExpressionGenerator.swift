import Columnar
import ReferenceInterpreter
import RuleLanguage
import Schema

/// What an expression is to be; numbers of any size are one kind, as in the language.
enum Kind: CaseIterable { case number, text, date, timestamp, bool }

/// Random expressions over a table, as they are written. Most are well typed; the type checker has the last word.
struct ExpressionGenerator {
    var random: RandomSource
    let schema: StandardSchema
    let table: TableDefinition
    /// Names of lets on the table, by what they are.
    var lets: [Kind: [String]] = [:]
    /// Inside `where`: the table of the rule's row.
    var outer: TableDefinition?
    /// Makes literals from the texts that cells are made of.
    var values: UniverseGenerator
    let hasPeriod: Bool
    /// Where columns are picked, those of this family are, so that no cell of the coverage table is left to chance.
    var focus: Family?

    private func make(_ kind: Syntax.Kind) -> Syntax { Syntax(kind, at: 0) }

    private static func kind(_ type: ValueType) -> Kind {
        switch type {
        case .int, .decimal: .number
        case .text, .code: .text
        case .date: .date
        case .timestamp: .timestamp
        case .bool: .bool
        }
    }

    private mutating func columns(_ table: TableDefinition, _ kind: Kind) -> [ColumnDefinition] {
        let all = table.columns.filter { Self.kind($0.type) == kind }
        let focused = all.filter { Family($0.type) == focus }
        return focused.isEmpty ? all : focused
    }

    /// By code or by title, unless the title is another column's code.
    private mutating func nameOf(_ column: ColumnDefinition) -> String {
        random.chance(50) ? column.name : column.title
    }

    private mutating func nameOf(_ relation: Relation) -> String { random.chance(50) ? relation.name : relation.title }

    // MARK: - By kind

    mutating func expression(_ kind: Kind, _ depth: Int) -> Syntax {
        if random.chance(3) { return make(.null) }
        if depth <= 0 || random.chance(15) { return leaf(kind) }
        if random.chance(6), let aggregate = aggregate(kind, depth) { return aggregate }
        if random.chance(8) { return choice(kind, depth) }
        switch kind {
        case .bool: return predicate(depth)
        case .number: return number(depth)
        case .text: return text(depth)
        case .date: return date(depth)
        case .timestamp: return random.chance(30) ? aggregate(kind, depth) ?? leaf(kind) : leaf(kind)
        }
    }

    private mutating func leaf(_ kind: Kind) -> Syntax {
        if let name = lets[kind]?.randomElement(using: &random), random.chance(10) { return make(.name(name)) }
        if let outer, random.chance(25), let column = columns(outer, kind).randomElement(using: &random) {
            return make(.this(nameOf(column)))
        }
        if random.chance(focus == nil ? 25 : 10) { return literal(kind) }
        if random.chance(20), let related = related(kind) { return related }
        if kind == .text, random.chance(15),
            let column = table.columns.filter({ if case .code = $0.type { true } else { false } }).randomElement(
                using: &random)
        {
            return make(.path(nameOf(column), random.pick(["dz", "代字", "mc", "名称"])))
        }
        if kind == .date, hasPeriod, random.chance(8) { return make(random.chance(50) ? .periodBegin : .periodEnd) }
        guard let column = columns(table, kind).randomElement(using: &random) else { return literal(kind) }
        return make(.name(nameOf(column)))
    }

    /// A column of a related row, of which there may be several.
    private mutating func related(_ kind: Kind) -> Syntax? {
        guard outer == nil,
            let relation = table.relations.filter({ !$0.isToMany || random.chance(10) }).randomElement(using: &random),
            let related = schema.table(relation.table),
            let column = columns(related, kind).randomElement(using: &random)
        else { return nil }
        return make(.path(nameOf(relation), nameOf(column)))
    }

    /// Timestamps have none.
    private mutating func literal(_ kind: Kind) -> Syntax {
        switch kind {
        case .bool: return make(.bool(random.chance(50)))
        case .number: return numberLiteral(random.chance(50) ? .int : .decimal(precision: 6, scale: 2))
        case .date: return make(CivilDate(values.text(.date)).map { .date($0) } ?? .null)
        case .text: return make(.string(textLiteral()))
        case .timestamp: return make(.null)
        }
    }

    private mutating func numberLiteral(_ type: ValueType) -> Syntax {
        var text = values.text(type)
        if text.isEmpty { text = "0" }
        return make(.number(text))
    }

    private mutating func textLiteral() -> String {
        switch random.below(10) {
        case 0: random.pick(Edges.caseNumbers)
        case 1: random.pick(Edges.idCards)
        case 2, 3: random.pick(UniverseGenerator.codes)
        case 4: random.pick(UniverseGenerator.marks)
        default: random.pick(Edges.texts)
        }
    }

    private mutating func small(_ range: Range<Int>) -> Syntax {
        make(.number("\(range.lowerBound + random.below(range.count))"))
    }

    private mutating func choice(_ kind: Kind, _ depth: Int) -> Syntax {
        switch random.below(3) {
        case 0:
            return make(.call("coalesce", (0...random.below(3)).map { _ in expression(kind, depth - 1) }))
        case 1 where kind != .bool:
            let values = (0...1 + random.below(2)).map { _ in expression(kind, depth - 1) }
            return make(.call(random.pick(["min", "max"]), values))
        default:
            return make(
                .conditional(
                    expression(.bool, depth - 1), then: expression(kind, depth - 1),
                    otherwise: random.chance(75) ? expression(kind, depth - 1) : nil))
        }
    }

    // MARK: - Predicates

    private mutating func predicate(_ depth: Int) -> Syntax {
        switch random.below(24) {
        case 0, 1: return make(.and((0...1 + random.below(2)).map { _ in expression(.bool, depth - 1) }))
        case 2, 3: return make(.or((0...1 + random.below(2)).map { _ in expression(.bool, depth - 1) }))
        case 4: return make(.not(expression(.bool, depth - 1)))
        case 5...9:
            let kind = random.pick(Kind.allCases)
            let comparison = kind == .bool ? random.pick([.equal, .notEqual]) : random.pick(Comparison.allCases)
            return make(.compare(comparison, expression(kind, depth - 1), expression(kind, depth - 1)))
        case 10:
            let kind = random.pick([Kind.number, .text, .date, .timestamp])
            return make(.between(expression(kind, depth - 1), expression(kind, depth - 1), expression(kind, depth - 1)))
        case 11: return make(.isNull(expression(random.pick(Kind.allCases), depth - 1)))
        case 12:
            return make(
                .call(random.pick(["present", "missing"]), [expression(random.pick(Kind.allCases), depth - 1)]))
        case 13, 14: return membership(depth)
        case 15: return codelist(depth)
        case 16:
            guard hasPeriod else { return codelist(depth) }
            return make(.member(expression(.date, depth - 1), of: .period))
        case 17, 18: return make(.matches(expression(.text, depth - 1), pattern: pattern(2)))
        case 19:
            return make(
                .call(
                    random.pick(["startswith", "endswith", "contains"]),
                    [expression(.text, depth - 1), expression(.text, depth - 1)]))
        case 20: return make(.call(random.pick(["idcard18_valid", "uscc_valid"]), [digits(depth)]))
        case 21, 22: return aggregate(.bool, depth) ?? leaf(.bool)
        default: return leaf(.bool)
        }
    }

    /// The columns and texts of case numbers and identity numbers, more often than not.
    private mutating func digits(_ depth: Int) -> Syntax {
        // A code is seldom an error unless it comes from a row that is there twice.
        if focus == .code, random.chance(30), let related = related(.text) { return related }
        if random.chance(focus == .code ? 30 : 70) { return make(.name(random.pick(["t2", "t3"]))) }
        return expression(.text, depth - 1)
    }

    private mutating func membership(_ depth: Int) -> Syntax {
        let kind = random.pick([Kind.number, .text, .date, .bool, .number])
        let type: ValueType = random.pick([.int, .decimal(precision: 9, scale: 3), .decimal(precision: 30, scale: 12)])
        let literals = (0...random.below(4)).map { _ -> Syntax in
            let made = kind == .number ? numberLiteral(type) : literal(kind)
            return made.kind == .null ? make(.bool(true)) : made
        }
        return make(.member(expression(kind, depth - 1), of: .literals(literals)))
    }

    private mutating func codelist(_ depth: Int) -> Syntax {
        let list = schema.codelists[random.pick(["flat", "tree", "dates", "types"])]
        guard let list else { return leaf(.bool) }
        let by = random.chance(60) ? expression(.date, depth - 1) : nil
        let under = list.isTree && random.chance(60) ? random.pick(list.entries).code : nil
        return make(
            .member(
                expression(.text, random.chance(70) ? 0 : depth - 1),
                of: .codelist(random.chance(50) ? list.name : list.title, by: by, under: under)))
    }

    private mutating func aggregate(_ kind: Kind, _ depth: Int) -> Syntax? {
        guard outer == nil, let relation = table.relations.randomElement(using: &random),
            let related = schema.table(relation.table)
        else { return nil }
        var condition: Syntax?
        if random.chance(55) {
            var inner = self
            inner = ExpressionGenerator(
                random: random, schema: schema, table: related, lets: [:], outer: table, values: values,
                hasPeriod: hasPeriod, focus: focus)
            condition = inner.expression(.bool, min(2, depth - 1))
            random = inner.random
            values = inner.values
        }
        let name = nameOf(relation)
        if kind == .bool {
            return make(.aggregate(.exists, relation: name, column: nil, condition: condition))
        }
        if kind == .number, random.chance(40) {
            return make(.aggregate(.count, relation: name, column: nil, condition: condition))
        }
        guard let column = columns(related, kind).randomElement(using: &random) else { return nil }
        var canSum = kind == .number
        // No more rows than two digits count.
        let function: AggregateFunction = canSum ? random.pick([.sum, .min, .max]) : random.pick([.min, .max])
        return make(.aggregate(function, relation: name, column: nameOf(column), condition: condition))
    }

    // MARK: - Values

    private mutating func number(_ depth: Int) -> Syntax {
        let places = "\(random.below(8) - 2)"
        switch random.below(20) {
        case 0...4:
            return make(
                .arithmetic(
                    random.pick([.add, .subtract, .multiply]), expression(.number, depth - 1),
                    expression(.number, depth - 1)))
        case 5:
            let operand = expression(.number, depth - 1)
            if case .number = operand.kind { return operand }
            return make(.negate(operand))
        case 6: return make(.call("abs", [expression(.number, depth - 1)]))
        case 7: return make(.call("sign", [expression(.number, depth - 1)]))
        case 8: return make(.call("mod", [expression(.number, depth - 1), expression(.number, depth - 1)]))
        case 9, 10: return make(.call("round", [expression(.number, depth - 1), make(.number(places))]))
        case 11:
            return make(.call("div", [expression(.number, depth - 1), expression(.number, depth - 1), small(0..<6)]))
        case 12: return make(.call("len", [expression(.text, depth - 1)]))
        case 13: return make(.call("int", [expression(.text, depth - 1)]))
        case 14:
            let precision = random.pick([1, 3, 5, 18, 19, 38])
            let scale = random.pick([0, 1, precision])
            return make(
                .call("dec", [expression(.text, depth - 1), make(.number("\(precision)")), make(.number("\(scale)"))]))
        case 15: return make(.call(random.pick(["year", "month", "day"]), [expression(.date, depth - 1)]))
        case 16:
            return make(
                .call(random.pick(["days", "workdays"]), [expression(.date, depth - 1), expression(.date, depth - 1)]))
        case 17, 18: return make(.call("caseno", [digits(depth), make(.string(random.pick(["year", "number"])))]))
        default: return aggregate(.number, depth) ?? leaf(.number)
        }
    }

    private mutating func text(_ depth: Int) -> Syntax {
        switch random.below(12) {
        case 0, 1: return make(.arithmetic(.concatenate, expression(.text, depth - 1), expression(.text, depth - 1)))
        case 2, 3: return make(.call(random.pick(["left", "right"]), [expression(.text, depth - 1), length(depth)]))
        case 4: return make(.call("mid", [expression(.text, depth - 1), length(depth), length(depth)]))
        case 5: return make(.call("strip", [expression(.text, depth - 1)]))
        case 6: return make(.call("strip", [expression(.text, depth - 1), make(.string("cjk"))]))
        case 7: return make(.call(random.pick(["upper", "lower"]), [expression(.text, depth - 1)]))
        case 8, 9:
            return make(
                .call(
                    "caseno",
                    [digits(depth), make(.string(random.pick(["court", "type", "special", "suffix", "style"])))]))
        case 10: return aggregate(.text, depth) ?? leaf(.text)
        default: return leaf(.text)
        }
    }

    /// A whole number: most often a small one, sometimes any.
    private mutating func length(_ depth: Int) -> Syntax {
        switch random.below(5) {
        case 0: make(.name(random.pick(["i0", "i1"])))
        case 1: make(.call("len", [expression(.text, depth - 1)]))
        case 2: make(.arithmetic(.subtract, small(0..<3), small(0..<3)))
        default: small(0..<4)
        }
    }

    private mutating func date(_ depth: Int) -> Syntax {
        switch random.below(8) {
        case 0, 1:
            let shift =
                random.chance(70)
                ? make(
                    .number(
                        random.pick(["0", "1", "-1", "12", "11", "-13", "2000", "-2000", "120000", "999999999999"])))
                : length(depth)
            return make(.call(random.pick(["addmonths", "addyears"]), [expression(.date, depth - 1), shift]))
        case 2: return make(.call("date", [expression(.text, depth - 1)]))
        case 3, 4: return make(.call("date", [expression(.timestamp, depth - 1)]))
        case 5: return aggregate(.date, depth) ?? leaf(.date)
        default: return leaf(.date)
        }
    }

    // MARK: - Patterns

    private static let atoms = [
        "a", "b", "A", "案", "é", "\u{301}", "[0-9]", "[^0-9]", "[一-龥]", "[^a]", "[a-zA-Z]", "\\.", "\\-", "\\[", "\\\\",
        "[（(]", "[）)]",
        " ", "\n", "\r", "[\r\n]", "\u{1F600}", "[\u{10000}-\u{10FFFF}]", "[ab]", "1", "2024", "豫", "民初", "号",
        "[^\u{3000}]", "[\\-a]", "\\{", "'", "[0-9X]", "%", "_",
    ]

    private mutating func pattern(_ depth: Int) -> String {
        switch random.below(depth > 0 ? 9 : 2) {
        case 0, 1: return random.pick(Self.atoms)
        case 2: return pattern(depth - 1) + pattern(depth - 1)
        case 3: return pattern(depth - 1) + "|" + pattern(depth - 1)
        case 4:
            return "(" + pattern(depth - 1) + ")"
                + random.pick(["?", "*", "+", "{2}", "{1,}", "{0,3}", "{0}", "{18}", "{2,255}"])
        case 5:
            return random.pick(Self.atoms.filter { $0.unicodeScalars.count == 1 || $0.hasPrefix("[") })
                + random.pick(["?", "*", "+", "{2}", "{0,2}"])
        case 6: return "[^x]*" + random.pick(Self.atoms)
        case 7:
            return random.pick([
                "（(19|20)[0-9]{2}）[一-龥]([0-9]{4}|[0-9]{2})?[一-龥]{1,4}[1-9][0-9]{0,6}号", "[0-9]{17}[0-9X]",
                "[0-9]{4}-[0-9]{2}-[0-9]{2}",
                "([^a]|a)*", "(a|ab)*b?", "[^\u{1}]*",
            ])
        default: return "(" + pattern(depth - 1) + ")"
        }
    }
}
