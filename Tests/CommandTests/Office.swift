import Foundation
import Testing

/// LibreOffice, where it is installed: another program that opens and saves our workbooks.
enum Office {
    /// Nil when there is none on the PATH.
    static let path: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/soffice" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Opens a file and saves it in another format, in a folder beside it.
    static func convert(_ file: String, to format: String, into output: String, in folder: String) throws {
        let office = Process()
        office.executableURL = URL(fileURLWithPath: try #require(path))
        office.arguments = [
            "-env:UserInstallation=file://\(folder)/profile", "--headless", "--convert-to", format, "--outdir", output,
            file,
        ]
        office.currentDirectoryURL = URL(fileURLWithPath: folder)
        office.standardOutput = FileHandle.nullDevice
        office.standardError = FileHandle.nullDevice
        try office.run()
        office.waitUntilExit()
        #expect(office.terminationStatus == 0)
    }
}
