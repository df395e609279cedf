public import CourtModel
public import Diagnostics
import Foundation

/// The runs of a working folder, newest last; how a run is named, found and continued.
public struct RunHistory: Sendable {
    public struct Run: Sendable {
        public var id: String
        public var pipeline: String
        public var period: String?
        public var startedAt: String
        /// Nil while it is unfinished.
        public var status: ExitStatus?
    }

    public let work: String

    public init(work: String) { self.work = work }

    public func runs() -> [Run] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: work + "/runs")) ?? []
        return names.compactMap { id in
            let entries = RunJournal.read(folder: PipelineRunner.folder(of: id, work: work))
            guard let first = entries.first, let pipeline = first.pipeline else { return nil }
            let status = entries.last.flatMap { $0.event == .runFinished ? $0.status : nil }
            return Run(
                id: id, pipeline: pipeline, period: first.period, startedAt: first.at,
                status: status.flatMap(ExitStatus.init(rawValue:)))
        }
        .sorted { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) }
    }

    /// `monthly-2026-10-0001`, the number one above the highest so far.
    public func newRunID(pipeline: String, period: StatisticalPeriod?) -> String {
        let stem = [pipeline, period?.label].compactMap { $0 }.joined(separator: "-")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: work + "/runs")) ?? []
        let numbers = names.compactMap { name -> Int? in
            // One that was broken off before its first line was whole did not begin: its name is free.
            guard name.hasPrefix(stem + "-"),
                !RunJournal.read(folder: PipelineRunner.folder(of: name, work: work)).isEmpty
            else { return nil }
            return Int(name.dropFirst(stem.count + 1))
        }
        let next = String((numbers.max() ?? 0) + 1)
        return stem + "-" + String(repeating: "0", count: max(0, 4 - next.count)) + next
    }

    /// The run that `--resume` continues: the one named, else the newest unfinished one of the pipeline and period.
    public func unfinished(
        named id: String?, pipeline: String, period: StatisticalPeriod?
    ) throws(OperationError) -> Run {
        let runs = runs()
        let found =
            if let id {
                runs.last { $0.id == id }
            } else {
                runs.last {
                    $0.pipeline == pipeline && $0.status == nil && (period == nil || $0.period == period?.label)
                }
            }
        guard let found else {
            throw OperationError(
                .noInput, code: "run-unknown",
                LocalizedText(
                    en: id.map { "there is no run '\($0)' in '\(work)'" }
                        ?? "there is no unfinished run of '\(pipeline)' in '\(work)'",
                    zh: id.map { "“\(work)”中没有运行“\($0)”" } ?? "“\(work)”中没有“\(pipeline)”的未完成运行"),
                hint: LocalizedText(en: "'sitong runs' lists the runs", zh: "用“sitong runs”可列出历次运行"))
        }
        return found
    }
}
