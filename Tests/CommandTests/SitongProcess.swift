import Foundation
import Testing

/// Runs the real program, as its users do.
struct SitongProcess {
    var status: Int32
    var output: String
    var errors: String

    /// The executable that `swift build` or `swift test` made beside the tests.
    static let executable: String = {
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        while folder.path.count > 1 {
            let candidate = folder.appendingPathComponent("sitong")
            if FileManager.default.isExecutableFile(atPath: candidate.path), !isFolder(candidate.path) {
                return candidate.path
            }
            folder.deleteLastPathComponent()
        }
        return "sitong"
    }()

    /// Runs to the end.
    ///
    /// - Parameter environment: added to a small one without locale, so that messages are English unless asked otherwise.
    @discardableResult
    static func run(
        _ arguments: [String], in folder: String, environment: [String: String] = [:], through prefix: String? = nil
    ) throws -> SitongProcess {
        try start(arguments, in: folder, environment: environment, through: prefix).wait()
    }

    /// Starts and returns at once.
    ///
    /// - Parameter prefix: a shell command that goes before, such as a limit.
    static func start(
        _ arguments: [String], in folder: String, environment: [String: String] = [:], through prefix: String? = nil
    ) throws -> Started {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: prefix == nil ? executable : "/bin/sh")
        process.arguments = prefix.map { ["-c", "\($0); exec \"$0\" \"$@\"", executable] + arguments } ?? arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        var merged = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": folder, "CI": "true",
        ]
        // The second tells which of the faults that `make mutants` has planted is at work.
        for name in ["TMPDIR", "SITONG_MUTANT"] { merged[name] = ProcessInfo.processInfo.environment[name] }
        merged.merge(environment) { $1 }
        process.environment = merged
        // Files rather than pipes: nothing can block, and what a killed process wrote is kept.
        let stem = NSTemporaryDirectory() + "/sitong-out-\(UUID().uuidString)"
        _ = FileManager.default.createFile(atPath: stem + ".out", contents: nil)
        _ = FileManager.default.createFile(atPath: stem + ".err", contents: nil)
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: stem + ".out"))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: stem + ".err"))
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return Started(process: process, stem: stem)
    }

    struct Started {
        let process: Process
        fileprivate let stem: String

        func wait() -> SitongProcess {
            process.waitUntilExit()
            defer {
                try? FileManager.default.removeItem(atPath: stem + ".out")
                try? FileManager.default.removeItem(atPath: stem + ".err")
            }
            func text(_ suffix: String) -> String {
                String(decoding: FileManager.default.contents(atPath: stem + suffix) ?? Data(), as: UTF8.self)
            }
            let status =
                process.terminationReason == .uncaughtSignal ? -process.terminationStatus : process.terminationStatus
            return SitongProcess(status: status, output: text(".out"), errors: text(".err"))
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
