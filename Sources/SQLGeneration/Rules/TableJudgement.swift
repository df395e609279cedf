import Columnar
public import CourtModel
import RuleLanguage
public import RulePlan
public import Schema

/// All rules of one table as statements: one scan that packs the outcomes of every row and groups rows by them, and one
/// that tells about the rows in which some rule found a violation.
public struct TableJudgement {
    /// Where the outcomes of a rule lie.
    public struct Places: Sendable {
        public var outcome: Int
        /// True where the rule applies; nil where it applies to every row.
        public var applicable: Int?
    }

    /// A value beside a row in `findings`.
    public enum Detail: Sendable, Hashable {
        /// A column as it stands in the table, by index.
        case text(Int)
        /// A step of the plan as text.
        case step(Int)
        /// Whether a cell, by column, is no value of its type.
        case wrong(Int)
    }

    public let rules: [CompiledRule]
    public let places: [Places]
    public let words: OutcomeWords
    private let plan: TablePlan
    private let tables: [String: ServerTable]
    private let own: ServerTable
    private let schema: StandardSchema
    private let period: StatisticalPeriod?

    /// - Parameters:
    ///   - rules: those of the plan that can run.
    ///   - tables: by code; the plan's own and all that the rules reach.
    public init?(
        _ plan: TablePlan, rules: [CompiledRule], tables: [String: ServerTable], schema: StandardSchema,
        period: StatisticalPeriod?
    ) {
        guard let own = tables[plan.table.name] else { return nil }
        self.plan = plan
        self.rules = rules
        self.tables = tables
        self.own = own
        self.schema = schema
        self.period = period
        var next = 0
        places = rules.map { rule in
            var places = Places(outcome: next)
            next += 1
            if rule.when != nil || rule.isUnique {
                places.applicable = next
                next += 1
            }
            return places
        }
        words = OutcomeWords(count: next)
    }

    private func rows(
        _ rules: [CompiledRule], steps: [Int] = [], several: RelatedRows.Several = .each
    ) -> RelatedRows {
        RelatedRows(
            plan, own, plan.reads(of: rules, steps: steps), several: several, tables: tables, schema: schema,
            period: period)
    }

    private func terms(_ roots: [Int], _ rows: RelatedRows) -> RowTerms {
        RowTerms(plan.expressions, roots: roots, leaves: rows.leaves, schema: schema, period: period)
    }

    // MARK: - Outcomes

    /// Columns `m0`, `m1`, …: packed outcomes; `k`: the row, where a rule that gives findings is false; `n`: how many rows.
    public var outcomes: SQLSelect {
        let rows = rows(rules)
        var roots: [Int] = []
        for rule in rules {
            roots += (rule.when.map { [$0, $0] } ?? []) + (rule.step.map { [$0] } ?? [])
        }
        let terms = terms(roots, rows)
        let judged = rules.enumerated().flatMap { judge($0.offset, $0.element, terms) }
        let base = terms.rows(from: rows.base(more: rules.enumerated().compactMap { groupJoin($0.offset, $0.element) }))
        let canBeError = judged.contains { $0.error != nil }
        let row = SQLExpression.column(ServerTable.rowColumn, of: RowTerms.alias)
        let rowColumn = SQLSelect.Column(row, as: ServerTable.rowColumn)
        // Computed under names of their own: a code asks for a value more than once.
        let outcomes = SQLSelect(
            [rowColumn] + judged.enumerated().flatMap { place, judged in judged.columns(at: place) },
            from: .query(base, alias: RowTerms.alias), isFenced: true)
        let named = judged.enumerated().map { place, judged in judged.named(at: place) }
        let source = SQLSelect.Source.query(outcomes, alias: RowTerms.alias)
        let packed: SQLSelect
        if rows.canRepeat {
            let each = SQLSelect(
                [rowColumn]
                    + named.enumerated().map {
                        .init(code($0.element, at: 0, mapping: .undecided), as: "o\($0.offset)")
                    }, from: source)
            let worst = judged.indices.map {
                SQLExpression.aggregate("max", .column("o\($0)", of: RowTerms.alias), where: nil)
            }
            let codes = judged.enumerated().map { place, term in
                SQLExpression.choice(
                    worst[place],
                    [
                        .init(.number("0"), OutcomeWords.shifted(.isTrue, place)),
                        .init(.number("1"), OutcomeWords.shifted(term.undecided, place)),
                        .init(.number("2"), OutcomeWords.shifted(.error, place)),
                    ], otherwise: OutcomeWords.shifted(.isFalse, place))
            }
            packed = SQLSelect(
                [rowColumn] + pack(codes), from: .query(each, alias: RowTerms.alias), groupBy: [row], isFenced: true)
        } else {
            let codes = named.enumerated().map { code($0.element, at: $0.offset, mapping: $0.element.undecided) }
            packed = SQLSelect([rowColumn] + pack(codes), from: source, isFenced: true)
        }
        let finding = zip(rules, places).filter { !$0.0.isShare }.map(\.1.outcome)
        let isFound = OutcomeWords.isFalse(finding, canBeError: canBeError, of: RowTerms.alias)
        let wordColumns = (0..<words.wordCount).map {
            SQLSelect.Column(.column(OutcomeWords.name($0), of: RowTerms.alias), as: OutcomeWords.name($0))
        }
        let keyed = SQLSelect(
            wordColumns + [.init(finding.isEmpty ? .null(.tid) : .when(isFound, row), as: "k")],
            from: .query(packed, alias: RowTerms.alias))
        let groups = wordColumns.map(\.expression) + [.column("k", of: RowTerms.alias)]
        return SQLSelect(
            wordColumns + [
                .init(.column("k", of: RowTerms.alias), as: "k"), .init(.countRows(where: nil), as: "n"),
            ], from: .query(keyed, alias: RowTerms.alias), groupBy: groups)
    }

    /// A predicate whose outcome is packed.
    private struct Judged {
        var value: SQLExpression
        var error: SQLExpression?
        /// What the rule makes of undecided.
        var undecided: Outcome = .undecided

        func columns(at place: Int) -> [SQLSelect.Column] {
            [.init(value, as: "o\(place)")] + (error.map { [.init($0, as: "e\(place)")] } ?? [])
        }

        /// As `columns` name it.
        func named(at place: Int) -> Judged {
            var named = self
            named.value = .column("o\(place)", of: RowTerms.alias)
            named.error = error.map { _ in .column("e\(place)", of: RowTerms.alias) }
            return named
        }
    }

    private func judge(_ index: Int, _ rule: CompiledRule, _ terms: RowTerms) -> [Judged] {
        let undecided: Outcome =
            switch rule.definition.nullPolicy {
            case .undecided: .undecided
            case .fail: rule.isShare ? .undecided : .isFalse
            case .pass: rule.isShare ? .undecided : .isTrue
            }
        let when = rule.when.map { terms.term($0) }
        var applies = when.map { [SQLExpression.truth($0.value, "IS TRUE")] } ?? []
        var outcome: SQLTerm
        switch rule.judgement {
        case .check(let step), .share(let step, _, _, _): outcome = terms.term(step)
        case .unique(let parts), .depends(from: let parts, _):
            let keys = parts.map { own.term($0) }
            let isComplete = SQLExpression.and(keys.map { .isNotNull($0.value) })
            if rule.isUnique { applies.append(isComplete) }
            let isFound = SQLExpression.isNotNull(groupKey(index, 0, of: RowTerms.alias))
            var others: [SQLTerm] = []
            if case .depends(_, let to) = rule.judgement { others = to.map { own.term($0) } }
            outcome = SQLTerm(
                value: .cases(
                    (others.error.map { [.init($0, .null(.boolean))] } ?? []) + [
                        .init(isFound, .bool(false)), .init(isComplete, .bool(true)),
                    ], otherwise: nil), error: (keys + others).error, type: .boolean)
            if let when { outcome = terms.connect(.or, [terms.connect(.not, [when]), outcome]) }
        }
        let judged = Judged(value: outcome.value, error: outcome.error, undecided: undecided)
        return [judged] + (applies.isEmpty ? [] : [Judged(value: .and(applies))])
    }

    private func code(_ judged: Judged, at place: Int, mapping undecided: Outcome) -> SQLExpression {
        .cases(
            [
                .init(judged.value, OutcomeWords.shifted(.isTrue, place)),
                .init(.not(judged.value), OutcomeWords.shifted(.isFalse, place)),
            ] + (judged.error.map { [.init($0, OutcomeWords.shifted(.error, place))] } ?? []),
            otherwise: OutcomeWords.shifted(undecided, place))
    }

    private func pack(_ codes: [SQLExpression]) -> [SQLSelect.Column] {
        (0..<words.wordCount).map { word in
            let own = codes.enumerated().filter { $0.offset / OutcomeWords.perWord == word }.map(\.element)
            return .init(own.count == 1 ? own[0] : .infix("|", own), as: OutcomeWords.name(word))
        }
    }

    // MARK: - Groups

    private func groupKey(_ index: Int, _ part: Int, of alias: String) -> SQLExpression {
        .column("sitong_g\(index)_\(part)", of: alias)
    }

    /// The groups that break a `unique` or `depends` rule, joined to the rows of the table by their key.
    private func groupJoin(
        _ index: Int, _ rule: CompiledRule
    ) -> (source: SQLSelect, alias: String, on: SQLExpression, columns: [SQLSelect.Column])? {
        let from: [Int]
        var to: [Int] = []
        switch rule.judgement {
        case .unique(let parts): from = parts
        case .depends(let parts, let others): (from, to) = (parts, others)
        case .check, .share: return nil
        }
        let alias = "g\(index)"
        let keys = from.map { own.term($0) }
        let others = to.map { own.term($0) }
        let members = groupMembers(rule, keys + others)
        let isComplete = SQLExpression.and(
            keys.map { .isNotNull($0.value) } + (others.error.map { [.not($0)] } ?? []))
        let breaks =
            to.isEmpty
            ? SQLExpression.infix(">", [.countRows(where: nil), .number("1")]) : .or(others.map(Self.varies))
        let columns = keys.enumerated().map { place, key in
            SQLSelect.Column(key.value, as: "sitong_g\(index)_\(place)")
        }
        let select = SQLSelect(
            columns, from: .query(members, alias: RowTerms.alias), where: isComplete, groupBy: keys.map(\.value),
            having: breaks)
        let on = SQLExpression.and(
            keys.indices.map { .infix("=", [groupKey(index, $0, of: alias), keys[$0].value]) })
        return (select, alias, on, [.init(groupKey(index, 0, of: alias), as: "sitong_g\(index)_0")])
    }

    /// The rows to which the rule applies.
    private func groupMembers(_ rule: CompiledRule, _ columns: [SQLTerm]) -> SQLSelect {
        let rows = rows([rule])
        guard let when = rule.when else { return rows.base() }
        let terms = terms([when], rows)
        let test = SQLExpression.truth(terms.term(when).value, "IS TRUE")
        let source = SQLSelect.Source.query(terms.rows(from: rows.base()), alias: RowTerms.alias)
        let row = SQLExpression.column(ServerTable.rowColumn, of: RowTerms.alias)
        let names = ([row] + columns.flatMap { [$0.value] + ($0.error.map { [$0] } ?? []) })
        let unique = names.reduce(into: [SQLExpression]()) { if !$0.contains($1) { $0.append($1) } }
        let listed = unique.compactMap { name -> SQLSelect.Column? in
            if case .column(let text, _) = name { .init(name, as: text) } else { nil }
        }
        guard rows.canRepeat else { return SQLSelect(listed, from: source, where: test) }
        return SQLSelect(listed, from: source, groupBy: unique, having: .aggregate("bool_and", test, where: nil))
    }

    /// Whether a column has two values in a group, NULL among them.
    private static func varies(_ term: SQLTerm) -> SQLExpression {
        let value: SQLExpression =
            switch term.type {
            case .boolean: .cast(term.value, .integer)
            case .text: .byBytes(term.value)
            default: term.value
            }
        let given = SQLExpression.aggregate("count", term.value, where: nil)
        return .or([
            .infix("<>", [.aggregate("min", value, where: nil), .aggregate("max", value, where: nil)]),
            .and([
                .infix(">", [given, .number("0")]), .infix("<", [given, .countRows(where: nil)]),
            ]),
        ])
    }

    // MARK: - Details

    /// The rows that `found` names in its column `k`, with their words, then the details; or the rows with a cell that is no
    /// value of its type. They come as they are stored, each under its number where rows are numbered so, else under none.
    ///
    /// - Parameter found: a table made from `outcomes`.
    public func findings(found: SQLIdentifier?, details: [Detail]) -> SQLSelect {
        var steps: [Int] = []
        var texts: Set<Int> = []
        var wrong: Set<Int> = []
        for detail in details {
            switch detail {
            case .text(let column): texts.insert(column)
            case .step(let step): steps.append(step)
            case .wrong(let column): wrong.insert(column)
            }
        }
        var reads = plan.reads(of: [], steps: steps)
        reads.columns.formUnion(wrong)
        let rows = RelatedRows(
            plan, own, reads, several: .first, tables: tables, schema: schema, period: period)
        let terms = terms(steps, rows)
        let values = steps.map { text(terms.term($0), plan.expressions.steps[$0].type) }
        let wordNames = found == nil ? [] : (0..<words.wordCount).map(OutcomeWords.name)
        let only = found.map { ServerTable.Rows(table: $0, row: "k", columns: wordNames) }
        let base = terms.rows(from: rows.base(texts: texts, only: only))
        let row = SQLExpression.column(ServerTable.rowColumn, of: RowTerms.alias)
        var step = values.makeIterator()
        let told: [SQLSelect.Column] = details.enumerated().map { place, detail in
            let expression: SQLExpression =
                switch detail {
                case .text(let column):
                    .column(ServerTable.textName(plan.table.columns[column].name), of: RowTerms.alias)
                case .step: step.next() ?? .null(.text)
                case .wrong(let column): own.term(column).error ?? .bool(false)
                }
            return .init(expression, as: "d\(place)")
        }
        var source = SQLSelect.Source.query(base, alias: RowTerms.alias)
        var number = SQLExpression.null(.bigint)
        if own.order == .asStored {
            let numbers = SQLSelect(
                [
                    .init(.column("ctid", of: "r"), as: "k"),
                    .init(.rowNumber(by: [.column("ctid", of: "r")]), as: "number"),
                ], from: .table(own.relation, alias: "r"))
            source = .join(
                source, .query(numbers, alias: "r"), on: .infix("=", [.column("k", of: "r"), row]))
            number = .column("number", of: "r")
        }
        let isWrong = SQLExpression.or(wrong.sorted().compactMap { own.term($0).error })
        return SQLSelect(
            [.init(number, as: "number")]
                + wordNames.map { .init(.column($0, of: RowTerms.alias), as: $0) } + told,
            from: source, where: found == nil ? isWrong : nil, orderBy: [row])
    }

    /// A value as messages show it.
    private func text(_ term: SQLTerm, _ type: ExpressionType) -> SQLExpression {
        switch type {
        case .number(_, let scale) where scale > 0 || term.type == .numeric:
            .cast(.call("round", [term.asNumeric, .number("\(scale)")]), .text)
        case .timestamp: .call("to_char", [term.value, .text("YYYY-MM-DD HH24:MI:SS")])
        default: .cast(term.value, .text)
        }
    }

    // MARK: - One rule

    /// The rows that break one rule, as an administrator would ask for them; nil for `share`, which judges no single row.
    public func violations(of rule: CompiledRule) -> SQLSelect? {
        let rows = rows([rule])
        let terms = terms((rule.when.map { [$0] } ?? []) + (rule.step.map { [$0] } ?? []), rows)
        guard let judged = judge(0, rule, terms).first else { return nil }
        let more = groupJoin(0, rule).map { [$0] } ?? []
        let shown = plan.table.key.compactMap { plan.table.columnIndex($0) }
        var reads = rows.reads
        reads.columns.formUnion(shown)
        let wide = RelatedRows(
            plan, own, reads, several: .each, tables: tables, schema: schema, period: period)
        let test: SQLExpression =
            judged.undecided == .isFalse ? .truth(judged.value, "IS NOT TRUE") : .not(judged.value)
        let keys = shown.map { SQLSelect.Column(own.term($0).value, as: plan.table.columns[$0].name) }
        let base = terms.rows(from: wide.base(more: more))
        // A plain scan is shown as one.
        if case .table = base.source, base.columns.dropFirst().allSatisfy({ $0.expression.isLeaf }) {
            return SQLSelect(keys, from: base.source, where: test, orderBy: keys.map(\.expression))
        }
        return SQLSelect(
            keys, from: .query(base, alias: RowTerms.alias), where: test, orderBy: keys.map(\.expression))
    }
}

extension CompiledRule {
    var isShare: Bool { if case .share = judgement { true } else { false } }

    /// Applicable are only its rows with a complete key.
    var isUnique: Bool { if case .unique = judgement { true } else { false } }

    /// The step that is its outcome.
    var step: Int? {
        switch judgement {
        case .check(let step), .share(let step, _, _, _): step
        case .unique, .depends: nil
        }
    }
}
