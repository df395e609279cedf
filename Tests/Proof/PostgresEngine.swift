import CourtModel
import Library
public import PostgresClient
public import ReferenceInterpreter
import RuleEngine
import RuleLanguage
import SQLGeneration
import Schema

/// The rules as SQL, judged inside a PostgreSQL server over temporary tables.
///
/// A column whose cells are all values of its type has that type every other time; others are text, as from a file.
public struct PostgresEngine: Engine {
    public let name = "postgres"
    private let connection: PostgresConnection
    private static let rowColumn = "sitong_row"

    /// - Parameter connection: to a database that may be written to; only temporary tables are made.
    public init(_ connection: PostgresConnection) { self.connection = connection }

    public func judge(_ question: ProofCase) throws -> [Verdict?] {
        var schema = question.schema
        var relations: [String: SQLIdentifier] = [:]
        for (index, table) in question.schema.tables.enumerated() {
            // A row is known by its key: where the server puts it is the server's own affair.
            schema.tables[index].columns.append(ColumnDefinition(name: Self.rowColumn, type: .int))
            schema.tables[index].key = [Self.rowColumn]
            guard let rows = question.cells[table.name] else { continue }
            relations[table.name] = try load(table, rows)
        }
        let check = try SQLQualityCheck(
            schema: schema, rules: question.rules, options: QualityCheck.Options(period: question.period))
        let result = try check.run(on: connection, tables: relations)
        var rows: [String: [Int]] = [:]
        // That of a share is about no row.
        for finding in result.findings { rows[finding.rule, default: []].append(Int(finding.key) ?? 0) }
        return question.rules.rules.map { rule in
            result.statistics.first { $0.rule == rule.id && !$0.isBuiltin }.flatMap {
                Verdict($0, violations: (rows[rule.id] ?? []).sorted())
            }
        }
    }

    private func load(_ table: TableDefinition, _ rows: [[String?]]) throws -> SQLIdentifier {
        var rows = rows
        var columns: [String] = []
        for (index, column) in table.columns.enumerated() {
            let values = rows.map { Cells.value(of: $0[index], in: column) }
            var type = "text"
            if (index + rows.count) % 2 == 0, !values.contains(where: \.isError) {
                type = LibraryTables.type(of: column.type)
                switch column.type {
                // `5.0` is an int in a file, and none for the server.
                case .int:
                    for row in rows.indices {
                        guard case .number(let number) = values[row] else {
                            rows[row][index] = nil
                            continue
                        }
                        rows[row][index] = number.int.map(String.init)
                    }
                // Texts that mean NULL are for the engine to tell.
                case .text, .code: break
                default: for row in rows.indices { rows[row][index] = values[row].cellText }
                }
            }
            columns.append("\(SQLIdentifier(column.name)) \(type)")
        }
        columns.append("\(SQLIdentifier(Self.rowColumn)) bigint")
        for row in rows.indices { rows[row].append(String(row + 1)) }
        let name = SQLIdentifier(table.name)
        try connection.execute("DROP TABLE IF EXISTS pg_temp.\(name)")
        try connection.execute("CREATE TEMPORARY TABLE \(name) (\(columns.joined(separator: ", ")))")
        // At most 65,535 parameters a statement.
        let step = max(1, 60_000 / max(1, columns.count))
        for start in stride(from: 0, to: rows.count, by: step) {
            let piece = rows[start..<min(start + step, rows.count)]
            var number = 0
            let places = piece.map { row in
                "("
                    + row.map { _ -> String in
                        number += 1
                        return "$\(number)"
                    }.joined(separator: ", ") + ")"
            }
            try connection.execute(
                "INSERT INTO pg_temp.\(name) VALUES \(places.joined(separator: ", "))", piece.flatMap { $0 })
        }
        return SQLIdentifier(table.name, in: "pg_temp")
    }
}
