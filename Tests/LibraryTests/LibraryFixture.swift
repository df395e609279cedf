import DataAccess
import DelimitedText
import Library
import PostgresClient
import Schema
import TestSupport

/// A library of its own with two small tables, and batches written in the test.
struct LibraryFixture {
    let place: String
    let library: StandardLibrary
    let schema: StandardSchema
    /// To look at what is there.
    let inspector: PostgresConnection

    init(file: String = #fileID, function: String = #function) throws {
        place = try TestPostgres.freshDatabase(file: file, function: function)
        library = try StandardLibrary(place)
        schema = Self.schema()
        try library.apply(schema)
        inspector = try PostgresConnection(place, applicationName: "tests")
    }

    static func schema() -> StandardSchema {
        StandardSchema(tables: [
            TableDefinition(
                name: "anjian", title: "案件", key: ["ajbs"], courtPath: "fydm",
                columns: [
                    ColumnDefinition(name: "ajbs", title: "案件标识", type: .text(maxLength: 8), isRequired: true),
                    ColumnDefinition(name: "fydm", title: "法院", type: .code(.list("court"))),
                    ColumnDefinition(name: "larq", title: "立案日期", type: .date),
                    ColumnDefinition(name: "ts", title: "天数", type: .int),
                    ColumnDefinition(name: "je", title: "金额", type: .decimal(precision: 6, scale: 2)),
                    ColumnDefinition(name: "gxsj", title: "更新时间", type: .timestamp),
                ], indexes: [["fydm", "larq"]]),
            TableDefinition(
                name: "dangshiren", title: "当事人", key: ["ajbs", "xh"], courtPath: "anjian.fydm",
                columns: [
                    ColumnDefinition(name: "ajbs", title: "案件标识", type: .text(maxLength: 8), isRequired: true),
                    ColumnDefinition(name: "xh", title: "序号", type: .int, isRequired: true),
                    ColumnDefinition(name: "xm", title: "姓名", type: .text(maxLength: 5), personal: .name),
                ],
                relations: [
                    Relation(
                        name: "anjian", title: "案件", table: "anjian", on: [.init(here: "ajbs", there: "ajbs")],
                        isToMany: false)
                ]),
        ])
    }

    static let header = "ajbs,fydm,larq,ts,je,gxsj\n"

    /// A batch with one part of cases.
    static func batch(
        _ sequence: Int, _ rows: [String], digest: String? = nil, previous: String?? = nil,
        deletions: [String] = []
    ) -> IncomingBatch {
        var tables = [
            IncomingBatch.Table(
                name: "anjian", orderColumn: "gxsj", watermark: "2026-10-\(sequence)",
                parts: [part("anjian/000001.csv.zst", header + rows.map { $0 + "\n" }.joined(), rows: rows.count)])
        ]
        if !deletions.isEmpty {
            tables.append(
                IncomingBatch.Table(
                    name: "anjian", kind: .deletions,
                    parts: [
                        part(
                            "anjian/deleted-000001.csv.zst", "ajbs\n" + deletions.map { $0 + "\n" }.joined(),
                            rows: deletions.count)
                    ]))
        }
        return IncomingBatch(
            id: "y17-\(sequence)", source: "y17", sequence: sequence, digest: digest ?? "digest-\(sequence)",
            previousDigest: previous ?? (sequence > 1 ? "digest-\(sequence - 1)" : nil), court: "豫17",
            period: "2026-10",
            manifest: "{\"sequence\": \(sequence)}", tables: tables)
    }

    static func part(_ name: String, _ text: String, rows: Int) -> IncomingBatch.Part {
        IncomingBatch.Part(name: name, digest: "sha-\(name)", rows: rows) {
            try CSVCellReader(TextSource(text), file: name)
        }
    }

    func rows(_ sql: String) throws -> [[String?]] { try inspector.execute(sql) }

    /// Everything that must not change when a load fails; times apart.
    func contents() throws -> [[[String?]]] {
        try [
            "SELECT * FROM anjian ORDER BY ajbs",
            "SELECT ajbs, sitong_batch, ended_by, operation, row FROM anjian_log ORDER BY ajbs, ended_by",
            "SELECT batch, number, digest FROM sitong.batch WHERE status = 'loaded' ORDER BY number",
            "SELECT * FROM sitong.load_part ORDER BY batch, part",
            "SELECT source, table_name, value, batch FROM sitong.watermark ORDER BY 1, 2",
            "SELECT q.* FROM sitong.quarantine q JOIN sitong.batch b USING (batch) WHERE b.status = 'loaded' ORDER BY 1, 2, 3",
        ].map(rows)
    }
}

/// A text, some bytes at a time.
struct TextSource: ByteSource {
    private var rest: ArraySlice<UInt8>

    init(_ text: String) { rest = Array(text.utf8)[...] }

    init(bytes: [UInt8]) { rest = bytes[...] }

    mutating func read(into buffer: inout [UInt8]) throws -> Bool {
        guard !rest.isEmpty else { return false }
        buffer += rest.prefix(1000)
        rest = rest.dropFirst(1000)
        return true
    }
}
