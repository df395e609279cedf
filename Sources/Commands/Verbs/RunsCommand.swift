import ArgumentParser
import Diagnostics
import Foundation
import Pipelines

/// `runs`, `runs show R`: the history of the working folder.
struct RunsCommand: Operation {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "runs", abstract: say("List the runs, or show one: runs show R.", "列出历次运行；runs show R 查看一次。"))
    }

    @Argument(help: help("'show' and the run's name.", "show 与运行名称。"))
    var words: [String] = []

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard words.isEmpty || (words.count == 2 && words[0] == "show") else {
            throw ValidationError(say("write 'runs' or 'runs show R'", "应写作 runs 或 runs show R"))
        }
    }

    func perform(in session: Session) throws -> OperationResult {
        let runs = RunHistory(work: session.work).runs()
        guard words.isEmpty else { return try show(words[1], session: session) }
        let lines = runs.map { run in
            "\(run.startedAt)  \(run.id)  \(run.status.map { String($0.rawValue) } ?? say("unfinished", "未完成"))"
        }
        return OperationResult(
            json: RunList(
                runs: runs.map {
                    RunList.Run(run: $0.id, period: $0.period, started: $0.startedAt, status: $0.status?.rawValue)
                }),
            text: lines.isEmpty
                ? LocalizedText(en: "no runs in '\(session.work)'", zh: "“\(session.work)”中没有运行记录")
                : LocalizedText(lines.joined(separator: "\n")))
    }

    private func show(_ id: String, session: Session) throws -> OperationResult {
        let entries = RunJournal.read(folder: PipelineRunner.folder(of: id, work: session.work))
        guard !entries.isEmpty else {
            throw OperationError(
                .noInput, code: "run-unknown",
                LocalizedText(en: "there is no run '\(id)' in '\(session.work)'", zh: "“\(session.work)”中没有运行“\(id)”"),
                hint: LocalizedText(en: "'sitong runs' lists the runs", zh: "用“sitong runs”可列出历次运行"))
        }
        let lines = entries.map { entry in
            [
                entry.at, entry.event.rawValue, entry.step, entry.attempt.map { "#\($0)" },
                entry.status.map { "status \($0)" }, entry.seconds.map(Format.seconds), entry.message,
            ]
            .compactMap { $0 }.joined(separator: "  ")
        }
        return OperationResult(
            json: RunStory(run: id, entries: entries), text: LocalizedText(lines.joined(separator: "\n")))
    }
}

/// `runs --json`.
struct RunList: Encodable {
    struct Run: Encodable {
        var run: String
        var period: String?
        var started: String
        var status: Int32?
    }

    var format = "sitong.runs/1"
    var runs: [Run]
}

/// `runs show R --json`.
struct RunStory: Encodable {
    var format = "sitong.runs-show/1"
    var run: String
    var entries: [RunJournal.Entry]
}
