import Foundation
import PostgresClient
import TestSupport
import Testing

/// `reconcile rows` as its users run it.
@Suite(.serialized)
struct ReconcileRowsTests {
    let folder: TemporaryDirectory

    static let definitions = """
        table: people
        title: 人员
        key: [id]
        court: fydm
        columns:
          - {name: id, title: 编号, type: int}
          - {name: xm, title: 姓名, type: text(50), personal: name}
          - {name: fydm, title: 法院, type: text(20)}
          - {name: larq, title: 立案日期, type: date}
          - {name: je, title: 金额, type: "dec(18,2)"}
        """

    init() throws {
        folder = try TemporaryDirectory()
        _ = try folder.write(Self.definitions, to: "people.yaml")
        _ = try folder.write(
            "id,xm,fydm,larq,je\n1,张三,豫17,2026-10-01,1.00\n2,李四,豫17,2026-10-02,2\n3,王五,豫18,2026-11-01,3.5\n",
            to: "a.csv")
        _ = try folder.write(
            "je,larq,fydm,姓名,ID\n1,20261001,豫17,张三,1\n2,20261002,豫17,李四 ,2\n3.5,20261101,豫18,王六,3\n4,,豫18,赵七,4\n",
            to: "b.csv")
    }

    func run(_ arguments: [String], environment: [String: String] = [:]) throws -> SitongProcess {
        try SitongProcess.run(
            ["reconcile", "rows", "--schemas", ".", "--table", "people"] + arguments, in: folder.path,
            environment: environment)
    }

    func text(_ name: String) throws -> String {
        try String(contentsOfFile: folder.appending(name), encoding: .utf8)
    }

    @Test("equal sides end with 0, also when they write values differently; explained differences alone do too")
    func equal() throws {
        let same = try run(["--left", "a.csv", "--right", "b.csv", "--where", "id = 1", "--json"])
        #expect(same.status == 0, "\(same.errors)")
        #expect(same.output.contains("\"differences\" : 0"))
        let blank = try run(["--left", "a.csv", "--right", "b.csv", "--where", "id < 3", "--json"])
        #expect(blank.status == 0)
        #expect(blank.output.contains("\"trailing-blank\" : 1"))
    }

    @Test("unexplained differences end with 1; files have each, personal values only when they are revealed")
    func files() throws {
        let masked = try run([
            "--left", "a.csv", "--right", "b.csv", "--out", "d.csv", "--keys-out", "keys.csv", "--json",
        ])
        #expect(masked.status == 1)
        let lines = try text("d.csv").split(separator: "\n").map(String.init)
        #expect(lines.first == "table,kind,key,column,left,right,cause,other_key,left_rows,right_rows")
        #expect(
            Set(lines.dropFirst()) == [
                "people,changed,2,xm,李**,李**,trailing-blank,,1,1", "people,changed,3,xm,王**,王**,unexplained,,1,1",
                "people,missing-left,4,,,,unexplained,,0,1",
            ])
        #expect(Set(try text("keys.csv").split(separator: "\n").map(String.init)) == ["id", "2", "3", "4"])
        for name in ["李四", "王五", "王六", "赵七"] { #expect(!masked.output.contains(name)) }
        let revealed = try run([
            "--left", "a.csv", "--right", "b.csv", "--out", "d.jsonl", "--reveal", "--json",
        ])
        #expect(revealed.output.contains("\"revealed\" : true"))
        #expect(try text("d.jsonl").contains(#""left":"王五","right":"王六""#))
        for group in ["\"豫18\"", "\"2026-11\""] { #expect(masked.output.contains(group)) }
    }

    @Test("what cannot be compared is refused, with its status and a hint in both languages")
    func refusals() throws {
        _ = try folder.write("id,xm\n1,甲,x\n", to: "bad.csv")
        _ = try folder.write("xm\n甲\n", to: "keyless.csv")
        let place = try TestPostgres.freshDatabase()
        let cases: [([String], Int32, String)] = [
            (["--left", "a.csv", "--right", "nothing.csv"], 66, "input-missing"),
            (["--left", "a.csv", "--right", "bad.csv"], 65, "rows-record"),
            (["--left", "a.csv", "--right", "keyless.csv"], 65, "rows-columns-lacking"),
            (["--left", "a.csv", "--right", "b.csv", "--columns", "nothing"], 64, "rows-column-unknown"),
            (["--left", "a.csv", "--right", place], 65, "rows-table-missing"),
            (["--left", "a.csv", "--right", "postgresql://u:secret@127.0.0.1:1/x"], 64, "password-in-arguments"),
            (["--left", "a.csv", "--right", "postgresql://u@127.0.0.1:1/x"], 69, "pg-connect"),
            (["--left", "a.csv", "--right", "b.csv", "--where", "id >"], 64, "syntax"),
            (["--left", "a.csv", "--right", "b.csv", "--out", "none/d.csv"], 73, "file-create"),
            (["--left", "a.csv", "--right", "b.csv", "--watermark", "nothing"], 64, "rows-watermark"),
            (["--left", "a.csv", "--right", "b.csv", "--resume", "a.csv"], 65, "rows-checkpoint"),
        ]
        for (arguments, status, code) in cases {
            for language in ["en", "zh"] {
                let ended = try run(arguments + ["--lang", language])
                #expect(ended.status == status, "\(arguments) \(ended.errors)")
                #expect(ended.errors.contains("error[\(code)]"), "\(arguments) \(ended.errors)")
                #expect(ended.errors.contains(language == "en" ? "hint: " : "提示："), "\(ended.errors)")
                #expect(!ended.errors.contains("secret"))
            }
        }
    }

    @Test("of three sides each difference is told with the link that introduced it")
    func links() throws {
        _ = try folder.write(
            "id,xm,fydm,larq,je\n1,张三,豫17,2026-10-01,9\n2,李四 ,豫17,2026-10-02,2\n3,王六,豫18,2026-11-01,3.5\n",
            to: "c.csv")
        let ended = try run([
            "--left", "a.csv", "--right", "b.csv", "--side", "province=c.csv", "--out", "d.csv", "--keys-out",
            "keys.csv",
            "--reveal", "--json",
        ])
        #expect(ended.status == 1, "\(ended.errors)")
        #expect(
            Set(try text("d.csv").split(separator: "\n").dropFirst().map(String.init)) == [
                "people,changed,2,xm,李四,李四 ,trailing-blank,,1,1,left→right",
                "people,changed,3,xm,王五,王六,unexplained,,1,1,left→right",
                "people,missing-left,4,,,,unexplained,,0,1,left→right",
                "people,changed,1,je,1.00,9.00,unexplained,,1,1,right→province",
                "people,missing-right,4,,,,unexplained,,1,0,right→province",
            ])
        // Only what differs from the source itself is pulled from there again.
        #expect(Set(try text("keys.csv").split(separator: "\n").map(String.init)) == ["id", "2", "3", "4"])
        struct Summary: Decodable {
            struct Link: Decodable { var differences: Int }
            var sides: [String]
            var links: [Link]
            var differences: Int
        }
        let summary = try JSONDecoder().decode(Summary.self, from: Data(ended.output.utf8))
        #expect(summary.sides == ["left", "right", "province"])
        #expect(summary.links.map(\.differences) == [3, 2] && summary.differences == 5)
        for wrong in [["--side", "c.csv"], ["--side", "left=c.csv"], ["--side", "p=c.csv", "--settle", "1"]] {
            #expect(try run(["--left", "a.csv", "--right", "b.csv"] + wrong).status == 64, "\(wrong)")
        }
    }

    @Test("killed after a part, a run goes on from its file to the same result, and removes it")
    func resumed() throws {
        let place = try TestPostgres.freshDatabase()
        try PostgresConnection(place, applicationName: "tests").execute(
            """
            CREATE TABLE people (id bigint, xm text, fydm text, larq date, je numeric(18,2));
            INSERT INTO people VALUES (1, '张三', '豫17', '2026-10-01', 1), (2, '李四', '豫17', '2026-10-02', 3)
            """)
        let arguments = ["--left", place, "--right", "a.csv", "--max-load", "100", "--out", "d.csv"]
        #expect(try run(arguments).status == 1)
        let whole = try text("d.csv")
        #expect(whole.split(separator: "\n").count == 3)
        let resuming = arguments + ["--resume", "checkpoint"]
        #expect(try run(resuming, environment: ["SITONG_FAULT": "rows.afterCheckpoint"]).status == -SIGKILL)
        #expect(FileManager.default.fileExists(atPath: folder.appending("checkpoint")))
        let other = try run(resuming + ["--columns", "je"])
        #expect(other.status == 65 && other.errors.contains("error[rows-checkpoint-other]"), "\(other.errors)")
        let again = try run(resuming + ["--json"])
        #expect(again.status == 1, "\(again.errors)")
        #expect(again.output.contains("\"since\""))
        #expect(try text("d.csv") == whole)
        #expect(!FileManager.default.fileExists(atPath: folder.appending("checkpoint")))
    }

    @Test("what an unfinished load brings within the time of --settle is no unexplained difference")
    func settled() throws {
        let place = try TestPostgres.freshDatabase()
        try PostgresConnection(place, applicationName: "tests").execute(
            """
            CREATE TABLE people (id bigint, xm text, fydm text, larq date, je numeric(18,2));
            INSERT INTO people VALUES (1, '张三', '豫17', '2026-10-01', 1), (2, '李四', '豫17', '2026-10-02', 2)
            """)
        let loading = Thread {
            guard let connection = try? PostgresConnection(place, applicationName: "tests") else { return }
            // The row comes as soon as the first look is over and its snapshot released.
            let released =
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name LIKE 'sitong%' AND query ILIKE 'rollback%'
                """
            while (try? connection.execute(released)) == [["0"]] { usleep(20_000) }
            _ = try? connection.execute("INSERT INTO people VALUES (3, '王五', '豫18', '2026-11-01', 3.5)")
        }
        loading.start()
        let ended = try run(["--left", "a.csv", "--right", place, "--settle", "3", "--json"])
        #expect(ended.status == 0, "\(ended.output)\(ended.errors)")
        #expect(ended.output.contains("\"in-flight\" : 1"))
    }

    @Test("a table in a database with a name of its own, a key of its own, and some columns")
    func database() throws {
        let place = try TestPostgres.freshDatabase()
        let connection = try PostgresConnection(place, applicationName: "tests")
        try connection.execute(
            """
            CREATE TABLE "人员" ("编号" bigint, "姓名" varchar(50), "FYDM" text, larq date, je numeric(18,2));
            INSERT INTO "人员" VALUES (1, '张三', '豫17', '2026-10-01', 1), (2, '李四', '豫17', '2026-10-02', 2),
                (3, '王五', '豫18', '2026-11-01', 3.50)
            """)
        let same = try run(["--left", "a.csv", "--right", place, "--json"])
        #expect(same.status == 0, "\(same.output)\(same.errors)")
        try connection.execute("UPDATE \"人员\" SET je = 9 WHERE \"编号\" = 2")
        let other = try run(["--left", place, "--right", "a.csv", "--key", "姓名", "--columns", "金额", "--json"])
        #expect(other.status == 1)
        #expect(other.output.contains("\"changed\" : 1"))
    }
}

/// A trial database, its batch and the library that loaded it.
@Suite(.serialized)
struct ReconcileRowsOfLibraryTests {
    let site: BrokenRunSite

    init() throws { site = try BrokenRunSite() }

    func sitong(_ arguments: [String]) throws -> SitongProcess {
        try SitongProcess.run(arguments, in: site.folder.path, environment: site.environment)
    }

    struct Summary: Decodable {
        struct Side: Decodable { var rows: Int }
        var left: Side
        var right: Side
        var differences: Int
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var by_kind: [String: Int]
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var by_cause: [String: Int]
    }

    func reconcile(_ arguments: [String], status: Int32) throws -> Summary {
        let ended = try sitong(["reconcile", "rows"] + arguments + ["--json"])
        #expect(ended.status == status, "\(arguments) \(ended.output) \(ended.errors)")
        return try JSONDecoder().decode(Summary.self, from: Data(ended.output.utf8))
    }

    @Test(
        "a source equals its batch; the library lacks exactly the rows in quarantine and the repeated keys",
        arguments: ["yu17", "yu1702"])
    func library(court: String) throws {
        let source = "sources/\(court).yaml"
        let extracted = try sitong(["extract", "--source", source, "--to", "outbox", "--full"])
        #expect(extracted.status == 0, "\(extracted.errors)")
        let streams = try FileManager.default.subpathsOfDirectory(atPath: site.folder.appending("outbox"))
        let manifest = try #require(streams.first { $0.hasSuffix("/manifest.json") })
        let batch = "outbox/" + manifest.dropLast("/manifest.json".count)
        for table in ["anjian", "dangshiren"] {
            let same = try reconcile(["--source", source, "--right", batch, "--table", table], status: 0)
            #expect(same.differences == 0)
            #expect(same.left.rows > 100)
        }
        let loaded = try sitong(["load", batch, "--max-bad", "50%"])
        #expect(loaded.status == 0, "\(loaded.errors)")
        let connection = try PostgresConnection(site.library, applicationName: "tests")
        let receipt = try connection.execute(
            "SELECT count(*) FROM sitong.quarantine WHERE table_name = 'anjian'")
        let quarantined = try #require((receipt.first?.first ?? nil).flatMap { Int($0) })
        #expect(quarantined > 0)
        let found = try reconcile(
            ["--left", batch, "--right", "library", "--table", "anjian", "--out", "d.jsonl"], status: 1)
        #expect(found.by_kind["missing-right", default: 0] == quarantined)
        #expect(found.by_cause["quarantined", default: 0] == quarantined)
        #expect(found.by_kind["missing-left"] == nil)
        #expect(found.by_kind["changed"] == nil)
        #expect(found.left.rows - found.right.rows == quarantined + found.by_kind["duplicate", default: 0])
        // A row that is lost in the library, and one that was changed there, are found beside them.
        try connection.execute(
            """
            UPDATE anjian SET ah = ah || ' ' WHERE ajbs = (SELECT min(ajbs) FROM anjian);
            DELETE FROM anjian WHERE ajbs = (SELECT max(ajbs) FROM anjian)
            """)
        let after = try reconcile(
            ["--source", source, "--right", "library", "--table", "anjian"], status: 1)
        #expect(after.by_kind["missing-right", default: 0] == quarantined + 1)
        #expect(after.by_cause["quarantined", default: 0] == quarantined)
        #expect(after.by_kind["changed"] == 1)
    }
}
