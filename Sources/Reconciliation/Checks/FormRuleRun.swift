import CourtModel
import Diagnostics
import FormEngine
import RuleLanguage
import Schema

/// One rule over one form: all courts and bindings of one period after the other.
struct FormRuleRun {
    private(set) var findings: [FormFinding] = []
    var statistic: FormRuleStatistic
    private let rule: CompiledFormRule
    private let schema: StandardSchema
    private let figures: FigureStore
    private let maxStored: Int
    private let machine: FormMachine<Int64>
    /// For what does not fit in 64 bits, one instance at a time.
    private let exact: FormMachine<Int128>

    /// So many instances that all registers of a rule stay in the cache.
    private static let lanes = 1024

    init(rule: CompiledFormRule, schema: StandardSchema, figures: FigureStore, maxStored: Int) {
        self.rule = rule
        self.schema = schema
        self.figures = figures
        self.maxStored = maxStored
        machine = FormMachine(rule.program, capacity: Self.lanes)
        exact = FormMachine(rule.program, capacity: 1)
        statistic = FormRuleStatistic(
            rule: rule.definition.id, title: rule.definition.title ?? rule.definition.id,
            form: schema.forms[rule.form].name, severity: rule.definition.severity)
    }

    mutating func judge(_ stage: FormStage) {
        guard let periods = stage.periods else { return }
        var courts = stage.courts(form: rule.form)
        var children: [[Int]] = []
        if let rollup = rule.rollup {
            children = stage.children(along: rollup.hierarchy)
            if !rollup.own { courts = courts.filter { !children[$0].isEmpty } }
        }
        let scene = FormScene(store: figures, periods: periods, children: children)
        // A roll-up is of the jurisdiction's figures; own ones are part of it.
        switch rule.rollup == nil ? rule.figures : .value {
        case .value: judge(scene, courts[...], stage.label)
        case .own: judge(scene.ofOwnFigures, courts[...], stage.label)
        case .both:
            // Court by court, so that findings come in the order of courts.
            for place in courts.indices {
                judge(scene, courts[place...place], stage.label)
                judge(scene.ofOwnFigures, courts[place...place], stage.label)
            }
        }
    }

    /// Piece by piece, each of as many instances as the machine has lanes.
    private mutating func judge(_ scene: FormScene, _ courts: ArraySlice<Int>, _ period: String) {
        var scene = scene
        let bindingCount = rule.bindingCount
        guard bindingCount > 0 else { return }
        let courtsAtOnce = max(1, Self.lanes / bindingCount)
        var first = courts.startIndex
        while first < courts.endIndex {
            let end = min(first + courtsAtOnce, courts.endIndex)
            scene.courts = courts[first..<end]
            for begin in stride(from: 0, to: bindingCount, by: Self.lanes) {
                scene.bindings = begin..<min(begin + Self.lanes, bindingCount)
                machine.run(scene)
                count(scene, period)
            }
            first = end
        }
    }

    private mutating func count(_ scene: FormScene, _ period: String) {
        statistic.rowsInScope += scene.laneCount
        for lane in 0..<scene.laneCount {
            let (outcome, applies) = (machine.outcome(lane), machine.applies(lane))
            if outcome == FormTruth.isTrue.rawValue, applies == outcome {
                statistic.applicable += 1
                statistic.trueCount += 1
            } else {
                countOdd(lane, outcome, applies, scene, period)
            }
        }
    }

    private mutating func countOdd(
        _ lane: Int, _ outcome: UInt8, _ applies: UInt8, _ scene: FormScene, _ period: String
    ) {
        var (outcome, applies) = (outcome, applies)
        var sides = sides(of: machine, lane)
        if outcome == FormTruth.isError.rawValue || applies == FormTruth.isError.rawValue || sides == nil {
            var single = scene
            let place = scene.courts.startIndex + lane / scene.bindings.count
            let binding = scene.bindings.lowerBound + lane % scene.bindings.count
            single.courts = scene.courts[place...place]
            single.bindings = binding..<binding + 1
            exact.run(single)
            (outcome, applies) = (exact.outcome(0), exact.applies(0))
            // A side that is known is told, though the other is an error.
            sides = rule.program.sides.map { (side($0.actual, of: exact, 0), side($0.expected, of: exact, 0)) }
        }
        if applies == FormTruth.isTrue.rawValue { statistic.applicable += 1 }
        if outcome == FormTruth.isNull.rawValue {
            switch rule.definition.nullPolicy {
            case .undecided: break
            case .fail: outcome = FormTruth.isFalse.rawValue
            case .pass: outcome = FormTruth.isTrue.rawValue
            }
        }
        switch outcome {
        case FormTruth.isTrue.rawValue: statistic.trueCount += 1
        case FormTruth.isNull.rawValue: statistic.undecidedCount += 1
        case FormTruth.isError.rawValue: statistic.errorCount += 1
        default:
            statistic.falseCount += 1
            let court = figures.courts[scene.courts[scene.courts.startIndex + lane / scene.bindings.count]]
            let binding = scene.bindings.lowerBound + lane % scene.bindings.count
            guard !isExcepted(court: court, period: period, binding: binding) else {
                statistic.excepted += 1
                return
            }
            guard statistic.stored < maxStored else {
                statistic.truncated += 1
                return
            }
            statistic.stored += 1
            findings.append(finding(sides ?? (nil, nil), court: court, period: period, binding: binding))
        }
    }

    /// Whether an exception covers the instance: its key is the court, or the court, row and column, by code or title.
    private func isExcepted(court: String, period: String, binding: Int) -> Bool {
        guard !rule.definition.exceptions.isEmpty else { return false }
        let last = StatisticalPeriod(period)?.lastDay
        let form = schema.forms[rule.form]
        let (row, column) = rule.codes(ofBinding: binding)
        return rule.definition.exceptions.contains { exception in
            if let until = exception.until, let last, until < last { return false }
            guard exception.key.first == court else { return false }
            guard exception.key.count == 3 else { return exception.key.count == 1 }
            return form.rowIndex(exception.key[1]) == form.rowIndex(row)
                && form.columnIndex(exception.key[2]) == form.columnIndex(column)
        }
    }

    /// Both sides of the comparison, without zeros at the end of a fraction; nil when one is an error.
    private func sides(
        of machine: FormMachine<some FixedWidthInteger & SignedInteger>, _ lane: Int
    ) -> (actual: ExactDecimal?, expected: ExactDecimal?)? {
        guard let sides = rule.program.sides else { return (nil, nil) }
        guard !machine.isError(sides.actual, lane), !machine.isError(sides.expected, lane) else { return nil }
        return (side(sides.actual, of: machine, lane), side(sides.expected, of: machine, lane))
    }

    private func side(
        _ step: Int, of machine: FormMachine<some FixedWidthInteger & SignedInteger>, _ lane: Int
    ) -> ExactDecimal? {
        machine.isError(step, lane) ? nil : machine.number(step, lane)?.normalized
    }

    private func finding(
        _ sides: (actual: ExactDecimal?, expected: ExactDecimal?), court: String, period: String, binding: Int
    ) -> FormFinding {
        let form = schema.forms[rule.form]
        let (row, column) = rule.codes(ofBinding: binding)
        var difference: ExactDecimal?
        if let actual = sides.actual, let expected = sides.expected {
            // A difference of more than 38 digits is left out; that the sides differ is told all the same.
            difference = try? actual.subtracting(expected)
        }
        let title = rule.definition.title ?? rule.definition.id
        return FormFinding(
            rule: rule.definition.id, severity: rule.definition.severity, form: form.name, court: court,
            period: period, row: row, column: column, expected: sides.expected, actual: sides.actual,
            difference: difference,
            message: FormMessage.text(
                template: rule.definition.message?.text, title: title,
                row: form.rowIndex(row).map { form.rows[$0].title } ?? row,
                column: form.columnIndex(column).map { form.columns[$0].title } ?? column, court: court,
                expected: sides.expected, actual: sides.actual, difference: difference))
    }
}

extension FormScene {
    fileprivate var ofOwnFigures: FormScene {
        var scene = self
        scene.usesOwn = true
        return scene
    }
}
