import ArgumentParser
import Diagnostics
import Foundation
import Library
import PostgresClient

/// `--engine` of `rules test`: where examples are judged.
enum ExampleEngine: String, CaseIterable, ExpressibleByArgument {
    /// Natively, and in PostgreSQL if there is one.
    case all
    case native, postgres
}

/// The server that examples are judged in.
struct ExampleServer {
    var connection: PostgresConnection
    /// For the report: where it is.
    var place: LocalizedText
}

extension Session {
    /// The library's server; without a library a private one, which is gone with this process.
    ///
    /// - Throws: `OperationError` 69 when there is neither a library nor an installed server.
    func exampleServer(_ options: LibraryOptions) throws -> ExampleServer {
        let name = "sitong rules test"
        guard try hasLibrary(options) else {
            let connection = try PostgresConnection(privateServer(), applicationName: name)
            return ExampleServer(
                connection: connection,
                place: LocalizedText(en: "in a private PostgreSQL of this run", zh: "本次运行专用的 PostgreSQL"))
        }
        let connection = try PostgresConnection(connectionText(options), applicationName: name)
        return ExampleServer(
            connection: connection,
            place: LocalizedText(
                en: "in PostgreSQL \(connection.displayName)", zh: "PostgreSQL \(connection.displayName)"))
    }

    /// Whether a library is named, or the working folder has one.
    private func hasLibrary(_ options: LibraryOptions) throws -> Bool {
        if options.library != nil || environment["SITONG_LIBRARY"]?.isEmpty == false { return true }
        guard case .embedded(let folder) = try libraryPlace(options) else { return true }
        return FileManager.default.fileExists(atPath: folder)
    }

    /// Starts a server with an empty database in a temporary folder, and says how to connect.
    private func privateServer() throws -> String {
        var template = Array((NSTemporaryDirectory() as NSString).appendingPathComponent("sitong-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw OperationError(
                .cannotCreate, code: "temporary-folder",
                LocalizedText(
                    en: "unable to make a folder in '\(NSTemporaryDirectory())': \(String(cString: strerror(errno)))",
                    zh: "无法在“\(NSTemporaryDirectory())”中创建目录：\(String(cString: strerror(errno)))"),
                hint: LocalizedText(en: "set TMPDIR to a folder that can be written to", zh: "请将 TMPDIR 设为可写的目录"))
        }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // The server's user has to pass through.
        chmod(folder, 0o711)
        // Nothing in it has to survive a crash.
        let cluster = EmbeddedCluster(
            directory: folder, settings: ["fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"])
        cleanUp.add { cluster.remove() }
        try cluster.initialize()
        try cluster.start()
        return cluster.connectionString
    }
}
