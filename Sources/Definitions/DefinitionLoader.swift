public import Diagnostics
public import Schema

/// Reads definition files (定义文件): YAML → resolved model.
///
/// Loading goes on after a problem, so that one run shows all of them. An object that cannot be read is left out, and
/// what names it is not called unknown because of that.
public enum DefinitionLoader {
    /// All `*.yaml` and `*.yml` below each directory, sorted; a later directory overlays an earlier one, object by object.
    ///
    /// Throws `definitions-not-found`, `definitions-unreadable` (66) when a directory cannot be read at all; what is
    /// wrong inside is among the diagnostics.
    public static func load(directories: [String]) throws(OperationError) -> LoadedDefinitions {
        let log = DiagnosticLog()
        var written = WrittenObjects(log: log)
        for (layer, directory) in directories.enumerated() {
            let files = try DefinitionFiles(directory: directory)
            let paths = try files.yamlFiles()
            for path in paths {
                for document in try documents(of: path, log) {
                    written.add(document, file: path, files: files, layer: layer)
                }
            }
            if paths.isEmpty {
                log.add(
                    Diagnostic(
                        .warning, code: "no-definitions",
                        LocalizedText(
                            en: "'\(directory)' holds no *.yaml or *.yml file",
                            zh: "“\(directory)”中没有 *.yaml 或 *.yml 文件")))
            }
        }
        return SchemaReader(log: log).definitions(written)
    }

    /// One source file; `file:` and paths in it are relative to its folder. With a schema, names in it are resolved and
    /// translated codes checked.
    ///
    /// Throws an `OperationError` (66) when the file cannot be read, `InvalidDefinitions` when it is wrong.
    public static func loadSource(file: String, schema: StandardSchema? = nil) throws -> SourceDefinition {
        let log = DiagnosticLog()
        let object = try single(.source, file: file, log)
        let source = object.flatMap { SourceReader(schema: schema, log: log).source($0) }
        guard let source, !log.hasErrors else { throw InvalidDefinitions(log.inOrder) }
        return source
    }

    /// One pipeline file. Throws like `loadSource`.
    public static func loadPipeline(file: String) throws -> PipelineDefinition {
        let log = DiagnosticLog()
        let object = try single(.pipeline, file: file, log)
        let pipeline = object.flatMap { PipelineReader(log: log).pipeline($0) }
        guard let pipeline, !log.hasErrors else { throw InvalidDefinitions(log.inOrder) }
        return pipeline
    }

    private static func single(
        _ kind: DefinitionKind, file: String, _ log: DiagnosticLog
    ) throws(OperationError) -> WrittenObject? {
        let slash = file.lastIndex(of: "/")
        let folder = slash.map { $0 == file.startIndex ? "/" : String(file[..<$0]) } ?? "."
        var written = WrittenObjects(log: log)
        let bytes = try documents(of: file, log)
        let files = try DefinitionFiles(directory: folder)
        for document in bytes { written.add(document, file: file, files: files, layer: 0) }
        let found = written.all(kind)
        if let object = found.first, found.count == 1, written.objects.count == 1, written.rules.isEmpty {
            return object
        }
        if !log.hasErrors {
            log.add(
                Diagnostic(
                    code: "wrong-kind",
                    LocalizedText(
                        en: "expected one \(kind.title.en) in the file", zh: "文件中应有且只有一个\(kind.title.zh)定义"),
                    at: SourceLocation(file: file, line: 1, column: 1),
                    hint: LocalizedText(en: "it begins with '\(kind.rawValue): name'", zh: "应以“\(kind.rawValue): 名称”开头")
                ))
        }
        return nil
    }

    private static func documents(of path: String, _ log: DiagnosticLog) throws(OperationError) -> [YAMLNode] {
        var bytes = try DefinitionFiles.bytes(path)[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            log.add(
                Diagnostic(
                    code: "not-utf8", LocalizedText(en: "the file is not UTF-8", zh: "文件不是 UTF-8 编码"),
                    at: SourceLocation(file: path, line: firstBrokenLine(bytes), column: 1),
                    hint: LocalizedText(en: "save it as UTF-8, not GBK", zh: "请另存为 UTF-8，而不是 GBK")))
            return []
        }
        return YAMLReader(file: path, log: log).documents(of: text)
    }

    private static func firstBrokenLine(_ bytes: ArraySlice<UInt8>) -> Int {
        let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
        return (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0) + 1
    }
}
