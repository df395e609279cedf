import Diagnostics
import Library
import Pipelines

/// A verb that as a step of a pipeline leaves its results in the library.
protocol LibraryStep {
    var library: LibraryOptions { get }
}

/// Writes what the journal of a run says into the ledger of the library that its steps used.
struct RunRecorder {
    let session: Session
    let runID: String

    /// Nothing when no step came to a library, as at a court that only extracts and sends.
    ///
    /// - Parameter ending: how the run ends, as the journal does not say so yet; nil for a run that failed.
    func record(_ ending: ExitStatus?) throws {
        guard let place = session.lastLibrary else { return }
        let library = try StandardLibrary(place)
        let entries = RunJournal.read(folder: PipelineRunner.folder(of: runID, work: session.work))
        var run = RunRecord(run: runID)
        var steps: [StepRecord] = []
        /// Attempts of all resumptions are numbered on.
        var attempts: [String: Int] = [:]
        for entry in entries {
            switch entry.event {
            case .runStarted, .runResumed:
                run.startedAt = run.startedAt ?? entry.at
                run.pipeline = run.pipeline ?? entry.pipeline
                run.period = run.period ?? entry.period
            case .stepStarted:
                guard let name = entry.step else { continue }
                attempts[name, default: 0] += 1
                var step = StepRecord(run: runID, step: name, attempt: attempts[name] ?? 1)
                step.startedAt = entry.at
                steps.append(step)
            case .stepFinished:
                guard let place = steps.lastIndex(where: { $0.step == entry.step }) else { continue }
                steps[place].status = entry.status.flatMap(ExitStatus.init(rawValue:))
                steps[place].finishedAt = entry.at
                // A run that failed has no end of its own in the journal, since it may be resumed.
                if let status = steps[place].status, status != .ok, status != .findings {
                    run.status = status
                    run.finishedAt = entry.at
                }
            case .runFinished:
                break
            }
        }
        if let ending { (run.status, run.finishedAt) = (ending, nil) }
        try library.record(run)
        for step in steps { try library.record(step) }
    }
}
