import Foundation
import PostgresClient
import TestSupport
import Testing

/// Closing a period over a real library: what is kept, what late data does, what is refused.
@Suite(.serialized) struct PeriodTests {
    private static let period = BrokenRunProvince.period

    private struct Site {
        let site: BrokenRunSite
        let connection: PostgresConnection

        init() throws {
            site = try BrokenRunSite()
            let run = try site.run()
            guard run.status == 0 || run.status == 1 else { throw BrokenRunFailure(text: run.errors) }
            connection = try PostgresConnection(site.library, applicationName: "tests")
        }

        func sitong(_ arguments: [String], status: Int32 = 0, fault: String? = nil) throws -> SitongProcess {
            var environment = site.environment
            environment["SITONG_FAULT"] = fault
            let process = try SitongProcess.run(arguments, in: site.folder.path, environment: environment)
            #expect(process.status == status, "\(arguments.joined(separator: " ")): \(process.errors)")
            return process
        }

        func changes() throws -> JSONValue {
            try JSONValue(parsing: try sitong(["library", "period", "show", PeriodTests.period, "--json"]).output)
        }

        var kept: [[String?]] {
            get throws {
                try connection.execute(
                    """
                    SELECT (SELECT sum(hashtext(f::text)::bigint) FROM sitong.closed_figure f),
                           (SELECT sum(hashtext(c::text)::bigint) FROM sitong.closed_case c)
                    """)
            }
        }

        /// A case like one that was filed in the period, under another name; and one of the period that goes.
        func comeLate() throws -> (new: String, gone: String) {
            try connection.execute(
                """
                INSERT INTO anjian SELECT (jsonb_populate_record(a, '{"ajbs": "late-1"}')).* FROM anjian a
                WHERE a.ajbs = (SELECT min(ajbs) FROM anjian WHERE larq BETWEEN '2026-10-01' AND '2026-10-31' AND fydm = '豫1702')
                """)
            let gone = try connection.execute(
                """
                DELETE FROM anjian WHERE ajbs = (
                    SELECT max(ajbs) FROM anjian WHERE jarq BETWEEN '2026-10-01' AND '2026-10-31' AND fydm = '豫17')
                RETURNING ajbs
                """)
            return ("late-1", try #require(gone.first?.first ?? nil))
        }
    }

    @Test("a closed period keeps its figures and its cases; what comes late is told cell by cell and case by case")
    func closedPeriod() throws {
        let site = try Site()
        _ = try site.sitong(["library", "period", "close", Self.period, "--reason", "reported"])
        // What was kept is what `forms compute` counted in the same state, and the cases behind each count are as many.
        let counted = try site.connection.execute(
            """
            SELECT count(*), count(*) FILTER (WHERE c.value IS NOT DISTINCT FROM f.value AND c.own IS NOT DISTINCT FROM f.own)
            FROM sitong.closed_figure c FULL JOIN (
                SELECT * FROM sitong.figure WHERE source = 'computed' AND run = '\(BrokenRunSite.runID)'
            ) f USING (form, court, row_code, column_code)
            """)
        #expect(counted.first?.first == counted.first?.last && counted.first?.first != "0")
        let members = try site.connection.execute(
            """
            SELECT f.value, (
                SELECT count(*) FROM sitong.closed_case c WHERE c.form = f.form AND f.row_code || ',' || f.column_code = ANY (cells))
            FROM sitong.closed_figure f
            WHERE form = 'F01' AND court = '豫17' AND column_code IN ('jc', 'xs', 'yj', 'wj')
            """)
        #expect(members.count > 20 && members.allSatisfy { $0[0] == $0[1] }, "\(members)")
        let nothing = try site.changes()
        #expect(nothing["figure_count"] == .number(0) && nothing["case_count"] == .number(0))

        let kept = try site.kept
        let (new, gone) = try site.comeLate()
        let text = try site.sitong(["library", "period", "show", Self.period]).output
        #expect(text.contains("F01[1, xs] 豫1702") && text.contains("(+1)"), "\(text)")
        #expect(text.contains("F01[1, yj] 豫17 ") && text.contains("(-1)"))
        #expect(text.contains("F01 豫1702 \(new)  +[") && text.contains("+[1,xs]"))
        #expect(text.contains("F01 豫17 \(gone)  -[") && text.contains("-[1,yj]"))
        #expect(try site.kept == kept)

        let refused = try site.sitong(["forms", "compute", "--period", Self.period], status: 73)
        #expect(refused.errors.contains("period-closed"))
        _ = try site.sitong(["library", "period", "close", Self.period], status: 73)
        // The year after shows what was reported, not what would be counted today.
        _ = try site.sitong(["forms", "compute", "--period", "2027-10"])
        let lastYear = try site.connection.execute(
            """
            SELECT count(*), count(*) FILTER (WHERE f.value IS DISTINCT FROM c.value)
            FROM sitong.figure f JOIN sitong.closed_figure c USING (form, court, row_code, column_code)
            WHERE f.source = 'last-year' AND f.run = 'alone' AND f.period = '\(Self.period)'
            """)
        #expect(lastYear.first?.first == counted.first?.first && lastYear.first?.last == "0")
    }

    @Test("reopening needs a reason, which is kept with the first closing; a period may be closed again")
    func reopening() throws {
        let site = try Site()
        let reopen = ["library", "period", "reopen", Self.period]
        _ = try site.sitong(reopen + ["--reason", "late"], status: 66)
        _ = try site.sitong(["library", "period", "show", Self.period], status: 66)
        _ = try site.sitong(["library", "period", "close", Self.period])
        _ = try site.sitong(reopen, status: 64)
        _ = try site.sitong(reopen + ["--reason", " "], status: 64)
        _ = try site.comeLate()
        _ = try site.sitong(reopen + ["--reason", "豫1702 补报一件"])
        _ = try site.sitong(["forms", "compute", "--period", Self.period])
        _ = try site.sitong(["library", "period", "close", Self.period])
        #expect(try site.changes()["figure_count"] == .number(0))
        let closings = try site.connection.execute(
            "SELECT closing, reopen_reason, reopened_at IS NULL FROM sitong.period_closing ORDER BY 1")
        #expect(closings == [["1", "豫1702 补报一件", "f"], ["2", nil, "t"]])
        #expect(
            try site.connection.execute("SELECT DISTINCT closing FROM sitong.closed_figure ORDER BY 1") == [
                ["1"], ["2"],
            ])
        let list = try site.sitong(["library", "period", "list"]).output
        #expect(list.contains("豫1702 补报一件") && list.split(separator: "\n").count == 2)
    }

    @Test("closing a period, killed before its commit, keeps nothing; after it, all is kept")
    func brokenClosing() throws {
        let site = try Site()
        let close = ["library", "period", "close", Self.period]
        _ = try site.sitong(close, status: -SIGKILL, fault: "period.beforeCloseCommit")
        #expect(try site.kept == [[nil, nil]])
        _ = try site.sitong(close, status: -SIGKILL, fault: "period.afterCloseCommit")
        let kept = try site.kept
        #expect(kept != [[nil, nil]])
        _ = try site.sitong(close, status: 73)
        #expect(try site.kept == kept)
        let reopen = ["library", "period", "reopen", Self.period, "--reason", "补报"]
        _ = try site.sitong(reopen, status: -SIGKILL, fault: "period.beforeReopenCommit")
        // It is closed as before: reopening it works once more.
        _ = try site.sitong(close, status: 73)
        _ = try site.sitong(reopen)
        #expect(try site.kept == kept)
    }
}
