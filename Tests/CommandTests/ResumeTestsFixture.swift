import CourtModel
import Demonstration
import Foundation
import PostgresClient
import TestSupport

/// A small province made once for this process, with an empty library to copy: what every broken run begins from.
struct BrokenRunProvince: Sendable {
    static let shared = Result { try BrokenRunProvince() }
    static let period = "2026-10"

    let folder: TemporaryDirectory
    /// A database with the standard library's tables and nothing in them.
    let emptyLibrary: String
    /// Definitions and pipelines as they ship, with two forms only: a run is made some hundred times.
    let home: String

    private init() throws {
        folder = try TemporaryDirectory()
        emptyLibrary = try TestPostgres.freshDatabase()
        RealPart.note(.sqlite)
        guard let period = StatisticalPeriod(Self.period) else { throw CocoaError(.coderInvalidValue) }
        let courts = [
            CourtRow(mark: "豫17", name: "河南省驻马店市中级人民法院", level: "中级", upperMark: "豫"),
            CourtRow(mark: "豫1702", name: "驻马店市驿城区人民法院", level: "基层", upperMark: "豫17"),
        ]
        _ = try Demonstration.generate(
            DemonstrationOptions(
                courts: 2, cases: 2 * Demonstration.fewestCasesPerCourt, seed: 7, directory: folder.path,
                period: period,
                databasePrefix: "resume"),
            courts: courts, postgres: emptyLibrary)
        home = try Self.makeHome(in: folder)
        let applied = try SitongProcess.run(["schema", "apply", "--library", emptyLibrary], in: folder.path)
        guard applied.status == 0 else { throw BrokenRunFailure(text: "schema apply: \(applied.errors)") }
    }
}

extension BrokenRunProvince {
    private static func makeHome(in folder: TemporaryDirectory) throws -> String {
        let home = folder.appending("home")
        let files = FileManager.default
        try files.createDirectory(atPath: home, withIntermediateDirectories: true)
        for name in ["Schemas", "Pipelines"] {
            try files.copyItem(atPath: "\(MistakesTests.root)/\(name)", toPath: "\(home)/\(name)")
        }
        let kept = ["F01.yaml", "F17.yaml", "filters.yaml", "forms-F01.yaml"]
        for part in ["forms", "rules"] {
            for name in try files.contentsOfDirectory(atPath: "\(home)/Schemas/\(part)")
            where name.contains(/F[0-9]{2}/) && !kept.contains(name) {
                try files.removeItem(atPath: "\(home)/Schemas/\(part)/\(name)")
            }
        }
        return home
    }
}

struct BrokenRunFailure: Error, CustomStringConvertible {
    var text: String
    var description: String { text }
}

/// A working folder of its own beside the shared trial databases, with a library of its own.
final class BrokenRunSite: Sendable {
    let folder: TemporaryDirectory
    let library: String
    private let home: String

    init() throws {
        let province = try BrokenRunProvince.shared.get()
        home = province.home
        folder = try TemporaryDirectory()
        for name in ["sources", "databases", "submitted"] {
            try FileManager.default.createSymbolicLink(
                atPath: folder.appending(name), withDestinationPath: province.folder.appending(name))
        }
        library = try TestPostgres.freshDatabase(copying: province.emptyLibrary)
    }

    var environment: [String: String] {
        ["SITONG_LIBRARY": library, "SITONG_INBOX": "inbox", "SITONG_HOME": home]
    }

    func start(_ arguments: [String] = [], fault: String? = nil) throws -> SitongProcess.Started {
        var environment = environment
        environment["SITONG_FAULT"] = fault
        return try SitongProcess.start(
            ["run", "monthly", "--period", BrokenRunProvince.period] + arguments, in: folder.path,
            environment: environment)
    }

    func run(_ arguments: [String] = [], fault: String? = nil) throws -> SitongProcess {
        try start(arguments, fault: fault).wait()
    }

    /// The journal's lines, none before the run began.
    var journal: String {
        (try? String(contentsOfFile: folder.appending(".sitong/runs/\(Self.runID)/journal.jsonl"), encoding: .utf8))
            ?? ""
    }

    static let runID = "monthly-\(BrokenRunProvince.period)-0001"

    /// Goes on with what was broken off, as an operator would: a run that had not begun is begun, one that was over
    /// already is asked again by its name.
    func resume(fault: String? = nil) throws -> SitongProcess {
        let resumed = try run(["--resume"], fault: fault)
        guard resumed.status == 66, resumed.errors.contains("run-unknown") else { return resumed }
        return journal.contains("run-finished")
            ? try run(["--resume", Self.runID], fault: fault) : try run(fault: fault)
    }

    // MARK: What a run leaves

    /// Columns in which two runs may differ, beside those that are a point in time: identities of batches come from
    /// manifests, and a manifest holds the moment at which its source was read.
    static let excludedColumns: Set<String> = [
        "sitong.batch.digest", "sitong.batch.previous_digest", "sitong.batch.manifest",
    ]

    /// The rows of every table of the library as sorted text, by table.
    func tables() throws -> [String: [String]] {
        let connection = try PostgresConnection(library, applicationName: "tests")
        let columns = try connection.execute(
            """
            SELECT table_schema || '.' || table_name, column_name
            FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
            WHERE table_schema IN ('public', 'sitong') AND table_type = 'BASE TABLE'
                -- How often a step was tried is not what the run leaves.
                AND table_name <> 'step'
                AND data_type <> 'timestamp with time zone'
            ORDER BY 1, ordinal_position
            """)
        var chosen: [String: [String]] = [:]
        for row in columns {
            guard let table = row[0], let column = row[1], !Self.excludedColumns.contains("\(table).\(column)") else {
                continue
            }
            chosen[table, default: []].append(PostgresConnection.identifier(column))
        }
        return try chosen.reduce(into: [:]) { result, table in
            let rows = try connection.execute(
                "SELECT ROW(\(table.value.joined(separator: ", ")))::text FROM \(table.key)")
            result[table.key] = rows.compactMap(\.first).map { $0 ?? "" }.sorted()
        }
    }

    /// Paths and contents of the reports; the bytes only of those in which no moment is written.
    func reports() throws -> [String: Data] {
        let reports = folder.appending("reports/\(BrokenRunProvince.period)")
        return try FileManager.default.contentsOfDirectory(atPath: reports).reduce(into: [:]) { result, name in
            let bytes = FileManager.default.contents(atPath: "\(reports)/\(name)") ?? Data()
            result[name] = name.hasSuffix(".csv") ? bytes : Data([bytes.isEmpty ? 0 : 1])
        }
    }

    /// Files that are only there while something is written.
    func leftovers() -> [String] {
        let endings = [".partial", ".part", ".new", ".tmp"]
        let paths = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return paths.filter { path in
            endings.contains(where: path.hasSuffix) || path.contains(".nosync") || path.contains("refused/")
        }
    }

    /// What distinguishes this place from one where nothing was broken off; empty when nothing does.
    func differences(from undisturbed: UndisturbedRun, status: Int32) throws -> [String] {
        var found: [String] = []
        if status != undisturbed.status { found.append("ended with \(status), not \(undisturbed.status)") }
        let tables = try tables()
        for name in Set(tables.keys).union(undisturbed.tables.keys).sorted() {
            let here = tables[name] ?? []
            let there = undisturbed.tables[name] ?? []
            guard here != there else { continue }
            let more = here.first { !there.contains($0) } ?? "no other"
            found.append("\(name) has \(here.count) rows, not \(there.count); first other row: \(more.prefix(200))")
        }
        let reports = (try? reports()) ?? [:]
        for name in Set(reports.keys).union(undisturbed.reports.keys).sorted()
        where reports[name] != undisturbed.reports[name] {
            found.append("reports/\(name) differs")
        }
        found += leftovers().map { "left behind: \($0)" }
        return found
    }
}

/// The run that nothing disturbed: how it ended, what it left, which fault points it passed and how often.
struct UndisturbedRun: Sendable {
    static let shared = Result { try UndisturbedRun() }

    let status: Int32
    let tables: [String: [String]]
    let reports: [String: Data]
    /// In the order in which they were first reached.
    let faultPoints: [(name: String, passes: Int)]
    let seconds: Double

    private init() throws {
        let site = try BrokenRunSite()
        let begin = ContinuousClock.now
        let run = try site.run(fault: "?")
        seconds = (ContinuousClock.now - begin) / .seconds(1)
        guard run.status == 0 || run.status == 1 else {
            throw BrokenRunFailure(text: "the undisturbed run ended with \(run.status): \(run.errors)")
        }
        status = run.status
        tables = try site.tables()
        reports = try site.reports()
        var passes: [String: Int] = [:]
        var order: [String] = []
        for line in run.errors.split(separator: "\n") where line.hasPrefix("fault point ") {
            let name = String(line.dropFirst("fault point ".count))
            if passes[name] == nil { order.append(name) }
            passes[name, default: 0] += 1
        }
        faultPoints = order.map { ($0, passes[$0] ?? 0) }
        let leftovers = site.leftovers()
        guard leftovers.isEmpty else { throw BrokenRunFailure(text: "left behind: \(leftovers)") }
    }
}

/// Does the same with every item, two at a time, and gathers what each has to complain of.
func complaints<Item: Sendable>(
    of items: [Item], _ name: (Item) -> String, _ work: @escaping @Sendable (Item) throws -> [String]
) -> [String] {
    let gathered = Gathered()
    let names = items.map(name)
    DispatchQueue.concurrentPerform(iterations: 2) { worker in
        // Each worker takes every second item.
        for index in stride(from: worker, to: items.count, by: 2) {
            do {
                gathered.add(try work(items[index]).map { "\(names[index]): \($0)" })
            } catch {
                gathered.add(["\(names[index]): \(error)"])
            }
        }
    }
    return gathered.all
}

private final class Gathered: @unchecked Sendable {
    private let lock = NSLock()  // Guards `texts`.
    private var texts: [String] = []

    func add(_ more: [String]) { lock.withLock { texts += more } }
    var all: [String] { lock.withLock { texts } }
}

extension SitongProcess.Started {
    var number: pid_t { process.processIdentifier }

    /// Waits until something is so, at most some seconds; false when it did not come about.
    func wait(_ seconds: Double = 120, until isSo: () -> Bool) -> Bool {
        let deadline = Date().addingTimeInterval(seconds)
        while !isSo() {
            guard process.isRunning, Date() < deadline else { return false }
            usleep(2_000)
        }
        return true
    }
}

/// Processes whose working directory lies in a folder, which is how a server of ours is known.
func processes(in folder: String) -> [String] {
    let place = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
    return ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { name in
        guard Int32(name) != nil,
            let cwd = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(name)/cwd")
        else { return false }
        return cwd == place || cwd.hasPrefix(place + "/")
    }
}
