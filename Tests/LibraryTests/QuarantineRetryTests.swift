import Diagnostics
import Library
import PostgresClient
import RuleLanguage
import Schema
import TestSupport
import Testing

/// Rows of the quarantine tried again after what kept them out was mended.
struct QuarantineRetryTests {
    private let fixture: LibraryFixture

    init() throws { fixture = try LibraryFixture() }

    private static let limit = RuleDefinition(
        id: "A-1", table: "案件", body: .check(ExpressionText("天数 <= 100")), action: .reject)

    @discardableResult
    private func load(_ batch: IncomingBatch, rules: [RuleDefinition] = [limit]) throws -> LoadReceipt {
        try fixture.library.load(
            batch, schema: fixture.schema, rules: RuleSet(rules: rules),
            options: LoadOptions(maxBad: .ratio(1), maxShrink: .ratio(1)))
    }

    private func retry(
        batch: String? = nil, id: Int? = nil, rules: [RuleDefinition] = [], schema: StandardSchema? = nil
    ) throws -> [RetryReceipt] {
        try fixture.library.retryQuarantine(
            batch: batch, id: id, schema: schema ?? fixture.schema, rules: RuleSet(rules: rules))
    }

    private var waiting: [[String?]] {
        get throws {
            try fixture.library.quarantine().map { ["\($0.id)", $0.batch, "\($0.row)", $0.reason] }
        }
    }

    @Test func `rows that fit now are loaded as rows of their batch, the rest stay, and the ledger adds up`() throws {
        try load(
            LibraryFixture.batch(
                1, ["a,f1,,1,,", "b,f1,,500,\"1.50\",", "c,f1,2026-02-30,500,,", "d,f1,,7", "\"e,\"\"x\",f1,,600,,"]))
        let before = try waiting
        #expect(
            before == [
                ["1", "y17-1", "2", "A-1"], ["2", "y17-1", "3", "type.anjian.larq"],
                ["3", "y17-1", "4", "csv.anjian.fields"], ["4", "y17-1", "5", "A-1"],
            ])
        // Nothing was mended: nothing changes.
        #expect(try retry(rules: [Self.limit]).map(\.remaining) == [4])
        #expect(try waiting == before)
        #expect(
            try retry() == [RetryReceipt(batch: "y17-1", tried: 4, inserted: 2, remaining: 2)])
        #expect(try waiting.map { $0[3] } == ["type.anjian.larq", "csv.anjian.fields"])
        #expect(
            try fixture.rows("SELECT ajbs, ts, je, sitong_batch FROM anjian ORDER BY 1") == [
                ["a", "1", nil, "1"], ["b", "500", "1.50", "1"], ["e,\"x", "600", nil, "1"],
            ])
        #expect(
            try fixture.rows("SELECT rows_in, inserted, quarantined FROM sitong.load_part") == [["5", "3", "2"]])
        #expect(
            try fixture.rows("SELECT id, state, resolved_at IS NOT NULL FROM sitong.quarantine ORDER BY id") == [
                ["1", "fixed", "t"], ["2", "open", "f"], ["3", "open", "f"], ["4", "fixed", "t"],
            ])
        #expect(try fixture.library.quarantineGroups().map(\.rows) == [1, 1])
        // A batch whose rows were loaded late is undone as a whole.
        let undone = try fixture.library.revert(batch: "y17-1", reason: "x", schema: fixture.schema)
        #expect(undone.removed == 3)
    }

    @Test func `an older version is never written over a newer one, and what was deleted since stays deleted`() throws {
        try load(
            LibraryFixture.batch(
                1, ["old,f1,,1,,", "new,f1,,500,,", "gone,f1,,500,,", "late,f1,,2,,", "same,f1,,3,,"]))
        try load(LibraryFixture.batch(2, ["old,f1,,501,,", "late,f1,,502,,", "fresh,f1,,503,,"]))
        try load(LibraryFixture.batch(3, ["new,f1,,9,,", "gone,f1,,8,,", "late,f1,,4,,"]))
        try load(LibraryFixture.batch(4, [], deletions: ["gone"]))
        let first = try retry(batch: "y17-1")
        #expect(first == [RetryReceipt(batch: "y17-1", tried: 2, superseded: 2)])
        #expect(try retry() == [RetryReceipt(batch: "y17-2", tried: 3, inserted: 1, updated: 1, superseded: 1)])
        #expect(
            try fixture.rows("SELECT ajbs, ts, sitong_batch FROM anjian ORDER BY 1") == [
                ["fresh", "503", "2"], ["late", "4", "3"], ["new", "9", "3"], ["old", "501", "2"], ["same", "3", "1"],
            ])
        #expect(
            try fixture.rows("SELECT ajbs, sitong_batch, ended_by, row->>'ts' FROM anjian_log WHERE ajbs = 'old'")
                == [["old", "1", "2", "1"]])
        #expect(try waiting == [])
        #expect(
            try fixture.rows(
                "SELECT batch, inserted, updated, superseded, quarantined FROM sitong.load_part ORDER BY 1"
            )
            .prefix(2).map { Array($0) } == [["y17-1", "3", "0", "2", "0"], ["y17-2", "1", "1", "1", "0"]])
    }

    @Test func `of rows with one key the latest of the batch wins, whichever of them was set aside`() throws {
        var batch = LibraryFixture.batch(
            1,
            [
                "a,f1,,1,,2026-10-01 10:00:00", "a,f1,,500,,2026-10-01 12:00:00", "b,f1,,2,,2026-10-01 10:00:00",
                "b,f1,,501,,2026-10-01 09:00:00", "c,f1,,600,,2026-10-01 09:00:00", "c,f1,,601,,2026-10-01 08:00:00",
                "d,f1,,3,,", "d,f1,,700,,",
            ])
        batch.manifest = #"{"tables": [{"name": "anjian", "watermark": "gxsj"}]}"#
        try load(batch)
        #expect(
            try retry() == [RetryReceipt(batch: "y17-1", tried: 5, inserted: 1, updated: 1, superseded: 3)])
        #expect(
            try fixture.rows("SELECT ajbs, ts FROM anjian ORDER BY 1")
                == [["a", "500"], ["b", "2"], ["c", "600"], ["d", "3"]])
    }

    @Test func `a definition that was widened lets rows in, and what only the server refuses stays alone`() throws {
        try load(LibraryFixture.batch(1, (1...40).map { "key-\($0)-long,f1,,\($0),," }))
        #expect(try waiting.count == 40)
        var wider = LibraryFixture.schema()
        wider = StandardSchema(
            tables: wider.tables.map { table in
                var table = table
                table.columns = table.columns.map { column in
                    var column = column
                    if column.name == "ajbs" { column.type = .text(maxLength: 20) }
                    return column
                }
                return table
            })
        // The library was not brought up yet: its column refuses them.
        #expect(try retry(schema: wider).map(\.remaining) == [40])
        #expect(Set(try waiting.map { $0[3] }) == ["server.anjian"])
        try fixture.library.apply(wider)
        try fixture.inspector.execute("ALTER TABLE anjian ADD CONSTRAINT days CHECK (ts <> 17 AND ts <> 18)")
        #expect(
            try retry(id: 3, schema: wider) == [RetryReceipt(batch: "y17-1", tried: 1, inserted: 1)])
        #expect(
            try retry(schema: wider) == [RetryReceipt(batch: "y17-1", tried: 39, inserted: 37, remaining: 2)])
        #expect(try waiting.map { $0[2] } == ["17", "18"])
        #expect(try fixture.rows("SELECT count(*) FROM anjian") == [["38"]])
    }

    @Test func `a batch that is not loaded, and a row that does not wait, are refused`() throws {
        try load(LibraryFixture.batch(1, ["a,f1,,500,,"]))
        for attempt in [{ try retry(batch: "y17-9") }, { try retry(id: 99) }] {
            let error = #expect(throws: OperationError.self) { _ = try attempt() }
            #expect(error?.status == .noInput)
        }
        #expect(try retry(batch: "y17-1").map(\.inserted) == [1])
        #expect(try retry(batch: "y17-1").map(\.tried) == [0])
        #expect(try retry() == [])
    }
}
