public import CourtModel
import RuleLanguage
public import RulePlan
public import Schema

extension NotRun {
    /// Why a rule of a table is not judged in a run; nil when it is.
    ///
    /// - Parameters:
    ///   - given: codes of the tables that the run has.
    ///   - period: without one all rules are in force.
    public init?(
        _ rule: CompiledRule, _ table: TableDefinition, given: Set<String>, schema: StandardSchema,
        period: StatisticalPeriod?
    ) {
        if let reason = rule.definition.disabledReason {
            self = .disabled(reason)
            return
        }
        if let period {
            let isEarly = rule.definition.effectiveFrom.map { period.lastDay < $0 } ?? false
            let isLate = rule.definition.effectiveUntil.map { $0 < period.lastDay } ?? false
            if isEarly || isLate {
                self = .notInForce
                return
            }
        } else if rule.needsPeriod {
            self = .periodMissing
            return
        }
        guard let missing = ([table.name] + rule.relatedTables).first(where: { !given.contains($0) }) else { return nil }
        self = .tableMissing(schema.table(missing)?.title ?? missing)
    }
}
