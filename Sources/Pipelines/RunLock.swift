public import Diagnostics
import Foundation

/// Held while a run works in a folder; the kernel lets go of it when the process dies, however it dies.
public final class RunLock {
    private let descriptor: Int32

    /// Throws `run-locked` (75) at once when another process holds it, naming that process.
    public init(file: String) throws(OperationError) {
        let opened = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard opened >= 0 else {
            throw OperationError(
                .cannotCreate, code: "lock-create",
                LocalizedText(
                    en: "unable to create the lock file '\(file)': \(String(cString: strerror(errno)))",
                    zh: "无法创建锁文件“\(file)”：\(String(cString: strerror(errno)))"),
                hint: LocalizedText(
                    en: "check that the working folder exists and may be written to", zh: "请检查工作目录是否存在且可写"))
        }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            var text = [UInt8](repeating: 0, count: 32)
            let length = pread(opened, &text, text.count, 0)
            close(opened)
            let holder = String(decoding: text.prefix(max(0, length)), as: UTF8.self)
            throw OperationError(
                .temporaryFailure, code: "run-locked",
                LocalizedText(
                    en: "another run (process \(holder)) is at work here", zh: "另一次运行（进程 \(holder)）正在此处进行"),
                hint: LocalizedText(
                    en: "wait until it ends and try again; it holds '\(file)'", zh: "请等它结束后再试；它持有“\(file)”"),
                isTransient: true)
        }
        descriptor = opened
        let holder = Array("\(getpid())".utf8)
        // Only a help for the message above, so a failure here is no failure of the run.
        if ftruncate(opened, 0) == 0 { _ = pwrite(opened, holder, holder.count, 0) }
    }

    deinit { close(descriptor) }
}
