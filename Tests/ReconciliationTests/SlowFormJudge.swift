import CourtModel
import FormEngine
import RuleLanguage
import Schema

/// Judges form rules one instance after the other, from the text of the rule and the page that defines the language.
///
/// It shares the parser and the arithmetic of one number with the engine, and nothing else: names are looked up, cells
/// read and truths combined again for every instance.
struct SlowFormJudge {
    enum Truth: String, Hashable { case yes, no, null, error }

    enum Amount: Equatable {
        case number(ExactDecimal)
        case null, error
    }

    struct Place: Hashable {
        var form: String
        var court: String
        var period: String
        var row: String
        var column: String
    }

    struct Verdict: Hashable {
        var court: String
        var period: String
        var row: String
        var column: String
        var truth: Truth
        var applies: Truth
        var actual: ExactDecimal?
        var expected: ExactDecimal?
    }

    let schema: StandardSchema
    /// Figures by codes.
    let figures: [Place: FigureTable.Cell]
    /// Courts in order, and the parent of each.
    let courts: [String]
    let parents: [String: String]

    /// Every instance of a rule over one of its forms in one period; nil when a form is missing.
    func judge(_ rule: RuleDefinition, form: FormDefinition, period: String) throws -> [Verdict]? {
        var instance = Instance(judge: self, rule: rule, form: form, period: period)
        let when = try rule.when.map { try Parser.parse($0) }
        switch rule.body {
        case .formCheck(let text): instance.check = try Parser.parse(text)
        case .rollup(let cells, _, let own): instance.rollup = (try Parser.parseCell(cells), own)
        default: return nil
        }
        instance.when = when
        let cells = instance.cells
        for cell in cells where cell.period == nil || cell.period == .current {
            let name = schema.form(cell.form ?? form.name)?.name
            guard figures.keys.contains(where: { $0.form == name && $0.period == period }) else { return nil }
        }
        let own = Set(figures.keys.filter { $0.form == form.name && $0.period == period }.map(\.court))
        guard !own.isEmpty else { return nil }
        let rows: [String?] = instance.codes(.row)?.map { $0 } ?? [nil]
        let columns: [String?] = instance.codes(.column)?.map { $0 } ?? [nil]
        var verdicts: [Verdict] = []
        for court in courts.filter(own.contains) + own.filter({ !courts.contains($0) }).sorted() {
            instance.court = court
            if instance.rollup?.own == false, instance.children.isEmpty { continue }
            // A roll-up is of the jurisdiction's figures; own ones are part of it.
            let choice = instance.rollup == nil ? rule.formOptions.figures : nil
            for isOwn in choice == "both" ? [false, true] : [choice == "own"] {
                instance.isOwn = isOwn
                for row in rows {
                    for column in columns {
                        (instance.row, instance.column) = (row, column)
                        verdicts.append(instance.verdict())
                    }
                }
            }
        }
        return verdicts
    }

    private struct Instance {
        let judge: SlowFormJudge
        let rule: RuleDefinition
        let form: FormDefinition
        let period: String
        var check: Syntax?
        var rollup: (cell: CellSyntax, own: Bool)?
        var when: Syntax?
        var court = ""
        var isOwn = false
        var row: String?
        var column: String?
        /// The axis of the aggregate at hand, and the code at which it is.
        var axis: (Axis, String)?
        var missed = false

        init(judge: SlowFormJudge, rule: RuleDefinition, form: FormDefinition, period: String) {
            (self.judge, self.rule, self.form, self.period) = (judge, rule, form, period)
        }

        var children: [String] { judge.courts.filter { judge.parents[$0] == court } }

        // MARK: Wildcards

        var cells: [CellSyntax] {
            (rollup.map { [$0.cell] } ?? []) + [check, when].compactMap { $0 }.flatMap(Self.cells)
        }

        static func cells(_ syntax: Syntax) -> [CellSyntax] {
            switch syntax.kind {
            case .cell(let cell), .axisSum(_, _, let cell): [cell]
            case .call(_, let parts), .and(let parts), .or(let parts): parts.flatMap(cells)
            case .negate(let part), .not(let part), .isNull(let part): cells(part)
            case .arithmetic(_, let left, let right), .compare(_, let left, let right): cells(left) + cells(right)
            case .between(let value, let low, let high): cells(value) + cells(low) + cells(high)
            case .member(let value, .literals(let all)): cells(value) + all.flatMap(cells)
            case .conditional(let condition, let then, let otherwise):
                cells(condition) + cells(then) + (otherwise.map(cells) ?? [])
            default: []
            }
        }

        /// The codes that `*` binds on an axis; nil when there is no wildcard.
        func codes(_ axis: Axis) -> [String]? {
            var sets: [(form: String, codes: [String])] = []
            for (number, cell) in cells.enumerated() {
                let selector = axis == .row ? cell.row : cell.column
                switch selector {
                case .all, .range:
                    let form = judge.schema.form(cell.form ?? self.form.name) ?? self.form
                    // Of a roll-up the first cell is the one that is added up.
                    let isAddedUp = cell.row == .bound(.row) || rollup != nil && number == 0
                    sets.append((form.name, Self.codes(selector, axis, form, leavesRatiosOut: isAddedUp)))
                default: break
                }
            }
            guard let lead = sets.first(where: { $0.form == form.name }) ?? sets.first else { return nil }
            return lead.codes.filter { code in sets.allSatisfy { $0.codes.contains(code) } }
        }

        static func codes(
            _ selector: Selector, _ axis: Axis, _ form: FormDefinition, leavesRatiosOut: Bool = false
        ) -> [String] {
            let all = axis == .row ? form.rows.map(\.code) : form.columns.map(\.code)
            switch selector {
            case .name(let name): return [code(name, axis, form)]
            case .range(.name(let from), .name(let to)):
                let (from, to) = (code(from, axis, form), code(to, axis, form))
                guard let low = all.firstIndex(of: from), let high = all.firstIndex(of: to), low <= high else {
                    return []
                }
                return Array(all[low...high])
            default:
                guard leavesRatiosOut, axis == .column else { return all }
                return form.columns.filter { if case .ratio = $0.measure { false } else { true } }.map(\.code)
            }
        }

        static func code(_ name: String, _ axis: Axis, _ form: FormDefinition) -> String {
            let all = axis == .row ? form.rows.map { ($0.code, $0.title) } : form.columns.map { ($0.code, $0.title) }
            return (all.first { $0.0 == name } ?? all.first { $0.1 == name })?.0 ?? "?"
        }

        /// What a finding names where no wildcard binds the axis.
        private func firstCode(_ axis: Axis) -> String {
            for cell in cells where (judge.schema.form(cell.form ?? form.name)?.name ?? "") == form.name {
                if case .name(let name) = axis == .row ? cell.row : cell.column { return Self.code(name, axis, form) }
                return ""
            }
            return ""
        }

        // MARK: One instance

        mutating func verdict() -> Verdict {
            missed = false
            let applies = when.map { truth($0, tolerant: false) } ?? .yes
            missed = false
            var actual = Amount.null
            var expected = Amount.null
            var holds: Truth
            if let rollup {
                actual = amount(Syntax(.cell(rollup.cell), at: 0))
                expected = rollup.own ? read(rollup.cell, own: true, court: court) : .number(.zero)
                for child in children {
                    expected = Self.combined(expected, read(rollup.cell, own: false, court: child)) {
                        try $0.adding($1)
                    }
                }
                let count = ExactDecimal(children.count + (rollup.own ? 1 : 0))
                holds = compare(.equal, actual, expected, .number(ExactDecimal(1)), .number(count))
            } else if let check, case .compare(let comparison, let left, let right) = check.kind {
                (actual, expected) = (amount(left), amount(right))
                holds = compare(comparison, actual, expected, weight(left), weight(right))
            } else {
                holds = check.map { truth($0, tolerant: true) } ?? .null
            }
            if missed { holds = .no }
            // when A check B: (not A) or B; the first of true, error, null, false.
            let parts = [Self.negated(applies), holds]
            var outcome = [Truth.yes, .error, .null, .no].first { parts.contains($0) } ?? .null
            if outcome == .null {
                switch rule.nullPolicy {
                case .undecided: break
                case .fail: outcome = .no
                case .pass: outcome = .yes
                }
            }
            func side(_ amount: Amount) -> ExactDecimal? {
                if case .number(let number) = amount { number } else { nil }
            }
            return Verdict(
                court: court, period: period, row: row ?? firstCode(.row), column: column ?? firstCode(.column),
                truth: outcome, applies: applies, actual: side(actual), expected: side(expected))
        }

        static func negated(_ truth: Truth) -> Truth { truth == .yes ? .no : truth == .no ? .yes : truth }

        mutating func truth(_ syntax: Syntax, tolerant: Bool) -> Truth {
            switch syntax.kind {
            case .bool(let value): return value ? .yes : .no
            case .and(let parts):
                var all: Set<Truth> = []
                for part in parts { all.insert(truth(part, tolerant: tolerant)) }
                return [Truth.no, .error, .null, .yes].first(where: all.contains) ?? .null
            case .or(let parts):
                var all: Set<Truth> = []
                for part in parts { all.insert(truth(part, tolerant: tolerant)) }
                return [Truth.yes, .error, .null, .no].first(where: all.contains) ?? .null
            case .not(let part): return Self.negated(truth(part, tolerant: tolerant))
            case .compare(let comparison, let left, let right):
                return compare(
                    comparison, amount(left), amount(right), weight(left), weight(right), tolerant: tolerant)
            case .between(let value, let low, let high):
                let parts = [
                    Syntax(.compare(.greaterOrEqual, value, low), at: 0),
                    Syntax(.compare(.lessOrEqual, value, high), at: 0),
                ]
                return truth(Syntax(.and(parts), at: 0), tolerant: tolerant)
            case .member(let value, .literals(let all)):
                let parts = all.map { Syntax(.compare(.equal, value, $0), at: 0) }
                return truth(Syntax(.or(parts), at: 0), tolerant: tolerant)
            case .isNull(let part): return Self.isNull(amount(part))
            case .call("missing", let parts): return Self.isNull(amount(parts[0]))
            case .call("present", let parts): return Self.negated(Self.isNull(amount(parts[0])))
            case .conditional(let condition, let then, let otherwise):
                // Both are read, whichever is taken.
                let first = truth(then, tolerant: tolerant)
                var second = Truth.null
                if let otherwise { second = truth(otherwise, tolerant: tolerant) }
                switch truth(condition, tolerant: false) {
                case .yes: return first
                case .error: return .error
                default: return second
                }
            default: return .null
            }
        }

        static func isNull(_ amount: Amount) -> Truth {
            switch amount {
            case .number: .no
            case .null: .yes
            case .error: .error
            }
        }

        mutating func amount(_ syntax: Syntax) -> Amount {
            switch syntax.kind {
            case .number(let digits): return ExactDecimal(digits).map { .number($0) } ?? .null
            case .cell(let cell): return read(cell, own: isOwn, court: court)
            case .axisSum(let axis, let selectors, let cell):
                let form = judge.schema.form(cell.form ?? self.form.name) ?? self.form
                var sum: Amount?
                for code in selectors.flatMap({ Self.codes($0, axis, form) }) {
                    self.axis = (axis, code)
                    let part = read(cell, own: isOwn, court: court)
                    sum = sum.map { Self.combined($0, part) { try $0.adding($1) } } ?? part
                }
                self.axis = nil
                return sum ?? .null
            case .arithmetic(.add, let left, let right):
                return Self.combined(amount(left), amount(right)) { try $0.adding($1) }
            case .arithmetic(.subtract, let left, let right):
                return Self.combined(amount(left), amount(right)) { try $0.subtracting($1) }
            case .arithmetic(.multiply, let left, let right):
                return Self.combined(amount(left), amount(right)) { try $0.multiplied(by: $1) }
            case .negate(let part): return Self.combined(amount(part), .number(.zero)) { number, _ in number.negated }
            case .call("abs", let parts):
                return Self.combined(amount(parts[0]), .number(.zero)) { number, _ in number.magnitude }
            case .call("round", let parts):
                let digits = Int(Self.digits(parts[1])) ?? 0
                return Self.combined(amount(parts[0]), .number(.zero)) { number, _ in number.rounded(scale: digits) }
            case .call("div", let parts):
                let digits = Int(Self.digits(parts[2])) ?? 0
                return Self.combined(amount(parts[0]), amount(parts[1])) { try $0.divided(by: $1, scale: digits) }
            case .call("min", let parts): return chosen(parts) { $0 < $1 }
            case .call("max", let parts): return chosen(parts) { $0 > $1 }
            case .call("coalesce", let parts):
                var result = Amount.null
                for part in parts {
                    let next = amount(part)
                    if result == .null { result = next }
                }
                return result
            case .conditional(let condition, let then, let otherwise):
                let first = amount(then)
                var second = Amount.null
                if let otherwise { second = amount(otherwise) }
                switch truth(condition, tolerant: false) {
                case .yes: return first
                case .error: return .error
                default: return second
                }
            default: return .null
            }
        }

        private static func digits(_ syntax: Syntax) -> String {
            if case .number(let digits) = syntax.kind { digits } else { "" }
        }

        private mutating func chosen(_ parts: [Syntax], _ beats: (ExactDecimal, ExactDecimal) -> Bool) -> Amount {
            var result = amount(parts[0])
            for part in parts.dropFirst() {
                result = Self.combined(result, amount(part)) { beats($1, $0) ? $1 : $0 }
            }
            return result
        }

        /// An error before a null, a null before a number; an operation that fails is an error, one without result null.
        static func combined(
            _ left: Amount, _ right: Amount, _ operation: (ExactDecimal, ExactDecimal) throws -> ExactDecimal?
        ) -> Amount {
            guard left != .error, right != .error else { return .error }
            guard case .number(let left) = left, case .number(let right) = right else { return .null }
            do { return try operation(left, right).map { .number($0) } ?? .null } catch { return .error }
        }

        // MARK: Cells

        mutating func read(_ cell: CellSyntax, own: Bool, court: String) -> Amount {
            let form = judge.schema.form(cell.form ?? self.form.name) ?? self.form
            guard let period = label(cell.period) else { return .null }
            let place = Place(
                form: form.name, court: court, period: period, row: code(cell.row, .row, form),
                column: code(cell.column, .column, form))
            let found = judge.figures[place] ?? FigureTable.Cell()
            switch own ? found.own : found.value {
            case .number(let number): return .number(number)
            case .blank: return rule.formOptions.blank == "zero" ? .number(.zero) : .null
            case .absent:
                if rule.formOptions.absent == "fail" { missed = true }
                return rule.formOptions.absent == "zero" ? .number(.zero) : .null
            }
        }

        private func label(_ period: CellPeriod?) -> String? {
            switch period {
            case nil, .current?: self.period
            case .previous?: StatisticalPeriod(self.period)?.previous?.label
            case .samePeriodLastYear?: StatisticalPeriod(self.period)?.samePeriodLastYear?.label
            case .label(let label)?: label
            }
        }

        private func code(_ selector: Selector, _ axis: Axis, _ form: FormDefinition) -> String {
            switch selector {
            case .name(let name): Self.code(name, axis, form)
            case .bound: self.axis?.1 ?? ""
            default: (axis == .row ? row : column) ?? ""
            }
        }

        // MARK: Comparison and tolerance

        private func compare(
            _ comparison: Comparison, _ left: Amount, _ right: Amount, _ leftWeight: Amount, _ rightWeight: Amount,
            tolerant: Bool = true
        ) -> Truth {
            let text = tolerant ? rule.formOptions.tolerance ?? "0" : "0"
            func holds(_ left: ExactDecimal, _ right: ExactDecimal) -> Bool {
                switch comparison {
                case .equal: left == right
                case .notEqual: left != right
                case .less: left < right
                case .lessOrEqual: left <= right
                case .greater: left > right
                case .greaterOrEqual: left >= right
                }
            }
            if text == "0" {
                guard left != .error, right != .error else { return .error }
                guard case .number(let left) = left, case .number(let right) = right else { return .null }
                return holds(left, right) ? .yes : .no
            }
            let tolerance: Amount
            if text.hasSuffix("%") {
                let percent = ExactDecimal(text.dropLast()) ?? .zero
                let share = ExactDecimal(unscaled: percent.unscaled, scale: percent.scale + 2)
                tolerance = Self.combined(right, .number(share)) { try $0.magnitude.multiplied(by: $1) }
            } else if text.hasPrefix("rounding(") {
                let unit = Amount.number(ExactDecimal(text.dropFirst(9).dropLast()) ?? .zero)
                let weight = Self.combined(leftWeight, rightWeight) { try $0.adding($1) }
                tolerance = Self.combined(unit, weight) { try $0.multiplied(by: $1) }
            } else {
                tolerance = ExactDecimal(text).map { .number($0) } ?? .null
            }
            let difference = Self.combined(left, right) { try $0.subtracting($1) }
            guard difference != .error, tolerance != .error else { return .error }
            guard case .number(let distance) = difference, case .number(let limit) = tolerance else { return .null }
            switch comparison {
            case .equal: return distance.magnitude <= limit ? .yes : .no
            case .notEqual: return distance.magnitude > limit ? .yes : .no
            case .less: return distance < limit ? .yes : .no
            case .lessOrEqual: return distance <= limit ? .yes : .no
            case .greater: return distance > limit.negated ? .yes : .no
            case .greaterOrEqual: return distance >= limit.negated ? .yes : .no
            }
        }

        /// How many cells went into a value, each by its factor.
        private mutating func weight(_ syntax: Syntax) -> Amount {
            let none = Amount.number(.zero)
            switch syntax.kind {
            case .cell: return .number(ExactDecimal(1))
            case .axisSum(let axis, let selectors, let cell):
                let form = judge.schema.form(cell.form ?? self.form.name) ?? self.form
                return .number(ExactDecimal(selectors.flatMap { Self.codes($0, axis, form) }.count))
            case .arithmetic(.add, let left, let right), .arithmetic(.subtract, let left, let right):
                return Self.combined(weight(left), weight(right)) { try $0.adding($1) }
            case .arithmetic(.multiply, let left, let right):
                func part(_ factor: Syntax, _ other: Syntax) -> Amount {
                    let weight = self.weight(other)
                    if weight == none { return none }
                    return Self.combined(amount(factor), weight) { try $0.magnitude.multiplied(by: $1) }
                }
                return Self.combined(part(left, right), part(right, left)) { try $0.adding($1) }
            case .negate(let part): return weight(part)
            case .call("abs", let parts), .call("round", let parts): return weight(parts[0])
            case .call("min", let parts), .call("max", let parts):
                var (best, result) = (amount(parts[0]), weight(parts[0]))
                for part in parts.dropFirst() {
                    let (next, nextWeight) = (amount(part), weight(part))
                    if best == .error || next == .error { return .error }
                    guard case .number(let old) = best, case .number(let new) = next else { return .null }
                    if syntax.isCall("min") ? new < old : new > old { (best, result) = (next, nextWeight) }
                }
                return result
            case .call("coalesce", let parts):
                for part in parts {
                    let value = amount(part)
                    if value == .error { return .error }
                    if value != .null { return weight(part) }
                }
                return parts.last.map { weight($0) } ?? none
            case .conditional(let condition, let then, let otherwise):
                switch truth(condition, tolerant: false) {
                case .yes: return weight(then)
                case .error: return .error
                default: return otherwise.map { weight($0) } ?? none
                }
            default: return none
            }
        }
    }
}

extension Syntax {
    fileprivate func isCall(_ name: String) -> Bool {
        if case .call(name, _) = kind { true } else { false }
    }
}
