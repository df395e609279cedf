import Diagnostics
import FormEngine
import Reconciliation
import Reporting

/// A report as a month of a small province gives it; courts are real names, cases are invented.
enum SampleReport {
    static let hostile = "<script>alert('x')</script> & \"引号\""

    static let courts: [ReportModel.CourtName] = [
        .init(code: "豫17", name: "河南省驻马店市中级人民法院"),
        .init(code: "豫1702", name: "驻马店市驿城区人民法院", parent: "豫17"),
        .init(code: "豫1721", name: "西平县人民法院", parent: "豫17"),
        .init(code: "豫1722", name: "上蔡县人民法院", parent: "豫17"),
        .init(code: "豫1723", name: "平舆县人民法院", parent: "豫17"),
    ]

    static func model(hostile: Bool = false) -> ReportModel {
        var model = ReportModel(
            title: LocalizedText(en: "Monthly report of court statistics", zh: "司法统计数据质量月报"), period: "2026-10",
            periodDays: ("2026-10-01", "2026-10-31"), run: "20261121-054605-1", generatedAt: "2026-11-21 13:46:05",
            schemaIdentity: "2026.1 (4f1c09ab)", courts: courts)
        model.steps = [
            .init(id: "extract", title: .init(en: "Extract", zh: "抽取"), rowsIn: 12_345, rowsOut: 12_345, seconds: 2.31),
            .init(
                id: "transfer", title: .init(en: "Transfer", zh: "传输"), rowsIn: 12_345, rowsOut: 12_345, seconds: 0.44),
            .init(id: "load", title: .init(en: "Load", zh: "入库"), rowsIn: 12_345, rowsOut: 12_298, seconds: 3.9),
            .init(
                id: "qc", title: .init(en: "Quality check", zh: "质检"), rowsIn: 12_298, rowsOut: 12_298, seconds: 1.2,
                status: .findings),
        ]
        model.loads = courts.dropFirst().enumerated().map { index, court in
            .init(
                court: court.code, batch: "zhumadian-\(index + 1)", table: "anjian", tableTitle: "案件",
                rowsIn: 3_000 + index,
                inserted: 2_900, updated: 80 + index, quarantined: 20)
        }
        model.quarantine = [
            .init(
                court: "豫1702", batch: "zhumadian-1", table: "anjian", tableTitle: "案件", reason: "type.anjian.larq",
                reasonText: .init(en: "filing date is no date", zh: "立案日期不是日期"), rows: 31),
            .init(
                court: "豫1722", batch: "zhumadian-3", table: "dangshiren", tableTitle: "当事人", reason: "key.dangshiren",
                reasonText: .init(en: "the key is empty", zh: "主键为空"), rows: 16),
        ]
        let rules: [(String, String, Severity, [Int])] = [
            ("case.closed-not-before-filed", "结案日期不得早于立案日期", .error, [12, 3, 0, 5]),
            ("case.number-unique", "同一法院案号不得重复", .error, [4, 4, 2, 0]),
            ("case.over-limit-reason", "超审限应填写原因", .error, [2, 0, 9, 1]),
            ("party.sex-matches-id-card", "性别应与身份证号码一致", .warning, [7, 1, 1, 6]),
            ("case.trial-days", "实际审理天数应与日期相符", .notice, [1, 0, 0, 2]),
        ]
        for (id, title, severity, counts) in rules {
            model.ruleStatistics.append(
                .init(
                    id: id, title: title, subject: id.hasPrefix("case") ? "案件" : "当事人", severity: severity,
                    rowsInScope: 12_298, applicable: 11_000, trueCount: 10_900, falseCount: counts.reduce(0, +),
                    undecidedCount: 60))
            for (court, count) in zip(courts.dropFirst(), counts) where count > 0 {
                model.findingCounts.append(.init(rule: id, court: court.code, count: count))
                for number in 1...count {
                    model.findings.append(
                        .init(
                            rule: id, severity: severity, table: "anjian", tableTitle: "案件", court: court.code,
                            key: "AJ\(court.code.dropFirst())\(1000 + number)",
                            message: hostile
                                ? SampleReport.hostile : "案号（2026）\(court.code)民初\(100 + number)号：\(title)",
                            batch: "zhumadian-1", file: "anjian/000001.csv.zst", line: 100 + number))
                }
            }
        }
        model.ruleStatistics.append(
            .init(id: "appeal.after-closing", title: "上诉日期不得早于结案日期", subject: "上诉抗诉", severity: .error))
        model.forms = [form]
        model.formFindings = [
            FormFinding(
                rule: "F01.balance", severity: .error, form: "F01", court: "豫1702", period: "2026-10", row: "1",
                column: "jc", expected: ExactDecimal(440), actual: ExactDecimal(428), difference: ExactDecimal(-12),
                message: .init(
                    en: "balance: 428 where 440 is expected (-12)", zh: "旧存与新收之和应等于已结与未结之和：实为428，应为440，相差-12"))
        ]
        model.ruleStatistics.append(
            .init(
                id: "F01.balance", title: "收结案平衡", subject: "收结案情况总表", severity: .error, rowsInScope: 15,
                applicable: 15, trueCount: 14, falseCount: 1))
        model.mismatches = [
            FigureMismatch(
                kind: .differs, form: "F01", court: "豫17", period: "2026-10", row: "1", column: "xs",
                expected: ExactDecimal(1_203), actual: ExactDecimal(1_207), difference: ExactDecimal(4),
                shares: [.init(court: "豫1721", amount: ExactDecimal(3))], remainder: ExactDecimal(1),
                message: .init(en: "submitted 1207, cases give 1203", zh: "上报1207，按案件计算为1203")),
            FigureMismatch(
                kind: .notSubmitted, form: "F01", court: "豫1723", period: "2026-10", row: "2", column: "yj",
                expected: ExactDecimal(17), actual: nil, difference: ExactDecimal(-17),
                message: .init(en: "not submitted, cases give 17", zh: "未上报，按案件计算为17")),
        ]
        if hostile {
            model.title = LocalizedText(SampleReport.hostile)
            model.courts[1].name = SampleReport.hostile
            model.ruleStatistics[0].title = SampleReport.hostile
            model.forms[0].rows[0].title = SampleReport.hostile
            model.quarantine[0].batch = SampleReport.hostile
        }
        return model
    }

    private static var form: FormSheet {
        let columns: [FormSheet.Column] = [
            .init(code: "jc", title: "旧存"), .init(code: "xs", title: "新收"), .init(code: "yj", title: "已结"),
            .init(code: "wj", title: "未结"), .init(code: "jal", title: "结案率", unit: "%", isCount: false),
        ]
        let rows: [FormSheet.Row] = [
            .init(code: "1", title: "合计"), .init(code: "2", title: "刑事", depth: 1),
            .init(code: "3", title: "民事", depth: 1),
        ]
        func cells(_ size: Int) -> [[FigureTable.Cell]] {
            [size, size / 4, size - size / 4].map { part in
                let rate = try? ExactDecimal(part * 100).divided(by: ExactDecimal(part * 2 + 40), scale: 2)
                return [part, part + 40, part, part + 40].map {
                    .init(value: .number(ExactDecimal($0)), own: .number(ExactDecimal($0)))
                }
                    + [.init(value: (rate ?? nil).map { .number($0) } ?? .blank, own: .absent)]
            }
        }
        let sizes = [1_600, 620, 340, 410, 230]
        return FormSheet(
            form: "F01", title: "收结案情况总表", period: "2026-10", columns: columns, rows: rows,
            courts: zip(courts, sizes).map { .init(court: $0.code, cells: cells($1)) }, undecidedCases: 9)
    }
}
