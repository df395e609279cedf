import SQLGeneration
import Schema

/// The statements that bring the rows of one table from staging into the library.
struct MergeStatements {
    let table: TableDefinition
    /// What is staged: all columns of the schema, for deletions only the key.
    let columns: [ColumnDefinition]
    private let isDeletion: Bool
    private let orderColumn: String?
    private let number: Int

    init(table: TableDefinition, isDeletion: Bool, orderColumn: String?, number: Int) {
        self.table = table
        self.isDeletion = isDeletion
        columns = isDeletion ? table.key.compactMap { table.column($0) } : table.columns
        // Deletions have no other columns than the key.
        self.orderColumn = isDeletion ? nil : orderColumn.flatMap { table.column($0)?.name }
        self.number = number
    }

    private var target: SQLIdentifier { SQLIdentifier(table.name) }
    private var logTable: SQLIdentifier { SQLIdentifier(LibraryTables.logName(of: table.name)) }
    private var stage: SQLIdentifier { SQLIdentifier("stage", in: "pg_temp") }
    private var batchColumn: SQLIdentifier { SQLIdentifier(LibraryTables.batchColumn) }
    private var others: [String] { table.columns.map(\.name).filter { !table.key.contains($0) } }

    private func list(_ names: [String], of alias: String? = nil) -> String {
        names.map { (alias.map { $0 + "." } ?? "") + SQLIdentifier($0).description }.joined(separator: ", ")
    }

    private func sameKey(_ left: String, _ right: String) -> String {
        table.key.map { "\(left).\(SQLIdentifier($0)) = \(right).\(SQLIdentifier($0))" }.joined(separator: " AND ")
    }

    private func differs(_ left: String, _ right: String) -> String {
        isDeletion || others.isEmpty
            ? "false" : "(\(list(others, of: left))) IS DISTINCT FROM (\(list(others, of: right)))"
    }

    /// By bytes, as the key's index has them, so that the merge walks it from end to end.
    private var keyOrder: String {
        table.key.map { name in
            switch table.column(name)?.type {
            case .text, .code: "s.\(SQLIdentifier(name)) COLLATE \"C\""
            default: "s.\(SQLIdentifier(name))"
            }
        }.joined(separator: ", ")
    }

    // MARK: Staging

    var createStage: String {
        """
        CREATE TEMP TABLE stage ON COMMIT DROP AS
        SELECT \(list(columns.map(\.name))), 0::integer AS sitong_part, 0::bigint AS sitong_position
        FROM \(target) WITH NO DATA
        """
    }

    var copyIntoStage: String { "COPY \(stage) FROM STDIN" }

    var analyzeStage: String { "ANALYZE \(stage)" }

    var dropStage: String { "DROP TABLE \(stage)" }

    /// Removes all but the latest row of each key; yields the parts and how many rows of theirs went.
    var supersede: String {
        let latest = (orderColumn.map { "\(SQLIdentifier($0)) DESC NULLS LAST, " } ?? "") + "sitong_position DESC"
        let key = list(table.key)
        return """
            WITH doubled AS (
                SELECT \(key) FROM \(stage) GROUP BY \(key) HAVING count(*) > 1
            ), ranked AS (
                SELECT s.ctid AS place, row_number() OVER (PARTITION BY \(list(table.key, of: "s")) ORDER BY \(latest)) AS rank
                FROM \(stage) s JOIN doubled d ON \(sameKey("s", "d"))
            ), gone AS (
                DELETE FROM \(stage) s USING ranked r WHERE s.ctid = r.place AND r.rank > 1 RETURNING s.sitong_part
            )
            SELECT sitong_part, count(*) FROM gone GROUP BY sitong_part
            """
    }

    // MARK: Merging

    /// Yields parts with the rows that are new, that differ from the library's, and that are the same.
    var classify: String {
        """
        SELECT s.sitong_part,
               count(*) FILTER (WHERE t.\(batchColumn) IS NULL),
               count(*) FILTER (WHERE t.\(batchColumn) IS NOT NULL AND \(differs("t", "s"))),
               count(*) FILTER (WHERE t.\(batchColumn) IS NOT NULL AND NOT (\(differs("t", "s"))))
        FROM \(stage) s LEFT JOIN \(target) t ON \(sameKey("t", "s"))
        GROUP BY s.sitong_part
        """
    }

    /// Keeps the versions that the merge or the deletion is about to end.
    var log: String {
        """
        INSERT INTO \(logTable) (\(list(table.key)), \(batchColumn), ended_by, operation, valid_from, valid_to, "row")
        SELECT \(list(table.key, of: "t")), t.\(batchColumn), \(number), '\(isDeletion ? "delete" : "update")',
               b.loaded_at, now(), to_jsonb(t) - '\(LibraryTables.batchColumn)'
        FROM \(stage) s
        JOIN \(target) t ON \(sameKey("t", "s"))
        JOIN sitong.batch b ON b.number = t.\(batchColumn)
        \(isDeletion ? "" : "WHERE \(differs("t", "s"))")
        ORDER BY \(keyOrder)
        """
    }

    var merge: String {
        let names = table.columns.map(\.name)
        let changes = (others + [LibraryTables.batchColumn])
            .map { "\(SQLIdentifier($0)) = excluded.\(SQLIdentifier($0))" }.joined(separator: ", ")
        let conflict =
            others.isEmpty
            ? "DO NOTHING" : "DO UPDATE SET \(changes)\nWHERE \(differs("t", "excluded"))"
        return """
            INSERT INTO \(target) AS t (\(list(names)), \(batchColumn))
            SELECT \(list(names)), \(number) FROM \(stage) s ORDER BY \(keyOrder)
            ON CONFLICT (\(list(table.key))) \(conflict)
            """
    }

    var delete: String { "DELETE FROM \(target) t USING \(stage) s WHERE \(sameKey("t", "s"))" }

    var countRows: String { "SELECT count(*) FROM \(target)" }
}
