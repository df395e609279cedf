import ArgumentParser
import Batches
import Columnar
import CourtModel
import DataAccess
import Definitions
import DelimitedText
import Demonstration
import Diagnostics
import Foundation
import Library
import PostgresClient
import Reconciliation
import Reporting
import RuleLanguage
import Schema
import Workbook

/// `demo`: invents a small province with planted defects, runs the month over it, and shows that they were found.
struct DemoCommand: Operation {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "demo",
            abstract: say(
                "Invent a small province, run the month over it, compare with the truth.", "虚构一个小省，运行月度流水线，并与真相核对。"))
    }

    @Option(help: help("Its folder; made anew each time.", "所在目录，每次重建。"))
    var dir: String = "sitong-demo"

    @Option(help: help("How many courts: 豫17 and its basic courts.", "法院数：豫17 及其基层法院。"))
    var courts: Int = 11

    @Option(help: help("How many cases altogether.", "案件总数。"))
    var cases: Int = 6000

    @Option(help: help("The same seed gives the same province.", "相同的种子得到相同的小省。"))
    var seed: UInt64 = 20_261_101

    @Option(help: help("The statistical period.", "统计周期。"))
    var period: String = "2026-10"

    @Flag(help: help("Only invent; run nothing.", "只虚构数据，不运行流水线。"))
    var prepareOnly = false

    @OptionGroup var common: CommonOptions

    func perform(in session: Session) throws -> OperationResult {
        let period = try session.period(period)
        let folder = URL(fileURLWithPath: dir).standardizedFileURL.path
        let loaded = try session.definitions(SchemaOptions.shipped)
        try Folders.make(folder)

        session.console.note(
            LocalizedText(
                en: "inventing \(Format.count(cases)) cases of \(courts) courts in \(dir) (seed \(seed))",
                zh: "在 \(dir) 中虚构 \(courts) 个法院的 \(Format.count(cases)) 件案件（种子 \(seed)）"))
        let library = folder + "/library"
        try EmbeddedCluster(directory: library).initialize()
        let server = try session.start(embedded: library)
        let province = try Demonstration.generate(
            DemonstrationOptions(courts: courts, cases: cases, seed: seed, directory: folder, period: period),
            courts: Self.courtRows(loaded.schema), postgres: server)
        try Self.empty(server)
        try StandardLibrary(server).apply(loaded.schema)
        for leftover in [".sitong", "inbox", "reports"] {
            try? FileManager.default.removeItem(atPath: "\(folder)/\(leftover)")
        }
        guard !prepareOnly else {
            return OperationResult(
                json: DemoSummary(
                    dir: dir, seed: seed, planted: province.planted, missing: [], unexpected: [], reports: []),
                text: LocalizedText(en: "the province is in \(dir)", zh: "小省位于 \(dir)"), products: [dir])
        }
        return try runMonth(in: folder, province, loaded, session)
    }

    /// As an operator would, in the demonstration's folder: `sitong run monthly --period …`.
    private func runMonth(
        in folder: String, _ province: DemonstrationProvince, _ loaded: LoadedDefinitions, _ session: Session
    ) throws -> OperationResult {
        let schema = loaded.schema
        let before = FileManager.default.currentDirectoryPath
        guard FileManager.default.changeCurrentDirectoryPath(folder) else {
            throw OperationError(
                .cannotCreate, code: "folder-enter", LocalizedText(en: "unable to enter '\(dir)'", zh: "无法进入目录“\(dir)”")
            )
        }
        defer { _ = FileManager.default.changeCurrentDirectoryPath(before) }
        var environment = session.environment
        environment["SITONG_LIBRARY"] = folder + "/library"
        environment["SITONG_INBOX"] = "inbox"
        environment["SITONG_WORK"] = nil
        let inner = Session(session, environment: environment)
        guard let run = try Program.parse(["run", "monthly", "--period", period]) as? RunCommand else {
            preconditionFailure("'run' is a RunCommand")
        }
        _ = try run.perform(in: inner)
        let library = try StandardLibrary(inner.connectionText(try LibraryOptions.none))
        let model = try ReportBuilder(
            library: library, schema: schema, period: try session.period(period), run: inner.runID, work: inner.work
        ).model()
        let truth = try TruthFile.read(province.truthFile)
        let found =
            try Self.found(in: library, run: inner.runID)
            + Self.quarantined(in: library, inbox: "inbox", schema: schema)
            + Self.superseded(in: library, run: inner.runID, truth: truth)
            + Self.explained(in: province.slipsFolder, loaded, period: model.period ?? period, inner)
        let (missing, unexpected) = TruthFile.compare(truth, found: found)
        let rows = try DemoReconciliation(schema, truth: truth, session: inner)
        let reports = try FileManager.default.contentsOfDirectory(atPath: "reports/\(period)").sorted()
            .map { "\(dir)/reports/\(period)/\($0)" }
        let summary = DemoSummary(
            dir: dir, seed: seed, planted: province.planted,
            missing: missing.map { DemoSummary.Item($0.outcome.rawValue, $0.rule, $0.table, $0.key) } + rows.missing,
            unexpected: unexpected.map { DemoSummary.Item($0.outcome.rawValue, $0.rule, $0.table, $0.key) }
                + rows.unexpected,
            reports: reports)
        func text(_ language: Language) -> String {
            TerminalReport.text(model, language: language) + "\n" + summary.text(language, truth: truth) + "\n"
                + rows.text.text(in: language)
        }
        return OperationResult(
            summary.missing.isEmpty && summary.unexpected.isEmpty ? .ok : .findings, json: summary,
            text: LocalizedText(en: text(.en), zh: text(.zh)), products: [dir])
    }

    /// The intermediate court of 豫17 and its basic courts, as the court list has them.
    private static func courtRows(_ schema: StandardSchema) throws -> [CourtRow] {
        guard let list = schema.codelist("court"), let name = list.nameIndex,
            let parents = schema.hierarchies["court"]?.parents
        else { throw OperationError.demoCourtsMissing }
        let rows = list.entries.filter { $0.code == "豫17" || parents[$0.code] == "豫17" }.map { entry in
            CourtRow(
                mark: entry.code, name: (name < entry.values.count ? entry.values[name] : nil) ?? entry.code,
                level: entry.code == "豫17" ? "中级" : "基层", upperMark: parents[entry.code])
        }
        guard !rows.isEmpty else { throw OperationError.demoCourtsMissing }
        return rows.sorted { ($0.level != "中级" ? 1 : 0, $0.mark) < ($1.level != "中级" ? 1 : 0, $1.mark) }
    }

    /// The form whose figures the demonstration submits, with its mistakes.
    private static let plantedForm = "F01"

    /// What rules and comparisons reported, in the terms of the truth file.
    private static func found(in library: StandardLibrary, run: String) throws -> [FoundItem] {
        var found = try library.findings(run: run).map {
            FoundItem(outcome: .finding, rule: $0.rule, court: $0.court ?? "", table: $0.table, key: $0.key ?? "")
        }
        // Mistakes are planted in one form; that others which count the same cases break their rules too is no news.
        found += try library.mismatches(run: run).filter { $0.form == plantedForm }.map { record in
            let cell = [record.court, record.row, record.column].map { $0 ?? "" }.joined(separator: "|")
            let outcome: TruthItem.Outcome =
                switch record.side {
                case .computed: .finding
                case .submitted: .submittedFinding
                case .both: .mismatch
                }
            return FoundItem(
                outcome: outcome, rule: record.side == .both ? "" : record.rule, court: record.court ?? "",
                table: record.form, key: cell)
        }
        return found
    }

    /// What `reconcile forms --explain` makes of each file of figures with a mistake in it.
    private static func explained(
        in folder: String, _ loaded: LoadedDefinitions, period: String, _ session: Session
    ) throws -> [FoundItem] {
        let check = try FormRuleCheck(rules: loaded.rules.rules, schema: loaded.schema)
        let files = try FileNames.expand(
            ["\(folder)/*.csv"], what: LocalizedText(en: "figures file", zh: "报表数字文件"))
        return try files.flatMap { file in
            let figures = try session.figures([file], map: [:], forms: loaded.schema.forms)
            let courts = try ReportingCourts(loaded.schema, check, nil, figures, periods: [period])
            let result = check.judge(figures, periods: [period], jurisdictions: courts.jurisdictions)
            return check.explain(result.findings, figures, jurisdictions: courts.jurisdictions).map {
                FoundItem(
                    slip: URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent,
                    pattern: $0.pattern.rawValue, form: $0.form, court: $0.court, courts: $0.courts)
            }
        }
    }

    /// Rows in quarantine, by the keys in their bytes.
    private static func quarantined(
        in library: StandardLibrary, inbox: String, schema: StandardSchema
    ) throws -> [FoundItem] {
        let columns = try Inbox(inbox).batches().reduce(into: [String: [String]]()) { result, batch in
            for table in batch.manifest.tables { result["\(batch.manifest.id)/\(table.name)"] = table.columns }
        }
        return try library.quarantine(limit: .max).map { record in
            var key: [String] = []
            if let names = columns["\(record.batch)/\(record.table)"], let table = schema.table(record.table) {
                let reader = try CSVReader(
                    BytesSource(record.raw), file: record.part, options: CSVOptions(columns: names))
                if let row = try reader.next(), row.rowCount == 1 {
                    key = table.key.map { name in names.firstIndex(of: name).flatMap { row.columns[$0][0] } ?? "" }
                }
            }
            let text = key.count == 1 ? key[0] : "[" + key.map { "\"\($0)\"" }.joined(separator: ",") + "]"
            return FoundItem(outcome: .quarantine, rule: record.reason, court: "", table: record.table, key: text)
        }
    }

    /// Superseded rows leave only their number in the ledger: where it is the planted one, the planted ones are found.
    private static func superseded(in library: StandardLibrary, run: String, truth: [TruthItem]) throws -> [FoundItem] {
        let planted = Dictionary(grouping: truth.filter { $0.outcome == .superseded }) { "\($0.court) \($0.table)" }
        var counted: [String: Int] = [:]
        for load in try library.loads(run: run) where load.counts.superseded > 0 {
            counted["\(load.court ?? "") \(load.table)", default: 0] += load.counts.superseded
        }
        let agreeing = planted.filter { $0.value.count == counted[$0.key] }
        let others = counted.filter { agreeing[$0.key] == nil }
        return agreeing.values.joined().map {
            FoundItem(outcome: .superseded, rule: $0.rule, court: $0.court, table: $0.table, key: $0.key)
        }
            + others.map { place, count in
                FoundItem(outcome: .superseded, rule: "", court: "", table: place, key: "\(count) rows")
            }
    }

    /// The demonstration's own library begins empty each time.
    private static func empty(_ server: String) throws {
        let connection = try PostgresConnection(server, applicationName: "sitong demo")
        try connection.execute("DROP SCHEMA IF EXISTS sitong CASCADE")
        try connection.execute("DROP SCHEMA IF EXISTS public CASCADE")
        try connection.execute("CREATE SCHEMA public")
    }
}

/// `demo --json`.
struct DemoSummary: Encodable {
    struct Item: Encodable {
        var outcome: String
        var rule: String
        var table: String
        var key: String

        init(_ outcome: String, _ rule: String, _ table: String, _ key: String) {
            self.outcome = outcome
            self.rule = rule
            self.table = table
            self.key = key
        }
    }

    var format = "sitong.demo/1"
    var dir: String
    var seed: UInt64
    var planted: [String: Int]
    var missing: [Item]
    var unexpected: [Item]
    var reports: [String]

    func text(_ language: Language, truth: [TruthItem]) -> String {
        let isChinese = language == .zh
        func heading(_ text: String) -> [String] { [text, String(repeating: "-", count: 80)] }
        var lines = heading(isChinese ? "预埋与查出" : "Planted and found") + outcomes(truth, isChinese)
        lines += [""] + heading(isChinese ? "报告" : "Reports") + reports.map { "  \($0)" } + [""]
        let count = planted.values.reduce(0, +)
        if missing.isEmpty, unexpected.isEmpty {
            lines.append(
                isChinese
                    ? "预埋的 \(planted.count) 类 \(count) 处缺陷与边界情形：该查出的全部查出，此外没有误报。"
                    : "\(count) defects and boundary cases of \(planted.count) kinds were planted:\nall that should be found was found, and nothing else."
            )
        } else {
            lines.append(
                isChinese
                    ? "与真相不符：漏报 \(missing.count) 处，误报 \(unexpected.count) 处。"
                    : "this is not the truth: \(missing.count) planted and not found, \(unexpected.count) found and not planted."
            )
            let shown = missing.prefix(20).map { ("-", $0) } + unexpected.prefix(20).map { ("+", $0) }
            lines += shown.map { "  \($0) \($1.outcome) \($1.rule) \($1.table) \($1.key)" }
        }
        return lines.joined(separator: "\n")
    }

    /// For every kind of outcome: how many were planted, how many of them were found, how many others came up.
    private func outcomes(_ truth: [TruthItem], _ isChinese: Bool) -> [String] {
        func row(_ label: String, _ cells: [String]) -> String {
            DisplayWidth.padded(label, to: 44) + cells.map { DisplayWidth.padded($0, to: 12, right: true) }.joined()
        }
        let header = row("", isChinese ? ["预埋", "查出", "误报"] : ["planted", "found", "false"])
        return [header]
            + TruthItem.Outcome.allCases.compactMap { outcome in
                let planted = truth.count { $0.outcome == outcome }
                let unfound = missing.count { $0.outcome == outcome.rawValue }
                let others = unexpected.count { $0.outcome == outcome.rawValue }
                guard planted + others > 0 else { return nil }
                let label = outcome.label.text(in: isChinese ? .zh : .en)
                let found = outcome == .boundary ? "–" : Format.count(planted - unfound)
                return row(label, [Format.count(planted), found, Format.count(others)])
            }
    }
}

extension TruthItem.Outcome {
    fileprivate var label: LocalizedText {
        switch self {
        case .finding: LocalizedText(en: "findings, on rows and in forms", zh: "质检与报表规则的问题")
        case .quarantine: LocalizedText(en: "rows for the quarantine", zh: "应隔离的行")
        case .superseded: LocalizedText(en: "rows superseded in their batch", zh: "同批次内被取代的行")
        case .mismatch: LocalizedText(en: "figures submitted that differ from the cases", zh: "报送数与案件计算数不符")
        case .submittedFinding: LocalizedText(en: "figures submitted that break a form rule", zh: "报送数违反报表规则")
        case .explanation: LocalizedText(en: "mistakes in forms, to be named by their pattern", zh: "报表差错（应说出差错模式）")
        case .boundary: LocalizedText(en: "boundary cases, which must not be found", zh: "边界情形（不得查出）")
        }
    }
}

extension OperationError {
    static let demoCourtsMissing = OperationError(
        .badDefinition, code: "demo-courts",
        LocalizedText(en: "the definitions do not have court 豫17", zh: "定义中没有法院豫17"),
        hint: LocalizedText(en: "the demonstration needs the court list that ships", zh: "演示需要随附的法院代码表"))
}
