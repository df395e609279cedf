import ArgumentParser
import Diagnostics
import Library

/// `quarantine list｜show`: rows that could not be loaded (隔离数据), with their bytes.
struct QuarantineCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "quarantine",
            abstract: say("List and show rows that could not be loaded.", "列出、查看未能入库的行。"),
            subcommands: [List.self, Show.self])
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

        @Option(help: help("Only of this batch.", "只看此批次。"))
        var batch: String?

        @Option(help: help("At most so many rows.", "最多行数。"))
        var limit = 100

        @OptionGroup var library: LibraryOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let rows = try session.library(library).quarantine(batch: batch, limit: limit)
            func line(_ row: QuarantineRecord, _ language: Language) -> String {
                "\(row.batch)/\(row.part):\(row.line ?? row.row)  \(row.reason)  \(row.message.text(in: language))\n    "
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
        var batch: String
        var part: String
        var row: Int
        var line: Int?
        var table: String
        var column: String?
        var reason: String
        var bytes: String

        init(_ record: QuarantineRecord) {
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
