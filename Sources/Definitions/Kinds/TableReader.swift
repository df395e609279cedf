import Diagnostics
import Schema

/// Tables: first every table's columns, then what refers to columns and to other tables.
struct TableReader {
    let types: ValueTypeReader
    let log: DiagnosticLog

    static let keys = [
        "table", "title", "key", "court", "columns", "relations", "indexes", "provisional",
    ]
    static let columnKeys = [
        "name", "title", "type", "required", "nulls", "personal", "standard", "provisional", "since", "until",
    ]

    /// The table without key, court, relations and indexes; nil when it has no list of columns.
    ///
    /// - Parameter untyped: is given the columns, as `table.column`, whose type could not be read.
    func columns(_ object: WrittenObject, untyped: inout Set<String>) -> TableDefinition? {
        guard let fields = object.fields(Self.keys, log) else { return nil }
        let title = fields.text("title")
        let isProvisional = fields.flag("provisional") ?? false
        guard let items = fields.required("columns") == nil ? nil : fields.sequence("columns") else { return nil }
        var columns: [ColumnDefinition] = []
        var typeNodes: [YAMLNode] = []
        for item in items {
            guard let (column, typeNode) = column(item, of: object, untyped: &untyped) else { continue }
            if let first = columns.first(where: { $0.name == column.name }) {
                log.add(
                    .duplicateName(
                        LocalizedText(en: "column", zh: "列"), column.name, at: item.location, first: first.location))
                continue
            }
            if let first = columns.first(where: { $0.title == column.title || $0.name == column.title }) {
                log.add(
                    Diagnostic(
                        .warning, code: "duplicate-title",
                        LocalizedText(
                            en: "column '\(column.name)' has the title '\(column.title)' of column '\(first.name)'",
                            zh: "列“\(column.name)”与列“\(first.name)”的名称同为“\(column.title)”"),
                        at: item.location,
                        hint: LocalizedText(en: "rules can name it by its code only", zh: "规则中只能用代码引用该列")))
            }
            columns.append(column)
            typeNodes.append(typeNode)
        }
        var table = TableDefinition(
            name: object.name, title: title, columns: columns, isProvisional: isProvisional,
            location: object.node.location)
        for (index, column) in columns.enumerated() {
            guard case .code(.by(let other, let lists, let otherwise)) = column.type else { continue }
            if let found = self.column(other, typeNodes[index].location, in: table) {
                table.columns[index].type = .code(.by(column: found, lists: lists, otherwise: otherwise))
            }
        }
        return table
    }

    private func column(
        _ item: YAMLNode, of object: WrittenObject, untyped: inout Set<String>
    ) -> (ColumnDefinition, YAMLNode)? {
        let name = item.value("name")?.scalar
        let what = LocalizedText(
            en: name.map { "column '\($0)' of \(object.what.en)" } ?? "a column of \(object.what.en)",
            zh: name.map { "\(object.what.zh)的列“\($0)”" } ?? "\(object.what.zh)的列")
        guard let fields = Fields(item, what, known: Self.columnKeys, log: log) else { return nil }
        let nameText = fields.requiredText("name")
        let typeNode = fields.requiredScalar("type")
        let type = typeNode.flatMap(types.type)
        let column = ColumnDefinition(
            name: nameText ?? "", title: fields.text("title"),
            type: type ?? ValueTypeReader.likely(typeNode?.scalar ?? ""),
            isRequired: fields.flag("required") ?? false,
            nullTexts: fields.texts("nulls")?.compactMap(\.scalar) ?? [],
            personal: fields.word("personal", PersonalKind.allCases.map { ($0.rawValue, $0) }),
            standard: fields.text("standard"), isProvisional: fields.flag("provisional") ?? false,
            since: fields.date("since"), until: fields.date("until"), location: item.location)
        // A column whose type is wrong is still there for what names it.
        guard let nameText else { return nil }
        if type == nil { untyped.insert("\(object.name).\(nameText)") }
        return (column, typeNode ?? item)
    }

    /// Key, court, relations and indexes, now that all tables' columns are known. `broken`: tables that could not be read.
    func complete(
        _ table: TableDefinition, from object: WrittenObject, among tables: [TableDefinition], broken: Set<String>
    ) -> TableDefinition {
        // Unknown keys were told when the columns were read.
        let present = object.node.mapping?.map(\.key) ?? []
        guard let fields = Fields(object.node, object.what, known: present, log: log) else { return table }
        var table = table
        table.key = columnList(fields.texts("key") ?? [], in: table)
        for entry in fields.sequence("indexes") ?? [] {
            let names = columnList(entry.sequence ?? [entry], in: table)
            if !names.isEmpty { table.indexes.append(names) }
        }
        for item in fields.sequence("relations") ?? [] {
            guard let relation = relation(item, of: table, object, among: tables, broken: broken) else { continue }
            if let first = table.relations.first(where: { $0.name == relation.name }) {
                log.add(
                    .duplicateName(
                        LocalizedText(en: "relation", zh: "关联"), relation.name, at: item.location,
                        first: first.location))
                continue
            }
            table.relations.append(relation)
        }
        if let court = fields.scalar("court") {
            table.courtPath = courtPath(court, of: table, among: tables, broken: broken)
        }
        return table
    }

    private func columnList(_ nodes: [YAMLNode], in table: TableDefinition) -> [String] {
        nodes.compactMap { node in column(node.scalar ?? "", node.location, in: table) }
    }

    private func column(_ name: String, _ place: SourceLocation, in table: TableDefinition) -> String? {
        if let found = table.column(name) { return found.name }
        log.add(.unknownColumn(name, of: table, at: place))
        return nil
    }

    private func relation(
        _ item: YAMLNode, of table: TableDefinition, _ object: WrittenObject, among tables: [TableDefinition],
        broken: Set<String>
    ) -> Relation? {
        let name = item.value("name")?.scalar
        let what = LocalizedText(
            en: name.map { "relation '\($0)' of \(object.what.en)" } ?? "a relation of \(object.what.en)",
            zh: name.map { "\(object.what.zh)的关联“\($0)”" } ?? "\(object.what.zh)的关联")
        guard let fields = Fields(item, what, known: ["name", "title", "table", "on", "many"], log: log) else {
            return nil
        }
        let nameText = fields.requiredText("name")
        let target = fields.requiredScalar("table")
        let on = fields.required("on") == nil ? nil : fields.pairs("on")
        let isToMany = fields.flag("many") ?? false
        let title = fields.text("title")
        guard let nameText, let target, let on else { return nil }
        let targetName = target.scalar ?? ""
        guard
            let other = tables.first(where: { $0.name == targetName })
                ?? tables.first(where: { $0.title == targetName })
        else {
            guard broken.contains(targetName) else {
                log.add(.unknownTable(targetName, at: target.location, among: tables))
                return nil
            }
            // Still there for what names it.
            return Relation(
                name: nameText, title: title, table: targetName, on: [], isToMany: isToMany, location: item.location)
        }
        var pairs: [Relation.ColumnPair] = []
        for (entry, text) in on {
            let here = column(entry.key, entry.keyLocation, in: table)
            let there = column(text, entry.value.location, in: other)
            if let here, let there {
                pairs.append(.init(here: here, there: there))
                checkComparable(table, here, other, there, entry.keyLocation)
            }
        }
        guard pairs.count == on.count else { return nil }
        if pairs.isEmpty {
            log.add(.missingKey("on", in: what, at: item.location))
            return nil
        }
        if let column = table.columns.first(where: { $0.name == nameText }) {
            log.add(
                Diagnostic(
                    .warning, code: "duplicate-title",
                    LocalizedText(
                        en: "relation '\(nameText)' has the name of a column",
                        zh: "关联“\(nameText)”与列“\(column.title)”同名"),
                    at: item.location))
        }
        return Relation(
            name: nameText, title: title, table: other.name, on: pairs, isToMany: isToMany, location: item.location)
    }

    /// Keys of different kinds would never be equal.
    private func checkComparable(
        _ table: TableDefinition, _ here: String, _ other: TableDefinition, _ there: String, _ place: SourceLocation
    ) {
        guard let left = table.column(here)?.type, let right = other.column(there)?.type,
            Self.family(left) != Self.family(right)
        else { return }
        log.add(
            Diagnostic(
                code: "incomparable",
                LocalizedText(
                    en: "'\(table.name).\(here)' and '\(other.name).\(there)' are of different types",
                    zh: "“\(table.name).\(here)”与“\(other.name).\(there)”类型不同"),
                at: place))
    }

    private static func family(_ type: ValueType) -> Int {
        switch type {
        case .int, .decimal: 0
        case .text, .code: 1
        case .date: 2
        case .timestamp: 3
        case .bool: 4
        }
    }

    private func courtPath(
        _ node: YAMLNode, of table: TableDefinition, among tables: [TableDefinition], broken: Set<String>
    ) -> String? {
        let parts = (node.scalar ?? "").split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1:
            return column(parts[0], node.location, in: table)
        case 2:
            guard let relation = table.relation(parts[0]) else {
                // A relation to a table that could not be read is told there.
                if !broken.isEmpty { return nil }
                log.add(
                    .unknown(
                        "unknown-relation", LocalizedText(en: "relation", zh: "关联"), parts[0], at: node.location,
                        known: table.relations.flatMap { [$0.name, $0.title] }))
                return nil
            }
            guard !relation.isToMany else {
                log.add(
                    Diagnostic(
                        code: "bad-value",
                        LocalizedText(
                            en: "'court' goes through '\(relation.name)', which is to many",
                            zh: "“court”经过的关联“\(relation.name)”是一对多的"),
                        at: node.location,
                        hint: LocalizedText(en: "use a relation with many: false", zh: "请使用 many: false 的关联")))
                return nil
            }
            guard let other = tables.first(where: { $0.name == relation.table }),
                let found = column(parts[1], node.location, in: other)
            else { return nil }
            return "\(relation.name).\(found)"
        default:
            log.add(
                .badValue(
                    node.scalar ?? "", of: LocalizedText("court"),
                    expected: LocalizedText(en: "column or relation.column", zh: "“列”或“关联.列”"), at: node.location))
            return nil
        }
    }
}

extension Diagnostic {
    static func unknownTable(
        _ name: String, at place: SourceLocation, among tables: [TableDefinition]
    ) -> Diagnostic {
        .unknown(
            "unknown-table", LocalizedText(en: "table", zh: "表"), name, at: place,
            known: tables.flatMap { $0.title == $0.name ? [$0.name] : [$0.name, $0.title] })
    }

    static func unknownColumn(_ name: String, of table: TableDefinition, at place: SourceLocation) -> Diagnostic {
        .unknown(
            "unknown-column", LocalizedText(en: "column", zh: "列"), name,
            of: LocalizedText(en: "table '\(table.name)'", zh: "表“\(table.name)”"), at: place,
            known: table.columns.flatMap { $0.title == $0.name ? [$0.name] : [$0.name, $0.title] })
    }
}
