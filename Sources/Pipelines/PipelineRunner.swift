public import CourtModel
public import Definitions
public import Diagnostics
public import Foundation

/// How one step ended.
public struct StepOutcome: Sendable {
    public var status: ExitStatus
    /// What it made, for `{step}` in later steps.
    public var products: [String]
    /// The object that `--json` prints.
    public var json: Data

    public init(status: ExitStatus, products: [String], json: Data) {
        self.status = status
        self.products = products
        self.json = json
    }
}

/// What the runner tells while it works; whoever prints decides how.
public enum RunEvent: Sendable {
    case began(step: String, number: Int, of: Int, commandLine: [String])
    /// Finished in an earlier attempt at this run.
    case skipped(step: String, number: Int, of: Int, commandLine: [String])
    case ended(step: String, number: Int, of: Int, status: ExitStatus, seconds: Double)
    /// Not begun, because a step it needs did not end well.
    case withheld(step: String, because: String)
    case retrying(step: String, attempt: Int, after: OperationError)
}

/// Executes the steps of a pipeline in the order of their needs, with a journal, so that a broken run can go on.
///
/// Each step is a subcommand; the runner builds its arguments and `perform` executes them. A step that a former attempt
/// finished with 0 or 1 is not repeated.
public struct PipelineRunner {
    public let pipeline: PipelineDefinition
    public let period: StatisticalPeriod?
    /// `monthly-2026-10-0001`: names the run in the library and on disk.
    public let runID: String
    private var placeholders: Placeholders
    private var journal: RunJournal

    public init(
        pipeline: PipelineDefinition, period: StatisticalPeriod?, runID: String, work: String,
        environment: [String: String]
    ) throws(OperationError) {
        self.pipeline = pipeline
        self.period = period
        self.runID = runID
        journal = try RunJournal(folder: Self.folder(of: runID, work: work))
        var names = ["work": work, "run": runID]
        if let period { names["period"] = period.label }
        placeholders = Placeholders(names, environment: environment)
    }

    public static func folder(of runID: String, work: String) -> String { "\(work)/runs/\(runID)" }

    /// Runs what is left to run.
    ///
    /// - Parameters:
    ///   - from: repeat this step and all that need it, also when a former attempt finished them.
    ///   - perform: executes a command line (`["forms", "compute", "--period", …]`); throws what stopped it.
    ///   - tell: hears of each step.
    ///   - conclude: what is to be done before the journal says that the run has finished, given how it ended; a run
    ///     that breaks in between does it again when it is resumed.
    public mutating func run(
        from first: String? = nil, perform: ([String]) throws -> StepOutcome, tell: (RunEvent) -> Void,
        conclude: (ExitStatus) throws -> Void = { _ in }
    ) throws -> ExitStatus {
        let order = try Self.order(of: pipeline.steps)
        let repeated = try first.map { try dependants(of: $0, in: order) } ?? []
        try journal.append(
            RunJournal.Entry(
                journal.entries.isEmpty ? .runStarted : .runResumed, pipeline: pipeline.name, period: period?.label))
        var ended: [String: ExitStatus] = [:]
        var firstFailure: (any Error)?
        for (index, step) in order.enumerated() {
            let number = index + 1
            if let done = journal.finished(step.id), let status = done.status.flatMap(ExitStatus.init(rawValue:)),
                status == .ok || status == .findings, !repeated.contains(step.id)
            {
                ended[step.id] = status
                placeholders.define(step.id, products: done.products ?? [])
                tell(
                    .skipped(
                        step: step.id, number: number, of: order.count,
                        commandLine: (try? self.commandLine(of: step)) ?? []))
                continue
            }
            if let blocker = step.needs.first(where: { !mayFollow(ended[$0], of: $0) }) {
                tell(.withheld(step: step.id, because: blocker))
                continue
            }
            let commandLine = try self.commandLine(of: step)
            tell(.began(step: step.id, number: number, of: order.count, commandLine: commandLine))
            let begin = ContinuousClock.now
            let status: ExitStatus
            do {
                status = try attempt(step, commandLine, perform: perform, tell: tell)
            } catch {
                firstFailure = firstFailure ?? error
                status = Self.status(of: error)
            }
            ended[step.id] = status
            let seconds = (ContinuousClock.now - begin) / .seconds(1)
            tell(.ended(step: step.id, number: number, of: order.count, status: status, seconds: seconds))
        }
        let worst = ExitStatus.worst(of: ended.values)
        // A run that an environment failure broke stays unfinished, so that --resume can continue it.
        if let firstFailure { throw firstFailure }
        try conclude(worst)
        try journal.append(RunJournal.Entry(.runFinished, status: worst.rawValue))
        return worst
    }

    /// The arguments of a step: `uses`, then its `with` as flags, then the period where the file names none.
    public func commandLine(of step: PipelineDefinition.Step) throws(OperationError) -> [String] {
        var line = step.uses.split(separator: " ").map(String.init)
        for argument in step.arguments {
            if argument.text == "true" {
                line.append("--" + argument.name)
                continue
            }
            for value in try placeholders.expand(argument.text, in: step.id) {
                line += ["--" + argument.name, value]
            }
        }
        if let period, Self.verbsWithPeriod.contains(step.uses), !line.contains("--period") {
            line += ["--period", period.label]
        }
        return line
    }

    /// The verbs that take `--period`; `transfer`, `receive` and `load` read it from the manifest.
    private static let verbsWithPeriod: Set = ["extract", "qc", "forms compute", "reconcile forms", "report"]

    private mutating func attempt(
        _ step: PipelineDefinition.Step, _ commandLine: [String], perform: ([String]) throws -> StepOutcome,
        tell: (RunEvent) -> Void
    ) throws -> ExitStatus {
        for attempt in 1... {
            try journal.append(RunJournal.Entry(.stepStarted, step: step.id, attempt: attempt))
            let begin = ContinuousClock.now
            func finished(_ status: ExitStatus, _ products: [String]?, _ message: String?) -> RunJournal.Entry {
                RunJournal.Entry(
                    .stepFinished, step: step.id, attempt: attempt, status: status.rawValue, products: products,
                    seconds: (ContinuousClock.now - begin) / .seconds(1), message: message)
            }
            faultPoint("run.beforeStep")
            do {
                let outcome = try perform(commandLine)
                faultPoint("run.afterStep")
                try journal.keep(result: outcome.json, of: step.id)
                try journal.append(finished(outcome.status, outcome.products, nil))
                placeholders.define(step.id, products: outcome.products)
                return outcome.status
            } catch let error as OperationError where error.isTransient && attempt <= step.retries {
                try journal.append(finished(error.status, nil, error.code))
                tell(.retrying(step: step.id, attempt: attempt + 1, after: error))
                Thread.sleep(forTimeInterval: min(60, pow(2, Double(attempt))))
            } catch {
                try journal.append(finished(Self.status(of: error), nil, (error as? OperationError)?.code))
                throw error
            }
        }
        preconditionFailure("the loop above has no end of its own")
    }

    private func mayFollow(_ status: ExitStatus?, of step: String) -> Bool {
        switch status {
        case .ok: true
        case .findings: pipeline.step(step)?.continues ?? false
        default: false
        }
    }

    private func dependants(of first: String, in order: [PipelineDefinition.Step]) throws -> Set<String> {
        guard order.contains(where: { $0.id == first }) else {
            throw OperationError(
                .usage, code: "step-unknown",
                LocalizedText(
                    en: "pipeline '\(pipeline.name)' has no step '\(first)'", zh: "流水线“\(pipeline.name)”没有步骤“\(first)”"),
                hint: LocalizedText(
                    en: "its steps are: \(order.map(\.id).joined(separator: ", "))",
                    zh: "它的步骤有：\(order.map(\.id).joined(separator: "、"))"))
        }
        var found: Set = [first]
        for step in order where step.needs.contains(where: found.contains) { found.insert(step.id) }
        return found
    }

    static func status(of error: any Error) -> ExitStatus {
        switch error {
        case let error as OperationError: error.status
        case is InvalidDefinitions: .badDefinition
        default: .internalError
        }
    }

    /// The steps so that each comes after what it needs; otherwise in the order of the file.
    static func order(of steps: [PipelineDefinition.Step]) throws -> [PipelineDefinition.Step] {
        var ordered: [PipelineDefinition.Step] = []
        var placed: Set<String> = []
        var rest = steps
        while !rest.isEmpty {
            guard let index = rest.firstIndex(where: { $0.needs.allSatisfy(placed.contains) }) else {
                let names = rest.map(\.id).joined(separator: ", ")
                throw InvalidDefinitions([
                    Diagnostic(
                        code: "pipeline-cycle",
                        LocalizedText(
                            en: "steps \(names) wait for each other or for a step that does not exist",
                            zh: "步骤 \(names) 互相等待，或等待不存在的步骤"), at: rest[0].location)
                ])
            }
            let step = rest.remove(at: index)
            placed.insert(step.id)
            ordered.append(step)
        }
        return ordered
    }
}
