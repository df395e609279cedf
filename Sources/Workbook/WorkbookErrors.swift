import CXLSXWriter
import Diagnostics

extension OperationError {
    /// Status 73: the file cannot be made.
    static func workbookNotCreated(_ path: String, reason: String) -> OperationError {
        OperationError(
            .cannotCreate, code: "workbook-create",
            LocalizedText(
                en: "unable to create the workbook '\(path)': \(reason)",
                zh: "无法创建工作簿“\(path)”：\(reason)"),
            hint: LocalizedText(
                en: "check that the folder exists, that you may write to it, and that no other program holds the file",
                zh: "请检查目录是否存在、是否有写入权限，以及文件是否被其他程序占用"))
    }

    /// Status 74: writing broke off, most often for want of room.
    static func workbookNotWritten(_ path: String, reason: String) -> OperationError {
        OperationError(
            .ioError, code: "workbook-write",
            LocalizedText(
                en: "unable to write the workbook '\(path)': \(reason)",
                zh: "写入工作簿“\(path)”失败：\(reason)"),
            hint: LocalizedText(
                en: "check the free room on the disk and in the folder for temporary files",
                zh: "请检查磁盘和临时目录的剩余空间"))
    }

    /// Status 65: it is there, but is no sound workbook.
    static func workbookUnreadable(_ path: String, _ reason: LocalizedText) -> OperationError {
        OperationError(
            .badData, code: "workbook-unreadable",
            LocalizedText(
                en: "the workbook '\(path)' cannot be read: \(reason.en)", zh: "无法读取工作簿“\(path)”：\(reason.zh)"),
            hint: LocalizedText(
                en: "open it in a spreadsheet program and save it as .xlsx without a password",
                zh: "请用电子表格软件打开，另存为不加密码的 .xlsx"))
    }

    static func workbook(_ code: lxw_error, _ path: String) -> OperationError {
        let reason = lxw_strerror(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
        return code == LXW_ERROR_CREATING_XLSX_FILE
            ? .workbookNotCreated(path, reason: reason) : .workbookNotWritten(path, reason: reason)
    }
}
