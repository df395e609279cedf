public import CourtModel
public import RuleLanguage
import RulePlan
public import Schema

/// One rule as a query over the library's tables: the rows that break it.
public struct RuleSQL {
    private let schema: StandardSchema
    private let plans: [TablePlan]
    private let period: StatisticalPeriod?
    private let tables: [String: ServerTable]

    /// Without a period, what speaks of it is NULL.
    public init(_ schema: StandardSchema, _ rules: RuleSet, _ period: StatisticalPeriod?) {
        self.schema = schema
        self.period = period
        plans = RuleCompiler(schema: schema, rules: rules).tables
        tables = schema.tables.reduce(into: [:]) { tables, table in
            tables[table.name] = ServerTable(
                definition: table, relation: SQLIdentifier(table.name),
                columns: table.columns.reduce(into: [:]) {
                    $0[$1.name] = ServerColumn(type: LibraryTables.type(of: $1.type))
                }, uniqueKeys: table.key.isEmpty ? [] : [Set(table.key)], order: .byKey)
        }
    }

    /// The query with the rule's id and title above it; nil for rules of forms.
    public func text(of rule: RuleDefinition) -> String? {
        for plan in plans {
            guard let compiled = plan.rules.first(where: { $0.definition.id == rule.id }) else { continue }
            guard
                let judgement = TableJudgement(plan, rules: [compiled], tables: tables, schema: schema, period: period),
                let select = judgement.violations(of: compiled)
            else { return nil }
            var heading = [rule.id, rule.title].compactMap { $0 }.joined(separator: " ")
            if case .share(let text) = rule.body { heading += ": \(text.text)" }
            let comment = heading.split(whereSeparator: \.isNewline).map { "-- \($0)" }.joined(separator: "\n")
            return "\(comment)\n\(select);"
        }
        return nil
    }
}
