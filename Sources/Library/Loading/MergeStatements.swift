import SQLGeneration
import Schema

/// The statements that bring the rows of one table from staging into the library.
struct MergeStatements {
    let stage: StageStatements
    /// Of the batch.
    let number: Int

    var table: TableDefinition { stage.table }
    var logTable: SQLIdentifier { SQLIdentifier(LibraryTables.logName(of: table.name)) }
    private var change: SQLIdentifier { SQLIdentifier("change", in: "pg_temp") }
    var batchColumn: SQLIdentifier { SQLIdentifier(LibraryTables.batchColumn) }
    var names: [String] { table.columns.map(\.name) }
    var others: [String] { names.filter { !table.key.contains($0) } }

    func differs(_ left: String, _ right: String) -> String {
        others.isEmpty
            ? "false" : "(\(stage.list(others, of: left))) IS DISTINCT FROM (\(stage.list(others, of: right)))"
    }

    var insertion: String {
        "INSERT INTO \(stage.target) AS t (\(stage.list(names)), \(batchColumn))"
    }

    var overwriting: String {
        let changes = (others + [LibraryTables.batchColumn])
            .map { "\(SQLIdentifier($0)) = excluded.\(SQLIdentifier($0))" }.joined(separator: ", ")
        return "DO UPDATE SET \(changes)"
    }

    /// Whether this source (`$1`) ever brought rows to this table, so that some of a batch's rows are likely to be there.
    var isKnown: String {
        """
        SELECT EXISTS (
            SELECT FROM sitong.load_part p JOIN sitong.batch b USING (batch)
            WHERE b.source = $1 AND p.table_name = $2 AND p.inserted > 0)
        """
    }

    /// Inserts the rows whose keys are not there, of several with one key the latest: all of them, when a source comes
    /// for the first time.
    var insertNew: String {
        """
        \(insertion)
        SELECT \(stage.list(names, of: "s")), \(number) FROM \(stage.stage) s ORDER BY \(stage.keyOrder), \(stage.latestFirst)
        ON CONFLICT (\(stage.list(table.key))) DO NOTHING
        """
    }

    var createChange: String {
        """
        CREATE TEMP TABLE change ON COMMIT DROP AS
        SELECT \(stage.list(table.key)), false AS is_new FROM \(stage.stage) WITH NO DATA
        """
    }

    /// Notes the keys of rows to be written, and yields parts with the rows that are there already by this batch, that
    /// are new, that differ from the library's, and that are the same. No key may be staged twice.
    var classify: String {
        """
        WITH compared AS MATERIALIZED (
            SELECT s.sitong_part, \(stage.list(table.key, of: "s")),
                   CASE WHEN t.\(batchColumn) IS NULL THEN 'new' WHEN t.\(batchColumn) = \(number) THEN 'done'
                        WHEN \(differs("t", "s")) THEN 'changed' ELSE 'same' END AS outcome
            FROM \(stage.stage) s LEFT JOIN \(stage.target) t ON \(stage.sameKey("t", "s"))
        ), noted AS (
            INSERT INTO \(change) SELECT \(stage.list(table.key)), outcome = 'new' FROM compared
            WHERE outcome IN ('new', 'changed')
        )
        SELECT sitong_part, count(*) FILTER (WHERE outcome = 'done'), count(*) FILTER (WHERE outcome = 'new'),
               count(*) FILTER (WHERE outcome = 'changed'), count(*) FILTER (WHERE outcome = 'same')
        FROM compared GROUP BY sitong_part
        """
    }

    var analyzeChange: String { "ANALYZE \(change)" }

    /// Keeps the versions that the merge is about to end.
    var log: String {
        """
        INSERT INTO \(logTable) (\(stage.list(table.key)), \(batchColumn), ended_by, operation, valid_from, valid_to, "row")
        SELECT \(stage.list(table.key, of: "t")), t.\(batchColumn), \(number), 'update', b.loaded_at, now(),
               to_jsonb(t) - '\(LibraryTables.batchColumn)'
        FROM \(change) s
        JOIN \(stage.target) t ON \(stage.sameKey("t", "s"))
        JOIN sitong.batch b ON b.number = t.\(batchColumn)
        WHERE NOT s.is_new
        ORDER BY \(stage.keyOrder)
        """
    }

    /// Writes the rows that were noted.
    var merge: String {
        """
        \(insertion)
        SELECT \(stage.list(names, of: "s")), \(number)
        FROM \(change) c JOIN \(stage.stage) s ON \(stage.sameKey("s", "c"))
        ORDER BY \(stage.keyOrder)
        ON CONFLICT (\(stage.list(table.key))) \(others.isEmpty ? "DO NOTHING" : overwriting)
        """
    }

    var dropChange: String { "DROP TABLE \(change)" }

    /// Writes the rows between two positions, `$1` and `$2`: to see whether the server takes them.
    var probe: String {
        """
        \(insertion)
        SELECT \(stage.list(names, of: "s")), \(number) FROM \(stage.stage) s
        WHERE s.sitong_position BETWEEN $1::bigint AND $2::bigint
        ORDER BY \(stage.keyOrder)
        ON CONFLICT (\(stage.list(table.key))) \(others.isEmpty ? "DO NOTHING" : "\(overwriting)\nWHERE \(differs("t", "excluded"))")
        """
    }
}

/// The statements that delete the rows of one table whose keys are staged.
struct DeletionStatements {
    let stage: StageStatements
    /// Of the batch.
    let number: Int

    private var batchColumn: SQLIdentifier { SQLIdentifier(LibraryTables.batchColumn) }

    var countRows: String { "SELECT count(*) FROM \(stage.target)" }

    /// Yields parts with the keys that are not there, and those that are.
    var classify: String {
        """
        SELECT s.sitong_part, count(*) FILTER (WHERE t.\(batchColumn) IS NULL), count(t.\(batchColumn))
        FROM \(stage.stage) s LEFT JOIN \(stage.target) t ON \(stage.sameKey("t", "s"))
        GROUP BY s.sitong_part
        """
    }

    /// Keeps the versions that the deletion is about to end.
    var log: String {
        let logTable = SQLIdentifier(LibraryTables.logName(of: stage.table.name))
        return """
            INSERT INTO \(logTable)
                (\(stage.list(stage.table.key)), \(batchColumn), ended_by, operation, valid_from, valid_to, "row")
            SELECT \(stage.list(stage.table.key, of: "t")), t.\(batchColumn), \(number), 'delete', b.loaded_at, now(),
                   to_jsonb(t) - '\(LibraryTables.batchColumn)'
            FROM \(stage.stage) s
            JOIN \(stage.target) t ON \(stage.sameKey("t", "s"))
            JOIN sitong.batch b ON b.number = t.\(batchColumn)
            ORDER BY \(stage.keyOrder)
            """
    }

    var delete: String {
        "DELETE FROM \(stage.target) t USING \(stage.stage) s WHERE \(stage.sameKey("t", "s"))"
    }
}
