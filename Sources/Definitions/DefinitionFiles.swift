import Diagnostics
import Foundation

/// The definition files below one directory, and the files that they name; never anything outside it.
struct DefinitionFiles {
    /// As the user wrote it; places in messages begin with it.
    let directory: String
    private let root: String

    /// Throws `definitions-not-found` (66) when there is no such directory.
    init(directory: String) throws(OperationError) {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory) else {
            throw .definitionsNotFound(directory)
        }
        guard isDirectory.boolValue else { throw .definitionsNotADirectory(directory) }
        self.directory = directory.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        root = Self.canonical(directory)
    }

    /// All `*.yaml` and `*.yml` below the directory, sorted by path; hidden ones are passed over.
    func yamlFiles() throws(OperationError) -> [String] {
        var found: [String] = []
        var folders = [""]
        while let folder = folders.popLast() {
            let path = folder.isEmpty ? directory : "\(directory)/\(folder)"
            let names: [String]
            do {
                names = try FileManager.default.contentsOfDirectory(atPath: path)
            } catch {
                throw .definitionsUnreadable(path)
            }
            for name in names where !name.hasPrefix(".") {
                let relative = folder.isEmpty ? name : "\(folder)/\(name)"
                var isDirectory: ObjCBool = false
                guard FileManager.default.fileExists(atPath: "\(directory)/\(relative)", isDirectory: &isDirectory)
                else { continue }
                if isDirectory.boolValue {
                    // A link to a folder above would never end.
                    if Self.canonical("\(directory)/\(relative)").hasPrefix(Self.canonical(path) + "/") {
                        folders.append(relative)
                    }
                } else if name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
                    found.append(relative)
                }
            }
        }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "\(directory)/\($0)" }
    }

    enum Named {
        /// As messages name it.
        case file(String)
        case outside
        case missing
    }

    /// A file that a definition names: below the directory, else beside the YAML file.
    func find(_ name: String, beside yamlFile: String) -> Named {
        let folder = (yamlFile as NSString).deletingLastPathComponent
        var sawOutside = name.hasPrefix("/")
        for base in name.hasPrefix("/") ? [] : [directory, folder] {
            let path = base.isEmpty ? name : "\(base)/\(name)"
            let canonical = Self.canonical(path)
            guard canonical.hasPrefix(root == "/" ? "/" : root + "/") else {
                sawOutside = true
                continue
            }
            var isDirectory: ObjCBool = false
            if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory.boolValue {
                return .file(path)
            }
        }
        return sawOutside ? .outside : .missing
    }

    /// Without links, `.` and `..`; what does not exist is resolved as far as it does.
    private static func canonical(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().standardizedFileURL.path
    }

    /// The bytes of a file; throws `definitions-unreadable` (66).
    static func bytes(_ path: String) throws(OperationError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else { throw .definitionsUnreadable(path) }
        return [UInt8](data)
    }
}

extension OperationError {
    static func definitionsNotFound(_ path: String) -> OperationError {
        OperationError(
            .noInput, code: "definitions-not-found",
            LocalizedText(en: "there is no '\(path)'", zh: "“\(path)”不存在"),
            hint: LocalizedText(
                en: "--schemas names a directory of definition files (tables, code lists, rules, forms)",
                zh: "--schemas 应指向存放定义文件（表、码表、规则、报表）的目录"))
    }

    static func definitionsNotADirectory(_ path: String) -> OperationError {
        OperationError(
            .noInput, code: "definitions-not-a-directory",
            LocalizedText(en: "'\(path)' is not a directory", zh: "“\(path)”不是目录"),
            hint: LocalizedText(en: "name the directory that holds the file", zh: "请给出该文件所在的目录"))
    }

    static func definitionsUnreadable(_ path: String) -> OperationError {
        OperationError(
            .noInput, code: "definitions-unreadable",
            LocalizedText(en: "'\(path)' cannot be read", zh: "无法读取“\(path)”"),
            hint: LocalizedText(en: "check that it exists and may be read", zh: "请检查文件是否存在以及是否有读取权限"))
    }
}
