import Diagnostics

/// What a document defines; its first key of these says so.
enum DefinitionKind: String, CaseIterable {
    case table, codelist, hierarchy, form, rules, `let`, calendar, caseno, source, pipeline

    /// Keys that definitions of any kind may have.
    static let knownKeys: Set<String> = {
        let groups: [[String]] = [
            allCases.map(\.rawValue), RulesReader.ruleKeys, ExamplesReader.keys, TableReader.keys,
            TableReader.columnKeys, FormReader.keys, FormReader.columnKeys, FormReader.rowKeys, CodeListReader.keys,
            SourceReader.keys, PipelineReader.keys, PipelineReader.stepKeys, ["defaults", "expr", "from", "to"],
        ]
        return Set(groups.joined())
    }()

    /// As messages call it.
    var title: LocalizedText {
        switch self {
        case .table: LocalizedText(en: "table", zh: "表")
        case .codelist: LocalizedText(en: "code list", zh: "码表")
        case .hierarchy: LocalizedText(en: "hierarchy", zh: "上下级")
        case .form: LocalizedText(en: "form", zh: "报表")
        case .rules, .let: LocalizedText(en: "rules", zh: "规则")
        case .calendar: LocalizedText(en: "calendar", zh: "日历")
        case .caseno: LocalizedText(en: "case numbers", zh: "案号")
        case .source: LocalizedText(en: "source", zh: "数据源")
        case .pipeline: LocalizedText(en: "pipeline", zh: "流水线")
        }
    }
}

/// A document as it is written, with its name and where it comes from.
struct WrittenObject {
    var kind: DefinitionKind
    var name: String
    var node: YAMLNode
    var file: String
    var files: DefinitionFiles
    /// The place of its directory among those given; later ones overlay earlier ones.
    var layer: Int

    /// `table 'anjian'`.
    var what: LocalizedText {
        LocalizedText(en: "\(kind.title.en) '\(name)'", zh: "\(kind.title.zh)“\(name)”")
    }

    func fields(_ known: [String], _ log: DiagnosticLog) -> Fields? { Fields(node, what, known: known, log: log) }
}

/// The documents of all directories: objects by kind and name, later ones in place of earlier ones, and rules documents.
struct WrittenObjects {
    private(set) var objects: [WrittenObject] = []
    /// Rules and lets, in the order in which they were read; `name` is the file.
    private(set) var rules: [WrittenObject] = []
    private var positions: [String: Int] = [:]
    let log: DiagnosticLog

    init(log: DiagnosticLog) { self.log = log }

    func all(_ kind: DefinitionKind) -> [WrittenObject] { objects.filter { $0.kind == kind } }

    mutating func add(_ document: YAMLNode, file: String, files: DefinitionFiles, layer: Int) {
        if document.sequence != nil {
            rules.append(
                WrittenObject(kind: .rules, name: file, node: document, file: file, files: files, layer: layer))
            return
        }
        let kinds = DefinitionKind.allCases.map(\.rawValue)
        guard let entries = document.mapping else {
            log.add(
                .wrongShape(
                    LocalizedText(en: "a definition", zh: "定义"),
                    expected: LocalizedText(en: "a mapping or a list of rules", zh: "映射或规则列表"), found: document))
            return
        }
        guard let first = entries.first(where: { kinds.contains($0.key) }),
            let kind = DefinitionKind(rawValue: first.key)
        else {
            let near = entries.lazy.compactMap { entry in
                Suggestion.candidates(for: entry.key, among: kinds).first.map {
                    (kind: $0, place: entry.keyLocation, name: entry.value.scalar)
                }
            }.first
            log.add(lostNames: Set([near?.name, document.value("title")?.scalar].compactMap(\.self)))
            log.add(
                Diagnostic(
                    code: "unknown-kind",
                    LocalizedText(en: "the document does not say what it defines", zh: "文档没有说明它定义的是什么"),
                    at: near?.place ?? document.location,
                    hint: near.map { Fields.didYouMean($0.kind) }
                        ?? LocalizedText(
                            en: "it needs one of the keys \(kinds.joined(separator: ", "))",
                            zh: "应含有以下键之一：\(kinds.joined(separator: "、"))")))
            return
        }
        var object = WrittenObject(kind: kind, name: file, node: document, file: file, files: files, layer: layer)
        switch kind {
        case .rules, .let:
            rules.append(object)
            return
        case .caseno:
            object.name = "caseno"
        default:
            guard let name = first.value.scalar, !name.isEmpty else {
                log.add(
                    .wrongShape(
                        LocalizedText(en: "the name of a \(kind.title.en)", zh: "\(kind.title.zh)的名称"),
                        expected: LocalizedText(en: "a text", zh: "非空文本"), found: first.value))
                return
            }
            object.name = name
        }
        let identity = "\(kind.rawValue) \(object.name)"
        guard let position = positions[identity] else {
            positions[identity] = objects.count
            objects.append(object)
            return
        }
        let earlier = objects[position]
        if earlier.layer == layer {
            log.add(
                .duplicateName(kind.title, object.name, at: first.value.location, first: earlier.node.location))
        } else {
            objects[position] = object
        }
    }
}
