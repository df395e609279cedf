import Diagnostics
import SQLGeneration
import Schema
import Testing

struct DataDefinitionTests {
    private let table = TableDefinition(
        name: "t", title: "案件'表", key: ["ajbs"],
        columns: [
            ColumnDefinition(name: "ajbs", title: "案件标识", type: .text(maxLength: 50), isRequired: true),
            ColumnDefinition(name: "fydm", title: "法院", type: .code(.list("court")), isRequired: true),
            ColumnDefinition(name: "bdje", type: .decimal(precision: 18, scale: 2)),
        ], indexes: [["fydm", "ajbs"]])

    @Test func `a table is printed as an administrator would write it`() {
        let tables = LibraryTables(table)
        let statements = SchemaDifference(expected: [tables.current], found: [:]).changes
        #expect(
            statements.map(\.description).joined(separator: "\n") == """
                CREATE TABLE "t" (
                    "ajbs"         character varying(50) NOT NULL,
                    "fydm"         text,
                    "bdje"         numeric(18,2),
                    "sitong_batch" bigint NOT NULL,
                    PRIMARY KEY ("ajbs")
                ) WITH (fillfactor = 90);
                COMMENT ON TABLE "t" IS '案件''表';
                COMMENT ON COLUMN "t"."ajbs" IS '案件标识';
                COMMENT ON COLUMN "t"."fydm" IS '法院';
                COMMENT ON COLUMN "t"."bdje" IS 'bdje';
                CREATE INDEX "t_fydm_ajbs_idx" ON "t" ("fydm", "ajbs");
                """)
    }

    @Test func `names with quotes stay one name, and texts with quotes one text`() {
        #expect(SQLIdentifier("a\"b", in: "s").description == "\"s\".\"a\"\"b\"")
        #expect(SQLLiteral("O'x\\").description == "'O''x\\'")
    }

    @Test func `a long index name is cut to what a name may have`() {
        let name = IndexShape(table: "shenxianbiangeng", columns: Array(repeating: "abcdefgh", count: 9)).name
        #expect(name.utf8.count == 63)
        #expect(name.hasSuffix("_idx"))
    }

    @Test func `wider types are changed, narrower ones and other keys are conflicts`() {
        let expected = TableShape(
            name: "t", title: "t",
            columns: [
                .init(name: "a", type: "character varying(60)"), .init(name: "b", type: "numeric(20,2)"),
                .init(name: "c", type: "date"), .init(name: "d", type: "bigint"),
            ], key: ["a"])
        var found = expected
        found.columns = [
            .init(name: "a", type: "character varying(50)"), .init(name: "b", type: "numeric(18,2)"),
            .init(name: "c", type: "text"), .init(name: "e", type: "text"),
        ]
        found.key = ["b"]
        let difference = SchemaDifference(expected: [expected], found: ["t": found])
        #expect(
            difference.changes == [
                .changeType(table: "t", column: "a", to: "character varying(60)"),
                .changeType(table: "t", column: "b", to: "numeric(20,2)"),
                .addColumn(table: "t", .init(name: "d", type: "bigint")),
            ])
        #expect(
            difference.conflicts == [
                .key(table: "t", expected: ["a"], found: ["b"]),
                .type(table: "t", column: "c", expected: "date", found: "text"),
                .unknownColumn(table: "t", column: "e"),
            ])
    }

    @Test(arguments: [
        ("character varying(50)", "character varying(40)", false), ("character varying(50)", "text", true),
        ("text", "character varying(40)", false), ("numeric(18,2)", "numeric(18,4)", false),
        ("numeric(18,2)", "numeric(20,4)", true), ("bigint", "numeric(19,0)", true), ("bigint", "numeric(18,0)", false),
        ("date", "timestamp without time zone", false),
    ])
    func `a type is changed only when it takes every old value`(old: String, new: String, widens: Bool) {
        let found = TableShape(name: "t", title: "", columns: [.init(name: "a", type: old)], key: [])
        let expected = TableShape(name: "t", title: "", columns: [.init(name: "a", type: new)], key: [])
        let difference = SchemaDifference(expected: [expected], found: ["t": found])
        #expect(difference.changes.count == (widens ? 1 : 0))
        #expect(difference.conflicts.count == (widens ? 0 : 1))
    }
}
