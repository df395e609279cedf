import Batches
import Columnar
import DataAccess
import DelimitedText
import Diagnostics
import Library
import PostgresClient
import Schema
import TestSupport
import Testing

/// Loading into a real library: what is kept, what is counted, what is refused.
struct BatchLoadTests {
    private let fixture: LibraryFixture

    init() throws { fixture = try LibraryFixture() }

    @discardableResult
    private func load(_ batch: IncomingBatch, maxBad: String = "1%", maxShrink: String = "100%") throws -> LoadReceipt {
        try fixture.library.load(
            batch, schema: fixture.schema,
            options: LoadOptions(
                run: "r1", maxBad: try #require(RowLimit(maxBad)), maxShrink: try #require(RowLimit(maxShrink))))
    }

    private func refusal(_ batch: IncomingBatch, maxBad: String = "1%", maxShrink: String = "1%") throws
        -> OperationError?
    {
        let before = try fixture.contents()
        let error = #expect(throws: OperationError.self) {
            try load(batch, maxBad: maxBad, maxShrink: maxShrink)
        }
        #expect(try fixture.contents() == before)
        return error
    }

    private static let twoRows = ["a,f1,2026-10-01,5,1.50,2026-10-01 08:00:00", "b,f1,20261002,5.00,,"]

    @Test func `rows arrive with their types, their batch and their ledger rows`() throws {
        let receipt = try load(LibraryFixture.batch(1, Self.twoRows))
        #expect(receipt.number == 1)
        #expect(receipt.total.inserted == 2)
        #expect(
            try fixture.rows("SELECT * FROM anjian ORDER BY ajbs") == [
                ["a", "f1", "2026-10-01", "5", "1.50", "2026-10-01 08:00:00", "1"],
                ["b", "f1", "2026-10-02", "5", nil, nil, "1"],
            ])
        #expect(try fixture.library.watermark(source: "y17", table: "anjian") == "2026-10-1")
        #expect(
            try fixture.rows("SELECT batch, court, run, manifest->>'sequence' FROM sitong.batch")
                == [["y17-1", "豫17", "r1", "1"]])
        #expect(try fixture.library.loads(run: "r1").map(\.counts.inserted) == [2])
    }

    @Test func `what a batch says of its completeness is kept with it`() throws {
        var batch = LibraryFixture.batch(1, [])
        batch.manifest =
            #"{"completeness": [{"table": "anjian", "extraColumns": [], "missingColumns": ["je"], "rowsPerMonth": {"2026-10": 3}}]}"#
        try load(batch)
        try load(LibraryFixture.batch(2, []))
        let found = try fixture.library.completeness(run: "r1")
        #expect(found.map(\.batch) == ["y17-1"])
        #expect(
            found.map(\.table) == [
                .init(table: "anjian", extraColumns: [], missingColumns: ["je"], rowsPerMonth: ["2026-10": 3])
            ])
        #expect(try fixture.library.completeness(run: "other").isEmpty)
    }

    @Test func `the same batch twice changes nothing and tells what was then`() throws {
        let first = try load(LibraryFixture.batch(1, Self.twoRows))
        let before = try fixture.contents()
        let second = try load(LibraryFixture.batch(1, Self.twoRows))
        #expect(second.isReplay && !first.isReplay)
        #expect(second.parts == first.parts)
        #expect(try fixture.contents() == before)
    }

    @Test func `unchanged rows are counted and stay, changed ones leave their old version in the log`() throws {
        try load(LibraryFixture.batch(1, Self.twoRows + ["c,f1,,,,"]))
        let receipt = try load(
            LibraryFixture.batch(
                2, ["a,f1,2026-10-01,5.0,1.5,2026-10-01T08:00:00", "b,f2,2026-10-02,5,,", "d,f1,,,,"]))
        #expect(receipt.total.unchanged == 1)
        #expect(receipt.total.updated == 1)
        #expect(receipt.total.inserted == 1)
        #expect(
            try fixture.rows("SELECT ajbs, sitong_batch FROM anjian ORDER BY ajbs")
                == [["a", "1"], ["b", "2"], ["c", "1"], ["d", "2"]])
        #expect(
            try fixture.rows(
                """
                SELECT ajbs, sitong_batch, ended_by, operation, row->>'fydm', row ? 'sitong_batch', valid_from < valid_to
                FROM anjian_log
                """) == [["b", "1", "2", "update", "f1", "f", "t"]])
    }

    @Test func `of several rows with one key the latest by time wins, then the last`() throws {
        let receipt = try load(
            LibraryFixture.batch(
                1,
                [
                    "a,f1,,1,,2026-10-01 10:00:00", "a,f1,,2,,2026-10-01 12:00:00", "a,f1,,3,,2026-10-01 11:00:00",
                    "a,f1,,4,,", "b,f1,,5,,", "b,f1,,6,,",
                ]))
        #expect(receipt.total.superseded == 4)
        #expect(try fixture.rows("SELECT ajbs, ts FROM anjian ORDER BY ajbs") == [["a", "2"], ["b", "6"]])
    }

    @Test func `deleted rows go to the log, and what is not there is unchanged`() throws {
        try load(LibraryFixture.batch(1, Self.twoRows + ["c,f1,,,,"]))
        let receipt = try load(LibraryFixture.batch(2, ["c,f1,,7,,"], deletions: ["a", "a", "c", "x"]))
        #expect(receipt.total.rowsIn == 5)
        #expect(receipt.total.deleted == 2)
        #expect(receipt.total.superseded == 1)
        #expect(receipt.total.unchanged == 1)
        // c was deleted and came again.
        #expect(receipt.total.inserted == 1)
        #expect(try fixture.rows("SELECT ajbs, ts FROM anjian ORDER BY ajbs") == [["b", "5"], ["c", "7"]])
        #expect(
            try fixture.rows("SELECT ajbs, operation, ended_by FROM anjian_log ORDER BY ajbs")
                == [["a", "delete", "2"], ["c", "delete", "2"]])
    }

    @Test func `a batch that would delete too much is refused`() throws {
        try load(LibraryFixture.batch(1, (1...100).map { "k\($0),f1,,,," }))
        let error = try refusal(LibraryFixture.batch(2, [], deletions: ["k1", "k2"]), maxShrink: "1%")
        #expect(error?.status == .badData)
        #expect(error?.message.en.contains("delete 2 of 100 rows of table 'anjian' (limit 1.0%)") == true)
        #expect(try load(LibraryFixture.batch(2, [], deletions: ["k1"]), maxShrink: "1%").total.deleted == 1)
    }

    @Test func `rows that cannot be loaded are kept with their bytes and the reason, never in the message`() throws {
        let receipt = try load(
            LibraryFixture.batch(
                1,
                [
                    "a,f1,2026-02-30,1,,", "b,f1,,x1,,", "c,f1,,,12345.67,", "tooolongkey,f1,,,,", ",f1,,,,",
                    "\"q,\"\"x\",f1,,1,\"\",2026-10-01", "good,f1,,,,", "few,f1",
                ]), maxBad: "100%")
        #expect(receipt.total.quarantined == 7)
        #expect(receipt.total.inserted == 1)
        let kept = try fixture.library.quarantine(batch: "y17-1")
        #expect(
            kept.map(\.reason) == [
                "type.anjian.larq", "type.anjian.ts", "type.anjian.je", "type.anjian.ajbs", "key.anjian.ajbs",
                "type.anjian.gxsj", "csv.anjian.fields",
            ])
        #expect(kept.map(\.row) == [1, 2, 3, 4, 5, 6, 8])
        #expect(kept.map(\.line) == [2, 3, 4, 5, 6, 7, 9])
        #expect(
            kept.map { String(decoding: $0.raw, as: UTF8.self) }.prefix(3)
                == ["a,f1,2026-02-30,1,,", "b,f1,,x1,,", "c,f1,,,12345.67,"])
        #expect(String(decoding: kept[5].raw, as: UTF8.self) == "\"q,\"\"x\",f1,,1,\"\",2026-10-01")
        #expect(kept[0].message == LocalizedText(en: "larq is not of type date", zh: "“立案日期”不是date类型"))
        #expect(try fixture.library.quarantineGroups(run: "r1").count == 7)
    }

    @Test func `a text has as many characters as its column takes, however many bytes they are`() throws {
        let eight = String(repeating: "案", count: 8)
        let receipt = try load(
            LibraryFixture.batch(1, ["\(eight),f1,,,,", "\(eight)件,f1,,,,", "12345678,f1,,,,", "123456789,f1,,,,"]),
            maxBad: "2")
        #expect(receipt.total.inserted == 2)
        #expect(try fixture.library.quarantine().map(\.row) == [2, 4])
        #expect(try fixture.library.quarantine().map(\.reason) == ["type.anjian.ajbs", "type.anjian.ajbs"])
    }

    @Test func `bytes that are no text are kept as they were`() throws {
        var batch = LibraryFixture.batch(1, [])
        let bytes = Array((LibraryFixture.header + "a,").utf8) + [0xB0, 0xBA, 0xFF] + Array(",,,,\n".utf8)
        batch.tables[0].parts = [
            .init(name: "p", digest: "d", rows: 1) { try CSVCellReader(TextSource(bytes: bytes), file: "p") }
        ]
        try load(batch, maxBad: "1")
        let kept = try fixture.library.quarantine()
        #expect(kept.first?.raw == Array("a,".utf8) + [0xB0, 0xBA, 0xFF] + Array(",,,,".utf8))
        #expect(kept.first?.reason == "csv.anjian.encoding")
    }

    @Test func `too many bad rows undo the load but stay as evidence, until the batch is loaded`() throws {
        let rows = (1...50).map { "k\($0),f1,,,," } + ["bad,f1,,x,,"]
        let error = try refusal(LibraryFixture.batch(1, rows))
        #expect(error?.status == .badData)
        #expect(
            error?.message.en
                == "unable to load batch 'y17-1': more than 0 of its 51 rows cannot be loaded (limit 1.0%)")
        #expect(error?.message.zh == "无法入库批次“y17-1”：共 51 行中无法入库的超过 0 行（上限 1.0%）")
        #expect(
            try fixture.rows("SELECT status, reason, number FROM sitong.batch") == [
                ["rejected", "too-many-bad-rows", nil]
            ])
        #expect(try fixture.library.quarantine(batch: "y17-1").map(\.row) == [51])
        let receipt = try load(LibraryFixture.batch(1, rows), maxBad: "2%")
        #expect(receipt.total.inserted == 50)
        #expect(try fixture.rows("SELECT status, number FROM sitong.batch") == [["loaded", "1"]])
        #expect(try fixture.library.quarantine(batch: "y17-1").count == 1)
    }

    @Test func `more bad rows than are held in memory go to quarantine piece by piece`() throws {
        let rows = (1...9000).map { $0 % 3 == 0 ? "k\($0),f1,,,," : "k\($0),f1,,bad,," }
        let receipt = try load(LibraryFixture.batch(1, rows), maxBad: "100%")
        #expect(receipt.total.quarantined == 6000)
        #expect(receipt.total.inserted == 3000)
        #expect(try fixture.rows("SELECT count(*) FROM sitong.quarantine") == [["6000"]])
        #expect(try fixture.rows("SELECT count(*) FROM anjian") == [["3000"]])
    }

    // MARK: Undoing

    @Test func `a reverted batch leaves the tables as they were before it, and may come again`() throws {
        try load(LibraryFixture.batch(1, Self.twoRows + ["c,f1,,3,12.50,2026-10-01 08:00:00.5"]))
        let tables = "SELECT ajbs, fydm, larq, ts, je, gxsj FROM anjian ORDER BY ajbs"
        let before = try fixture.rows(tables)
        try load(LibraryFixture.batch(2, ["a,f9,2026-10-01,5,1.50,", "new,f1,,,,"], deletions: ["c"]))
        let receipt = try fixture.library.revert(batch: "y17-2", reason: "wrong file", schema: fixture.schema)
        #expect((receipt.number, receipt.removed, receipt.restored) == (3, 2, 2))
        #expect(try fixture.rows(tables) == before)
        #expect(
            try fixture.rows("SELECT ajbs, sitong_batch FROM anjian ORDER BY 1")
                == [["a", "3"], ["b", "1"], ["c", "3"]])
        #expect(
            try fixture.rows("SELECT ajbs, sitong_batch, ended_by, operation FROM anjian_log ORDER BY 1, 3") == [
                ["a", "1", "2", "update"], ["a", "2", "3", "revert"], ["c", "1", "2", "delete"],
                ["new", "2", "3", "revert"],
            ])
        #expect(
            try fixture.rows("SELECT batch, status, reason FROM sitong.batch ORDER BY number") == [
                ["y17-1", "loaded", nil], ["y17-2~3", "reverted", "wrong file"], ["revert-3", "revert", "wrong file"],
            ])
        // The right file has the wrong one's number, and follows the batch before it.
        #expect(try load(LibraryFixture.batch(2, ["a,f2,2026-10-01,5,1.50,"], digest: "right")).number == 4)
        #expect(try load(LibraryFixture.batch(3, [], previous: "right")).number == 5)
    }

    @Test func `a batch on which others stand is not reverted`() throws {
        try load(LibraryFixture.batch(1, Self.twoRows))
        try load(LibraryFixture.batch(2, ["c,f1,,,,"]))
        func refused(_ batch: String) throws -> OperationError? {
            let before = try fixture.contents()
            let error = #expect(throws: OperationError.self) {
                try fixture.library.revert(batch: batch, reason: "x", schema: fixture.schema)
            }
            #expect(try fixture.contents() == before)
            return error
        }
        #expect(try refused("y17-1")?.code == "batch-not-last")
        #expect(try refused("y17-9")?.code == "batch-not-loaded")
        var other = LibraryFixture.batch(1, ["c,f1,,9,,"], digest: "other")
        other.id = "z-1"
        other.source = "z"
        try load(other)
        #expect(try refused("y17-2")?.code == "batch-overwritten")
        _ = try fixture.library.revert(batch: "z-1", reason: "x", schema: fixture.schema)
    }

    @Test func `a library of a newer version is refused and stays as it is, one of an older is brought up`() throws {
        try load(LibraryFixture.batch(1, Self.twoRows))
        try fixture.inspector.execute("INSERT INTO sitong.library_version (version) VALUES (99)")
        #expect(try refusal(LibraryFixture.batch(2, []))?.code == "library-newer")
        #expect(throws: OperationError.self) { try fixture.library.apply(fixture.schema) }
        // As the first version left it.
        try fixture.inspector.execute(
            """
            DROP TABLE sitong.library_version;
            ALTER TABLE sitong.batch DROP CONSTRAINT batch_status_check, DROP CONSTRAINT batch_check,
                ADD CHECK (status IN ('loaded', 'rejected')), ADD CHECK ((status = 'loaded') = (number IS NOT NULL));
            ALTER TABLE sitong.quarantine DROP COLUMN id, DROP COLUMN columns, DROP COLUMN resolved_at;
            DROP TABLE sitong.closed_figure, sitong.closed_case, sitong.period_closing, sitong.undecided
            """)
        #expect(try refusal(LibraryFixture.batch(2, []))?.code == "library-older")
        try fixture.library.apply(fixture.schema)
        #expect(
            try fixture.rows("SELECT version FROM sitong.library_version ORDER BY 1") == [["2"], ["3"], ["4"], ["5"]])
        try load(LibraryFixture.batch(2, []))
        _ = try fixture.library.revert(batch: "y17-2", reason: "x", schema: fixture.schema)
    }

    // MARK: The chain

    @Test func `a missing batch is named`() throws {
        try load(LibraryFixture.batch(1, []))
        let error = try refusal(LibraryFixture.batch(4, [], previous: "digest-3"))
        #expect(error?.code == "batch-missing")
        #expect(error?.message.en.contains("number 2–3 was not loaded") == true)
        #expect(error?.message.zh.contains("第 2–3 批尚未入库") == true)
    }

    @Test func `a source's first batch is its first, unless it holds all rows`() throws {
        var batch = LibraryFixture.batch(5, Self.twoRows)
        #expect(try refusal(batch)?.code == "batch-missing")
        batch.isFull = true
        #expect(try load(batch).total.inserted == 2)
    }

    @Test func `a batch with a used number and other contents is refused`() throws {
        try load(LibraryFixture.batch(1, []))
        let error = try refusal(LibraryFixture.batch(1, Self.twoRows, digest: "other"))
        #expect(error?.code == "batch-doubled")
        #expect(error?.status == .badData)
    }

    @Test func `an older batch, and one of another chain, are refused`() throws {
        var first = LibraryFixture.batch(3, [], previous: .some(nil))
        first.isFull = true
        try load(first)
        #expect(try refusal(LibraryFixture.batch(2, []))?.code == "batch-reordered")
        #expect(try refusal(LibraryFixture.batch(4, [], previous: "forged"))?.code == "batch-chain")
        try load(LibraryFixture.batch(4, []))
    }

    // MARK: Malformed batches

    @Test func `a part without a column of the schema is refused and the column named`() throws {
        var batch = LibraryFixture.batch(1, [])
        batch.tables[0].parts = [LibraryFixture.part("anjian/1", "ajbs,fydm,lraq,ts,je,gxsj\na,,,,,\n", rows: 1)]
        let error = try refusal(batch)
        #expect(error?.status == .badData)
        #expect(error?.message.zh.contains("分卷“anjian/1”缺少列“larq”") == true)
        #expect(error?.hint?.en.contains("lraq") == true)
    }

    @Test func `a column that the source does not have stays empty and is noticed, unless rows need it`() throws {
        var batch = LibraryFixture.batch(1, [])
        batch.tables[0].parts = [LibraryFixture.part("p", "ajbs,fydm,ts\na,f1,3\n", rows: 1)]
        let receipt = try load(batch)
        #expect(receipt.notices.map(\.en) == ["part 'p' lacks columns, which stay empty: larq, je, gxsj"])
        #expect(try fixture.rows("SELECT ajbs, ts, larq IS NULL, je IS NULL FROM anjian") == [["a", "3", "t", "t"]])
        var keyless = LibraryFixture.batch(2, [])
        keyless.tables[0].parts = [LibraryFixture.part("p", "fydm,ts\nf1,3\n", rows: 1)]
        #expect(try refusal(keyless)?.code == "batch-columns")
    }

    @Test func `columns may come by title and in any order, and unknown ones are noticed`() throws {
        var batch = LibraryFixture.batch(1, [])
        batch.tables[0].parts = [
            LibraryFixture.part("p", "更新时间,je,天数,larq,法院,案件标识,bz\n,,3,,f1,a,注\n", rows: 1)
        ]
        let receipt = try load(batch)
        #expect(receipt.notices.map(\.en) == ["part 'p' has columns that the schema does not know: bz"])
        #expect(try fixture.rows("SELECT ajbs, fydm, ts FROM anjian") == [["a", "f1", "3"]])
    }

    @Test func `a part with another number of rows than its manifest says is refused`() throws {
        var batch = LibraryFixture.batch(1, Self.twoRows)
        batch.tables[0].parts[0].rows = 3
        #expect(try refusal(batch)?.code == "batch-rows")
    }

    @Test func `a table that the schema does not know is refused`() throws {
        var batch = LibraryFixture.batch(1, [])
        batch.tables[0].name = "nirgends"
        #expect(try refusal(batch)?.code == "batch-table")
    }

    // MARK: Failing servers

    @Test func `a session killed in the middle of a load leaves nothing, and the load can be repeated`() throws {
        var batch = LibraryFixture.batch(1, [])
        let rows = (1...20_000).map { "k\($0),f1,,,,\n" }.joined()
        let inspector = fixture.inspector
        let whole = LibraryFixture.part("p", LibraryFixture.header + rows, rows: 20_000)
        batch.tables[0].parts = [
            .init(name: "p", digest: "d", rows: 20_000) {
                KillingReader(base: try whole.open(), afterBlock: 2) {
                    try inspector.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sitong' AND datname = current_database()"
                    )
                }
            }
        ]
        let error = try refusal(batch)
        #expect(error?.status == .unavailable)
        #expect(error?.code == "pg-lost")
        #expect(error?.isTransient == true)
        batch.tables[0].parts = [whole]
        let again = try StandardLibrary(fixture.place)
        #expect(try again.load(batch, schema: fixture.schema).total.inserted == 20_000)
    }

    @Test func `rows that only the server can refuse go to quarantine alone, with their bytes and lines`() throws {
        try load(LibraryFixture.batch(1, ["old,f1,,1,,"]))
        try fixture.inspector.execute(
            """
            ALTER TABLE anjian ADD CONSTRAINT days CHECK (ts < 900);
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.fydm = 'f9' THEN RAISE EXCEPTION 'court closed'; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON anjian FOR EACH ROW EXECUTE FUNCTION refuse()
            """)
        var rows = (1...300).map { "k\($0),f1,,\($0),," }
        rows[16] = "k17,f9,,17,,"
        rows[99] = "k100,f1,,999,\"1.5\","
        rows[200] = "k201,f1,,x,,"
        rows.append("old,f9,,2,,")
        let receipt = try load(LibraryFixture.batch(2, rows), maxBad: "10%")
        #expect(receipt.total.inserted == 297)
        #expect(receipt.total.quarantined == 4)
        let kept = try fixture.library.quarantine(batch: "y17-2")
        #expect(kept.map(\.row) == [17, 100, 201, 301])
        #expect(kept.map(\.line) == [18, 101, 202, 302])
        #expect(kept.map(\.reason) == ["server.anjian", "server.anjian", "type.anjian.ts", "server.anjian"])
        #expect(String(decoding: kept[1].raw, as: UTF8.self) == "k100,f1,,999,1.5,")
        #expect(kept[1].message.en.contains("check_violation"))
        #expect(try fixture.rows("SELECT ts FROM anjian WHERE ajbs = 'old'") == [["1"]])
        let error = try refusal(LibraryFixture.batch(3, ["m1,f9,,1,,"]))
        #expect(error?.code == "too-many-bad-rows")
        #expect(try fixture.library.quarantine(batch: "y17-3").map(\.row) == [1])
    }

    @Test func `rows that were no text at the source come to the quarantine with their bytes, and count as bad`() throws
    {
        var batch = LibraryFixture.batch(1, ["a,f1,,1,,"])
        batch.tables.append(
            .init(
                name: "anjian", kind: .quarantine,
                parts: [
                    LibraryFixture.part(
                        "q/anjian-000001.csv.zst", "row,column,reason,raw\n7,fydm,encoding,622c67ff2c\n", rows: 1)
                ]))
        #expect(try refusal(batch)?.code == "too-many-bad-rows")
        let receipt = try load(batch, maxBad: "50%")
        #expect((receipt.total.rowsIn, receipt.total.inserted, receipt.total.quarantined) == (2, 1, 1))
        let kept = try fixture.library.quarantine(batch: "y17-1")
        #expect(kept.map(\.raw) == [[0x62, 0x2C, 0x67, 0xFF, 0x2C]])
        #expect(kept.map(\.reason) == ["source.anjian.encoding"])
        #expect(kept.map(\.message.en) == ["row 7 of the source: fydm is no text in its encoding"])
        batch = LibraryFixture.batch(2, [])
        batch.tables[0] = .init(
            name: "anjian", kind: .quarantine,
            parts: [LibraryFixture.part("q/x", "row,column,reason,raw\n7,fydm,encoding,6g\n", rows: 1)])
        #expect(try refusal(batch, maxBad: "100%")?.code == "batch-quarantine")
    }

    @Test func `doubled keys of a source that comes for the first time are counted part by part`() throws {
        var batch = LibraryFixture.batch(1, [])
        batch.tables[0].parts = [
            LibraryFixture.part(
                "p1", LibraryFixture.header + "a,f1,,1,,2026-10-01 10:00:00\nb,f1,,2,,\nc,f1,,3,,\n", rows: 3),
            LibraryFixture.part(
                "p2", LibraryFixture.header + "a,f1,,4,,2026-10-01 09:00:00\nb,f1,,5,,\nd,f1,,6,,\n", rows: 3),
        ]
        let receipt = try load(batch)
        #expect(receipt.parts.map(\.counts.inserted) == [2, 2])
        #expect(receipt.parts.map(\.counts.superseded) == [1, 1])
        #expect(
            try fixture.rows("SELECT ajbs, ts FROM anjian ORDER BY 1")
                == [["a", "1"], ["b", "5"], ["c", "3"], ["d", "6"]])
    }

    @Test func `numbers, dates and texts of every size arrive as they were written`() throws {
        let rows = [
            "a,f1,0001-01-01,-9223372036854775808,-9999.99,0001-01-01 00:00:00",
            "b,f1,9999-12-31,9223372036854775807,9999.99,9999-12-31 23:59:59.999999",
            "c,f1,2000-01-01,0,0.00,2000-01-01 00:00:00.000001", "d,f1,1969-12-31,-1,0.01,1969-12-31 23:59:59",
            "e,f1,,10000,1000,", "f,f1,,00012,-0.10,", "g,f1,,,100.5,", "\"h\u{1F600}\",f1,,,10.05,",
        ]
        try load(LibraryFixture.batch(1, rows))
        #expect(
            try fixture.rows("SELECT ajbs, larq, ts, je, gxsj FROM anjian ORDER BY 1") == [
                ["a", "0001-01-01", "-9223372036854775808", "-9999.99", "0001-01-01 00:00:00"],
                ["b", "9999-12-31", "9223372036854775807", "9999.99", "9999-12-31 23:59:59.999999"],
                ["c", "2000-01-01", "0", "0.00", "2000-01-01 00:00:00.000001"],
                ["d", "1969-12-31", "-1", "0.01", "1969-12-31 23:59:59"], ["e", nil, "10000", "1000.00", nil],
                ["f", nil, "12", "-0.10", nil], ["g", nil, nil, "100.50", nil], ["h\u{1F600}", nil, nil, "10.05", nil],
            ])
    }

    @Test func `the database itself refuses ledger rows that do not add up`() throws {
        try load(LibraryFixture.batch(1, Self.twoRows))
        let error = #expect(throws: OperationError.self) {
            try fixture.inspector.execute("UPDATE sitong.load_part SET inserted = inserted - 1")
        }
        #expect(error?.message.en.contains("conservation") == true)
    }
}

/// Reads on, and after some blocks does something to the server.
private final class KillingReader: RecordReader {
    private var base: any RecordReader
    private var blocksLeft: Int
    private let action: () throws -> Void

    init(base: any RecordReader, afterBlock: Int, action: @escaping () throws -> Void) {
        self.base = base
        blocksLeft = afterBlock
        self.action = action
    }

    var columns: [String] { base.columns }
    var recordCount: Int { base.recordCount }
    func takeMalformed() -> [MalformedRecord] { base.takeMalformed() }

    func next(into block: inout CellBlock) throws -> Bool {
        blocksLeft -= 1
        if blocksLeft == 0 { try action() }
        return try base.next(into: &block)
    }
}
