// swift-tools-version: 6.2
// The architecture of sitong as a table. A module may import only what its line names;
// ArchitectureTests holds every `import` in Sources/ against this table.
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let products: [String: Target.Dependency] = [
    "ArgumentParser": .product(name: "ArgumentParser", package: "swift-argument-parser"),
    "Yams": .product(name: "Yams", package: "Yams"),
    "Mustache": .product(name: "Mustache", package: "swift-mustache"),
]

func dependencies(_ names: [String]) -> [Target.Dependency] {
    names.map { products[$0] ?? .byName(name: $0) }
}

/// One module: its row (a module imports only from rows below, or as named beside it) and what it may import.
func module(_ row: Int, _ name: String, _ imports: String...) -> Target {
    .target(name: name, dependencies: dependencies(imports), swiftSettings: settings)
}

/// A C library, found by pkg-config, installed by `make deps`.
func system(_ name: String, _ pkgConfig: String, apt package: String) -> Target {
    .systemLibrary(name: name, path: "Sources/\(name)", pkgConfig: pkgConfig, providers: [.apt([package])])
}

/// C of our own: kernels that need the vector instructions of the machine.
func native(_ name: String) -> Target { .target(name: name, path: "Sources/\(name)") }

func tests(_ name: String, _ imports: String...) -> Target {
    .testTarget(
        name: name, dependencies: dependencies(imports + ["TestSupport"]), path: "Tests/\(name)",
        swiftSettings: settings)
}

let package = Package(
    name: "sitong",
    products: [.executable(name: "sitong", targets: ["sitong"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    ],
    targets: [
        system("CLibPQ", "libpq", apt: "libpq-dev"),
        system("CSQLite", "sqlite3", apt: "libsqlite3-dev"),
        system("CLibCurl", "libcurl", apt: "libcurl4-openssl-dev"),
        system("CZstd", "libzstd", apt: "libzstd-dev"),
        system("CZlib", "zlib", apt: "zlib1g-dev"),
        system("CCrypto", "libcrypto", apt: "libssl-dev"),
        system("CExpat", "expat", apt: "libexpat1-dev"),
        system("CXLSXWriter", "xlsxwriter", apt: "libxlsxwriter-dev"),

        native("CKernels"),
        module(0, "Diagnostics"),
        module(0, "Columnar"),
        module(0, "CourtModel", "Columnar"),

        module(1, "DataAccess", "Columnar", "Diagnostics"),
        module(1, "Schema", "Columnar", "CourtModel", "Diagnostics"),
        module(1, "RuleLanguage", "Schema", "Columnar", "CourtModel", "Diagnostics"),

        module(2, "RulePlan", "RuleLanguage", "Schema", "Columnar", "CourtModel", "Diagnostics"),
        module(
            2, "RuleEngine", "RulePlan", "RuleLanguage", "Schema", "DataAccess", "Columnar", "CourtModel",
            "Diagnostics",
            "CKernels"
        ),

        module(3, "Definitions", "RuleLanguage", "Schema", "Columnar", "CourtModel", "Diagnostics", "Yams"),
        module(
            3, "FormEngine", "RuleEngine", "RulePlan", "RuleLanguage", "Schema", "DataAccess", "Columnar", "CourtModel",
            "Diagnostics"),
        module(3, "SQLGeneration", "RulePlan", "RuleLanguage", "Schema", "Columnar", "CourtModel", "Diagnostics"),
        module(3, "Reconciliation", "RuleLanguage", "Schema", "Columnar", "CourtModel", "Diagnostics", "FormEngine"),

        module(4, "PostgresClient", "DataAccess", "Columnar", "Diagnostics", "CLibPQ"),
        module(4, "SQLiteClient", "DataAccess", "Columnar", "Diagnostics", "CSQLite"),
        module(4, "DelimitedText", "DataAccess", "Columnar", "Diagnostics", "CKernels"),
        module(4, "Compression", "DataAccess", "Diagnostics", "CZstd", "CZlib"),
        module(4, "Digests", "DataAccess", "Diagnostics", "CCrypto"),
        module(4, "FileTransfer", "DataAccess", "Diagnostics", "CLibCurl"),
        module(4, "Workbook", "Compression", "Diagnostics", "CExpat", "CXLSXWriter"),

        module(
            5, "Batches", "Schema", "CourtModel", "Columnar", "DataAccess", "Diagnostics", "DelimitedText",
            "Compression",
            "Digests", "FileTransfer"),
        module(
            5, "Library", "Batches", "Schema", "RuleLanguage", "RulePlan", "RuleEngine", "FormEngine", "Reconciliation",
            "SQLGeneration", "CourtModel", "Columnar", "DataAccess", "Diagnostics", "DelimitedText", "Compression",
            "Digests", "PostgresClient"),
        module(
            5, "Extraction", "Batches", "Definitions", "Schema", "CourtModel", "Columnar", "DataAccess", "Diagnostics",
            "DelimitedText", "PostgresClient", "SQLiteClient", "Digests"),

        module(
            6, "RowReconciliation", "Extraction", "Definitions", "SQLGeneration", "RuleEngine", "RulePlan",
            "RuleLanguage", "Schema", "CourtModel", "Columnar", "DataAccess", "DelimitedText", "Diagnostics",
            "PostgresClient", "SQLiteClient"),
        module(6, "Pipelines", "Definitions", "Schema", "CourtModel", "DataAccess", "Diagnostics", "Digests"),
        module(
            6, "Reporting", "Library", "RuleEngine", "RulePlan", "FormEngine", "Reconciliation", "Schema", "CourtModel",
            "Columnar", "DataAccess", "Diagnostics", "DelimitedText", "Workbook", "Mustache"),
        module(
            6, "Demonstration", "Schema", "CourtModel", "Columnar", "DataAccess", "Diagnostics", "DelimitedText",
            "PostgresClient", "SQLiteClient"),

        module(
            7, "Commands", "Pipelines", "Reporting", "RowReconciliation", "Demonstration", "Batches", "Library",
            "Extraction",
            "PostgresClient",
            "SQLiteClient", "FileTransfer", "DelimitedText", "Compression", "Digests", "Workbook", "Definitions",
            "FormEngine", "SQLGeneration", "Reconciliation", "RuleEngine", "RulePlan", "RuleLanguage", "Schema",
            "DataAccess", "Columnar", "CourtModel", "Diagnostics", "ArgumentParser"),
        .executableTarget(name: "sitong", dependencies: ["Commands"], swiftSettings: settings),
        .executableTarget(
            name: "Bench",
            dependencies: dependencies([
                "PostgresClient", "DelimitedText", "Columnar", "DataAccess", "Diagnostics",
            ]),
            swiftSettings: settings),

        .target(
            name: "TestSupport",
            dependencies: dependencies([
                "Library", "PostgresClient", "SQLiteClient", "DataAccess", "Columnar", "Diagnostics", "Yams",
            ]),
            path: "Tests/TestSupport", swiftSettings: settings),
        .executableTarget(
            name: "Fuzz",
            dependencies: dependencies([
                "Batches", "Definitions", "DelimitedText", "RuleLanguage", "Schema", "DataAccess", "Digests",
                "Columnar", "Diagnostics",
            ]),
            path: "Tests/Fuzz", swiftSettings: settings),
        .target(
            name: "ReferenceInterpreter", dependencies: dependencies(["RuleLanguage", "Schema", "Columnar"]),
            path: "Tests/ReferenceInterpreter", swiftSettings: settings),
        .target(
            name: "Proof",
            dependencies: dependencies([
                "ReferenceInterpreter", "Library", "PostgresClient", "SQLGeneration", "RuleEngine", "RuleLanguage",
                "Schema", "DelimitedText", "DataAccess", "Columnar", "CourtModel", "Diagnostics",
            ]),
            path: "Tests/Proof", swiftSettings: settings),
        .executableTarget(
            name: "Prove", dependencies: dependencies(["Proof", "TestSupport", "PostgresClient", "Diagnostics"]),
            path: "Tests/Prove",
            swiftSettings: settings),
        tests("ArchitectureTests"),
        tests("DiagnosticsTests", "Diagnostics"),
        tests("ColumnarTests", "Columnar"),
        tests("DataAccessTests", "DataAccess", "Columnar", "Diagnostics"),
        tests("CourtModelTests", "CourtModel", "Columnar"),
        tests("RuleLanguageTests", "RuleLanguage", "Schema", "Columnar", "CourtModel", "Diagnostics"),
        tests(
            "RuleEngineTests", "RuleEngine", "RulePlan", "RuleLanguage", "Schema", "Columnar", "CourtModel",
            "DataAccess",
            "Diagnostics"),
        tests(
            "DefinitionsTests", "Definitions", "Reconciliation", "RuleEngine", "RulePlan", "RuleLanguage", "Schema",
            "Columnar", "CourtModel", "Diagnostics"),
        tests(
            "FormEngineTests", "FormEngine", "Definitions", "Reconciliation", "RuleEngine", "RulePlan", "RuleLanguage",
            "Schema",
            "Columnar", "CourtModel", "DataAccess", "Diagnostics"),
        tests(
            "ReconciliationTests", "Reconciliation", "FormEngine", "RuleLanguage", "Schema", "DelimitedText",
            "DataAccess",
            "Columnar", "CourtModel", "Diagnostics"),
        tests(
            "ProofTests", "Proof", "ReferenceInterpreter", "RuleEngine", "RulePlan", "RuleLanguage", "Schema",
            "Library", "PostgresClient", "Definitions", "DelimitedText", "DataAccess", "Columnar", "CourtModel",
            "Diagnostics"),
        tests(
            "SQLGenerationTests", "SQLGeneration", "Library", "FormEngine", "Definitions", "RuleEngine", "RulePlan",
            "RuleLanguage",
            "Schema", "CourtModel", "Columnar", "DataAccess", "PostgresClient", "Diagnostics"),
        tests("PostgresClientTests", "PostgresClient", "DelimitedText", "DataAccess", "Columnar", "Diagnostics"),
        tests("SQLiteClientTests", "SQLiteClient", "DataAccess", "Columnar", "Diagnostics"),
        tests(
            "DelimitedTextTests", "DelimitedText", "Compression", "DataAccess", "Columnar", "Diagnostics", "CKernels"),
        tests("FileTransferTests", "FileTransfer", "Digests", "DataAccess", "Diagnostics"),
        tests("WorkbookTests", "Workbook", "Diagnostics"),
        tests(
            "BatchesTests", "Batches", "Compression", "Digests", "DelimitedText", "Schema", "CourtModel", "Columnar",
            "DataAccess", "Diagnostics", "FileTransfer"),
        tests(
            "LibraryTests", "Library", "Batches", "Definitions", "RuleLanguage", "Schema", "CourtModel", "Columnar",
            "DataAccess", "DelimitedText", "Diagnostics", "FormEngine", "PostgresClient", "SQLGeneration"),
        tests(
            "ExtractionTests", "Extraction", "Batches", "Definitions", "Schema", "CourtModel", "Columnar", "DataAccess",
            "DelimitedText", "Diagnostics", "PostgresClient", "SQLiteClient"),
        tests(
            "RowReconciliationTests", "RowReconciliation", "RuleEngine", "RulePlan", "RuleLanguage", "Schema",
            "DelimitedText", "PostgresClient", "SQLiteClient", "Columnar", "DataAccess", "Diagnostics"),
        tests("PipelinesTests", "Pipelines", "Definitions", "CourtModel", "DataAccess", "Diagnostics"),
        tests(
            "ReportingTests", "Reporting", "Library", "FormEngine", "Reconciliation", "RuleEngine", "Schema",
            "CourtModel",
            "Diagnostics"),
        tests("ConformanceTests", "sitong", "Fuzz"),
        tests(
            "DemonstrationTests", "Demonstration", "Schema", "CourtModel", "Columnar", "PostgresClient", "SQLiteClient",
            "DataAccess", "Diagnostics"),
        tests(
            "CommandTests", "sitong", "Commands", "PostgresClient", "SQLiteClient", "DataAccess", "Columnar",
            "Diagnostics",
            "CourtModel", "Demonstration", "Library"),
    ],
    swiftLanguageModes: [.v6]
)
