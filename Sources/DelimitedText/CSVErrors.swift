import Diagnostics

extension OperationError {
    static func csvHeader(_ file: String, _ en: String, _ zh: String) -> OperationError {
        OperationError(
            .badData, code: "csv-header",
            LocalizedText(en: "the header of '\(file)' cannot be used: \(en)", zh: "“\(file)”的表头不可用：\(zh)"),
            hint: LocalizedText(
                en: "the first line names the columns, by code or title, separated by commas",
                zh: "第一行应为列名（代码或中文名），以逗号分隔"))
    }
}
