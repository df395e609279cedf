import ArgumentParser
import Columnar
import DataAccess
import Definitions
import DelimitedText
import Diagnostics
import Library

/// `quarantine list｜show｜retry｜export`: rows that could not be loaded (隔离数据), with their bytes.
struct QuarantineCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "quarantine",
            abstract: say("List, show, retry and export rows that could not be loaded.", "列出、查看、重试、导出未能入库的行。"),
            subcommands: [List.self, Show.self, Retry.self, Export.self])
    }

    struct List: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "list", abstract: say("How many rows, by batch, table and reason.", "按批次、表、原因统计行数。"))
        }

        @OptionGroup var library: LibraryOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let groups = try session.library(library).quarantineGroups()
            func line(_ group: QuarantineGroupRecord, _ language: Language) -> String {
                "\(padLeft(String(group.rows), 6))  \(group.batch)  \(group.reason)  \(group.message.text(in: language))"
            }
            return OperationResult(
                json: QuarantineList(groups: groups.map(QuarantineList.Group.init)),
                text: groups.isEmpty
                    ? LocalizedText(en: "the quarantine is empty", zh: "隔离区为空")
                    : LocalizedText(
                        en: groups.map { line($0, .en) }.joined(separator: "\n"),
                        zh: groups.map { line($0, .zh) }.joined(separator: "\n")))
        }
    }

    struct Show: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "show",
                abstract: say("The rows themselves, as they came (personal data!).", "原样显示各行（含个人信息！）。"))
        }

        @OptionGroup var filter: QuarantineFilter

        @Option(help: help("At most so many rows.", "最多行数。"))
        var limit = 100

        @OptionGroup var library: LibraryOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let rows = try session.library(library).quarantine(
                batch: filter.batch, reason: filter.rule, court: filter.court, limit: limit)
            func line(_ row: QuarantineRecord, _ language: Language) -> String {
                "\(row.id)  \(row.batch)/\(row.part):\(row.line ?? row.row)  \(row.reason)  \(row.message.text(in: language))\n    "
                    + String(decoding: row.raw, as: UTF8.self)
            }
            return OperationResult(
                json: QuarantineRows(rows: rows.map(QuarantineRows.Row.init)),
                text: LocalizedText(
                    en: rows.map { line($0, .en) }.joined(separator: "\n"),
                    zh: rows.map { line($0, .zh) }.joined(separator: "\n")))
        }
    }
}

/// Which rows of the quarantine are meant.
struct QuarantineFilter: ParsableArguments {
    @Option(help: help("Only of this batch.", "只看此批次。"))
    var batch: String?

    @Option(
        help: help("Only for this reason, or those that begin with it: type.anjian.", "只看此原因，或以其开头的原因：type.anjian。"))
    var rule: String?

    @Option(help: help("Only of batches of this court.", "只看此法院的批次。"))
    var court: String?
}

extension QuarantineCommand {
    /// `quarantine retry [--batch B | --id N]`: after a definition or a rule was mended.
    struct Retry: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "retry",
                abstract: say(
                    "Try rows again after a definition was mended: those that fit now are loaded as part of their batch.",
                    "定义修正后重试：现已合格的行按其原批次入库。"))
        }

        @Option(help: help("Only of this batch.", "只重试此批次。"))
        var batch: String?

        @Option(help: help("Only this row, by its number in `quarantine show`.", "只重试此行（quarantine show 中的编号）。"))
        var id: Int?

        @OptionGroup var library: LibraryOptions
        @OptionGroup var schema: SchemaOptions
        @OptionGroup var common: CommonOptions

        func validate() throws {
            if batch != nil, id != nil { throw ValidationError(say("give --batch or --id", "--batch 和 --id 只能给出一个")) }
        }

        func perform(in session: Session) throws -> OperationResult {
            let definitions = try session.definitions(schema)
            let receipts = try session.library(library).retryQuarantine(
                batch: batch, id: id, schema: definitions.schema, rules: definitions.rules)
            let summary = QuarantineRetrySummary(receipts)
            return OperationResult(json: summary, text: summary.text)
        }
    }

    /// `quarantine export --to FILE`: for those who mend rows at their source.
    struct Export: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "export",
                abstract: say(
                    "Write the rows with their reasons to a CSV file (personal data!).", "把各行及原因写入 CSV 文件（含个人信息！）。"))
        }

        @Option(help: help("The file; it must not be there yet.", "目标文件，不得已存在。"))
        var to: String

        @OptionGroup var filter: QuarantineFilter
        @OptionGroup var library: LibraryOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let library = try session.library(library)
            var writer = try CSVWriter(
                FileSink(to),
                columns: ["batch", "part", "row", "line", "table", "column", "reason", "message", "bytes", "id"])
            var last: QuarantineRecord?
            var count = 0
            while true {
                let rows = try library.quarantine(
                    batch: filter.batch, reason: filter.rule, court: filter.court, after: last)
                guard !rows.isEmpty else { break }
                var block = RawBlock(columnCount: 10)
                for row in rows {
                    let texts = [
                        row.batch, row.part, String(row.row), row.line.map { String($0) }, row.table, row.column,
                        row.reason, row.message.text(in: session.language), Self.text(row.raw),
                        String(row.id),
                    ]
                    for (index, text) in texts.enumerated() { block.columns[index].append(text) }
                    block.rowCount += 1
                }
                try writer.write(block)
                count += rows.count
                last = rows.last
            }
            try writer.finish()
            return OperationResult(
                json: QuarantineExport(file: to, rows: count),
                text: LocalizedText(
                    en: "\(Format.count(count)) rows written to '\(to)'", zh: "已写入 \(Format.count(count)) 行至“\(to)”"),
                products: [to])
        }

        /// The bytes as text, or `\\x` and hexadecimal digits where they are none.
        static func text(_ bytes: [UInt8]) -> String {
            String(validating: bytes, as: UTF8.self)
                ?? "\\x" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }
}

/// `quarantine retry --json`.
struct QuarantineRetrySummary: Encodable {
    struct Batch: Encodable {
        var batch: String
        var tried: Int
        var inserted: Int
        var updated: Int
        var unchanged: Int
        var superseded: Int
        var remaining: Int
    }

    var format = "sitong.quarantine-retry/1"
    var batches: [Batch]

    init(_ receipts: [RetryReceipt]) {
        batches = receipts.map {
            Batch(
                batch: $0.batch, tried: $0.tried, inserted: $0.inserted, updated: $0.updated, unchanged: $0.unchanged,
                superseded: $0.superseded, remaining: $0.remaining)
        }
    }

    var text: LocalizedText {
        guard !batches.isEmpty else { return LocalizedText(en: "the quarantine is empty", zh: "隔离区为空") }
        return LocalizedText(
            en: batches.map {
                "\($0.batch): \($0.tried) tried = \($0.inserted) inserted + \($0.updated) updated + \($0.unchanged) unchanged + \($0.superseded) superseded + \($0.remaining) remaining"
            }.joined(separator: "\n"),
            zh: batches.map {
                "\($0.batch)：重试 \($0.tried) 行 = 新增 \($0.inserted) + 更新 \($0.updated) + 未变 \($0.unchanged) + 被取代 \($0.superseded) + 仍隔离 \($0.remaining)"
            }.joined(separator: "\n"))
    }
}

/// `quarantine export --json`.
struct QuarantineExport: Encodable {
    var format = "sitong.quarantine-export/1"
    var file: String
    var rows: Int
}

/// `quarantine list --json`.
struct QuarantineList: Encodable {
    struct Group: Encodable {
        var batch: String
        var court: String?
        var table: String
        var reason: String
        var message: String
        var rows: Int

        init(_ record: QuarantineGroupRecord) {
            batch = record.batch
            court = record.court
            table = record.table
            reason = record.reason
            message = record.message.text(in: Speech.language)
            rows = record.rows
        }
    }

    var format = "sitong.quarantine/1"
    var groups: [Group]
}

/// `quarantine show --json`; bytes in hexadecimal, since they may be no text.
struct QuarantineRows: Encodable {
    struct Row: Encodable {
        var id: Int
        var batch: String
        var part: String
        var row: Int
        var line: Int?
        var table: String
        var column: String?
        var reason: String
        var bytes: String

        init(_ record: QuarantineRecord) {
            id = record.id
            batch = record.batch
            part = record.part
            row = record.row
            line = record.line
            table = record.table
            column = record.column
            reason = record.reason
            bytes = record.raw.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }

    var format = "sitong.quarantine-rows/1"
    var rows: [Row]
}
