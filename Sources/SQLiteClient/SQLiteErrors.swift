import CSQLite
import Diagnostics

extension SQLiteDatabase {
    /// The error of the call that just failed, with near misses where a name is not known.
    func failure(_ code: Int32) -> OperationError {
        // Copied at once: the look-up of near misses overwrites it.
        let message = String(cString: sqlite3_errmsg(handle.pointer))
        let missing = ["no such column: ", "no such table: "].first { message.hasPrefix($0) }
        guard let missing else { return .sqlite(code, message, path: path) }
        let name = String(message.dropFirst(missing.count))
        let isColumn = missing == "no such column: "
        let names =
            isColumn
            ? "SELECT DISTINCT c.name FROM sqlite_schema s, pragma_table_info(s.name) c WHERE s.type IN ('table', 'view')"
            : "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
        let known = ((try? execute(names)) ?? []).compactMap { $0.first ?? nil }
        let bare = name.split(separator: ".").last.map(String.init) ?? name
        return .missingName(
            name, isColumn: isColumn, near: Suggestion.candidates(for: bare, among: known), path: path)
    }
}

extension OperationError {
    static func noDatabaseFile(_ path: String) -> OperationError {
        OperationError(
            .noInput, code: "sqlite-file",
            LocalizedText(en: "there is no database file '\(path)'", zh: "数据库文件“\(path)”不存在"),
            hint: LocalizedText(en: "check the path in the source definition", zh: "请核对数据源定义中的路径"))
    }

    static func databaseNotReadable(_ path: String) -> OperationError {
        OperationError(
            .noPermission, code: "sqlite-permission",
            LocalizedText(en: "database file '\(path)' may not be read", zh: "没有读取数据库文件“\(path)”的权限"),
            hint: LocalizedText(
                en: "let the account that runs sitong read the file", zh: "请为运行 sitong 的账户授予该文件的读取权限"))
    }

    static func emptyStatement(_ path: String) -> OperationError {
        OperationError(
            .badDefinition, code: "sqlite-statement",
            LocalizedText(en: "database file '\(path)': the statement is empty", zh: "数据库文件“\(path)”：SQL 语句为空"))
    }

    static func notText(_ path: String, column: String) -> OperationError {
        OperationError(
            .badData, code: "sqlite-text",
            LocalizedText(
                en: "database file '\(path)': a value of column '\(column)' of the query is not UTF-8 text",
                zh: "数据库文件“\(path)”：查询结果列“\(column)”中有值不是 UTF-8 文本"),
            hint: LocalizedText(
                en: "select it as hex(\(column)) or repair it at the source", zh: "可改用 hex(\(column)) 读取，或在源头修正"))
    }

    static func missingName(_ name: String, isColumn: Bool, near: [String], path: String) -> OperationError {
        let list = near.map { "'\($0)'" }.joined(separator: ", ")
        let zhList = near.map { "“\($0)”" }.joined(separator: "、")
        return OperationError(
            .badData, code: isColumn ? "sqlite-undefined-column" : "sqlite-undefined-table",
            LocalizedText(
                en: "database file '\(path)' has no \(isColumn ? "column" : "table") '\(name)'",
                zh: "数据库文件“\(path)”中没有\(isColumn ? "列" : "表")“\(name)”"),
            hint: near.isEmpty ? nil : LocalizedText(en: "did you mean \(list)?", zh: "是否为\(zhList)？"))
    }

    /// By SQLite's primary result code. Its messages name objects, never values.
    static func sqliteCopy(of path: String, to copy: String) -> OperationError {
        OperationError(
            .ioError, code: "sqlite-copy",
            LocalizedText(
                en: "database file '\(path)' could not be copied to '\(copy)', where it is read from",
                zh: "无法把数据库文件“\(path)”复制到“\(copy)”（从该副本读取）"),
            hint: LocalizedText(
                en: "the copy needs as much room as the file: make room there, or set TMPDIR to another folder",
                zh: "副本需要与原文件同样大的空间：请清理该处磁盘，或把 TMPDIR 设为其他目录"))
    }

    static func sqlite(_ code: Int32, _ message: String, path: String) -> OperationError {
        func make(
            _ status: ExitStatus, _ stableCode: String, en: String, zh: String, hint: LocalizedText? = nil,
            isTransient: Bool = false
        ) -> OperationError {
            OperationError(
                status, code: stableCode,
                LocalizedText(en: "database file '\(path)': \(en)", zh: "数据库文件“\(path)”：\(zh)"), hint: hint,
                isTransient: isTransient)
        }
        switch code & 0xFF {
        case SQLITE_NOTADB:
            return make(
                .badData, "sqlite-format", en: "it is not a SQLite database", zh: "不是 SQLite 数据库",
                hint: LocalizedText(en: "encrypted files are not read", zh: "加密的文件不能读取"))
        case SQLITE_CORRUPT:
            return make(
                .badData, "sqlite-corrupt", en: "it is damaged", zh: "文件已损坏",
                hint: LocalizedText(
                    en: "`sqlite3 FILE 'PRAGMA integrity_check'` tells more",
                    zh: "可用 sqlite3 文件 'PRAGMA integrity_check' 检查"))
        case SQLITE_BUSY, SQLITE_LOCKED:
            return make(
                .temporaryFailure, "sqlite-locked", en: "it is locked by another process", zh: "被其他进程锁定",
                hint: LocalizedText(en: "try again later", zh: "请稍后重试"), isTransient: true)
        case SQLITE_FULL:
            return make(
                .ioError, "sqlite-disk-full", en: "no room left on the disk", zh: "磁盘空间不足",
                hint: LocalizedText(en: "make room and repeat the step", zh: "请清理磁盘后重做该步骤"))
        case SQLITE_IOERR, SQLITE_NOMEM:
            return make(.ioError, "sqlite-io", en: message, zh: "读写错误：\(message)")
        case SQLITE_CANTOPEN:
            return make(.cannotCreate, "sqlite-open", en: "unable to open or create it", zh: "无法打开或创建")
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
            return make(.noPermission, "sqlite-permission", en: message, zh: "没有权限：\(message)")
        case SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG, SQLITE_RANGE:
            return make(.badData, "sqlite-data", en: message, zh: "数据被拒绝：\(message)")
        case SQLITE_ERROR:
            return make(
                .badDefinition, "sqlite-statement", en: "the statement is refused: \(message)",
                zh: "SQL 语句被拒绝：\(message)")
        default:
            return make(
                .internalError, "sqlite-unexpected", en: "\(message) (\(code))", zh: "\(message)（\(code)）")
        }
    }
}
