import CourtModel
import Definitions
import Diagnostics
import Foundation
import Pipelines
import Testing

@Suite("Pipelines")
struct PipelinesTests {
    let work: String

    init() throws {
        work = NSTemporaryDirectory() + "/sitong-pipelines-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
    }

    func pipeline(_ steps: [PipelineDefinition.Step]) -> PipelineDefinition {
        PipelineDefinition(name: "monthly", steps: steps)
    }

    func runner(_ steps: [PipelineDefinition.Step], run: String = "monthly-2026-10-0001") throws -> PipelineRunner {
        try PipelineRunner(
            pipeline: pipeline(steps), period: StatisticalPeriod("2026-10"), runID: run, work: work,
            environment: ["INBOX": "/in"])
    }

    static let line = [
        PipelineDefinition.Step(
            id: "extract", uses: "extract", arguments: [.init(name: "to", text: "{work}/outbox")]),
        PipelineDefinition.Step(
            id: "send", uses: "transfer", needs: ["extract"],
            arguments: [.init(name: "from", text: "{extract}"), .init(name: "to", text: "${INBOX}")]),
        PipelineDefinition.Step(id: "qc", uses: "qc", needs: ["send"], continues: true),
        PipelineDefinition.Step(id: "report", uses: "report", needs: ["qc"]),
    ]

    func outcome(_ status: Diagnostics.ExitStatus = .ok, _ products: [String] = []) -> StepOutcome {
        StepOutcome(status: status, products: products, json: Data("{}".utf8))
    }

    @Test("each step becomes its command line, with what earlier steps made in it")
    func commandLines() throws {
        var runner = try runner(Self.line)
        var lines: [[String]] = []
        let status = try runner.run { line in
            lines.append(line)
            return outcome(line[0] == "qc" ? .findings : .ok, line[0] == "extract" ? ["b1", "b2"] : [])
        } tell: { _ in
        }
        #expect(status == .findings)
        #expect(
            lines == [
                ["extract", "--to", "\(work)/outbox", "--period", "2026-10"],
                ["transfer", "--from", "b1", "--from", "b2", "--to", "/in"],
                ["qc", "--period", "2026-10"], ["report", "--period", "2026-10"],
            ])
    }

    @Test("a step that ends with 1 stops its dependants unless it says continue")
    func findingsStop() throws {
        var steps = Self.line
        steps[2].continues = false
        var runner = try runner(steps)
        var withheld: [String] = []
        _ = try runner.run {
            outcome($0[0] == "qc" ? .findings : .ok)
        } tell: {
            if case .withheld(let step, _) = $0 { withheld.append(step) }
        }
        #expect(withheld == ["report"])
    }

    @Test("a broken run goes on where it broke, and does not repeat what had ended")
    func resume() throws {
        let lost = OperationError(.unavailable, code: "pg-lost", LocalizedText("lost"), isTransient: true)
        var first = try runner(Self.line)
        #expect(throws: OperationError.self) {
            _ = try first.run { line in
                if line[0] == "transfer" { throw lost }
                return outcome(.ok, ["b1"])
            } tell: { _ in
            }
        }
        let history = RunHistory(work: work)
        let broken = try history.unfinished(named: nil, pipeline: "monthly", period: nil)
        #expect(broken.id == "monthly-2026-10-0001")
        var second = try runner(Self.line)
        var performed: [String] = []
        _ = try second.run { line in
            performed.append(line.prefix(3).joined(separator: " "))
            return outcome()
        } tell: { _ in
        }
        #expect(performed == ["transfer --from b1", "qc --period 2026-10", "report --period 2026-10"])
        #expect(throws: OperationError.self) { try history.unfinished(named: nil, pipeline: "monthly", period: nil) }
        #expect(history.newRunID(pipeline: "monthly", period: StatisticalPeriod("2026-10")) == "monthly-2026-10-0002")
    }

    @Test("a journal whose last line a crash cut short is read up to it and goes on")
    func torn() throws {
        var journal = try RunJournal(folder: work + "/runs/x")
        try journal.append(.init(.runStarted, pipeline: "monthly"))
        let file = FileHandle(forWritingAtPath: work + "/runs/x/journal.jsonl")
        try file?.seekToEnd()
        file?.write(Data(#"{"event":"step-sta"#.utf8))
        try file?.close()
        var again = try RunJournal(folder: work + "/runs/x")
        #expect(again.entries.count == 1)
        try again.append(.init(.stepStarted, step: "extract"))
        #expect(RunJournal.read(folder: work + "/runs/x").map(\.event) == [.runStarted, .stepStarted])
    }

    @Test("a step is tried again as often as its file says when the failure may pass")
    func retries() throws {
        var runner = try runner([PipelineDefinition.Step(id: "send", uses: "transfer", retries: 1)])
        var calls = 0
        _ = try runner.run { _ in
            calls += 1
            if calls == 1 { throw OperationError(.unavailable, code: "x", LocalizedText("x"), isTransient: true) }
            return outcome()
        } tell: { _ in
        }
        #expect(calls == 2)
    }

    @Test("a missing environment variable and an unknown placeholder are named")
    func placeholders() throws {
        let places = Placeholders(["work": "w"], environment: ["A": "1"])
        #expect(try places.expand("x/${A}/{work}", in: "s") == ["x/1/w"])
        let missing = #expect(throws: OperationError.self) { try places.expand("${B}", in: "s") }
        #expect(missing?.status == .badDefinition)
        #expect(missing?.message.zh.contains("B") == true)
        #expect(throws: OperationError.self) { try places.expand("{extract}", in: "s") }
    }

    @Test("steps that wait for each other are a wrong definition")
    func cycle() throws {
        var runner = try runner([
            PipelineDefinition.Step(id: "a", uses: "qc", needs: ["b"]),
            PipelineDefinition.Step(id: "b", uses: "qc", needs: ["a"]),
        ])
        #expect(throws: InvalidDefinitions.self) {
            try runner.run { _ in
                outcome()
            } tell: { _ in
            }
        }
    }

    @Test("a second lock on the same file is refused with 75 and names the holder")
    func lock() throws {
        let first = try RunLock(file: work + "/run.lock")
        let error = #expect(throws: OperationError.self) { _ = try RunLock(file: work + "/run.lock") }
        #expect(error?.status == .temporaryFailure)
        #expect(error?.message.en.contains("\(getpid())") == true)
        _ = consume first
        _ = try RunLock(file: work + "/run.lock")
    }
}
