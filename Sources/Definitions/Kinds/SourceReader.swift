import Diagnostics
import Foundation
import Schema

/// 数据源: where a trial database is and how its tables map to the standard.
struct SourceReader {
    /// Nil when a source is read alone, without definitions; then names stay as written.
    let schema: StandardSchema?
    let log: DiagnosticLog

    private static let ownKeys = ["source", "title", "court", "connect", "tables"]
    private static let connectionKeys = ["kind", "service", "url", "path", "folder", "encoding", "delimiter"]
    private static let tableKeys = [
        "select", "from", "columns", "watermark", "codes", "deletes", "drift", "completeness",
    ]
    private static let innerKeys = ["extra", "missing", "widened", "number", "date"]
    static let keys = ownKeys + connectionKeys + tableKeys + innerKeys

    func source(_ object: WrittenObject) -> SourceDefinition? {
        guard let fields = object.fields(Self.ownKeys, log) else { return nil }
        let connection = fields.required("connect").flatMap { self.connection($0, object) }
        var tables: [SourceDefinition.SourceTable] = []
        if fields.required("tables") != nil {
            for entry in fields.mapping("tables") ?? [] {
                if let table = table(entry, object) { tables.append(table) }
            }
        }
        for (index, table) in tables.enumerated() {
            if let first = tables[..<index].first(where: { $0.table == table.table }), let place = table.location {
                log.add(
                    .duplicateName(LocalizedText(en: "table", zh: "表"), table.table, at: place, first: first.location))
            }
        }
        if let court = fields.text("court"), let list = schema?.codelist("court"),
            !list.entries.contains(where: { $0.code == court })
        {
            log.add(
                Diagnostic(
                    code: "unknown-court",
                    LocalizedText(en: "there is no court '\(court)'", zh: "没有法院“\(court)”"),
                    at: fields.scalar("court")?.location ?? object.node.location,
                    hint: LocalizedText(
                        en: "write its mark as in the code list 'court', such as 豫17",
                        zh: "请写法院代码表 court 中的代字，如 豫17")))
        }
        guard let connection else { return nil }
        return SourceDefinition(
            name: object.name, title: fields.text("title"), court: fields.text("court"), connection: connection,
            tables: tables, location: object.node.location)
    }

    // MARK: connect

    /// In which the files of a folder may come.
    private static let encodings = ["utf-8", "gb18030", "gbk", "big5"]

    /// Nil when it is not given, or logged.
    private func encoding(_ fields: Fields) -> String? {
        guard let node = fields.scalar("encoding"), let text = node.scalar else { return nil }
        let name = text.lowercased()
        if Self.encodings.contains(name) || name == "utf8" { return name }
        let list = Self.encodings.joined(separator: ", ")
        log.add(
            .badValue(
                text, of: fields.name("encoding"),
                expected: LocalizedText(en: "one of \(list)", zh: "以下之一：\(list)"), at: node.location,
                hint: Suggestion.candidates(for: name, among: Self.encodings).first.map(Fields.didYouMean)))
        return nil
    }

    /// Nil when it is not given, or logged.
    private func delimiter(_ fields: Fields) -> String? {
        guard let node = fields.scalar("delimiter"), let text = node.scalar else { return nil }
        // Letters of these encodings hold bytes of some other ASCII characters.
        if [",", ";", "\t", "#", "!", ":"].contains(text) { return text }
        log.add(
            .badValue(
                text, of: fields.name("delimiter"),
                expected: LocalizedText(en: "one of , ; : # ! or a tab", zh: "以下之一：, ; : # ! 或制表符"),
                at: node.location))
        return nil
    }

    private func connection(_ node: YAMLNode, _ object: WrittenObject) -> SourceDefinition.Connection? {
        let what = LocalizedText(en: "'connect' of \(object.what.en)", zh: "\(object.what.zh)的“connect”")
        guard let fields = Fields(node, what, known: Self.connectionKeys, log: log),
            let kind = fields.requiredScalar("kind")
        else { return nil }
        func only(_ keys: [String], beside others: [String] = []) -> YAMLNode? {
            for other in Self.connectionKeys.dropFirst()
            where fields.has(other) && !keys.contains(other) && !others.contains(other) {
                log.add(
                    .unknownKey(
                        other,
                        in: LocalizedText(
                            en: "a connection of kind \(kind.scalar ?? "")", zh: "\(kind.scalar ?? "") 类连接"),
                        at: fields.keyLocation(other), known: ["kind"] + keys + others))
            }
            let given = keys.filter(fields.has)
            if given.isEmpty {
                log.add(.missingOneOf(keys, in: what, at: node.location))
            } else if given.count > 1 {
                log.add(
                    Diagnostic(
                        code: "conflicting-keys",
                        LocalizedText(
                            en: "\(what.en) has \(given.joined(separator: " and "))",
                            zh: "\(what.zh)同时有\(given.joined(separator: "和"))"),
                        at: fields.keyLocation(given[1])))
            }
            return given.first.flatMap(fields.scalar)
        }
        switch kind.scalar {
        case "postgres":
            guard let place = only(["service", "url"]), let text = place.scalar else { return nil }
            if fields.has("service") { return .postgres("service=\(Self.quoted(text))") }
            if Self.holdsSecret(text) {
                log.add(
                    Diagnostic(
                        code: "secret-in-definition",
                        LocalizedText(en: "\(what.en) holds a password", zh: "\(what.zh)中含有密码"), at: place.location,
                        hint: LocalizedText(
                            en: "keep it in .pgpass, pg_service.conf or the environment",
                            zh: "请把密码放在 .pgpass、pg_service.conf 或环境变量中")))
                return nil
            }
            return .postgres(text)
        case "sqlite":
            return only(["path"])?.scalar.map { .sqlite(path: Self.path($0, beside: object.file)) }
        case "csv":
            guard let folder = only(["folder"], beside: ["encoding", "delimiter"])?.scalar else { return nil }
            return .csv(
                folder: Self.path(folder, beside: object.file), encoding: encoding(fields), delimiter: delimiter(fields)
            )
        default:
            let kinds = ["postgres", "sqlite", "csv"]
            let text = kind.scalar ?? ""
            log.add(
                .badValue(
                    text, of: fields.name("kind"),
                    expected: LocalizedText(
                        en: "one of \(kinds.joined(separator: ", "))", zh: "以下之一：\(kinds.joined(separator: "、"))"),
                    at: kind.location, hint: Suggestion.candidates(for: text, among: kinds).first.map(Fields.didYouMean)
                ))
            return nil
        }
    }

    /// A value of a libpq connection string.
    private static func quoted(_ text: String) -> String {
        if text.allSatisfy({ $0.isLetter || $0.isNumber || "-_.${}".contains($0) }) { return text }
        return "'" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "'", with: "\\'") + "'"
    }

    /// A password written out; one that a placeholder will bring is not.
    private static func holdsSecret(_ text: String) -> Bool {
        if let match = text.range(of: "password *= *[^ &${]", options: [.regularExpression, .caseInsensitive]) {
            return !match.isEmpty
        }
        return text.range(of: "://[^/@]*:[^/@${][^/@]*@", options: .regularExpression) != nil
    }

    /// Relative to the folder of the YAML file; absolute paths and those that begin with a placeholder stay.
    static func path(_ text: String, beside file: String) -> String {
        if text.hasPrefix("/") || text.hasPrefix("$") || text.hasPrefix("{") { return text }
        let folder = (file as NSString).deletingLastPathComponent
        return folder.isEmpty ? text : "\(folder)/\(text)"
    }

    // MARK: tables

    private func table(_ entry: YAMLNode.Entry, _ object: WrittenObject) -> SourceDefinition.SourceTable? {
        let what = LocalizedText(
            en: "table '\(entry.key)' of \(object.what.en)", zh: "\(object.what.zh)的表“\(entry.key)”")
        var definition: TableDefinition?
        if let schema {
            definition = schema.table(entry.key)
            if definition == nil {
                log.add(.unknownTable(entry.key, at: entry.keyLocation, among: schema.tables))
            }
        }
        guard let fields = Fields(entry.value, what, known: Self.tableKeys, log: log) else { return nil }
        func column(_ name: String, _ place: SourceLocation) -> String {
            guard let definition else { return name }
            if let found = definition.column(name) { return found.name }
            log.add(.unknownColumn(name, of: definition, at: place))
            return name
        }
        var query: SourceDefinition.Query?
        if fields.has("select"), fields.has("from") {
            log.add(
                Diagnostic(
                    code: "conflicting-keys",
                    LocalizedText(en: "\(what.en) has select and from", zh: "\(what.zh)同时有 select 和 from"),
                    at: fields.keyLocation("from")))
        } else if fields.has("select") {
            query = fields.text("select").map { .select($0) }
            if fields.has("columns") {
                log.add(
                    Diagnostic(
                        code: "conflicting-keys",
                        LocalizedText(en: "'columns' belongs to 'from'", zh: "“columns”只能与“from”同用"),
                        at: fields.keyLocation("columns"),
                        hint: LocalizedText(en: "name them in the query: c_ah AS ah", zh: "请在查询中命名：c_ah AS ah")))
            }
        } else if fields.has("from") {
            var mappings: [SourceDefinition.ColumnMapping] = []
            if let node = fields.required("columns") {
                if node.sequence != nil {
                    mappings = (fields.texts("columns") ?? []).map {
                        .init(column: column($0.scalar ?? "", $0.location), source: $0.scalar ?? "")
                    }
                } else {
                    mappings = (fields.pairs("columns") ?? []).map {
                        .init(column: column($0.key.key, $0.key.keyLocation), source: $0.text)
                    }
                }
            }
            query = fields.text("from").map { .from($0, columns: mappings) }
        } else {
            log.add(.missingOneOf(["select", "from"], in: what, at: entry.keyLocation))
        }
        var codes: [String: [String: String]] = [:]
        for map in fields.mapping("codes") ?? [] {
            let name = column(map.key, map.keyLocation)
            let list = codelist(name, definition)
            if let entries = map.value.mapping {
                codes[name] = inline(entries, list)
            } else if map.value.scalar != nil, let read = file(map.value, object, list) {
                codes[name] = read
            } else if map.value.sequence != nil {
                log.add(
                    .wrongShape(
                        LocalizedText(map.key),
                        expected: LocalizedText(en: "a CSV file or a mapping of codes", zh: "CSV 文件或代码映射"),
                        found: map.value))
            }
        }
        var deletes: String?
        if let node = fields.value("deletes") {
            deletes = Fields(node, fields.name("deletes"), known: ["select"], log: log)?.requiredText("select")
        }
        var drift = SourceDefinition.DriftPolicy()
        if let node = fields.value("drift"),
            let parts = Fields(node, fields.name("drift"), known: ["extra", "missing", "widened"], log: log)
        {
            drift.extra = parts.word("extra", [("ignore", .ignore), ("refuse", .refuse)]) ?? .ignore
            drift.missing = parts.word("missing", [("null", .null), ("refuse", .refuse)]) ?? .null
            drift.widened = parts.word("widened", [("accept", .accept), ("refuse", .refuse)]) ?? .accept
        }
        var completeness: SourceDefinition.Completeness?
        if let node = fields.value("completeness"),
            let parts = Fields(node, fields.name("completeness"), known: ["number", "date"], log: log)
        {
            completeness = .init(
                number: parts.scalar("number").map { column($0.scalar ?? "", $0.location) },
                date: parts.scalar("date").map { column($0.scalar ?? "", $0.location) })
        }
        let watermark = fields.scalar("watermark").map { column($0.scalar ?? "", $0.location) }
        guard let query else { return nil }
        return .init(
            table: definition?.name ?? entry.key, query: query, watermark: watermark, codes: codes, deletes: deletes,
            drift: drift, completeness: completeness, location: entry.keyLocation)
    }

    /// The list whose codes a translation must give, when it is one list.
    private func codelist(_ column: String, _ table: TableDefinition?) -> (name: String, codes: Set<String>)? {
        guard let schema, case .code(.list(let name)) = table?.column(column)?.type, let list = schema.codelists[name]
        else { return nil }
        return (name, Set(list.entries.map(\.code)))
    }

    private func inline(
        _ entries: [YAMLNode.Entry], _ list: (name: String, codes: Set<String>)?
    ) -> [String: String] {
        var map: [String: String] = [:]
        for entry in entries {
            guard let text = entry.value.scalar else {
                log.add(
                    .wrongShape(
                        LocalizedText(entry.key), expected: LocalizedText(en: "a code", zh: "代码"), found: entry.value))
                continue
            }
            check(text, list, entry.value.location)
            map[entry.key] = text
        }
        return map
    }

    /// A CSV file with the columns `source` and `standard`.
    private func file(
        _ node: YAMLNode, _ object: WrittenObject, _ list: (name: String, codes: Set<String>)?
    ) -> [String: String]? {
        let lists = CodeListReader(log: log)
        guard let csv = lists.namedCSV(node, object),
            let source = lists.column("source", at: node.location, in: csv),
            let standard = lists.column("standard", at: node.location, in: csv)
        else { return nil }
        var map: [String: String] = [:]
        for row in csv.rows {
            let place = csv.location(row)
            guard let code = row.fields[source], let translated = row.fields[standard] else {
                log.add(
                    Diagnostic(
                        code: "missing-code", LocalizedText(en: "the row has no code", zh: "该行没有代码"), at: place))
                continue
            }
            if map[code] != nil {
                log.add(
                    Diagnostic(
                        code: "duplicate-code", LocalizedText(en: "code '\(code)' occurs twice", zh: "代码“\(code)”重复出现"),
                        at: place))
            }
            check(translated, list, place)
            map[code] = translated
        }
        return map
    }

    private func check(_ code: String, _ list: (name: String, codes: Set<String>)?, _ place: SourceLocation) {
        guard let list, !list.codes.contains(code) else { return }
        log.add(
            .unknown(
                "unknown-code", LocalizedText(en: "code", zh: "代码"), code,
                of: LocalizedText(en: "code list '\(list.name)'", zh: "码表“\(list.name)”"), at: place,
                known: list.codes.sorted()))
    }
}
