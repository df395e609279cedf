import Columnar
import Diagnostics
import Schema

/// 上下级, 日历 and 案号: the small kinds that stand on code lists and CSV files.
struct HierarchyReader {
    let log: DiagnosticLog
    /// By name.
    let codelists: [String: CodeListReader.Reading]
    /// The names of lists that could not be read, so that they are not told twice.
    let brokenCodelists: Set<String>

    private func codelist(_ node: YAMLNode) -> CodeListReader.Reading? {
        let text = node.scalar ?? ""
        if let found = codelists[text] { return found }
        if let found = codelists.values.first(where: { $0.list.title == text }) { return found }
        if !brokenCodelists.contains(text) {
            log.add(
                .unknown(
                    "unknown-codelist", LocalizedText(en: "code list", zh: "码表"), text, at: node.location,
                    known: codelists.keys.sorted()))
        }
        return nil
    }

    func hierarchy(_ object: WrittenObject) -> Hierarchy? {
        guard let fields = object.fields(["hierarchy", "title", "codelist", "parent"], log),
            let listNode = fields.requiredScalar("codelist"), let reading = codelist(listNode)
        else { return nil }
        var pairs = reading.list.entries.map { ($0.code, $0.parent) }
        if let parent = fields.scalar("parent") {
            let lists = CodeListReader(log: log)
            guard let column = lists.column(parent.scalar ?? "", at: parent.location, in: reading.csv) else {
                return nil
            }
            pairs = zip(reading.list.entries, reading.rows).map { entry, row in
                (entry.code, row.fields[column].flatMap { $0.isEmpty ? nil : $0 })
            }
            // A list that is a tree by the same column has told its problems already.
            if pairs.map(\.1) != reading.list.entries.map(\.parent) {
                ParentCheck(log: log).check(pairs, rows: reading.rows, csv: reading.csv, what: object.what)
            }
        } else if !reading.list.isTree {
            log.add(.missingKey("parent", in: object.what, at: object.node.location))
            return nil
        }
        let codes = Set(pairs.map(\.0))
        var parents: [String: String] = [:]
        for (code, parent) in pairs {
            // Of several versions the last one counts.
            parents[code] = parent.flatMap { codes.contains($0) ? $0 : nil }
        }
        return Hierarchy(
            name: object.name, title: fields.text("title"), codelist: reading.list.name, parents: parents,
            location: object.node.location)
    }

    func calendar(_ object: WrittenObject) -> WorkCalendar? {
        let lists = CodeListReader(log: log)
        guard let fields = object.fields(["calendar", "title", "file"], log), let file = fields.requiredScalar("file"),
            let csv = lists.namedCSV(file, object),
            let dateColumn = lists.column("date", at: file.location, in: csv),
            let kindColumn = lists.column("kind", at: file.location, in: csv)
        else { return nil }
        var calendar = WorkCalendar(
            name: object.name, title: fields.text("title"), holidays: [], workdays: [], location: object.node.location)
        for row in csv.rows {
            let text = row.fields[dateColumn] ?? ""
            guard let date = CivilDate(text) else {
                log.add(.badDate(text, of: LocalizedText("date"), at: csv.location(row)))
                continue
            }
            if calendar.holidays.contains(date) || calendar.workdays.contains(date) {
                log.add(
                    Diagnostic(
                        code: "duplicate-code", LocalizedText(en: "\(date) occurs twice", zh: "\(date) 重复出现"),
                        at: csv.location(row)))
            }
            switch row.fields[kindColumn] {
            case "holiday": calendar.holidays.insert(date)
            case "workday": calendar.workdays.insert(date)
            case let other:
                log.add(
                    .badValue(
                        other ?? "", of: LocalizedText("kind"),
                        expected: LocalizedText(en: "holiday or workday", zh: "holiday 或 workday"),
                        at: csv.location(row)))
            }
        }
        return calendar
    }

    /// `caseno: {types: ajlx.dz}`.
    func caseNumberTypes(_ object: WrittenObject) -> (codelist: String, attribute: String)? {
        guard let outer = object.fields(["caseno"], log), let inner = outer.value("caseno"),
            let fields = Fields(inner, object.what, known: ["types"], log: log),
            let types = fields.requiredScalar("types")
        else { return nil }
        let parts = (types.scalar ?? "").split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else {
            log.add(
                .badValue(
                    types.scalar ?? "", of: fields.name("types"),
                    expected: LocalizedText(en: "list.attribute, such as ajlx.dz", zh: "“码表.属性”，例如 ajlx.dz"),
                    at: types.location))
            return nil
        }
        var listNode = types
        listNode.content = .scalar(parts[0])
        guard let list = codelist(listNode)?.list else { return nil }
        guard let attribute = list.attributeIndex(parts[1]) else {
            log.add(
                .unknown(
                    "unknown-attribute", LocalizedText(en: "attribute", zh: "属性"), parts[1],
                    of: LocalizedText(en: "code list '\(list.name)'", zh: "码表“\(list.name)”"),
                    at: types.location, known: list.attributes.flatMap { [$0.name, $0.title] }))
            return nil
        }
        return (list.name, list.attributes[attribute].name)
    }
}
