import Foundation

/// A folder of this process below the temporary one; the operating system clears it, since a crash cannot.
struct ScratchFolder {
    let path: String

    init(name: String = "definitions") throws {
        path = NSTemporaryDirectory() + "/sitong-fuzz-\(ProcessInfo.processInfo.processIdentifier)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }
}
