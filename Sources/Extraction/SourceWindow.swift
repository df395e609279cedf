import Batches
import Columnar
import CourtModel
import Definitions

/// 时间窗: the days of changes that are read; `since` inclusive, `until` exclusive, nil without limit.
struct SourceWindow: Sendable, Hashable {
    var since: CivilDate?
    var until: CivilDate?

    /// - Parameter lastSnapshot: when the source was read last, ISO; nil when this is the first batch.
    init(_ range: ExtractionRange, lastSnapshot: String?) {
        switch range {
        case .full: break
        case .changes(let since, let until):
            self.since = since
            self.until = until
        case .period(let period):
            guard let lastSnapshot else { return }
            // A day earlier: the time is UTC, courts are ahead of it, and transactions that were open then were not seen.
            let last = CivilDate(lastSnapshot.prefix(10))?.adding(days: -1)
            since = last.map { min($0, period.firstDay) }
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

    init(select: String, _ window: SourceWindow) {
        var text = Substring(window.fill(select))
        while let last = text.last, last == ";" || last.isWhitespace { text.removeLast() }
        sql = String(text)
        isWhole = window.isWhole || !SourceWindow.limits(select)
    }

    init(_ table: SourceDefinition.SourceTable, _ window: SourceWindow, quote: (String) -> String) {
        switch table.query {
        case .select(let select): self.init(select: select, window)
        case .from(let name, let columns):
            let list = columns.map { "\(quote($0.source)) AS \(quote($0.column))" }.joined(separator: ", ")
            // `schema.table` is two names.
            let place = name.split(separator: ".").map { quote(String($0)) }.joined(separator: ".")
            var text = "SELECT \(list) FROM \(place)"
            let changed = columns.first { $0.column == table.watermark }.map { quote($0.source) }
            if let changed, !window.isWhole {
                // Rows of which it is not known when they were changed are read every time.
                text += "\nWHERE \(changed) IS NULL OR (\(changed) >= {since} AND \(changed) < {until})"
            }
            self.init(select: text, window)
        }
    }
}
