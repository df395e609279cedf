import CourtModel
import RuleLanguage
import RulePlan
import Schema

/// The rows of a table with what relations find for them, as the row source of its rules.
///
/// One join per relation for the columns of related rows, one for its aggregates, grouped by key, one more for those whose
/// conditions speak of the rule's row; they are shared by all rules. NULL relates to nothing, here as in SQL.
struct RelatedRows {
    /// What to do where a relation meant to find one row finds several.
    enum Several {
        /// The row comes once with each of them.
        case each
        /// It comes once, with the first in the order of the related table's key.
        case first
    }

    let tables: [String: ServerTable]
    let schema: StandardSchema
    let period: StatisticalPeriod?
    let plan: TablePlan
    let own: ServerTable
    let reads: TablePlan.Reads
    private let several: Several
    private static let joined = "t"

    init(
        _ plan: TablePlan, _ own: ServerTable, _ reads: TablePlan.Reads, several: Several,
        tables: [String: ServerTable], schema: StandardSchema, period: StatisticalPeriod?
    ) {
        self.plan = plan
        self.own = own
        self.reads = reads
        self.several = several
        self.tables = tables
        self.schema = schema
        self.period = period
    }

    /// Whether a row of the table can come more than once.
    var canRepeat: Bool {
        guard several == .each else { return false }
        return reads.related.keys.contains { relation in
            let definition = plan.table.relations[relation]
            return tables[definition.table]?.isUnique(definition.on.map(\.there)) != true
        }
    }

    // MARK: - The source

    /// The rows as a derived table, under alias `t`; `more` joins and their columns come beside the relations'.
    func base(
        texts: Set<Int> = [], only: ServerTable.Rows? = nil,
        more: [(source: SQLSelect, alias: String, on: SQLExpression, columns: [SQLSelect.Column])] = []
    ) -> SQLSelect {
        let cells = own.cells(reads.columns, texts: texts, only: only)
        var source = SQLSelect.Source.query(cells, alias: Self.joined)
        var columns: [SQLSelect.Column] = []
        for relation in reads.related.keys.sorted() {
            guard let related = related(relation) else { continue }
            let alias = "r\(relation)"
            source = .leftJoin(
                source, .query(lookUp(relation, related), alias: alias),
                on: match(relation, related, here: Self.joined, there: alias, prefix: prefix(relation)))
            for column in (reads.related[relation] ?? []).sorted() {
                let term = related.term(column, of: alias, prefix: prefix(relation))
                columns += named(term.value) + (term.error.map(named) ?? [])
            }
        }
        for relation in aggregatedRelations.sorted() {
            guard let related = related(relation) else { continue }
            let plain = aggregates(of: relation).filter { !plan.expressions.aggregates[$0].isCorrelated }
            if !plain.isEmpty {
                let alias = "a\(relation)"
                let select = grouped(plain, relation, related)
                source = .leftJoin(
                    source, .query(select.query, alias: alias),
                    on: match(relation, related, here: Self.joined, there: alias, prefix: prefix(relation)))
                columns += select.results.map { .init(.column($0, of: alias), as: $0) }
            }
            let correlated = aggregates(of: relation).filter { plan.expressions.aggregates[$0].isCorrelated }
            if !correlated.isEmpty {
                let alias = "c\(relation)"
                let select = paired(correlated, relation, related)
                source = .leftJoin(
                    source, .query(select.query, alias: alias),
                    on: .infix(
                        "=",
                        [
                            .column(ServerTable.rowColumn, of: alias),
                            .column(ServerTable.rowColumn, of: Self.joined),
                        ]))
                columns += select.results.map { .init(.column($0, of: alias), as: $0) }
            }
        }
        for join in more {
            source = .leftJoin(source, .query(join.source, alias: join.alias), on: join.on)
            columns += join.columns
        }
        if columns.isEmpty { return cells }
        return SQLSelect(columns, allOf: Self.joined, from: source, isFenced: true)
    }

    private func named(_ column: SQLExpression) -> [SQLSelect.Column] {
        guard case .column(let name, _) = column else { return [] }
        return [.init(column, as: name)]
    }

    /// What the steps read of it.
    var leaves: RowTerms.Leaves {
        RowTerms.Leaves(
            column: { own.term($0) },
            related: { relation, column in
                guard let related = related(relation) else { return .null(.text) }
                var term = related.term(column, prefix: prefix(relation))
                if let failed = keyError(relation) {
                    term.error = .or([failed] + (term.error.map { [isTrue($0)] } ?? []))
                } else {
                    term.error = term.error.map(isTrue)
                }
                return term
            },
            aggregate: { aggregateTerm($0) })
    }

    /// False, not NULL, where the join found nothing.
    private func isTrue(_ flag: SQLExpression) -> SQLExpression { .call("coalesce", [flag, .bool(false)]) }

    // MARK: - Keys

    private func related(_ relation: Int) -> ServerTable? { tables[plan.table.relations[relation].table] }

    private func prefix(_ relation: Int) -> String { "sitong_r\(relation)_" }

    private func pairs(_ relation: Int, _ related: ServerTable) -> [(here: Int, there: Int)] {
        plan.table.relations[relation].on.compactMap { pair in
            guard let here = plan.table.columnIndex(pair.here),
                let there = related.definition.columnIndex(pair.there)
            else { return nil }
            return (here, there)
        }
    }

    private func match(
        _ relation: Int, _ related: ServerTable, here: String, there: String, prefix: String
    ) -> SQLExpression {
        .and(
            pairs(relation, related).map { pair in
                let (left, right) = (own.term(pair.here, of: here), related.term(pair.there, of: there, prefix: prefix))
                // Values of different families equal nothing.
                let isFamily = left.type == right.type || (left.isNumber && right.isNumber)
                return isFamily ? .infix("=", [left.value, right.value]) : .bool(false)
            })
    }

    /// Where the row's own key is complete.
    private func isComplete(_ relation: Int) -> SQLExpression {
        guard let related = related(relation) else { return .bool(false) }
        return .and(pairs(relation, related).map { .isNotNull(own.term($0.here).value) })
    }

    private func keyError(_ relation: Int) -> SQLExpression? {
        guard let related = related(relation) else { return nil }
        return pairs(relation, related).map { own.term($0.here) }.error
    }

    // MARK: - Related rows

    private func lookUp(_ relation: Int, _ related: ServerTable) -> SQLSelect {
        let keys = pairs(relation, related).map(\.there)
        let wanted = (reads.related[relation] ?? []).union(keys)
        let cells = related.cells(wanted, prefix: prefix(relation), row: nil)
        let isUnique = related.isUnique(plan.table.relations[relation].on.map(\.there))
        guard several == .first, !isUnique else { return cells }
        var ordered = cells
        for (place, order) in related.rowOrder(of: RowTerms.alias).enumerated() {
            ordered.columns.append(.init(order, as: "sitong_order_\(place)"))
        }
        let terms = keys.map { related.term($0, prefix: prefix(relation)).value }
        let places = related.rowOrder(of: "").indices.map {
            SQLExpression.column("sitong_order_\($0)", of: RowTerms.alias)
        }
        return SQLSelect(
            [], allOf: RowTerms.alias, from: .query(ordered, alias: RowTerms.alias), distinctOn: terms,
            orderBy: terms + places)
    }

    // MARK: - Aggregates

    private var aggregatedRelations: Set<Int> {
        Set(reads.aggregates.map { plan.expressions.aggregates[$0].relation })
    }

    private func aggregates(of relation: Int) -> [Int] {
        reads.aggregates.filter { plan.expressions.aggregates[$0].relation == relation }.sorted()
    }

    private static func name(_ index: Int) -> String { "sitong_a\(index)" }
    private static func errorName(_ index: Int) -> String { "sitong_a\(index)_error" }

    /// Aggregates over the related rows of each key.
    private func grouped(
        _ indexes: [Int], _ relation: Int, _ related: ServerTable
    ) -> (query: SQLSelect, results: [String]) {
        let keys = pairs(relation, related).map(\.there)
        let prefix = prefix(relation)
        var wanted = Set(keys)
        let (terms, values, columns) = members(
            indexes, RowTerms.Leaves(column: { related.term($0, prefix: prefix) })
        ) { related.term($0, prefix: prefix) }
        wanted.formUnion(columns)
        let keyTerms = keys.map { related.term($0, prefix: prefix) }
        let keyColumns = keyTerms.flatMap { named($0.value) }
        let rows = terms.rows(from: related.cells(wanted, prefix: prefix, row: nil))
        return (
            SQLSelect(
                keyColumns + values, from: .query(rows, alias: RowTerms.alias),
                where: .and(keyTerms.map { .isNotNull($0.value) }), groupBy: keyTerms.map(\.value)),
            values.map(\.name)
        )
    }

    /// Aggregates whose conditions speak of the rule's row too: over the pairs of rows, grouped by the rule's row.
    private func paired(
        _ indexes: [Int], _ relation: Int, _ related: ServerTable
    ) -> (query: SQLSelect, results: [String]) {
        let prefix = prefix(relation)
        let outerPrefix = "sitong_o_"
        let leaves = RowTerms.Leaves(
            column: { related.term($0, prefix: prefix) }, outerColumn: { own.term($0, prefix: outerPrefix) })
        let (terms, values, columns) = members(indexes, leaves) { related.term($0, prefix: prefix) }
        let outer = Set(indexes.flatMap { outerColumns(plan.expressions.aggregates[$0]) })
        let here = pairs(relation, related).map(\.here)
        let left = own.cells(outer.union(here), prefix: outerPrefix)
        let there = related.cells(Set(columns).union(pairs(relation, related).map(\.there)), prefix: prefix, row: nil)
        let on = SQLExpression.and(
            pairs(relation, related).map { pair in
                let (a, b) = (
                    own.term(pair.here, of: "o", prefix: outerPrefix), related.term(pair.there, of: "s", prefix: prefix)
                )
                let isFamily = a.type == b.type || (a.isNumber && b.isNumber)
                return isFamily ? .infix("=", [a.value, b.value]) : .bool(false)
            })
        let joined = SQLSelect(
            [.init(.column(ServerTable.rowColumn, of: "o"), as: ServerTable.rowColumn)]
                + left.columns.dropFirst().map { .init(.column($0.name, of: "o"), as: $0.name) }
                + there.columns.map { .init(.column($0.name, of: "s"), as: $0.name) },
            from: .join(.query(left, alias: "o"), .query(there, alias: "s"), on: on))
        let row = SQLExpression.column(ServerTable.rowColumn, of: RowTerms.alias)
        return (
            SQLSelect(
                [.init(row, as: ServerTable.rowColumn)] + values,
                from: .query(terms.rows(from: joined), alias: RowTerms.alias), groupBy: [row]),
            values.map(\.name)
        )
    }

    private func outerColumns(_ aggregate: TypedAggregate) -> [Int] {
        var condition = ExpressionPlan()
        if let test = aggregate.condition { _ = condition.add(test) }
        return condition.outerColumns
    }

    /// The aggregates as columns over rows of the related table, and which of its columns they read.
    private func members(
        _ indexes: [Int], _ leaves: RowTerms.Leaves, _ column: (Int) -> SQLTerm
    ) -> (terms: RowTerms, values: [SQLSelect.Column], columns: [Int]) {
        var conditions = ExpressionPlan()
        let roots = indexes.map { index in plan.expressions.aggregates[index].condition.map { conditions.add($0) } }
        let terms = RowTerms(
            conditions, roots: roots.compactMap { $0 }, leaves: leaves, schema: schema, period: period)
        var values: [SQLSelect.Column] = []
        var columns = conditions.columns
        for (index, root) in zip(indexes, roots) {
            let aggregate = plan.expressions.aggregates[index]
            let condition = root.map { terms.bound(terms.term($0)) }
            var failures = condition?.error.map { [$0] } ?? []
            if let number = aggregate.column {
                columns.append(number)
                let member = column(number)
                if let error = member.error { failures.append(.and((condition.map { [$0.value] } ?? []) + [error])) }
                values.append(.init(value(aggregate, member, where: condition?.value), as: Self.name(index)))
            } else {
                values.append(.init(.countRows(where: condition?.value), as: Self.name(index)))
            }
            if !failures.isEmpty {
                values.append(
                    .init(.aggregate("bool_or", .or(failures), where: nil), as: Self.errorName(index)))
            }
        }
        return (terms, values, columns)
    }

    private func value(
        _ aggregate: TypedAggregate, _ member: SQLTerm, where condition: SQLExpression?
    ) -> SQLExpression {
        switch aggregate.function {
        case .sum:
            // A member without a value leaves the sum without one; so does a total of more than 38 digits.
            let sum = SQLExpression.aggregate("sum", member.asNumeric, where: condition)
            let isWhole = SQLExpression.infix(
                "=", [.countRows(where: condition), .aggregate("count", member.value, where: condition)])
            let scale = sumScale(aggregate)
            let limit = "1" + String(repeating: "0", count: 38 - scale)
            let fits = SQLExpression.infix("<", [.call("abs", [sum]), .cast(.number(limit), .numeric)])
            return .when(.and([isWhole, fits]), sum)
        case .min, .max:
            let isText = member.type == .text
            return .aggregate(
                aggregate.function == .min ? "min" : "max", isText ? .byBytes(member.value) : member.value,
                where: condition)
        case .count, .exists: return .countRows(where: condition)
        }
    }

    private func sumScale(_ aggregate: TypedAggregate) -> Int {
        guard let column = aggregate.column, let related = related(aggregate.relation),
            case .number(_, let scale) = ExpressionType(related.definition.columns[column].type.kind)
        else { return 0 }
        return scale
    }

    private func aggregateTerm(_ index: Int) -> SQLTerm {
        let aggregate = plan.expressions.aggregates[index]
        let relation = aggregate.relation
        let result = SQLExpression.column(Self.name(index), of: RowTerms.alias)
        var value = result
        let type: SQLType
        switch aggregate.function {
        case .count:
            type = .bigint
            value = .when(isComplete(relation), .call("coalesce", [result, .number("0")]))
        case .exists:
            type = .boolean
            value = .when(
                isComplete(relation), .infix(">", [.call("coalesce", [result, .number("0")]), .number("0")]))
        case .sum: type = .numeric
        case .min, .max:
            type =
                related(relation).flatMap { related in
                    aggregate.column.map { CellSQL.type(related.definition.columns[$0].type.kind) }
                } ?? .bigint
        }
        var errors = keyError(relation).map { [$0] } ?? []
        if canFail(aggregate) {
            let failed = isTrue(.column(Self.errorName(index), of: RowTerms.alias))
            errors.append(failed)
            value = .when(.not(failed), value)
        }
        return SQLTerm(value: value, error: errors.isEmpty ? nil : .or(errors), type: type)
    }

    /// Whether `members` gives the aggregate a column for errors.
    private func canFail(_ aggregate: TypedAggregate) -> Bool {
        guard let related = related(aggregate.relation) else { return false }
        if let column = aggregate.column, related.term(column).error != nil { return true }
        guard let condition = aggregate.condition else { return false }
        var conditions = ExpressionPlan()
        let root = conditions.add(condition)
        let terms = RowTerms(
            conditions, roots: [root],
            leaves: RowTerms.Leaves(column: { related.term($0) }, outerColumn: { own.term($0) }), schema: schema,
            period: period)
        return terms.term(root).error != nil
    }
}

extension SQLTerm {
    var isNumber: Bool { isInteger || type == .numeric }
}
