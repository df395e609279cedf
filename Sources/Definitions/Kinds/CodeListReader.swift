import Columnar
import Diagnostics
import Schema

/// 代码表: a code list document and its CSV file.
struct CodeListReader {
    let log: DiagnosticLog

    /// The list, and the rows it was made of, from which a hierarchy may take another parent column.
    struct Reading {
        var list: CodeList
        var csv: DefinitionCSV
        /// For each entry, its row of the CSV.
        var rows: [DefinitionCSV.Row]
        var object: WrittenObject
    }

    static let keys = [
        "codelist", "title", "file", "key", "where", "parent", "valid", "attributes", "provisional",
    ]

    func read(_ object: WrittenObject) -> Reading? {
        guard let fields = object.fields(Self.keys, log) else { return nil }
        let title = fields.text("title")
        let isProvisional = fields.flag("provisional") ?? false
        let file = fields.requiredScalar("file")
        let key = fields.requiredScalar("key")
        guard let file, let key, let csv = namedCSV(file, object) else { return nil }

        func column(_ node: YAMLNode) -> Int? { self.column(node.scalar ?? "", at: node.location, in: csv) }
        let keyColumn = column(key)
        var conditions: [(Int, String)] = []
        var isComplete = true
        for (entry, text) in fields.pairs("where") ?? [] {
            if let index = self.column(entry.key, at: entry.keyLocation, in: csv) {
                conditions.append((index, text))
            } else {
                isComplete = false
            }
        }
        let parent = fields.scalar("parent")
        let parentColumn = parent.flatMap(column)
        var validity: (since: Int?, until: Int?) = (nil, nil)
        if let valid = fields.value("valid"),
            let bounds = Fields(valid, fields.name("valid"), known: ["since", "until"], log: log)
        {
            validity.since = bounds.scalar("since").flatMap(column)
            validity.until = bounds.scalar("until").flatMap(column)
            isComplete = isComplete && (!bounds.has("since") || validity.since != nil)
            isComplete = isComplete && (!bounds.has("until") || validity.until != nil)
        }
        var attributes: [(CodeList.Attribute, Int)] = []
        for (entry, text) in fields.pairs("attributes") ?? [] {
            if let index = self.column(entry.key, at: entry.keyLocation, in: csv) {
                attributes.append((.init(name: entry.key, title: text.isEmpty ? entry.key : text), index))
            }
        }
        guard let keyColumn, isComplete, parent == nil || parentColumn != nil else { return nil }

        var list = CodeList(
            name: object.name, title: title, entries: [], attributes: attributes.map(\.0), isTree: parent != nil,
            isDated: validity.since != nil || validity.until != nil, isProvisional: isProvisional,
            location: object.node.location)
        var rows: [DefinitionCSV.Row] = []
        for row in csv.rows where conditions.allSatisfy({ row.fields[$0.0] == $0.1 }) {
            guard let code = row.fields[keyColumn], !code.isEmpty else {
                log.add(
                    Diagnostic(
                        code: "missing-code", LocalizedText(en: "the row has no code", zh: "该行没有代码"),
                        at: csv.location(row)))
                continue
            }
            let since = date(row, validity.since, csv)
            let until = date(row, validity.until, csv)
            guard let since, let until else { continue }
            list.entries.append(
                .init(
                    code: code, parent: parentColumn.flatMap { row.fields[$0] }.flatMap { $0.isEmpty ? nil : $0 },
                    since: since.date, until: until.date, values: attributes.map { row.fields[$0.1] }))
            rows.append(row)
        }
        if list.entries.isEmpty, csv.isWhole {
            log.add(
                Diagnostic(
                    .warning, code: "empty-codelist",
                    LocalizedText(en: "\(object.what.en) has no codes", zh: "\(object.what.zh)没有任何代码"),
                    at: object.node.location,
                    hint: conditions.isEmpty
                        ? nil : LocalizedText(en: "no row of the file fits 'where'", zh: "文件中没有符合“where”的行")))
        }
        let reading = Reading(list: list, csv: csv, rows: rows, object: object)
        checkVersions(reading)
        if list.isTree {
            ParentCheck(log: log).check(
                list.entries.map { ($0.code, $0.parent) }, rows: rows, csv: csv, what: object.what)
        }
        return reading
    }

    /// The CSV file that a definition names; nil when logged.
    func namedCSV(_ name: YAMLNode, _ object: WrittenObject) -> DefinitionCSV? {
        let text = name.scalar ?? ""
        switch object.files.find(text, beside: object.file) {
        case .file(let path):
            do throws(OperationError) {
                return DefinitionCSV(bytes: try DefinitionFiles.bytes(path), file: path, log: log)
            } catch {
                log.add(Diagnostic(code: error.code, error.message, at: name.location, hint: error.hint))
            }
        case .missing:
            log.add(
                Diagnostic(
                    code: "file-not-found", LocalizedText(en: "there is no file '\(text)'", zh: "文件“\(text)”不存在"),
                    at: name.location,
                    hint: LocalizedText(
                        en: "looked in \(object.files.directory) and beside the YAML file",
                        zh: "已在 \(object.files.directory) 和该 YAML 文件所在目录中查找")))
        case .outside:
            log.add(
                Diagnostic(
                    code: "file-outside",
                    LocalizedText(
                        en: "'\(text)' lies outside the definition directory", zh: "“\(text)”位于定义目录之外"),
                    at: name.location,
                    hint: LocalizedText(
                        en: "name a file below \(object.files.directory)", zh: "请使用 \(object.files.directory) 之下的文件")))
        }
        return nil
    }

    func column(_ name: String, at place: SourceLocation, in csv: DefinitionCSV) -> Int? {
        if let index = csv.column(name) { return index }
        log.add(
            .unknown(
                "unknown-csv-column", LocalizedText(en: "column", zh: "列"), name,
                of: LocalizedText(en: csv.file, zh: "\(csv.file) "), at: place, known: csv.header))
        return nil
    }

    /// Outer nil: logged. An empty cell is without limit.
    private func date(_ row: DefinitionCSV.Row, _ column: Int?, _ csv: DefinitionCSV) -> (date: CivilDate?, Void)? {
        guard let column, let text = row.fields[column], !text.isEmpty else { return (nil, ()) }
        if let date = CivilDate(text) { return (date, ()) }
        log.add(.badDate(text, of: LocalizedText("\(csv.header[column])"), at: csv.location(row)))
        return nil
    }

    /// Versions of a code whose validity overlaps.
    private func checkVersions(_ reading: Reading) {
        var earlier: [String: [Int]] = [:]
        let entries = reading.list.entries
        for (index, entry) in entries.enumerated() {
            if let since = entry.since, let until = entry.until, until < since {
                log.add(
                    Diagnostic(
                        code: "bad-validity",
                        LocalizedText(
                            en: "code '\(entry.code)' ends before it begins", zh: "代码“\(entry.code)”的失效日早于生效日"),
                        at: reading.csv.location(reading.rows[index])))
            }
            for other in earlier[entry.code] ?? [] where Self.overlap(entries[other], entry) {
                let line = reading.rows[other].line
                log.add(
                    Diagnostic(
                        code: "duplicate-code",
                        LocalizedText(
                            en: reading.list.isDated
                                ? "code '\(entry.code)' is valid twice on the same day"
                                : "code '\(entry.code)' occurs twice",
                            zh: reading.list.isDated ? "代码“\(entry.code)”的有效期重叠" : "代码“\(entry.code)”重复出现"),
                        at: reading.csv.location(reading.rows[index]),
                        hint: LocalizedText(en: "it is first in line \(line)", zh: "首次出现在第 \(line) 行")))
                break
            }
            earlier[entry.code, default: []].append(index)
        }
    }

    private static func overlap(_ a: CodeList.Entry, _ b: CodeList.Entry) -> Bool {
        let beginsInTime = a.since.flatMap { since in b.until.map { since <= $0 } } ?? true
        let endsInTime = b.since.flatMap { since in a.until.map { since <= $0 } } ?? true
        return beginsInTime && endsInTime
    }
}

/// Parents that are no codes, and cycles.
struct ParentCheck {
    let log: DiagnosticLog

    func check(
        _ pairs: [(code: String, parent: String?)], rows: [DefinitionCSV.Row], csv: DefinitionCSV, what: LocalizedText
    ) {
        let codes = Set(pairs.map(\.code))
        var parents: [String: String] = [:]
        for (index, pair) in pairs.enumerated() {
            guard let parent = pair.parent else { continue }
            if codes.contains(parent) {
                parents[pair.code] = parent
            } else {
                log.add(
                    Diagnostic(
                        .warning, code: "unknown-parent",
                        LocalizedText(
                            en:
                                "'\(pair.code)' has the parent '\(parent)', which is not in \(what.en); it is taken as a root",
                            zh: "“\(pair.code)”的上级“\(parent)”不在\(what.zh)中，按根处理"),
                        at: csv.location(rows[index]),
                        hint: Suggestion.candidates(for: parent, among: codes).first.map(Fields.didYouMean)))
            }
        }
        var state: [String: Bool] = [:]  // False while its way up is walked, true when it ends at a root.
        for (index, pair) in pairs.enumerated() where state[pair.code] == nil {
            var path: [String] = []
            var code: String? = pair.code
            while let current = code, state[current] == nil {
                state[current] = false
                path.append(current)
                code = parents[current]
            }
            if let code, state[code] == false, let start = path.firstIndex(of: code) {
                let cycle = (path[start...] + [code]).joined(separator: " → ")
                log.add(
                    Diagnostic(
                        code: "cycle",
                        LocalizedText(en: "\(what.en) goes in a circle: \(cycle)", zh: "\(what.zh)存在循环：\(cycle)"),
                        at: csv.location(rows[index])))
            }
            for code in path { state[code] = true }
        }
    }
}
