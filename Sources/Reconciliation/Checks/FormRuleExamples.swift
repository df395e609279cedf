public import Diagnostics
import FormEngine
public import RuleLanguage
public import Schema

/// Judges a form rule's own examples (`figures` and `fails`); what comes out otherwise is a diagnostic.
///
/// The world of an example are the courts that it names: of the hierarchy only what lies between them counts.
public enum FormRuleExamples {
    /// - Returns: how many examples were judged, and a diagnostic for each that does not come out as it says.
    public static func judge(
        _ rule: RuleDefinition, schema: StandardSchema
    ) throws -> (judged: Int, diagnostics: [Diagnostic]) {
        guard !rule.forms.isEmpty else { return (0, []) }
        let check = try FormRuleCheck(rules: [rule], schema: schema)
        var diagnostics: [Diagnostic] = []
        var judged = 0
        for example in rule.examples where !example.figures.isEmpty {
            judged += 1
            if let problem = try judge(example, check, rule, schema) { diagnostics.append(problem) }
        }
        return (judged, diagnostics)
    }

    private static func judge(
        _ example: RuleDefinition.Example, _ check: FormRuleCheck, _ rule: RuleDefinition, _ schema: StandardSchema
    ) throws -> Diagnostic? {
        var table = FigureTable(forms: schema.forms)
        var courts: [String] = []
        var period: String?
        for line in example.figures {
            guard let figure = figure(line) else {
                return problem(
                    rule, example, "figure-shape", "a figure is [form, court, period, row, column, value, own]",
                    "数据应为[报表, 法院, 期间, 行, 栏, 值, 本级值]")
            }
            if let misplaced = table.insert(figure) {
                return problem(
                    rule, example, "figure-place",
                    "cell [\(figure.form), \(figure.row), \(figure.column)]: \(misplaced.rawValue)",
                    "单元格[\(figure.form), \(figure.row), \(figure.column)]无法放入：\(misplaced.rawValue)")
            }
            if !courts.contains(figure.court) { courts.append(figure.court) }
            // The latest period is judged; earlier ones are there for `@`.
            period = max(period ?? figure.period, figure.period)
        }
        let parents = schema.hierarchies.values.reduce(into: [String: String]()) {
            $0.merge($1.parents) { first, _ in first }
        }
        let result = check.judge(
            table, period: period ?? "", jurisdictions: Jurisdictions(courts: courts, parents: parents))
        let found = Set(result.findings.map { ($0.form, $0.court, $0.row, $0.column) }.map(Cell.init))
        let wanted = example.failingCells
        let isComplete = found.allSatisfy { cell in wanted.contains { cell.matches($0, in: schema) } }
        let isFound = wanted.allSatisfy { names in found.contains { $0.matches(names, in: schema) } }
        guard !isComplete || !isFound else { return nil }
        let list = found.map { "[\($0.court), \($0.row), \($0.column)]" }.sorted().joined(separator: " ")
        return problem(
            rule, example, "example-figures", "found \(list.isEmpty ? "nothing" : list), not what 'fails' says",
            "判定不符的单元格为\(list.isEmpty ? "无" : list)，与“fails”不一致")
    }

    private struct Cell: Hashable {
        var form: String
        var court: String
        var row: String
        var column: String

        init(_ parts: (form: String, court: String, row: String, column: String)) {
            (form, court, row, column) = parts
        }

        /// `[row, column]`, `[court, row, column]`, or a figure's first five parts; codes or titles.
        func matches(_ names: [String], in schema: StandardSchema) -> Bool {
            guard names.count >= 2, let form = schema.form(self.form) else { return false }
            let tail = names.count == 5 ? Array(names[3...]) : Array(names.suffix(2))
            let isSameCourt =
                switch names.count {
                case 3: names[0] == court
                case 5: names[1] == court && schema.form(names[0])?.name == self.form
                default: true
                }
            return isSameCourt && form.rowIndex(tail[0]) == form.rowIndex(row)
                && form.columnIndex(tail[1]) == form.columnIndex(column)
        }
    }

    private static func figure(_ line: [String?]) -> Figure? {
        guard (6...7).contains(line.count), let form = line[0], let court = line[1], let period = line[2],
            let row = line[3], let column = line[4], let value = cell(line[5])
        else { return nil }
        var own = CellValue.absent
        if line.count == 7 {
            guard let given = cell(line[6]) else { return nil }
            own = given
        }
        return Figure(form: form, court: court, period: period, row: row, column: column, value: value, own: own)
    }

    private static func cell(_ text: String?) -> CellValue? {
        guard let text, !text.isEmpty else { return .blank }
        return ExactDecimal(text).map { .number($0) }
    }

    private static func problem(
        _ rule: RuleDefinition, _ example: RuleDefinition.Example, _ code: String, _ en: String, _ zh: String
    ) -> Diagnostic {
        Diagnostic(
            code: code, LocalizedText(en: "rule '\(rule.id)', example: \(en)", zh: "规则“\(rule.id)”的示例：\(zh)"),
            at: example.location ?? rule.location)
    }
}
