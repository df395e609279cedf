import Diagnostics
import Library
import PostgresClient
import Testing

/// A new source's rows go straight into the library, a known one's are compared by their hashes (decision 0023).
@Suite struct DirectLoadTests {
    private let fixture: LibraryFixture

    init() throws { fixture = try LibraryFixture() }

    @discardableResult
    private func load(_ batch: IncomingBatch) throws -> LoadReceipt {
        try fixture.library.load(batch, schema: fixture.schema, options: LoadOptions(maxBad: .rows(100)))
    }

    /// A batch of another source.
    private func other(_ sequence: Int, _ rows: [String]) -> IncomingBatch {
        var batch = LibraryFixture.batch(sequence, rows)
        batch.id = "y18-\(sequence)"
        batch.source = "y18"
        batch.digest = "other-\(sequence)"
        batch.previousDigest = sequence > 1 ? "other-\(sequence - 1)" : nil
        return batch
    }

    /// From now on `seen` tells by which statements rows came into the table.
    private func watch() throws {
        try fixture.inspector.execute(
            """
            CREATE TABLE public.seen (statement text);
            CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO public.seen VALUES (substr(ltrim(current_query()), 1, 4)); RETURN NULL; END $$;
            CREATE TRIGGER see AFTER INSERT ON public.anjian FOR EACH STATEMENT EXECUTE FUNCTION public.see()
            """)
    }

    private func seen() throws -> [[String?]] {
        try fixture.rows(
            "WITH gone AS (DELETE FROM public.seen RETURNING statement) SELECT DISTINCT statement FROM gone")
    }

    @Test func `rows of a new source are copied straight in, those of a known one are merged`() throws {
        try watch()
        #expect(try load(LibraryFixture.batch(1, ["a,f1,,,,", "b,f1,,,,"])).total.inserted == 2)
        #expect(try seen() == [["COPY"]])
        #expect(try load(LibraryFixture.batch(2, ["a,f2,,,,", "b,f1,,,,", "c,f1,,,,"])).total.updated == 1)
        #expect(try seen() == [["INSE"]])
        #expect(
            try fixture.rows("SELECT ajbs, fydm, sitong_batch FROM anjian ORDER BY 1")
                == [["a", "f2", "2"], ["b", "f1", "1"], ["c", "f1", "2"]])
    }

    @Test func `a new source's rows that are bad do not keep the others from going straight in`() throws {
        try watch()
        let total = try load(LibraryFixture.batch(1, ["a,f1,,x,,", "b,f1,,,,", ",f1,,,,"])).total
        #expect((total.inserted, total.quarantined) == (1, 2))
        #expect(try seen() == [["COPY"]])
        #expect(try fixture.rows("SELECT row FROM sitong.quarantine ORDER BY row") == [["1"], ["3"]])
    }

    @Test func `where a new source brings a key that another brought, the row is updated and its old version logged`()
        throws
    {
        try load(LibraryFixture.batch(1, ["a,f1,,1,,", "b,f1,,1,,"]))
        let total = try load(other(1, ["n,f9,,1,,", "a,f1,,2,,", "b,f1,,1,,"])).total
        #expect((total.inserted, total.updated, total.unchanged) == (1, 1, 1))
        #expect(
            try fixture.rows("SELECT ajbs, ts, sitong_batch FROM anjian ORDER BY 1")
                == [["a", "2", "2"], ["b", "1", "1"], ["n", "1", "2"]])
        #expect(try fixture.rows("SELECT ajbs, sitong_batch, ended_by FROM anjian_log") == [["a", "1", "2"]])
    }

    @Test func `a known source that brings keys of another one updates and logs them, too`() throws {
        try load(LibraryFixture.batch(1, ["a,f1,,1,,"]))
        try load(other(1, ["n,f9,,1,,"]))
        let total = try load(other(2, ["n,f9,,1,,", "a,f1,,2,,", "m,f9,,1,,"])).total
        #expect((total.inserted, total.updated, total.unchanged) == (1, 1, 1))
        #expect(try fixture.rows("SELECT ajbs, sitong_batch, ended_by FROM anjian_log") == [["a", "1", "3"]])
    }

    @Test func `equal values are unchanged however they are written, and any other value is a change`() throws {
        let before = "a,f1,2026-10-01,1,1.50,2026-10-01 08:00:00"
        try load(LibraryFixture.batch(1, [before]))
        #expect(try load(LibraryFixture.batch(2, ["a,f1,2026-10-01,1.0,1.5,2026-10-01T08:00:00"])).total.unchanged == 1)
        let changes = [
            "a,f2,2026-10-01,1,1.50,2026-10-01 08:00:00", "a,f2,,1,1.50,2026-10-01 08:00:00",
            "a,f2,,,1.50,2026-10-01 08:00:00", "a,f2,,1,,2026-10-01 08:00:00", "a,,,1,,2026-10-01 08:00:01",
            "a,\"\",,1,,2026-10-01 08:00:01",
        ]
        for (number, change) in changes.enumerated() {
            #expect(try load(LibraryFixture.batch(number + 3, [change])).total.updated == 1, "\(change)")
        }
    }

    @Test func `where the library's column is of another type, values are converted and not taken for its bytes`()
        throws
    {
        try fixture.inspector.execute("ALTER TABLE anjian ALTER ts TYPE double precision")
        try watch()
        #expect(try load(LibraryFixture.batch(1, ["a,f1,,5,,"])).total.inserted == 1)
        #expect(try seen() == [["INSE"]])
        #expect(try fixture.rows("SELECT ts FROM anjian") == [["5"]])
    }

    @Test func `row security is not passed by`() throws {
        try fixture.inspector.execute(
            """
            ALTER TABLE anjian ENABLE ROW LEVEL SECURITY;
            CREATE POLICY everyone ON anjian USING (true)
            """)
        try watch()
        #expect(try load(LibraryFixture.batch(1, ["a,f1,,5,,"])).total.inserted == 1)
        #expect(try seen() == [["INSE"]])
    }
}
