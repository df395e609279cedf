import Columnar
import CourtModel
import DataAccess
import Definitions
import Diagnostics
import Foundation
import Library
import Reconciliation
import RuleLanguage
import RulePlan
import Schema

/// What a verb works with: how to speak, where the working folder is, which run it belongs to, and the library.
final class Session {
    let console: Console
    let language: Language
    let environment: [String: String]
    let cleanUp = CleanUp()
    /// The run that results are kept under: the pipeline's, or `noRun` for a verb by itself, which each next one replaces.
    var runID = Session.noRun
    /// What the results of a verb by itself are kept under.
    static let noRun = "alone"
    private let workOption: String?
    /// The library that was connected to last, for the run's ledger.
    private(set) var lastLibrary: String?
    /// Embedded clusters that this process has running, by folder.
    private var clusters: [String: EmbeddedCluster] = [:]

    init(options: CommonOptions, language: Language, environment: [String: String]) throws {
        self.language = language
        self.environment = environment
        workOption = options.work
        console = try Console(options: options, language: language, environment: environment)
    }

    /// A session of the same console in another environment, for a run within a verb.
    init(_ outer: Session, environment: [String: String]) {
        language = outer.language
        console = outer.console
        self.environment = environment
        workOption = nil
        clusters = outer.clusters
    }

    /// The working folder: `--work`, `SITONG_WORK`, else `.sitong`.
    var work: String { workOption ?? environment["SITONG_WORK"] ?? ".sitong" }

    /// The day in Asia/Shanghai, by which relative periods are meant (a fixed offset: China has no summer time).
    var today: CivilDate { CivilDate(days: Int32((Date().timeIntervalSince1970 + 8 * 3600) / 86400)) }

    // MARK: Definitions

    /// The definitions of `--schemas`, else those that ship; warnings are shown, errors thrown all at once.
    func definitions(_ options: SchemaOptions) throws -> LoadedDefinitions {
        try readDefinitions(options).validated()
    }

    /// The same with all that is wrong among the diagnostics.
    private func readDefinitions(_ options: SchemaOptions) throws -> LoadedDefinitions {
        let folders =
            options.schemas.isEmpty ? [try Resources.home(environment: environment) + "/Schemas"] : options.schemas
        let loaded = try DefinitionLoader.load(directories: folders)
        for diagnostic in loaded.diagnostics where diagnostic.severity == .warning {
            console.warn(LocalizedText(en: diagnostic.text(in: .en), zh: diagnostic.text(in: .zh)))
        }
        return loaded
    }

    /// The definitions with every expression of rules and forms compiled too, so that all their problems show at once.
    func compiledDefinitions(_ options: SchemaOptions) throws -> LoadedDefinitions {
        let loaded = try readDefinitions(options)
        var problems = loaded.diagnostics.filter { $0.severity == .error }
        problems += RuleCompiler(schema: loaded.schema, rules: loaded.rules).diagnostics
        do {
            _ = try FormRuleCheck(rules: loaded.rules.rules, schema: loaded.schema)
        } catch let invalid {
            problems += invalid.diagnostics
        }
        if problems.contains(where: { $0.severity == .error }) { throw InvalidDefinitions(problems).inOrder }
        return loaded
    }

    func period(_ label: String?) throws -> StatisticalPeriod? {
        guard let label else { return nil }
        return try period(label)
    }

    func period(_ label: String) throws -> StatisticalPeriod {
        guard let period = StatisticalPeriod(label) ?? StatisticalPeriod(relative: label, today: today) else {
            throw OperationError(
                .usage, code: "period-unknown",
                LocalizedText(en: "'\(label)' is no period", zh: "“\(label)”不是统计周期"),
                hint: LocalizedText(
                    en: "write 2026-10, 2026-10@20, 2026Q3, 2026H1, 2026, 2026-10ytd, or previous-month",
                    zh: "可写 2026-10、2026-10@20、2026Q3、2026H1、2026、2026-10ytd 或 previous-month"))
        }
        return period
    }

    // MARK: The library

    /// Connects to the library that the flag, the environment or the working folder names; an embedded one is started.
    func library(_ options: LibraryOptions) throws -> StandardLibrary {
        let text = try connectionText(options)
        let library = try StandardLibrary(text)
        lastLibrary = text
        return library
    }

    /// The libpq connection text of the library; an embedded one is started first, and stopped when the process ends
    /// unless others use it or it ran before.
    func connectionText(_ options: LibraryOptions) throws -> String {
        switch try libraryPlace(options) {
        case .server(let text):
            return text
        case .embedded(let folder):
            guard FileManager.default.fileExists(atPath: folder) else {
                throw OperationError(
                    .noInput, code: "library-missing",
                    LocalizedText(en: "there is no library in '\(folder)'", zh: "“\(folder)”中没有标准库"),
                    hint: LocalizedText(
                        en:
                            "create one with 'sitong library init --embedded \(folder)', or name a server with --library",
                        zh: "用“sitong library init --embedded \(folder)”创建，或用 --library 指定服务器"))
            }
            return try start(embedded: folder)
        }
    }

    enum LibraryPlace {
        case server(String)
        case embedded(String)
    }

    func libraryPlace(_ options: LibraryOptions) throws -> LibraryPlace {
        let text =
            options.library ?? environment["SITONG_LIBRARY"].flatMap { $0.isEmpty ? nil : $0 } ?? work + "/library"
        guard !ConnectionSettings.postgres(text).holdsPassword else { throw OperationError.passwordInArguments }
        return text.contains("://") || text.contains("=") ? .server(text) : .embedded(text)
    }

    /// Starts the cluster when it is not running; when this process ends, the last one that uses it stops it again.
    func start(embedded folder: String) throws -> String {
        if let running = clusters[folder] { return running.connectionString }
        let cluster = EmbeddedCluster(directory: folder)
        let use = try ClusterUse(cluster)
        cleanUp.add { use.end() }
        try use.start()
        clusters[folder] = cluster
        return cluster.connectionString
    }
}

extension OperationError {
    static let passwordInArguments = OperationError(
        .usage, code: "password-in-arguments",
        LocalizedText(
            en: "the library's address holds a password, which every user of this machine could read",
            zh: "标准库地址中含有口令，本机所有用户都可能看到"),
        hint: LocalizedText(
            en: "leave it out and put it into ~/.pgpass (mode 0600), or use service=… with ~/.pg_service.conf",
            zh: "请去掉口令，改放在 ~/.pgpass（权限 0600），或用 service=… 配合 ~/.pg_service.conf"))
}
