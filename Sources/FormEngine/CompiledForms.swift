import Diagnostics
import RuleLanguage
import RulePlan
import Schema

/// The forms over one table with their predicates in one plan, so that shared conditions are evaluated once per block.
///
/// With `CoveringPredicates` the only place of the module that speaks the rule language.
struct CompiledForms {
    /// What a cell of a column adds up.
    enum Measure: Sendable {
        case count(predicate: Int)
        /// `when` is nil where every case of the row counts.
        case sum(scalar: Int, scale: Int, when: Int?)
        case ratio(Ratio)
        case given
    }

    struct Ratio: Sendable {
        /// Positions of columns, each added or subtracted.
        struct Term: Sendable {
            var column: Int
            var isNegative: Bool
        }

        var dividend: [Term]
        var divisor: [Term]
        var scale: Int
        /// 100 for `%`, 1000 for `‰`, else 1.
        var factor: Int
    }

    /// Which cases a row counts.
    enum RowTest: Sendable {
        case predicate(Int)
        /// Those whose code is in one of the form's `subtrees`, which knows the row.
        case subtree
        /// The figures come from elsewhere.
        case given
    }

    struct Form: Sendable {
        var definition: FormDefinition
        var scope: Int?
        var rows: [RowTest]
        var columns: [Measure]
        /// Rows that are told by a code, one entry for each column of codes and list.
        var subtrees: [CodeRows]
    }

    let table: TableDefinition
    private let schema: StandardSchema
    /// The table's column that says whose row it is.
    let courtColumn: Int
    private(set) var predicates: PredicateSet
    private(set) var forms: [Form] = []

    /// Compiles all forms; throws everything that is wrong with any of them.
    init(table: TableDefinition, forms: [FormDefinition], schema: StandardSchema) throws(InvalidDefinitions) {
        var diagnostics: [Diagnostic] = []
        self.table = table
        self.schema = schema
        predicates = PredicateSet(
            table: table, schema: schema,
            lets: schema.filters.map {
                LetDefinition(name: $0.name, table: $0.table, expression: $0.expression, file: "")
            })
        if let path = table.courtPath, let column = table.columnIndex(path) {
            courtColumn = column
        } else {
            courtColumn = -1
            diagnostics.append(
                Diagnostic(
                    code: "form-court",
                    LocalizedText(
                        en: "forms count table '\(table.name)' by court, but no column of it is its court",
                        zh: "报表按法院统计表“\(table.title)”，但该表没有法院列"),
                    at: table.location,
                    hint: LocalizedText(
                        en: "give the table 'court:' with one of its columns", zh: "请在表定义中用“court:”指明法院列")))
        }
        for form in forms {
            do {
                self.forms.append(try compile(form))
            } catch {
                diagnostics += error.diagnostics
            }
        }
        guard diagnostics.isEmpty else { throw InvalidDefinitions(diagnostics) }
    }

    /// Predicates without one of which a case is in no cell of any form; nil when some column counts whatever comes.
    var gates: [Int]? {
        var gates: Set<Int> = []
        for form in forms {
            for column in form.columns {
                switch column {
                case .count(let predicate), .sum(_, _, .some(let predicate)): gates.insert(predicate)
                case .sum(_, _, nil): return nil
                case .ratio, .given: continue
                }
            }
        }
        return predicates.covering(gates)
    }

    /// Columns of codes by which rows are told.
    var codeColumns: [Int] { Set(forms.flatMap { $0.subtrees.map(\.column) }).sorted() }

    private mutating func compile(_ form: FormDefinition) throws(LanguageError) -> Form {
        let scope = try form.scope.map { text throws(LanguageError) in try predicates.addPredicate(text) }
        var rows: [RowTest] = []
        var subtrees: [CodeRows] = []
        for (index, row) in form.rows.enumerated() {
            switch row.selection {
            case .when(let text): rows.append(.predicate(try predicates.addPredicate(text)))
            case .subtree(let column, let codelist, let code):
                rows.append(.subtree)
                guard let column = table.columnIndex(column), let list = schema.codelist(codelist) else { continue }
                let place = subtrees.firstIndex { $0.column == column && $0.list == list.name } ?? subtrees.count
                if place == subtrees.count { subtrees.append(CodeRows(column: column, list: list)) }
                subtrees[place].add(row: index, of: code)
            case .given: rows.append(.given)
            }
        }
        var columns: [Measure] = []
        for column in form.columns { columns.append(try measure(column, of: form)) }
        return Form(definition: form, scope: scope, rows: rows, columns: columns, subtrees: subtrees)
    }

    private mutating func measure(
        _ column: FormDefinition.Column, of form: FormDefinition
    ) throws(LanguageError) -> Measure {
        switch column.measure {
        case .count(let text): return .count(predicate: try predicates.addPredicate(text))
        case .sum(let text, let when):
            let scalar = try predicates.addScalar(text)
            guard case .number(_, let scale) = predicates.type(ofScalar: scalar) else {
                throw Self.error(
                    "sum-of-text",
                    LocalizedText(
                        en: "form \(form.name): column '\(column.title)' adds up '\(text.text)', which is no number",
                        zh: "报表\(form.name)：栏“\(column.title)”合计的“\(text.text)”不是数值"),
                    column.location ?? text.location)
            }
            return .sum(
                scalar: scalar, scale: scale,
                when: try when.map { text throws(LanguageError) in try predicates.addPredicate(text) })
        case .ratio(let of, let to, let scale):
            guard (0...18).contains(scale) else {
                throw Self.error(
                    "bad-scale",
                    LocalizedText(
                        en: "form \(form.name): column '\(column.title)' has scale \(scale); 0 to 18 are allowed",
                        zh: "报表\(form.name)：栏“\(column.title)”的小数位数\(scale)应在0到18之间"), column.location)
            }
            let factor =
                switch column.unit {
                case "%", "％": 100
                case "‰": 1000
                default: 1
                }
            return .ratio(
                Ratio(
                    dividend: try terms(of, form), divisor: try terms(to, form), scale: scale, factor: factor))
        case .given: return .given
        }
    }

    /// A sum of columns of the form: `旧存 + 新收`.
    private func terms(_ text: ExpressionText, _ form: FormDefinition) throws(LanguageError) -> [Ratio.Term] {
        var terms: [Ratio.Term] = []
        var open: [(syntax: Syntax, isNegative: Bool)] = [(try Parser.parse(text), false)]
        while let (syntax, isNegative) = open.popLast() {
            switch syntax.kind {
            case .arithmetic(.add, let left, let right): open += [(right, isNegative), (left, isNegative)]
            case .arithmetic(.subtract, let left, let right): open += [(right, !isNegative), (left, isNegative)]
            case .name(let name):
                guard let column = form.columnIndex(name) else {
                    throw Self.error(
                        "unknown-name",
                        LocalizedText(
                            en: "form \(form.name) has no column '\(name)'", zh: "报表\(form.name)没有栏“\(name)”"),
                        text.location,
                        hint: Suggestion.nearest(to: name, among: form.columns.flatMap { [$0.code, $0.title] }).map {
                            LocalizedText(en: "did you mean '\($0)'?", zh: "是否应为“\($0)”？")
                        })
                }
                if case .ratio = form.columns[column].measure {
                    throw Self.error(
                        "ratio-of-ratio",
                        LocalizedText(
                            en: "form \(form.name): '\(name)' is itself a ratio and cannot be part of one",
                            zh: "报表\(form.name)：“\(name)”本身是比率，不能再用于比率"), text.location)
                }
                terms.append(Ratio.Term(column: column, isNegative: isNegative))
            default:
                throw Self.error(
                    "ratio-terms",
                    LocalizedText(
                        en: "form \(form.name): a ratio is made of sums and differences of columns",
                        zh: "报表\(form.name)：比率只能由各栏相加减构成"), text.location)
            }
        }
        return terms
    }

    private static func error(
        _ code: String, _ message: LocalizedText, _ location: SourceLocation?, hint: LocalizedText? = nil
    ) -> LanguageError {
        LanguageError(Diagnostic(code: code, message, at: location, hint: hint))
    }
}
