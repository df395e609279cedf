import Batches
import Columnar
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

/// A standard of two tables, and two trial databases of different vendors that hold the same invented cases.
enum SourceFixture {
    static let cases = TableDefinition(
        name: "anjian", title: "案件", key: ["ajbs"], courtPath: "fydm",
        columns: [
            ColumnDefinition(name: "ajbs", title: "案件标识", type: .text(maxLength: 50), isRequired: true),
            ColumnDefinition(name: "ah", title: "案号", type: .text(maxLength: 60), isRequired: true),
            ColumnDefinition(name: "fydm", title: "法院", type: .code(.list("court")), isRequired: true),
            ColumnDefinition(name: "larq", title: "立案日期", type: .date, isRequired: true),
            ColumnDefinition(name: "jafs", title: "结案方式", type: .code(.list("jafs"))),
            ColumnDefinition(name: "qsbdje", title: "起诉标的金额", type: .decimal(precision: 18, scale: 2)),
            ColumnDefinition(name: "cbr", title: "承办人", type: .text(maxLength: 50), personal: .name),
            ColumnDefinition(name: "gxsj", title: "更新时间", type: .timestamp),
        ])
    static let parties = TableDefinition(
        name: "dangshiren", title: "当事人", key: ["ajbs", "xh"], courtPath: "anjian.fydm",
        columns: [
            ColumnDefinition(name: "ajbs", title: "案件标识", type: .text(maxLength: 50), isRequired: true),
            ColumnDefinition(name: "xh", title: "序号", type: .int, isRequired: true),
            ColumnDefinition(name: "xm", title: "姓名", type: .text(maxLength: 100), personal: .name),
        ])
    static let schema = StandardSchema(tables: [cases, parties])

    /// What both databases give for 案件, in the order of the standard: ajbs, ah, fydm, larq, jafs, qsbdje, cbr, gxsj.
    static let expectedCases: [[String?]] = [
        ["a1", "（2026）豫1702民初1号", "豫1702", "2026-09-01", "01", "1000.50", "甲", "2026-09-02 08:00:00"],
        ["a2", "（2026）豫1702民初2号", "豫1702", "2026-10-01", nil, nil, "", "2026-10-02 08:00:00"],
        ["a3", "第一行\n\"第二行\", 末", "豫1703", "2026-10-31", "?9", "-3.00", "O'Brien \\.", nil],
        ["a4", "（2026）豫1702民初4号", "豫1702", "2026-11-01", "02", "0.00", "丁", "2026-11-02 08:00:00"],
    ]
    static let expectedParties: [[String?]] = [["a1", "1", "甲公司"], ["a1", "2", nil]]
    static let closing = ["1": "01", "2": "02"]

    static func postgres() throws -> (source: SourceDefinition, connection: PostgresConnection) {
        let conninfo = try TestPostgres.freshDatabase()
        let connection = try PostgresConnection(conninfo, applicationName: "tests")
        try connection.execute(
            """
            CREATE TABLE t_aj (c_ajbs text, c_ah text, c_fy text, dt_larq date, n_jafs int, n_je numeric(18,2), c_cbr text,
                               dt_gxsj timestamp);
            INSERT INTO t_aj VALUES
                ('a1', '（2026）豫1702民初1号', '豫1702', '2026-09-01', 1, 1000.50, '甲', '2026-09-02 08:00:00'),
                ('a2', '（2026）豫1702民初2号', '豫1702', '2026-10-01', NULL, NULL, '', '2026-10-02 08:00:00'),
                ('a3', E'第一行\\n"第二行", 末', '豫1703', '2026-10-31', 9, -3, E'O''Brien \\\\.', NULL),
                ('a4', '（2026）豫1702民初4号', '豫1702', '2026-11-01', 2, 0, '丁', '2026-11-02 08:00:00');
            CREATE TABLE t_dsr (c_ajbs text, n_xh int, c_xm text);
            INSERT INTO t_dsr VALUES ('a1', 1, '甲公司'), ('a1', 2, NULL)
            """)
        let source = SourceDefinition(
            name: "vendor-a", connection: .postgres(conninfo),
            tables: [
                .init(
                    table: "anjian",
                    query: .select(
                        """
                        SELECT c_cbr AS cbr, c_ajbs AS ajbs, c_ah AS AH, c_fy AS "法院", dt_larq AS larq, n_jafs AS jafs,
                               n_je AS qsbdje, dt_gxsj AS gxsj
                        FROM t_aj
                        WHERE dt_gxsj IS NULL OR (dt_gxsj >= {since} AND dt_gxsj < {until})
                        ORDER BY c_ajbs;

                        """),
                    watermark: "gxsj", codes: ["jafs": closing]),
                .init(
                    table: "dangshiren",
                    query: .from(
                        "public.t_dsr",
                        columns: [
                            .init(column: "ajbs", source: "c_ajbs"), .init(column: "xh", source: "n_xh"),
                            .init(column: "xm", source: "c_xm"),
                        ])),
            ])
        return (source, connection)
    }

    static func sqlite(_ directory: TemporaryDirectory) throws -> (source: SourceDefinition, database: SQLiteDatabase) {
        RealPart.note(.sqlite)
        let path = directory.appending("trial.sqlite")
        let database = try SQLiteDatabase(path, mode: .readWrite)
        try database.execute(
            """
            CREATE TABLE AJXX (AJXH TEXT, ANHAO TEXT, FYBH TEXT, LARQ TEXT, JAFS TEXT, JE_FEN INTEGER, "承办 人" TEXT, GXSJ TEXT);
            INSERT INTO AJXX VALUES
                ('a1', '（2026）豫1702民初1号', '1702', '2026-09-01', '1', 100050, '甲', '2026-09-02 08:00:00'),
                ('a2', '（2026）豫1702民初2号', '1702', '2026-10-01', NULL, NULL, '', '2026-10-02 08:00:00'),
                ('a3', '第一行' || char(10) || '"第二行", 末', '1703', '2026-10-31', '9', -300, 'O''Brien \\.', NULL),
                ('a4', '（2026）豫1702民初4号', '1702', '2026-11-01', '2', 0, '丁', '2026-11-02 08:00:00');
            CREATE TABLE DSRXX (AJXH TEXT, XH INTEGER, XINGMING TEXT);
            INSERT INTO DSRXX VALUES ('a1', 1, '甲公司'), ('a1', 2, NULL)
            """)
        let source = SourceDefinition(
            name: "vendor-b", connection: .sqlite(path: path),
            tables: [
                .init(
                    table: "anjian",
                    query: .select(
                        """
                        SELECT AJXH AS ajbs, ANHAO AS ah, FYBH AS fydm, LARQ AS larq, JAFS AS jafs,
                               CASE WHEN JE_FEN IS NOT NULL THEN printf('%.2f', JE_FEN / 100.0) END AS qsbdje,
                               "承办 人" AS cbr, GXSJ AS gxsj
                        FROM AJXX WHERE GXSJ IS NULL OR (GXSJ >= {since} AND GXSJ < {until}) ORDER BY 1
                        """),
                    watermark: "gxsj", codes: ["jafs": closing, "fydm": ["1702": "豫1702", "1703": "豫1703"]]),
                .init(
                    table: "dangshiren",
                    query: .from(
                        "DSRXX",
                        columns: [
                            .init(column: "ajbs", source: "AJXH"), .init(column: "xh", source: "XH"),
                            .init(column: "xm", source: "XINGMING"),
                        ])),
            ])
        return (source, database)
    }

    static func request(
        _ source: SourceDefinition, _ range: ExtractionRange = .full, run: String = "run-1"
    ) -> ExtractionRequest {
        ExtractionRequest(source: source, schema: schema, range: range, runKey: run, producer: "sitong test")
    }

    static func rows(
        _ folder: String, _ table: String, _ contents: BatchTableWriter.Contents = .rows
    ) throws -> [[String?]] {
        guard let reader = try BatchReader.open(folder, verify: .content).reader(table: table, contents: contents)
        else {
            return []
        }
        var rows: [[String?]] = []
        while let block = try reader.next() {
            for row in 0..<block.rowCount { rows.append(block.columns.map { $0[row] }) }
        }
        return rows
    }

    static func tree(_ folder: String) -> [String] {
        (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []).sorted()
    }
}
