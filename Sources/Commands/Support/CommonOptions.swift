import ArgumentParser
import Diagnostics

/// The flags that every verb takes.
struct CommonOptions: ParsableArguments {
    @Flag(name: .long, help: help("One JSON object on stdout instead of text.", "在标准输出给出一个 JSON 对象，而非文字。"))
    var json = false

    @Flag(name: .shortAndLong, help: help("Only warnings and errors on stderr.", "标准错误只输出警告和错误。"))
    var quiet = false

    @Flag(name: .shortAndLong, help: help("More detail on stderr.", "标准错误输出更多细节。"))
    var verbose = false

    @Option(name: .long, help: help("Also write what stderr says to this file.", "把标准错误的内容同时写入此文件。"))
    var logFile: String?

    @Option(name: .long, help: help("auto, always or never.", "颜色：auto、always 或 never。"))
    var color: ColorChoice = .auto

    @Option(name: .long, help: help("zh or en; else the locale.", "语言：zh 或 en；默认随系统区域设置。"))
    var lang: String?

    @Option(
        name: .long,
        help: help("Folder for runs, the embedded library and batches on their way.", "工作目录：运行记录、内置标准库、在途批次。"))
    var work: String?

    func validate() throws {
        if let lang, Language(rawValue: lang) == nil {
            throw ValidationError(say("--lang is zh or en, not '\(lang)'", "--lang 应为 zh 或 en，不是“\(lang)”"))
        }
    }
}

enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never
}

/// The definitions that a verb reads.
struct SchemaOptions: ParsableArguments {
    @Option(
        name: .long,
        help: help(
            "A folder of definitions; repeatable, a later one overlays. Default: what ships.",
            "定义目录，可多次给出，后者覆盖前者；默认为随程序附带的定义。"))
    var schemas: [String] = []

    /// No flag given: what ships.
    static var shipped: SchemaOptions { get throws { try SchemaOptions.parse([]) } }
}

/// The standard library that a verb works on.
struct LibraryOptions: ParsableArguments {
    @Option(
        name: .long,
        help: help(
            "The standard library: postgresql://…, service=…, or the folder of an embedded one. Default: SITONG_LIBRARY, else the embedded one of the working folder.",
            "标准库：postgresql://…、service=… 或内置库目录；默认取 SITONG_LIBRARY，否则为工作目录中的内置库。"))
    var library: String?

    /// No flag given: the environment or the working folder decides.
    static var none: LibraryOptions { get throws { try LibraryOptions.parse([]) } }
}
