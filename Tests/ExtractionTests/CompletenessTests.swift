import Batches
import Columnar
import Definitions
import Diagnostics
import Extraction
import PostgresClient
import SQLiteClient
import Schema
import TestSupport
import Testing

/// What a submission lacks, and columns that are not the standard's: recorded always, refused where the source says so.
struct CompletenessTests {
    private let directory: TemporaryDirectory
    private let outbox: Outbox

    init() throws {
        directory = try TemporaryDirectory()
        outbox = try Outbox(directory.appending("outbox"))
    }

    private func extract(
        _ source: SourceDefinition, _ range: ExtractionRange = .full, run: String
    ) throws -> BatchManifest {
        try Extractor.extract(SourceFixture.request(source, range, run: run), to: outbox).batch.manifest
    }

    @Test("numbers that no case has, and rows by month, of a table that is read as a whole")
    func gaps() throws {
        var (source, connection) = try SourceFixture.postgres()
        source.tables[0].completeness = .init(number: "ah", date: "larq")
        try connection.execute(
            """
            INSERT INTO t_aj SELECT 'z' || n, '（2026）豫1702刑初' || n || '号', '豫1702', '2026-11-05', 1, 1, '', NULL
            FROM unnest(ARRAY[2, 3, 64, 65, 70]) n
            """)
        let manifest = try extract(source, run: "1")
        let cases = try #require(manifest.completeness?.first { $0.table == "anjian" })
        #expect(cases.rowsPerMonth == ["2026-09": 1, "2026-10": 2, "2026-11": 6])
        #expect(
            cases.gaps == [
                .init(series: "2026豫1702刑初", highest: 70, missing: 65, numbers: "1 4-63 66-69"),
                .init(series: "2026豫1702民初", highest: 4, missing: 1, numbers: "3"),
            ])
        #expect(cases.missingColumns == [] && cases.extraColumns == [])
        // Changes alone have gaps by nature.
        let day = try #require(CivilDate("2026-11-01"))
        let delta = try extract(source, .changes(since: day, until: nil), run: "2")
        #expect(delta.completeness == nil)
    }

    @Test("columns that one side does not have are recorded, and refused where the table says so")
    func drift() throws {
        var (source, _) = try SourceFixture.postgres()
        source.tables[0].query = .select(
            "SELECT c_ajbs AS ajbs, c_ah AS ah, c_fy AS fydm, dt_larq AS larq, 1 AS zzz, n_je AS qsbdje FROM t_aj")
        source.tables[0].watermark = nil
        source.tables[0].codes = [:]
        let manifest = try extract(source, run: "1")
        #expect(
            manifest.completeness == [
                .init(table: "anjian", extraColumns: ["zzz"], missingColumns: ["jafs", "cbr", "gxsj"])
            ])
        for (policy, column) in [
            (SourceDefinition.DriftPolicy(extra: .refuse), "zzz"), (.init(missing: .refuse), "jafs, cbr, gxsj"),
        ] {
            source.tables[0].drift = policy
            let error = #expect(throws: OperationError.self) { try extract(source, run: "2") }
            #expect(error?.code == "source-drift" && error?.status == .badData)
            #expect(error?.message.en.contains(column) == true, "\(error?.message.en ?? "")")
        }
        source.tables[0].query = .select(
            """
            SELECT c_ajbs AS ajbs, c_ah AS ah, c_fy AS fydm, dt_larq AS larq, n_jafs AS jafs, n_je AS qsbdje, c_cbr AS cbr,
                   dt_gxsj AS gxsj FROM t_aj
            """)
        source.tables[0].drift = .init(extra: .refuse, missing: .refuse)
        #expect(try extract(source, run: "3").completeness == nil)
    }

    @Test("columns that the source declares wider are recorded with both widths, and refused where the table says so")
    func widened() throws {
        let wide = [
            BatchManifest.WidenedColumn(column: "ah", source: "text(61)", standard: "text(60)"),
            .init(column: "qsbdje", source: "dec(18,3)", standard: "dec(18,2)"),
        ]
        // As wide as the standard, translated, or without a declared width: nothing can be said against them.
        let declarations = "c_ah varchar(61), c_cbr char(50), n_je numeric(18,3), c_ajbs text, c_fy varchar(200)"
        let select =
            "SELECT c_ajbs AS ajbs, c_ah AS ah, c_fy AS fydm, DATE AS larq, n_je AS qsbdje, c_cbr AS cbr FROM t_w"
        let (postgres, connection) = try SourceFixture.postgres()
        try connection.execute("CREATE TABLE t_w (\(declarations))")
        let (sqlite, database) = try SourceFixture.sqlite(directory)
        try database.execute("CREATE TABLE t_w (\(declarations.replacing("numeric(18,3)", with: "DECIMAL (18, 3)")))")
        for (run, source, day) in [("p", postgres, "date '2026-10-01'"), ("s", sqlite, "'2026-10-01'")] {
            var source = source
            source.tables = [source.tables[0]]
            source.tables[0].query = .select(select.replacing("DATE", with: day))
            source.tables[0].watermark = nil
            source.tables[0].codes = ["fydm": ["1702": "豫1702"]]
            #expect(try extract(source, run: run).completeness?.first?.widenedColumns == wide, "\(source.name)")
            source.tables[0].drift = .init(widened: .refuse)
            let error = #expect(throws: OperationError.self) { try extract(source, run: run + "2") }
            #expect(error?.code == "source-drift" && error?.status == .badData)
            #expect(
                error?.message.en.contains("ah (text(61), not text(60)), qsbdje (dec(18,3), not dec(18,2))") == true)
            #expect(error?.message.zh.contains("ah（text(61)，标准为 text(60)）") == true)
            source.tables[0].query = .select(
                select.replacing("DATE", with: day).replacing("c_ah AS", with: "c_cbr AS")
                    .replacing("n_je AS", with: "NULL AS"))
            #expect(try extract(source, run: run + "3").completeness?.first?.widenedColumns == nil)
        }
    }

    @Test("a source says how its tables may drift and what tells their completeness")
    func definition() throws {
        func load(_ table: String) throws -> SourceDefinition {
            let file = try directory.write(
                """
                source: s
                connect: {kind: sqlite, path: a.db}
                tables:
                  案件: {select: SELECT 1, \(table)}
                """, to: "s.yaml")
            return try DefinitionLoader.loadSource(file: file, schema: SourceFixture.schema)
        }
        let table = try load(
            "drift: {extra: refuse, missing: null, widened: refuse}, completeness: {number: 案号, date: larq}"
        ).tables[0]
        #expect(table.drift == .init(extra: .refuse, missing: .null, widened: .refuse))
        #expect(table.completeness == .init(number: "ah", date: "larq"))
        for wrong in [
            "drift: {extra: drop}", "drift: {widened: null}", "drift: {more: refuse}", "completeness: {number: 案好}",
        ] {
            #expect(throws: InvalidDefinitions.self, "\(wrong)") { try load(wrong) }
        }
    }
}
