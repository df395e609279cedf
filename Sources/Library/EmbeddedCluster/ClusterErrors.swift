import Diagnostics
import Foundation

extension OperationError {
    static func noServerInstalled(version: Int?, found: [Int]) -> OperationError {
        let wanted = version.map { " \($0)" } ?? ""
        let others = found.map(String.init).joined(separator: ", ")
        return OperationError(
            .unavailable, code: "cluster-no-server",
            LocalizedText(
                en: "no PostgreSQL\(wanted) server is installed" + (others.isEmpty ? "" : " (found: \(others))"),
                zh: "未安装 PostgreSQL\(wanted) 服务器" + (others.isEmpty ? "" : "（已有版本：\(others)）")),
            hint: LocalizedText(
                en:
                    "`apt-get install postgresql\(version.map { "-\($0)" } ?? "")`, or name a server with --library postgresql://…",
                zh: "请执行 apt-get install postgresql\(version.map { "-\($0)" } ?? "")，或用 --library postgresql://… 指定服务器")
        )
    }

    static func noServerUser() -> OperationError {
        OperationError(
            .noPermission, code: "cluster-user",
            LocalizedText(
                en: "the server does not run as root, and there is no user 'postgres' to run it",
                zh: "数据库服务器不能以 root 运行，且系统中没有 postgres 用户"),
            hint: LocalizedText(
                en: "install the distribution's postgresql package, or run sitong as an ordinary user",
                zh: "请安装发行版的 postgresql 软件包，或以普通用户运行 sitong"))
    }

    static func clusterNotOurs(_ directory: String) -> OperationError {
        OperationError(
            .cannotCreate, code: "cluster-not-ours",
            LocalizedText(
                en: "folder '\(directory)' holds data that is not a cluster of sitong",
                zh: "目录“\(directory)”中已有不属于司统数据库的内容"),
            hint: LocalizedText(en: "name another folder with --embedded", zh: "请用 --embedded 指定另一个目录"))
    }

    static func noCluster(_ directory: String) -> OperationError {
        OperationError(
            .noInput, code: "cluster-absent",
            LocalizedText(en: "there is no library in folder '\(directory)'", zh: "目录“\(directory)”中没有标准库"),
            hint: LocalizedText(
                en: "`sitong library init --embedded \(directory)` makes one",
                zh: "可用 sitong library init --embedded \(directory) 创建"))
    }

    static func socketDirectoryNotOurs(_ path: String) -> OperationError {
        OperationError(
            .noPermission, code: "cluster-socket",
            LocalizedText(
                en: "folder '\(path)' for the server's socket belongs to someone else or is open to others",
                zh: "服务器套接字目录“\(path)”属于他人或对他人开放"),
            hint: LocalizedText(en: "remove it and start again", zh: "请删除该目录后重新启动"))
    }

    static func unableToRun(_ program: String, _ code: Int32) -> OperationError {
        let reason = String(cString: strerror(code))
        return OperationError(
            .ioError, code: "cluster-run",
            LocalizedText(en: "unable to run '\(program)': \(reason)", zh: "无法运行“\(program)”：\(reason)"))
    }

    static func unableToWrite(_ path: String, _ code: Int32) -> OperationError {
        let reason = String(cString: strerror(code))
        return OperationError(
            code == ENOSPC || code == EDQUOT || code == EIO ? .ioError : .cannotCreate,
            code: code == ENOSPC || code == EDQUOT ? "disk-full" : "cannot-create",
            LocalizedText(en: "unable to write '\(path)': \(reason)", zh: "无法写入“\(path)”：\(reason)"),
            hint: LocalizedText(
                en: "check the room on the disk and who owns the folder", zh: "请检查磁盘空间和目录所有者"))
    }

    /// A program of the server failed; its last complaint is quoted (the cluster's programs see no case data).
    static func clusterFailed(
        _ program: String, _ directory: String, output: String, log: String? = nil
    ) -> OperationError {
        let lines = output.split(separator: "\n").map(String.init)
        let complaint =
            lines.last { $0.contains("FATAL:") || $0.contains("error:") || $0.contains("PANIC:") }
            ?? lines.last ?? ""
        if output.contains("No space left on device") || output.contains("File too large") {
            return OperationError(
                .ioError, code: "disk-full",
                LocalizedText(
                    en: "\(program) for the library in '\(directory)': no room left on the disk",
                    zh: "标准库“\(directory)”的 \(program)：磁盘空间不足"),
                hint: LocalizedText(en: "make room and try again", zh: "请清理磁盘后重试"))
        }
        return OperationError(
            .unavailable, code: "cluster-failed",
            LocalizedText(
                en: "\(program) for the library in '\(directory)' failed: \(complaint)",
                zh: "标准库“\(directory)”的 \(program) 失败：\(complaint)"),
            hint: log.map {
                LocalizedText(en: "the server's log is '\($0)'", zh: "服务器日志：\($0)")
            }
                ?? LocalizedText(
                    en: "check the room on the disk and the rights of the folder, then run it again",
                    zh: "请检查磁盘空间和目录权限，然后重新执行"))
    }
}
