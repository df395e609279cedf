import SQLGeneration
import Schema

/// The statements about staging (暂存): one table's rows of a batch as they came, unlogged, gone with the session.
struct StageStatements {
    let table: TableDefinition
    /// All columns of the schema; for deletions only the key.
    let columns: [ColumnDefinition]
    /// Which of several rows with one key is the latest: by this column, then by position.
    private let orderColumn: String?

    init(table: TableDefinition, isDeletion: Bool, orderColumn: String?) {
        self.table = table
        columns = isDeletion ? table.key.compactMap { table.column($0) } : table.columns
        self.orderColumn = isDeletion ? nil : orderColumn.flatMap { table.column($0)?.name }
    }

    /// The column that says which row is the latest, quoted.
    var orderName: String? { orderColumn.map { SQLIdentifier($0).description } }

    /// Beside the table's own columns.
    static let partColumn = "sitong_part"
    static let positionColumn = "sitong_position"

    let stage = SQLIdentifier("stage", in: "pg_temp")
    var target: SQLIdentifier { SQLIdentifier(table.name) }

    func list(_ names: [String], of alias: String? = nil) -> String {
        names.map { (alias.map { $0 + "." } ?? "") + SQLIdentifier($0).description }.joined(separator: ", ")
    }

    func sameKey(_ left: String, _ right: String) -> String {
        table.key.map { "\(left).\(SQLIdentifier($0)) = \(right).\(SQLIdentifier($0))" }.joined(separator: " AND ")
    }

    /// By bytes, as the key's index has them, so that whoever writes walks it from end to end.
    func keyOrder(_ row: String) -> String {
        table.key.map { name in
            switch table.column(name)?.type {
            case .text, .code: "\(row).\(SQLIdentifier(name)) COLLATE \"C\""
            default: "\(row).\(SQLIdentifier(name))"
            }
        }.joined(separator: ", ")
    }

    /// The latest row first.
    var latestFirst: String {
        (orderColumn.map { "s.\(SQLIdentifier($0)) DESC NULLS LAST, " } ?? "") + "s.sitong_position DESC"
    }

    /// With the schema's types, whatever those of the library are: it is their place to refuse a value.
    var create: String {
        let definitions = columns.map { "\(SQLIdentifier($0.name)) \(LibraryTables.type(of: $0.type))" }
        return """
            CREATE TEMP TABLE stage (
                \((definitions + ["\(Self.partColumn) integer", "\(Self.positionColumn) bigint"]).joined(separator: ",\n    "))
            ) ON COMMIT DROP
            """
    }

    var copy: String { "COPY \(stage) FROM STDIN (FORMAT binary)" }

    /// The planner must know how many rows and keys there are, nothing else.
    var analyze: String { "ANALYZE \(stage) (\(list(table.key)))" }

    var drop: String { "DROP TABLE \(stage)" }

    /// Eight bytes for a key, so that those of a large batch are counted in memory.
    private var keyHash: String { "hash_record_extended(ROW(\(list(table.key))), 0)" }

    var countRows: String { "SELECT count(*) FROM \(stage)" }

    /// How many rows are staged, and how many hashes their keys have: as many, unless a key came twice (or, harmlessly, two
    /// keys share a hash). Sorting eight bytes a row is much less work than what `supersede` does.
    var countKeys: String { "SELECT count(*), count(DISTINCT \(keyHash)) FROM \(stage)" }

    /// Removes all but the latest row of each key; yields the parts and how many rows of theirs went.
    var supersede: String {
        let key = list(table.key)
        return """
            WITH suspect AS (
                SELECT \(keyHash) AS hash FROM \(stage) GROUP BY 1 HAVING count(*) > 1
            ), doubled AS (
                SELECT \(key) FROM \(stage) WHERE \(keyHash) IN (SELECT hash FROM suspect)
                GROUP BY \(key) HAVING count(*) > 1
            ), ranked AS (
                SELECT s.ctid AS place,
                       row_number() OVER (PARTITION BY \(list(table.key, of: "s")) ORDER BY \(latestFirst)) AS rank
                FROM \(stage) s JOIN doubled d ON \(sameKey("s", "d"))
            ), gone AS (
                DELETE FROM \(stage) s USING ranked r WHERE s.ctid = r.place AND r.rank > 1 RETURNING s.sitong_part
            )
            SELECT sitong_part, count(*) FROM gone GROUP BY sitong_part
            """
    }

    /// Takes rows out by their positions, given as one array text; yields the parts and how many of theirs went.
    var removePositions: String {
        """
        WITH gone AS (
            DELETE FROM \(stage) WHERE sitong_position = ANY ($1::bigint[]) RETURNING sitong_part
        )
        SELECT sitong_part, count(*) FROM gone GROUP BY sitong_part
        """
    }
}
