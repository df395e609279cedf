import FormEngine
import RuleLanguage

/// A form rule as a flat list of instructions over registers; what `FormMachine` executes for many instances at once.
///
/// Registers of amounts and of truths are numbered apart. A sub-expression that occurs twice is computed once.
struct FormProgram: Sendable {
    enum Instruction: Sendable {
        case number(Int, into: Int)
        case null(into: Int)
        case cell(Int, into: Int)
        /// Adds the cell to what is there.
        case addCell(Int, into: Int)
        /// The total of the cell over the courts directly below, and the own one.
        case below(Int, own: Bool, into: Int)
        case belowCount(own: Bool, into: Int)
        case add(Int, Int, into: Int)
        case subtract(Int, Int, into: Int)
        case multiply(Int, Int, into: Int)
        case absolute(Int, into: Int)
        case round(Int, digits: Int, into: Int)
        case divide(Int, Int, digits: Int, into: Int)
        case least(Int, Int, into: Int)
        case greatest(Int, Int, into: Int)
        case coalesce(Int, Int, into: Int)
        case choose(condition: Int, Int, Int, into: Int)
        // Into registers of truths.
        case truth(FormTruth, into: Int)
        case compare(Comparison, Int, Int, into: Int)
        case isNull(Int, into: Int)
        case not(Int, into: Int)
        case and(Int, Int, into: Int)
        case or(Int, Int, into: Int)
        case chooseTruth(condition: Int, Int, Int, into: Int)
    }

    /// One cell reference: where the cell lies in its sheet, for each binding of the wildcards.
    struct CellRead: Sendable {
        var form: Int
        var period: CellPeriod
        var offsets: [Int32]
        /// The offsets are consecutive.
        var isContiguous: Bool
    }

    /// Computes `whenTruth`.
    var when: [Instruction] = []
    /// Computes `checkTruth`, after `when`.
    var check: [Instruction] = []
    var whenTruth: Int?
    var checkTruth = 0
    /// Both sides, when the check is one comparison.
    var sides: (actual: Int, expected: Int)?
    var cells: [CellRead] = []
    var numbers: [ExactDecimal] = []
    var amountCount = 0
    var truthCount = 0
    var blank = MissingPolicy.null
    var absent = MissingPolicy.null
}

/// Writes a program from expressions.
struct FormProgramWriter {
    private(set) var program: FormProgram
    private let tolerance: Tolerance
    private let columnCounts: [Int]
    private let rowBindings: [CompiledFormRule.Binding?]
    private let columnBindings: [CompiledFormRule.Binding?]
    private var instructions: [FormProgram.Instruction] = []
    private var amounts: [FormExpression: Int] = [:]
    private var truths: [FormExpression: Int] = [:]

    /// - Parameter columnCounts: of each form.
    init(
        columnCounts: [Int], rowBindings: [CompiledFormRule.Binding]?, columnBindings: [CompiledFormRule.Binding]?,
        blank: MissingPolicy, absent: MissingPolicy, tolerance: Tolerance
    ) {
        program = FormProgram()
        program.blank = blank
        program.absent = absent
        self.tolerance = tolerance
        self.columnCounts = columnCounts
        self.rowBindings = rowBindings ?? [nil]
        self.columnBindings = columnBindings ?? [nil]
    }

    /// The whole program. Tolerance is for what is checked, not for when.
    mutating func write(when: FormExpression?, check: FormExpression) {
        program.whenTruth = when.map { truth($0) }
        program.when = instructions
        instructions = []
        // A cell that is absent fails the check that reads it, so the check reads its cells itself.
        if program.absent == .fail {
            amounts = [:]
            truths = [:]
        }
        if case .compare(let comparison, let left, let right) = check {
            program.sides = (amount(left), amount(right))
            program.checkTruth = truth(tolerance.applied(to: comparison, left, right))
        } else {
            program.checkTruth = truth(check.replacingComparisons(by: tolerance))
        }
        program.check = instructions
    }

    // MARK: Truths

    private mutating func truth(_ expression: FormExpression) -> Int {
        if let register = truths[expression] { return register }
        let register: Int
        switch expression {
        case .bool(let value):
            register = newTruth()
            instructions.append(.truth(value ? .isTrue : .isFalse, into: register))
        case .and(let parts): register = folded(parts) { .and($0, $1, into: $2) }
        case .or(let parts): register = folded(parts) { .or($0, $1, into: $2) }
        case .not(let inner):
            let inner = truth(inner)
            register = newTruth()
            instructions.append(.not(inner, into: register))
        case .compare(let comparison, let left, let right):
            let (left, right) = (amount(left), amount(right))
            register = newTruth()
            instructions.append(.compare(comparison, left, right, into: register))
        case .isNull(let inner):
            let inner = amount(inner)
            register = newTruth()
            instructions.append(.isNull(inner, into: register))
        case .conditional(let condition, let then, let otherwise):
            let (condition, then, otherwise) = (truth(condition), truth(then), truth(otherwise ?? .null))
            register = newTruth()
            instructions.append(.chooseTruth(condition: condition, then, otherwise, into: register))
        default:
            register = newTruth()
            instructions.append(.truth(.isNull, into: register))
        }
        truths[expression] = register
        return register
    }

    private mutating func folded(
        _ parts: [FormExpression], _ instruction: (Int, Int, Int) -> FormProgram.Instruction
    ) -> Int {
        var result = truth(parts.first ?? .null)
        for part in parts.dropFirst() {
            let next = truth(part)
            let register = newTruth()
            instructions.append(instruction(result, next, register))
            result = register
        }
        return result
    }

    private mutating func newTruth() -> Int {
        program.truthCount += 1
        return program.truthCount - 1
    }

    // MARK: Amounts

    private mutating func amount(_ expression: FormExpression) -> Int {
        if let register = amounts[expression] { return register }
        let register: Int
        switch expression {
        case .number(let number):
            program.numbers.append(number)
            register = newAmount()
            instructions.append(.number(program.numbers.count - 1, into: register))
        case .cell(let cell): register = read(cell, axis: nil)
        case .axisSum(let places, let cell, _):
            guard let first = places.first else { return amount(.null) }
            register = read(cell, axis: first)
            for place in places.dropFirst() {
                instructions.append(.addCell(reading(cell, axis: place), into: register))
            }
        case .below(let cell, let own):
            let cell = reading(cell, axis: nil)
            register = newAmount()
            instructions.append(.below(cell, own: own, into: register))
        case .belowCount(let own):
            register = newAmount()
            instructions.append(.belowCount(own: own, into: register))
        case .add(let left, let right): register = binary(left, right) { .add($0, $1, into: $2) }
        case .subtract(let left, let right): register = binary(left, right) { .subtract($0, $1, into: $2) }
        case .multiply(let left, let right): register = binary(left, right) { .multiply($0, $1, into: $2) }
        case .negate(let inner): register = binary(.number(.zero), inner) { .subtract($0, $1, into: $2) }
        case .absolute(let inner):
            let inner = amount(inner)
            register = newAmount()
            instructions.append(.absolute(inner, into: register))
        case .round(let inner, let digits):
            let inner = amount(inner)
            register = newAmount()
            instructions.append(.round(inner, digits: digits, into: register))
        case .divide(let left, let right, let digits):
            register = binary(left, right) { .divide($0, $1, digits: digits, into: $2) }
        case .least(let parts): register = chain(parts) { .least($0, $1, into: $2) }
        case .greatest(let parts): register = chain(parts) { .greatest($0, $1, into: $2) }
        case .coalesce(let parts): register = chain(parts) { .coalesce($0, $1, into: $2) }
        case .conditional(let condition, let then, let otherwise):
            let condition = truth(condition)
            let (then, otherwise) = (amount(then), amount(otherwise ?? .null))
            register = newAmount()
            instructions.append(.choose(condition: condition, then, otherwise, into: register))
        default:
            register = newAmount()
            instructions.append(.null(into: register))
        }
        amounts[expression] = register
        return register
    }

    private mutating func binary(
        _ left: FormExpression, _ right: FormExpression, _ instruction: (Int, Int, Int) -> FormProgram.Instruction
    ) -> Int {
        let (left, right) = (amount(left), amount(right))
        let register = newAmount()
        instructions.append(instruction(left, right, register))
        return register
    }

    private mutating func chain(
        _ parts: [FormExpression], _ instruction: (Int, Int, Int) -> FormProgram.Instruction
    ) -> Int {
        var result = amount(parts.first ?? .null)
        for part in parts.dropFirst() {
            let next = amount(part)
            let register = newAmount()
            instructions.append(instruction(result, next, register))
            result = register
        }
        return result
    }

    private mutating func newAmount() -> Int {
        program.amountCount += 1
        return program.amountCount - 1
    }

    // MARK: Cells

    private mutating func read(_ cell: FormCell, axis: Int?) -> Int {
        let cell = reading(cell, axis: axis)
        let register = newAmount()
        instructions.append(.cell(cell, into: register))
        return register
    }

    private mutating func reading(_ cell: FormCell, axis: Int?) -> Int {
        var offsets: [Int32] = []
        offsets.reserveCapacity(rowBindings.count * columnBindings.count)
        for row in rowBindings {
            for column in columnBindings {
                let place =
                    position(cell.row, row, cell.form, axis) * columnCounts[cell.form]
                    + position(cell.column, column, cell.form, axis)
                offsets.append(Int32(place))
            }
        }
        let isContiguous = zip(offsets, offsets.dropFirst()).allSatisfy { $1 == $0 + 1 }
        program.cells.append(
            FormProgram.CellRead(
                form: cell.form, period: cell.period, offsets: offsets, isContiguous: isContiguous))
        return program.cells.count - 1
    }

    private func position(
        _ place: FormCell.Place, _ binding: CompiledFormRule.Binding?, _ form: Int, _ axis: Int?
    ) -> Int {
        switch (place, binding, axis) {
        case (.fixed(let index), _, _): index
        case (.wildcard, let binding?, _): binding.places[form]
        case (.axis, _, let axis?): axis
        default: preconditionFailure("a wildcard without a binding, or an axis outside its aggregate")
        }
    }
}

extension FormExpression {
    /// The same with the tolerance in every comparison, but for those that only choose (`if`).
    fileprivate func replacingComparisons(by tolerance: Tolerance) -> FormExpression {
        switch self {
        case .compare(let comparison, let left, let right): tolerance.applied(to: comparison, left, right)
        case .and(let parts): .and(parts.map { $0.replacingComparisons(by: tolerance) })
        case .or(let parts): .or(parts.map { $0.replacingComparisons(by: tolerance) })
        case .not(let inner): .not(inner.replacingComparisons(by: tolerance))
        case .conditional(let condition, let then, let otherwise):
            .conditional(
                condition, then.replacingComparisons(by: tolerance), otherwise?.replacingComparisons(by: tolerance))
        default: self
        }
    }
}
