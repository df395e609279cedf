import Columnar
public import CourtModel
import DataAccess
public import Diagnostics
public import RuleLanguage
public import Schema

/// Runs each row rule over its own examples and says which of them do not hold.
public struct RuleExamples {
    private let schema: StandardSchema
    private let period: StatisticalPeriod?

    /// Rules that speak of the statistical period are judged in `period`.
    public init(schema: StandardSchema, period: StatisticalPeriod? = StatisticalPeriod("2026-10")) {
        self.schema = schema
        self.period = period
    }

    /// One diagnostic per example that does not hold; empty when all do. Examples of form rules are the form engine's.
    public func check(_ rules: RuleSet) throws -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        for rule in rules.rules where rule.forms.isEmpty && !rule.examples.isEmpty {
            guard let name = rule.table, let table = schema.table(name) else { continue }
            // An example holds whenever the rule is judged at all.
            var rule = rule
            rule.effectiveFrom = nil
            rule.effectiveUntil = nil
            rule.disabledReason = nil
            rule.exceptions = []
            let check = try QualityCheck(
                schema: schema, rules: RuleSet(rules: [rule], lets: rules.lets),
                options: QualityCheck.Options(period: period))
            for example in rule.examples {
                diagnostics.append(contentsOf: try self.check(example, of: rule, on: table, check))
            }
        }
        return diagnostics
    }

    private func check(
        _ example: RuleDefinition.Example, of rule: RuleDefinition, on table: TableDefinition, _ check: QualityCheck
    ) throws -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        var readers: [String: RowsReader] = [:]
        for definition in schema.tables { readers[definition.name] = RowsReader(definition, []) }
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
            readers[definition.name] = RowsReader(definition, rows)
        }
        guard diagnostics.isEmpty else { return diagnostics }
        let result = try check.run(tables: schema.tables.map(\.name)) { request in
            readers[request.table.name] ?? RowsReader(request.table, [])
        }
        let own = result.findings.filter { $0.rule == rule.id && $0.table == table.name }
        let found = Set(own.map { $0.row - 1 })
        let expected = Set(example.failingRows)
        if case .share = rule.body {
            guard own.isEmpty != expected.isEmpty else { return [] }
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
