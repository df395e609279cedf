import Diagnostics

/// How a server's refusals become errors of the product: by SQLSTATE, never by the text, which is in the server's
/// language.
///
/// A primary message is passed on only where it cannot quote a row's value: not for data exceptions (22), broken
/// constraints (23) and messages raised by triggers (P0). DETAIL and CONTEXT are never passed on.
extension OperationError {
    static func badConnectionString(libpq: String) -> OperationError {
        // Only the name of an unknown option is safe to show; other messages quote pieces of the text.
        let isUnknownOption = libpq.hasPrefix("invalid connection option") || libpq.hasPrefix("invalid URI query")
        let option = isUnknownOption ? libpq.split(separator: "\"").dropFirst().first.map(String.init) : nil
        return OperationError(
            .usage, code: "pg-conninfo",
            LocalizedText(
                en: "unable to read the connection string" + (option.map { ": unknown option '\($0)'" } ?? ""),
                zh: "无法解析数据库连接串" + (option.map { "：未知选项“\($0)”" } ?? "")),
            hint: LocalizedText(
                en: "write it as 'service=NAME', 'postgresql://HOST/DATABASE' or 'host=… dbname=…'",
                zh: "写法如 service=名称、postgresql://主机/数据库 或 host=… dbname=…"))
    }

    static func connectionFailed(
        _ options: ConnectionOptions, message: String, isTimeout: Bool, needsPassword: Bool
    ) -> OperationError {
        let place = options.displayName
        let state = sqlState(inConnectionMessage: message)
        if message.contains("definition of service") || message.contains("service file") {
            return OperationError(
                .noInput, code: "pg-service",
                LocalizedText(en: "no definition found for \(place)", zh: "找不到 \(place) 的定义"),
                hint: LocalizedText(
                    en: "define it in ~/.pg_service.conf or in the file named by PGSERVICEFILE",
                    zh: "请在 ~/.pg_service.conf 或 PGSERVICEFILE 所指文件中定义该服务"))
        }
        if state.hasPrefix("28") || needsPassword || state == "42501" {
            return OperationError(
                .noPermission, code: "pg-auth",
                LocalizedText(
                    en: "the server refused user '\(options.user)' for database \(place)"
                        + (needsPassword ? ": a password is needed" : ": authentication failed (SQLSTATE \(state))"),
                    zh: "服务器拒绝用户“\(options.user)”访问数据库 \(place)："
                        + (needsPassword ? "需要密码" : "认证失败（SQLSTATE \(state)）")),
                hint: LocalizedText(
                    en:
                        "check the user and the password in .pgpass (mode 0600) or PGPASSFILE, and pg_hba.conf on the server",
                    zh: "请检查用户、.pgpass（权限 0600）或 PGPASSFILE 中的密码，以及服务器的 pg_hba.conf"))
        }
        if state == "3D000" {
            return OperationError(
                .noInput, code: "pg-database",
                LocalizedText(en: "there is no database \(place)", zh: "数据库 \(place) 不存在"),
                hint: LocalizedText(
                    en: "check the name; `psql -l` lists the databases of the server",
                    zh: "请核对名称；psql -l 可列出服务器上的数据库"))
        }
        let why =
            isTimeout
            ? LocalizedText(
                en: "no answer within \(options.timeoutSeconds) s", zh: "\(options.timeoutSeconds) 秒内无应答")
            : reason(inConnectionMessage: message, state: state)
        return OperationError(
            .unavailable, code: "pg-connect",
            LocalizedText(
                en: "unable to connect to database \(place): \(why.en)", zh: "无法连接数据库 \(place)：\(why.zh)"),
            hint: LocalizedText(
                en: "check that the server runs, that the host and port are right, and that a firewall lets it through",
                zh: "请检查服务器是否在运行、主机和端口是否正确、防火墙是否放行"),
            isTransient: true)
    }

    static func connectionLost(_ place: String) -> OperationError {
        OperationError(
            .unavailable, code: "pg-lost",
            LocalizedText(
                en: "the connection to database \(place) was lost", zh: "与数据库 \(place) 的连接中断"),
            hint: LocalizedText(
                en: "the server's log says why; nothing of the open transaction was kept, so the step can be repeated",
                zh: "原因见服务器日志；未提交的事务不留任何痕迹，可以重做该步骤"),
            isTransient: true)
    }

    static func transactionWasAborted(_ place: String) -> OperationError {
        OperationError(
            .internalError, code: "pg-aborted",
            LocalizedText(
                en: "a failed transaction on \(place) was committed; the server rolled it back",
                zh: "提交了 \(place) 上已失败的事务，服务器已将其回滚"))
    }

    static func statementFailed(_ server: ServerMessage, at place: String) -> OperationError {
        let state = server.sqlState
        // Primary messages of these classes name objects, not values.
        let said = "\(server.primary) (SQLSTATE \(state))"
        let serverHint = server.hint.map { LocalizedText($0) }
        func make(
            _ status: ExitStatus, _ code: String, en: String, zh: String, hint: LocalizedText? = nil,
            isTransient: Bool = false
        ) -> OperationError {
            OperationError(
                status, code: code, LocalizedText(en: "database \(place): \(en)", zh: "数据库 \(place)：\(zh)"),
                hint: hint ?? serverHint, isTransient: isTransient)
        }
        switch state {
        case _ where state.hasPrefix("08"), "57P01", "57P02", "57P03", "57P05":
            return .connectionLost(place)
        case _ where state.hasPrefix("28"), "42501":
            return make(
                .noPermission, "pg-permission", en: "permission denied: \(said)", zh: "没有权限：\(said)",
                hint: LocalizedText(
                    en: "ask the database's administrator to GRANT what is missing", zh: "请联系数据库管理员授予（GRANT）所缺权限"))
        case "25006":
            return make(
                .noPermission, "pg-read-only", en: "it is read-only: \(said)", zh: "只读，不能写入：\(said)",
                hint: LocalizedText(
                    en: "a standby or a read-only transaction takes no writes; name the primary server",
                    zh: "备库或只读事务不能写入，请改用主库"))
        case "53100":
            return make(
                .ioError, "pg-disk-full", en: "no room left on the server's disk", zh: "服务器磁盘空间不足",
                hint: LocalizedText(
                    en: "make room in the server's data directory and repeat the step",
                    zh: "请清理服务器数据目录所在磁盘后重做该步骤"))
        case _ where state.hasPrefix("53"):
            return make(
                .unavailable, "pg-resources", en: "the server is short of resources: \(said)", zh: "服务器资源不足：\(said)",
                isTransient: true)
        case _ where state.hasPrefix("58"), _ where state.hasPrefix("XX"):
            return make(.ioError, "pg-io", en: "the server reports \(said)", zh: "服务器报告 \(said)")
        case "55P03":
            return make(
                .temporaryFailure, "pg-locked", en: "a lock is held by another session", zh: "所需的锁被其他会话占用",
                hint: LocalizedText(en: "try again later", zh: "请稍后重试"), isTransient: true)
        case "40001", "40P01", "57014":
            return make(
                .temporaryFailure, "pg-conflict", en: "it gave way to another session or a time limit: \(said)",
                zh: "与其他会话冲突或超时：\(said)", hint: LocalizedText(en: "try again", zh: "请重试"), isTransient: true)
        case "42703":
            return make(
                .badData, "pg-undefined-column", en: "a needed column is missing: \(said)", zh: "缺少所需的列：\(said)")
        case "42P01", "3F000":
            return make(
                .badData, "pg-undefined-table", en: "a needed table is missing: \(said)", zh: "缺少所需的表：\(said)")
        case _ where state.hasPrefix("22"), _ where state.hasPrefix("23"), _ where state.hasPrefix("P0"):
            let condition = conditionName(of: state)
            let object = [server.table, server.column, server.constraint].compactMap { $0 }.joined(separator: ".")
            let on = object.isEmpty ? "" : " [\(object)]"
            return make(
                .badData, "pg-data", en: "a value was refused: \(condition) (SQLSTATE \(state))\(on)",
                zh: "数据被拒绝：\(condition)（SQLSTATE \(state)）\(on)",
                hint: LocalizedText(
                    en: "the value is not shown, since it may be about a person",
                    zh: "为保护个人信息，此处不显示具体数值"))
        case _ where state.hasPrefix("42"), "0A000":
            // What we generate is tested against servers; a statement that a server refuses was written by hand, in a
            // source definition.
            return make(
                .badDefinition, "pg-statement", en: "the statement is refused: \(said)", zh: "SQL 语句被拒绝：\(said)")
        default:
            return make(.internalError, "pg-unexpected", en: "the server reports \(said)", zh: "服务器报告 \(said)")
        }
    }

    /// The name of a condition in the manual's appendix A; the code itself for the rare ones.
    private static func conditionName(of state: String) -> String {
        switch state {
        case "22001": "string_data_right_truncation"
        case "22003": "numeric_value_out_of_range"
        case "22007": "invalid_datetime_format"
        case "22008": "datetime_field_overflow"
        case "22012": "division_by_zero"
        case "22021": "character_not_in_repertoire"
        case "22P02": "invalid_text_representation"
        case "22P03": "invalid_binary_representation"
        case "22P04": "bad_copy_file_format"
        case "22P05": "untranslatable_character"
        case "23502": "not_null_violation"
        case "23503": "foreign_key_violation"
        case "23505": "unique_violation"
        case "23514": "check_violation"
        case _ where state.hasPrefix("22"): "data_exception"
        case _ where state.hasPrefix("23"): "integrity_constraint_violation"
        default: "raise_exception"
        }
    }

    /// `FATAL:  28P01: …` as libpq prints it in verbose mode; empty when libpq itself failed.
    private static func sqlState(inConnectionMessage message: String) -> String {
        for piece in message.split(separator: ":", omittingEmptySubsequences: false).dropFirst() {
            let code = piece.drop { $0 == " " }
            if piece.hasPrefix("  "), code.utf8.count == 5,
                code.utf8.allSatisfy({ (48...57).contains($0) || (65...90).contains($0) })
            {
                return String(code)
            }
        }
        return ""
    }

    /// Why a connection failed: the server's condition, else libpq's own words without the place, which we name.
    private static func reason(inConnectionMessage message: String, state: String) -> LocalizedText {
        switch state {
        case "57P03": return LocalizedText(en: "the server is starting or stopping", zh: "服务器正在启动或停止")
        case "53300": return LocalizedText(en: "the server has no free connection", zh: "服务器连接数已满")
        case "": break
        default: return LocalizedText("SQLSTATE \(state)")
        }
        let lines = message.split(separator: "\n")
        let line = lines.last { $0.contains("failed: ") || $0.contains("could not") } ?? lines.first ?? ""
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        let after = words.firstIndex(of: "failed:").map { words[(words.index(after: $0))...].joined(separator: " ") }
        let text = after ?? String(line)
        switch text {
        case "Connection refused": return LocalizedText(en: "connection refused", zh: "连接被拒绝")
        case "No such file or directory":
            return LocalizedText(en: "there is no such socket", zh: "套接字不存在")
        default: return LocalizedText(text)
        }
    }
}
