import Columnar
import CourtModel
import Diagnostics
public import FormEngine
public import PostgresClient
import RuleLanguage
import RulePlan
public import SQLGeneration
public import Schema

/// 报表, pushed down: the cases of a table are grouped inside a PostgreSQL server, one scan for each period, and the
/// groups are counted here.
public enum FormGroups {
    /// Counts all cases of `relation`, whose columns have the types of the schema, into the computation.
    public static func count(
        into computation: inout FormComputation, of relation: SQLIdentifier, schema: StandardSchema,
        on connection: PostgresConnection
    ) throws {
        let table = computation.table
        let columns = table.columns.map { ($0.name, ServerColumn(type: LibraryTables.type(of: $0.type))) }
        let server = ServerTable(
            definition: table, relation: relation, columns: Dictionary(columns, uniquingKeysWith: { first, _ in first })
        )
        for (number, period) in computation.periods.enumerated() {
            let groups = CaseGroups(
                computation.predicates, gates: computation.gates, court: computation.courtColumn,
                codes: computation.codeColumns, table: server, schema: schema, period: period)
            let codes = computation.codeColumns.count
            let scales = computation.predicates.scalars.indices.map { index -> Int in
                guard case .number(_, let scale) = computation.predicates.type(ofScalar: index) else { return 0 }
                return scale
            }
            for row in try connection.execute(groups.select.description) {
                let first = 1 + codes + groups.words.wordCount
                guard let cases = row[first].flatMap({ Int($0) }) else { throw OperationError.groupUnreadable(table) }
                guard row[1 + codes] != nil else {
                    if number == 0 { computation.add(passedOver: cases, court: row[0]) }
                    continue
                }
                let words = try (0..<groups.words.wordCount).map { word -> Int64 in
                    guard let value = row[1 + codes + word].flatMap({ Int64($0) }) else {
                        throw OperationError.groupUnreadable(table)
                    }
                    return value
                }
                let sums = try scales.enumerated().map { index, scale -> Int128? in
                    guard let text = row[first + 1 + index] else { return nil }
                    guard let sum = ExactDecimal(text)?.unscaled(scale: scale) else {
                        throw OperationError.groupUnreadable(table)
                    }
                    return sum
                }
                try computation.add(
                    CaseGroup(
                        court: row[0], codes: Array(row[1..<(1 + codes)]), cases: cases,
                        outcomes: groups.places.map { groups.words.outcome($0, in: words) }, sums: sums),
                    period: number)
            }
        }
    }
}

extension StandardLibrary {
    /// Counts the library's current cases into the computation, in one transaction.
    public func count(into computation: inout FormComputation, schema: StandardSchema) throws {
        try requireLedger()
        let relation = SQLIdentifier(computation.table.name, in: "public")
        try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL jit = off")
        defer { connection.rollback() }
        try FormGroups.count(into: &computation, of: relation, schema: schema, on: connection)
    }
}

extension OperationError {
    fileprivate static func groupUnreadable(_ table: TableDefinition) -> OperationError {
        OperationError(
            .internalError, code: "group-unreadable",
            LocalizedText(
                en: "the server's groups of table '\(table.name)' could not be read",
                zh: "无法读取服务器对表“\(table.title)”的分组结果"))
    }
}
