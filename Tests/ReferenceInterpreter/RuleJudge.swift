public import RuleLanguage
public import Schema

/// How a rule fared: what every engine has to agree on.
public struct Verdict: Sendable, Hashable {
    public var isTrue = 0
    public var isFalse = 0
    public var undecided = 0
    public var error = 0
    public var applicable = 0
    /// Numbers of the rows that are violations, from 1, ascending; for a share that does not hold, 0.
    public var violations: [Int] = []

    public var rowsInScope: Int { isTrue + isFalse + undecided + error }

    public init() {}

    public mutating func count(_ truth: Truth) {
        switch truth {
        case .isTrue: isTrue += 1
        case .isFalse: isFalse += 1
        case .undecided: undecided += 1
        case .error: error += 1
        }
    }
}

/// Judges whole rules (rule-language.md §4).
public struct RuleJudge {
    private let interpreter: Interpreter
    private let lets: [LetDefinition]

    public init(_ interpreter: Interpreter, lets: [LetDefinition]) {
        self.interpreter = interpreter
        self.lets = lets
    }

    private var tables: Tables { interpreter.tables }

    public func judge(_ rule: RuleDefinition) throws -> Verdict {
        guard let table = rule.table.flatMap({ tables.schema.table($0) }) else { throw Unreadable(what: rule.id) }
        let resolver = Resolver(schema: tables.schema, table: table, lets: lets)
        let when = try rule.when.map { try resolver.resolve($0) }
        let rows = Array((tables.values[table.name] ?? []).indices)
        // For each row, with each combination of related rows.
        let whensOfEach = rows.map { row in when.map { self.outcomes(of: $0, table, row) } ?? [.isTrue] }
        let whens = whensOfEach.map(Truth.worst)
        /// A rule on groups, judged with each combination like any other.
        func judged(_ holds: [Truth]) -> [Truth] {
            rows.map { row in Truth.worst(whensOfEach[row].map { Truth.or([Truth.not($0), holds[row]]) }) }
        }
        var verdict = Verdict()
        var outcomes: [Truth]
        switch rule.body {
        case .check(let text):
            let check = try resolver.resolve(text)
            outcomes = rows.map { row in
                let looked = check.lookedUp.union(when?.lookedUp ?? [])
                return Truth.worst(
                    each(combinations(looked, table, row)) { place in
                        let holds = Truth(interpreter.value(check, place))
                        guard let when else { return holds }
                        return Truth.or([Truth.not(Truth(interpreter.value(when, place))), holds])
                    })
            }
            verdict.applicable = whens.count { $0 == .isTrue }
        case .share(let text):
            let share = try Parser.parseShare(text)
            let predicate = try resolver.resolve(share.predicate)
            for row in rows where whens[row] == .isTrue {
                verdict.count(Truth.worst(self.outcomes(of: predicate, table, row)))
            }
            verdict.applicable = verdict.rowsInScope
            if !holds(share, verdict) { verdict.violations = [0] }
            return verdict
        case .unique(let names):
            let (groups, complete) = group(table, names, whens)
            outcomes = rows.map { row in
                groups[row].map { $0.count > 1 ? .isFalse : .isTrue } ?? (complete[row] == .error ? .error : .undecided)
            }
            verdict.applicable = rows.count { whens[$0] == .isTrue && complete[$0] == .isTrue }
            outcomes = judged(outcomes)
        case .depends(let from, let to):
            let targets = try to.map { try column($0, table) }
            let values = tables.values[table.name] ?? []
            let isBroken = rows.map { row in targets.contains { values[row][$0].isError } }
            let (groups, complete) = group(table, from, whens)
            outcomes = rows.map { row in
                if isBroken[row] || complete[row] == .error { return .error }
                guard let group = groups[row] else { return .undecided }
                let members = group.filter { !isBroken[$0] }
                let differs = members.contains { one in
                    members.contains { other in
                        targets.contains { !same(values[one][$0], values[other][$0]) }
                    }
                }
                return differs ? .isFalse : .isTrue
            }
            verdict.applicable = whens.count { $0 == .isTrue }
            outcomes = judged(outcomes)
        case .formCheck, .rollup: throw Unreadable(what: rule.id)
        }
        if rule.nullPolicy != .undecided {
            outcomes = outcomes.map { $0 == .undecided ? (rule.nullPolicy == .fail ? .isFalse : .isTrue) : $0 }
        }
        for (row, outcome) in outcomes.enumerated() {
            verdict.count(outcome)
            if outcome == .isFalse { verdict.violations.append(row + 1) }
        }
        return verdict
    }

    /// What an expression gives for each row of a table.
    public func values(of text: ExpressionText, on table: TableDefinition) throws -> [Value] {
        let expression = try Resolver(schema: tables.schema, table: table, lets: lets).resolve(text)
        return (tables.values[table.name] ?? []).indices.map {
            interpreter.value(expression, Interpreter.Place(table: table, row: $0))
        }
    }

    // MARK: - Rows that relations find

    /// Every combination of the rows that the relations find; one without rows where a relation finds none.
    private func combinations(
        _ relations: Set<Int>, _ table: TableDefinition, _ row: Int
    ) -> [Interpreter.Place] {
        var places = [Interpreter.Place(table: table, row: row)]
        for relation in relations.sorted() {
            guard case .rows(let rows)? = tables.found[table.name]?[relation][row], !rows.isEmpty else { continue }
            places = places.flatMap { place in
                rows.map { found in
                    var next = place
                    next.chosen[relation] = found
                    return next
                }
            }
        }
        return places
    }

    private func outcomes(of expression: Expression, _ table: TableDefinition, _ row: Int) -> [Truth] {
        each(combinations(expression.lookedUp, table, row)) { Truth(interpreter.value(expression, $0)) }
    }

    private func each(_ places: [Interpreter.Place], _ judge: (Interpreter.Place) -> Truth) -> [Truth] {
        let outcomes = places.map(judge)
        if outcomes.count > 1 { interpreter.observe?("several related rows", .bool, outcomes.map(\.value)) }
        return outcomes
    }

    // MARK: - Groups

    private func column(_ name: String, _ table: TableDefinition) throws -> Int {
        guard let index = table.columnIndex(name) else { throw Unreadable(what: name) }
        return index
    }

    /// NULL is a value that equals NULL.
    private func same(_ a: Value, _ b: Value) -> Bool {
        a.isNull || b.isNull ? a.isNull && b.isNull : Value.equal(a, b)
    }

    /// For each row the rows with its key to which the rule applies, and whether the key is complete; no group without.
    private func group(
        _ table: TableDefinition, _ names: [String], _ whens: [Truth]
    ) -> (groups: [[Int]?], complete: [Truth]) {
        let columns = names.compactMap { table.columnIndex($0) }
        let values = tables.values[table.name] ?? []
        let complete = values.map { row -> Truth in
            if columns.contains(where: { row[$0].isError }) { return .error }
            return columns.contains { row[$0].isNull } ? .undecided : .isTrue
        }
        let members = values.indices.filter { complete[$0] == .isTrue && whens[$0] == .isTrue }
        let groups = values.indices.map { row -> [Int]? in
            guard complete[row] == .isTrue else { return nil }
            return members.filter { other in
                columns.allSatisfy { Value.equal(values[row][$0], values[other][$0]) }
            }
        }
        return (groups, complete)
    }

    // MARK: - Shares

    /// Whether the share of true rows among the decided ones is as the rule wants it; it is when there are none.
    private func holds(_ share: ShareSyntax, _ verdict: Verdict) -> Bool {
        let decided = verdict.isTrue + verdict.isFalse
        guard decided > 0, var limit = Number(Array(share.limit.unicodeScalars)) else { return true }
        if share.isPercent { limit.scale += 2 }
        let (part, whole) = (Number(verdict.isTrue), limit * Number(decided))
        switch share.comparison {
        case .equal: return part == whole
        case .notEqual: return part != whole
        case .less: return part < whole
        case .lessOrEqual: return part <= whole
        case .greater: return part > whole
        case .greaterOrEqual: return part >= whole
        }
    }
}
