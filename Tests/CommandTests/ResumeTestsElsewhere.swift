import Foundation
import PostgresClient
import TestSupport
import Testing

/// What is broken off beside the monthly run: the library's making, its own server, and refusing a batch.
@Suite(.serialized) struct ResumeElsewhereTests {
    @Test("a run whose first line was cut short had not begun: the next one takes its name and its place")
    func cutShortBeforeItBegan() throws {
        let undisturbed = try UndisturbedRun.shared.get()
        let site = try BrokenRunSite()
        try site.folder.write(#"{"event":"run-sta"#, to: ".sitong/runs/\(BrokenRunSite.runID)/journal.jsonl")
        let resumed = try site.run(["--resume"])
        #expect(resumed.status == 66 && resumed.errors.contains("run-unknown"))
        #expect(try site.differences(from: undisturbed, status: site.resume().status) == [])
        #expect(site.journal.contains("run-finished"))
    }

    @Test("a run waits for what the server still does for a killed one, and gives up on a process that goes on")
    func lockOfTheKilled() throws {
        let undisturbed = try UndisturbedRun.shared.get()
        let site = try BrokenRunSite()
        #expect(try site.run(fault: "run.afterStep:3").status == -SIGKILL)
        // As the server's session of a killed process: it holds the library until it notices.
        let other = try PostgresConnection(site.library, applicationName: "tests")
        try other.execute("SELECT pg_advisory_lock(hashtext('sitong.library'))")
        let refused = try site.resume()
        #expect(refused.status == 75 && refused.errors.contains("library-locked"))
        let resumed = try site.start(["--resume"])
        #expect(
            resumed.wait {
                site.journal.matches(of: #/"step-started"[^\n]*"load"|"load"[^\n]*"step-started"/#).count >= 2
            })
        usleep(700_000)
        try other.execute("SELECT pg_advisory_unlock(hashtext('sitong.library'))")
        #expect(try site.differences(from: undisturbed, status: resumed.wait().status) == [])
    }

    @Test("the server breaks off at once what it does for a killed process")
    func brokenSession() throws {
        let site = try BrokenRunSite()
        let observer = try PostgresConnection(site.library, applicationName: "tests")
        let holder = try PostgresConnection(site.library, applicationName: "tests")
        // The load waits within its transaction for a table that is held here.
        try holder.execute("BEGIN; LOCK TABLE public.anjian IN ACCESS EXCLUSIVE MODE")
        let started = try site.start()
        let waiting =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        #expect(started.wait { (try? observer.execute(waiting)) == [["1"]] })
        kill(started.number, SIGKILL)
        _ = started.wait()
        let deadline = Date().addingTimeInterval(60)
        while try observer.execute(waiting) != [["0"]], Date() < deadline { usleep(100_000) }
        #expect(try observer.execute(waiting) == [["0"]])
        try holder.execute("ROLLBACK")
        #expect(try site.differences(from: UndisturbedRun.shared.get(), status: site.resume().status) == [])
    }

    @Test("a server that a killed run left running is adopted, and stopped when the resumed run ends")
    func brokenEmbeddedRun() throws {
        let folder = try OpenFolder()
        let made = try SitongProcess.run(
            ["demo", "--prepare-only", "--dir", "D", "--courts", "2", "--cases", "600", "--seed", "7"], in: folder.path)
        #expect(made.status == 0, "\(made.errors)")
        RealPart.note(.postgres)
        let place = folder.path + "/D"
        defer { _ = try? SitongProcess.run(["library", "stop", "--library", "library"], in: place) }
        #expect(processes(in: place) == [])
        func run(_ arguments: [String] = [], fault: String? = nil) throws -> SitongProcess {
            var environment = ["SITONG_LIBRARY": "library", "SITONG_INBOX": "inbox"]
            environment["SITONG_FAULT"] = fault
            return try SitongProcess.run(
                ["run", "monthly", "--period", BrokenRunProvince.period] + arguments, in: place,
                environment: environment)
        }
        // Its trial database in PostgreSQL is in the same server, which therefore has to run from the beginning.
        #expect(try SitongProcess.run(["library", "start", "--library", "library"], in: place).status == 0)
        #expect(try run(fault: "run.afterStep:3").status == -SIGKILL)
        #expect(try SitongProcess.run(["library", "stop", "--library", "library"], in: place).status == 0)
        for fault in ["library.afterServerStart", "load.beforeCommit", "library.beforeFindingsCommit"] {
            #expect(try run(["--resume"], fault: fault).status == -SIGKILL)
            #expect(!processes(in: place).isEmpty, "the server went down with the process killed at \(fault)")
        }
        let resumed = try run(["--resume"])
        #expect(resumed.status == 1, "\(resumed.errors)")
        #expect(processes(in: place) == [])
        let status = try SitongProcess.run(["library", "status", "--library", "library"], in: place)
        #expect(status.output.hasPrefix("stopped"))
        #expect(FileManager.default.fileExists(atPath: place + "/reports/2026-10/report.xlsx"))

        // One that an operator started is not ours to stop.
        #expect(try SitongProcess.run(["library", "start", "--library", "library"], in: place).status == 0)
        #expect(try run().status == 1)
        #expect(!processes(in: place).isEmpty)
    }

    @Test("making a cluster, killed at each place, is repeated to a cluster that works")
    func brokenCluster() throws {
        for fault in ["library.beforeInitdb", "library.afterInitdb", "library.beforeClusterMarker"] {
            let folder = try OpenFolder()
            let make = ["library", "init", "--embedded", "L"]
            let killed = try SitongProcess.run(make, in: folder.path, environment: ["SITONG_FAULT": fault])
            #expect(killed.status == -SIGKILL)
            let status = try SitongProcess.run(["library", "status", "--library", "L"], in: folder.path)
            #expect(status.output.contains("interrupted"), "\(fault): \(status.output)")
            #expect(try SitongProcess.run(make, in: folder.path).status == 0)
            let applied = try SitongProcess.run(["schema", "apply", "--library", "L"], in: folder.path)
            #expect(applied.status == 0, "\(fault): \(applied.errors)")
            #expect(processes(in: folder.path) == [])
        }
    }

    @Test("applying the schema, killed at each place, is repeated to the same tables")
    func brokenSchema() throws {
        let folder = try TemporaryDirectory()
        func definition(_ library: String) throws -> [[String?]] {
            try PostgresConnection(library, applicationName: "tests").execute(
                """
                SELECT table_schema, table_name, column_name, data_type, is_nullable FROM information_schema.columns
                WHERE table_schema IN ('public', 'sitong') ORDER BY 1, 2, ordinal_position
                """)
        }
        let whole = try definition(BrokenRunProvince.shared.get().emptyLibrary)
        #expect(whole.count > 50)
        for fault in ["library.afterLedgerTables", "library.afterSchemaChanges"] {
            let library = try TestPostgres.freshDatabase()
            let apply = ["schema", "apply", "--library", library]
            let killed = try SitongProcess.run(apply, in: folder.path, environment: ["SITONG_FAULT": fault])
            #expect(killed.status == -SIGKILL)
            let applied = try SitongProcess.run(apply, in: folder.path)
            #expect(applied.status == 0, "\(applied.errors)")
            #expect(try definition(library) == whole)
            let versions = try PostgresConnection(library, applicationName: "tests").execute(
                "SELECT count(*) FROM sitong.schema_version")
            #expect(versions == [["1"]])
        }
    }

    @Test(
        "loading rows that differ from those of before, killed at each place, changes nothing; tried again, all is done"
    )
    func brokenMerge() throws {
        let site = try BrokenRunSite()
        _ = try site.run()
        let connection = try PostgresConnection(site.library, applicationName: "tests")
        // As if the source had changed since: its next whole batch brings some rows back and changes others.
        try connection.execute(
            """
            DELETE FROM anjian WHERE ajbs IN (SELECT ajbs FROM anjian WHERE fydm = '豫1702' ORDER BY ajbs LIMIT 5);
            UPDATE anjian SET ah = ah || '?'
            WHERE ajbs IN (SELECT ajbs FROM anjian WHERE fydm = '豫1702' ORDER BY ajbs LIMIT 7)
            """)
        func state() throws -> [[String?]] {
            try connection.execute(
                """
                SELECT (SELECT count(*) FROM anjian), (SELECT sum(hashtext(ajbs || ah)::bigint) FROM anjian),
                       (SELECT count(*) FROM sitong.batch), (SELECT count(*) FROM anjian_log)
                """)
        }
        let before = try state()
        let source = "sources/yu1702.yaml"
        let extract = try SitongProcess.run(
            ["extract", "--source", source, "--to", ".sitong/outbox", "--full", "--json"], in: site.folder.path,
            environment: site.environment)
        #expect(extract.status == 0, "\(extract.errors)")
        let batch = try #require(extract.output.firstMatch(of: #/"batch" *: *"([^"]+)"/#)?.1)
        let load = ["load", ".sitong/outbox/\(batch)", "--library", site.library]
        for fault in ["load.afterComparison", "load.afterHistory"] {
            let killed = try SitongProcess.run(load, in: site.folder.path, environment: ["SITONG_FAULT": fault])
            #expect(killed.status == -SIGKILL, "\(fault): \(killed.errors)")
            #expect(try state() == before, "\(fault)")
        }
        let loaded = try SitongProcess.run(load, in: site.folder.path)
        #expect(loaded.status == 0, "\(loaded.errors)")
        let after = try state()
        #expect(after != before)
        // A replay.
        #expect(try SitongProcess.run(load, in: site.folder.path).status == 0)
        #expect(try state() == after)
    }

    @Test("undoing a batch, killed before or after its commit, is undone once and whole")
    func brokenRevert() throws {
        let site = try BrokenRunSite()
        _ = try site.run()
        let connection = try PostgresConnection(site.library, applicationName: "tests")
        let last = try connection.execute("SELECT batch FROM sitong.batch ORDER BY number DESC LIMIT 1")
        let batch = try #require(last.first?.first ?? nil)
        let revert = ["library", "revert", batch, "--reason", "wrong file", "--library", site.library]
        func state() throws -> [[String?]] {
            try connection.execute("SELECT batch, status FROM sitong.batch ORDER BY number")
        }
        let rows = "SELECT count(*), sum(hashtext(t::text)::bigint) FROM anjian t"
        let (before, rowsBefore) = (try state(), try connection.execute(rows))
        let early = try SitongProcess.run(
            revert, in: site.folder.path, environment: ["SITONG_FAULT": "revert.beforeLedger"])
        #expect(early.status == -SIGKILL)
        #expect(try state() == before)
        #expect(try connection.execute(rows) == rowsBefore)
        let late = try SitongProcess.run(
            revert, in: site.folder.path, environment: ["SITONG_FAULT": "revert.afterCommit"])
        #expect(late.status == -SIGKILL)
        let (after, rowsAfter) = (try state(), try connection.execute(rows))
        #expect(after.contains { $0.last == "reverted" } && after.count == before.count + 1)
        // It is undone already, which is said, and nothing changes.
        let again = try SitongProcess.run(revert, in: site.folder.path)
        #expect(again.status == 66, "\(again.errors)")
        #expect(try state() == after)
        #expect(try connection.execute(rows) == rowsAfter)
    }

    @Test("trying quarantined rows again, killed before its commit, changes nothing; after it, all is done")
    func brokenRetry() throws {
        let site = try BrokenRunSite()
        _ = try site.run()
        let connection = try PostgresConnection(site.library, applicationName: "tests")
        // As a row that a rule kept out which is no longer there.
        try connection.execute(
            """
            INSERT INTO sitong.quarantine (id, batch, part, row, table_name, reason, message_en, message_zh, raw, columns)
            SELECT coalesce((SELECT max(id) FROM sitong.quarantine), 0) + 1, batch, part, 999999, table_name, 'A-1', '-', '-',
                   convert_to('retried,豫17', 'UTF8'), 'ajbs,fydm'
            FROM sitong.load_part WHERE table_name = 'anjian' ORDER BY batch LIMIT 1;
            UPDATE sitong.load_part p SET rows_in = rows_in + 1, quarantined = quarantined + 1
            FROM sitong.quarantine q WHERE q.row = 999999 AND (p.batch, p.part) = (q.batch, q.part)
            """)
        let state = """
            SELECT (SELECT count(*) FROM anjian), (SELECT state FROM sitong.quarantine WHERE row = 999999),
                   (SELECT sum(inserted) FROM sitong.load_part)
            """
        try site.folder.write(
            """
            table: anjian
            title: 案件
            key: [ajbs]
            columns: [{name: ajbs, type: text(50)}, {name: fydm, type: text(20)}]
            """, to: "mended/anjian.yaml")
        let retry = ["quarantine", "retry", "--library", site.library, "--schemas", "mended"]
        let before = try connection.execute(state)
        func killed(_ fault: String) throws -> Int32 {
            try SitongProcess.run(retry, in: site.folder.path, environment: ["SITONG_FAULT": fault]).status
        }
        #expect(try killed("quarantine.beforeRetryCommit") == -SIGKILL)
        #expect(try connection.execute(state) == before)
        #expect(try killed("quarantine.afterRetryCommit") == -SIGKILL)
        let after = try connection.execute(state)
        #expect(after != before && after.first?[1] == "fixed")
        let again = try SitongProcess.run(retry, in: site.folder.path)
        #expect(again.status == 0, "\(again.errors)")
        #expect(try connection.execute(state) == after)
    }

    @Test("refusing a batch, killed before the reason was written, is explained by the next reception")
    func brokenRefusal() throws {
        let site = try BrokenRunSite()
        #expect(try site.run(fault: "transfer.afterManifest").status == -SIGKILL)
        let inbox = site.folder.appending("inbox")
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: inbox).first { !$0.hasPrefix(".") })
        let part = "\(inbox)/\(name)/anjian/000001.csv.zst"
        let bytes = try #require(FileManager.default.contents(atPath: part))
        // As long as before, so that only the digest can tell.
        try Data(bytes.dropLast(8) + Array(repeating: 0, count: 8)).write(to: URL(fileURLWithPath: part))
        let receive = ["receive", "--from", "inbox"]
        let killed = try SitongProcess.run(
            receive, in: site.folder.path, environment: ["SITONG_FAULT": "receive.afterRefuse"])
        #expect(killed.status == -SIGKILL)
        #expect(!FileManager.default.fileExists(atPath: "\(inbox)/\(name)"))
        let reason = "\(inbox)/refused/\(name)/reason.json"
        #expect(!FileManager.default.fileExists(atPath: reason))
        _ = try SitongProcess.run(receive, in: site.folder.path)
        let text = try String(contentsOfFile: reason, encoding: .utf8)
        #expect(text.contains("anjian/000001.csv.zst"))
    }
}

/// A folder that the server's own user can enter, removed with all that is in it.
final class OpenFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/sitong-open-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(path, 0o711)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
