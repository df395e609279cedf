import DataAccess
import Diagnostics
import Foundation

/// A text file that appears under its name only when it is whole; dropped without `close`, it leaves nothing behind.
final class OutputFile {
    fileprivate static let flushSize = 1 << 16

    private let path: String
    private let temporaryPath: String
    private var descriptor: Int32
    fileprivate var buffer: [UInt8] = []

    /// Throws 73 when the file cannot be made.
    init(path: String) throws(OperationError) {
        self.path = path
        temporaryPath = path + ".\(ProcessInfo.processInfo.processIdentifier).part"
        descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .reportNotCreated(path, reason: String(cString: strerror(errno))) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        Foundation.close(descriptor)
        unlink(temporaryPath)
    }

    func write(_ text: String) throws(OperationError) {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= Self.flushSize { try flush() }
    }

    /// Makes the file durable and gives it its name.
    func close() throws(OperationError) {
        try flush()
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure() }
        faultPoint("report.beforeRename")
        guard rename(temporaryPath, path) == 0 else {
            throw .reportNotCreated(path, reason: String(cString: strerror(errno)))
        }
        faultPoint("report.afterRename")
        Foundation.close(descriptor)
        descriptor = -1
    }

    fileprivate func flush() throws(OperationError) {
        var done = 0
        while done < buffer.count {
            let written = buffer[done...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno == EINTR { continue }
                throw failure()
            }
            done += written
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private func failure() -> OperationError { .reportNotWritten(path, reason: String(cString: strerror(errno))) }
}

extension OutputFile: ByteSink {
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.flushSize { try flush() }
    }

    func finish() throws { try close() }
}

extension OperationError {
    static func reportNotCreated(_ path: String, reason: String) -> OperationError {
        OperationError(
            .cannotCreate, code: "report-create",
            LocalizedText(en: "unable to create '\(path)': \(reason)", zh: "无法创建“\(path)”：\(reason)"),
            hint: LocalizedText(
                en: "check that the folder exists and that you may write to it",
                zh: "请检查目录是否存在以及是否有写入权限"))
    }

    static func reportNotWritten(_ path: String, reason: String) -> OperationError {
        OperationError(
            .ioError, code: "report-write",
            LocalizedText(en: "unable to write '\(path)': \(reason)", zh: "写入“\(path)”失败：\(reason)"),
            hint: LocalizedText(en: "check the free room on the disk", zh: "请检查磁盘剩余空间"))
    }
}
