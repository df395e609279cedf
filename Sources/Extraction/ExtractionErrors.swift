import Batches
import DelimitedText
import Diagnostics
import Schema

extension OperationError {
    /// The same error with the place in the source definition where it came up, when definition or data are at fault.
    func during(table: String, of source: String) -> OperationError {
        guard [.badData, .badDefinition].contains(status), !code.hasPrefix("source-") else { return self }
        var error = self
        error.message = LocalizedText(
            en: "source '\(source)', table '\(table)': \(message.en)", zh: "来源“\(source)”的表“\(table)”：\(message.zh)")
        return error
    }

    static func sourceTableUnknown(_ table: String, source: String, near: [String]) -> OperationError {
        OperationError(
            .badDefinition, code: "source-table",
            LocalizedText(
                en: "source '\(source)' maps table '\(table)', which the standard does not have",
                zh: "来源“\(source)”对应的表“\(table)”不在标准中"),
            hint: near.isEmpty ? nil : didYouMean(near))
    }

    /// Needed columns that a query does not offer, and columns that it offers under a name that is nearly one of the
    /// standard's.
    static func sourceColumns(
        missing: [String], misspelt: [String], absent: [ColumnDefinition], offered: [String], table: String,
        source: String
    ) -> OperationError {
        var en: [String] = []
        var zh: [String] = []
        let titles = Dictionary(absent.map { ($0.name, $0.title) }, uniquingKeysWith: { first, _ in first })
        if !missing.isEmpty {
            let names = missing.map { name in "'\(name)'" + (titles[name].map { $0 == name ? "" : " (\($0))" } ?? "") }
            let zhNames = missing.map { name in "“\(name)”" + (titles[name].map { $0 == name ? "" : "（\($0)）" } ?? "") }
            en.append("needed columns are missing: \(names.joined(separator: ", "))")
            zh.append("缺少必需的列：\(zhNames.joined(separator: "、"))")
        }
        let candidates = absent.map(\.name) + absent.map(\.title).filter { titles[$0] == nil }
        for name in misspelt {
            let near = NearMiss.names(like: name, among: candidates)
            en.append("column '\(name)' looks like \(near.map { "'\($0)'" }.joined(separator: " or "))")
            zh.append("列“\(name)”疑为\(near.map { "“\($0)”" }.joined(separator: "或"))")
        }
        return OperationError(
            .badData, code: "source-columns",
            LocalizedText(
                en: "source '\(source)', table '\(table)': \(en.joined(separator: "; "))",
                zh: "来源“\(source)”的表“\(table)”：\(zh.joined(separator: "；"))"),
            hint: LocalizedText(
                en: "name the columns in the source's query as in the standard (… AS larq); it offers: "
                    + offered.joined(separator: ", "),
                zh: "请在来源的查询中按标准命名各列（… AS larq）；查询给出的列：" + offered.joined(separator: "、")))
    }

    static func sourceDrift(
        extra: [String], missing: [String], widened: [BatchManifest.WidenedColumn], table: String, source: String
    ) -> OperationError {
        var en: [String] = []
        var zh: [String] = []
        if !extra.isEmpty {
            en.append("columns that the standard does not have: \(extra.joined(separator: ", "))")
            zh.append("标准中没有的列：\(extra.joined(separator: "、"))")
        }
        if !missing.isEmpty {
            en.append("columns that the source does not give: \(missing.joined(separator: ", "))")
            zh.append("来源未提供的列：\(missing.joined(separator: "、"))")
        }
        if !widened.isEmpty {
            let list = widened.map(\.text)
            en.append("columns that may hold more than the standard takes: \(list.map(\.en).joined(separator: ", "))")
            zh.append("比标准更宽的列：\(list.map(\.zh).joined(separator: "、"))")
        }
        return OperationError(
            .badData, code: "source-drift",
            LocalizedText(
                en: "source '\(source)', table '\(table)': \(en.joined(separator: "; "))",
                zh: "来源“\(source)”的表“\(table)”：\(zh.joined(separator: "；"))"),
            hint: LocalizedText(
                en: "the table's 'drift' refuses this; mend the query, or allow it there",
                zh: "该表的 drift 不允许；请修正查询，或在其中放行"))
    }

    static func sourceColumnTwice(_ column: String, table: String, source: String) -> OperationError {
        OperationError(
            .badData, code: "source-column-twice",
            LocalizedText(
                en: "source '\(source)', table '\(table)': two columns of the query mean '\(column)'",
                zh: "来源“\(source)”的表“\(table)”：查询中有两列都对应“\(column)”"),
            hint: LocalizedText(en: "leave out or rename one of them", zh: "请去掉或改名其中一列"))
    }

    static func sourceRecordMalformed(
        _ kind: MalformedRecord.Kind, row: Int, file: String, table: String
    ) -> OperationError {
        let cause: LocalizedText =
            switch kind {
            case .fields: LocalizedText(en: "it has another number of fields than the header", zh: "字段数与表头不同")
            case .quote: LocalizedText(en: "a quote does not close", zh: "引号没有闭合")
            case .encoding: LocalizedText(en: "it is not UTF-8", zh: "不是 UTF-8 编码")
            case .nul: LocalizedText(en: "it has a zero byte in it", zh: "含有零字节")
            }
        return OperationError(
            .badData, code: "source-record",
            LocalizedText(
                en: "row \(row) of table '\(table)' from \(file) cannot be read: \(cause.en)",
                zh: "\(file) 中表“\(table)”的第 \(row) 行无法读取：\(cause.zh)"),
            hint: LocalizedText(
                en: "the database hands out bytes in another encoding; convert them in the source's query",
                zh: "数据库给出的字节不是所声明的编码，请在来源的查询中转换"))
    }

    static func sourceKeyUnmapped(_ column: String, table: String, source: String) -> OperationError {
        OperationError(
            .badDefinition, code: "source-key",
            LocalizedText(
                en: "source '\(source)', table '\(table)': 'columns' does not say where key column '\(column)' is",
                zh: "来源“\(source)”的表“\(table)”：columns 中没有主键列“\(column)”"))
    }

    static func noTableHasKey(_ columns: [String], source: String) -> OperationError {
        OperationError(
            .usage, code: "keys-table",
            LocalizedText(
                en: "source '\(source)': no table has \(columns.joined(separator: ", ")) in its key",
                zh: "来源“\(source)”：没有哪个表的主键包含 \(columns.joined(separator: "、"))"))
    }

    static func copyNotCreated(_ folder: String) -> OperationError {
        OperationError(
            .cannotCreate, code: "sqlite-copy",
            LocalizedText(
                en: "unable to make the folder '\(folder)' for a private copy of the database",
                zh: "无法创建存放数据库私有副本的目录“\(folder)”"),
            hint: LocalizedText(en: "set TMPDIR to a folder with enough room", zh: "请用 TMPDIR 指定空间足够的目录"))
    }

    static func nothingToPullAgain(_ source: String) -> OperationError {
        OperationError(
            .noInput, code: "keys-first",
            LocalizedText(
                en: "source '\(source)': no batch was made yet, so that nothing can be pulled again",
                zh: "来源“\(source)”：尚无任何批次，无从补抽"),
            hint: LocalizedText(en: "extract the source once without --keys", zh: "请先不带 --keys 抽取一次"))
    }

    static func filesHaveNoQueries(_ table: String) -> OperationError {
        OperationError(
            .badDefinition, code: "source-files-query",
            LocalizedText(
                en: "table '\(table)': a source of CSV files has no queries", zh: "表“\(table)”：CSV 文件类来源不支持查询"),
            hint: LocalizedText(en: "use 'from: FILE' with 'columns'", zh: "请使用“from: 文件”和“columns”"))
    }

    static func fileLacksColumn(_ column: String, file: String, near: [String]) -> OperationError {
        OperationError(
            .badData, code: "source-file-column",
            LocalizedText(en: "'\(file)' has no column '\(column)'", zh: "“\(file)”中没有列“\(column)”"),
            hint: near.isEmpty ? nil : didYouMean(near))
    }

    private static func didYouMean(_ names: [String]) -> LocalizedText {
        LocalizedText(
            en: "did you mean \(names.map { "'\($0)'" }.joined(separator: ", "))?",
            zh: "是否为\(names.map { "“\($0)”" }.joined(separator: "、"))？")
    }
}

extension LocalizedText {
    static func unknownColumns(_ names: [String], table: String, source: String) -> LocalizedText {
        LocalizedText(
            en: "source '\(source)', table '\(table)': columns that the standard does not know are left out: "
                + names.joined(separator: ", "),
            zh: "来源“\(source)”的表“\(table)”：标准中没有的列已略去：" + names.joined(separator: "、"))
    }

    static func keysNotThere(_ count: Int, of total: Int, table: String, source: String) -> LocalizedText {
        LocalizedText(
            en: "source '\(source)', table '\(table)': \(count) of \(total) keys are not at the source",
            zh: "来源“\(source)”的表“\(table)”：\(total) 个主键中有 \(count) 个在来源中不存在")
    }

    static func absentColumns(_ names: [String], table: String, source: String) -> LocalizedText {
        LocalizedText(
            en: "source '\(source)', table '\(table)': columns of the standard that the source does not have: "
                + names.joined(separator: ", "),
            zh: "来源“\(source)”的表“\(table)”：来源没有提供的标准列：" + names.joined(separator: "、"))
    }

    static func widenedColumns(
        _ columns: [BatchManifest.WidenedColumn], table: String, source: String
    ) -> LocalizedText {
        let list = columns.map(\.text)
        return LocalizedText(
            en: "source '\(source)', table '\(table)': columns that may hold more than the standard takes: "
                + list.map(\.en).joined(separator: ", "),
            zh: "来源“\(source)”的表“\(table)”：比标准更宽的列：" + list.map(\.zh).joined(separator: "、"))
    }
}
