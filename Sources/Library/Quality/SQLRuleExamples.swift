public import CourtModel
public import PostgresClient
import RuleEngine
public import RuleLanguage
import RulePlan
import SQLGeneration
public import Schema

/// Judges the examples of rules inside a server, over temporary tables of texts, which are read as a file would be.
public final class SQLRuleExamples {
    private let schema: StandardSchema
    private let connection: PostgresConnection
    private var made: Set<String> = []

    /// Nothing but temporary tables of this session is made.
    public init(schema: StandardSchema, on connection: PostgresConnection) {
        self.schema = schema
        self.connection = connection
    }

    /// A judge for `RuleExamples.check`.
    public func judge(
        _ rules: RuleSet, _ rows: [String: [[String: String?]]], _ period: StatisticalPeriod?
    ) throws -> Set<Int> {
        let check = try SQLQualityCheck(schema: schema, rules: rules, options: QualityCheck.Options(period: period))
        var relations: [String: SQLIdentifier] = [:]
        for table in schema.tables where check.reads(table.name) {
            try fill(table, rows[table.name] ?? [])
            relations[table.name] = SQLIdentifier(Self.name(table), in: "pg_temp")
        }
        let result = try check.run(on: connection, tables: relations)
        return Set(result.findings.filter { $0.rule == rules.rules.first?.id }.map { $0.row - 1 })
    }

    private static func name(_ table: TableDefinition) -> String { "sitong_example_\(table.name)" }

    private func fill(_ table: TableDefinition, _ rows: [[String: String?]]) throws {
        let name = SQLIdentifier(Self.name(table), in: "pg_temp")
        if made.insert(table.name).inserted {
            let columns = table.columns.map { "\(SQLIdentifier($0.name)) text" }.joined(separator: ", ")
            try connection.execute("CREATE TEMPORARY TABLE \(SQLIdentifier(name.name)) (\(columns))")
        } else {
            try connection.execute("TRUNCATE \(name)")
        }
        let places = table.columns.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
        for row in rows {
            let values = table.columns.map { row[$0.name] ?? row[$0.title] ?? nil }
            try connection.execute("INSERT INTO \(name) VALUES (\(places))", values)
        }
    }
}

extension SQLQualityCheck {
    /// Whether a rule is of this table or reaches into it.
    fileprivate func reads(_ table: String) -> Bool {
        plans.contains { plan in
            !plan.rules.isEmpty
                && (plan.table.name == table || plan.rules.contains { $0.relatedTables.contains(table) })
        }
    }
}
