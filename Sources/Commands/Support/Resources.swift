import Diagnostics
import Foundation

/// Where the definitions and pipelines that ship are found: beside the program, or installed with it.
enum Resources {
    /// `SITONG_HOME`, then `share/sitong` beside the program's `bin`, then the folders above the program (a build tree).
    static func home(environment: [String: String]) throws(OperationError) -> String {
        var candidates: [String] = []
        if let home = environment["SITONG_HOME"] { candidates.append(home) }
        let program =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        var folder = (program as NSString).deletingLastPathComponent
        candidates.append(folder + "/../share/sitong")
        while folder.count > 1 {
            candidates.append(folder)
            folder = (folder as NSString).deletingLastPathComponent
        }
        guard let found = candidates.first(where: { FileManager.default.fileExists(atPath: $0 + "/Schemas/tables") })
        else {
            throw OperationError(
                .noInput, code: "resources-missing",
                LocalizedText(
                    en: "the definitions that ship with sitong are not beside the program", zh: "在程序旁找不到随附的定义文件"),
                hint: LocalizedText(
                    en: "set SITONG_HOME to the folder that holds Schemas/ and Pipelines/",
                    zh: "请把 SITONG_HOME 设为包含 Schemas/ 和 Pipelines/ 的目录"))
        }
        return found
    }
}
