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

    var overwriting: String { "DO UPDATE SET \(assignments("excluded"))" }

    /// All columns but the key as `row` has them, and the batch's number.
    private func assignments(_ row: String) -> String {
        (others.map { "\(SQLIdentifier($0)) = \(row).\(SQLIdentifier($0))" } + ["\(batchColumn) = \(number)"])
            .joined(separator: ", ")
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

    /// What is to be done: a line for each staged row that is not in the library as it is. `place` tells where the library
    /// has the row that it changes; without one the row is new. Both rows are found again by where they lie, which
    /// nothing changes between two statements of the library's only writer, and not by their keys.
    var createChange: String {
        """
        CREATE TEMP TABLE change (
            \(StageStatements.partColumn) integer, staged tid, place tid, relation oid
        ) ON COMMIT DROP
        """
    }

    /// Compares the staged rows with those that this source (`$1`) brought, and notes those that differ, with their places,
    /// and those that are not among them, without. No key may be staged twice.
    ///
    /// Rows of other sources are passed over. Of the staged rows only keys and hashes are kept, so that a million of them
    /// fit into the memory of one join.
    ///
    /// - Parameter isLarge: whether so many rows are staged that looking each up may be slower than reading the table.
    func classifyOwn(isLarge: Bool) -> String {
        // A fence keeps what the join carries narrow, and the table from being looked up row by row.
        let fence = "OFFSET 0"
        return """
            INSERT INTO \(change)
            SELECT s.\(StageStatements.partColumn), s.staged, t.place, t.relation
            FROM (
                SELECT \(stage.list(table.key, of: "s")), s.\(StageStatements.partColumn), s.ctid AS staged, \(hash("s")) AS hash
                FROM \(stage.stage) s \(fence)
            ) s LEFT JOIN (
                SELECT \(stage.list(table.key, of: "t")), t.ctid AS place, t.tableoid AS relation, \(hash("t")) AS hash
                FROM \(stage.target) t
                WHERE t.\(batchColumn) = ANY (ARRAY(SELECT number FROM sitong.batch WHERE source = $1)) \(isLarge ? fence : "")
            ) t ON \(stage.sameKey("t", "s"))
            WHERE t.hash IS NULL OR t.hash <> s.hash
            """
    }

    /// Looks the rows without a place up among all rows of the library: those that another source brought get their places,
    /// or are no change. Yields parts with how many of these rows are the same, and how many changed.
    var classifyAbsent: String {
        """
        WITH found AS (
            SELECT c.ctid AS line, t.ctid AS place, t.tableoid AS relation, \(hash("t")) = \(hash("s")) AS is_same
            FROM \(change) c JOIN \(stage.stage) s ON s.ctid = c.staged
            JOIN \(stage.target) t ON \(stage.sameKey("t", "s"))
            WHERE c.place IS NULL
        ), same AS (
            DELETE FROM \(change) c USING found f WHERE c.ctid = f.line AND f.is_same RETURNING c.\(StageStatements.partColumn)
        ), changed AS (
            UPDATE \(change) c SET place = f.place, relation = f.relation
            FROM found f WHERE c.ctid = f.line AND NOT f.is_same RETURNING c.\(StageStatements.partColumn)
        )
        SELECT \(StageStatements.partColumn), count(*) FILTER (WHERE is_same), count(*) FILTER (WHERE NOT is_same)
        FROM (SELECT *, true AS is_same FROM same UNION ALL SELECT *, false FROM changed) found
        GROUP BY \(StageStatements.partColumn)
        """
    }

    /// Parts with how many of their rows are noted without a place, and with one.
    var countChanges: String {
        """
        SELECT \(StageStatements.partColumn), count(*) FILTER (WHERE place IS NULL), count(place)
        FROM \(change) GROUP BY \(StageStatements.partColumn)
        """
    }

    /// 64 bits of all columns but the key; equal for equal values, `1.0` and `1.00` among them.
    private func hash(_ row: String) -> String {
        others.isEmpty ? "0::bigint" : "hash_record_extended(ROW(\(stage.list(others, of: row))), 0)"
    }

    var analyzeChange: String { "ANALYZE \(change)" }

    private var place: String { "t.ctid = c.place AND t.tableoid = c.relation" }

    /// Keeps the versions that the merge is about to end.
    var log: String {
        """
        INSERT INTO \(logTable) (\(stage.list(table.key)), \(batchColumn), ended_by, operation, valid_from, valid_to, "row")
        SELECT \(stage.list(table.key, of: "t")), t.\(batchColumn), \(number), 'update', b.loaded_at, now(),
               to_jsonb(t) - '\(LibraryTables.batchColumn)'
        FROM \(change) c
        JOIN \(stage.target) t ON \(place)
        JOIN sitong.batch b ON b.number = t.\(batchColumn)
        ORDER BY \(stage.keyOrder("t"))
        """
    }

    /// Overwrites the rows that were noted with their places.
    var update: String {
        """
        UPDATE \(stage.target) t SET \(assignments("s"))
        FROM \(change) c JOIN \(stage.stage) s ON s.ctid = c.staged
        WHERE \(place)
        """
    }

    /// Writes the rows that were noted without a place.
    var insert: String {
        """
        \(insertion)
        SELECT \(stage.list(names, of: "s")), \(number)
        FROM \(change) c JOIN \(stage.stage) s ON s.ctid = c.staged
        WHERE c.place IS NULL
        ORDER BY \(stage.keyOrder("s"))
        """
    }

    var dropChange: String { "DROP TABLE \(change)" }

    /// Writes the rows between two positions, `$1` and `$2`, as the merge would: to see whether the server takes them.
    var probe: String {
        let isMeant = "s.\(StageStatements.positionColumn) BETWEEN $1::bigint AND $2::bigint"
        return """
            WITH changed AS (
                UPDATE \(stage.target) t SET \(assignments("s")) FROM \(stage.stage) s
                WHERE \(stage.sameKey("t", "s")) AND \(isMeant) AND \(differs("t", "s"))
            )
            \(insertion)
            SELECT \(stage.list(names, of: "s")), \(number) FROM \(stage.stage) s
            WHERE \(isMeant) AND NOT EXISTS (SELECT FROM \(stage.target) t WHERE \(stage.sameKey("t", "s")))
            ORDER BY \(stage.keyOrder("s"))
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
            ORDER BY \(stage.keyOrder("s"))
            """
    }

    var delete: String {
        "DELETE FROM \(stage.target) t USING \(stage.stage) s WHERE \(stage.sameKey("t", "s"))"
    }
}
