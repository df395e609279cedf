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
    private var absent: SQLIdentifier { SQLIdentifier("absent", in: "pg_temp") }
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

    /// Whether rows can go straight into the library: this source (`$1`) never brought rows to this table, so that their
    /// keys are likely to be new, and the library's columns are of the very types that the rows are written in.
    var takesRowsDirectly: String {
        """
        SELECT NOT EXISTS (
                SELECT FROM sitong.load_part p JOIN sitong.batch b USING (batch)
                WHERE b.source = $1 AND p.table_name = $2 AND p.inserted > 0)
           AND EXISTS (
                SELECT FROM pg_class WHERE oid = to_regclass($3) AND relkind = 'r' AND NOT relrowsecurity)
           AND NOT EXISTS (
                SELECT FROM pg_attribute s
                LEFT JOIN pg_attribute t ON t.attrelid = to_regclass($3) AND t.attname = s.attname
                WHERE s.attrelid = '\(stage.stage)'::regclass AND s.attnum > 0
                  AND s.attname NOT IN ('\(StageStatements.partColumn)', '\(StageStatements.positionColumn)')
                  AND t.atttypid IS DISTINCT FROM s.atttypid)
        """
    }

    /// Straight into the library, with the batch's number behind the columns.
    var copy: String {
        "COPY \(stage.target) (\(stage.list(names)), \(batchColumn)) FROM STDIN (FORMAT binary)"
    }

    var createChange: String {
        """
        CREATE TEMP TABLE change ON COMMIT DROP AS
        SELECT \(stage.list(table.key)), false AS is_new FROM \(stage.stage) WITH NO DATA;
        CREATE TEMP TABLE absent ON COMMIT DROP AS SELECT \(stage.list(table.key)) FROM \(stage.stage) WITH NO DATA
        """
    }

    /// Compares the staged rows with those that this source (`$1`) brought: notes the keys of those that differ and of
    /// those that are not among them, and yields parts with how many are absent, differ, and are the same. No key may be
    /// staged twice.
    ///
    /// Rows of other sources are passed over, and of the library's rows only keys and hashes kept, so that a million of
    /// them fit into the memory of one join.
    var classifyOwn: String {
        let own = "WHERE t.\(batchColumn) = ANY (ARRAY(SELECT number FROM sitong.batch WHERE source = $1))"
        return classify(
            from: "\(stage.stage) s", among: own, noting: "INSERT INTO \(absent) SELECT \(stage.list(table.key))")
    }

    /// The same for the rows that were absent, against all rows of the library; what is absent there is new.
    var classifyAbsent: String {
        classify(
            from: "\(absent) a JOIN \(stage.stage) s ON \(stage.sameKey("s", "a"))", among: "",
            noting: "INSERT INTO \(change) SELECT \(stage.list(table.key)), true")
    }

    private func classify(from rows: String, among condition: String, noting: String) -> String {
        """
        WITH compared AS MATERIALIZED (
            SELECT s.sitong_part, \(stage.list(table.key, of: "s")),
                   CASE WHEN t.hash IS NULL THEN 'absent' WHEN t.hash <> \(hash("s")) THEN 'changed' ELSE 'same' END AS outcome
            FROM \(rows)
            LEFT JOIN (
                SELECT \(stage.list(table.key, of: "t")), \(hash("t")) AS hash FROM \(stage.target) t \(condition)
            ) t ON \(stage.sameKey("t", "s"))
        ), noted AS (
            INSERT INTO \(change) SELECT \(stage.list(table.key)), false FROM compared WHERE outcome = 'changed'
        ), absent AS (
            \(noting) FROM compared WHERE outcome = 'absent'
        )
        SELECT sitong_part, count(*) FILTER (WHERE outcome = 'absent'), count(*) FILTER (WHERE outcome = 'changed'),
               count(*) FILTER (WHERE outcome = 'same')
        FROM compared GROUP BY sitong_part
        """
    }

    /// 64 bits of all columns but the key; equal for equal values, `1.0` and `1.00` among them.
    private func hash(_ row: String) -> String {
        others.isEmpty ? "0::bigint" : "hash_record_extended(ROW(\(stage.list(others, of: row))), 0)"
    }

    var analyzeAbsent: String { "ANALYZE \(absent)" }

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

    var dropChange: String { "DROP TABLE \(change), \(absent)" }

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
