import Batches
import Columnar
import CourtModel
import Definitions
import Diagnostics

/// 时间窗: the days of changes that are read; `since` inclusive, `until` exclusive, nil without limit.
struct SourceWindow: Sendable, Hashable {
    var since: CivilDate?
    var until: CivilDate?
    /// Where the source's transactions stood when it was read last, for windows that go on from there.
    var position: String?
    /// The rows that are asked for by name; nil for all of the days.
    var keys: KeyList?

    /// - Parameters:
    ///   - resumeFrom: from when on changes were not seen when the source was read last, ISO; nil when this is the first
    ///     batch.
    ///   - position: as in the manifest of then.
    init(_ range: ExtractionRange, resumeFrom: String?, position: String? = nil) {
        switch range {
        case .full: break
        case .keys(let list): keys = list
        case .changes(let since, let until):
            self.since = since
            self.until = until
        case .period(let period):
            guard let resumeFrom else { return }
            // A day earlier: the time is UTC, and courts are ahead of it.
            let last = CivilDate(resumeFrom.prefix(10))?.adding(days: -1)
            since = last.map { min($0, period.firstDay) }
            self.position = position
        }
    }

    var isWhole: Bool { since == nil && until == nil && keys == nil }

    var manifest: BatchManifest.Window {
        BatchManifest.Window(since: since.map(\.description), until: until.map(\.description))
    }

    /// Puts the days into SQL, as quoted ISO dates; only days ever get there. Without limit they are the first and the
    /// last day that a calendar has.
    func fill(_ sql: String) -> String {
        sql.replacing("{since}", with: "'\(since?.description ?? "0001-01-01")'")
            .replacing("{until}", with: "'\(until?.description ?? "9999-12-31")'")
    }

    /// Whether the statement reads only changes, and so not all rows when the window has a limit.
    static func limits(_ sql: String) -> Bool { sql.contains("{since}") || sql.contains("{until}") }
}

/// The statement that reads one table of a source.
struct SourceStatement {
    /// Without a semicolon or comment that would swallow what is put around it.
    var sql: String
    /// Whether it reads all rows.
    var isWhole: Bool
    /// The one table that is read, as it stands in a statement; nil for a query of the user's own.
    private(set) var relation: String?

    init(select: String, _ window: SourceWindow) {
        var text = Substring(window.fill(select))
        while let last = text.last, last == ";" || last.isWhitespace { text.removeLast() }
        sql = String(text)
        isWhole = window.isWhole || !SourceWindow.limits(select)
    }

    /// - Parameter alsoWhere: true of rows that are wanted whatever their watermark; the table is `t` in it.
    init(
        _ table: SourceDefinition.SourceTable, _ window: SourceWindow, quote: (String) -> String,
        alsoWhere: String? = nil
    ) {
        switch table.query {
        case .select(let select): self.init(select: select, window)
        case .from(let name, let columns):
            let list = columns.map { "t.\(quote($0.source)) AS \(quote($0.column))" }.joined(separator: ", ")
            let place = Self.place(name, quote: quote)
            var text = "SELECT \(list) FROM \(place) t"
            let changed = columns.first { $0.column == table.watermark }.map { "t." + quote($0.source) }
            if let changed, !window.isWhole {
                // Rows of which it is not known when they were changed are read every time.
                let late = alsoWhere.map { " OR \($0)" } ?? ""
                text += "\nWHERE (\(changed) IS NULL OR (\(changed) >= {since} AND \(changed) < {until})\(late))"
            }
            self.init(select: text, window)
            relation = place
        }
    }

    /// The statements that read the rows of some keys, so many keys each.
    ///
    /// - Throws: `OperationError` 78 when the source does not say which column a key is in.
    static func reading(
        _ keys: KeyList, of table: SourceDefinition.SourceTable, source: SourceDefinition, quote: (String) -> String
    ) throws -> [SourceStatement] {
        let whole = SourceStatement(table, SourceWindow(.full, resumeFrom: nil), quote: quote)
        let columns = try keys.columns.map { column in
            try whole.expression(of: column, table, source, quote)
        }
        let perStatement = max(1, 1000 / columns.count)
        return stride(from: 0, to: keys.rows.count, by: perStatement).map { first in
            let rows = keys.rows[first..<min(first + perStatement, keys.rows.count)]
            let condition =
                columns.count == 1
                ? "\(columns[0]) IN (\(rows.map { literal($0[0]) }.joined(separator: ", ")))"
                : rows.map { row in
                    "(" + zip(columns, row).map { "\($0) = \(literal($1))" }.joined(separator: " AND ") + ")"
                }.joined(separator: "\n    OR ")
            var statement = whole
            statement.isWhole = false
            statement.sql =
                whole.relation == nil
                ? "SELECT * FROM (\n\(whole.sql)\n) q\nWHERE \(condition)" : "\(whole.sql)\nWHERE \(condition)"
            return statement
        }
    }

    /// The statement that reads the keys of all rows, in the order of `columns`.
    static func keys(
        _ columns: [String], of table: SourceDefinition.SourceTable, source: SourceDefinition, quote: (String) -> String
    ) throws -> SourceStatement {
        var statement = SourceStatement(table, SourceWindow(.full, resumeFrom: nil), quote: quote)
        let list = try columns.map { column in
            "\(try statement.expression(of: column, table, source, quote)) AS \(quote(column))"
        }.joined(separator: ", ")
        statement.sql =
            statement.relation.map { "SELECT \(list) FROM \($0) t" }
            ?? "SELECT \(list) FROM (\n\(statement.sql)\n) q"
        return statement
    }

    /// How a column of the standard is called in the statement, whose table is `t`, or whose own query is `q`.
    private func expression(
        of column: String, _ table: SourceDefinition.SourceTable, _ source: SourceDefinition,
        _ quote: (String) -> String
    ) throws -> String {
        guard case .from(_, let mapping) = table.query else { return "q.\(quote(column))" }
        guard let mapped = mapping.first(where: { $0.column == column }) else {
            throw OperationError.sourceKeyUnmapped(column, table: table.table, source: source.name)
        }
        return "t.\(quote(mapped.source))"
    }

    private static func literal(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }

    /// `schema.table` is two names.
    static func place(_ name: String, quote: (String) -> String) -> String {
        name.split(separator: ".").map { quote(String($0)) }.joined(separator: ".")
    }

    /// The same of some rows: the table is `t` in the condition.
    func restricted(to condition: String?) -> String {
        guard let condition else { return sql }
        return sql + (sql.contains("\nWHERE ") ? " AND " : "\nWHERE ") + condition
    }
}
