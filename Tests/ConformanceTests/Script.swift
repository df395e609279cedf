import Foundation
import Testing

/// Runs a script of the repository to its end.
struct Script {
    var status: Int32
    /// Standard output and standard error, as they came.
    var output: String

    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The executable that was built beside the tests.
    static func built(_ name: String) throws -> String {
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        while folder.path.count > 1 {
            let candidate = folder.appending(path: name).path(percentEncoded: false)
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue {
                return candidate
            }
            folder.deleteLastPathComponent()
        }
        throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: name])
    }

    static func run(_ script: String, _ arguments: [String]) throws -> Script {
        let process = Process()
        process.executableURL = repository.appending(path: script)
        process.arguments = arguments
        process.currentDirectoryURL = repository
        let file = FileManager.default.temporaryDirectory.appending(path: "script-\(UUID().uuidString)")
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let handle = try FileHandle(forWritingTo: file)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        process.waitUntilExit()
        return Script(
            status: process.terminationStatus, output: try String(decoding: Data(contentsOf: file), as: UTF8.self))
    }
}
