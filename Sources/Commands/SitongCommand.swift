import ArgumentParser

/// The root of the command line; each verb is a file in `Verbs/`.
struct SitongCommand: ParsableCommand {
    static let version = "0.1.0"

    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "sitong",
            abstract: say(
                "Court statistics, from trial databases to mismatch reports.", "司统：从审判库到差异报告的司法统计。"),
            discussion: say(
                "Begin with 'sitong demo'. Statuses: 0 clean, 1 findings or differences, 64 and above: see 'docs/operations.md'.",
                "先试“sitong demo”。状态：0 无问题，1 有质检问题或差异，64 及以上见 docs/operations.md。"),
            version: version,
            subcommands: [
                DemoCommand.self, RunCommand.self, RunsCommand.self, ExtractCommand.self, TransferCommand.self,
                ReceiveCommand.self, LoadCommand.self, QuarantineCommand.self, QCCommand.self, FormsCommand.self,
                ReconcileCommand.self, ReportCommand.self, LibraryCommand.self, SchemaCommand.self, RulesCommand.self,
            ])
    }
}
