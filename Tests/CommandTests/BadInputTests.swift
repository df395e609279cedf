import Commands
import Diagnostics
import Foundation
import PostgresClient
import TestSupport
import Testing

@Suite struct BadInputTests {
    struct Change: Sendable, CustomTestStringConvertible {
        var old: String
        var new: String
        var status: Int32
        var code: String
        var en: [String]
        var zh: [String]
        var testDescription: String { "\(code): \(new.prefix(30))" }
    }

    @Test(
        "A wrong source definition ends before anything is made",
        arguments: [
            Change(
                old: "LB AS lx", new: "LBX AS lx", status: 65, code: "sqlite-undefined-column",
                en: ["demo-yu1702", "dangshiren", "'LBX'", "did you mean 'LB'"],
                zh: ["demo-yu1702", "dangshiren", "LBX"]),
            Change(
                old: "XH AS xh, XINGMING", new: "XINGMING", status: 65, code: "source-columns",
                en: ["demo-yu1702", "dangshiren", "'xh' (序号)"], zh: ["demo-yu1702", "dangshiren", "xh"]),
            Change(
                old: "XINGMING AS xm", new: "XINGMING AS xmm", status: 65, code: "source-columns",
                en: ["'xmm' looks like 'xm'"], zh: ["xmm", "xm"]),
            Change(
                old: "tables:", new: "tables: [", status: 78, code: "yaml-syntax",
                en: ["source.yaml:", "not valid YAML"],
                zh: ["source.yaml:", "不是有效的 YAML"]),
            Change(
                old: "title:", new: "source:", status: 78, code: "duplicate-key",
                en: ["source.yaml:3:1", "'source' occurs twice"],
                zh: ["source.yaml:3:1", "source"]),
            Change(
                old: "title:", new: "titel:", status: 78, code: "unknown-key",
                en: ["source.yaml:3:1", "did you mean 'title'"],
                zh: ["source.yaml:3:1", "titel"]),
            Change(
                old: "  dangshiren:", new: "  dangshirem:", status: 78, code: "unknown-table",
                en: ["source.yaml:", "'dangshirem'"], zh: ["dangshirem"]),
            Change(
                old: "maps/b-xb.csv", new: "maps/none.csv", status: 78, code: "file-not-found", en: ["maps/none.csv"],
                zh: ["maps/none.csv"]),
            Change(
                old: "court: 豫1702", new: "court: 豫9Z9", status: 78, code: "unknown-court",
                en: ["source.yaml:4", "豫9Z9"],
                zh: ["没有法院“豫9Z9”"]),
            Change(
                old: "../databases/yu1702.sqlite", new: "none.sqlite", status: 66, code: "sqlite-file",
                en: ["none.sqlite"],
                zh: ["none.sqlite"]),
            Change(
                old: "../databases/yu1702.sqlite", new: "source.yaml", status: 65, code: "sqlite-format",
                en: ["source.yaml", "not a SQLite database"], zh: ["source.yaml", "SQLite"]),
            Change(
                old: "{kind: sqlite, path: ../databases/yu1702.sqlite}",
                new: "{kind: postgres, url: \"host=127.0.0.1 port=1 dbname=x user=y\"}", status: 69, code: "pg-connect",
                en: ["'x' at 127.0.0.1:1", "connection refused"], zh: ["127.0.0.1:1"]),
            Change(
                old: "{kind: sqlite, path: ../databases/yu1702.sqlite}",
                new: "{kind: postgres, url: \"host=${NO_SUCH_HOST} dbname=x user=y\"}", status: 78,
                code: "source-environment", en: ["demo-yu1702", "NO_SUCH_HOST"], zh: ["demo-yu1702", "NO_SUCH_HOST"]),
            Change(
                old: "{kind: sqlite, path: ../databases/yu1702.sqlite}",
                new: "{kind: postgres, url: \"postgresql://y:geheim@127.0.0.1/x\"}", status: 78,
                code: "secret-in-definition", en: ["holds a password"], zh: ["密码"]),
        ])
    func source(change: Change) throws {
        let folder = try TemporaryDirectory()
        let source = try BadInput.source(in: folder, changing: change.old, to: change.new)
        try BadInput.refuses(
            ["extract", "--source", source, "--to", folder.appending("out"), "--full"], change.status, change.code,
            en: change.en, zh: change.zh, in: folder.path, hidden: ["geheim"])
    }

    struct Tampering: Sendable, CustomTestStringConvertible {
        var name: String
        var code: String
        var receives: String
        let act: @Sendable (String) throws -> Void
        var testDescription: String { name }
    }

    private static let part = "/anjian/000001.csv.zst"

    private static func edit(_ batch: String, _ old: String, _ new: String) throws {
        let path = batch + "/manifest.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains(old))
        try text.replacingOccurrences(of: old, with: new).write(toFile: path, atomically: false, encoding: .utf8)
    }

    @Test(
        "A batch that does not add up is neither loaded nor received",
        arguments: [
            Tampering(name: "flipped byte", code: "compressed-damaged", receives: "batch-digest") { batch in
                var bytes = try Data(contentsOf: URL(fileURLWithPath: batch + part))
                bytes[200] ^= 0x55
                try bytes.write(to: URL(fileURLWithPath: batch + part))
            },
            Tampering(name: "truncated part", code: "batch-size", receives: "batch-size") { batch in
                truncate(batch + part, 300)
            },
            Tampering(name: "missing part", code: "batch-missing-file", receives: "batch-missing-file") { batch in
                unlink(batch + part)
            },
            Tampering(name: "extra file", code: "batch-extra-file", receives: "batch-extra-file") { batch in
                try "x".write(toFile: batch + "/anjian/extra.csv", atomically: false, encoding: .utf8)
            },
            Tampering(name: "rows", code: "batch-manifest-checksum", receives: "batch-manifest-checksum") { batch in
                try edit(batch, "\"rows\":", "\"rows\":1")
            },
            Tampering(name: "version", code: "batch-version", receives: "batch-version") { batch in
                try edit(batch, "sitong-batch/1", "sitong-batch/9")
            },
            Tampering(name: "no manifest", code: "batch-manifest", receives: "batch-manifest") { batch in
                try "{".write(toFile: batch + "/manifest.json", atomically: false, encoding: .utf8)
            },
        ])
    func batch(tampering: Tampering) throws {
        let folder = try TemporaryDirectory()
        let library = try BadInput.library()
        let batch = try BadInput.copyBatch(to: folder.appending("inbox"))
        try tampering.act(batch)
        try BadInput.refuses(
            ["load", batch, "--library", library, "--max-bad", "100%"], 65, tampering.code, en: [BadInput.batchName],
            zh: [BadInput.batchName], in: folder.path, library: library)
        // Refused at the door too, moved aside whole with the reason.
        let received = try SitongProcess.run(["receive", "inbox", "--json"], in: folder.path)
        #expect(received.status == 65)
        #expect(received.output.contains("\"code\" : \"\(tampering.receives)\""), "\(received.output)")
        #expect(
            FileManager.default.fileExists(atPath: folder.appending("inbox/refused/\(BadInput.batchName)/reason.json")))
    }

    @Test("Too many bad rows: their bytes are kept in quarantine, no table changes, no value is shown")
    func tooManyBadRows() throws {
        let folder = try TemporaryDirectory()
        let library = try BadInput.library()
        let batch = try BadInput.copyBatch(to: folder.path)
        let before = try BadInput.state(of: library, except: ["quarantine", "batch"])
        for (language, words) in [("en", "nothing was loaded"), ("zh", "隔离")] {
            let result = try SitongProcess.run(
                ["load", batch, "--library", library, "--max-bad", "0", "--lang", language], in: folder.path)
            #expect(result.status == 65, "\(result.errors)")
            #expect(result.errors.contains("[too-many-bad-rows]") && result.errors.contains(BadInput.batchName))
            #expect(result.errors.contains(words) || result.errors.contains("quarantine"), "\(result.errors)")
            // Neither an ID number nor a case number.
            #expect(result.errors.range(of: "[0-9]{15,}|（20", options: .regularExpression) == nil, "\(result.errors)")
        }
        let after = try BadInput.state(of: library, except: ["quarantine", "batch"])
        #expect(after.filter { !$0.contains("ledger") } == before.filter { !$0.contains("ledger") })
        let kept = try PostgresConnection(library, applicationName: "tests").execute(
            "SELECT count(*) FROM sitong.quarantine WHERE length(raw) > 0")
        #expect(Int(kept[0][0] ?? "") ?? 0 > 0)
    }

    @Test("A batch whose predecessor is missing is not loaded")
    func chain() throws {
        let folder = try TemporaryDirectory()
        let library = try BadInput.library()
        let source = try BadInput.source(in: folder, changing: "title:", to: "title:")
        for _ in 1...3 {
            let made = try SitongProcess.run(
                ["extract", "--source", source, "--to", "out", "--since", "2026-10-01"], in: folder.path)
            #expect(made.status == 0, "\(made.errors)")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.appending("out")).filter {
            !$0.hasPrefix(".")
        }
        let batches = names.sorted { $0.suffix(4) < $1.suffix(4) }
        try #require(batches.count == 3)
        let first = try SitongProcess.run(
            ["load", "out/" + batches[0], "--library", library, "--max-bad", "100%"], in: folder.path)
        #expect(first.status == 0, "\(first.errors)")
        try BadInput.refuses(
            ["load", "out/" + batches[2], "--library", library, "--max-bad", "100%"], 65, "batch-missing",
            en: ["demo-yu1702", "number 2 was not loaded"], zh: ["demo-yu1702", "第 2 批尚未入库"], in: folder.path,
            library: library)
    }

    @Test(
        "A disk without room ends 74 and leaves nothing",
        arguments: [
            ["extract", "--source", "{province}/sources/yu1702.yaml", "--to", "limited", "--full"],
            ["transfer", "{province}/out/demo-yu1702-all-0001", "--to", "limited"],
            ["report", "--library", "{library}", "--to", "limited", "--formats", "xlsx"],
            ["report", "--library", "{library}", "--to", "limited", "--formats", "html"],
            ["library", "init", "--embedded", "limited"],
        ])
    func noRoom(arguments: [String]) throws {
        let folder = try TemporaryDirectory()
        let province = try BadInput.province.get()
        let library = arguments[0] == "report" ? try BadInput.library() : nil
        for (language, hint) in [("en", "hint: "), ("zh", "提示：")] {
            let line = arguments.map {
                $0.replacingOccurrences(of: "{province}", with: province)
                    .replacingOccurrences(of: "{library}", with: library ?? "")
            }
            let result = try BadInput.runLimited(line + ["--lang", language], in: folder.path, fileBlocks: 4)
            #expect(result.status == 74, "\(result.errors)")
            // A SQLite file is copied before anything is written to the outbox.
            let place = arguments[0] == "extract" ? "copy.sqlite" : "limited"
            #expect(result.errors.contains(place) && result.errors.contains(hint), "\(result.errors)")
        }
        // The file of a lock may stay, since another process may be waiting on it.
        #expect(BadInput.files(in: folder.path).filter { !$0.contains("lock ") } == [])
    }

    struct Call: Sendable, CustomTestStringConvertible {
        var arguments: [String]
        var status: Int32
        var code: String
        var en: String
        var zh: String
        init(_ line: String, _ status: Int32, _ code: String, _ en: String, _ zh: String) {
            arguments = line.split(separator: " ").map(String.init)
            (self.status, self.code, self.en, self.zh) = (status, code, en, zh)
        }
        var testDescription: String { arguments.joined(separator: " ") }
    }

    @Test(
        "What is named and is not there, or cannot be, is said so",
        arguments: [
            Call("extract --source none.yaml --to out", 66, "input-missing", "none.yaml", "none.yaml"),
            Call("extract --source none*.yaml --to out", 66, "sources-missing", "none*.yaml", "none*.yaml"),
            Call("qc --table anjan=plain.csv", 64, "table-unknown", "'anjan'", "anjan"),
            Call("qc --table anjian", 64, "table-argument", "NAME=FILE", "anjian"),
            Call("qc --table anjian=none.csv", 66, "file-open", "none.csv", "none.csv"),
            Call("qc --table anjian=plain.csv", 65, "missing-column", "fydm 法院", "fydm 法院"),
            Call("qc --table anjian=misspelt.csv", 65, "missing-column", "'ahh'", "ahh"),
            Call("qc --table anjian=plain.csv --rules none", 64, "rule-unknown", "'none'", "none"),
            Call("qc --table anjian=plain.csv --period 2026-13", 64, "period-unknown", "2026-13", "2026-13"),
            Call("qc --nope", 64, "usage", "--nope", "命令行有误"),
            Call("load plain.csv --library none", 66, "folder-read", "plain.csv", "plain.csv"),
            Call("load none --library none", 66, "input-missing", "none", "none"),
            Call("qc --library none", 66, "library-missing", "'none'", "“none”"),
            Call("qc --library postgresql://u:geheim@127.0.0.1:1/x", 64, "password-in-arguments", "password", "口令"),
            Call("qc --library postgresql://u@127.0.0.1:1/x", 69, "pg-connect", "127.0.0.1:1", "127.0.0.1:1"),
            Call("receive none", 66, "inbox-missing", "none", "none"),
            Call("library init --embedded plain.csv/x", 73, "cannot-create", "plain.csv/x", "plain.csv/x"),
            Call("run none", 66, "pipeline-missing", "none", "none"),
            Call("run centre --period 2026-10 --work plain.csv/x", 73, "folder-create", "plain.csv/x", "plain.csv/x"),
            Call("run syntax.yaml", 78, "yaml-syntax", "syntax.yaml", "syntax.yaml"),
            Call("run field.yaml", 78, "unknown-key", "field.yaml:5", "field.yaml:5"),
            Call("runs show none", 66, "run-unknown", "'none'", "none"),
            Call("schema check --schemas none", 66, "definitions-not-found", "none", "none"),
            Call("schema check --schemas types", 78, "unknown-type", "types/t.yaml:6", "types/t.yaml:6"),
            Call("schema check --schemas lists", 78, "unknown-codelist", "lists/t.yaml:6", "lists/t.yaml:6"),
            Call("schema check --schemas twice", 78, "duplicate-key", "twice/t.yaml:3", "twice/t.yaml:3"),
            Call("qc --log-file plain.csv/x", 73, "log-create", "plain.csv/x", "plain.csv/x"),
        ])
    func call(call: Call) throws {
        let folder = try TemporaryDirectory()
        try folder.write("ajbs,ah\n1,2\n", to: "plain.csv")
        try folder.write("ajbs,ahh\n1,2\n", to: "misspelt.csv")
        try folder.write("pipeline: [\n", to: "syntax.yaml")
        try folder.write("pipeline: p\nsteps:\n  - id: a\n    uses: qc\n    usess: qc\n", to: "field.yaml")
        func table(_ type: String) -> String {
            "table: t\ntitle: 表\nkey: [a]\ncolumns:\n  - {name: b, title: 乙, type: int}\n  - {name: a, title: 甲, type: \(type)}\n"
        }
        try folder.write(table("texxt(10)"), to: "types/t.yaml")
        try folder.write(table("code(nolist)"), to: "lists/t.yaml")
        try folder.write("table: t\ntitle: 表\ntitle: 表\nkey: [a]\n", to: "twice/t.yaml")
        try BadInput.refuses(
            call.arguments, call.status, call.code, en: [call.en], zh: [call.zh], in: folder.path, hidden: ["geheim"])
    }

    @Test("A pipeline step with an unknown verb or flag is a wrong definition, not a bug of ours")
    func pipelineStep() throws {
        for step in ["uses: qcc", "uses: qc\n    with: {nope: x}"] {
            let folder = try TemporaryDirectory()
            try folder.write("pipeline: p\nsteps:\n  - id: a\n    \(step)\n", to: "p.yaml")
            for language in ["en", "zh"] {
                let result = try SitongProcess.run(["run", "p.yaml", "--lang", language], in: folder.path)
                #expect(result.status == 78, "\(result.errors)")
                #expect(
                    result.errors.contains("[pipeline-step]") && result.errors.contains("p.yaml"), "\(result.errors)")
                #expect(result.errors.contains(language == "en" ? "hint: " : "提示："))
            }
        }
    }

    @Test("An unset variable of a pipeline is a wrong definition")
    func pipelineVariable() throws {
        let folder = try TemporaryDirectory()
        for (language, hint) in [("en", "hint: "), ("zh", "提示：")] {
            let result = try SitongProcess.run(
                ["run", "centre", "--period", "2026-10", "--lang", language], in: folder.path)
            #expect(result.status == 78)
            #expect(result.errors.contains("SITONG_INBOX") && result.errors.contains(hint), "\(result.errors)")
        }
    }

    @Test("Whatever is not known ends with 70, in both languages, without its contents")
    func unknownFailure() {
        struct Surprise: Error { var secret = "510101199001011234" }
        for (language, words) in [(Language.en, "a bug of ours: Surprise"), (.zh, "程序自身的缺陷")] {
            var said = ""
            let status = Program.report(Surprise(), language: language) { said += $0 }
            #expect(status == .internalError && status.rawValue == 70)
            #expect(said.contains("[unexpected]") && said.contains(words))
            #expect(!said.contains("510101"))
        }
    }
}
