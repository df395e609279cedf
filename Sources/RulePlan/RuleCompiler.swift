import Columnar
public import Diagnostics
public import RuleLanguage
public import Schema

/// Rules as written → plans per table. Every rule that is wrong yields a located diagnostic and is left out.
public struct RuleCompiler {
    private let schema: StandardSchema
    private let rules: RuleSet
    private let courts: [String]
    public private(set) var diagnostics: [Diagnostic] = []
    /// One per table, in the order of the schema; also for tables without rules.
    public private(set) var tables: [TablePlan] = []

    /// Compiles every row rule; rules of forms are FormEngine's.
    ///
    /// - Parameter courts: rules apply to rows of these courts alone, in tables that say whose row it is; empty: to all.
    public init(schema: StandardSchema, rules: RuleSet, courts: [String] = []) {
        self.schema = schema
        self.rules = rules
        self.courts = courts
        checkNames()
        checkLets()
        for table in schema.tables { compile(table) }
    }

    private mutating func report(_ error: LanguageError, _ rule: RuleDefinition) {
        for var diagnostic in error.diagnostics {
            diagnostic.location = diagnostic.location ?? rule.location
            diagnostic.message.en = "rule \(rule.id): " + diagnostic.message.en
            diagnostic.message.zh = "规则 \(rule.id)：" + diagnostic.message.zh
            add(diagnostic)
        }
    }

    /// What is wrong with a let or a default is told once, not for every rule that uses it.
    private mutating func add(_ diagnostic: Diagnostic) {
        let isKnown = diagnostics.contains { known in
            known.code == diagnostic.code && known.location == diagnostic.location && known.location != nil
        }
        if !isKnown { diagnostics.append(diagnostic) }
    }

    private mutating func checkNames() {
        for rule in rules.rules where rule.forms.isEmpty {
            guard let name = rule.table, schema.table(name) == nil, !schema.unreadable.contains(name) else { continue }
            diagnostics.append(
                Diagnostic(
                    code: "unknown-table",
                    LocalizedText(en: "rule \(rule.id): there is no table '\(name)'", zh: "规则 \(rule.id)：没有表“\(name)”"),
                    at: rule.location,
                    hint: Suggestion.didYouMean(name, among: schema.tables.flatMap { [$0.title, $0.name] })))
        }
    }

    /// A let that no rule uses is checked too.
    private mutating func checkLets() {
        for definition in rules.lets {
            guard let table = schema.table(definition.table) else {
                diagnostics.append(
                    Diagnostic(
                        code: "unknown-table",
                        LocalizedText(
                            en: "let \(definition.name): there is no table '\(definition.table)'",
                            zh: "let \(definition.name)：没有表“\(definition.table)”"),
                        at: definition.expression.location))
                continue
            }
            do {
                _ = try checker(table, file: definition.file).check(definition.expression)
            } catch {
                for diagnostic in error.diagnostics { add(diagnostic) }
            }
        }
    }

    private func checker(_ table: TableDefinition, file: String?) -> TypeChecker {
        TypeChecker(
            schema: schema, table: table, lets: rules.lets.filter { file == nil || $0.file == file },
            lacksLets: file.map(rules.filesLackingLets.contains) ?? false)
    }

    private mutating func compile(_ table: TableDefinition) {
        var plan = TablePlan(table: table)
        for (position, rule) in rules.rules.enumerated() where rule.forms.isEmpty {
            guard let name = rule.table, schema.table(name)?.name == table.name else { continue }
            do {
                if let compiled = try compile(rule, at: position, table, &plan) { plan.rules.append(compiled) }
            } catch {
                report(error, rule)
            }
        }
        if let (court, related) = court(of: table) {
            plan.court = plan.expressions.add(court)
            plan.courtTable = related
        }
        tables.append(plan)
    }

    /// A row's court, and the table where it stands when that is another; nil where no column says so.
    private func court(of table: TableDefinition) -> (TypedExpression, table: String?)? {
        guard let path = table.courtPath else { return nil }
        let parts = path.split(separator: ".").map(String.init)
        if parts.count == 2, let relation = table.relation(parts[0]),
            let index = table.relations.firstIndex(of: relation), let related = schema.table(relation.table),
            let column = related.columnIndex(parts[1])
        {
            let type = ExpressionType(related.columns[column].type.kind)
            return (TypedExpression(.related(relation: index, column: column), type), related.name)
        }
        guard let column = table.columnIndex(path) else { return nil }
        return (TypedExpression(.column(column), ExpressionType(table.columns[column].type.kind)), nil)
    }

    /// What restricts rules to the chosen courts; a row without a court is of none of them.
    private func isOfChosenCourt(_ table: TableDefinition) -> TypedExpression? {
        guard !courts.isEmpty, let (court, _) = court(of: table), court.type == .text else { return nil }
        let isMember = TypedExpression(.memberOf(.texts(courts.map { ExactText($0) }), court), .bool)
        return .apply(.coalesce, [isMember, TypedExpression(.bool(false), .bool)], .bool)
    }

    /// What a rule asks, typed, its steps not yet in the plan.
    private enum Question {
        case check(TypedExpression)
        case share(TypedExpression, Comparison, limit: Int128, scale: Int)
        case columns(CompiledRule.Judgement)
        /// Of a form: FormEngine's.
        case none
    }

    /// Throws all that is wrong with the rule.
    private func compile(
        _ rule: RuleDefinition, at position: Int, _ table: TableDefinition, _ plan: inout TablePlan
    ) throws(LanguageError) -> CompiledRule? {
        let checker = checker(table, file: rule.location?.file)
        var problems: [Diagnostic] = []
        var when: TypedExpression?
        var question = Question.none
        var message: MessageTemplate?
        do {
            when = try rule.when.map { text throws(LanguageError) in try checker.checkPredicate(text) }
        } catch {
            problems += error.diagnostics
        }
        do {
            question = try self.question(rule, checker, table)
        } catch {
            problems += error.diagnostics
        }
        do {
            message = try rule.message.map { text throws(LanguageError) in try template(text, checker, table, &plan) }
        } catch {
            problems += error.diagnostics
        }
        if let error = LanguageError(problems) { throw error }
        if let isOfChosenCourt = isOfChosenCourt(table) {
            when = when.map { .apply(.and, [isOfChosenCourt, $0], .bool) } ?? isOfChosenCourt
        }

        var parts: [TypedExpression] = when.map { [$0] } ?? []
        let judgement: CompiledRule.Judgement
        switch question {
        case .check(var outcome):
            if let when { outcome = .apply(.or, [.apply(.not, [when], .bool), outcome], .bool) }
            outcome = outcome.folded
            parts.append(outcome)
            judgement = .check(plan.expressions.add(outcome))
        case .share(let predicate, let comparison, let limit, let scale):
            parts.append(predicate)
            judgement = .share(
                predicate: plan.expressions.add(predicate.folded), comparison: comparison, limit: limit, scale: scale)
        case .columns(let columns): judgement = columns
        case .none: return nil
        }
        let related = relatedTables(parts, table)
        if rule.action == .reject {
            guard case .check = judgement, related.isEmpty else { throw Self.rejectNeedsRow(rule) }
        }
        return CompiledRule(
            position: position, definition: rule, judgement: judgement,
            when: when.map { plan.expressions.add($0.folded) },
            message: message, needsPeriod: parts.contains(where: \.needsPeriod), relatedTables: related)
    }

    /// A row is rejected while it passes by, when other rows and tables are not known yet.
    private static func rejectNeedsRow(_ rule: RuleDefinition) -> LanguageError {
        LanguageError(
            Diagnostic(
                code: "reject-needs-row",
                LocalizedText(
                    en: "'action: reject' is for rules that a row breaks by itself; this one needs other rows",
                    zh: "“action: reject”只能用于单凭本行即可判定的规则，而本规则需要其他行"),
                at: rule.location,
                hint: LocalizedText(
                    en: "use 'action: report': qc finds such rows after the load",
                    zh: "请改用“action: report”：入库后由 qc 检出")))
    }

    private func question(
        _ rule: RuleDefinition, _ checker: TypeChecker, _ table: TableDefinition
    ) throws(LanguageError) -> Question {
        switch rule.body {
        case .check(let text): return .check(try checker.checkPredicate(text))
        case .unique(let names): return .columns(.unique(try columns(names, table, rule)))
        case .depends(let from, let to):
            return .columns(.depends(from: try columns(from, table, rule), to: try columns(to, table, rule)))
        case .share(let text):
            let share = try Parser.parseShare(text)
            let predicate = try checker.checkPredicate(share.predicate, in: text)
            let digits = share.limit.utf8.filter { $0 != 46 }
            let decimals = share.limit.utf8.firstIndex(of: 46).map {
                share.limit.utf8.distance(from: $0, to: share.limit.utf8.endIndex) - 1
            }
            guard digits.count <= 18 else {
                throw LanguageError(
                    Diagnostic(
                        code: "too-many-digits", LocalizedText(en: "the limit has too many digits", zh: "界限的位数过多"),
                        at: text.location))
            }
            let limit = digits.reduce(Int128(0)) { $0 * 10 + Int128($1 - 48) }
            return .share(
                predicate, share.comparison, limit: limit, scale: (decimals ?? 0) + (share.isPercent ? 2 : 0))
        case .formCheck, .rollup: return .none
        }
    }

    private func columns(
        _ names: [String], _ table: TableDefinition, _ rule: RuleDefinition
    ) throws(LanguageError) -> [Int] {
        var result: [Int] = []
        for name in names {
            guard let index = table.columnIndex(name) else {
                throw LanguageError(
                    Diagnostic(
                        code: "unknown-name",
                        LocalizedText(
                            en: "table '\(table.title)' has no column '\(name)'", zh: "表“\(table.title)”没有列“\(name)”"),
                        at: rule.location,
                        hint: Suggestion.didYouMean(name, among: table.columns.flatMap { [$0.title, $0.name] })))
            }
            result.append(index)
        }
        return result
    }

    private func relatedTables(_ parts: [TypedExpression], _ table: TableDefinition) -> [String] {
        var names: Set<String> = []
        for part in parts {
            _ = part.contains { node in
                switch node {
                case .related(let relation, _): names.insert(table.relations[relation].table)
                case .aggregate(let aggregate): names.insert(table.relations[aggregate.relation].table)
                default: break
                }
                return false
            }
        }
        return names.sorted()
    }

    private func template(
        _ text: ExpressionText, _ checker: TypeChecker, _ table: TableDefinition, _ plan: inout TablePlan
    ) throws(LanguageError) -> MessageTemplate {
        var parts: [MessageTemplate.Part] = []
        var problems: [Diagnostic] = []
        var literal = String.UnicodeScalarView()
        let scalars = Array(text.text.unicodeScalars)
        var index = 0
        while index < scalars.count {
            guard scalars[index] == "{" else {
                literal.append(scalars[index])
                index += 1
                continue
            }
            guard let close = scalars[index...].firstIndex(of: "}") else {
                problems.append(
                    Diagnostic(
                        code: "unclosed-brace", LocalizedText(en: "a '{' is not closed", zh: "“{”没有闭合"),
                        at: text.location(of: index, length: scalars.count - index)))
                break
            }
            if !literal.isEmpty { parts.append(.literal(String(literal))) }
            literal = .init()
            var inside = String.UnicodeScalarView()
            inside.append(contentsOf: scalars[index + 1..<close])
            let name = String(inside)
            if let column = table.columnIndex(name) {
                parts.append(.column(column))
            } else {
                do {
                    let place = text.location(of: index + 1, length: close - index - 1)
                    let value = try checker.check(ExpressionText(name, at: place))
                    parts.append(.step(plan.expressions.add(value.folded), personal(value, table)))
                } catch {
                    problems += error.diagnostics
                }
            }
            index = close + 1
        }
        if let error = LanguageError(problems) { throw error }
        if !literal.isEmpty { parts.append(.literal(String(literal))) }
        return MessageTemplate(parts: parts)
    }

    /// A value that is made of personal ones is personal.
    private func personal(_ value: TypedExpression, _ table: TableDefinition) -> PersonalKind? {
        switch value.node {
        case .column(let column): return table.columns[column].personal
        case .related(let relation, let column):
            return schema.table(table.relations[relation].table)?.columns[column].personal
        case .aggregate(let aggregate):
            let related = schema.table(table.relations[aggregate.relation].table)
            return aggregate.column.flatMap { related?.columns[$0].personal }
        default:
            for operand in value.operands {
                if let kind = personal(operand, table) { return kind }
            }
            return nil
        }
    }
}
