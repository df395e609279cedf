import Columnar
import RuleLanguage
import RulePlan

/// One aggregate over the members of each group: `count`, `exists`, `sum`, `min`, `max`.
struct GroupTotals {
    private let function: AggregateFunction
    private let type: ExpressionType
    private let counts: UnsafeMutablePointer<Int64>
    private let errors: UnsafeMutablePointer<Bool>
    /// For sum: a member was NULL. For min and max: some member has a value.
    private let flags: UnsafeMutablePointer<Bool>
    private let totals: UnsafeMutablePointer<Int128>
    /// Of sums of numbers that may have 38 digits: the part above 19 digits, so that only the whole total may be too long.
    private let upper: UnsafeMutablePointer<Int128>?
    private static let split: Int128 = PowerOfTen.value(19)
    private let texts: UnsafeMutablePointer<TextSpan>

    /// Over the members of a partition, by what they carry.
    init(_ use: TableProgram.AggregateUse, _ members: Members, _ arena: Arena) {
        self.init(
            use.aggregate.function, use.type, groupCount: members.groupCount,
            groups: UnsafeBufferPointer(start: members.groups, count: members.count),
            condition: use.condition.map { members.vector($0, arena) },
            value: use.value.map { members.vector($0, arena) }, arena)
    }

    /// - Parameters:
    ///   - groups: of each member.
    ///   - condition: who counts; nil is all.
    ///   - value: nil for count and exists.
    init(
        _ function: AggregateFunction, _ type: ExpressionType, groupCount: Int, groups: UnsafeBufferPointer<Int32>,
        condition: Vector?, value: Vector?, _ arena: Arena
    ) {
        self.function = function
        self.type = type
        counts = arena.make(Int64.self, groupCount)
        counts.update(repeating: 0, count: groupCount)
        errors = arena.make(Bool.self, groupCount)
        errors.update(repeating: false, count: groupCount)
        let hasValue = value != nil
        flags = arena.make(Bool.self, hasValue ? groupCount : 0)
        totals = arena.make(Int128.self, hasValue ? groupCount : 0)
        texts = arena.make(TextSpan.self, type == .text ? groupCount : 0)
        let isLong = if function == .sum, case .wide? = value?.storage { true } else { false }
        upper = isLong ? arena.make(Int128.self, groupCount) : nil
        upper?.update(repeating: 0, count: groupCount)
        if hasValue {
            flags.update(repeating: false, count: groupCount)
            totals.update(repeating: 0, count: groupCount)
        }
        if type == .text { texts.update(repeating: TextSpan.empty, count: groupCount) }
        let chosen = condition.flatMap { vector -> BitWords? in
            if case .bits(let bits) = vector.storage { bits } else { nil }
        }
        if value == nil, condition?.errors == nil {
            // A count, with nothing to be foretold about the next row.
            for member in groups.indices {
                let counts =
                    condition == nil
                    || (condition?.isValid(member) == true && chosen.map { Bits.test($0, member) } ?? false)
                self.counts[Int(groups[member])] += counts ? 1 : 0
            }
            return
        }
        for member in groups.indices {
            let group = Int(groups[member])
            if let condition {
                if condition.isError(member) {
                    errors[group] = true
                    continue
                }
                guard let chosen, condition.isValid(member), Bits.test(chosen, member) else { continue }
            }
            counts[group] += 1
            if let value { take(value, member, group) }
        }
    }

    private func take(_ value: Vector, _ member: Int, _ group: Int) {
        if value.isError(member) {
            errors[group] = true
            return
        }
        guard value.isValid(member) else {
            if function == .sum { flags[group] = true }
            return
        }
        switch value.storage {
        case .words(let words): take(Int128(words[member]), group)
        case .wide(let words): take(words[member], group)
        case .bits(let bits): take(Bits.test(bits, member) ? 1 : 0, group)
        case .text(let spans):
            let order = flags[group] ? CompareKernel.order(spans[member], texts[group]) : 0
            guard !flags[group] || (function == .min ? order < 0 : order > 0) else { return }
            texts[group] = spans[member]
            flags[group] = true
        }
    }

    private func take(_ number: Int128, _ group: Int) {
        switch function {
        case .sum:
            guard let upper else {
                // Numbers of a word: no table has enough rows to leave 128 bits.
                totals[group] &+= number
                return
            }
            let (high, low) = number.quotientAndRemainder(dividingBy: GroupTotals.split)
            upper[group] &+= high
            totals[group] &+= low
        case .min where flags[group] && number >= totals[group], .max where flags[group] && number <= totals[group]:
            break
        default:
            totals[group] = number
            flags[group] = true
        }
    }

    /// A sum; nil when it needs more than 38 digits.
    private func total(_ group: Int) -> Int128? {
        guard let upper else { return totals[group] }
        let carried = totals[group].quotientAndRemainder(dividingBy: GroupTotals.split)
        let high = upper[group] &+ carried.quotient
        // Of 38 digits at most 19 are above the split; a low part of the other sign may still take one away.
        guard high.magnitude <= GroupTotals.split.magnitude else { return nil }
        let (scaled, overflow) = high.multipliedReportingOverflow(by: GroupTotals.split)
        let (sum, overflowAgain) = scaled.addingReportingOverflow(carried.remainder)
        guard !overflow, !overflowAgain, sum.magnitude < PowerOfTen.value(38).magnitude else { return nil }
        return sum
    }

    /// The aggregate for rows of these groups; −1 is a row without members.
    func values(_ groups: UnsafeBufferPointer<Int32>, _ arena: Arena) -> Vector {
        let count = groups.count
        let failed = Bits.make(count, arena) { groups[$0] >= 0 && errors[Int(groups[$0])] }
        let errorBits = Bits.isAnySet(failed, count) ? failed : nil
        let valid: BitWords
        switch function {
        case .count, .exists: valid = Bits.make(count, arena) { groups[$0] < 0 || !errors[Int(groups[$0])] }
        case .sum:
            valid = Bits.make(count, arena) { row in
                let group = Int(groups[row])
                return group >= 0 && !errors[group] && counts[group] > 0 && !flags[group] && total(group) != nil
            }
        case .min, .max:
            valid = Bits.make(count, arena) { row in
                let group = Int(groups[row])
                return group >= 0 && !errors[group] && flags[group]
            }
        }
        let storage: Vector.Storage
        switch (function, type) {
        case (.exists, _):
            storage = .bits(Bits.make(count, arena) { groups[$0] >= 0 && counts[Int(groups[$0])] > 0 })
        case (.count, _):
            let words = arena.make(Int64.self, count)
            for row in 0..<count { words[row] = groups[row] >= 0 ? counts[Int(groups[row])] : 0 }
            storage = .words(words)
        case (_, .text):
            let spans = arena.make(TextSpan.self, count)
            for row in 0..<count { spans[row] = groups[row] >= 0 ? texts[Int(groups[row])] : TextSpan.empty }
            storage = .text(spans)
        case (_, .number(let precision, _)) where precision > 19 || (precision == 19 && function == .sum):
            let wide = arena.make(Int128.self, count)
            for row in 0..<count { wide[row] = groups[row] >= 0 ? total(Int(groups[row])) ?? 0 : 0 }
            storage = .wide(wide)
        case (_, .bool):
            storage = .bits(Bits.make(count, arena) { groups[$0] >= 0 && totals[Int(groups[$0])] != 0 })
        default:
            let words = arena.make(Int64.self, count)
            for row in 0..<count {
                words[row] = groups[row] >= 0 ? Int64(truncatingIfNeeded: totals[Int(groups[row])]) : 0
            }
            storage = .words(words)
        }
        return Vector(storage, valid: valid, errors: errorBits, count: count)
    }
}

/// An aggregate whose condition speaks of the rule's row too: `计数(审限变更 当 审批日期 > 本行.结案日期)`: its rows are
/// paired with their members, and the condition is judged on the pairs. Belongs to one thread.
final class CorrelatedCondition {
    private let evaluator: ExpressionEvaluator
    private let root: Int
    private let needed: NeededSteps

    init(_ aggregate: TypedAggregate, _ context: RunContext) {
        var plan = ExpressionPlan()
        root = plan.add(aggregate.condition ?? TypedExpression(.bool(true), .bool))
        evaluator = context.evaluator(plan)
        needed = evaluator.closure(of: [root])
    }

    /// The aggregate for rows of these groups.
    func values(
        _ use: TableProgram.AggregateUse, _ groups: UnsafeBufferPointer<Int32>, _ members: Members,
        outer: [(column: Int, vector: Vector)], _ arena: Arena
    ) -> Vector {
        let pairs = members.pairs(groups, keepsEmpty: false, arena)
        let width = (use.correlated.map(\.column).max() ?? 0) + 1
        var leaves = Leaves(count: pairs.origins.count, columns: Array(repeating: nil, count: width))
        for (column, slot) in use.correlated {
            leaves.columns[column] = members.vector(slot, arena).gathered(pairs.members, arena)
        }
        leaves.outer = Array(repeating: nil, count: (outer.map(\.column).max() ?? 0) + 1)
        for (column, vector) in outer { leaves.outer[column] = vector.gathered(pairs.origins, arena) }
        let condition = evaluator.evaluate(leaves, needed: needed, arena)[root]
        let value = use.value.map { members.vector($0, arena).gathered(pairs.members, arena) }
        // Each row is a group of its own.
        let totals = GroupTotals(
            use.aggregate.function, use.type, groupCount: groups.count, groups: pairs.origins, condition: condition,
            value: value, arena)
        let own = arena.make(Int32.self, groups.count)
        for row in groups.indices { own[row] = Int32(truncatingIfNeeded: row) }
        return totals.values(UnsafeBufferPointer(start: own, count: groups.count), arena)
    }
}
