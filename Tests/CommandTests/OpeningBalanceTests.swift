import PostgresClient
import TestSupport
import Testing

/// Opening balances (旧存) that differ from the last closing ones (上期未结): over a real library, case by case.
@Suite(.serialized) struct OpeningBalanceTests {
    /// What became of cases of 豫1702 after the period was closed.
    private struct Changed {
        var deleted = ""
        var moved = ""
        var closed = ""
        let late = "late-1"
    }

    private func change(_ connection: PostgresConnection) throws -> Changed {
        var changed = Changed()
        let open = try connection.execute(
            """
            SELECT key[1] FROM sitong.closed_case
            WHERE form = 'F01' AND court = '豫1702' AND '1,wj' = ANY (cells) ORDER BY 1 LIMIT 4
            """
        ).compactMap { $0[0] }
        try #require(open.count == 4)
        (changed.deleted, changed.moved, changed.closed) = (open[0], open[1], open[2])
        try connection.execute("DELETE FROM anjian WHERE ajbs = $1", [changed.deleted])
        try connection.execute("UPDATE anjian SET fydm = '豫17' WHERE ajbs = $1", [changed.moved])
        try connection.execute("UPDATE anjian SET jarq = '2026-10-31' WHERE ajbs = $1", [changed.closed])
        try connection.execute(
            """
            INSERT INTO anjian SELECT (jsonb_populate_record(a, '{"ajbs": "\(changed.late)"}')).* FROM anjian a
            WHERE a.ajbs = $1
            """, [open[3]])
        return changed
    }

    /// The explanations of a court's total row: reason by case, those that the opening balance has not marked by `-`.
    private func cases(_ result: JSONValue, of court: String) -> [String: String]? {
        guard case .array(let openings)? = result["openings"],
            let opening = openings.first(where: {
                $0["court"] == .string(court) && $0["form"] == .string("F01") && $0["row"] == .string("1")
            }), case .array(let cases)? = opening["cases"]
        else { return nil }
        var reasons: [String: String] = [:]
        for one in cases {
            guard case .array(let key)? = one["key"], case .string(let name)? = key.first,
                case .string(let reason)? = one["reason"]
            else { continue }
            let other = if case .string(let court)? = one["other_court"] { " \(court)" } else { "" }
            reasons[name] = (one["more"] == .bool(true) ? "+" : "-") + reason + other
        }
        return reasons
    }

    @Test func `an opening balance that differs is explained by the cases that came and went since the closing`()
        throws
    {
        let site = try BrokenRunSite()
        let run = try site.run()
        #expect(run.status < 2, "\(run.errors)")
        func sitong(_ arguments: String...) throws -> SitongProcess {
            let process = try SitongProcess.run(arguments, in: site.folder.path, environment: site.environment)
            #expect(process.status < 2, "\(arguments.joined(separator: " ")): \(process.errors)")
            return process
        }
        let connection = try PostgresConnection(site.library, applicationName: "tests")
        _ = try sitong("library", "period", "close", BrokenRunProvince.period)
        let changed = try change(connection)
        _ = try sitong("forms", "compute", "--period", "2026-11", "--without-last-year")
        let checked = try sitong("reconcile", "forms", "--period", "2026-11", "--json")
        let result = try JSONValue(parsing: checked.output)
        let more = [changed.late: "+back-dated", changed.deleted: "-deleted", changed.closed: "-changed"]
        #expect(cases(result, of: "豫17") == more)
        #expect(
            cases(result, of: "豫1702") == more.merging([changed.moved: "-moved-away 豫17"], uniquingKeysWith: { $1 }))
        #expect(!checked.errors.contains("was not closed"))
        let kept = try connection.execute(
            "SELECT message FROM sitong.mismatch WHERE rule = 'F01.opening-is-previous-open' AND court = '豫17'")
        #expect(kept.contains { $0[0]?.contains(changed.late) ?? false }, "\(kept)")

        // Opened again, it keeps no cases that would count: the difference is told, and that it cannot be explained.
        _ = try sitong("library", "period", "reopen", BrokenRunProvince.period, "--reason", "test")
        let unkept = try sitong("reconcile", "forms", "--period", "2026-11", "--json", "--lang", "en")
        #expect(cases(try JSONValue(parsing: unkept.output), of: "豫17") == nil)
        #expect(unkept.output.contains("\"openings\"") && unkept.errors.contains("was not closed"), "\(unkept.errors)")
    }
}
