import Diagnostics
import RuleLanguage
import Schema

/// A rule's own examples, in all their shapes.
///
/// `{pass: [row, …], fail: [row, …]}` are rows of the rule's table, each an example alone; a list of rows instead of a
/// row is one example of several rows. `{tables: {table: [row, …]}, fails: [0]}` and `{figures: [[…]], fails: [cell, …]}`
/// stand alone, in a list, or among `pass` and `fail`. A column that a row does not name, or names with nothing after
/// it, is NULL; an empty figure is blank.
struct ExamplesReader {
    let schema: StandardSchema
    let log: DiagnosticLog

    private static let what = LocalizedText(en: "an example", zh: "示例")
    static let keys = ["pass", "fail", "tables", "figures", "fails"]

    /// How many of the rows must fail.
    private enum Expectation { case none, all, listed }

    /// - Parameter table: the rule's; nil for a rule on forms, or on a table that there is not.
    func examples(_ fields: Fields, table: String?, isFormRule: Bool) -> [RuleDefinition.Example] {
        guard let node = fields.value("examples"), table != nil || isFormRule else { return [] }
        let items = node.sequence ?? [node]
        return items.enumerated().flatMap { index, item -> [RuleDefinition.Example] in
            // A '-' too many before 'fails' is told where it stands: the next item is no example.
            let next = index + 1 < items.count ? items[index + 1].mapping?.map(\.key) : nil
            if next == ["fails"], item.value("fails") == nil { return [] }
            guard let parts = Fields(item, Self.what, known: Self.keys, log: log) else { return [] }
            if parts.has("tables") || parts.has("figures") {
                return [other(parts, .listed, table)].compactMap(\.self)
            }
            if !parts.has("pass"), !parts.has("fail") {
                log.add(.missingKey("pass", in: Self.what, at: item.location))
            }
            return (parts.sequence("pass") ?? []).compactMap { example($0, .none, table) }
                + (parts.sequence("fail") ?? []).compactMap { example($0, .all, table) }
        }
    }

    private func example(
        _ node: YAMLNode, _ expectation: Expectation, _ table: String?
    ) -> RuleDefinition.Example? {
        if node.value("tables")?.mapping != nil || node.value("figures")?.sequence != nil {
            guard let parts = Fields(node, Self.what, known: ["tables", "figures", "fails"], log: log) else {
                return nil
            }
            return other(parts, expectation, table)
        }
        guard let table else {
            log.add(
                Diagnostic(
                    code: "wrong-shape",
                    LocalizedText(
                        en: "an example of a form rule is {figures: […], fails: […]}",
                        zh: "报表规则的示例应写作 {figures: […], fails: […]}"), at: node.location))
            return nil
        }
        guard let rows = rows(node.sequence ?? [node], of: table) else { return nil }
        return .init(
            tables: [table: rows], failingRows: expectation == .all ? Array(rows.indices) : [], location: node.location)
    }

    private func other(
        _ parts: Fields, _ expectation: Expectation, _ table: String?
    ) -> RuleDefinition.Example? {
        var example = RuleDefinition.Example(location: parts.node.location)
        if expectation == .none {
            if let fails = parts.value("fails"), fails.sequence?.isEmpty != true {
                log.add(
                    Diagnostic(
                        code: "conflicting-keys",
                        LocalizedText(en: "an example that passes has no 'fails'", zh: "通过的示例不应有“fails”"),
                        at: parts.keyLocation("fails")))
            }
        } else if expectation == .all || table != nil {
            _ = parts.required("fails")
        }
        if parts.has("tables"), parts.has("figures") {
            log.add(
                Diagnostic(
                    code: "conflicting-keys",
                    LocalizedText(en: "an example has tables or figures", zh: "示例只能有 tables 或 figures 之一"),
                    at: parts.keyLocation("figures")))
            return nil
        }
        if let tables = parts.mapping("tables") {
            for entry in tables {
                if schema.table(entry.key) == nil, !schema.unreadable.contains(entry.key) {
                    log.add(.unknownTable(entry.key, at: entry.keyLocation, among: schema.tables))
                }
                guard let items = entry.value.sequence else {
                    log.add(
                        .wrongShape(
                            LocalizedText(entry.key), expected: LocalizedText(en: "a list of rows", zh: "行的列表"),
                            found: entry.value))
                    return nil
                }
                guard let rows = rows(items, of: entry.key) else { return nil }
                example.tables[entry.key] = rows
            }
            for node in parts.sequence("fails") ?? [] {
                guard let number = node.scalar.flatMap({ Int($0) }), number >= 0 else {
                    log.add(
                        .badValue(
                            node.scalar ?? "", of: parts.name("fails"),
                            expected: LocalizedText(
                                en: "a row number, from 0, of the rule's table", zh: "规则所在表的行号（从 0 起）"),
                            at: node.location))
                    return nil
                }
                example.failingRows.append(number)
            }
        } else {
            for line in parts.sequence("figures") ?? [] {
                guard let cells = texts(line), (6...7).contains(cells.count) else {
                    log.add(
                        .wrongShape(
                            parts.name("figures"),
                            expected: LocalizedText(
                                en: "[form, court, period, row, column, value] and perhaps own",
                                zh: "[报表, 法院, 期间, 行, 列, 值]，可再加本院值"), found: line))
                    return nil
                }
                example.figures.append(cells)
            }
            for cell in parts.sequence("fails") ?? [] {
                guard let names = texts(cell) else {
                    log.add(
                        .wrongShape(
                            parts.name("fails"), expected: LocalizedText(en: "a list of texts", zh: "文本列表"), found: cell
                        ))
                    return nil
                }
                example.failingCells.append(names.map { $0 ?? "" })
            }
        }
        return example
    }

    /// Nil when it is no list of texts; an empty text is nil.
    private func texts(_ node: YAMLNode) -> [String?]? {
        guard let items = node.sequence else { return node.scalar.map { [$0] } }
        var texts: [String?] = []
        for item in items {
            guard let text = item.scalar else { return nil }
            texts.append(text.isEmpty ? .none : text)
        }
        return texts
    }

    private func rows(_ items: [YAMLNode], of table: String) -> [[String: String?]]? {
        let definition = schema.table(table)
        var rows: [[String: String?]] = []
        for item in items {
            guard let entries = item.mapping else {
                log.add(
                    .wrongShape(
                        Self.what, expected: LocalizedText(en: "a row such as {column: value}", zh: "{列: 值} 形式的行"),
                        found: item))
                return nil
            }
            var row: [String: String?] = [:]
            for entry in entries {
                guard let text = entry.value.scalar else {
                    log.add(
                        .wrongShape(
                            LocalizedText(entry.key), expected: LocalizedText(en: "a text", zh: "文本"),
                            found: entry.value))
                    return nil
                }
                if let definition, definition.column(entry.key) == nil {
                    log.add(.unknownColumn(entry.key, of: definition, at: entry.keyLocation))
                }
                row.updateValue(entry.value.isNothing ? nil : text, forKey: entry.key)
            }
            rows.append(row)
        }
        return rows
    }
}
