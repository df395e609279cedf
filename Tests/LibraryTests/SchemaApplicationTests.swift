import Diagnostics
import Library
import PostgresClient
import SQLGeneration
import Schema
import TestSupport
import Testing

struct SchemaApplicationTests {
    @Test func `a schema is applied once, and then nothing is left to do`() throws {
        let library = try StandardLibrary(TestPostgres.freshDatabase())
        let schema = LibraryFixture.schema()
        #expect(try !library.difference(to: schema).changes.isEmpty)
        #expect(try !library.apply(schema).changes.isEmpty)
        #expect(try library.difference(to: schema) == SchemaDifference(expected: [], found: [:]))
        #expect(try library.apply(schema).changes.isEmpty)
    }

    @Test func `keys, indexes and Chinese titles are in the catalog`() throws {
        let fixture = try LibraryFixture()
        #expect(
            try fixture.rows("SELECT obj_description('anjian'::regclass), col_description('anjian'::regclass, 3)")
                == [["案件", "立案日期"]])
        #expect(try fixture.rows("SELECT count(*) FROM pg_indexes WHERE tablename = 'anjian'") == [["2"]])
        #expect(try fixture.rows("SELECT version FROM sitong.schema_version") == [["1"]])
    }

    @Test func `a new column and a longer text are added to a library with rows`() throws {
        let fixture = try LibraryFixture()
        try fixture.inspector.execute("INSERT INTO anjian VALUES ('a', 'f', NULL, 1, 1.5, NULL, 1)")
        var schema = fixture.schema
        schema.tables[0].columns[0].type = .text(maxLength: 20)
        schema.tables[0].columns.append(ColumnDefinition(name: "jarq", title: "结案日期", type: .date))
        let difference = try fixture.library.apply(schema)
        #expect(
            difference.changes.map(\.description) == [
                "ALTER TABLE \"anjian\" ALTER COLUMN \"ajbs\" TYPE character varying(20);",
                "ALTER TABLE \"anjian\" ADD COLUMN \"jarq\" date;",
                "COMMENT ON COLUMN \"anjian\".\"jarq\" IS '结案日期';",
                "ALTER TABLE \"anjian_log\" ALTER COLUMN \"ajbs\" TYPE character varying(20);",
            ])
        #expect(try fixture.rows("SELECT ajbs, je, jarq FROM anjian") == [["a", "1.50", nil]])
    }

    @Test func `a type that would lose values is refused and nothing is changed`() throws {
        let fixture = try LibraryFixture()
        var schema = fixture.schema
        schema.tables[0].columns.append(ColumnDefinition(name: "jarq", type: .date))
        schema.tables[0].columns[3].type = .date
        let error = #expect(throws: OperationError.self) { try fixture.library.apply(schema) }
        #expect(error?.status == .badData)
        #expect(error?.message.en.contains("anjian.ts is bigint, the schema says date") == true)
        #expect(error?.message.zh.contains("anjian.ts 为 bigint，定义为 date") == true)
        #expect(try fixture.rows("SELECT 1 FROM pg_attribute WHERE attname = 'jarq'").isEmpty)
    }

    @Test func `two that change the library at once do not wait for each other`() throws {
        let fixture = try LibraryFixture()
        try fixture.inspector.begin()
        try fixture.inspector.execute("SELECT pg_advisory_xact_lock(hashtext('sitong.library'))")
        let error = #expect(throws: OperationError.self) { try fixture.library.apply(fixture.schema) }
        #expect(error?.status == .temporaryFailure)
        let load = #expect(throws: OperationError.self) {
            try fixture.library.load(LibraryFixture.batch(1, []), schema: fixture.schema)
        }
        #expect(load?.code == "library-locked")
    }

    @Test func `a library without tables is status 66`() throws {
        let library = try StandardLibrary(TestPostgres.freshDatabase())
        let error = #expect(throws: OperationError.self) {
            try library.load(LibraryFixture.batch(1, []), schema: LibraryFixture.schema())
        }
        #expect(error?.status == .noInput)
    }
}
