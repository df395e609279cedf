import ArgumentParser
import CourtModel
import Definitions
import Diagnostics
import Foundation
import Pipelines

/// `run PIPELINE`: executes the steps of a pipeline file, with a journal.
struct RunCommand: Operation {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "run",
            abstract: say("Run the steps of a pipeline, or continue a broken run.", "执行流水线的各个步骤，或继续中断的运行。"))
    }

    @Argument(
        help: help(
            "A file, or the name of one that ships: monthly, court, centre.", "流水线文件，或随附流水线的名称：monthly、court、centre。"))
    var pipeline: String

    @Option(
        help: help(
            "2026-10, 2026Q3, previous-month, …; default: what the file says.",
            "统计周期：2026-10、2026Q3、previous-month 等；默认按文件所写。"))
    var period: String?

    @Option(
        defaultAsFlag: "", help: help("Continue the newest unfinished run, or the one named.", "继续最近一次未完成的运行，或指定的运行。"))
    var resume: String?

    @Option(help: help("Repeat from this step on.", "从此步骤起重做。"))
    var from: String?

    @Flag(help: help("Print the command lines; run nothing.", "只打印将执行的命令行，不执行。"))
    var dryRun = false

    @OptionGroup var common: CommonOptions

    func perform(in session: Session) throws -> OperationResult {
        let file = try Self.file(of: pipeline, session: session)
        let definition = try DefinitionLoader.loadPipeline(file: file)
        guard !dryRun else { return try plan(of: definition, session: session) }

        try Folders.make(session.work)
        let lock = try RunLock(file: session.work + "/run.lock")
        defer { withExtendedLifetime(lock) {} }
        let history = RunHistory(work: session.work)
        var period = try session.period(self.period ?? definition.period)
        let runID: String
        if let resume {
            let broken = try history.unfinished(
                named: resume.isEmpty ? nil : resume, pipeline: definition.name,
                period: self.period == nil ? nil : period)
            runID = broken.id
            period = try session.period(broken.period)
        } else {
            if let broken = try? history.unfinished(named: nil, pipeline: definition.name, period: period) {
                session.console.warn(
                    LocalizedText(
                        en: "run \(broken.id) did not finish; 'sitong run \(pipeline) --resume' would continue it",
                        zh: "运行 \(broken.id) 未完成；用“sitong run \(pipeline) --resume”可继续"))
            }
            runID = history.newRunID(pipeline: definition.name, period: period)
        }
        session.runID = runID
        var runner = try PipelineRunner(
            pipeline: definition, period: period, runID: runID, work: session.work, environment: session.environment)
        let begin = ContinuousClock.now
        var steps: [RunResult.Step] = []
        let status: ExitStatus
        // Also of a run that fails; why the ledger could not be written is then less than why the run failed.
        var isRecorded = false
        // Where the steps that a former attempt finished were at work.
        var libraryBefore: LibraryOptions?
        defer { if !isRecorded { try? RunRecorder(session: session, runID: runID).record(nil) } }
        status = try runner.run(from: from) { commandLine in
            let operation = try Self.operation(commandLine, file: file)
            let result = try operation.perform(in: session)
            if !common.json { session.console.note(Self.excerpt(of: result.text, isWhole: session.console.isVerbose)) }
            return StepOutcome(status: result.status, products: result.products, json: try result.encodedJSON())
        } tell: { event in
            Self.tell(event, session.console)
            if let step = RunResult.Step(event) { steps.append(step) }
            if case .skipped(_, _, _, let commandLine) = event,
                let user = (try? Self.operation(commandLine, file: file)) as? any LibraryStep
            {
                libraryBefore = user.library
            }
        } conclude: { status in
            if session.lastLibrary == nil, let libraryBefore { _ = try session.library(libraryBefore) }
            try RunRecorder(session: session, runID: runID).record(status)
            isRecorded = true
        }
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        return OperationResult(
            status,
            json: RunResult(run: runID, period: period?.label, seconds: seconds, steps: steps, status: status.rawValue),
            text: LocalizedText(
                en: "run \(runID) ended with \(status.rawValue) after \(Format.seconds(seconds))",
                zh: "运行 \(runID) 结束，状态 \(status.rawValue)，用时 \(Format.seconds(seconds))"),
            products: [PipelineRunner.folder(of: runID, work: session.work)])
    }

    /// The verb of a step; a verb or flag that does not exist is a mistake in the pipeline file.
    private static func operation(_ commandLine: [String], file: String) throws -> any Operation {
        do {
            return try Program.parse(commandLine)
        } catch let error as OperationError {
            throw error
        } catch {
            let reason = SitongCommand.message(for: error)
            let words = commandLine.prefix { !$0.hasPrefix("-") }.joined(separator: " ")
            throw OperationError(
                .badDefinition, code: "pipeline-step",
                LocalizedText(
                    en: "pipeline '\(file)': the step '\(words)' cannot be understood: \(reason)",
                    zh: "流水线“\(file)”：无法理解步骤“\(words)”：\(reason)"),
                hint: LocalizedText(
                    en: "'uses' names a verb and 'with' its flags; 'sitong \(words) --help' lists them",
                    zh: "uses 写动词，with 写其参数；用“sitong \(words) --help”可列出参数"))
        }
    }

    private func plan(of definition: PipelineDefinition, session: Session) throws -> OperationResult {
        let period = try session.period(self.period ?? definition.period)
        let lines = definition.steps.map { step in
            let arguments = step.arguments.map { $0.text == "true" ? "--\($0.name)" : "--\($0.name) \($0.text)" }
            return (["sitong", step.uses] + arguments).joined(separator: " ")
        }
        let heading = "# \(definition.name) \(period?.label ?? "")"
        return OperationResult(
            json: RunPlan(pipeline: definition.name, period: period?.label, commands: lines),
            text: LocalizedText(([heading] + lines).joined(separator: "\n")))
    }

    /// The file as named, else the pipeline of that name that ships.
    static func file(of name: String, session: Session) throws -> String {
        if FileManager.default.fileExists(atPath: name) { return name }
        let home = try Resources.home(environment: session.environment)
        let shipped = "\(home)/Pipelines/\(name).yaml"
        guard !name.contains("/"), FileManager.default.fileExists(atPath: shipped) else {
            throw OperationError(
                .noInput, code: "pipeline-missing",
                LocalizedText(en: "there is no pipeline '\(name)'", zh: "没有流水线“\(name)”"),
                hint: LocalizedText(
                    en: "give a file, or monthly, court or centre", zh: "请给出文件，或 monthly、court、centre 之一"))
        }
        return shipped
    }

    /// The first lines of what a step says, under the step's name; the report and the journal have the rest.
    private static func excerpt(of text: LocalizedText, isWhole: Bool) -> LocalizedText {
        let shown = 6
        func cut(_ text: String, _ more: (Int) -> String) -> String {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: true).map { "      \($0)" }
            guard !isWhole, lines.count > shown + 1 else { return lines.joined(separator: "\n") }
            return (lines.prefix(shown) + ["      " + more(lines.count - shown)]).joined(separator: "\n")
        }
        return LocalizedText(
            en: cut(text.en) { "… \($0) more lines with --verbose" }, zh: cut(text.zh) { "… 另有 \($0) 行，用 --verbose 查看" }
        )
    }

    private static func tell(_ event: RunEvent, _ console: Console) {
        switch event {
        case .began(let step, let number, let count, let commandLine):
            console.note(LocalizedText("[\(number)/\(count)] \(step)"))
            console.detail(LocalizedText("  sitong " + commandLine.joined(separator: " ")))
        case .skipped(let step, let number, let count, _):
            console.note(
                LocalizedText(
                    en: "[\(number)/\(count)] \(step): done before", zh: "[\(number)/\(count)] \(step)：先前已完成"))
        case .ended(let step, let number, let count, let status, let seconds):
            console.detail(
                LocalizedText("[\(number)/\(count)] \(step): \(status.rawValue), \(Format.seconds(seconds))"))
        case .withheld(let step, let because):
            console.warn(
                LocalizedText(
                    en: "step '\(step)' was not begun, since '\(because)' did not end well",
                    zh: "步骤“\(step)”未开始，因为“\(because)”没有正常结束"))
        case .retrying(let step, let attempt, let error):
            console.warn(
                LocalizedText(
                    en: "step '\(step)' is tried again (attempt \(attempt)): \(error.message.en)",
                    zh: "步骤“\(step)”重试（第 \(attempt) 次）：\(error.message.zh)"))
        }
    }
}

/// `run --json`.
struct RunResult: Encodable {
    struct Step: Encodable {
        var id: String
        var status: Int32?
        var seconds: Double?
        /// `done`, `before` (in a former attempt) or `withheld`.
        var state: String

        init?(_ event: RunEvent) {
            switch event {
            case .ended(let step, _, _, let status, let seconds):
                (id, self.status, self.seconds, state) = (step, status.rawValue, seconds, "done")
            case .skipped(let step, _, _, _): (id, state) = (step, "before")
            case .withheld(let step, _): (id, state) = (step, "withheld")
            default: return nil
            }
        }
    }

    var format = "sitong.run/1"
    var run: String
    var period: String?
    var seconds: Double
    var steps: [Step]
    var status: Int32
}

/// `run --dry-run --json`.
struct RunPlan: Encodable {
    var format = "sitong.run-plan/1"
    var pipeline: String
    var period: String?
    var commands: [String]
}
