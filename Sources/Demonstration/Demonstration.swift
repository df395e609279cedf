public import CourtModel
import Diagnostics
import Foundation
import PostgresClient

/// What kind of province to invent.
public struct DemonstrationOptions: Sendable {
    /// How many of the listed courts, the first ones.
    public var courts: Int
    /// How many cases altogether.
    public var cases: Int
    /// The same seed gives the same province.
    public var seed: UInt64
    /// Where its files go.
    public var directory: String
    /// The statistical period that the cases lead up to.
    public var period: StatisticalPeriod
    /// Begins the names of the databases in the PostgreSQL server.
    public var databasePrefix: String

    public init(
        courts: Int = 11, cases: Int = 6000, seed: UInt64 = 20_261_101, directory: String, period: StatisticalPeriod,
        databasePrefix: String = "sitong_demo"
    ) {
        self.courts = courts
        self.cases = cases
        self.seed = seed
        self.directory = directory
        self.period = period
        self.databasePrefix = databasePrefix
    }
}

/// The province that was invented: where it is, and how much.
public struct DemonstrationProvince: Sendable {
    /// One trial database (审判库).
    public struct TrialDatabase: Sendable {
        public var court: CourtRow
        /// `postgres` or `sqlite`.
        public var kind: String
        /// The database's name or the file's path.
        public var place: String
        /// The source definition that maps it to the standard.
        public var sourceFile: String
        /// Rows in it, by table of the standard.
        public var rows: [String: Int]
    }

    public var databases: [TrialDatabase]
    /// The folder of the source definitions.
    public var sourcesFolder: String
    /// The figures of F01 as the courts submit them, a long CSV.
    public var submittedFigures: String
    /// Figures of F01 with one mistake each, long CSV files, and `sound.csv` without one.
    public var slipsFolder: String
    public var truthFile: String
    /// How often each kind of defect or boundary was planted.
    public var planted: [String: Int]

    /// Rows in all databases, by table of the standard.
    public var rows: [String: Int] {
        databases.reduce(into: [:]) { sum, database in sum.merge(database.rows, uniquingKeysWith: +) }
    }
}

/// Invents a small province: trial databases of two makes, their source definitions, what the courts submit, and the
/// truth about the defects in it. Of the real world it has the courts and nothing else.
public enum Demonstration {
    /// The fewest cases of a court in which all kinds of defects have room: the rows that cannot be loaded must stay
    /// below the share that a load admits (1%).
    public static let fewestCasesPerCourt = 300
    /// How many months of cases there are, the period's last one included.
    static let months = 30

    private static let marker = "sitong demonstration: invented data, may be dropped"
    private static let folderMarker = ".sitong-demo"

    /// Makes the province anew; what an earlier call left in the folder and the server goes.
    ///
    /// - Parameters:
    ///   - courts: the listed courts, upper courts before their lower courts.
    ///   - postgres: the connection string of a server where databases may be made.
    /// - Throws: 64 for impossible numbers, 73 when the folder or a database is not the demonstration's own, and what
    ///   the databases throw.
    public static func generate(
        _ options: DemonstrationOptions, courts: [CourtRow], postgres: String
    ) throws -> DemonstrationProvince {
        guard (1...max(1, courts.count)).contains(options.courts), !courts.isEmpty else {
            throw OperationError.tooManyCourts(options.courts, known: courts.count)
        }
        guard options.cases >= options.courts * fewestCasesPerCourt else {
            throw OperationError.tooFewCases(options.cases, courts: options.courts, needed: fewestCasesPerCourt)
        }
        let folder = options.directory
        try clearFolder(folder)
        let server = try PostgresConnection(postgres, applicationName: "sitong demo")
        try dropDatabases(server, prefix: options.databasePrefix)

        let chosen = Array(courts.prefix(options.courts))
        for file in SourceFiles.translations(courts: chosen) {
            try CSVFile.write(file.rows, columns: ["source", "standard"], to: "\(folder)/sources/maps/\(file.file)")
        }
        var truth: [TruthItem] = []
        var counted: [(court: CourtRow, own: [FigureRow])] = []
        var countedBefore: [(court: CourtRow, own: [FigureRow])] = []
        var databases: [DemonstrationProvince.TrialDatabase] = []
        // The upper courts come first, so that the appeals of a lower court can name their second instances.
        var secondInstances: [String: [String: [SecondInstance]]] = [:]
        for (index, court) in chosen.enumerated() {
            let made = try makeCourt(
                court, index: index, of: chosen, options, above: court.upperMark.flatMap { secondInstances[$0] } ?? [:],
                server: server, postgres: postgres)
            secondInstances[court.mark] = made.secondInstances
            databases.append(made.database)
            truth += made.truth
            counted.append((court, made.figures))
            if let before = made.figuresBefore { countedBefore.append((court, before)) }
        }
        let figures = SubmittedFigures(period: options.period, counted: counted)
        let before = options.period.previous.map { ($0, SubmittedFigures.rolledUp(countedBefore)) }
        let slips = FormSlips(period: options.period, now: SubmittedFigures.rolledUp(counted), before: before)
        truth += figures.truth + slips.truth
        let province = DemonstrationProvince(
            databases: databases, sourcesFolder: "\(folder)/sources",
            submittedFigures: "\(folder)/submitted/F01.csv", slipsFolder: "\(folder)/slips",
            truthFile: "\(folder)/truth.csv",
            planted: plantedKinds(truth))
        try CSVFile.write(figures.lines, columns: SubmittedFigures.header, to: province.submittedFigures)
        for file in slips.files {
            try CSVFile.write(
                file.lines, columns: SubmittedFigures.header, to: "\(province.slipsFolder)/\(file.name).csv")
        }
        try TruthFile.write(truth, to: province.truthFile)
        try writeDescription(province, options)
        return province
    }

    // MARK: - One court

    /// What was made for one court.
    private struct MadeCourt {
        var database: DemonstrationProvince.TrialDatabase
        var truth: [TruthItem]
        var figures: [FigureRow]
        var figuresBefore: [FigureRow]?
        var secondInstances: [String: [SecondInstance]]
    }

    private static func makeCourt(
        _ court: CourtRow, index: Int, of courts: [CourtRow], _ options: DemonstrationOptions,
        above: [String: [SecondInstance]], server: PostgresConnection, postgres: String
    ) throws -> MadeCourt {
        let layout = VendorLayout(courtIndex: index)
        let folder = options.directory
        let place: String
        let connect: String
        switch layout {
        case .postgres:
            place = "\(options.databasePrefix)_\(court.fileName)"
            try createDatabase(server, place)
            let conninfo = connectionString(postgres, database: place)
            connect =
                "{kind: postgres, url: \"\(conninfo.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\"}"
            var store = try PostgresStore(PostgresConnection(conninfo, applicationName: "sitong demo"))
            return try fill(&store, place: place, connect: connect)
        case .sqlite:
            place = "\(folder)/databases/\(court.fileName).sqlite"
            connect = "{kind: sqlite, path: ../databases/\(court.fileName).sqlite}"
            var store = try SQLiteStore(path: place)
            return try fill(&store, place: place, connect: connect)
        }

        func fill(_ store: inout some VendorStore, place: String, connect: String) throws -> MadeCourt {
            var invented = InventedCourt(court, index: index, of: courts, layout: layout, options, above: above)
            while let planted = invented.next() { try store.insert(planted) }
            try store.finish()
            let sourceFile = "\(folder)/sources/\(court.fileName).yaml"
            try write(SourceFiles.definition(of: court, layout: layout, connect: connect), to: sourceFile)
            let database = DemonstrationProvince.TrialDatabase(
                court: court, kind: layout.rawValue, place: place, sourceFile: sourceFile, rows: invented.rows)
            return MadeCourt(
                database: database, truth: invented.truth, figures: invented.figures,
                figuresBefore: invented.figuresBefore, secondInstances: invented.secondInstances)
        }
    }

    // MARK: - Databases

    private static func createDatabase(_ server: PostgresConnection, _ name: String) throws {
        let quoted = PostgresConnection.identifier(name)
        if try !server.execute("SELECT 1 FROM pg_database WHERE datname = $1", [name]).isEmpty {
            throw OperationError.notOurDatabase(name)
        }
        try server.execute(
            "CREATE DATABASE \(quoted) TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
        try server.execute("COMMENT ON DATABASE \(quoted) IS '\(marker)'")
    }

    /// Drops the databases of an earlier demonstration: those with the prefix that carry our comment, no others.
    private static func dropDatabases(_ server: PostgresConnection, prefix: String) throws {
        let ours = try server.execute(
            """
            SELECT datname FROM pg_database
            WHERE starts_with(datname, $1 || '_') AND shobj_description(oid, 'pg_database') = $2 ORDER BY datname
            """, [prefix, marker])
        for row in ours {
            guard let name = row[0] else { continue }
            try server.execute("DROP DATABASE \(PostgresConnection.identifier(name)) WITH (FORCE)")
        }
    }

    /// The connection string with another database; a later word of it stands above an earlier one.
    static func connectionString(_ text: String, database: String) -> String {
        guard text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") else {
            return "\(text) dbname=\(database)"
        }
        return text + (text.contains("?") ? "&" : "?") + "dbname=\(database)"
    }

    // MARK: - Files

    /// Makes the folders, without what an earlier demonstration left in them.
    private static func clearFolder(_ folder: String) throws {
        let files = FileManager.default
        let parts = ["sources", "databases", "submitted", "slips", "truth.csv", "demo.json"]
        do {
            if files.fileExists(atPath: "\(folder)/\(folderMarker)") {
                for part in parts where files.fileExists(atPath: "\(folder)/\(part)") {
                    try files.removeItem(atPath: "\(folder)/\(part)")
                }
            } else if parts.contains(where: { files.fileExists(atPath: "\(folder)/\($0)") }) {
                throw OperationError.notOurFolder(folder)
            }
            for part in ["sources/maps", "databases", "submitted", "slips"] {
                try files.createDirectory(atPath: "\(folder)/\(part)", withIntermediateDirectories: true)
            }
        } catch let error as OperationError {
            throw error
        } catch {
            throw OperationError.folderNotMade(folder, error.localizedDescription)
        }
        try write("\(marker)\n", to: "\(folder)/\(folderMarker)")
    }

    private static func write(_ text: String, to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(filePath: path))
        } catch {
            throw OperationError.folderNotMade(path, error.localizedDescription)
        }
    }

    /// Each kind once per place where it was planted, whatever its consequences.
    private static func plantedKinds(_ truth: [TruthItem]) -> [String: Int] {
        truth.reduce(into: [:]) { $0[$1.kind, default: 0] += 1 }
    }

    private static func writeDescription(_ province: DemonstrationProvince, _ options: DemonstrationOptions) throws {
        struct Description: Encodable {
            struct Database: Encodable {
                var court: String
                var name: String
                var kind: String
                var place: String
                var rows: [String: Int]
            }
            var format = "sitong.demo/1"
            var seed: String
            var period: String
            var databases: [Database]
            var rows: [String: Int]
            var truth: [String: Int]
        }
        let description = Description(
            seed: String(options.seed), period: options.period.label,
            databases: province.databases.map {
                .init(court: $0.court.mark, name: $0.court.name, kind: $0.kind, place: $0.place, rows: $0.rows)
            },
            rows: province.rows, truth: province.planted)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write(
            String(decoding: try encoder.encode(description), as: UTF8.self) + "\n",
            to: "\(options.directory)/demo.json")
    }
}
