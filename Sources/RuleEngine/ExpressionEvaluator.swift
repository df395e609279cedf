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
}

/// A column of the row that a relation finds.
struct RelatedColumn: Hashable {
    var relation: Int
    var column: Int
}

/// Runs the steps of a plan over blocks. What depends on the plan alone (automata, code sets, constants) is made once.
struct ExpressionEvaluator {
    let steps: [ExpressionPlan.Step]
    private let period: StatisticalPeriod?
    private var resources: [Resource]
    /// Vectors of constant steps, as long as the longest block so far.
    private var constants: [Int: Vector] = [:]

    /// What a step looks things up in.
    enum Resource {
        case none
        case automaton(Automaton)
        case texts(TextIndex)
        case codes(CodeMembership)
        case attribute(CodeAttribute)
        case marks(TextIndex)
        case calendar(WorkdayCounter)
    }

    init(_ plan: ExpressionPlan, schema: StandardSchema, period: StatisticalPeriod?) {
        steps = plan.steps
        self.period = period
        resources = plan.steps.map { step in
            switch step.operation {
            case .matches(let pattern): (try? Pattern(pattern.string)).map { .automaton(Automaton($0)) } ?? .none
            case .memberOf(.texts(let texts)): .texts(TextIndex(texts.map(\.string)))
            case .inCodelist(let list, let under):
                schema.codelists[list].map { .codes(CodeMembership($0, under: under?.string)) } ?? .none
            case .attribute(let list, let index):
                schema.codelists[list].map { .attribute(CodeAttribute($0, index)) } ?? .none
            case .apply(.caseNumber): .marks(ExpressionEvaluator.caseNumberMarks(schema))
            case .apply(.workdays(let calendar)):
                schema.calendars[calendar].map { .calendar(WorkdayCounter($0)) } ?? .none
            default: .none
            }
        }
    }

    private static func caseNumberMarks(_ schema: StandardSchema) -> TextIndex {
        guard let types = schema.caseNumberTypes, let list = schema.codelist(types.codelist),
            let attribute = list.attributeIndex(types.attribute)
        else { return TextIndex() }
        return TextIndex(list.entries.compactMap { $0.values[attribute] })
    }

    /// Which steps the given ones need, themselves included.
    func closure(of roots: some Sequence<Int>) -> [Bool] {
        var needed = [Bool](repeating: false, count: steps.count)
        for root in roots { needed[root] = true }
        for index in steps.indices.reversed() where needed[index] {
            for operand in steps[index].operands { needed[operand] = true }
        }
        return needed
    }

    /// The values of all needed steps; others stay nil.
    mutating func evaluate(_ leaves: Leaves, needed: [Bool]) -> [Vector?] {
        var values = [Vector?](repeating: nil, count: steps.count)
        for index in steps.indices where needed[index] {
            values[index] = value(of: index, leaves, values)
        }
        return values
    }

    private mutating func value(of index: Int, _ leaves: Leaves, _ values: [Vector?]) -> Vector {
        let step = steps[index]
        let count = leaves.count
        let operands = step.operands.compactMap { values[$0] }
        let types = step.operands.map { steps[$0].type }
        switch step.operation {
        case .number, .text, .date, .bool, .null, .periodBegin, .periodEnd: return constant(index, count)
        case .column(let column): return leaves.columns[column] ?? nullVector(step.type, count)
        case .outerColumn(let column): return leaves.outer[column] ?? nullVector(step.type, count)
        case .related(let relation, let column):
            return leaves.related[RelatedColumn(relation: relation, column: column)]
                ?? nullVector(step.type, count)
        case .aggregate(let aggregate): return leaves.aggregates[aggregate] ?? nullVector(step.type, count)
        case .apply(let op): return apply(op, operands, types, step.type, resources[index], count)
        case .memberOf(let set):
            return SetKernel.member(operands[0], types[0], set, resources[index])
        case .inCodelist:
            guard case .codes(let codes) = resources[index] else { return nullVector(.bool, count) }
            return codes.test(operands[0], day: operands.count > 1 ? operands[1] : nil)
        case .matches:
            guard case .automaton(var automaton) = resources[index] else { return nullVector(.bool, count) }
            resources[index] = .none
            let result = TextKernel.predicate(operands[0]) { automaton.matches($0) }
            resources[index] = .automaton(automaton)
            return result
        case .attribute:
            guard case .attribute(let attribute) = resources[index] else { return nullVector(.text, count) }
            return attribute.values(of: operands[0])
        }
    }

    private func nullVector(_ type: ExpressionType, _ count: Int) -> Vector {
        type == .text
            ? Vector(
                storage: Vector.constantText("", count: count).storage,
                valid: [UInt64](repeating: 0, count: (count + 63) >> 6), count: count)
            : .constant(nil, count: count)
    }

    private mutating func constant(_ index: Int, _ count: Int) -> Vector {
        if let known = constants[index], known.count == count { return known }
        let words: (Int64) -> Vector = { .constant(.words([Int64](repeating: $0, count: count)), count: count) }
        let vector: Vector
        switch steps[index].operation {
        case .number(let value):
            vector =
                Int64(exactly: value).map(words)
                ?? .constant(.wide([Int128](repeating: value, count: count)), count: count)
        case .text(let text): vector = .constantText(text.string, count: count)
        case .date(let date): vector = words(Int64(date.days))
        case .bool(let value): vector = words(value ? 1 : 0)
        case .periodBegin: vector = period.map { words(Int64($0.firstDay.days)) } ?? nullVector(.date, count)
        case .periodEnd: vector = period.map { words(Int64($0.lastDay.days)) } ?? nullVector(.date, count)
        default: vector = nullVector(steps[index].type, count)
        }
        constants[index] = vector
        return vector
    }

    private func apply(
        _ op: Operator, _ operands: [Vector], _ types: [ExpressionType], _ type: ExpressionType, _ resource: Resource,
        _ count: Int
    ) -> Vector {
        switch op {
        case .and, .or, .not: return LogicKernel.connect(op, operands)
        case .compare(let comparison): return CompareKernel.compare(comparison, operands, types)
        case .between:
            let low = CompareKernel.compare(.greaterOrEqual, [operands[0], operands[1]], [types[0], types[1]])
            let high = CompareKernel.compare(.lessOrEqual, [operands[0], operands[2]], [types[0], types[2]])
            return LogicKernel.strictBoth(low, high)
        case .isNull: return LogicKernel.isNull(operands[0])
        case .present: return LogicKernel.present(operands[0])
        case .conditional: return ChoiceKernel.conditional(operands, types, type)
        case .coalesce: return ChoiceKernel.coalesce(operands, types, type)
        case .leastOf, .greatestOf: return ChoiceKernel.extreme(op == .leastOf, operands, types, type)
        case .add, .subtract, .multiply, .negate, .abs, .sign, .mod, .round, .div:
            return NumberKernel.apply(op, operands, types, type)
        case .concatenate, .length, .left, .right, .mid, .startsWith, .endsWith, .contains, .strip, .stripCJK, .upper,
            .lower, .intOfText, .decimalOfText, .dateOfText, .isIDCard, .isUSCC:
            return TextKernel.apply(op, operands)
        case .dateOfTimestamp, .year, .month, .day, .days, .addMonths, .addYears: return DateKernel.apply(op, operands)
        case .workdays:
            guard case .calendar(let calendar) = resource else { return nullVector(type, count) }
            return DateKernel.between(operands) { calendar.days(from: $0, to: $1) }
        case .caseNumber(let field):
            guard case .marks(let marks) = resource else { return nullVector(type, count) }
            return CaseNumberKernel.part(field, operands[0], marks)
        }
    }
}
