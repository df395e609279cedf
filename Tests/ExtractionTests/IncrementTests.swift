import Batches
import Columnar
import CourtModel
import DataAccess
import Definitions
import Diagnostics
import Extraction
import Foundation
import PostgresClient
import SQLiteClient
import Schema
import TestSupport
import Testing

/// What the next extract brings: nothing that the last one could not see is lost, nothing stops at bytes that are no text.
@Suite("The next extract") struct IncrementTests {
    let directory: TemporaryDirectory
    let outbox: Outbox

    init() throws {
        directory = try TemporaryDirectory()
        outbox = try Outbox(directory.appending("outbox"))
    }

    /// A period so late that only the last extract says from when on changes are asked for.
    private static func late() throws -> ExtractionRange { .period(try #require(StatisticalPeriod("2999-01"))) }

    private static let mapping = [
        ("ajbs", "c_ajbs"), ("ah", "c_ah"), ("fydm", "c_fy"), ("larq", "dt_larq"), ("jafs", "n_jafs"),
        ("qsbdje", "n_je"), ("cbr", "c_cbr"), ("gxsj", "dt_gxsj"),
    ].map { SourceDefinition.ColumnMapping(column: $0.0, source: $0.1) }

    /// The cases of the fixture by name and columns, without a query.
    private static func mapped(_ source: SourceDefinition) -> SourceDefinition {
        var mapped = source
        mapped.tables = [.init(table: "anjian", query: .from("t_aj", columns: mapping), watermark: "gxsj")]
        return mapped
    }

    private func keys(_ result: ExtractionResult) throws -> [String] {
        try SourceFixture.rows(result.folder, "anjian").compactMap { $0[0] }.sorted()
    }

    @Test("brings rows that a slow transaction committed after the last one, however old their watermark")
    func lateCommit() throws {
        let (source, connection) = try SourceFixture.postgres()
        try connection.execute("UPDATE t_aj SET dt_gxsj = '2026-10-02' WHERE dt_gxsj IS NULL")
        let slow = try PostgresConnection(source.connection.conninfo, applicationName: "slow")
        try slow.begin()
        try slow.execute("INSERT INTO t_aj VALUES ('late', 'ah', '豫1702', '2026-10-01', 1, 1, '戊', '2020-01-01')")
        try slow.execute("UPDATE t_aj SET n_je = 7 WHERE c_ajbs = 'a2'")

        let mapped = Self.mapped(source)
        let first = try Extractor.extract(SourceFixture.request(mapped, try Self.late()), to: outbox)
        #expect(try keys(first) == ["a1", "a2", "a3", "a4"])
        let number = try slow.execute("SELECT pg_current_xact_id()").first?.first ?? nil
        try slow.commit()
        // Other tests have transactions in the same server, of which this one may be younger.
        let areOver = "SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8"
        for _ in 0..<600 where try connection.execute(areOver, [number]) != [["t"]] { usleep(100_000) }
        let second = try Extractor.extract(SourceFixture.request(mapped, try Self.late(), run: "2"), to: outbox)
        #expect(second.batch.manifest.kind == .delta)
        #expect(Set(try keys(second)).isSuperset(of: ["a2", "late"]))
        // Once they came, they do not come again.
        let third = try Extractor.extract(SourceFixture.request(mapped, try Self.late(), run: "3"), to: outbox)
        #expect(try keys(third).isEmpty)
    }

    @Test("asks for changes since the begin of the oldest transaction that the last one did not see the end of")
    func resumesAtOldestBegin() throws {
        let (source, _) = try SourceFixture.postgres()
        let slow = try PostgresConnection(source.connection.conninfo, applicationName: "slow")
        try slow.begin()
        let format = "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'"
        let begin = try slow.execute("SELECT to_char(now() AT TIME ZONE 'UTC', \(format))").first?.first ?? nil
        let result = try Extractor.extract(SourceFixture.request(source), to: outbox)
        #expect(result.batch.manifest.resumeFrom == begin)
        #expect((result.batch.manifest.resumeFrom ?? "Z") < result.batch.manifest.snapshotTime)
        #expect(try outbox.stream(source.name).last?.resumeFrom == begin)
    }

    @Test("of another database than the last one does not take its count of transactions for its own")
    func otherDatabase() throws {
        let first = Self.mapped(try SourceFixture.postgres().source)
        _ = try Extractor.extract(SourceFixture.request(first, try Self.late()), to: outbox)
        let (other, connection) = try SourceFixture.postgres()
        try connection.execute("UPDATE t_aj SET dt_gxsj = '2026-10-02'")
        let second = try Extractor.extract(
            SourceFixture.request(Self.mapped(other), try Self.late(), run: "2"), to: outbox)
        #expect(try keys(second).isEmpty)
    }

    @Test("over several connections gives every row once, of one state, as over one")
    func ranges() throws {
        let (source, connection) = try SourceFixture.postgres()
        try connection.execute(
            """
            INSERT INTO t_aj SELECT 'b' || n, repeat('案', 20), '豫1704', '2026-10-01', 1, n, md5(n::text), '2026-10-01'
            FROM generate_series(1, 60000) n
            """)
        var request = SourceFixture.request(Self.mapped(source))
        let one = try keys(Extractor.extract(request, to: outbox))
        request.connections = 3
        request.runKey = "2"
        var isFirst = true
        let several = try Extractor.extract(request, to: outbox) { _ in
            guard isFirst else { return }
            isFirst = false
            // Too late for the snapshot, which all connections share.
            _ = try? connection.execute("UPDATE t_aj SET c_ajbs = 'x' || c_ajbs WHERE c_ajbs > 'b5'")
        }
        #expect(try connection.execute("SELECT count(*) > 0 FROM t_aj WHERE c_ajbs LIKE 'xb%'") == [["t"]])
        #expect(one.count == 60004)
        #expect(try keys(several) == one)
    }

    @Test("plans the very statements that it would run, and runs none")
    func plan() throws {
        let source = Self.mapped(try SourceFixture.postgres().source)
        let since = try #require(CivilDate("2026-10-02"))
        let plan = try Extractor.plan(
            SourceFixture.request(source, .changes(since: since, until: nil)), to: outbox)
        #expect(plan.count == 1)
        #expect(plan.first?.isWhole == false)
        #expect(
            plan.first?.sql.hasSuffix(
                """
                FROM "t_aj" t
                WHERE (t."dt_gxsj" IS NULL OR (t."dt_gxsj" >= '2026-10-02' AND t."dt_gxsj" < '9999-12-31'))
                """) == true)
        #expect(SourceFixture.tree(outbox.folder) == [".chain", ".chain/vendor-a.lock"])
    }

    @Test("takes a blob for the text that its bytes are, and sees a text that is one only together with its neighbour")
    func bytesOfBlobs() throws {
        var (source, database) = try SourceFixture.sqlite(directory)
        source.tables = [source.tables[0]]
        source.tables[0].query = .select(
            "SELECT a AS ajbs, b AS ah, c AS cbr, '2026-10-01' AS larq, '1702' AS fydm FROM b")
        // E6 B3 95 is one character; a zero byte is no text that a library could hold.
        try database.execute(
            """
            CREATE TABLE b (a, b, c);
            INSERT INTO b VALUES ('a1', x'E6B395', x''), ('a2', CAST(x'E6B3' AS TEXT), CAST(x'95' AS TEXT)),
                ('a3', 'x' || char(0), 'y'), ('a4', 'z', x'00')
            """)
        let result = try Extractor.extract(SourceFixture.request(source), to: outbox)
        #expect(try SourceFixture.rows(result.folder, "anjian") == [["a1", "法", "豫1702", "2026-10-01", ""]])
        let kept = try SourceFixture.rows(result.folder, "anjian", .quarantine).compactMap(QuarantinedRow.init)
        #expect(kept.map(\.row) == [2, 3, 4])
        #expect(kept.map(\.column) == ["ah", "ah", "cbr"])
        // Each of them alone in its block, too, since a block is looked at as a whole first.
        let alone = [
            "CAST(x'E6B3' AS TEXT), CAST(x'95' AS TEXT)", "'x' || char(0), 'y'", "'z', x'00'", "x'41C5', 'y'",
            "'z', x'E6B3'",
        ]
        for (number, values) in alone.enumerated() {
            try database.execute("DELETE FROM b; INSERT INTO b VALUES ('a5', \(values))")
            let again = try Extractor.extract(SourceFixture.request(source, run: "alone \(number)"), to: outbox)
            let kept = try SourceFixture.rows(again.folder, "anjian", .quarantine).compactMap(QuarantinedRow.init)
            #expect(kept.map(\.row) == [1], "\(values)")
            #expect(try SourceFixture.rows(again.folder, "anjian") == [], "\(values)")
        }
    }

    @Test(
        "sets rows aside that are no text, with their bytes, and brings the others", arguments: ["sqlite", "postgres"])
    func notText(_ engine: String) throws {
        let source: SourceDefinition
        if engine == "sqlite" {
            let (found, database) = try SourceFixture.sqlite(directory)
            try database.execute("UPDATE AJXX SET ANHAO = CAST(x'B0B8BAC5' AS TEXT) WHERE AJXH = 'a2'")
            source = found
        } else {
            // A database without an encoding keeps whatever bytes it is given.
            let (found, _) = try SourceFixture.postgres()
            let admin = try PostgresConnection(found.connection.conninfo, applicationName: "tests")
            let name = "raw_\(UInt32.random(in: 0 ... .max))"
            try admin.execute(
                "CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
            let words = found.connection.conninfo.split(separator: " ").filter { !$0.hasPrefix("dbname=") }
            let conninfo = (words + ["dbname=\(name)"]).joined(separator: " ")
            let raw = try PostgresConnection(conninfo, applicationName: "tests")
            try raw.execute(
                """
                CREATE TABLE t_aj (c_ajbs text, c_ah text, c_fy text, dt_larq date, n_jafs int, n_je numeric(18,2),
                                   c_cbr text, dt_gxsj timestamp);
                INSERT INTO t_aj VALUES
                    ('a1', '一', '豫1702', '2026-09-01', 1, 1, '甲', NULL),
                    ('a2', E'\\xB0\\xB8\\xBA\\xC5', '豫1702', '2026-09-01', 1, 1, '甲', NULL),
                    ('a3', '三', '豫1702', '2026-09-01', 1, 1, '甲', NULL),
                    ('a4', '四', '豫1702', '2026-09-01', 1, 1, '甲', NULL)
                """)
            var mapped = Self.mapped(found)
            mapped.connection = .postgres(conninfo)
            source = mapped
        }
        let result = try Extractor.extract(SourceFixture.request(source), to: outbox)
        #expect(try keys(result) == ["a1", "a3", "a4"])
        #expect(result.batch.manifest.rowCount == (engine == "sqlite" ? 5 : 3))
        let kept = try SourceFixture.rows(result.folder, "anjian", .quarantine)
        #expect(kept.count == 1)
        let texts = try #require(kept.first)
        let row = try #require(QuarantinedRow(texts: texts))
        #expect((row.row, row.column, row.reason) == (2, "ah", "encoding"))
        #expect(row.raw.starts(with: "a2,".utf8))
        #expect(Data(row.raw).range(of: Data([0xB0, 0xB8, 0xBA, 0xC5])) != nil)
        #expect(result.batch.manifest.quarantined?.map(\.rows) == [1])
        _ = try BatchReader.open(result.folder, verify: .content)
    }
}

extension SourceDefinition.Connection {
    fileprivate var conninfo: String {
        if case .postgres(let text) = self { return text }
        return ""
    }
}
