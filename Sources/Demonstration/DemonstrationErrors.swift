import Diagnostics

extension OperationError {
    static func tooFewCases(_ cases: Int, courts: Int, needed: Int) -> OperationError {
        OperationError(
            .usage, code: "demo-too-few-cases",
            LocalizedText(
                en: "\(cases) cases are too few for \(courts) courts", zh: "\(cases) 件案件对 \(courts) 个法院来说太少"),
            hint: LocalizedText(
                en: "each court needs at least \(needed); ask for \(courts * needed) or more, or for fewer courts",
                zh: "每个法院至少需要 \(needed) 件；请增加到 \(courts * needed) 件以上，或减少法院"))
    }

    static func tooManyCourts(_ courts: Int, known: Int) -> OperationError {
        OperationError(
            .usage, code: "demo-courts",
            LocalizedText(
                en: "a province of \(courts) courts cannot be made from the \(known) that are listed",
                zh: "名录中只有 \(known) 个法院，无法生成 \(courts) 个法院"),
            hint: LocalizedText(en: "ask for 1 to \(known) courts", zh: "请指定 1 至 \(known) 个法院"))
    }

    static func notOurFolder(_ path: String) -> OperationError {
        OperationError(
            .cannotCreate, code: "demo-folder",
            LocalizedText(
                en: "folder '\(path)' holds something that no demonstration has made",
                zh: "目录“\(path)”中有并非演示程序生成的内容"),
            hint: LocalizedText(en: "name an empty or a new folder with --dir", zh: "请用 --dir 指定一个空目录或新目录"))
    }

    static func notOurDatabase(_ name: String) -> OperationError {
        OperationError(
            .cannotCreate, code: "demo-database",
            LocalizedText(
                en: "database '\(name)' is there already and no demonstration has made it",
                zh: "数据库“\(name)”已存在，且并非演示程序所建"),
            hint: LocalizedText(en: "rename it, or use another server", zh: "请将其改名，或使用另一台服务器"))
    }

    static func folderNotMade(_ path: String, _ reason: String) -> OperationError {
        OperationError(
            .cannotCreate, code: "demo-write",
            LocalizedText(en: "unable to write below '\(path)': \(reason)", zh: "无法写入“\(path)”：\(reason)"))
    }

    static func notATruthFile(_ path: String) -> OperationError {
        OperationError(
            .badData, code: "demo-truth",
            LocalizedText(en: "'\(path)' is not a truth file", zh: "“\(path)”不是真值文件"),
            hint: LocalizedText(en: "generate the demonstration anew", zh: "请重新生成演示数据"))
    }
}
