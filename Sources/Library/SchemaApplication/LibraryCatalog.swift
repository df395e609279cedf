import Diagnostics
import Foundation
import PostgresClient
import SQLGeneration

/// What the server's catalog says about the tables that are there.
enum LibraryCatalog {
    static func tables(_ connection: PostgresConnection) throws -> [String: TableShape] {
        var shapes: [String: TableShape] = [:]
        for row in try connection.execute(columnQuery) {
            guard let table = row[0], let name = row[1], let type = row[2] else { continue }
            shapes[table, default: TableShape(name: table, title: row[5] ?? "", columns: [], key: [])].columns
                .append(.init(name: name, type: type, isRequired: row[3] == "t", title: row[4]))
        }
        for row in try connection.execute(indexQuery) {
            guard let table = row[0], let json = row[2],
                let columns = try? JSONDecoder().decode([String].self, from: Data(json.utf8))
            else { continue }
            if row[1] == "t" {
                shapes[table]?.key = columns
            } else {
                shapes[table]?.indexes.append(IndexShape(table: table, columns: columns))
            }
        }
        return shapes
    }

    private static let columnQuery = """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
               col_description(c.oid, a.attnum), obj_description(c.oid, 'pg_class')
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        ORDER BY c.relname, a.attnum
        """

    /// Only plain indexes: of columns, of all rows.
    private static let indexQuery = """
        SELECT c.relname, i.indisprimary,
               (SELECT json_agg(a.attname ORDER BY k.place)
                FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number)
        FROM pg_index i
        JOIN pg_class c ON c.oid = i.indrelid
        WHERE c.relnamespace = 'public'::regnamespace AND i.indexprs IS NULL AND i.indpred IS NULL
        ORDER BY c.relname, i.indexrelid
        """
}
