import Diagnostics
import Foundation

/// Folders that verbs write into or read from, with the system's reason when that fails.
enum Folders {
    /// Makes the folder, and those above it, when there is none.
    /// - Throws: `OperationError` 73, or 74 when the disk is full.
    static func make(_ path: String) throws(OperationError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            let code = posixCode(of: error)
            let reason = code.map { String(cString: strerror($0)) } ?? "not a folder, or not writable"
            throw OperationError(
                code == ENOSPC || code == EDQUOT ? .ioError : .cannotCreate, code: "folder-create",
                LocalizedText(en: "unable to make the folder '\(path)': \(reason)", zh: "无法创建目录“\(path)”：\(reason)"),
                hint: LocalizedText(
                    en: "check that the folder above it exists, is a folder, and that this user may write there",
                    zh: "请检查上级目录是否存在、是否为目录，以及当前用户能否写入"))
        }
    }

    /// The names in a folder, in order.
    /// - Throws: `OperationError` 66 when it is no folder or cannot be read.
    static func names(in path: String) throws(OperationError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        } catch {
            throw OperationError(
                .noInput, code: "folder-read",
                LocalizedText(en: "unable to read '\(path)' as a folder", zh: "无法将“\(path)”作为目录读取"),
                hint: LocalizedText(
                    en: "a batch is a folder with manifest.json, not a file; check the path and its rights",
                    zh: "批次是含有 manifest.json 的目录，不是文件；请检查路径及权限"))
        }
    }

    private static func posixCode(of error: any Error) -> Int32? {
        var current: NSError? = error as NSError
        while let one = current {
            if one.domain == NSPOSIXErrorDomain { return Int32(one.code) }
            current = one.userInfo[NSUnderlyingErrorKey] as? NSError
        }
        return nil
    }
}
