import Columnar
import CourtModel
import Diagnostics
import RuleEngine
import RuleLanguage
public import RulePlan
public import Schema

/// `--where`: judges here which rows are meant, as the rule engine judges rules.
struct RowFilter {
    private let scan: PredicateScan

    init(_ set: PredicateSet, plan: RowPlan, offered: [String]) throws {
        // What it says does not depend on a period, see `predicate`.
        let any = StatisticalPeriod("2000")
        scan = try PredicateScan(
            set, gates: nil, periods: any.map { [$0] } ?? [], court: nil, schema: plan.schema, readerColumns: offered)
    }

    /// Places of the rows for which it is true.
    func rows(of block: CellBlock) throws -> [Int] {
        var places: [Int] = []
        try scan.judge(block) { rows in
            let mask = rows.isTrue(0, period: 0)
            for word in 0..<rows.wordCount {
                var rest = mask[word]
                while rest != 0 {
                    places.append(Int(rows.places[word << 6 + rest.trailingZeroBitCount]))
                    rest &= rest &- 1
                }
            }
        }
        return places
    }

    /// - Throws: `LanguageError` when the text is no condition over the table's own columns, `OperationError` 64 when it
    ///   speaks of a period, which a comparison of rows does not have.
    static func predicate(
        _ text: ExpressionText, table: TableDefinition, schema: StandardSchema
    ) throws -> PredicateSet {
        var set = PredicateSet(table: table, schema: schema)
        _ = try set.addPredicate(text)
        guard !set.plan.steps.contains(where: { $0.operation == .periodBegin || $0.operation == .periodEnd }) else {
            throw OperationError(
                .usage, code: "rows-where-period",
                LocalizedText(
                    en: "--where speaks of a period, which rows do not have", zh: "--where 中不能使用统计周期"),
                hint: LocalizedText(
                    en: "write the days themselves: 立案日期 >= 2026-10-01", zh: "请直接写日期，如 立案日期 >= 2026-10-01"))
        }
        return set
    }
}

extension RowPlan {
    /// `--where`, checked.
    public static func filter(
        _ text: ExpressionText, table: TableDefinition, schema: StandardSchema
    ) throws -> PredicateSet {
        try RowFilter.predicate(text, table: table, schema: schema)
    }
}
