import Columnar
public import Diagnostics
public import RuleLanguage
public import Schema

/// Rules as written → plans per table. Every rule that is wrong yields a located diagnostic and is left out.
public struct RuleCompiler {
    private let schema: StandardSchema
    private let rules: RuleSet
    public private(set) var diagnostics: [Diagnostic] = []
    /// One per table, in the order of the schema; also for tables without rules.
    public private(set) var tables: [TablePlan] = []

    /// Compiles every row rule; rules of forms are FormEngine's.
    public init(schema: StandardSchema, rules: RuleSet) {
        self.schema = schema
        self.rules = rules
        checkNames()
        checkLets()
        for table in schema.tables { compile(table) }
    }

    private mutating func report(_ error: LanguageError, _ rule: RuleDefinition) {
        var diagnostic = error.diagnostic
        diagnostic.location = diagnostic.location ?? rule.location
        diagnostic.message.en = "rule \(rule.id): " + diagnostic.message.en
        diagnostic.message.zh = "规则 \(rule.id)：" + diagnostic.message.zh
        diagnostics.append(diagnostic)
    }

    private mutating func checkNames() {
        for rule in rules.rules where rule.forms.isEmpty {
            guard let name = rule.table, schema.table(name) == nil else { continue }
            let near = Suggestion.nearest(to: name, among: schema.tables.flatMap { [$0.title, $0.name] })
            diagnostics.append(
                Diagnostic(
                    code: "unknown-table",
                    LocalizedText(en: "rule \(rule.id): there is no table '\(name)'", zh: "规则 \(rule.id)：没有表“\(name)”"),
                    at: rule.location,
                    hint: near.map { LocalizedText(en: "did you mean '\($0)'?", zh: "是否为“\($0)”？") }))
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
            let visible = rules.lets.filter { $0.file == definition.file }
            do {
                _ = try TypeChecker(schema: schema, table: table, lets: visible).check(definition.expression)
            } catch {
                diagnostics.append(error.diagnostic)
            }
        }
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
        if let path = table.courtPath {
            let parts = path.split(separator: ".").map(String.init)
            if parts.count == 2, let relation = table.relation(parts[0]),
                let index = table.relations.firstIndex(of: relation), let related = schema.table(relation.table),
                let column = related.columnIndex(parts[1])
            {
                let type = ExpressionType(related.columns[column].type.kind)
                plan.court = plan.expressions.add(TypedExpression(.related(relation: index, column: column), type))
                plan.courtTable = related.name
            } else if let column = table.columnIndex(path) {
                let type = ExpressionType(table.columns[column].type.kind)
                plan.court = plan.expressions.add(TypedExpression(.column(column), type))
            }
        }
        tables.append(plan)
    }

    private func compile(
        _ rule: RuleDefinition, at position: Int, _ table: TableDefinition, _ plan: inout TablePlan
    ) throws(LanguageError) -> CompiledRule? {
        let file = rule.location?.file
        let lets = rules.lets.filter { file == nil || $0.file == file }
        let checker = TypeChecker(schema: schema, table: table, lets: lets)
        let when = try rule.when.map { text throws(LanguageError) in try checker.checkPredicate(text) }
        var parts: [TypedExpression] = when.map { [$0] } ?? []
        let judgement: CompiledRule.Judgement
        switch rule.body {
        case .check(let text):
            var outcome = try checker.checkPredicate(text)
            if let when { outcome = .apply(.or, [.apply(.not, [when], .bool), outcome], .bool) }
            parts.append(outcome)
            judgement = .check(plan.expressions.add(outcome))
        case .unique(let names):
            judgement = .unique(try columns(names, table, rule))
        case .depends(let from, let to):
            judgement = .depends(from: try columns(from, table, rule), to: try columns(to, table, rule))
        case .share(let text):
            let share = try Parser.parseShare(text)
            let predicate = try checker.checkPredicate(share.predicate, in: text)
            parts.append(predicate)
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
            judgement = .share(
                predicate: plan.expressions.add(predicate), comparison: share.comparison, limit: limit,
                scale: (decimals ?? 0) + (share.isPercent ? 2 : 0))
        case .formCheck, .rollup: return nil
        }
        let message = try rule.message.map { text throws(LanguageError) in try template(text, checker, table, &plan) }
        return CompiledRule(
            position: position, definition: rule, judgement: judgement, when: when.map { plan.expressions.add($0) },
            message: message, needsPeriod: parts.contains(where: \.needsPeriod),
            relatedTables: relatedTables(parts, table))
    }

    private func columns(
        _ names: [String], _ table: TableDefinition, _ rule: RuleDefinition
    ) throws(LanguageError) -> [Int] {
        var result: [Int] = []
        for name in names {
            guard let index = table.columnIndex(name) else {
                let near = Suggestion.nearest(to: name, among: table.columns.flatMap { [$0.title, $0.name] })
                throw LanguageError(
                    Diagnostic(
                        code: "unknown-name",
                        LocalizedText(
                            en: "table '\(table.title)' has no column '\(name)'", zh: "表“\(table.title)”没有列“\(name)”"),
                        at: rule.location,
                        hint: near.map { LocalizedText(en: "did you mean '\($0)'?", zh: "是否为“\($0)”？") }))
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
        var rest = text.text[...]
        while let open = rest.firstIndex(of: "{") {
            if open > rest.startIndex { parts.append(.literal(String(rest[..<open]))) }
            guard let close = rest[open...].firstIndex(of: "}") else {
                throw LanguageError(
                    Diagnostic(
                        code: "unclosed-brace", LocalizedText(en: "a '{' is not closed", zh: "“{”没有闭合"),
                        at: text.location))
            }
            let name = String(rest[rest.index(after: open)..<close])
            rest = rest[rest.index(after: close)...]
            if let column = table.columnIndex(name) {
                parts.append(.column(column))
                continue
            }
            let value = try checker.check(ExpressionText(name, at: text.location))
            parts.append(.step(plan.expressions.add(value), personal(value, table)))
        }
        if !rest.isEmpty { parts.append(.literal(String(rest))) }
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
