import Foundation
import PostgresClient
import TestSupport
import Testing

/// A small province made once, and a library for each test that asks for one.
enum BadInput {
    /// The folder of the province: `sources/yu1702.yaml` over `databases/yu1702.sqlite`, and one sealed batch in `out`.
    static let province: Result<String, any Error> = Result {
        let folder = try TemporaryDirectory()
        kept = folder
        atexit {
            if let path = BadInput.kept?.path { try? FileManager.default.removeItem(atPath: path) }
        }
        RealPart.note(.sqlite)
        let made = try SitongProcess.run(
            ["demo", "--dir", "D", "--prepare-only", "--courts", "2", "--cases", "600", "--quiet"], in: folder.path)
        #expect(made.status == 0, "\(made.errors)")
        let out = try SitongProcess.run(
            ["extract", "--source", "D/sources/yu1702.yaml", "--to", "D/out", "--full"], in: folder.path)
        #expect(out.status == 0, "\(out.errors)")
        return folder.path + "/D"
    }
    nonisolated(unsafe) private static var kept: TemporaryDirectory?  // Written once, by `province`.

    static let batchName = "demo-yu1702-all-0001"

    /// A copy of the batch.
    static func copyBatch(to folder: String) throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let copy = folder + "/" + batchName
        try FileManager.default.copyItem(atPath: province.get() + "/out/" + batchName, toPath: copy)
        return copy
    }

    /// A copy of the SQLite source, changed, whose database and maps are those of the province.
    static func source(in folder: TemporaryDirectory, changing old: String, to new: String) throws -> String {
        let province = try province.get()
        let text = try String(contentsOfFile: province + "/sources/yu1702.yaml", encoding: .utf8)
        #expect(text.contains(old), "nothing to change: \(old)")
        var changed = text
        if let range = changed.range(of: old) { changed.replaceSubrange(range, with: new) }
        changed = changed.replacingOccurrences(of: "../databases/", with: province + "/databases/")
        if !FileManager.default.fileExists(atPath: folder.appending("maps")) {
            try FileManager.default.copyItem(atPath: province + "/sources/maps", toPath: folder.appending("maps"))
        }
        return try folder.write(changed, to: "source.yaml")
    }

    /// A library with the tables, and nothing in them.
    static func library(function: String = #function) throws -> String {
        let text = try TestPostgres.freshDatabase(function: function)
        let applied = try SitongProcess.run(["schema", "apply", "--library", text], in: NSTemporaryDirectory())
        #expect(applied.status == 0, "\(applied.errors)")
        return text
    }

    /// Every table with its number of rows and a hash of them.
    static func state(of library: String, except left: [String] = []) throws -> [String] {
        let connection = try PostgresConnection(library, applicationName: "tests")
        let tables = try connection.execute(
            """
            SELECT format('%I.%I', schemaname, tablename), tablename FROM pg_tables
            WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
            """)
        return try tables.compactMap { row in
            guard let table = row[0], let name = row[1], !left.contains(name) else { return nil }
            let sum = try connection.execute(
                "SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM \(table) t")
            return "\(table) \(sum[0][0] ?? "") \(sum[0][1] ?? "")"
        }
    }

    /// Every file below the folder with its size.
    static func files(in folder: String) -> [String] {
        ((try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []).sorted().compactMap { name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: folder + "/" + name)
            guard attributes?[.type] as? FileAttributeType == .typeRegular else { return nil }
            // The empty file of a lock stays, since another process may be waiting on it.
            guard !name.contains(".chain/") || !name.hasSuffix(".lock") else { return nil }
            return "\(name) \(attributes?[.size] as? Int ?? -1)"
        }
    }

    /// Runs in both languages and expects the status, the words, a hint, no new file, and the library as it was.
    static func refuses(
        _ arguments: [String], _ status: Int32, _ code: String, en: [String], zh: [String], in folder: String,
        library: String? = nil, environment: [String: String] = [:], hidden: [String] = [],
        location: Testing.SourceLocation = #_sourceLocation
    ) throws {
        let filesBefore = files(in: folder)
        let libraryBefore = try library.map { try state(of: $0) }
        for (language, words, hint) in [("en", en, "hint: "), ("zh", zh, "提示：")] {
            let line = arguments + ["--lang", language]
            let result = try SitongProcess.run(line, in: folder, environment: environment)
            let said = result.errors + result.output
            #expect(result.status == status, "\(said)", sourceLocation: location)
            #expect(said.contains("[\(code)]"), "\(said)", sourceLocation: location)
            for word in words { #expect(said.contains(word), "'\(word)' in: \(said)", sourceLocation: location) }
            #expect(said.contains(hint), "\(said)", sourceLocation: location)
            #expect(!said.contains("NSCocoa") && !said.contains("Optional("), "\(said)", sourceLocation: location)
            for secret in hidden { #expect(!said.contains(secret), "a value was shown", sourceLocation: location) }
        }
        #expect(files(in: folder) == filesBefore, sourceLocation: location)
        if let library { #expect(try state(of: library) == libraryBefore, sourceLocation: location) }
    }

    /// Runs with a limit on files.
    ///
    /// - Parameter fileBlocks: no file may grow beyond so many blocks of 512 bytes, as on a full disk.
    static func runLimited(_ arguments: [String], in folder: String, fileBlocks: Int) throws -> SitongProcess {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments =
            ["-c", "ulimit -f \(fileBlocks); exec \"$0\" \"$@\"", SitongProcess.executable] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": folder, "CI": "true"]
        let errors = Pipe()
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let status =
            process.terminationReason == .uncaughtSignal ? -process.terminationStatus : process.terminationStatus
        return SitongProcess(status: status, output: "", errors: said)
    }
}
