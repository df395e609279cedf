import CourtModel
import DataAccess
import Diagnostics
import Library
import PostgresClient
import RuleEngine
import SQLGeneration
import TestSupport
import Testing

/// A library judged inside its server and by the native engine, which reads it.
struct LibraryEquivalenceTests {
    @Test func `both engines find the same in a library, in the order of its keys`() throws {
        let definitions = try EngineComparison(
            yaml: """
                table: anjian
                title: 案件
                key: [fy, id]
                court: fy
                columns:
                  - {name: fy, title: 法院, type: text(4)}
                  - {name: id, type: int}
                  - {name: larq, title: 立案日期, type: date, nulls: ['1900-01-01']}
                  - {name: bdje, type: "dec(18,2)"}
                  - {name: mc, type: text(20), personal: name}
                relations:
                  - {name: same, table: anjian, on: {fy: fy}, many: true}
                ---
                rules:
                  - {id: A, on: 案件, check: "bdje >= 0", message: "{mc} {bdje} {count(same)}"}
                  - {id: B, on: 案件, check: larq is not null, except: [{key: [豫, '7'], reason: 已核实}]}
                  - {id: C, on: 案件, unique: [fy]}
                """)
        let conninfo = try TestPostgres.freshDatabase()
        let library = try StandardLibrary(conninfo)
        _ = try library.apply(definitions.schema)
        let writer = try PostgresConnection(conninfo, applicationName: "tests")
        try writer.execute(
            """
            INSERT INTO anjian VALUES ('豫', 10, '2024-01-01', -1.5, '张三', 1), ('豫', 7, '1900-01-01', 2, NULL, 1),
                ('京', 3, NULL, -0.01, '', 1), ('晋', 1, '9999-12-31', NULL, '李"四', 1), ('冀', 1, 'infinity', 'NaN', 'x', 1)
            """)
        try writer.execute(
            "INSERT INTO anjian SELECT '津', n, '2024-01-01', -n, '王五', 1 FROM generate_series(1, 2000) n")
        let options = QualityCheck.Options(period: StatisticalPeriod("2026-10"), language: .en)
        let inside = try library.judge(
            SQLQualityCheck(schema: definitions.schema, rules: definitions.rules, options: options))
        let snapshot = try library.snapshot()
        let native = try QualityCheck(schema: definitions.schema, rules: definitions.rules, options: options)
            .run(
                tables: ["anjian"],
                cells: { request in
                    try snapshot.reader(
                        table: request.table, columns: request.required + request.optional, schema: definitions.schema)
                })
        #expect(inside.statistics == native.statistics)
        #expect(inside.findings.byKey.map(Told.init) == native.findings.byKey.map(Told.init))
        #expect(inside.findings.allSatisfy { $0.row == 0 })
        #expect(inside.findings.filter { $0.rule == "A" }.count == 2002)
        #expect(inside.findings.contains { $0.rule == "type.anjian.larq" && $0.court == "冀" })
        // With no memory to keep them in, findings go to disk and come back the same.
        let poor = QualityCheck.Options(period: StatisticalPeriod("2026-10"), language: .en, memory: 1)
        let spilled = try library.judge(
            SQLQualityCheck(schema: definitions.schema, rules: definitions.rules, options: poor))
        #expect(spilled.spilledBytes > 0)
        #expect(spilled.findings.byKey.map(Told.init) == inside.findings.byKey.map(Told.init))
        // Nothing stays behind.
        #expect(try writer.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'sitong_outcomes%'") == [["0"]])
    }
}

/// What both engines must tell alike of a finding.
private struct Told: Equatable {
    var texts: [String?]

    init(_ finding: Finding) {
        texts = [finding.rule, finding.key, finding.court, finding.message, finding.identifier]
    }
}
