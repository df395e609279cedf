import Diagnostics
import Foundation

/// Names of files on the command line, with `*` and `?` where the shell has not expanded them (pipelines, cron).
enum FileNames {
    /// The files that the names stand for, in order.
    ///
    /// - Throws: 66 when a name without `*` or `?` does not exist; a pattern may match nothing.
    static func expand(_ names: [String], what: LocalizedText) throws -> [String] {
        try names.flatMap { name -> [String] in
            guard name.contains(where: { $0 == "*" || $0 == "?" || $0 == "[" }) else {
                guard FileManager.default.fileExists(atPath: name) else {
                    throw OperationError(
                        .noInput, code: "input-missing",
                        LocalizedText(en: "there is no \(what.en) '\(name)'", zh: "没有\(what.zh)“\(name)”"),
                        hint: LocalizedText(
                            en: "check the path; names are relative to the folder the command runs in",
                            zh: "请检查路径；相对路径从运行命令的目录算起"))
                }
                return [name]
            }
            var found = glob_t()
            defer { globfree(&found) }
            guard glob(name, GLOB_MARK, nil, &found) == 0 else { return [] }
            return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
        }
    }
}
