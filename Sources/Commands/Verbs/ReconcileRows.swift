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
            if !(1...64).contains(jobs) { throw ValidationError(say("--jobs is 1 to 64", "--jobs 应为 1 至 64")) }
        }

        func perform(in session: Session) throws -> OperationResult {
            let begin = ContinuousClock.now
            let schema = try session.definitions(schema).schema
            guard let definition = schema.table(table) else { throw OperationError.tableUnknown(table, schema) }
            let filter = try `where`.map { try condition($0, definition, schema) }
            let sides = RowSides(table: definition, schema: schema, library: library, session: session)
            return try withLeft(sides) { left, codes in
                let right = try sides.side(self.right)
                let plan = try RowPlan(
                    table: definition, schema: schema, key: key.map(names), columns: columns.map(names),
                    filter: filter, left: left.columns, right: right.columns)
                for (column, side) in plan.leftOut {
                    session.console.detail(
                        LocalizedText(
                            en: "column '\(column)' is on the \(side.title.en) only and not compared",
                            zh: "列“\(column)”只在\(side.title.zh)有，不参与比对"))
                }
                let groups = by.map(names) ?? Self.groups(of: definition, schema)
                let comparison = RowComparison(plan, codes: codes, groups: groups, secondKey: secondKey)
                var output = try RowOutput(out, keys: keysOut, plan: plan, reveal: reveal)
                let result = try comparison.run(left, right) { try output.append($0) }
                try output.finish()
                let summary = RowsSummary(
                    plan, left, right, result, reveal: reveal, seconds: (ContinuousClock.now - begin) / .seconds(1))
                return OperationResult(
                    summary.exitStatus, json: summary, text: summary.text,
                    products: [out, keysOut].compactMap(\.self))
            }
        }

        private func withLeft<R>(
            _ sides: RowSides, _ body: (any RowSide, [String: [String: String]]) throws -> R
        ) throws -> R {
            guard let source else { return try body(try sides.side(left ?? ""), [:]) }
            return try sides.withMapped(source, at: left, connections: jobs, body)
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
