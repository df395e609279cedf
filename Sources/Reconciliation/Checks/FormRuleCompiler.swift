import Diagnostics
import FormEngine
import RuleLanguage
import Schema

/// Form rules as written → rules with every cell resolved, one for each form that a rule names.
///
/// Goes on after an error, so that all of them are shown.
struct FormRuleCompiler {
    let schema: StandardSchema
    private let figures: FigureTable
    private(set) var diagnostics: [Diagnostic] = []
    private(set) var rules: [CompiledFormRule] = []
    /// Rules that this release cannot judge, and why.
    private(set) var notRun: [(rule: RuleDefinition, form: String, reason: LocalizedText)] = []

    // Of the rule at hand.
    private var source = ExpressionText("")
    private var ownForm = 0
    private var usedForms: Set<Int> = []
    private var rowSets: [(form: Int, places: [Int])] = []
    private var columnSets: [(form: Int, places: [Int])] = []
    private var first: (row: FormCell.Place, column: FormCell.Place)?
    private var countsCases = false
    /// What rules count of cases and the schema has no form for, by table: each count once, by its canonical text.
    private var caseCounts: [(table: String, columns: [FormDefinition.Column])] = []

    init(schema: StandardSchema) {
        self.schema = schema
        figures = FigureTable(forms: schema.forms)
    }

    mutating func compile(_ rules: [RuleDefinition]) {
        for rule in rules where !rule.forms.isEmpty {
            for name in rule.forms {
                do {
                    try compile(rule, formName: name)
                } catch {
                    diagnostics += error.diagnostics
                }
            }
        }
    }

    private mutating func compile(_ rule: RuleDefinition, formName: String) throws(LanguageError) {
        guard let form = figures.formIndex(formName) else {
            throw Self.error(
                "unknown-form",
                LocalizedText(
                    en: "rule '\(rule.id)': unknown form '\(formName)'", zh: "规则“\(rule.id)”：没有报表“\(formName)”"),
                at: rule.location)
        }
        if let reason = rule.disabledReason {
            notRun.append(
                (rule, schema.forms[form].name, LocalizedText(en: "disabled: \(reason)", zh: "已停用：\(reason)")))
            return
        }
        ownForm = form
        usedForms = [form]
        rowSets = []
        columnSets = []
        first = nil
        countsCases = false

        var check: FormExpression
        var rollup: (hierarchy: String, own: Bool)?
        switch rule.body {
        case .formCheck(let text):
            source = text
            check = try truth(try Parser.parse(text))
        case .rollup(let cells, let along, let own):
            source = cells
            guard let found = schema.hierarchy(along) else {
                throw Self.error(
                    "unknown-hierarchy",
                    LocalizedText(
                        en: "rule '\(rule.id)': unknown hierarchy '\(along)'", zh: "规则“\(rule.id)”：没有上下级关系“\(along)”"),
                    at: rule.location)
            }
            rollup = (found.name, own)
            let cell = try rollupCell(try Parser.parseCell(cells))
            check = .compare(.equal, .cell(cell), .below(cell, own: own))
        default:
            return
        }
        var when: FormExpression?
        if let text = rule.when {
            source = text
            when = try truth(try Parser.parse(text))
        }
        if countsCases {
            notRun.append(
                (
                    rule, schema.forms[form].name,
                    LocalizedText(
                        en: "it counts cases, which needs the cases beside the figures", zh: "该规则统计案件，需要在报表数之外给出案件数据")
                ))
            return
        }
        let (rows, columns) = (bindings(rowSets, .row), bindings(columnSets, .column))
        let tolerance = try tolerance(rule)
        var writer = FormProgramWriter(
            columnCounts: schema.forms.map(\.columns.count), rowBindings: rows, columnBindings: columns,
            blank: try policy(rule.formOptions.blank, ["null": .null, "zero": .zero], "blank", rule) ?? .null,
            absent: try policy(
                rule.formOptions.absent, ["undecided": .null, "zero": .zero, "fail": .fail], "absent", rule) ?? .null,
            tolerance: tolerance)
        writer.write(when: when, check: check)
        let readsNow = { (other: Int) in
            check.readsCurrentPeriod(of: other) || when?.readsCurrentPeriod(of: other) ?? false
        }
        rules.append(
            CompiledFormRule(
                definition: rule, form: form, forms: usedForms.sorted(),
                formsOfOtherPeriods: usedForms.filter { $0 != form && !readsNow($0) }, rowBindings: rows,
                columnBindings: columns, firstRow: firstCode(.row), firstColumn: firstCode(.column),
                figures: try figureChoice(rule), rollup: rollup, program: writer.program, check: check, when: when,
                tolerance: tolerance))
    }

    /// The cell of a roll-up.
    private mutating func rollupCell(_ cell: CellSyntax) throws(LanguageError) -> FormCell {
        guard cell.form == nil || cell.form.flatMap({ figures.formIndex($0) }) == ownForm, cell.period == nil else {
            throw source.problem(
                at: cell.offset, "rollup-cell",
                LocalizedText(
                    en: "a roll-up is of the rule's own form in the period at hand", zh: "上下级汇总只能针对规则自身的报表和本期"))
        }
        let row = try place(cell.row, .row, form: ownForm, removed: nil)
        // As beside a sum over rows: ratios do not add up.
        let column = try place(cell.column, .column, form: ownForm, removed: .row)
        first = (row, column)
        return FormCell(form: ownForm, row: row, column: column, period: .current)
    }

    // MARK: Options

    private func policy(
        _ text: String?, _ known: [String: MissingPolicy], _ option: String, _ rule: RuleDefinition
    ) throws(LanguageError) -> MissingPolicy? {
        guard let text else { return nil }
        if let policy = known[text] { return policy }
        throw badOption(option, text, known.keys.sorted().joined(separator: ", "), rule)
    }

    private func tolerance(_ rule: RuleDefinition) throws(LanguageError) -> Tolerance {
        guard let text = rule.formOptions.tolerance else { return .exact }
        if let tolerance = Tolerance(text) { return tolerance }
        throw badOption("tolerance", text, "1, 0.5%, rounding(0.005)", rule)
    }

    private func figureChoice(_ rule: RuleDefinition) throws(LanguageError) -> CompiledFormRule.FigureChoice {
        switch rule.formOptions.figures {
        case nil, "value": .value
        case "own": .own
        case "both": .both
        case let text?: throw badOption("figures", text, "value, own, both", rule)
        }
    }

    private func badOption(_ option: String, _ text: String, _ expected: String, _ rule: RuleDefinition)
        -> LanguageError
    {
        Self.error(
            "bad-option",
            LocalizedText(
                en: "rule '\(rule.id)': '\(option)' cannot be '\(text)'", zh: "规则“\(rule.id)”：“\(option)”不能是“\(text)”"),
            at: rule.location, hint: LocalizedText(en: "use \(expected)", zh: "可用：\(expected)"))
    }

    // MARK: Expressions

    /// An expression that is true or false.
    private mutating func truth(_ syntax: Syntax) throws(LanguageError) -> FormExpression {
        switch syntax.kind {
        case .bool(let value): return .bool(value)
        case .null: return .null
        case .and(let parts): return .and(try truths(parts))
        case .or(let parts): return .or(try truths(parts))
        case .not(let inner): return .not(try truth(inner))
        case .compare(let comparison, let left, let right):
            return .compare(comparison, try amount(left), try amount(right))
        case .between(let value, let low, let high):
            let amount = try amount(value)
            return .and([
                .compare(.greaterOrEqual, amount, try self.amount(low)),
                .compare(.lessOrEqual, amount, try self.amount(high)),
            ])
        case .isNull(let inner): return .isNull(try amount(inner))
        case .call("present", let arguments) where arguments.count == 1: return .not(.isNull(try amount(arguments[0])))
        case .call("missing", let arguments) where arguments.count == 1: return .isNull(try amount(arguments[0]))
        case .member(let value, of: .literals(let literals)):
            let amount = try amount(value)
            var options: [FormExpression] = []
            for literal in literals { options.append(.compare(.equal, amount, try self.amount(literal))) }
            return .or(options)
        case .conditional(let condition, let then, let otherwise):
            return .conditional(
                try truth(condition), try truth(then),
                try otherwise.map { syntax throws(LanguageError) in try truth(syntax) })
        default: throw misplaced(syntax, "a comparison of cells", "对单元格的比较")
        }
    }

    private mutating func truths(_ parts: [Syntax]) throws(LanguageError) -> [FormExpression] {
        var all: [FormExpression] = []
        for part in parts { all.append(try truth(part)) }
        return all
    }

    private mutating func amounts(_ parts: [Syntax]) throws(LanguageError) -> [FormExpression] {
        var all: [FormExpression] = []
        for part in parts { all.append(try amount(part)) }
        return all
    }

    /// An expression that is a number.
    private mutating func amount(_ syntax: Syntax) throws(LanguageError) -> FormExpression {
        switch syntax.kind {
        case .number(let digits):
            guard let number = ExactDecimal(digits) else {
                throw misplaced(syntax, "a number of at most 38 digits", "不超过38位的数")
            }
            return .number(number)
        case .null: return .null
        case .cell(let cell): return .cell(try resolve(cell, inside: nil))
        case .axisSum(let axis, let selectors, let cell):
            let resolved = try resolve(cell, inside: axis)
            var all: [Int] = []
            for selector in selectors { all += try places(selector, axis, form: resolved.form) }
            return .axisSum(all, resolved, axis)
        case .arithmetic(.add, let left, let right): return .add(try amount(left), try amount(right))
        case .arithmetic(.subtract, let left, let right): return .subtract(try amount(left), try amount(right))
        case .arithmetic(.multiply, let left, let right): return .multiply(try amount(left), try amount(right))
        case .negate(let inner): return .negate(try amount(inner))
        case .call("abs", let arguments) where arguments.count == 1: return .absolute(try amount(arguments[0]))
        case .call("min", let arguments) where arguments.count > 1: return .least(try amounts(arguments))
        case .call("max", let arguments) where arguments.count > 1: return .greatest(try amounts(arguments))
        case .call("coalesce", let arguments) where !arguments.isEmpty: return .coalesce(try amounts(arguments))
        case .call("round", let arguments) where arguments.count == 2:
            return .round(try amount(arguments[0]), try digits(arguments[1]))
        case .call("div", let arguments) where arguments.count == 3:
            return .divide(try amount(arguments[0]), try amount(arguments[1]), try digits(arguments[2]))
        case .conditional(let condition, let then, let otherwise):
            return .conditional(
                try truth(condition), try amount(then),
                try otherwise.map { syntax throws(LanguageError) in try amount(syntax) })
        case .aggregate(.count, let relation, nil, let condition):
            return try caseCount(syntax, of: relation, condition)
        case .aggregate:
            countsCases = true
            return .null
        default: throw misplaced(syntax, "a cell, a number, or sums of them", "单元格、数或其加减")
        }
    }

    /// `count(案件 where …)`: a figure of a form that the program makes for itself, whose cells are the court's and its
    /// jurisdiction's as those of any other.
    private mutating func caseCount(
        _ syntax: Syntax, of relation: String, _ condition: Syntax?
    ) throws(LanguageError) -> FormExpression {
        guard let table = schema.table(relation)?.name else {
            throw source.unknown(
                "table", "表", relation, schema.tables.flatMap { [$0.name, $0.title] }, at: syntax.offset)
        }
        let code = Printer.text(of: syntax)
        if let form = figures.formIndex(CaseForm.name(ofTable: table)),
            let column = figures.columnIndex(code, form: form)
        {
            usedForms.insert(form)
            return .cell(FormCell(form: form, row: .fixed(0), column: .fixed(column), period: .current))
        }
        countsCases = true
        let place = caseCounts.firstIndex { $0.table == table } ?? caseCounts.count
        if place == caseCounts.count { caseCounts.append((table, [])) }
        guard !caseCounts[place].columns.contains(where: { $0.code == code }) else { return .null }
        let text = ExpressionText(condition.map { Printer.text(of: $0) } ?? "true", at: source.location)
        caseCounts[place].columns.append(
            FormDefinition.Column(code: code, measure: .count(text), location: source.location))
        return .null
    }

    /// Forms that would count the cases that rules ask for; a schema that has them lets these rules be judged.
    var caseForms: [FormDefinition] {
        caseCounts.map { table, columns in
            FormDefinition(
                name: CaseForm.name(ofTable: table), table: table, columns: columns,
                rows: [FormDefinition.Row(code: "*", selection: .when(ExpressionText("true")))])
        }
    }

    private func digits(_ syntax: Syntax) throws(LanguageError) -> Int {
        guard case .number(let text) = syntax.kind, let digits = Int(text), (0...18).contains(digits) else {
            throw misplaced(syntax, "a literal number of digits from 0 to 18", "0到18之间的小数位数")
        }
        return digits
    }

    // MARK: Cells

    private mutating func resolve(_ cell: CellSyntax, inside axis: Axis?) throws(LanguageError) -> FormCell {
        var form = ownForm
        if let name = cell.form {
            guard let found = figures.formIndex(name) else {
                throw source.unknown(
                    "form", "报表", name, figures.forms.flatMap { [$0.name, $0.title] }, at: cell.offset)
            }
            form = found
        }
        usedForms.insert(form)
        let row = try place(cell.row, .row, form: form, removed: axis)
        let column = try place(cell.column, .column, form: form, removed: axis)
        if form == ownForm, first == nil { first = (row, column) }
        return FormCell(form: form, row: row, column: column, period: cell.period ?? .current)
    }

    private mutating func place(
        _ selector: Selector, _ axis: Axis, form: Int, removed: Axis?
    ) throws(LanguageError) -> FormCell.Place {
        switch selector {
        case .name(let name): return .fixed(try index(name, axis, form: form))
        case .bound(let bound):
            guard bound == axis, removed == axis else {
                throw Self.error(
                    "misplaced-axis",
                    LocalizedText(
                        en: "'\(bound.rawValue)' stands only in its own place of an aggregate over that axis",
                        zh: "“\(bound == .row ? "行" : "列")”只能出现在对该轴求和的单元格的相应位置"),
                    at: source.location)
            }
            return .axis
        case .all, .range:
            // Sums of ratios mean nothing, so `*` beside a sum over rows does not bind derived columns.
            let all = try places(selector, axis, form: form, additiveOnly: axis == .column && removed == .row)
            if axis == .row { rowSets.append((form, all)) } else { columnSets.append((form, all)) }
            return .wildcard
        }
    }

    /// The places that a selector means, in declared order.
    private func places(
        _ selector: Selector, _ axis: Axis, form: Int, additiveOnly: Bool = false
    ) throws(LanguageError) -> [Int] {
        let definition = figures.forms[form]
        let count = axis == .row ? definition.rows.count : definition.columns.count
        switch selector {
        case .all:
            return (0..<count).filter { place in
                guard additiveOnly, axis == .column, case .ratio = definition.columns[place].measure else {
                    return true
                }
                return false
            }
        case .name(let name): return [try index(name, axis, form: form)]
        case .range(.name(let from), .name(let to)):
            let (low, high) = (try index(from, axis, form: form), try index(to, axis, form: form))
            guard low <= high else {
                throw Self.error(
                    "empty-range",
                    LocalizedText(
                        en: "in form \(definition.name) '\(from)' stands after '\(to)'",
                        zh: "报表\(definition.name)中“\(from)”在“\(to)”之后"),
                    at: source.location)
            }
            return Array(low...high)
        default:
            throw Self.error(
                "bad-selector",
                LocalizedText(en: "expected a code, a title, a range of them, or '*'", zh: "应为代码、名称、其范围或“*”"),
                at: source.location)
        }
    }

    private func index(_ name: String, _ axis: Axis, form: Int) throws(LanguageError) -> Int {
        let definition = figures.forms[form]
        if let found = axis == .row ? figures.rowIndex(name, form: form) : figures.columnIndex(name, form: form) {
            return found
        }
        let names =
            axis == .row
            ? definition.rows.flatMap { [$0.code, $0.title] } : definition.columns.flatMap { [$0.code, $0.title] }
        throw source.unknown(
            "\(axis.rawValue) of form \(definition.name)",
            axis == .row ? "行（报表\(definition.name)）" : "栏（报表\(definition.name)）",
            name, names, at: 0)
    }

    /// The codes that all of the sets have, in the order of the rule's own form, else of the first set's.
    private func bindings(_ sets: [(form: Int, places: [Int])], _ axis: Axis) -> [CompiledFormRule.Binding]? {
        guard let lead = sets.first(where: { $0.form == ownForm }) ?? sets.first else { return nil }
        func code(_ form: Int, _ place: Int) -> String {
            axis == .row ? figures.forms[form].rows[place].code : figures.forms[form].columns[place].code
        }
        let byForm = sets.map { set in
            (set.form, Dictionary(set.places.map { (code(set.form, $0), $0) }, uniquingKeysWith: { first, _ in first }))
        }
        return lead.places.compactMap { place in
            let code = code(lead.form, place)
            var places = Array(repeating: -1, count: figures.forms.count)
            for (form, codes) in byForm {
                guard let place = codes[code] else { return nil }
                places[form] = place
            }
            return CompiledFormRule.Binding(code: code, places: places)
        }
    }

    private func firstCode(_ axis: Axis) -> String {
        guard let first, case .fixed(let place) = axis == .row ? first.row : first.column else { return "" }
        let form = figures.forms[ownForm]
        return axis == .row ? form.rows[place].code : form.columns[place].code
    }

    // MARK: Errors

    private func misplaced(_ syntax: Syntax, _ en: String, _ zh: String) -> LanguageError {
        source.problem(
            at: syntax.offset, "form-expression",
            LocalizedText(en: "expected \(en) in a form rule", zh: "报表规则中此处应为\(zh)"))
    }

    private static func error(
        _ code: String, _ message: LocalizedText, at location: SourceLocation?, hint: LocalizedText? = nil
    ) -> LanguageError {
        LanguageError(Diagnostic(code: code, message, at: location, hint: hint))
    }
}

/// A form that no file defines, made of what form rules count.
private enum CaseForm {
    /// No form of a file is called so: a name in a file has no blank at its beginning.
    static func name(ofTable table: String) -> String { " count \(table)" }
}
