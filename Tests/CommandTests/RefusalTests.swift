import Commands
import Diagnostics
import Foundation
import Library
import PostgresClient
import TestSupport
import Testing

/// What is wrong with the input or the machine: each ends with its status, a message that helps in both languages, an
/// unchanged library, and no file left behind.
@Suite(.serialized)
struct RefusalTests {
    let site: BrokenRunSite

    init() throws { site = try BrokenRunSite() }

    /// Runs the command in both languages and holds everything against the contract.
    ///
    /// - Parameters:
    ///   - code: the stable code in `error[…]`.
    ///   - words: what the message or hint must name, in both languages.
    ///   - through: a shell prefix, such as a limit on file sizes.
    func refuses(
        _ arguments: [String], status: Int32, code: String, words: [String] = [], through prefix: String? = nil,
        environment: [String: String] = [:], mayLeave: Set<String> = []
    ) throws {
        let rows = try site.tables()
        let files = listing()
        for (language, hint) in [("en", "hint: "), ("zh", "提示：")] {
            let asked = arguments + ["--lang", language]
            let merged = site.environment.merging(environment) { $1 }
            let ended =
                if let prefix {
                    try SitongProcess.run(asked, in: site.folder.path, environment: merged, through: prefix)
                } else {
                    try SitongProcess.run(asked, in: site.folder.path, environment: merged)
                }
            let context = "\(arguments.joined(separator: " ")) --lang \(language)\n\(ended.errors)"
            #expect(ended.status == status, "\(context)")
            #expect(ended.errors.contains("error[\(code)]"), "\(context)")
            #expect(ended.errors.contains(hint), "\(context)")
            for word in words { #expect(ended.errors.contains(word), "\(word) in \(context)") }
            if language == "zh" {
                let isChinese = ended.errors.unicodeScalars.contains { (0x4E00...0x9FFF).contains($0.value) }
                #expect(isChinese, "\(context)")
            }
        }
        #expect(try site.tables() == rows)
        let left = listing().subtracting(files).filter { path in !mayLeave.contains { path.hasPrefix($0) } }
        #expect(left.isEmpty, "left behind: \(left.sorted())")
    }

    /// Everything below the site's folder; folders that only hold state of ours (locks, chains) do not count.
    private func listing() -> Set<String> {
        let paths = FileManager.default.enumerator(atPath: site.folder.path)?.compactMap { $0 as? String } ?? []
        return Set(paths.filter { !$0.hasPrefix(".sitong") && !$0.hasSuffix(".lock") && !$0.hasSuffix(".chain") })
    }

    func write(_ text: String, to name: String) throws -> String {
        let path = site.folder.appending(name)
        let folder = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// The definition of the SQLite court, changed, beside the original so that its paths stay right.
    func source(replacing old: String, by new: String) throws -> String {
        let original = site.folder.appending("sources")
        let names = try FileManager.default.contentsOfDirectory(atPath: original).filter { $0.hasSuffix(".yaml") }
        let texts = try names.map { try String(contentsOfFile: "\(original)/\($0)", encoding: .utf8) }
        let text = try #require(texts.first { $0.contains("kind: sqlite") })
        #expect(text.contains(old))
        let maps = site.folder.appending("changed/maps")
        if !FileManager.default.fileExists(atPath: maps) {
            try FileManager.default.createDirectory(
                atPath: site.folder.appending("changed"), withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: original + "/maps", toPath: maps)
        }
        let absolute = text.replacingOccurrences(
            of: "../databases", with: site.folder.appending("databases"))
        return try write(absolute.replacingOccurrences(of: old, with: new), to: "changed/source.yaml")
    }

    /// The batches of the month, sealed and received.
    func receive() throws -> [String] {
        for line in [
            ["extract", "--source", "sources/*.yaml", "--to", "outbox", "--period", BrokenRunProvince.period],
            ["transfer", "--from", "outbox", "--to", "inbox"], ["receive", "inbox"],
        ] {
            let ended = try SitongProcess.run(line, in: site.folder.path, environment: site.environment)
            #expect(ended.status == 0, "\(line): \(ended.errors)")
        }
        let inbox = site.folder.appending("inbox")
        return try FileManager.default.contentsOfDirectory(atPath: inbox).filter { $0.hasPrefix("demo-") }.sorted()
            .map { "\(inbox)/\($0)" }
    }

    // MARK: Columns

    @Test("a CSV that lacks a needed column, or has it misspelt, is named with its near miss")
    func csvColumns() throws {
        let path = try write("ajbs,ah,fydm,laqr\n1,x,豫17,2026-01-01\n", to: "case.csv")
        try refuses(["qc", "--table", "anjian=\(path)"], status: 65, code: "missing-column", words: ["larq", "laqr"])
    }

    @Test("a source whose query lacks a needed column, or misspells one, is refused and leaves no batch")
    func sourceColumns() throws {
        let file = try source(replacing: "AS ajbs", by: "AS ajsb")
        try refuses(
            ["extract", "--source", file, "--to", "outbox", "--full"], status: 65, code: "source-columns",
            words: ["ajbs", "ajsb"], mayLeave: ["outbox"])
        #expect(batches(in: "outbox").isEmpty)
    }

    func batches(in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: site.folder.appending(folder))) ?? []
        return names.filter { !$0.hasPrefix(".") }
    }

    // MARK: Definitions

    @Test("wrong definitions are all told with file, line and column")
    func definitions() throws {
        let folder = site.folder.appending("defs")
        let path = try write(
            """
            table: t
            columns:
              - {name: a, type: txet}
              - {name: b, type: code(nolist)}
              - {name: a, type: int}
            ---
            - {id: r1, on: t, check: "aa > 1"}
            """, to: "defs/t.yaml")
        for language in ["en", "zh"] {
            let ended = try SitongProcess.run(
                ["schema", "check", "--schemas", folder, "--lang", language], in: site.folder.path)
            #expect(ended.status == 78, "\(ended.errors)")
            for place in ["\(path):3:", "\(path):4:", "\(path):5:"] {
                #expect(ended.errors.contains(place), "\(place) in \(ended.errors)")
            }
            #expect(ended.errors.contains("nolist"))
        }
    }

    @Test("YAML that cannot be read is told with its line, in definitions, sources and pipelines")
    func yaml() throws {
        let path = try write("pipeline: p\nsteps:\n  - {id: a, uses: qc\n", to: "broken.yaml")
        for arguments in [
            ["run", path, "--period", "2026-10"], ["extract", "--source", path, "--to", "out", "--full"],
        ] {
            for language in ["en", "zh"] {
                let ended = try SitongProcess.run(
                    arguments + ["--lang", language], in: site.folder.path, environment: site.environment)
                #expect(ended.status == 78, "\(ended.errors)")
                #expect(ended.errors.contains("broken.yaml:"), "\(ended.errors)")
            }
        }
        #expect(batches(in: "out").isEmpty)
    }

    @Test("a pipeline that needs an environment variable says which")
    func environment() throws {
        let path = try write(
            "pipeline: p\nsteps:\n  - {id: a, uses: receive, with: {from: \"${SITONG_NOWHERE}\"}}\n", to: "p.yaml")
        try refuses(
            ["run", path, "--period", "2026-10"], status: 78, code: "pipeline-environment", words: ["SITONG_NOWHERE"])
    }

    // MARK: Batches

    @Test("a part with a flipped byte, a part cut short, and a manifest that lies are refused at receive and at load")
    func damagedBatches() throws {
        let batches = try receive()
        let part = "\(batches[0])/anjian/000001.csv.zst"
        let manifest = "\(batches[0])/manifest.json"
        let whole = try #require(FileManager.default.contents(atPath: part))
        let truth = try #require(FileManager.default.contents(atPath: manifest))
        var flipped = whole
        flipped[flipped.count / 2] ^= 1
        try flipped.write(to: URL(fileURLWithPath: part))
        try refuses(["load", batches[0]], status: 65, code: "compressed-damaged", words: ["anjian/000001.csv.zst"])
        try whole.dropLast(9).write(to: URL(fileURLWithPath: part))
        try refuses(["load", batches[0]], status: 65, code: "batch-size", words: ["anjian/000001.csv.zst"])
        try whole.write(to: URL(fileURLWithPath: part))
        let text = String(decoding: truth, as: UTF8.self)
        let lie = text.replacingOccurrences(of: #""kind":"full""#, with: #""kind":"delta""#)
            .replacingOccurrences(of: #""kind" : "full""#, with: #""kind" : "delta""#)
        #expect(lie != text)
        try lie.write(toFile: manifest, atomically: true, encoding: .utf8)
        try refuses(["load", batches[0]], status: 65, code: "batch-manifest-checksum")
        let received = try SitongProcess.run(["receive", "inbox"], in: site.folder.path)
        #expect(received.status == 65)
        #expect(FileManager.default.fileExists(atPath: site.folder.appending("inbox/refused")))
        #expect(!FileManager.default.fileExists(atPath: batches[0]))
    }

    @Test("more bad rows than allowed leave the tables as they were and the rows as evidence")
    func tooManyBadRows() throws {
        let batches = try receive()
        let before = try site.tables()
        for language in ["en", "zh"] {
            let ended = try SitongProcess.run(
                ["load", batches[0], "--max-bad", "0", "--lang", language], in: site.folder.path,
                environment: site.environment)
            #expect(ended.status == 65, "\(ended.errors)")
            #expect(ended.errors.contains("error[too-many-bad-rows]"), "\(ended.errors)")
        }
        let after = try site.tables()
        #expect(after["public.anjian"] == before["public.anjian"])
        #expect(after["sitong.quarantine"]?.isEmpty == false)
    }

    @Test("a library that another process changes is status 75 at once")
    func locked() throws {
        let batches = try receive()
        let holder = try PostgresConnection(site.library, applicationName: "tests")
        try holder.execute("SELECT pg_advisory_lock(hashtext('sitong.library'))")
        try refuses(["load", batches[0]], status: 75, code: "library-locked")
    }

    // MARK: Servers

    @Test("a library or a source whose server is down is status 69 and names the place")
    func serverDown() throws {
        let nowhere = "host=127.0.0.1 port=1 dbname=x user=y"
        try refuses(["qc", "--library", nowhere], status: 69, code: "pg-connect", words: ["127.0.0.1"])
        let file = try write(
            """
            source: down
            court: 豫17
            connect: {kind: postgres, url: "host=127.0.0.1 port=1 dbname=x user=y"}
            tables:
              anjian: {select: "SELECT 1 AS ajbs, 2 AS ah, 3 AS fydm, current_date AS larq"}
            """, to: "down.yaml")
        try refuses(
            ["extract", "--source", file, "--to", "outbox", "--full"], status: 69, code: "pg-connect",
            words: ["127.0.0.1"], mayLeave: ["outbox"])
        #expect(batches(in: "outbox").isEmpty)
    }

    @Test("a password on the command line is refused and not repeated")
    func password() throws {
        let ended = try SitongProcess.run(
            ["qc", "--library", "postgresql://me:opensesame@127.0.0.1/x"], in: site.folder.path)
        #expect(ended.status == 64)
        #expect(!ended.errors.contains("opensesame"))
        try refuses(
            ["qc", "--library", "postgresql://me:opensesame@127.0.0.1/x"], status: 64, code: "password-in-arguments",
            words: [".pgpass"])
    }

    @Test("a wrong password is status 77 for the library and for a source, and is never shown")
    func wrongPassword() throws {
        // Its port is far from the range of the other tests' server that asks for passwords.
        let port = 41_000 + Int(ProcessInfo.processInfo.processIdentifier) % 20_000
        let folder = try TemporaryDirectory()
        let cluster = EmbeddedCluster(
            directory: folder.appending("library"),
            settings: ["fsync": "off", "listen_addresses": "127.0.0.1", "port": "\(port)"])
        defer { try? cluster.stop() }
        try cluster.initialize()
        let rules = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.appending("library/data/pg_hba.conf")))
        try rules.seekToEnd()
        try rules.write(contentsOf: Data("host all all 127.0.0.1/32 scram-sha-256\n".utf8))
        try rules.close()
        #expect(try cluster.start())
        let admin = try PostgresConnection(cluster.connectionString, applicationName: "tests")
        try admin.execute("CREATE ROLE reader LOGIN PASSWORD 'opensesame'")
        let place = "host=127.0.0.1 port=\(port) dbname=sitong user=reader"
        let file = try write(
            """
            source: guarded
            court: 豫17
            connect: {kind: postgres, url: "\(place)"}
            tables:
              anjian: {select: "SELECT '1' AS ajbs, '2' AS ah, '3' AS fydm, current_date AS larq"}
            """, to: "guarded.yaml")
        for arguments in [["qc", "--library", place], ["extract", "--source", file, "--to", "outbox", "--full"]] {
            let wrong = ["PGPASSWORD": "opensesami"]
            try refuses(
                arguments, status: 77, code: "pg-auth", words: ["reader", "127.0.0.1"], environment: wrong,
                mayLeave: ["outbox"])
            let ended = try SitongProcess.run(arguments, in: site.folder.path, environment: wrong)
            #expect(!ended.errors.contains("opensesami"))
        }
        #expect(batches(in: "outbox").isEmpty)
    }

    @Test("a trial database that is no database, or is not there, is told")
    func sqliteFiles() throws {
        let text = try write("this is no database, whatever its name says\n", to: "x.db")
        for (path, status, code) in [(text, Int32(65), "sqlite-format"), ("/nowhere/x.db", 66, "sqlite-file")] {
            let file = try write(
                """
                source: odd
                court: 豫17
                connect: {kind: sqlite, path: "\(path)"}
                tables:
                  anjian: {select: "SELECT 1 AS ajbs, 2 AS ah, 3 AS fydm, '2026-01-01' AS larq"}
                """, to: "odd.yaml")
            try refuses(
                ["extract", "--source", file, "--to", "outbox", "--full"], status: status, code: code,
                mayLeave: ["outbox"])
        }
        #expect(batches(in: "outbox").isEmpty)
    }

    // MARK: Room and rights

    @Test("a disk without room is status 74, and nothing half-written stays")
    func noRoom() throws {
        try refuses(
            ["extract", "--source", "sources/*.yaml", "--to", "outbox", "--full"], status: 74, code: "file-write",
            through: "ulimit -f 4", mayLeave: ["outbox"])
        #expect(batches(in: "outbox").isEmpty)
    }

    @Test("a folder that cannot be made is status 73")
    func noFolder() throws {
        let run = try site.run()
        #expect(run.status == 1, "\(run.errors)")
        try refuses(
            ["report", "--run", BrokenRunSite.runID, "--to", "/proc/reports"], status: 73, code: "folder-create",
            words: ["/proc/reports"])
    }

    // MARK: Arguments

    @Test(
        "what the arguments name and is not there is told",
        arguments: [
            (["qc", "--table", "nirgends=x.csv"], 64, "table-unknown", "nirgends"),
            (["qc", "--table", "anjian=nowhere.csv"], 66, "file-open", "nowhere.csv"),
            (["qc", "--rules", "no.such"], 64, "rule-unknown", "no.such"),
            (["forms", "compute", "--period", "2026-13"], 64, "period-unknown", "2026-13"),
            (["forms", "compute", "--period", "2026-10", "--form", "F99"], 64, "form-unknown", "F99"),
            (["run", "no-such-pipeline"], 66, "pipeline-missing", "no-such-pipeline"),
            (["run", "monthly", "--period", "2026-10", "--resume"], 66, "run-unknown", "monthly"),
            (["load", "/nowhere/batch"], 66, "input-missing", "/nowhere/batch"),
            (["receive", "/nowhere/inbox"], 66, "inbox-missing", "/nowhere/inbox"),
            (["report", "--formats", "csv", "--schemas", "/nowhere"], 66, "definitions-not-found", "/nowhere"),
        ] as [([String], Int32, String, String)])
    func names(_ arguments: [String], _ status: Int32, _ code: String, _ word: String) throws {
        try refuses(arguments, status: status, code: code, words: [word])
    }

    @Test("a flag that does not exist is status 64, and help is 0")
    func flags() throws {
        #expect(try SitongProcess.run(["qc", "--nonsense"], in: site.folder.path).status == 64)
        #expect(try SitongProcess.run(["nonsense"], in: site.folder.path).status == 64)
        #expect(try SitongProcess.run(["--help"], in: site.folder.path).status == 0)
        #expect(try SitongProcess.run(["library"], in: site.folder.path).status == 0)
    }

    @Test("a figures file that cannot be read is status 65 with its line")
    func figures() throws {
        let path = try write("form,court,period,row,column,value\nF01,豫17,2026-10,1,jc,many\n", to: "f.csv")
        try refuses(
            ["reconcile", "forms", "--figures", path], status: 65, code: "figures-malformed", words: ["f.csv:2"])
    }

    @Test("whatever main does not know ends with 70, never 1")
    func unknownErrors() {
        struct Surprise: Error {}
        #expect(Program.status(of: Surprise()).rawValue == 70)
        #expect(Program.status(of: CocoaError(.fileNoSuchFile)).rawValue == 70)
    }
}
