public import Diagnostics
public import Foundation

/// What happened in a run, one JSON object a line, on disk before the next thing is begun.
///
/// The journal is how a broken run is continued, so a line cut short by a crash is no error: it did not happen.
public struct RunJournal {
    public struct Entry: Codable, Sendable {
        public enum Event: String, Codable, Sendable {
            case runStarted = "run-started"
            case runResumed = "run-resumed"
            case stepStarted = "step-started"
            case stepFinished = "step-finished"
            case runFinished = "run-finished"
        }

        public var event: Event
        /// UTC, seconds.
        public var at: String
        public var pipeline: String?
        public var period: String?
        public var step: String?
        public var attempt: Int?
        public var status: Int32?
        /// What the step made; `{step}` in later steps.
        public var products: [String]?
        public var seconds: Double?
        public var message: String?

        public init(
            _ event: Event, pipeline: String? = nil, period: String? = nil, step: String? = nil, attempt: Int? = nil,
            status: Int32? = nil, products: [String]? = nil, seconds: Double? = nil, message: String? = nil
        ) {
            self.event = event
            at = Date().formatted(.iso8601)
            self.pipeline = pipeline
            self.period = period
            self.step = step
            self.attempt = attempt
            self.status = status
            self.products = products
            self.seconds = seconds
            self.message = message
        }
    }

    /// The run's folder: `journal.jsonl` and one `<step>.json` for each finished step.
    public let folder: String
    public private(set) var entries: [Entry]

    /// Opens or begins the journal in `folder`.
    public init(folder: String) throws(OperationError) {
        self.folder = folder
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw .journalNotWritten(folder, "\(error.localizedDescription)")
        }
        entries = Self.read(folder: folder)
    }

    /// The entries of a journal; a last line that is cut short is left out.
    public static func read(folder: String) -> [Entry] {
        guard let bytes = FileManager.default.contents(atPath: folder + "/journal.jsonl") else { return [] }
        let decoder = JSONDecoder()
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { try? decoder.decode(Entry.self, from: Data($0)) }
    }

    public mutating func append(_ entry: Entry) throws(OperationError) {
        let file = folder + "/journal.jsonl"
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard var line = try? encoder.encode(entry) else { throw .journalNotWritten(file, "cannot encode") }
        line.append(UInt8(ascii: "\n"))
        let descriptor = open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .journalNotWritten(file, String(cString: strerror(errno))) }
        defer { close(descriptor) }
        // A line that a crash cut short is ended first, so that this one stands on its own.
        var last: UInt8 = UInt8(ascii: "\n")
        let size = lseek(descriptor, 0, SEEK_END)
        if size > 0 { _ = pread(descriptor, &last, 1, size - 1) }
        if last != UInt8(ascii: "\n") { line.insert(UInt8(ascii: "\n"), at: 0) }
        let written = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written == line.count, fsync(descriptor) == 0 else {
            throw .journalNotWritten(file, String(cString: strerror(errno)))
        }
        entries.append(entry)
        faultPoint("journal.afterAppend")
    }

    /// Keeps a finished step's machine-readable result beside the journal.
    public func keep(result json: Data, of step: String) throws(OperationError) {
        let file = "\(folder)/\(step).json"
        // Always by the same temporary name, so that a repetition takes the place of what a crash left.
        let temporary = file + ".new"
        do {
            try json.write(to: URL(fileURLWithPath: temporary))
        } catch {
            throw .journalNotWritten(file, error.localizedDescription)
        }
        faultPoint("journal.beforeKeep")
        guard rename(temporary, file) == 0 else { throw .journalNotWritten(file, String(cString: strerror(errno))) }
    }

    /// The last way in which a step finished, if it did.
    public func finished(_ step: String) -> Entry? {
        entries.last { $0.event == .stepFinished && $0.step == step }
    }

    public var isFinished: Bool { entries.last?.event == .runFinished }
}

extension OperationError {
    static func journalNotWritten(_ file: String, _ cause: String) -> OperationError {
        OperationError(
            .ioError, code: "journal-write",
            LocalizedText(
                en: "unable to write the run's journal '\(file)': \(cause)", zh: "无法写入运行日志“\(file)”：\(cause)"),
            hint: LocalizedText(
                en: "check the room and the rights of the working folder", zh: "请检查工作目录的剩余空间和权限"))
    }
}
