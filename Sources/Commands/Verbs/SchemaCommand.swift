import ArgumentParser
import Definitions
import Diagnostics
import Library
import RuleLanguage
import SQLGeneration
import Schema

/// `schema check｜sql｜apply｜diff`: from definitions to the tables of the library.
struct SchemaCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "schema",
            abstract: say("Check definitions; show, apply and compare the tables they make.", "检查定义；显示、应用、比较由定义生成的表。"),
            subcommands: [Check.self, SQL.self, Apply.self, Diff.self])
    }

    struct Check: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "check", abstract: say("Load all definitions and say what is wrong.", "加载全部定义，列出错误。"))
        }

        @OptionGroup var schema: SchemaOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let loaded = try session.compiledDefinitions(schema)
            let counts = SchemaCounts(
                tables: loaded.schema.tables.count, codelists: loaded.schema.codelists.count,
                forms: loaded.schema.forms.count, rules: loaded.rules.rules.count)
            return OperationResult(
                json: counts,
                text: LocalizedText(
                    en:
                        "good: \(counts.tables) tables, \(counts.codelists) code lists, \(counts.forms) forms, \(counts.rules) rules",
                    zh: "无误：\(counts.tables) 张表、\(counts.codelists) 个代码表、\(counts.forms) 张报表、\(counts.rules) 条规则"))
        }
    }

    struct SQL: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "sql", abstract: say("Print the statements that make the tables.", "打印建表语句。"))
        }

        @OptionGroup var schema: SchemaOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let expected = try session.definitions(schema).schema.tables.flatMap { table in
                let tables = LibraryTables(table)
                return [tables.current, tables.log]
            }
            let statements = SchemaDifference(expected: expected, found: [:]).changes.map(\.description)
            return OperationResult(
                json: SchemaStatements(statements: statements),
                text: LocalizedText(statements.joined(separator: "\n\n")))
        }
    }

    struct Apply: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "apply", abstract: say("Bring the library up to the definitions.", "按定义建立或更新标准库。"))
        }

        @OptionGroup var schema: SchemaOptions
        @OptionGroup var library: LibraryOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let definitions = try session.definitions(schema)
            let difference = try session.library(library).apply(definitions.schema)
            return SchemaCommand.result(
                difference,
                done: LocalizedText(
                    en: "\(difference.changes.count) statements applied", zh: "已执行 \(difference.changes.count) 条语句"),
                nothing: LocalizedText(en: "the library is as the definitions say", zh: "标准库与定义一致，无需改动"))
        }
    }

    struct Diff: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "diff",
                abstract: say("Show in what the library differs; 1 when it does.", "显示标准库与定义的差别；有差别则状态为 1。"))
        }

        @OptionGroup var schema: SchemaOptions
        @OptionGroup var library: LibraryOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let definitions = try session.definitions(schema)
            let difference = try session.library(library).difference(to: definitions.schema)
            let text = difference.changes.map(\.description).joined(separator: "\n")
            var result = SchemaCommand.result(
                difference, done: LocalizedText(text),
                nothing: LocalizedText(en: "no difference", zh: "没有差别"))
            let isSame = difference.changes.isEmpty && difference.conflicts.isEmpty
            result.status = isSame ? .ok : .findings
            return result
        }
    }

    private static func result(
        _ difference: SchemaDifference, done: LocalizedText, nothing: LocalizedText
    ) -> OperationResult {
        let conflicts = difference.conflicts.map { conflict in
            switch conflict {
            case .type(let table, let column, let expected, let found):
                LocalizedText(
                    en: "\(table).\(column) is \(found), not \(expected)",
                    zh: "\(table).\(column) 是 \(found)，不是 \(expected)")
            case .key(let table, let expected, let found):
                LocalizedText(
                    en: "the key of \(table) is \(found), not \(expected)", zh: "\(table) 的主键是 \(found)，不是 \(expected)")
            case .unknownColumn(let table, let column):
                LocalizedText(
                    en: "\(table).\(column) is in no definition; it stays", zh: "\(table).\(column) 不在定义中，予以保留")
            }
        }
        let first = difference.changes.isEmpty ? nothing : done
        let lines = [first] + conflicts
        return OperationResult(
            json: SchemaChanges(
                statements: difference.changes.map(\.description),
                conflicts: conflicts.map { $0.text(in: Speech.language) }),
            text: LocalizedText(
                en: lines.map(\.en).joined(separator: "\n"), zh: lines.map(\.zh).joined(separator: "\n")))
    }
}

/// `schema check --json`.
struct SchemaCounts: Encodable {
    var format = "sitong.schema-check/1"
    var tables: Int
    var codelists: Int
    var forms: Int
    var rules: Int
}

/// `schema sql --json`.
struct SchemaStatements: Encodable {
    var format = "sitong.schema-sql/1"
    var statements: [String]
}

/// `schema apply --json`, `schema diff --json`.
struct SchemaChanges: Encodable {
    var format = "sitong.schema-changes/1"
    var statements: [String]
    var conflicts: [String]
}
