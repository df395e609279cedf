import Columnar
import CourtModel
import RuleLanguage
import RulePlan
import Schema

/// The steps of a plan as terms over one row source, whose alias is `t`.
///
/// What is used more than once is named in a derived table of its own level and computed once per row. Every operator is
/// printed so that it has a value for all operands: the server may fold constants or compute a branch early, and
/// nothing it meets can abort the statement.
final class RowTerms {
    /// What the row source gives.
    struct Leaves {
        var column: (Int) -> SQLTerm
        var outerColumn: (Int) -> SQLTerm = { _ in .init(value: .null(.text), type: .text) }
        var related: (Int, Int) -> SQLTerm = { _, _ in .init(value: .null(.text), type: .text) }
        var aggregate: (Int) -> SQLTerm = { _ in .init(value: .null(.text), type: .text) }
    }

    static let alias = "t"

    let schema: StandardSchema
    private let steps: [ExpressionPlan.Step]
    private let leaves: Leaves
    private let period: StatisticalPeriod?
    private var terms: [SQLTerm?]
    /// How many needed steps and roots use each.
    private var uses: [Int]
    /// Columns that each level adds to those below it.
    private(set) var levels: [[SQLSelect.Column]] = []
    private var names: [SQLExpression: (name: String, level: Int)] = [:]

    /// - Parameter roots: the steps that will be asked for, each as often as it will be used.
    init(
        _ plan: ExpressionPlan, roots: [Int], leaves: Leaves, schema: StandardSchema, period: StatisticalPeriod?
    ) {
        steps = plan.steps
        self.leaves = leaves
        self.schema = schema
        self.period = period
        terms = Array(repeating: nil, count: plan.steps.count)
        var uses = Array(repeating: 0, count: plan.steps.count)
        for root in roots { uses[root] += 1 }
        for index in plan.steps.indices.reversed() where uses[index] > 0 {
            for operand in plan.steps[index].operands { uses[operand] += 1 }
        }
        self.uses = uses
    }

    /// The term of a step.
    func term(_ index: Int) -> SQLTerm {
        if let known = terms[index] { return known }
        var made = make(steps[index])
        if uses[index] > 1, made.value.weight > 4 { made = bound(made) }
        terms[index] = made
        return made
    }

    /// The term under names of its own, unless repeating it costs nothing. What prints an operand several times takes
    /// this instead.
    func bound(_ term: SQLTerm) -> SQLTerm {
        guard !term.isLeaf || !(term.error?.isLeaf ?? true) else { return term }
        var result = term
        if !term.isLeaf {
            (result.value, result.level) = bind(term.value, level: term.level)
        }
        if let error = term.error, !error.isLeaf {
            let (name, level) = bind(error, level: term.level)
            result.error = name
            result.level = max(result.level, level)
        }
        return result
    }

    /// A name for an expression over names of `level`, and the level at which the name is known.
    func bind(_ expression: SQLExpression, level: Int) -> (SQLExpression, Int) {
        if let known = names[expression], known.level >= level {
            return (.column(known.name, of: Self.alias), known.level)
        }
        while levels.count <= level { levels.append([]) }
        // Not the number of `names`: an expression that is named again, further out, does not add to them.
        let name = "sitong_\(levels.reduce(1) { $0 + $1.count })"
        levels[level].append(.init(expression, as: name))
        names[expression] = (name, level + 1)
        return (.column(name, of: Self.alias), level + 1)
    }

    /// The row source with all that the terms named.
    func rows(from base: SQLSelect) -> SQLSelect {
        var result = base
        for columns in levels where !columns.isEmpty {
            result = SQLSelect(
                columns, allOf: Self.alias, from: .query(result, alias: Self.alias), isFenced: true)
        }
        return result
    }

    private func make(_ step: ExpressionPlan.Step) -> SQLTerm {
        switch step.operation {
        case .number(let value): return .number(value, step.type)
        case .text(let text): return SQLTerm(value: .text(text.string), type: .text)
        case .date(let date): return SQLTerm(value: .typed(.date, date.description), type: .date)
        case .bool(let value): return SQLTerm(value: .bool(value), type: .boolean)
        case .null: return .null(step.type)
        case .column(let column): return leaves.column(column)
        case .outerColumn(let column): return leaves.outerColumn(column)
        case .related(let relation, let column): return leaves.related(relation, column)
        case .aggregate(let index): return leaves.aggregate(index)
        case .periodBegin: return periodDay(period?.firstDay)
        case .periodEnd: return periodDay(period?.lastDay)
        case .apply(let op): return apply(op, step.operands.map(term), step.operands.map { steps[$0].type }, step.type)
        case .memberOf(let set): return memberOf(set, term(step.operands[0]))
        case .inCodelist(let list, let under): return inCodelist(list, under?.string, step.operands.map(term))
        case .matches(let pattern):
            let operand = bound(term(step.operands[0]))
            return [operand].strict(.boolean, PatternSQL.test(operand.value, pattern.string))
        case .attribute(let list, let index): return attribute(list, index, term(step.operands[0]))
        }
    }

    private func periodDay(_ day: CivilDate?) -> SQLTerm {
        day.map { SQLTerm(value: .typed(.date, $0.description), type: .date) } ?? .null(.date)
    }

    private func apply(
        _ op: Operator, _ operands: [SQLTerm], _ types: [ExpressionType], _ type: ExpressionType
    ) -> SQLTerm {
        switch op {
        case .and, .or, .not: connect(op, operands)
        case .compare(let comparison): compare(comparison, operands)
        case .between: between(operands)
        case .isNull: presence(operands[0]) { .isNull($0) }
        case .present:
            presence(operands[0]) { value in
                types[0] == .text
                    ? .call("coalesce", [.infix("<>", [value, .text("")]), .bool(false)]) : .isNotNull(value)
            }
        case .conditional: conditional(operands, type)
        case .coalesce: coalesce(operands, type)
        case .leastOf: extreme("least", operands, type)
        case .greatestOf: extreme("greatest", operands, type)
        case .add, .subtract, .multiply, .negate, .abs, .sign, .mod, .round, .div:
            number(op, operands, types, type)
        case .concatenate, .length, .left, .right, .mid, .startsWith, .endsWith, .contains, .strip, .stripCJK, .upper,
            .lower:
            text(op, operands)
        case .intOfText: intOfText(operands[0])
        case .decimalOfText(let precision, let scale): decimalOfText(operands[0], precision, scale)
        case .dateOfText: dateOfText(operands[0])
        case .dateOfTimestamp, .year, .month, .day, .days, .addMonths, .addYears: date(op, operands)
        case .workdays(let calendar): workdays(calendar, operands)
        case .isIDCard: isIDCard(operands[0])
        case .isUSCC: isUSCC(operands[0])
        case .caseNumber(let field): caseNumber(field, operands[0])
        }
    }
}

extension SQLTerm {
    /// A literal: the integer value × 10^scale of the type.
    static func number(_ value: Int128, _ type: ExpressionType) -> SQLTerm {
        guard case .number(_, let scale) = type, scale > 0 else {
            let physical: SQLType =
                Int32(exactly: value) != nil ? .integer : Int64(exactly: value) != nil ? .bigint : .numeric
            return SQLTerm(value: .number("\(value)"), type: physical)
        }
        var digits = "\(value.magnitude)"
        if digits.utf8.count <= scale { digits = String(repeating: "0", count: scale + 1 - digits.utf8.count) + digits }
        let text = (value < 0 ? "-" : "") + digits.dropLast(scale) + "." + digits.suffix(scale)
        return SQLTerm(value: .number(text), type: .numeric)
    }

    static func null(_ type: ExpressionType) -> SQLTerm {
        let physical = SQLType(type)
        return SQLTerm(value: .null(physical), type: physical)
    }
}

extension SQLType {
    init(_ type: ExpressionType) {
        switch type {
        case .number(let precision, let scale): self = scale == 0 && precision <= 19 ? .bigint : .numeric
        case .text: self = .text
        case .date: self = .date
        case .timestamp: self = .timestamp
        case .bool, .null: self = .boolean
        }
    }
}

extension SQLExpression {
    /// Roughly how much computing it costs, to weigh repeating it against naming it.
    var weight: Int {
        switch self {
        case .column, .text, .number, .bool, .null, .typed, .textArray, .dateArray: 0
        case .isNull(let inside), .isNotNull(let inside), .not(let inside), .byBytes(let inside), .truth(let inside, _):
            1 + inside.weight
        case .infix("~", let parts): 20 + parts.reduce(0) { $0 + $1.weight }
        case .infix(_, let parts), .isIn(_, let parts): parts.reduce(parts.count) { $0 + $1.weight }
        case .call(_, let parts): parts.reduce(3) { $0 + $1.weight }
        case .between(let value, let low, let high): 3 + value.weight + low.weight + high.weight
        case .isAny(let value, _): 5 + value.weight
        case .cast(let inside, _), .extract(_, let inside): 2 + inside.weight
        case .cases(let branches, let otherwise):
            branches.reduce(otherwise?.weight ?? 0) { $0 + 1 + $1.condition.weight + $1.result.weight }
        case .choice(let subject, let branches, let otherwise):
            branches.reduce(subject.weight + (otherwise?.weight ?? 0)) { $0 + 1 + $1.result.weight }
        case .countRows, .aggregate, .rowNumber, .exists: 50
        }
    }
}
