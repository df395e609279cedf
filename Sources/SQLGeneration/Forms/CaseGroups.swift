import Columnar
public import CourtModel
import RuleLanguage
public import RulePlan
public import Schema

/// All forms of one table as one statement: a single scan that judges every distinct predicate of a case, and groups cases
/// by court, by the codes that tell rows apart, and by the packed outcomes. What is added up stands beside each group.
///
/// Columns: `court`, `code_0` …, `m0` … (see `OutcomeWords`), `n` (cases), `sum_0` … (NULL where nothing was added). Cases
/// that no gate lets through have NULL in place of codes and outcomes: one group for each court.
public struct CaseGroups {
    public let select: SQLSelect
    public let words: OutcomeWords
    /// By predicate: where its outcome lies; predicates that say the same share a place.
    public let places: [Int]

    /// - Parameters:
    ///   - gates: predicates of which one at least must be possible; cases without any are told by their
    ///     number alone. Nil takes all.
    ///   - codes: columns whose values are kept apart.
    public init(
        _ set: PredicateSet, gates: [Int]?, court: Int, codes: [Int], table: ServerTable, schema: StandardSchema,
        period: StatisticalPeriod
    ) {
        var order: [Int] = []
        var placeOfStep: [Int: Int] = [:]
        for step in set.predicates where placeOfStep[step] == nil {
            placeOfStep[step] = order.count
            order.append(step)
        }
        places = set.predicates.map { placeOfStep[$0] ?? 0 }
        let words = OutcomeWords(count: order.count)
        self.words = words
        let gateSteps = Set((gates ?? []).map { set.predicates[$0] }).sorted()
        let terms = RowTerms(
            set.plan, roots: order + gateSteps + set.scalars, leaves: RowTerms.Leaves { table.term($0) },
            schema: schema,
            period: period)
        let judged = order.map { terms.term($0) }
        let scalars = set.scalars.map { terms.term($0) }
        let isPossible = gateSteps.map { SQLExpression.truth(terms.term($0).value, "IS NOT FALSE") }
        var base = terms.rows(from: table.cells(set.neededColumns + codes + [court], row: nil))

        let alias = RowTerms.alias
        if gates != nil {
            base = SQLSelect(
                [.init(.or(isPossible), as: Self.open)], allOf: alias, from: .query(base, alias: alias), isFenced: true)
        }
        func ifOpen(_ value: SQLExpression) -> SQLExpression {
            gates == nil ? value : .when(.column(Self.open, of: alias), value)
        }
        var columns = [SQLSelect.Column(table.term(court).value, as: "court")]
        for (index, code) in codes.enumerated() {
            columns.append(.init(ifOpen(table.term(code).value), as: "code_\(index)"))
        }
        for word in 0..<words.wordCount {
            let own = judged.indices.filter { $0 / OutcomeWords.perWord == word }.map { Self.code(judged[$0], at: $0) }
            columns.append(.init(ifOpen(own.count == 1 ? own[0] : .infix("|", own)), as: OutcomeWords.name(word)))
        }
        let keys = columns.map { SQLExpression.column($0.name, of: alias) }
        for (index, scalar) in scalars.enumerated() {
            columns.append(.init(ifOpen(scalar.value), as: "value_\(index)"))
        }
        let packed = SQLSelect(columns, from: .query(base, alias: alias), isFenced: true)
        var result = zip(keys, columns).map { SQLSelect.Column($0, as: $1.name) }
        result.append(.init(.countRows(where: nil), as: "n"))
        for index in scalars.indices {
            result.append(
                .init(.aggregate("sum", .column("value_\(index)", of: alias), where: nil), as: "sum_\(index)"))
        }
        select = SQLSelect(result, from: .query(packed, alias: alias), groupBy: keys)
    }

    private static let open = "sitong_open"

    private static func code(_ term: SQLTerm, at place: Int) -> SQLExpression {
        let open = OutcomeWords.shifted(.undecided, place)
        let otherwise = term.error.map {
            SQLExpression.cases([.init($0, OutcomeWords.shifted(.error, place))], otherwise: open)
        }
        return .choice(
            term.value,
            [
                .init(.bool(true), OutcomeWords.shifted(.isTrue, place)),
                .init(.bool(false), OutcomeWords.shifted(.isFalse, place)),
            ], otherwise: otherwise ?? open)
    }
}
