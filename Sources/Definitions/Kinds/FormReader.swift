import Diagnostics
import Schema

/// 报表: rows and columns; `each:` rows are made here, one for each code.
struct FormReader {
    let schema: StandardSchema
    /// Tables that could not be read, so that they are not told twice.
    let brokenTables: Set<String>
    let log: DiagnosticLog

    static let keys = ["form", "title", "of", "scope", "period", "columns", "rows", "provisional"]
    static let columnKeys = ["code", "title", "unit", "count", "sum", "when", "ratio", "scale"]
    static let rowKeys = ["code", "title", "parent", "when", "each", "level", "of"]
    /// More codes than any form has; a slip of the keyboard in `1..30000000` is told instead of made.
    private static let mostCodes = 10_000

    func form(_ object: WrittenObject) -> FormDefinition? {
        guard let fields = object.fields(Self.keys, log) else { return nil }
        var table: TableDefinition?
        if let of = fields.scalar("of") {
            let name = of.scalar ?? ""
            table = schema.table(name)
            if table == nil, !brokenTables.contains(name) {
                log.add(.unknownTable(name, at: of.location, among: schema.tables))
            }
        }
        var form = FormDefinition(
            name: object.name, title: fields.text("title"), table: table?.name, scope: fields.expression("scope"),
            periodKinds: periods(fields), columns: [], rows: [], isProvisional: fields.flag("provisional") ?? false,
            location: object.node.location)
        let isCounted = fields.has("of")
        if let node = fields.required("columns") {
            form.columns = columns(node, fields.name("columns"), object, isCounted: isCounted, table)
        }
        if let node = fields.required("rows") { form.rows = rows(node, fields.name("rows"), object, isCounted, table) }
        _ = areUnique(form.columns.map { ($0.code, $0.location) }, LocalizedText(en: "column", zh: "列"))
        if areUnique(form.rows.map { ($0.code, $0.location) }, LocalizedText(en: "row", zh: "行")) { checkParents(form) }
        return form
    }

    private func periods(_ fields: Fields) -> [String] {
        let kinds = ["month", "month-20", "quarter", "half", "year", "year-to-date"]
        return (fields.texts("period") ?? []).compactMap { node in
            let text = node.scalar ?? ""
            if kinds.contains(text) || schema.calendars[text] != nil { return text }
            log.add(
                .badValue(
                    text, of: fields.name("period"),
                    expected: LocalizedText(
                        en: "one of \(kinds.joined(separator: ", "))", zh: "以下之一：\(kinds.joined(separator: "、"))"),
                    at: node.location, hint: Suggestion.candidates(for: text, among: kinds).first.map(Fields.didYouMean)
                ))
            return nil
        }
    }

    /// `1..30`, `[a, b]` or one text; nil when the node is a list of mappings.
    private func codes(_ node: YAMLNode, _ what: LocalizedText) -> [(code: String, place: SourceLocation)]? {
        if let items = node.sequence {
            guard items.contains(where: { $0.scalar != nil }) else { return nil }
            return items.compactMap { item in
                if let text = item.scalar, !text.isEmpty { return (text, item.location) }
                log.add(.wrongShape(what, expected: LocalizedText(en: "a code", zh: "代码"), found: item))
                return nil
            }
        }
        guard let text = node.scalar else {
            log.add(
                .wrongShape(
                    what, expected: LocalizedText(en: "a list, or a range 1..30", zh: "列表或 1..30 形式的范围"), found: node))
            return []
        }
        let ends = text.split(separator: "..", omittingEmptySubsequences: false).map { Int($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first >= 0, last >= first,
            last - first < Self.mostCodes
        else {
            log.add(
                .badValue(
                    text, of: what,
                    expected: LocalizedText(en: "a list, or a range such as 1..30", zh: "列表或 1..30 形式的范围"),
                    at: node.location))
            return []
        }
        return (first...last).map { (String($0), node.location) }
    }

    // MARK: Columns

    private func columns(
        _ node: YAMLNode, _ what: LocalizedText, _ object: WrittenObject, isCounted: Bool, _ table: TableDefinition?
    ) -> [FormDefinition.Column] {
        if let codes = codes(node, what) {
            return codes.map { .init(code: $0.code, measure: .given, location: $0.place) }
        }
        return (node.sequence ?? []).compactMap { column($0, object, isCounted: isCounted, table) }
    }

    private func column(
        _ item: YAMLNode, _ object: WrittenObject, isCounted: Bool, _ table: TableDefinition?
    ) -> FormDefinition.Column? {
        let what = self.what(item, LocalizedText(en: "column", zh: "列"), object)
        guard let fields = Fields(item, what, known: Self.columnKeys, log: log) else { return nil }
        let code = fields.requiredText("code")
        let measures = ["count", "sum", "ratio"].filter(fields.has)
        if measures.count > 1 {
            log.add(
                Diagnostic(
                    code: "conflicting-keys",
                    LocalizedText(
                        en: "\(what.en) has \(measures.joined(separator: " and "))",
                        zh: "\(what.zh)同时有\(measures.joined(separator: "和"))"),
                    at: fields.keyLocation(measures[1])))
        }
        if let measure = measures.first, !isCounted, measure != "ratio" {
            log.add(.missingKey("of", in: object.what, at: fields.keyLocation(measure)))
        }
        let scale = fields.integer("scale", in: 0...18)
        var measure: FormDefinition.Column.Measure? = .given
        switch measures.first {
        case "count":
            measure = fields.expression("count").map { .count($0) }
        case "sum":
            measure = fields.scalar("sum").map { node in
                let text = node.scalar ?? ""
                if let table, let column = table.column(text) {
                    switch column.type {
                    case .int, .decimal: break
                    default:
                        log.add(
                            .badValue(
                                text, of: fields.name("sum"),
                                expected: LocalizedText(en: "a column of numbers", zh: "数值列"), at: node.location))
                    }
                } else if let table, !text.contains(where: { "()+-*".contains($0) }) {
                    // Anything longer than a name, such as `days(立案日期, 结案日期)`, is judged when forms are compiled.
                    log.add(.unknownColumn(text, of: table, at: node.location))
                }
                return .sum(
                    column: ExpressionText(text, at: node.location, pieces: node.pieces),
                    when: fields.expression("when"))
            }
        case "ratio":
            measure = nil
            if let ratio = fields.value("ratio"),
                let parts = Fields(ratio, fields.name("ratio"), known: ["of", "to", "scale"], log: log)
            {
                _ = parts.required("of")
                _ = parts.required("to")
                let inner = parts.integer("scale", in: 0...18)
                if let of = parts.expression("of"), let to = parts.expression("to") {
                    measure = .ratio(of: of, to: to, scale: scale ?? inner ?? 2)
                }
            }
        default:
            break
        }
        if fields.has("when"), measures.first != "sum" {
            log.add(
                Diagnostic(
                    code: "conflicting-keys",
                    LocalizedText(en: "'when' belongs to 'sum'", zh: "“when”只能与“sum”同用"), at: fields.keyLocation("when")
                ))
        }
        guard let code, let measure else { return nil }
        return .init(
            code: code, title: fields.text("title"), unit: fields.text("unit"), measure: measure,
            location: item.location)
    }

    // MARK: Rows

    private func rows(
        _ node: YAMLNode, _ what: LocalizedText, _ object: WrittenObject, _ isCounted: Bool, _ table: TableDefinition?
    ) -> [FormDefinition.Row] {
        if let codes = codes(node, what) {
            return codes.map { .init(code: $0.code, selection: .given, location: $0.place) }
        }
        return (node.sequence ?? []).flatMap { item -> [FormDefinition.Row] in
            let what = self.what(item, LocalizedText(en: "row", zh: "行"), object)
            guard let fields = Fields(item, what, known: Self.rowKeys, log: log) else { return [] }
            if fields.has("each") { return each(fields, table, object, isCounted) }
            for key in ["level", "of"] where fields.has(key) {
                log.add(
                    Diagnostic(
                        code: "conflicting-keys",
                        LocalizedText(en: "'\(key)' belongs to 'each'", zh: "“\(key)”只能与“each”同用"),
                        at: fields.keyLocation(key)))
            }
            if fields.has("when"), !isCounted {
                log.add(.missingKey("of", in: object.what, at: fields.keyLocation("when")))
            }
            guard let code = fields.requiredText("code") else { return [] }
            return [
                .init(
                    code: code, title: fields.text("title"), parent: fields.text("parent"),
                    selection: fields.expression("when").map { .when($0) } ?? .given, location: item.location)
            ]
        }
    }

    /// One row per code of a list at one level (all levels when none is given), matched by subtree.
    private func each(
        _ fields: Fields, _ table: TableDefinition?, _ object: WrittenObject, _ isCounted: Bool
    ) -> [FormDefinition.Row] {
        for key in ["code", "title", "when"] where fields.has(key) {
            log.add(
                Diagnostic(
                    code: "conflicting-keys",
                    LocalizedText(en: "'each' makes the '\(key)' of its rows", zh: "使用“each”时不能再写“\(key)”"),
                    at: fields.keyLocation(key)))
        }
        guard let columnNode = fields.scalar("each") else { return [] }
        guard let table else {
            // A table that there is not was told where the form names it.
            if !isCounted { log.add(.missingKey("of", in: object.what, at: columnNode.location)) }
            return []
        }
        guard let column = table.column(columnNode.scalar ?? "") else {
            log.add(.unknownColumn(columnNode.scalar ?? "", of: table, at: columnNode.location))
            return []
        }
        let list: CodeList
        if let of = fields.scalar("of") {
            guard let found = schema.codelist(of.scalar ?? "") else {
                log.add(
                    .unknown(
                        "unknown-codelist", LocalizedText(en: "code list", zh: "码表"), of.scalar ?? "", at: of.location,
                        known: schema.codelists.keys.sorted()))
                return []
            }
            list = found
        } else if case .code(.list(let name)) = column.type, let found = schema.codelists[name] {
            list = found
        } else {
            log.add(.missingKey("of", in: fields.what, at: fields.node.location))
            return []
        }
        let level = fields.integer("level", in: 1...99)
        if fields.has("level"), level == nil { return [] }
        let title = list.attributes.firstIndex { $0.name == "mc" || $0.title == "名称" } ?? list.attributes.indices.first
        var parents: [String: String] = [:]
        for entry in list.entries { parents[entry.code] = entry.parent }
        var rows: [FormDefinition.Row] = []
        var made: Set<String> = []
        for entry in list.entries where !made.contains(entry.code) {
            if let level, Self.depth(of: entry.code, parents) != level { continue }
            made.insert(entry.code)
            let above = level == nil ? entry.parent : nil
            rows.append(
                .init(
                    code: entry.code, title: title.flatMap { entry.values[$0] }, parent: above ?? fields.text("parent"),
                    selection: .subtree(column: column.name, codelist: list.name, code: entry.code),
                    location: fields.node.location))
        }
        if rows.isEmpty {
            log.add(
                Diagnostic(
                    code: "empty-rows",
                    LocalizedText(en: "'each' makes no row", zh: "“each”没有产生任何行"), at: fields.node.location,
                    hint: LocalizedText(
                        en: "code list '\(list.name)' has no code at that level", zh: "码表“\(list.name)”在该层级没有代码")))
        }
        return rows
    }

    /// 1 for roots; 0 when the parents go in a circle, which is told elsewhere.
    private static func depth(of code: String, _ parents: [String: String]) -> Int {
        var depth = 1
        var current = code
        while let parent = parents[current] {
            depth += 1
            current = parent
            if depth > 1000 { return 0 }
        }
        return depth
    }

    // MARK: Checks

    private func what(_ item: YAMLNode, _ part: LocalizedText, _ object: WrittenObject) -> LocalizedText {
        let code = item.value("code")?.scalar
        return LocalizedText(
            en: code.map { "\(part.en) '\($0)' of \(object.what.en)" } ?? "a \(part.en) of \(object.what.en)",
            zh: code.map { "\(object.what.zh)的\(part.zh)“\($0)”" } ?? "\(object.what.zh)的\(part.zh)")
    }

    private func areUnique(_ codes: [(String, SourceLocation?)], _ what: LocalizedText) -> Bool {
        var isUnique = true
        var first: [String: SourceLocation?] = [:]
        for (code, place) in codes {
            if let earlier = first[code] {
                isUnique = false
                if let place { log.add(.duplicateName(what, code, at: place, first: earlier)) }
            } else {
                first[code] = place
            }
        }
        return isUnique
    }

    private func checkParents(_ form: FormDefinition) {
        var parents: [String: String] = [:]
        for row in form.rows {
            guard let parent = row.parent, let place = row.location else { continue }
            if form.rows.contains(where: { $0.code == parent }) {
                parents[row.code] = parent
            } else {
                log.add(
                    .unknown(
                        "unknown-row", LocalizedText(en: "row", zh: "行"), parent,
                        of: LocalizedText(en: "form '\(form.name)'", zh: "报表“\(form.name)”"), at: place,
                        known: form.rows.map(\.code)))
            }
        }
        for row in form.rows where parents[row.code] != nil && Self.depth(of: row.code, parents) == 0 {
            log.add(
                Diagnostic(
                    code: "cycle",
                    LocalizedText(
                        en: "the parents of row '\(row.code)' go in a circle", zh: "行“\(row.code)”的上级行存在循环"),
                    at: row.location))
            return
        }
    }
}
