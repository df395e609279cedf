import Columnar
import CourtModel
import RuleLanguage
import RulePlan
import Schema

/// What the steps of a plan read: the columns of a block and what relations found for its rows.
struct Leaves {
    var count: Int
    /// By the table's column index; nil where no step reads it.
    var columns: [Vector?]
    /// Columns of the rule's row, inside `where`.
    var outer: [Vector?] = []
    var related: [RelatedColumn: Vector] = [:]
    /// By the plan's aggregate index.
    var aggregates: [Vector?] = []
    /// Steps whose values are known from elsewhere, by step.
    var known: [Int: Vector] = [:]
}

/// A column of the row that a relation finds.
struct RelatedColumn: Hashable {
    var relation: Int
    var column: Int
}

/// Runs the steps of a plan over blocks. What depends on the plan alone (automata, code sets, constants) is made once.
///
/// Belongs to one thread. Vectors that it gives live until the arena is reset.
final class ExpressionEvaluator {
    let steps: [ExpressionPlan.Step]
    private let period: StatisticalPeriod?
    private let resources: [Resource]
    private let isCostly: [Bool]
    private let operandTypes: [[ExpressionType]]
    /// Vectors of constant steps, as long as the longest block so far, and their memory.
    private var constants: [Vector?]
    private var constantRows = 0
    private var constantMemory = Arena()
    /// Case numbers read in this block, by the step of their text.
    private var caseNumbers: [Int: ParsedCaseNumbers] = [:]
    /// Texts of this block that were looked at as words, by their step.
    private var shortTexts: [ShortTexts?]
    /// By step: the codes met so far of those texts that many steps look for in sets.
    private var distinctCodes: [DistinctCodes?]
    /// By step of such a set: whether it has each of these codes.
    private var answers: [[Bool]]

    /// The operands of one step; empty between steps.
    private var operandMemory: [Vector] = []

    /// What a step looks things up in.
    private enum Resource {
        case none
        case automaton(Automaton)
        case texts(CodeIndex)
        case codes(CodeMembership)
        case attribute(CodeAttribute)
        case marks(TextIndex)
        case calendar(WorkdayCounter)
    }

    init(_ plan: ExpressionPlan, schema: StandardSchema, period: StatisticalPeriod?) {
        steps = plan.steps
        operandTypes = plan.steps.map { $0.operands.map { plan.steps[$0].type } }
        isCostly = plan.steps.map { NeededSteps.isCostly($0.operation) }
        shortTexts = Array(repeating: nil, count: plan.steps.count)
        distinctCodes = ExpressionEvaluator.distinctCodes(plan.steps)
        answers = Array(repeating: [], count: plan.steps.count)
        constants = Array(repeating: nil, count: plan.steps.count)
        self.period = period
        var trees: [String: CodeTree] = [:]
        func membership(_ list: CodeList, under root: String?) -> CodeMembership {
            guard let root else { return CodeMembership(list, among: nil) }
            let tree = trees[list.name] ?? CodeTree(list)
            trees[list.name] = tree
            return CodeMembership(list, among: tree.subtree(of: root))
        }
        resources = plan.steps.map { step in
            switch step.operation {
            case .matches(let pattern): (try? Pattern(pattern.string)).map { .automaton(Automaton($0)) } ?? .none
            case .memberOf(.texts(let texts)): .texts(CodeIndex(texts.map(\.string)))
            case .inCodelist(let list, let under):
                schema.codelists[list].map { .codes(membership($0, under: under?.string)) } ?? .none
            case .attribute(let list, let index):
                schema.codelists[list].map { .attribute(CodeAttribute($0, index)) } ?? .none
            case .apply(.caseNumber): .marks(ExpressionEvaluator.caseNumberMarks(schema))
            case .apply(.workdays(let calendar)):
                schema.calendars[calendar].map { .calendar(WorkdayCounter($0)) } ?? .none
            default: .none
            }
        }
    }

    /// The same plan for another period, on the same thread: what depends on the plan alone is shared.
    init(_ other: ExpressionEvaluator, period: StatisticalPeriod?) {
        steps = other.steps
        operandTypes = other.operandTypes
        isCostly = other.isCostly
        resources = other.resources
        shortTexts = Array(repeating: nil, count: steps.count)
        distinctCodes = ExpressionEvaluator.distinctCodes(steps)
        answers = Array(repeating: [], count: steps.count)
        constants = Array(repeating: nil, count: steps.count)
        self.period = period
    }

    /// One for each step whose texts are looked for in that many sets that it pays to number them.
    private static func distinctCodes(_ steps: [ExpressionPlan.Step]) -> [DistinctCodes?] {
        var sets = Array(repeating: 0, count: steps.count)
        for step in steps {
            switch step.operation {
            case .memberOf(.texts), .inCodelist: if step.operands.count == 1 { sets[step.operands[0]] += 1 }
            default: break
            }
        }
        return sets.map { $0 >= 3 ? DistinctCodes() : nil }
    }

    private static func caseNumberMarks(_ schema: StandardSchema) -> TextIndex {
        guard let types = schema.caseNumberTypes, let list = schema.codelist(types.codelist),
            let attribute = list.attributeIndex(types.attribute)
        else { return TextIndex() }
        return TextIndex(list.entries.compactMap { $0.values[attribute] })
    }

    /// Which steps the given ones need, themselves included; those for which `isKnown` holds need nothing.
    func closure(of roots: some Sequence<Int>, isKnown: (Int) -> Bool = { _ in false }) -> NeededSteps {
        NeededSteps(steps, roots: roots, isKnown: isKnown)
    }

    /// The values of all needed steps; others stay nil.
    func evaluate(_ leaves: Leaves, needed: NeededSteps, _ arena: Arena) -> [Vector?] {
        if leaves.count > constantRows {
            constantRows = max(leaves.count, 1024)
            constants = Array(repeating: nil, count: steps.count)
            constantMemory = Arena()
        }
        caseNumbers.removeAll(keepingCapacity: true)
        for index in shortTexts.indices { shortTexts[index] = nil }
        var values = [Vector?](repeating: nil, count: steps.count)
        for index in steps.indices where needed[index] {
            values[index] = leaves.known[index] ?? value(of: index, leaves, values, needed, arena)
        }
        return values
    }

    private func value(
        of index: Int, _ leaves: Leaves, _ values: [Vector?], _ needed: NeededSteps, _ arena: Arena
    ) -> Vector {
        let step = steps[index]
        let count = leaves.count
        func operand(_ place: Int) -> Vector {
            values[step.operands[place]] ?? .null(steps[step.operands[place]].type, count, arena)
        }
        switch step.operation {
        case .number, .text, .date, .bool, .null, .periodBegin, .periodEnd: return constant(index, count)
        case .column(let column): return leaves.columns[column] ?? .null(step.type, count, arena)
        case .outerColumn(let column): return leaves.outer[column] ?? .null(step.type, count, arena)
        case .related(let relation, let column):
            return leaves.related[RelatedColumn(relation: relation, column: column)] ?? .null(step.type, count, arena)
        case .aggregate(let aggregate): return leaves.aggregates[aggregate] ?? .null(step.type, count, arena)
        case .apply(let op):
            // Taken out of the evaluator while it is used, so that it is neither copied nor made again.
            var operands = operandMemory
            operandMemory = []
            for place in step.operands.indices { operands.append(operand(place)) }
            if isCostly[index] { operands[0] = needed.restricted(operands[0], for: index, values, arena) }
            let result = apply(op, index, operands, operandTypes[index], step.type, arena)
            operands.removeAll(keepingCapacity: true)
            operandMemory = operands
            return result
        case .memberOf(let set):
            guard case .texts(let codes) = resources[index] else {
                return SetKernel.member(operand(0), steps[step.operands[0]].type, set, arena)
            }
            return texts(step.operands[0], operand(0), arena).map { member(index, $0, codes, arena) }
                ?? .null(.bool, count, arena)
        case .inCodelist:
            guard case .codes(let codes) = resources[index], let texts = texts(step.operands[0], operand(0), arena)
            else { return .null(.bool, count, arena) }
            guard step.operands.count > 1 else { return member(index, texts, codes.codes, arena) }
            return codes.test(texts, day: operand(1), arena)
        case .matches:
            guard case .automaton(let automaton) = resources[index] else { return .null(.bool, count, arena) }
            return automaton.matches(needed.restricted(operand(0), for: index, values, arena), arena)
        case .attribute:
            guard case .attribute(let attribute) = resources[index],
                let texts = texts(step.operands[0], operand(0), arena)
            else { return .null(.text, count, arena) }
            return attribute.values(of: texts, arena)
        }
    }

    /// The texts of a step as words, made once a block; nil for what are no texts.
    private func texts(_ step: Int, _ operand: Vector, _ arena: Arena) -> ShortTexts? {
        if let known = shortTexts[step] { return known }
        var made = ShortTexts(operand, arena)
        if let texts = made { made?.numbers = distinctCodes[step]?.numbers(of: texts, arena) }
        shortTexts[step] = made
        return made
    }

    /// Whether texts are in the set of a step.
    private func member(_ index: Int, _ texts: ShortTexts, _ codes: CodeIndex, _ arena: Arena) -> Vector {
        guard let numbers = texts.numbers, let distinct = distinctCodes[steps[index].operands[0]], codes.few == nil
        else { return SetKernel.member(texts, codes, arena) }
        for word in distinct.words[answers[index].count...] {
            answers[index].append(codes.find(word, texts.spans[0]) >= 0)
        }
        return SetKernel.member(texts, numbers: numbers, answers[index], codes, arena)
    }

    /// Equality of texts with a short literal; nil for any other comparison.
    private func equalsLiteral(
        _ comparison: Comparison, _ step: Int, _ operands: [Vector], _ arena: Arena
    ) -> Vector? {
        guard comparison == .equal || comparison == .notEqual, operands[1].isConstant,
            operands[1].isValid(0), case .text(let literal) = operands[1].storage, literal[0].count <= ShortText.limit,
            let texts = texts(step, operands[0], arena)
        else { return nil }
        return CompareKernel.equal(texts, literal[0], isEqual: comparison == .equal, arena)
    }

    private func constant(_ index: Int, _ count: Int) -> Vector {
        if let known = constants[index] {
            return literal(known, count)
        }
        let rows = constantRows
        let memory = constantMemory
        func filled<T>(_ value: T) -> UnsafeMutablePointer<T> {
            let made = memory.make(T.self, rows)
            made.update(repeating: value, count: rows)
            return made
        }
        func words(_ value: Int64) -> Vector {
            Vector(.words(filled(value)), valid: memory.bits(rows, all: true), count: count)
        }
        let vector: Vector
        switch steps[index].operation {
        case .number(let value):
            vector =
                Int64(exactly: value).map(words)
                ?? Vector(.wide(filled(value)), valid: memory.bits(rows, all: true), count: count)
        case .text(let text):
            vector = Vector(
                .text(filled(memory.text(text.string))), valid: memory.bits(rows, all: true), count: count)
        case .date(let date): vector = words(Int64(date.days))
        case .bool(let value):
            vector = Vector(.bits(memory.bits(rows, all: value)), valid: memory.bits(rows, all: true), count: count)
        case .periodBegin: vector = period.map { words(Int64($0.firstDay.days)) } ?? .null(.date, rows, memory)
        case .periodEnd: vector = period.map { words(Int64($0.lastDay.days)) } ?? .null(.date, rows, memory)
        default: vector = .null(steps[index].type, rows, memory)
        }
        constants[index] = vector
        return literal(vector, count)
    }

    private func literal(_ vector: Vector, _ count: Int) -> Vector {
        var literal = Vector(vector.storage, valid: vector.valid, count: count)
        literal.isConstant = count > 0
        return literal
    }

    private func apply(
        _ op: Operator, _ index: Int, _ operands: [Vector], _ types: [ExpressionType], _ type: ExpressionType,
        _ arena: Arena
    ) -> Vector {
        switch op {
        case .and, .or, .not: return LogicKernel.connect(op, operands, arena)
        case .compare(let comparison):
            return equalsLiteral(comparison, steps[index].operands[0], operands, arena)
                ?? CompareKernel.compare(comparison, operands, types, arena)
        case .between:
            let low = CompareKernel.compare(
                .greaterOrEqual, [operands[0], operands[1]], [types[0], types[1]], arena)
            let high = CompareKernel.compare(.lessOrEqual, [operands[0], operands[2]], [types[0], types[2]], arena)
            return LogicKernel.strictBoth(low, high, arena)
        case .isNull: return LogicKernel.isNull(operands[0], arena)
        case .present: return LogicKernel.present(operands[0], arena)
        case .conditional: return ChoiceKernel.conditional(operands, types, type, arena)
        case .coalesce: return ChoiceKernel.coalesce(operands, types, type, arena)
        case .leastOf, .greatestOf: return ChoiceKernel.extreme(op == .leastOf, operands, types, type, arena)
        case .add, .subtract, .multiply, .negate, .abs, .sign, .mod, .round, .div:
            return NumberKernel.apply(op, operands, types, type, arena)
        case .concatenate, .length, .left, .right, .mid, .startsWith, .endsWith, .contains, .strip, .stripCJK, .upper,
            .lower, .intOfText, .decimalOfText, .dateOfText, .isIDCard, .isUSCC:
            return TextKernel.apply(op, operands, arena)
        case .dateOfTimestamp, .year, .month, .day, .days, .addMonths, .addYears:
            return DateKernel.apply(op, operands, arena)
        case .workdays:
            guard case .calendar(let calendar) = resources[index] else { return .null(type, operands[0].count, arena) }
            return DateKernel.between(operands, arena) { calendar.days(from: $0, to: $1) }
        case .caseNumber(let field):
            guard case .marks(let marks) = resources[index] else { return .null(type, operands[0].count, arena) }
            let source = steps[index].operands[0]
            let parsed = caseNumbers[source] ?? ParsedCaseNumbers(operands[0], arena)
            caseNumbers[source] = parsed
            return parsed.part(field, of: operands[0], marks, arena)
        }
    }
}
