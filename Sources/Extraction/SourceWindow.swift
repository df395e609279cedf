import Batches
import Columnar
import CourtModel
import Definitions

/// 时间窗: the days of changes that are read; `since` inclusive, `until` exclusive, nil without limit.
struct SourceWindow: Sendable, Hashable {
    var since: CivilDate?
    var until: CivilDate?
    /// Where the source's transactions stood when it was read last, for windows that go on from there.
    var position: String?

    /// - Parameters:
    ///   - resumeFrom: from when on changes were not seen when the source was read last, ISO; nil when this is the first
    ///     batch.
    ///   - position: as in the manifest of then.
    init(_ range: ExtractionRange, resumeFrom: String?, position: String? = nil) {
        switch range {
        case .full: break
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

    var isWhole: Bool { since == nil && until == nil }

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
