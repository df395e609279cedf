import PostgresClient

/// The source definitions (`sources/<court>.yaml`) that map a vendor's database to the standard, and the code
/// translations beside them.
enum SourceFiles {
    /// By table of the standard: the query, and the columns that are translated with the code list of each.
    struct TableMapping {
        var table: String
        var select: String
        var codes: [(column: String, list: String)]
    }

    static func definition(of court: CourtRow, layout: VendorLayout, connect: String) -> String {
        var text = """
            # \(court.name), vendor \(layout == .postgres ? "A" : "B"). Invented by `sitong demo`.
            source: demo-\(court.fileName)
            title: \(court.name)
            court: \(court.mark)
            connect: \(connect)
            tables:

            """
        for mapping in layout == .postgres ? postgresTables : sqliteTables {
            text += "  \(mapping.table):\n    select: |\n"
            for line in mapping.select.split(separator: "\n") { text += "      \(line)\n" }
            let entries = mapping.codes.map { "\($0.column): maps/\(layout.filePrefix)-\($0.list).csv" }
            if !entries.isEmpty { text += "    codes: {\(entries.joined(separator: ", "))}\n" }
        }
        return text
    }

    /// Code translations by file name: the vendor's code and the standard's.
    static func translations(courts: [CourtRow]) -> [(file: String, rows: [[String?]])] {
        var files: [(file: String, rows: [[String?]])] = []
        for layout in [VendorLayout.postgres, .sqlite] {
            for (list, codes) in layout.translations.sorted(by: { $0.key < $1.key }) {
                let rows = codes.sorted { $0.key < $1.key }.map { [$0.value, $0.key] as [String?] }
                files.append(("\(layout.filePrefix)-\(list).csv", rows))
            }
        }
        let numbers = courts.map { [SQLiteStore.courtNumber($0.mark), $0.mark] as [String?] }
        files.append(("\(VendorLayout.sqlite.filePrefix)-court.csv", numbers))
        return files
    }

    static let caseCodes = [
        ("ajlx", "ajlx"), ("ajly", "ajly"), ("ay", "ay"), ("sycx", "sycx"), ("csxyy", "csxyy"), ("jafs", "jafs"),
        ("jaay", "ay"),
    ]
    static let partyCodes = [("lx", "dsrlx"), ("ssdw", "ssdw"), ("zjlx", "zjlx"), ("xb", "xb")]

    private static let postgresTables = [
        TableMapping(
            table: "anjian",
            select: """
                SELECT c_ajbs AS ajbs, c_ah AS ah, c_fy AS fydm, n_ajlx AS ajlx, n_ajly AS ajly, c_sdrq AS sdszrq,
                       to_char(dt_larq, 'YYYY-MM-DD') AS larq, c_ay AS ay, n_sycx AS sycx, c_spt AS cbspt, c_cbr AS cbr,
                       dt_sxqs AS sxqsrq, dt_sxjm AS sxjmrq, n_fdsx AS fdsxts, n_sjsl AS sjslts, n_csx AS csxts,
                       n_csxyy AS csxyy, to_char(dt_jarq, 'YYYY-MM-DD') AS jarq, n_jafs AS jafs, c_jaay AS jaay,
                       n_qsje AS qsbdje, n_jaje AS jabdje, c_sxrq AS sxrq, n_dsrs AS dsrs, dt_gxsj AS gxsj
                FROM t_aj
                """,
            codes: caseCodes),
        TableMapping(
            table: "dangshiren",
            select: """
                SELECT c_ajbs AS ajbs, n_xh AS xh, c_xm AS xm, n_lx AS lx, n_ssdw AS ssdw, n_zjlx AS zjlx,
                       c_zjhm AS zjhm, dt_csrq AS csrq, n_xb AS xb, c_dh AS dh, c_dz AS dz, dt_gxsj AS gxsj
                FROM t_dsr
                """,
            codes: partyCodes),
        TableMapping(
            table: "shenxianbiangeng",
            select: """
                SELECT c_ajbs AS ajbs, n_xh AS xh, n_lx AS bglx, c_yy AS bgyy, dt_qs AS qsrq, dt_js AS jsrq,
                       n_ts AS ts, dt_sp AS sprq, dt_gxsj AS gxsj
                FROM t_sxbg
                """,
            codes: [("bglx", "sxbglx")]),
        TableMapping(
            table: "shangsukangsu",
            select: """
                SELECT c_ajbs AS ajbs, n_xh AS xh, n_lx AS sslx, dt_tc::date AS ssrq, c_tcr AS ssr, dt_ys::date AS ysrq,
                       c_esah AS esah, dt_gxsj AS gxsj
                FROM t_ssks
                """,
            codes: [("sslx", "sslx")]),
    ]

    private static func day(_ column: String, _ name: String) -> String { "replace(\(column), '/', '-') AS \(name)" }

    private static func time(_ column: String) -> String {
        "strftime('%Y-%m-%d %H:%M:%S', \(column), 'unixepoch', '+8 hours') AS gxsj"
    }

    private static func yuan(_ column: String, _ name: String) -> String {
        """
        CASE WHEN \(column) IS NOT NULL
            THEN printf('%s%d.%02d', iif(\(column) < 0, '-', ''), abs(\(column)) / 100, abs(\(column)) % 100) END AS \(name)
        """
    }

    private static let sqliteTables = [
        TableMapping(
            table: "anjian",
            select: """
                SELECT AJXH AS ajbs, ANHAO AS ah, FYBH AS fydm, AJLB AS ajlx, LAFS AS ajly, \(day("SSRQ", "sdszrq")),
                       LARQ AS larq, ANYOU AS ay, CXLB AS sycx, SPTMC AS cbspt, CBFG AS cbr, \(day("SXKS", "sxqsrq")),
                       \(day("SXJS", "sxjmrq")), SXTS AS fdsxts, SLTS AS sjslts, CQTS AS csxts, CQYY AS csxyy,
                       \(day("JARQ", "jarq")), JAFS AS jafs, JAAY AS jaay,
                       \(yuan("QSJE_FEN", "qsbdje")),
                       \(yuan("JAJE_FEN", "jabdje")),
                       \(day("SXRQ", "sxrq")), RS AS dsrs, \(time("GXSJ"))
                FROM AJXX
                """,
            codes: [("fydm", "court")] + caseCodes),
        TableMapping(
            table: "dangshiren",
            select: """
                SELECT AJXH AS ajbs, XH AS xh, XINGMING AS xm, LB AS lx, DW AS ssdw, ZJZL AS zjlx, ZJHAO AS zjhm,
                       \(day("CSNYR", "csrq")), XINGBIE AS xb, LXFS AS dh, ZHUZHI AS dz, \(time("GXSJ"))
                FROM DSRXX
                """,
            codes: partyCodes),
        TableMapping(
            table: "shenxianbiangeng",
            select: """
                SELECT AJXH AS ajbs, XH AS xh, LB AS bglx, YUANYIN AS bgyy, \(day("KSRQ", "qsrq")),
                       \(day("JSRQ", "jsrq")), TIANSHU AS ts, \(day("PZRQ", "sprq")), \(time("GXSJ"))
                FROM SXBGXX
                """,
            codes: [("bglx", "sxbglx")]),
        TableMapping(
            table: "shangsukangsu",
            select: """
                SELECT AJXH AS ajbs, XH AS xh, LB AS sslx, \(day("TQRQ", "ssrq")), TQR AS ssr, \(day("YSRQ", "ysrq")),
                       ESANHAO AS esah, \(time("GXSJ"))
                FROM SKSXX
                """,
            codes: [("sslx", "sslx")]),
    ]
}
