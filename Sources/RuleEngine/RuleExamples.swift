import Columnar
public import CourtModel
import DataAccess
public import Diagnostics
public import RuleLanguage
public import Schema

/// Runs each row rule over its own examples and says which of them do not hold.
public struct RuleExamples {
    /// Judges one rule over the rows of an example, which are given by table code and column code or title, and tells the
    /// numbers, from 0, of the rows of its table with a finding; −1 for a finding about the table as a whole (`share`).
    public typealias Judge = (
        _ rule: RuleSet, _ rows: [String: [[String: String?]]], _ period: StatisticalPeriod?
    ) throws -> Set<Int>

    private let schema: StandardSchema
    private let period: StatisticalPeriod?

    /// Rules that speak of the statistical period are judged in `period`.
    public init(schema: StandardSchema, period: StatisticalPeriod? = StatisticalPeriod("2026-10")) {
        self.schema = schema
        self.period = period
    }

    /// One diagnostic per example that does not hold; empty when all do. Examples of form rules are the form engine's.
    ///
    /// - Parameter judge: another engine than the native one.
    public func check(_ rules: RuleSet, with judge: Judge? = nil) throws -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        for rule in rules.rules where rule.forms.isEmpty && !rule.examples.isEmpty {
            guard let name = rule.table, let table = schema.table(name) else { continue }
            // An example holds whenever the rule is judged at all.
            var rule = rule
            rule.effectiveFrom = nil
            rule.effectiveUntil = nil
            rule.disabledReason = nil
            rule.exceptions = []
            for example in rule.examples {
                diagnostics.append(
                    contentsOf: try check(
                        example, of: rule, on: table, RuleSet(rules: [rule], lets: rules.lets), judge ?? native))
            }
        }
        return diagnostics
    }

    private func check(
        _ example: RuleDefinition.Example, of rule: RuleDefinition, on table: TableDefinition, _ rules: RuleSet,
        _ judge: Judge
    ) throws -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        var given: [String: [[String: String?]]] = [:]
        for (name, rows) in example.tables.sorted(by: { $0.key < $1.key }) {
            guard let definition = schema.table(name) else {
                diagnostics.append(
                    diagnostic(
                        rule, example, LocalizedText(en: "there is no table '\(name)'", zh: "没有表“\(name)”")))
                continue
            }
            for unknown in Set(rows.flatMap(\.keys)).sorted() where definition.columnIndex(unknown) == nil {
                diagnostics.append(
                    diagnostic(
                        rule, example,
                        LocalizedText(
                            en: "table '\(definition.title)' has no column '\(unknown)'",
                            zh: "表“\(definition.title)”没有列“\(unknown)”")))
            }
            given[definition.name] = rows
        }
        guard diagnostics.isEmpty else { return diagnostics }
        let found = try judge(rules, given, period)
        let expected = Set(example.failingRows)
        if case .share = rule.body {
            guard found.isEmpty != expected.isEmpty else { return [] }
        } else if found == expected {
            return []
        }
        let list = { (rows: Set<Int>) in rows.isEmpty ? "–" : rows.sorted().map { "\($0)" }.joined(separator: ", ") }
        return [
            diagnostic(
                rule, example,
                LocalizedText(
                    en:
                        "an example does not hold: violations expected in rows \(list(expected)), found in \(list(found))",
                    zh: "示例不成立：应违反的行 \(list(expected))，实际违反的行 \(list(found))"))
        ]
    }

    private func native(
        _ rules: RuleSet, _ rows: [String: [[String: String?]]], _ period: StatisticalPeriod?
    ) throws -> Set<Int> {
        let check = try QualityCheck(schema: schema, rules: rules, options: QualityCheck.Options(period: period))
        let result = try check.run(tables: schema.tables.map(\.name)) { request in
            RowsReader(request.table, rows[request.table.name] ?? [])
        }
        return Set(result.findings.filter { $0.rule == rules.rules.first?.id }.map { $0.row - 1 })
    }

    private func diagnostic(
        _ rule: RuleDefinition, _ example: RuleDefinition.Example, _ message: LocalizedText
    ) -> Diagnostic {
        Diagnostic(
            code: "example-fails",
            LocalizedText(en: "rule \(rule.id): \(message.en)", zh: "规则 \(rule.id)：\(message.zh)"),
            at: example.location ?? rule.location)
    }
}

/// Rows written out in a definition, as a reader yields them; columns that a row leaves out are NULL.
struct RowsReader: BlockReader {
    let columns: [String]
    private var block: RawBlock?

    init(_ table: TableDefinition, _ rows: [[String: String?]]) {
        columns = table.columns.map(\.name)
        var block = RawBlock(columnCount: table.columns.count)
        for row in rows {
            for (index, column) in table.columns.enumerated() {
                let value = row[column.name] ?? row[column.title] ?? nil
                block.columns[index].append(value)
            }
        }
        block.rowCount = rows.count
        self.block = block
    }

    mutating func next() throws -> RawBlock? {
        defer { block = nil }
        return block
    }
}
