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

@Suite("An extract") struct VendorTests {
    let directory: TemporaryDirectory
    let outbox: Outbox

    init() throws {
        directory = try TemporaryDirectory()
        outbox = try Outbox(directory.appending("outbox"))
    }

    @Test("gives the same rows from PostgreSQL and from SQLite")
    func bothVendors() throws {
        let postgres = try Extractor.extract(SourceFixture.request(SourceFixture.postgres().source), to: outbox)
        let sqlite = try Extractor.extract(SourceFixture.request(SourceFixture.sqlite(directory).source), to: outbox)
        for result in [postgres, sqlite] {
            #expect(try SourceFixture.rows(result.folder, "anjian") == SourceFixture.expectedCases)
            #expect(try SourceFixture.rows(result.folder, "dangshiren") == SourceFixture.expectedParties)
            let manifest = result.batch.manifest
            #expect(manifest.table("anjian")?.columns == SourceFixture.cases.columns.map(\.name))
            #expect(manifest.table("anjian")?.rowsPerCourt == ["豫1702": 3, "豫1703": 1])
            #expect(manifest.table("anjian")?.watermark == "gxsj")
            #expect(manifest.table("dangshiren")?.rowsPerCourt == [:])
            #expect(manifest.untranslated == [.init(table: "anjian", column: "jafs", values: ["9": 1])])
            #expect((manifest.kind, manifest.consistency, manifest.window) == (.full, .snapshot, .init()))
            #expect(manifest.snapshotTime.hasSuffix("Z") && manifest.snapshotTime.hasPrefix("20"))
            #expect(result.notices.isEmpty && !result.isReused)
        }
        #expect((postgres.id, sqlite.id) == ("vendor-a-all-0001", "vendor-b-all-0001"))
        #expect(postgres.batch.manifest.source.engine == "postgres" && sqlite.batch.manifest.source.engine == "sqlite")
        #expect(postgres.batch.manifest.source.version.first?.isNumber == true)
        #expect(postgres.batch.manifest.schema == sqlite.batch.manifest.schema)
    }

    @Test("reads CSV files by their mapped columns")
    func csv() throws {
        try directory.write("XH,BS,多余,AH,FY,RQ\n1,a1,x,一号,豫1702,2026-10-01\n", to: "files/aj.csv")
        let mapping = [("ajbs", "BS"), ("ah", "AH"), ("fydm", "FY"), ("larq", "RQ")].map {
            SourceDefinition.ColumnMapping(column: $0.0, source: $0.1)
        }
        let source = SourceDefinition(
            name: "files", connection: .csv(folder: directory.appending("files")),
            tables: [.init(table: "anjian", query: .from("aj.csv", columns: mapping))])
        let result = try Extractor.extract(SourceFixture.request(source), to: outbox)
        #expect(try SourceFixture.rows(result.folder, "anjian") == [["a1", "一号", "豫1702", "2026-10-01"]])
        #expect(result.batch.manifest.consistency == .fuzzy)
        #expect(result.notices.count == 1 && result.notices[0].en.contains("jafs, qsbdje, cbr, gxsj"))

        var misnamed = source
        misnamed.tables[0].query = .from("aj.csv", columns: mapping + [.init(column: "cbr", source: "多于")])
        let error = #expect(throws: OperationError.self) {
            try Extractor.extract(SourceFixture.request(misnamed, run: "2"), to: outbox)
        }
        #expect((error?.status, error?.code) == (.badData, "source-file-column"))
        #expect(error?.hint?.zh.contains("多余") == true)
    }

    @Test("reads CSV files in old encodings, and sets aside with its bytes what is no text in them")
    func encodedFiles() throws {
        // 一号, 三号 in each; in the second row a byte that begins no letter, in the fourth a quoted text of two lines.
        let letters: [(encoding: String, one: [UInt8], three: [UInt8], number: [UInt8])] = [
            ("gb18030", [0xD2, 0xBB], [0xC8, 0xFD], [0xBA, 0xC5]), ("gbk", [0xD2, 0xBB], [0xC8, 0xFD], [0xBA, 0xC5]),
            ("big5", [0xA4, 0x40], [0xA4, 0x54], [0xB8, 0xB9]),
            ("utf-8", Array("一".utf8), Array("三".utf8), Array("号".utf8)),
        ]
        for (encoding, one, three, number) in letters {
            let bad: [UInt8] = Array("a2;".utf8) + one + [0xFF] + Array(";f2;2026-10-01".utf8)
            let twoLines: [UInt8] = Array("a4;\"".utf8) + [0xFF, 10] + one + Array("\";f4;2026-10-01".utf8)
            var file = Array("BS;AH;FY;RQ\r\na1;".utf8) + one + number + Array(";f1;2026-10-01\r\n".utf8)
            file +=
                bad + Array("\r\na3;\"".utf8) + three + number + Array(";\";f3;2026-10-01\r\n".utf8) + twoLines + [
                    13, 10,
                ]
            try directory.write("", to: "files/\(encoding).csv")
            try Data(file).write(to: URL(fileURLWithPath: directory.appending("files/\(encoding).csv")))
            let mapping = [("ajbs", "BS"), ("ah", "AH"), ("fydm", "FY"), ("larq", "RQ")].map {
                SourceDefinition.ColumnMapping(column: $0.0, source: $0.1)
            }
            let source = SourceDefinition(
                name: encoding.filter(\.isLetter),
                connection: .csv(folder: directory.appending("files"), encoding: encoding, delimiter: ";"),
                tables: [.init(table: "anjian", query: .from("\(encoding).csv", columns: mapping))])
            let result = try Extractor.extract(SourceFixture.request(source), to: outbox)
            let ending = encoding == "big5" ? "號" : "号"
            #expect(
                try SourceFixture.rows(result.folder, "anjian").map { Array($0[..<3]) }
                    == [["a1", "一" + ending, "f1"], ["a3", "三" + ending + ";", "f3"]], "\(encoding)")
            let kept = try SourceFixture.rows(result.folder, "anjian", .quarantine).compactMap(QuarantinedRow.init)
            #expect(kept.map(\.row) == [2, 4] && kept.map(\.column) == ["AH", "AH"], "\(encoding)")
            #expect(kept.map(\.raw) == [bad, twoLines], "\(encoding)")
        }
    }

    @Test("reads the changes of a window, from the day that begins it to before the day that ends it")
    func window() throws {
        let since = try #require(CivilDate("2026-10-02"))
        let until = try #require(CivilDate("2026-11-02"))
        for source in [try SourceFixture.postgres().source, try SourceFixture.sqlite(directory).source] {
            let result = try Extractor.extract(
                SourceFixture.request(source, .changes(since: since, until: until)), to: outbox)
            #expect(try SourceFixture.rows(result.folder, "anjian").map { $0[0] } == ["a2", "a3"])
            // A query without a window reads all.
            #expect(try SourceFixture.rows(result.folder, "dangshiren").count == 2)
            #expect(result.batch.manifest.kind == .delta)
            #expect(result.batch.manifest.window == .init(since: "2026-10-02", until: "2026-11-02"))
        }
    }

    @Test("of a mapped table is limited by its watermark, and takes rows whose change is not known")
    func mappedWindow() throws {
        let (source, database) = try SourceFixture.sqlite(directory)
        var mapped = source
        mapped.tables = [
            .init(
                table: "anjian",
                query: .from(
                    "AJXX",
                    columns: [
                        ("ajbs", "AJXH"), ("ah", "ANHAO"), ("fydm", "FYBH"), ("larq", "LARQ"), ("cbr", "承办 人"),
                        ("gxsj", "GXSJ"),
                    ].map { .init(column: $0.0, source: $0.1) }),
                watermark: "gxsj")
        ]
        let since = try #require(CivilDate("2026-11-01"))
        let result = try Extractor.extract(
            SourceFixture.request(mapped, .changes(since: since, until: nil)), to: outbox)
        #expect(
            try SourceFixture.rows(result.folder, "anjian").map { $0[0] }.sorted { ($0 ?? "") < ($1 ?? "") } == [
                "a3", "a4",
            ])
        #expect(result.batch.manifest.kind == .delta)
        withExtendedLifetime(database) {}
    }

    @Test("for a period takes all rows the first time, afterwards what changed since, and never less than was missed")
    func period() throws {
        let source = try SourceFixture.sqlite(directory).source
        let october = try #require(StatisticalPeriod("2026-10"))
        let first = try Extractor.extract(SourceFixture.request(source, .period(october)), to: outbox)
        #expect((first.id, first.batch.manifest.kind) == ("vendor-b-2026-10-0001", .full))
        #expect(try SourceFixture.rows(first.folder, "anjian").count == 4)

        let future = try #require(StatisticalPeriod("2999-01"))
        let second = try Extractor.extract(SourceFixture.request(source, .period(future), run: "2"), to: outbox)
        let snapshot = try #require(CivilDate(first.batch.manifest.snapshotTime.prefix(10)))
        #expect(second.batch.manifest.window == .init(since: snapshot.adding(days: -1).description, until: nil))
        #expect((second.batch.manifest.kind, second.batch.manifest.previous) == (.delta, first.batch.identity))

        let third = try Extractor.extract(SourceFixture.request(source, .period(october), run: "3"), to: outbox)
        #expect(third.batch.manifest.window.since == "2026-10-01")
        #expect(try SourceFixture.rows(third.folder, "anjian").map { $0[0] } == ["a2", "a3", "a4"])
    }

    @Test("writes the source's own court where the query does not name one, and counts rows by it")
    func court() throws {
        var source = try SourceFixture.sqlite(directory).source
        source.court = "豫1702"
        source.tables[0].query = .select("SELECT AJXH AS ajbs, ANHAO AS ah, LARQ AS larq FROM AJXX ORDER BY 1")
        let result = try Extractor.extract(SourceFixture.request(source), to: outbox)
        #expect(try SourceFixture.rows(result.folder, "anjian").map { $0[2] } == Array(repeating: "豫1702", count: 4))
        #expect(result.batch.manifest.court == "豫1702")
        #expect(result.batch.manifest.table("anjian")?.rowsPerCourt == ["豫1702": 4])
        #expect(result.batch.manifest.table("dangshiren")?.rowsPerCourt == ["豫1702": 2])
    }

    @Test("writes the keys of deleted rows as tombstones")
    func deletions() throws {
        let (source, database) = try SourceFixture.sqlite(directory)
        try database.execute(
            "CREATE TABLE SC (BS TEXT, SJ TEXT); INSERT INTO SC VALUES ('a8', '2026-10-05'), ('a7', '2026-01-01')")
        var deleting = source
        deleting.tables[0].deletes = "SELECT SJ, BS AS ajbs FROM SC WHERE SJ >= {since} AND SJ < {until}"
        let since = try #require(CivilDate("2026-10-01"))
        let result = try Extractor.extract(
            SourceFixture.request(deleting, .changes(since: since, until: nil)), to: outbox)
        #expect(try SourceFixture.rows(result.folder, "anjian", .deletions) == [["a8"]])
        #expect(result.batch.manifest.tombstones.map(\.columns) == [["ajbs"]])
    }

    @Test("shows one state of the database, whatever is written meanwhile")
    func snapshot() throws {
        let (source, connection) = try SourceFixture.postgres()
        var isFirst = true
        let result = try Extractor.extract(SourceFixture.request(source), to: outbox) { progress in
            guard progress.table == "anjian", isFirst else { return }
            isFirst = false
            _ = try? connection.execute("INSERT INTO t_dsr VALUES ('a1', 3, '乙')")
        }
        #expect(try connection.execute("SELECT count(*) FROM t_dsr") == [["3"]])
        #expect(try SourceFixture.rows(result.folder, "dangshiren").count == 2)
    }

    @Test("of many rows is cut into parts and counts every row")
    func manyRows() throws {
        let (source, connection) = try SourceFixture.postgres()
        try connection.execute(
            """
            INSERT INTO t_aj SELECT 'b' || n, md5(n::text), '豫1704', '2026-10-01', n % 4, n, md5((n * 7)::text), NULL
            FROM generate_series(1, 30000) n
            """)
        var request = SourceFixture.request(source)
        request.partBytes = 1 << 18
        var last = 0
        let result = try Extractor.extract(request, to: outbox) { if $0.table == "anjian" { last = $0.rows } }
        let table = try #require(result.batch.manifest.table("anjian"))
        #expect((table.rows, last) == (30004, 30004))
        #expect(table.parts.count > 1)
        #expect(table.rowsPerCourt["豫1704"] == 30000)
        #expect(
            result.untranslated == [.init(table: "anjian", column: "jafs", values: ["0": 7500, "3": 7500, "9": 1])])
        #expect(try SourceFixture.rows(result.folder, "anjian").count == 30004)
    }
}

@Suite("An extract that is repeated") struct RepeatedExtractTests {
    let directory: TemporaryDirectory
    let outbox: Outbox

    init() throws {
        directory = try TemporaryDirectory()
        outbox = try Outbox(directory.appending("outbox"))
    }

    @Test("by the same run gives the batch that it made, and by another run the next one")
    func sameRun() throws {
        let (source, database) = try SourceFixture.sqlite(directory)
        let first = try Extractor.extract(SourceFixture.request(source), to: outbox)
        try database.execute("DELETE FROM AJXX")
        let again = try Extractor.extract(SourceFixture.request(source), to: outbox)
        #expect(again.isReused && again.batch.identity == first.batch.identity)
        let next = try Extractor.extract(SourceFixture.request(source, run: "run-2"), to: outbox)
        #expect(!next.isReused && next.batch.manifest.previous == first.batch.identity)
        #expect(next.batch.manifest.table("anjian")?.parts.isEmpty == true)
    }

    @Test("after a crash removes what was half, and takes the same number")
    func afterCrash() throws {
        try directory.write("half", to: "outbox/vendor-b-all-0001.partial/anjian/000001.csv.zst")
        let result = try Extractor.extract(SourceFixture.request(SourceFixture.sqlite(directory).source), to: outbox)
        #expect(result.id == "vendor-b-all-0001")
        #expect(try FileManager.default.contentsOfDirectory(atPath: outbox.folder).sorted() == [".chain", result.id])
    }
}
