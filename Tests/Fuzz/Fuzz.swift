import Foundation

/// `Fuzz TARGET [--seconds N] [--seed S] [--corpus DIR] [--crashes DIR] [--replay FILE]`
///
/// Feeds mutated inputs to one reader for a while. An input is written to `DIR/TARGET.current` before it is tried, and a
/// trap, a broken promise or too long a silence ends the process by a signal: what is then in that file is
/// the input that did it. `--replay` tries one file, as it is.
@main struct Fuzz {
    static func main() throws {
        var arguments = CommandLine.arguments.dropFirst()
        guard let name = arguments.popFirst(), let target = try targets[name]?() else { usage() }
        var options: [String: String] = [:]
        while let key = arguments.popFirst() {
            guard ["--seconds", "--seed", "--corpus", "--crashes", "--replay"].contains(key),
                let value = arguments.popFirst()
            else { usage() }
            options[key] = value
        }
        if let file = options["--replay"] {
            Deadline.begin()
            print(try target.run([UInt8](Data(contentsOf: URL(fileURLWithPath: file)))))
            return
        }
        guard let seconds = Double(options["--seconds"] ?? "20"),
            let seed = UInt64(options["--seed"] ?? String(UInt64.random(in: 0...999_999_999)))
        else { usage() }
        let corpus = try inputs(in: options["--corpus"] ?? "Tests/FuzzCorpus/\(name)")
        let folder = options["--crashes"] ?? FileManager.default.currentDirectoryPath
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let current = try CurrentInput(file: "\(folder)/\(name).current")
        // Unbuffered, so that it is seen when the process ends by a signal.
        FileHandle.standardOutput.write(Data("fuzz \(name): seed \(seed), \(corpus.count) inputs to begin with\n".utf8))
        var campaign = Campaign(target: target, corpus: corpus, seed: seed, current: current)
        try campaign.run(seconds: seconds)
        try current.remove()
        print("fuzz \(name): \(campaign.tried) inputs tried, \(campaign.seen.count) ways to answer, none wrong")
    }

    private static let targets: [String: @Sendable () throws -> any FuzzTarget] = [
        "csv": { CSVTarget() }, "rules": { try RulesTarget() }, "definitions": { try DefinitionsTarget() },
        "manifest": { try ManifestTarget() },
    ]

    private static func inputs(in folder: String) throws -> [[UInt8]] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        return try names.map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)"))) }
    }

    private static func usage() -> Never {
        let words = targets.keys.sorted().joined(separator: "|")
        FileHandle.standardError.write(
            Data(
                "usage: Fuzz \(words) [--seconds N] [--seed S] [--corpus DIR] [--crashes DIR] [--replay FILE]\n".utf8))
        exit(64)
    }
}

/// What is fuzzed.
protocol FuzzTarget {
    /// Words and marks that mean something to it.
    var dictionary: [String] { get }
    /// Reads one input and traps when a promise is broken. What it returns tells kinds of answers apart: an input that
    /// brings a new one is kept and mutated further.
    func run(_ input: [UInt8]) -> String
}

/// Tries inputs one after the other, keeping those that show something new.
struct Campaign {
    let target: any FuzzTarget
    let current: CurrentInput
    private(set) var tried = 0
    private(set) var seen: Set<String> = []
    private var corpus: [[UInt8]]
    private var mutator: Mutator

    init(target: any FuzzTarget, corpus: [[UInt8]], seed: UInt64, current: CurrentInput) {
        self.target = target
        self.corpus = corpus
        self.current = current
        mutator = Mutator(seed: seed, dictionary: target.dictionary.map { Array($0.utf8) })
    }

    mutating func run(seconds: Double) throws {
        for input in corpus { _ = try attempt(input) }
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            let input = mutator.mutate(one: corpus)
            // Beyond some thousand kinds the newest say little, and memory is not for them.
            if try attempt(input), corpus.count < 5000 { corpus.append(input) }
        }
        Deadline.clear()
    }

    /// Whether the answer was of a new kind.
    private mutating func attempt(_ input: [UInt8]) throws -> Bool {
        try current.write(input)
        Deadline.begin()
        tried += 1
        return seen.insert(target.run(input)).inserted
    }
}

/// The file that holds the input being tried, so that it outlives the process.
struct CurrentInput {
    private let path: String
    private let handle: FileHandle

    init(file path: String) throws {
        self.path = path
        try Data().write(to: URL(fileURLWithPath: path))
        handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    func write(_ input: [UInt8]) throws {
        try handle.seek(toOffset: 0)
        try handle.write(contentsOf: Data(input))
        try handle.truncate(atOffset: UInt64(input.count))
    }

    func remove() throws { try FileManager.default.removeItem(atPath: path) }
}

/// Ends the process by a signal when one input takes five seconds of the processor, or waits for a minute.
enum Deadline {
    static func begin() { set(processor: 5, clock: 60) }

    static func clear() { set(processor: 0, clock: 0) }

    private static func set(processor: Int, clock: UInt32) {
        var timer = itimerval(it_interval: timeval(), it_value: timeval(tv_sec: processor, tv_usec: 0))
        let result = setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
        precondition(result == 0, "there is no timer")
        alarm(clock)
    }
}
