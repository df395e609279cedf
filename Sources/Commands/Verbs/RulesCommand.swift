import ArgumentParser
import Definitions
import Diagnostics
import Foundation
import Library
import PostgresClient
import RuleEngine
import RuleLanguage
import SQLGeneration
import Schema

/// `rules list｜check｜test｜explain ID｜sql ID`: the rules themselves, without data.
struct RulesCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "rules", abstract: say("List, check, test and explain rules.", "列出、检查、测试和说明规则。"),
            subcommands: [List.self, Check.self, Test.self, Explain.self, SQLText.self])
    }

    struct List: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(commandName: "list", abstract: say("List the rules.", "列出规则。"))
        }

        @OptionGroup var schema: SchemaOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let set = try session.definitions(schema).rules
            let rules = set.rules
            let lines = rules.map { rule in
                "\(rule.id)  [\(rule.severity.rawValue)]  \(rule.title ?? "")"
            }
            return OperationResult(
                json: RuleList(rules: rules.map { RuleList.Rule($0, of: set) }),
                text: LocalizedText(lines.joined(separator: "\n"))
            )
        }
    }

    struct Check: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "check", abstract: say("Parse and type-check every rule.", "解析并检查每条规则的类型。"))
        }

        @OptionGroup var schema: SchemaOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let loaded = try session.compiledDefinitions(schema)
            let count = loaded.rules.rules.count
            return OperationResult(
                json: RuleCheck(rules: count),
                text: LocalizedText(en: "\(count) rules are well-formed", zh: "\(count) 条规则均合乎规范"))
        }
    }

    struct Test: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "test", abstract: say("Run every rule's own examples.", "运行每条规则自带的例子。"))
        }

        @Option(
            help: help(
                "Who judges: native, postgres (the library's server, else a private one), or all there is.",
                "由谁判定：native、postgres（标准库的服务器，没有则用专用的），或 all（所有可用的）。"))
        var engine: ExampleEngine = .all

        @OptionGroup var library: LibraryOptions
        @OptionGroup var schema: SchemaOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let loaded = try session.compiledDefinitions(schema)
            let own = RuleExamples(schema: loaded.schema)
            var problems: [Diagnostic] = []
            var engines: [String] = []
            var places: [LocalizedText] = []
            if engine != .postgres {
                problems += try own.check(loaded.rules)
                engines.append("native")
                places.append(LocalizedText(en: "on the native engine", zh: "本程序"))
            }
            if engine != .native {
                do {
                    let server = try session.exampleServer(library)
                    problems += try own.check(
                        loaded.rules, with: SQLRuleExamples(schema: loaded.schema, on: server.connection).judge)
                    engines.append("postgres")
                    places.append(server.place)
                } catch let error as OperationError where engine == .all && error.code == "cluster-no-server" {
                    places.append(
                        LocalizedText(
                            en: "NOT in PostgreSQL, since no server is installed here and no library is named",
                            zh: "未在 PostgreSQL 中运行：本机没有安装服务器，也没有指定标准库"))
                }
            }
            if !problems.isEmpty { throw InvalidDefinitions(problems) }
            let rules = loaded.rules.rules
            let examples = rules.reduce(0) { $0 + $1.examples.count }
            let without = rules.filter(\.examples.isEmpty).map(\.id)
            return OperationResult(
                json: RuleTest(engines: engines, rules: rules.count, examples: examples, without: without),
                text: LocalizedText(
                    en:
                        "\(examples) examples of \(rules.count - without.count) rules hold; \(without.count) rules have none\n"
                        + places.map(\.en).joined(separator: "; "),
                    zh: "\(rules.count - without.count) 条规则的 \(examples) 个例子均成立；\(without.count) 条规则没有例子\n引擎："
                        + places.map(\.zh).joined(separator: "；")))
        }
    }

    struct SQLText: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "sql", abstract: say("Print a rule as SQL.", "以 SQL 打印一条规则。"))
        }

        enum Dialect: String, CaseIterable, ExpressibleByArgument { case postgres }

        @Argument(help: help("The rule's id.", "规则编号。"))
        var id: String

        @Option(help: help("The dialect: postgres.", "方言：postgres。"))
        var dialect: Dialect = .postgres

        @Option(help: help("The statistical period, for 期初 and 期末.", "统计周期，决定期初、期末。"))
        var period: String?

        @OptionGroup var schema: SchemaOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let loaded = try session.compiledDefinitions(schema)
            guard let rule = loaded.rules.rules.first(where: { $0.id == id }) else {
                throw OperationError.ruleUnknown(id)
            }
            guard rule.forms.isEmpty,
                let sql = RuleSQL(loaded.schema, loaded.rules, try session.period(period)).text(of: rule)
            else { throw OperationError.ruleOfForm(id) }
            return OperationResult(
                json: RuleSQLText(id: id, dialect: dialect.rawValue, sql: sql), text: LocalizedText(sql))
        }
    }

    struct Explain: Operation {
        static var configuration: CommandConfiguration {
            CommandConfiguration(commandName: "explain", abstract: say("Tell what a rule says.", "说明一条规则。"))
        }

        @Argument(help: help("The rule's id.", "规则编号。"))
        var id: String

        @OptionGroup var schema: SchemaOptions
        @OptionGroup var common: CommonOptions

        func perform(in session: Session) throws -> OperationResult {
            let set = try session.definitions(schema).rules
            guard let rule = set.rules.first(where: { $0.id == id }) else { throw OperationError.ruleUnknown(id) }
            let about = RuleList.Rule(rule, of: set)
            let lines = [
                "\(rule.id)  \(rule.title ?? "")", "  \(about.on)  [\(rule.severity.rawValue)]  \(rule.cite ?? "")",
                rule.when.map { "  when  \($0.text)" }, "  check \(about.text)",
                rule.location.map { "  \($0.file):\($0.line)" }, "  \(about.hash)",
            ]
            return OperationResult(
                json: RuleExplanation(rule: about), text: LocalizedText(lines.compactMap { $0 }.joined(separator: "\n"))
            )
        }
    }
}

/// `rules list --json`.
struct RuleList: Encodable {
    struct Rule: Encodable {
        var id: String
        var title: String?
        var on: String
        var severity: String
        var action: String
        var when: String?
        var text: String
        var cite: String?
        var tags: [String]
        var provisional: Bool
        /// Of what the rule says, however it is written.
        var hash: String

        init(_ rule: RuleDefinition, of set: RuleSet) {
            id = rule.id
            title = rule.title
            on = rule.table ?? rule.forms.joined(separator: ", ")
            severity = rule.severity.rawValue
            action = rule.action.rawValue
            when = rule.when?.text
            text =
                switch rule.body {
                case .check(let text), .formCheck(let text), .share(let text): text.text
                case .unique(let columns): "unique [\(columns.joined(separator: ", "))]"
                case .depends(let from, let to):
                    "[\(from.joined(separator: ", "))] → [\(to.joined(separator: ", "))]"
                case .rollup(let cells, let along, let own): "rollup \(cells.text) along \(along)\(own ? ", own" : "")"
                }
            cite = rule.cite
            tags = rule.tags
            provisional = rule.isProvisional
            hash = set.contentHash(of: rule)
        }
    }

    var format = "sitong.rules/1"
    var rules: [Rule]
}

/// `rules explain --json`.
struct RuleExplanation: Encodable {
    var format = "sitong.rule/1"
    var rule: RuleList.Rule
}

/// `rules check --json`.
struct RuleCheck: Encodable {
    var format = "sitong.rules-check/1"
    var rules: Int
}

/// `rules test --json`.
struct RuleTest: Encodable {
    var format = "sitong.rules-test/1"
    /// On which engines all examples hold.
    var engines: [String]
    var rules: Int
    var examples: Int
    var without: [String]
}

/// `rules sql --json`.
struct RuleSQLText: Encodable {
    var format = "sitong.rules-sql/1"
    var id: String
    var dialect: String
    var sql: String
}

extension OperationError {
    fileprivate static func ruleUnknown(_ id: String) -> OperationError {
        OperationError(
            .usage, code: "rule-unknown", LocalizedText(en: "there is no rule '\(id)'", zh: "没有规则“\(id)”"),
            hint: LocalizedText(en: "'sitong rules list' lists them", zh: "用“sitong rules list”可列出规则"))
    }

    fileprivate static func ruleOfForm(_ id: String) -> OperationError {
        OperationError(
            .usage, code: "rule-of-form",
            LocalizedText(
                en: "rule '\(id)' judges figures of forms, not rows of a table", zh: "规则“\(id)”判定报表数字，不判定表中的行"),
            hint: LocalizedText(
                en: "'sitong rules explain \(id)' tells what it says", zh: "用“sitong rules explain \(id)”可查看其内容"))
    }
}
