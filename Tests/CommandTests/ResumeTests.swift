import Foundation
import TestSupport
import Testing

/// A run that was killed, wherever that was, goes on to exactly what an undisturbed run leaves.
@Suite(.serialized) struct ResumeTests {
    /// Fault points that a monthly run over a folder cannot reach, and the test that kills there.
    static let elsewhere: Set<String> = [
        // Making a cluster and starting it: `brokenCluster` and `brokenEmbeddedRun`.
        "library.beforeInitdb", "library.afterInitdb", "library.beforeClusterMarker", "library.afterServerStart",
        // Applying the schema: `brokenSchema`.
        "library.afterLedgerTables", "library.afterSchemaChanges",
        // Refusing a batch: `brokenRefusal`.
        "receive.afterRefuse",
        // Undoing a batch: `brokenRevert`.
        "revert.beforeLedger", "revert.afterCommit",
        // Trying quarantined rows again: `brokenRetry`.
        "quarantine.beforeRetryCommit", "quarantine.afterRetryCommit",
        // Closing a period: `PeriodTests`.
        "period.beforeCloseCommit", "period.afterCloseCommit", "period.beforeReopenCommit",
        // Rows compared in parts: `ReconcileRowsTests`.
        "rows.afterCheckpoint",
    ]

    @Test("the monthly run passes every fault point but those that other tests kill at")
    func everyFaultPointIsCovered() throws {
        let listed = try FaultPointPage.names()
        let reached = Set(try UndisturbedRun.shared.get().faultPoints.map(\.name))
        #expect(reached.isDisjoint(with: Self.elsewhere))
        #expect(reached.union(Self.elsewhere) == listed)
    }

    @Test("killed at every fault point, at its first and its last pass, the run resumes to the same result")
    func everyFaultPoint() throws {
        let undisturbed = try UndisturbedRun.shared.get()
        let faults = undisturbed.faultPoints.flatMap { name, passes in
            // The journal and the steps are where the runner decides what is still to be done: each pass is another place.
            name.hasPrefix("journal.") || name.hasPrefix("run.")
                ? (1...passes).map { "\(name):\($0)" } : Set([1, passes]).sorted().map { "\(name):\($0)" }
        }
        print("killing at \(faults.count) places")
        let complaints = complaints(of: faults, { $0 }) { fault in
            let site = try BrokenRunSite()
            let killed = try site.run(fault: fault)
            guard killed.status == -SIGKILL else { return ["was not killed but ended with \(killed.status)"] }
            return try site.differences(from: undisturbed, status: site.resume().status)
        }
        #expect(complaints == [])
    }

    @Test("killed at 20 random moments, the run resumes to the same result")
    func randomMoments() throws {
        let undisturbed = try UndisturbedRun.shared.get()
        let seed = TestSeed.draw()
        print("random moments of seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let moments = (0..<20).map { _ in Double.random(in: 0..<undisturbed.seconds, using: &generator) }
        let complaints = complaints(of: moments, { "killed after \($0) s (seed \(seed))" }) { moment in
            let site = try BrokenRunSite()
            let started = try site.start()
            usleep(UInt32(moment * 1_000_000))
            kill(started.number, SIGKILL)
            // Now and then it is over just before.
            _ = started.wait()
            return try site.differences(from: undisturbed, status: site.resume().status)
        }
        #expect(complaints == [])
    }

    @Test("a resumed run that is killed as well, at another place, resumes to the same result")
    func killedTwice() throws {
        let undisturbed = try UndisturbedRun.shared.get()
        let pairs = [
            ("batch.beforeRename", "batch.afterRename"), ("batch.afterRename", "batch.beforeManifest"),
            ("transfer.afterPart", "transfer.beforeManifest"), ("transfer.afterManifest", "transfer.afterManifest:2"),
            ("load.afterMerge", "load.beforeCommit"), ("load.afterCommit", "load.afterCommit"),
            ("library.beforeFindingsCommit", "run.afterStep"), ("run.afterStep:4", "journal.afterAppend:2"),
        ]
        let complaints = complaints(of: pairs, { "\($0.0), then \($0.1)" }) { first, second in
            let site = try BrokenRunSite()
            for (fault, number) in [(first, 1), (second, 2)] {
                let killed = try number == 1 ? site.run(fault: fault) : site.resume(fault: fault)
                guard killed.status == -SIGKILL else {
                    return ["\(fault) did not kill: \(killed.status) \(killed.errors)"]
                }
            }
            return try site.differences(from: undisturbed, status: site.resume().status)
        }
        #expect(complaints == [])
    }

    @Test("SIGTERM ends a run with 143, SIGINT with 130, and it resumes to the same result")
    func signals() throws {
        let undisturbed = try UndisturbedRun.shared.get()
        let cases = [(SIGTERM, 143, "extract"), (SIGTERM, 143, "load"), (SIGINT, 130, "transfer"), (SIGINT, 130, "qc")]
        let complaints = complaints(of: cases, { "signal \($0.0) in \($0.2)" }) { signal, status, step in
            let site = try BrokenRunSite()
            let started = try site.start()
            guard started.wait(until: { site.journal.contains(#""step":"\#(step)""#) }) else {
                return ["step did not begin: \(started.wait().errors)"]
            }
            kill(started.number, signal)
            let ended = started.wait()
            guard ended.status == status else { return ["ended with \(ended.status): \(ended.errors)"] }
            return try site.differences(from: undisturbed, status: site.resume().status)
        }
        #expect(complaints == [])
    }

    @Test("a second run at the same time ends with 75 and names the process that is at work")
    func secondRun() throws {
        let undisturbed = try UndisturbedRun.shared.get()
        let site = try BrokenRunSite()
        let first = try site.start()
        #expect(first.wait { site.journal.contains("step-started") })
        // It stands still meanwhile, and so holds what it holds.
        kill(first.number, SIGSTOP)
        let second = try site.run()
        let resumed = try site.run(["--resume"])
        kill(first.number, SIGCONT)
        for other in [second, resumed] {
            #expect(other.status == 75)
            #expect(
                other.errors.contains("run-locked") && other.errors.contains("process \(first.number)"),
                "\(other.errors)")
        }
        #expect(try site.differences(from: undisturbed, status: first.wait().status) == [])
    }
}

/// The generated list of fault points.
enum FaultPointPage {
    static func names() throws -> Set<String> {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/fault-points.md").standardizedFileURL
        let text = try String(contentsOf: page, encoding: .utf8)
        return Set(text.matches(of: #/\| `([^`]+)` \| `[^`]+` \|/#).map { String($0.1) })
    }
}

/// SplitMix64: moments that a seed brings back.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
