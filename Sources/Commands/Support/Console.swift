import Diagnostics
import Foundation

/// The only place that writes to the terminal: results to stdout, everything else to stderr.
final class Console {
    let language: Language
    let isQuiet: Bool
    let isVerbose: Bool
    private let usesColor: Bool
    private let isTerminal: Bool
    private let log: FileHandle?
    private var progressIsShown = false
    private var lastProgress = ContinuousClock.now

    init(options: CommonOptions, language: Language, environment: [String: String]) throws {
        self.language = language
        isQuiet = options.quiet
        isVerbose = options.verbose
        let terminal = isatty(STDERR_FILENO) == 1
        isTerminal = terminal && environment["CI"] == nil && environment["TERM"] != "dumb"
        usesColor =
            switch options.color {
            case .always: true
            case .never: false
            case .auto: terminal && environment["NO_COLOR"] == nil
            }
        if let path = options.logFile {
            guard
                FileManager.default.fileExists(atPath: path)
                    || FileManager.default.createFile(atPath: path, contents: nil),
                let handle = FileHandle(forWritingAtPath: path)
            else {
                throw OperationError(
                    .cannotCreate, code: "log-create",
                    LocalizedText(en: "unable to write the log file '\(path)'", zh: "无法写入日志文件“\(path)”"),
                    hint: LocalizedText(en: "check the folder and its rights", zh: "请检查目录及其权限"))
            }
            _ = try? handle.seekToEnd()
            log = handle
        } else {
            log = nil
        }
    }

    /// A result, on stdout.
    func result(_ text: String) { Self.write(text.hasSuffix("\n") ? text : text + "\n", to: STDOUT_FILENO) }

    /// What goes on; silent with `--quiet`.
    func note(_ text: LocalizedText) {
        guard !isQuiet else { return }
        line(text.text(in: language))
    }

    func detail(_ text: LocalizedText) {
        if isVerbose { note(text) }
    }

    func warn(_ text: LocalizedText) {
        line(painted(language == .zh ? "警告：" : "warning: ", "33") + text.text(in: language))
    }

    func fail(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        line(([painted(String(lines[0]), "31")] + lines.dropFirst().map(String.init)).joined(separator: "\n"))
    }

    /// `label ████░░░░ 41 %`: only on a terminal, redrawn in place at most ten times a second.
    func progress(_ label: LocalizedText, done: Int, of total: Int) {
        guard isTerminal, !isQuiet, total > 0 else { return }
        let now = ContinuousClock.now
        guard done >= total || now - lastProgress > .milliseconds(100) else { return }
        lastProgress = now
        let width = 24
        let filled = min(width, done * width / total)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        Self.write("\r\u{1B}[2K\(label.text(in: language)) \(bar) \(min(100, done * 100 / total)) %", to: STDERR_FILENO)
        progressIsShown = true
        if done >= total { clearProgress() }
    }

    private func clearProgress() {
        guard progressIsShown else { return }
        Self.write("\r\u{1B}[2K", to: STDERR_FILENO)
        progressIsShown = false
    }

    private func line(_ text: String) {
        clearProgress()
        Self.write(text + "\n", to: STDERR_FILENO)
        if let log { log.write(Data((Date().formatted(.iso8601) + " " + text + "\n").utf8)) }
    }

    private func painted(_ text: String, _ code: String) -> String {
        usesColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno == EINTR { continue }
                return  // Nobody is left to hear; the status still tells.
            }
            bytes = bytes.dropFirst(written)
        }
    }
}
