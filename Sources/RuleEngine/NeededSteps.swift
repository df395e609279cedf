import RuleLanguage
import RulePlan

/// Which steps of a plan somebody wants to know, and in which rows.
///
/// `zjlx <> '1' or zjhm matches '…'` needs the pattern only where the first part is not true, and what follows `then` only
/// where the condition is. Costly steps are spared the other rows, in which they come out as NULL, and nobody looks.
struct NeededSteps {
    /// Opens a step to rows by the value of another one, computed before it.
    struct Gate: Hashable {
        enum Kind {
            case ifTrue, unlessTrue, unlessFalse
        }

        var step: Int
        var kind: Kind
    }

    private(set) var isNeeded: [Bool]
    /// The rows in which a step is needed: those that some gate opens, or all when there is none.
    private(set) var gates: [[Gate]]
    /// More of them cost more than they spare.
    private static let most = 4

    subscript(_ step: Int) -> Bool { isNeeded[step] }

    /// - Parameters:
    ///   - roots: wanted in all rows.
    ///   - isKnown: steps that need nothing.
    init(_ steps: [ExpressionPlan.Step], roots: some Sequence<Int>, isKnown: (Int) -> Bool) {
        isNeeded = Array(repeating: false, count: steps.count)
        gates = Array(repeating: [], count: steps.count)
        var isAlways = Array(repeating: false, count: steps.count)
        for root in roots { (isNeeded[root], isAlways[root]) = (true, true) }
        for index in steps.indices.reversed() where isNeeded[index] {
            if isAlways[index] { gates[index] = [] }
            guard !isKnown(index) else { continue }
            for (place, operand) in steps[index].operands.enumerated() {
                isNeeded[operand] = true
                let own =
                    NeededSteps.gate(of: place, steps[index]).map { [$0] } ?? (isAlways[index] ? [] : gates[index])
                if own.isEmpty || own.contains(where: { $0.step >= operand }) {
                    isAlways[operand] = true
                } else {
                    for gate in own where !gates[operand].contains(gate) { gates[operand].append(gate) }
                    if gates[operand].count > NeededSteps.most { isAlways[operand] = true }
                }
            }
        }
    }

    /// What opens an operand of a step, when its value decides nothing in some rows.
    private static func gate(of place: Int, _ step: ExpressionPlan.Step) -> Gate? {
        switch step.operation {
        case .apply(.conditional) where place == 1: Gate(step: step.operands[0], kind: .ifTrue)
        case .apply(.conditional) where place == 2: Gate(step: step.operands[0], kind: .unlessTrue)
        case .apply(.or): step.operands[..<place].first.map { Gate(step: $0, kind: .unlessTrue) }
        case .apply(.and): step.operands[..<place].first.map { Gate(step: $0, kind: .unlessFalse) }
        default: nil
        }
    }

    /// Whether a step costs so much that rows which nobody asks for are better left out; it gives NULL for NULL.
    static func isCostly(_ operation: ExpressionPlan.Operation) -> Bool {
        switch operation {
        case .matches: true
        case .apply(let op):
            switch op {
            case .concatenate, .left, .right, .mid, .strip, .stripCJK, .upper, .lower, .intOfText, .decimalOfText,
                .dateOfText, .isIDCard, .isUSCC, .addMonths, .addYears:
                true
            default: false
            }
        default: false
        }
    }

    /// A vector with nothing but NULL in rows that no gate of a step opens.
    func restricted(_ vector: Vector, for step: Int, _ values: [Vector?], _ arena: Arena) -> Vector {
        guard !gates[step].isEmpty else { return vector }
        let open = arena.bits(vector.count, all: false)
        for gate in gates[step] {
            guard let value = values[gate.step], case .bits(let bits) = value.storage else { return vector }
            for index in 0..<vector.wordCount {
                switch gate.kind {
                case .ifTrue: open[index] |= bits[index] & value.valid[index]
                case .unlessTrue: open[index] |= ~(bits[index] & value.valid[index])
                case .unlessFalse: open[index] |= ~(~bits[index] & value.valid[index])
                }
            }
        }
        var restricted = vector
        restricted.valid = arena.bits(vector.count)
        for index in 0..<vector.wordCount { restricted.valid[index] = vector.valid[index] & open[index] }
        if let errors = vector.errors {
            let kept = arena.bits(vector.count)
            for index in 0..<vector.wordCount { kept[index] = errors[index] & open[index] }
            restricted.errors = kept
        }
        return restricted
    }
}
