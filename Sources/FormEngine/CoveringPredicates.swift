import RuleLanguage
import RulePlan

extension PredicateSet {
    /// Of some predicates as few as stand for all of them: a row for which none of these is possible (true, undecided or an
    /// error) is one for which no other is.
    ///
    /// 判决结案 is 已结案件 and more; whoever looks for cases that are one or the other needs to look for the latter alone.
    func covering(_ chosen: Set<Int>) -> [Int] {
        let steps = Dictionary(chosen.sorted().map { (predicates[$0], $0) }, uniquingKeysWith: { first, _ in first })
        var kept = Set(steps.keys)
        // The longer ones, which stand behind their parts, go first.
        for step in kept.sorted(by: >) where kept.contains(where: { $0 != step && implies(step, $0) }) {
            kept.remove(step)
        }
        return kept.compactMap { steps[$0] }.sorted()
    }

    /// Whether the one can be possible only where the other is, as far as `and` and `or` tell: `and` is false where an
    /// operand is, `or` only where all are.
    private func implies(_ one: Int, _ other: Int) -> Bool {
        guard one != other else { return true }
        let (left, right) = (plan.steps[one], plan.steps[other])
        if right.operation == .apply(.and), right.operands.allSatisfy({ implies(one, $0) }) { return true }
        if right.operation == .apply(.or), right.operands.contains(where: { implies(one, $0) }) { return true }
        if left.operation == .apply(.and), left.operands.contains(where: { implies($0, other) }) { return true }
        return left.operation == .apply(.or) && left.operands.allSatisfy { implies($0, other) }
    }
}
