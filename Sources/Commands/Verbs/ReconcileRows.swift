import ArgumentParser
import Definitions
import Diagnostics
import Foundation
import RowReconciliation
import RuleLanguage
import Schema

extension ReconcileCommand {
    /// `reconcile rows`: two databases, batches or files, key by key and column by column (逐行比对).
    struct Rows: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "rows",
                abstract: say(
                    "Compare a table of two databases, batches or files, key by key and column by column.",
                    "逐行逐列比对两个数据库、批次或文件中的同一张表。"))
        }

        @Option(
            help: help(
                "A side: postgresql://…, service=…, 'library', a SQLite file, a batch, or a CSV file. Default: that of --source.",
                "左侧：postgresql://…、service=…、library、SQLite 文件、批次或 CSV 文件；不给出时为 --source 所说的位置。"))
        var left: String?

        @Option(help: help("The other side, likewise.", "右侧，写法同左侧。"))
        var right: String

        @Option(
            help: help(
                "A further side, name=PLACE, made of the one before; may be given several times.",
                "再下一环节，写作 名称=位置；可多次给出，按先后排列。"))
        var side: [String] = []

        @Option(help: help("The table, by code or title.", "要比对的表，代码或名称。"))
        var table: String

        @Option(help: help("Columns of the key: a,b. Default: the definition's.", "主键列，如 a,b；默认按定义。"))
        var key: String?

        @Option(help: help("Columns compared: a,b. Default: all that both sides have.", "要比对的列，如 a,b；默认为两侧都有的全部列。"))
        var columns: String?

        @Option(help: help("Only rows for which this condition is true.", "只比对符合此条件的行。"))
        var `where`: String?

        @Option(
            help: help(
                "The source definition by which the left side's rows become the standard's.", "把左侧的行转换为标准的来源定义文件。"))
        var source: String?

        @Option(help: help("Write every difference here: .jsonl, else CSV.", "把全部差异写入此文件：.jsonl，否则为 CSV。"))
        var out: String?

        @Option(
            help: help(
                "Write the keys that differ here, for 'extract --keys'.", "把有差异的主键写入此 CSV 文件，供 extract --keys 使用。"))
        var keysOut: String?

        @Option(
            help: help("Columns by which differences are counted, dates by month: a,b.", "按这些列分组统计差异（日期按月），如 a,b。"))
        var by: String?

        @Option(
            help: help("The column that tells a row whose key was changed.", "主键变更时用以认出同一行的列。"))
        var secondKey = "案号"

        @Option(
            help: help(
                "The column that grows with each change of a row: where the right side has less, it is stale.",
                "行每次变更都增大的列；右侧较小的行按旧版本计。"))
        var watermark: String?

        @Option(
            help: help(
                "Look at what differs again after so many seconds, at most twice: what differs no longer was in flight.",
                "隔此秒数复查差异，最多两次；不再有差异的按变更途中计。"))
        var settle: Int?

        @Option(
            help: help(
                "Begin no scan while more sessions than this are at work on a server.", "服务器活动会话超过此数时暂缓扫描。"))
        var maxLoad: Int?

        @Option(help: help("Let a server end a statement after so many seconds.", "单条语句的时限（秒）。"))
        var statementTimeout = 0

        @Option(
            help: help(
                "Keep here what was added up, and go on from there after a run that was broken off.",
                "断点文件：记录已汇总的部分，中断后从此继续。"))
        var resume: String?

        @Flag(help: help("Show personal values as they are.", "不遮盖个人信息。"))
        var reveal = false

        @Option(help: help("Connections to a source at once.", "对来源同时使用的连接数。"))
        var jobs = 1

        @OptionGroup var library: LibraryOptions
        @OptionGroup var schema: SchemaOptions
        @OptionGroup var common: CommonOptions

        func validate() throws {
            if left == nil, source == nil {
                throw ValidationError(say("give --left or --source", "请给出 --left 或 --source"))
            }
            // What is not written so has no name, and is missing among them as one that is there twice.
            if Set(side.compactMap { Self.named($0)?.name } + [.left, .right]).count < side.count + 2 {
                throw ValidationError(
                    say("write --side name=PLACE, with a name of its own", "--side 的写法是 名称=位置，且名称不得重复"))
            }
            if [settle ?? 0, maxLoad ?? 0, statementTimeout].contains(where: { !(0...1_000_000).contains($0) }) {
                throw ValidationError(
                    say(
                        "--settle, --max-load and --statement-timeout are 0 or more",
                        "--settle、--max-load 和 --statement-timeout 不得为负"))
            }
            if settle != nil, !side.isEmpty {
                throw ValidationError(say("--settle is for two sides", "--settle 只用于两侧比对"))
            }
            if !(1...64).contains(jobs) { throw ValidationError(say("--jobs is 1 to 64", "--jobs 应为 1 至 64")) }
        }

        func perform(in session: Session) throws -> OperationResult {
            let begin = ContinuousClock.now
            let schema = try session.definitions(schema).schema
            guard let definition = schema.table(table) else { throw OperationError.tableUnknown(table, schema) }
            let filter = try `where`.map { try condition($0, definition, schema) }
            let checkpoint = try resume.map { try RowCheckpoint($0, comparison: identity) }
            let sides = RowSides(
                table: definition, schema: schema, library: library, session: session,
                pace: ScanPace(statementSeconds: statementTimeout, maximumLoad: maxLoad), checkpoint: checkpoint)
            return try withLeft(sides) { left, codes in
                let chain =
                    try [NamedRowSide(name: .left, side: left)]
                    + ([(name: .right, text: self.right)] + side.compactMap(Self.named)).map {
                        NamedRowSide(name: $0.name, side: try sides.side($0.text, $0.name))
                    }
                let plan = try RowPlan(
                    table: definition, schema: schema, key: key.map(names), columns: columns.map(names),
                    filter: filter, left: left.columns, right: chain[1].side.columns,
                    others: chain.dropFirst(2).map { ($0.name, $0.side.columns) })
                for (column, side) in plan.leftOut {
                    session.console.detail(
                        LocalizedText(
                            en: "column '\(column)' of the \(side.title.en) is not on every side, and not compared",
                            zh: "列“\(column)”（\(side.title.zh)）不是各侧都有，不参与比对"))
                }
                if let watermark, definition.columnIndex(watermark).map(plan.columns.contains) != true {
                    throw OperationError.rowWatermarkNotCompared(watermark, table: definition)
                }
                let comparison = RowComparison(
                    plan, codes: codes, groups: by.map(names) ?? Self.groups(of: definition, schema),
                    secondKey: secondKey, watermark: watermark)
                var output = try RowOutput(
                    out, keys: keysOut, plan: plan, reveal: reveal, hasLinks: chain.count > 2)
                let sums = try RowComparison.sums(of: chain.map(\.side), plan)
                let links = RowLink.all(chain)
                let summaries = try links.enumerated().map { index, link in
                    let result = try comparison.run(
                        link.left.side, link.right.side, sums: (sums[index], sums[index + 1]),
                        settling: settling(sides, link)
                    ) { try output.append($0, link: link) }
                    return RowsSummary(
                        plan, link.left, link.right, result, reveal: reveal,
                        seconds: (ContinuousClock.now - begin) / .seconds(1))
                }
                try output.finish()
                try checkpoint?.remove()
                let products = [out, keysOut].compactMap(\.self)
                if let only = summaries.first, summaries.count == 1 {
                    return OperationResult(only.exitStatus, json: only, text: only.text, products: products)
                }
                let summary = RowsLinksSummary(
                    summaries, table: definition.name, seconds: (ContinuousClock.now - begin) / .seconds(1))
                return OperationResult(
                    summary.unexplained == 0 ? .ok : .findings, json: summary, text: summary.text, products: products)
            }
        }

        private func withLeft<R>(
            _ sides: RowSides, _ body: (any RowSide, [String: [String: String]]) throws -> R
        ) throws -> R {
            guard let source else { return try body(try sides.side(left ?? "", .left), [:]) }
            return try sides.withMapped(source, at: left, connections: jobs, body)
        }

        /// How often what differs is looked at again.
        private static let settlingAttempts = 2

        private func settling(_ sides: RowSides, _ link: RowLink) -> Settling? {
            guard let settle else { return nil }
            return Settling(attempts: Self.settlingAttempts) {
                // No snapshot shall stay open for so long.
                for side in [link.left.side, link.right.side] { (side as? PostgresSide)?.release() }
                Thread.sleep(forTimeInterval: Double(settle))
            } withSides: { body in
                try withLeft(sides) { left, _ in try body(left, try sides.side(right, .right)) }
            }
        }

        /// `name=PLACE`; nil for another text.
        private static func named(_ text: String) -> (name: RowSideName, text: String)? {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, parts[0].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }) else {
                return nil
            }
            return (RowSideName(rawValue: parts[0]), parts[1])
        }

        /// What a checkpoint belongs to.
        private var identity: String {
            let parts = [table, left ?? "", right, source ?? "", key ?? "", columns ?? "", `where` ?? ""] + side
            return parts.map { $0.debugDescription }.joined(separator: " ")
        }

        /// 法院 × 案件类型 × 月份, as far as the table says them: its court, its first column of the list that case types come
        /// from, and its filing date.
        private static func groups(of table: TableDefinition, _ schema: StandardSchema) -> [String] {
            let caseType = table.columns.first { column in
                guard case .code(.list(let name)) = column.type else { return false }
                return name == schema.caseNumberTypes?.codelist
            }
            return [table.courtPath, caseType?.name, "立案日期"].compactMap(\.self)
        }

        private func names(_ list: String) -> [String] {
            list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }

        private func condition(
            _ text: String, _ table: TableDefinition, _ schema: StandardSchema
        ) throws -> RowPlan.Filter {
            do {
                return try RowPlan.filter(ExpressionText(text), table: table, schema: schema)
            } catch let error as LanguageError {
                let diagnostic = error.diagnostic
                throw OperationError(
                    .usage, code: diagnostic.code,
                    LocalizedText(
                        en: "--where: \(diagnostic.message.en)", zh: "--where：\(diagnostic.message.zh)"),
                    hint: diagnostic.hint
                        ?? LocalizedText(
                            en: "write a condition as in rules, such as: 立案日期 >= 2026-10-01 且 法院 = '豫17'",
                            zh: "请按规则的写法给出条件，如：立案日期 >= 2026-10-01 且 法院 = '豫17'"))
            }
        }
    }
}

extension OperationError {
    fileprivate static func rowWatermarkNotCompared(_ name: String, table: TableDefinition) -> OperationError {
        OperationError(
            .usage, code: "rows-watermark",
            LocalizedText(
                en: "the watermark '\(name)' is not among the columns compared of table '\(table.name)'",
                zh: "水位列“\(name)”不在表“\(table.title)”所比对的列中"),
            hint: LocalizedText(
                en: "name a column that both sides have", zh: "请给出两侧都有的列"))
    }
}
