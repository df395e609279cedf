import Columnar
import CourtModel
import DataAccess
import Definitions
import Diagnostics
import Library
import PostgresClient
import RuleEngine
import RuleLanguage
import SQLGeneration
import Schema
import TestSupport
import Testing

/// The same definitions and rows judged by the native engine and inside a real PostgreSQL.
struct EngineComparison {
    let schema: StandardSchema
    let rules: RuleSet

    init(yaml: String, files: [String: String] = [:]) throws {
        let folder = try TemporaryDirectory()
        for (name, text) in files { try folder.write(text, to: name) }
        try folder.write(yaml, to: "definitions.yaml")
        let loaded = try DefinitionLoader.load(directories: [folder.path]).validated()
        schema = loaded.schema
        rules = loaded.rules
    }

    init(schema: StandardSchema, rules: RuleSet) {
        self.schema = schema
        self.rules = rules
    }

    /// What an engine says, in a form that is easily compared and read.
    struct Verdict {
        var statistics: [String]
        var findings: [String]
    }

    /// Rows of each table as texts, in the order of its columns; nil is NULL.
    func native(_ rows: [String: [[String?]]], _ options: QualityCheck.Options) throws -> Verdict {
        let result = try QualityCheck(schema: schema, rules: rules, options: options).run(tables: tables(rows)) {
            Rows($0.table, rows[$0.table.name] ?? [])
        }
        return Verdict(statistics: result.statistics.map(Self.text), findings: result.findings.map(Self.text))
    }

    /// - Parameter typed: whether the server's columns have the types of the schema, or are text as in a file.
    func postgres(
        _ rows: [String: [[String?]]], _ options: QualityCheck.Options, typed: Bool, on connection: PostgresConnection
    ) throws -> Verdict {
        var relations: [String: SQLIdentifier] = [:]
        for name in tables(rows) {
            guard let table = schema.table(name) else { continue }
            let columns = table.columns.map { column in
                "\(SQLIdentifier(column.name)) \(typed ? LibraryTables.type(of: column.type) : "text")"
            }
            try connection.execute("DROP TABLE IF EXISTS pg_temp.\(SQLIdentifier(name))")
            try connection.execute(
                "CREATE TEMPORARY TABLE \(SQLIdentifier(name)) (\(columns.joined(separator: ", ")))")
            for row in rows[name] ?? [] {
                let places = row.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
                try connection.execute("INSERT INTO pg_temp.\(SQLIdentifier(name)) VALUES (\(places))", row)
            }
            relations[name] = SQLIdentifier(name, in: "pg_temp")
        }
        let check = try SQLQualityCheck(schema: schema, rules: rules, options: options)
        let result = try check.run(on: connection, tables: relations)
        return Verdict(statistics: result.statistics.map(Self.text), findings: result.findings.map(Self.text))
    }

    /// Expects the engines to agree; rows must lie in the order of their keys.
    func expectAgreement(
        _ rows: [String: [[String?]]], options: QualityCheck.Options = QualityCheck.Options(), typed: Bool = false,
        on connection: PostgresConnection, sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) throws {
        let native = try native(rows, options)
        let postgres = try postgres(rows, options, typed: typed, on: connection)
        for (left, right) in zip(native.statistics, postgres.statistics) where left != right {
            Issue.record("native:   \(left)\npostgres: \(right)", sourceLocation: sourceLocation)
        }
        #expect(native.statistics.count == postgres.statistics.count, sourceLocation: sourceLocation)
        let (some, others) = (Set(native.findings), Set(postgres.findings))
        for line in native.findings.filter({ !others.contains($0) }).prefix(10) {
            Issue.record("only native:   \(line)", sourceLocation: sourceLocation)
        }
        for line in postgres.findings.filter({ !some.contains($0) }).prefix(10) {
            Issue.record("only postgres: \(line)", sourceLocation: sourceLocation)
        }
        #expect(native.findings == postgres.findings, sourceLocation: sourceLocation)
    }

    private func tables(_ rows: [String: [[String?]]]) -> [String] {
        schema.tables.map(\.name).filter { rows[$0] != nil }
    }

    private static func text(_ entry: RuleStatistics) -> String {
        "\(entry.rule) scope \(entry.rowsInScope) applies \(entry.applicable) true \(entry.isTrue) false \(entry.isFalse)"
            + " undecided \(entry.undecided) error \(entry.error) excepted \(entry.excepted)"
            + " found \(entry.violations) stored \(entry.stored) \(entry.truncated) \(entry.notRun.map { "\($0)" } ?? "")"
    }

    private static func text(_ finding: Finding) -> String {
        "\(finding.rule) \(finding.severity) row \(finding.row) key \(finding.key) court"
            + " \(finding.court ?? "–"): \(finding.message) \(finding.columns) \(finding.identifier)"
    }

    /// Rows written in a test, as a reader yields them.
    struct Rows: BlockReader {
        let columns: [String]
        private var block: RawBlock?

        init(_ table: TableDefinition, _ rows: [[String?]]) {
            columns = table.columns.map(\.name)
            var block = RawBlock(columnCount: columns.count)
            for row in rows { for (index, value) in row.enumerated() { block.columns[index].append(value) } }
            block.rowCount = rows.count
            self.block = block
        }

        mutating func next() throws -> RawBlock? {
            defer { block = nil }
            return block
        }
    }
}
