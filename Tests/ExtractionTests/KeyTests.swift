import Batches
import CourtModel
import DataAccess
import Definitions
import DelimitedText
import Diagnostics
import Extraction
import Foundation
import PostgresClient
import SQLiteClient
import Schema
import TestSupport
import Testing

/// Rows pulled again by their keys, and deletions found by comparing keys; both engines.
struct KeyTests {
    private let directory: TemporaryDirectory
    private let outbox: Outbox

    init() throws {
        directory = try TemporaryDirectory()
        outbox = try Outbox(directory.appending("outbox"))
    }

    /// A trial database of either engine, once with a query of the user's own and once with columns by name.
    private func source(_ engine: String) throws -> (source: SourceDefinition, run: (String) throws -> Void) {
        if engine == "postgres" {
            let (source, connection) = try SourceFixture.postgres()
            return (source, { try connection.execute($0) })
        }
        let (source, database) = try SourceFixture.sqlite(directory)
        return (source, { try database.execute($0) })
    }

    private func extract(
        _ source: SourceDefinition, _ range: ExtractionRange = .full, run: String, known: KnownKeys? = nil
    ) throws -> ExtractionResult {
        try Extractor.extract(SourceFixture.request(source, range, run: run), to: outbox, known: known)
    }

    private func keys(_ result: ExtractionResult, _ table: String = "anjian") throws -> [String] {
        try SourceFixture.rows(result.folder, table).map { $0.prefix(table == "anjian" ? 1 : 2).compactMap { $0 } }
            .map { $0.joined(separator: "/") }.sorted()
    }

    @Test("pulls the rows of some keys again, whatever their watermark", arguments: ["postgres", "sqlite"])
    func keys(engine: String) throws {
        let (source, run) = try source(engine)
        let wanted = ExtractionRange.keys(KeyList(columns: ["ajbs"], rows: [["a1"], ["a3"], ["o'x"], ["a1"]]))
        // Nothing was sent: the next extract would take this batch for the beginning.
        #expect(#expect(throws: OperationError.self) { try extract(source, wanted, run: "0") }?.code == "keys-first")
        let first = try extract(source, run: "1")
        let again = try extract(source, wanted, run: "2")
        #expect(try keys(again) == ["a1", "a3"])
        // The parties of those cases come too: their key begins with the case's.
        #expect(try keys(again, "dangshiren") == ["a1/1", "a1/2"])
        #expect(again.batch.manifest.kind == .delta)
        #expect(again.notices.contains { $0.en.contains("1 of 3 keys are not at the source") })
        // The next extract goes on where the one before the list was.
        #expect(again.batch.manifest.resumeFrom == first.batch.manifest.resumeFrom ?? first.batch.manifest.snapshotTime)
        #expect(again.batch.manifest.position == first.batch.manifest.position)
        let composite = try extract(
            source, .keys(KeyList(columns: ["ajbs", "xh"], rows: [["a1", "2"], ["a9", "1"]])), run: "3")
        #expect(try keys(composite, "dangshiren") == ["a1/2"])
        #expect(composite.batch.manifest.table("anjian") == nil)
        _ = try run(engine == "sqlite" ? "DELETE FROM AJXX" : "DELETE FROM t_aj")
        let error = #expect(throws: OperationError.self) {
            try extract(source, .keys(KeyList(columns: ["xm"], rows: [["x"]])), run: "4")
        }
        #expect(error?.status == .usage)
    }

    @Test("more keys than one statement takes come in several, each row once", arguments: ["postgres", "sqlite"])
    func manyKeys(engine: String) throws {
        let (source, run) = try source(engine)
        if engine == "postgres" {
            try run(
                "INSERT INTO t_aj SELECT 'm' || n, 'x', '豫1702', '2026-10-01', 1, 1, '', NULL FROM generate_series(1, 3000) n"
            )
        } else {
            try run(
                """
                WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)
                INSERT INTO AJXX SELECT 'm' || n, 'x', '1702', '2026-10-01', '1', 1, '', NULL FROM n
                """)
        }
        _ = try extract(source, run: "1")
        let list = KeyList(columns: ["ajbs"], rows: (1...2500).map { ["m\($0)"] })
        #expect(try keys(extract(source, .keys(list), run: "2")) == (1...2500).map { "m\($0)" }.sorted())
        let plan = try Extractor.plan(SourceFixture.request(source, .keys(list), run: "3"), to: outbox)
        #expect(plan.filter { $0.table == "anjian" }.count == 3)
        #expect(
            plan.allSatisfy {
                !$0.isWhole && $0.sql.contains("'m1'") || $0.sql.contains("'m1001'") || $0.sql.contains("'m2001'")
            })
        #expect(
            plan.last?.sql.contains(engine == "sqlite" ? #"t."AJXH" IN ('m2001'"# : #"t."c_ajbs" IN ('m2001'"#) == true)
    }

    @Test("finds what was deleted by comparing keys, and nothing else", arguments: ["postgres", "sqlite"])
    func compare(engine: String) throws {
        let (source, run) = try source(engine)
        func held(_ table: TableDefinition) throws -> any CellReader {
            let text =
                table.name == "anjian" ? "ajbs\na1\na2\na3\na4\ngone\n" : "ajbs,xh\na1,1\na1,2\na1,3\n"
            return try CSVCellReader(BytesSource(Array(text.utf8)), file: "held")
        }
        try run(engine == "sqlite" ? "DELETE FROM AJXX WHERE AJXH = 'a2'" : "DELETE FROM t_aj WHERE c_ajbs = 'a2'")
        let result = try extract(source, run: "1", known: KnownKeys(held))
        #expect(try SourceFixture.rows(result.folder, "anjian", .deletions) == [["a2"], ["gone"]])
        #expect(try SourceFixture.rows(result.folder, "dangshiren", .deletions) == [["a1", "3"]])
        _ = try BatchReader.open(result.folder, verify: .content)
        // Also beside a window that brings no row at all: the keys are compared as a whole.
        let late = try ExtractionRange.period(#require(StatisticalPeriod("2999-01")))
        let next = try extract(source, late, run: "2", known: KnownKeys(held))
        #expect(try SourceFixture.rows(next.folder, "anjian", .deletions) == [["a2"], ["gone"]])
        let plan = try Extractor.plan(SourceFixture.request(source, run: "3"), to: outbox, comparesKeys: true)
        #expect(plan.map(\.purpose.rawValue) == ["rows", "keys", "rows", "keys"])
        #expect(
            plan[3].sql
                == (engine == "sqlite"
                    ? #"SELECT t."AJXH" AS "ajbs", t."XH" AS "xh" FROM "DSRXX" t"#
                    : #"SELECT t."c_ajbs" AS "ajbs", t."n_xh" AS "xh" FROM "public"."t_dsr" t"#))
    }

    @Test("keys are compared as what they mean: numbers by value, codes after their translation")
    func meaning() throws {
        RealPart.note(.sqlite)
        let path = directory.appending("k.sqlite")
        let database = try SQLiteDatabase(path, mode: .readWrite)
        try database.execute(
            "CREATE TABLE t (n TEXT, c TEXT); INSERT INTO t VALUES ('007', '1'), ('8', '2'), ('9', '3')")
        let table = TableDefinition(
            name: "t", title: "t", key: ["n", "c"],
            columns: [
                ColumnDefinition(name: "n", title: "n", type: .int),
                ColumnDefinition(name: "c", title: "c", type: .text(maxLength: 5)),
            ])
        let source = SourceDefinition(
            name: "s", connection: .sqlite(path: path),
            tables: [
                .init(
                    table: "t",
                    query: .from("t", columns: [.init(column: "n", source: "n"), .init(column: "c", source: "c")]),
                    codes: ["c": ["1": "A", "2": "B"]])
            ])
        let request = ExtractionRequest(
            source: source, schema: StandardSchema(tables: [table]), range: .full, runKey: "1", producer: "t")
        let result = try Extractor.extract(
            request, to: outbox,
            known: KnownKeys { _ in
                try CSVCellReader(BytesSource(Array("n,c\n7,A\n8,B\n9,?3\n8,A\n".utf8)), file: "held")
            })
        #expect(try SourceFixture.rows(result.folder, "t", .deletions) == [["8", "A"]])
    }

    // MARK: A court's program that writes meanwhile

    @Test("a SQLite file is read as one state while another program writes, and does not keep that waiting")
    func writerGoesOn() throws {
        let (source, database) = try SourceFixture.sqlite(directory)
        #expect(try database.execute("PRAGMA journal_mode") == [["delete"]])
        try database.execute(
            """
            WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
            INSERT INTO AJXX SELECT 'b' || n, 'x', '1702', '2026-10-01', '1', 1, hex(randomblob(200)), NULL FROM n
            """)
        let writer = try SQLiteDatabase(directory.appending("trial.sqlite"), mode: .readWrite, patience: 0)
        var written = 0
        let result = try Extractor.extract(SourceFixture.request(source), to: outbox) { _ in
            // Between two blocks of the extraction: with a lock held on the file this would fail at once.
            let before = written
            #expect(throws: Never.self) {
                try writer.execute(
                    "INSERT INTO DSRXX VALUES ('late', \(before), '后来'); DELETE FROM AJXX WHERE AJXH = 'a4'")
            }
            written += 1
        }
        #expect(written > 2)
        #expect(try keys(result).count == 20_004)
        // The second table was read after the writes, and shows none of them.
        #expect(try keys(result, "dangshiren") == ["a1/1", "a1/2"])
        let copies = try FileManager.default.contentsOfDirectory(atPath: NSTemporaryDirectory())
            .filter { FileManager.default.fileExists(atPath: "\(NSTemporaryDirectory())/\($0)/copy.sqlite") }
        #expect(copies == [])
    }

    @Test("a copy is one state although another connection writes between its steps")
    func copyWhileWriting() throws {
        RealPart.note(.sqlite)
        let path = directory.appending("busy.sqlite")
        let owner = try SQLiteDatabase(path, mode: .readWrite)
        try owner.execute(
            """
            CREATE TABLE t (n INTEGER PRIMARY KEY, x BLOB); CREATE TABLE c (n INTEGER); INSERT INTO c VALUES (4000);
            WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 4000)
            INSERT INTO t SELECT n, randomblob(4000) FROM n
            """)
        let stop = Flag()
        let writer = Thread {
            guard let database = try? SQLiteDatabase(path, mode: .readWrite) else { return }
            while !stop.isSet {
                // Each transaction keeps the count and the rows in step.
                _ = try? database.withTransaction {
                    try database.execute("INSERT INTO t (x) VALUES (randomblob(4000)); UPDATE c SET n = n + 1")
                }
                usleep(20_000)
            }
        }
        writer.start()
        for number in 0..<5 {
            let copy = directory.appending("copy-\(number).sqlite")
            try SQLiteDatabase(path, mode: .readOnly).copy(to: copy)
            let copied = try SQLiteDatabase(copy, mode: .readOnly)
            #expect(try copied.execute("SELECT (SELECT n FROM c) = (SELECT count(*) FROM t)") == [["1"]])
            #expect(try copied.execute("PRAGMA integrity_check") == [["ok"]])
        }
        stop.set()
        while !writer.isFinished { usleep(1000) }
    }
}

private final class Flag: @unchecked Sendable {
    private let lock = NSLock()  // Guards `value`.
    private var value = false
    var isSet: Bool { lock.withLock { value } }
    func set() { lock.withLock { value = true } }
}
