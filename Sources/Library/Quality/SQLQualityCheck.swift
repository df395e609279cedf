import Columnar
public import CourtModel
public import Diagnostics
public import PostgresClient
public import RuleEngine
public import RuleLanguage
import RulePlan
public import SQLGeneration
public import Schema

/// 质检, pushed down: judges all rules inside a PostgreSQL server, over tables that are there.
///
/// What `RuleEngine.QualityCheck` does with blocks of rows, this does with one statement per table; both give the same
/// statistics and findings. Nothing stays in the database: all is done in one transaction that is rolled back.
public struct SQLQualityCheck {
    let schema: StandardSchema
    let options: QualityCheck.Options
    let plans: [TablePlan]

    /// Rules of forms are left to the form engine.
    public init(
        schema: StandardSchema, rules: RuleSet, options: QualityCheck.Options = QualityCheck.Options()
    ) throws(InvalidDefinitions) {
        let compiler = RuleCompiler(schema: schema, rules: rules, courts: options.courts)
        guard !compiler.diagnostics.contains(where: { $0.severity == .error }) else {
            throw InvalidDefinitions(compiler.diagnostics)
        }
        self.schema = schema
        self.options = options
        plans = compiler.tables
    }

    /// With all that is not said left as it is by default.
    public init(schema: StandardSchema, rules: RuleSet, period: StatisticalPeriod?) throws(InvalidDefinitions) {
        try self.init(schema: schema, rules: rules, options: QualityCheck.Options(period: period))
    }

    /// Judges tables of the server, which must not be in a transaction.
    ///
    /// - Parameter tables: by the code of the schema's table; temporary tables too. Columns are called by code. A column of
    ///   another type than the schema's, such as text, is read by the rules for CSV values: what does not parse is an
    ///   error, as in a file.
    /// - Parameter order: how rows are numbered: as they are stored, or, known by their keys, not at all (0).
    /// - Throws: `OperationError`; 65 when a table or a column is not there, or the database is not in UTF-8.
    public func run(
        on connection: PostgresConnection, tables: [String: SQLIdentifier], order: ServerTable.RowOrder = .asStored
    ) throws -> QualityResult {
        try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL jit = off")
        defer { connection.rollback() }
        let given = Set(tables.keys)
        var run = SQLQualityRun(self, connection, tables: try catalog(of: tables, order, on: connection))
        for plan in plans { run.begin(plan, given: given) }
        for plan in plans where given.contains(plan.table.name) { try run.profile(plan) }
        for plan in plans where given.contains(plan.table.name) { try run.judge(plan) }
        return run.result()
    }
}

// MARK: - What the server has

extension SQLQualityCheck {
    /// The tables as the server's catalog describes them.
    func catalog(
        of tables: [String: SQLIdentifier], _ order: ServerTable.RowOrder, on connection: PostgresConnection
    ) throws -> [String: ServerTable] {
        guard try connection.execute("SHOW server_encoding").first?.first == "UTF8" else {
            throw OperationError.notUTF8(connection.displayName)
        }
        var result: [String: ServerTable] = [:]
        for (code, relation) in tables {
            guard let definition = schema.table(code) else { continue }
            let columns = try connection.execute(
                """
                SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
                WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped
                """, [relation.description])
            var types: [String: ServerColumn] = [:]
            for column in columns { types[column[0] ?? ""] = ServerColumn(type: column[1] ?? "") }
            let missing = definition.columns.filter { types[$0.name] == nil }
            guard missing.isEmpty else {
                throw OperationError.missingColumns(missing, of: definition, found: types.keys.sorted())
            }
            let unique = try connection.execute(
                """
                SELECT string_agg(attname, ',') FROM pg_index
                JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey[0:indnkeyatts - 1])
                WHERE indrelid = $1::regclass AND indisunique AND indisvalid AND indpred IS NULL AND indexprs IS NULL
                GROUP BY indexrelid
                """, [relation.description])
            result[definition.name] = ServerTable(
                definition: definition, relation: relation, columns: types,
                uniqueKeys: unique.map { Set(($0[0] ?? "").split(separator: ",").map(String.init)) }, order: order)
        }
        return result
    }
}

extension OperationError {
    fileprivate static func notUTF8(_ place: String) -> OperationError {
        OperationError(
            .badData, code: "database-encoding",
            LocalizedText(
                en: "the database \(place) is not in UTF-8; rules judge code points",
                zh: "数据库 \(place) 的编码不是 UTF-8，规则按码点判定"),
            hint: LocalizedText(
                en: "create it with ENCODING 'UTF8', or use --engine native",
                zh: "请用 ENCODING 'UTF8' 建库，或改用 --engine native"))
    }
}
