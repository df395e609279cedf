import Columnar
import DataAccess
import Definitions
import DelimitedText
import Diagnostics
import Foundation
import RuleEngine
import Schema

/// `make bench`: what the hot paths cost, beside a peer doing the same in the same run.
///
/// CPU seconds (user + system), since wall times on a shared machine drift; each figure is the best of three. Counts of
/// both sides are compared first: a fast wrong answer is no answer.
@main
struct Bench {
    static func main() throws {
        if CommandLine.arguments.dropFirst().first == "--check" {
            return print(try countViolations(CommandLine.arguments[2]))
        }
        let rows = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1_000_000
        let folder = NSTemporaryDirectory() + "/sitong-bench-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = folder + "/cases.csv"
        try InventedCases(rows: rows).write(to: file)
        let bytes = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? 0
        print("\(rows) rows, \(bytes / 1_000_000) MB, 8 rules; CPU seconds, best of 3, and peak memory")

        let scan = try best { try ownCPU { try scanCSV(file) } }
        report("read CSV", scan, rows: rows)
        let words = try bestRun { try Peer.run("/usr/bin/wc", ["-l", file]) }
        report("  peer: wc -l", words.use, rows: rows, against: scan)

        let check = try bestRun { try Peer.run(CommandLine.arguments[0], ["--check", file]) }
        report("check rows", check.use, rows: rows)
        guard let sqlite = Peer.find("sqlite3") else {
            throw OperationError(
                .noInput, code: "peer-missing",
                LocalizedText(en: "the peer sqlite3 is not installed", zh: "未安装对照程序 sqlite3"),
                hint: LocalizedText(en: "make deps-test installs it", zh: "make deps-test 会安装"))
        }
        let peer = try bestRun { try Peer.run(sqlite, ["-csv", ":memory:"], input: SQLitePeer.script(file)) }
        report("  peer: sqlite3, import and one fused query", peer.use, rows: rows, against: check.use)
        let (ours, theirs) = (check.output.split(separator: "\n").last, peer.output.split(separator: "\n").last)
        guard ours == theirs else {
            throw OperationError(
                .internalError, code: "bench-differs",
                LocalizedText("counts differ: \(ours ?? "") and \(theirs ?? "")"))
        }
        print("both count \(ours ?? "")")
    }
}

/// What something cost.
struct Use {
    var cpuSeconds: Double
    var peakMemoryBytes: Int
}

func report(_ what: String, _ use: Use, rows: Int, against base: Use? = nil) {
    let rate = Double(rows) / use.cpuSeconds / 1e6
    let ratio = base.map { String(format: "  %.1f × the above", use.cpuSeconds / $0.cpuSeconds) } ?? ""
    print(
        what.padding(toLength: 46, withPad: " ", startingAt: 0)
            + String(format: "%7.2f s  %6.1f M rows/s  %5d MB", use.cpuSeconds, rate, use.peakMemoryBytes / 1_000_000)
            + ratio)
}

func best(_ body: () throws -> Use) throws -> Use {
    try (0..<3).map { _ in try body() }.min { $0.cpuSeconds < $1.cpuSeconds } ?? Use(cpuSeconds: 0, peakMemoryBytes: 0)
}

func bestRun(_ body: () throws -> (output: String, use: Use)) throws -> (output: String, use: Use) {
    try (0..<3).map { _ in try body() }.min { $0.use.cpuSeconds < $1.use.cpuSeconds } ?? (
        "", Use(cpuSeconds: 0, peakMemoryBytes: 0)
    )
}

func ownCPU(_ body: () throws -> Void) rethrows -> Use {
    func now() -> (cpu: Double, memory: Int) {
        var usage = rusage()
        getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return (seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss * 1024)
    }
    let before = now()
    try body()
    let after = now()
    return Use(cpuSeconds: after.cpu - before.cpu, peakMemoryBytes: after.memory)
}

/// The violations of each rule, in their order: what `--check FILE` prints, in a process of its own, so that its memory
/// is its own too.
func countViolations(_ file: String) throws -> String {
    let loaded = try DefinitionLoader.load(directories: ["Fixtures/bench"]).validated()
    let check = try QualityCheck(schema: loaded.schema, rules: loaded.rules)
    let result = try check.run(tables: ["cases"]) { _ in try CSVReader(FileSource(file), file: file) }
    return result.statistics.filter { !$0.isBuiltin }.map { String($0.violations) }.joined(separator: ",")
}

func scanCSV(_ file: String) throws {
    let reader = try CSVReader(FileSource(file), file: file)
    var rows = 0
    while let block = try reader.next() { rows += block.rowCount }
    precondition(rows > 0)
}
