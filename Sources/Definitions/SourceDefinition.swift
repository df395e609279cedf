public import Diagnostics

/// A stream of batches from one trial database (审判库): where it is, and how its tables map to the standard.
///
/// Paths are those of the file, resolved against the folder of the source's YAML file, unless they begin with a
/// placeholder. `${ENV}` and `{…}` placeholders are still text; whoever runs the source fills them in.
public struct SourceDefinition: Sendable, Hashable {
    /// `connect:`; never holds a secret.
    public enum Connection: Sendable, Hashable {
        /// A libpq connection string or URL: `service=trial17`, `postgresql://host/db`.
        case postgres(String)
        /// A database file.
        case sqlite(path: String)
        /// A folder of CSV files.
        ///
        /// - Parameters:
        ///   - encoding: of all of them, by its usual name; nil for UTF-8.
        ///   - delimiter: the one ASCII character between fields; nil for a comma.
        case csv(folder: String, encoding: String? = nil, delimiter: String? = nil)
    }

    /// What is read for one table of the standard.
    public enum Query: Sendable, Hashable {
        /// SQL of the source's dialect, with `{since}` and `{until}`; result columns are named as in the standard.
        case select(String)
        /// A table, view or CSV file of the source, and which of its columns becomes which of the standard's.
        case from(String, columns: [ColumnMapping])
    }

    public struct ColumnMapping: Sendable, Hashable {
        /// The standard's column code.
        public var column: String
        /// The column's name at the source.
        public var source: String

        public init(column: String, source: String) {
            self.column = column
            self.source = source
        }
    }

    public struct SourceTable: Sendable, Hashable {
        /// The standard's table, by code or title as written.
        public var table: String
        public var query: Query
        /// The column, as the standard names it, that tells when a row was last changed.
        public var watermark: String?
        /// 代码转换, by column of the standard: the source's code → the standard's. A code without an entry is a finding.
        public var codes: [String: [String: String]]
        /// SQL whose rows are the keys of deleted rows.
        public var deletes: String?
        public var drift: DriftPolicy
        /// Columns of the standard by which it is told whether all cases came; nil: not told.
        public var completeness: Completeness?
        public var location: SourceLocation?

        public init(
            table: String, query: Query, watermark: String? = nil, codes: [String: [String: String]] = [:],
            deletes: String? = nil, drift: DriftPolicy = DriftPolicy(), completeness: Completeness? = nil,
            location: SourceLocation? = nil
        ) {
            self.drift = drift
            self.completeness = completeness
            self.table = table
            self.query = query
            self.watermark = watermark
            self.codes = codes
            self.deletes = deletes
            self.location = location
        }
    }

    /// What becomes of a table whose columns are not the standard's (结构漂移); that they are not is recorded in any case.
    public struct DriftPolicy: Sendable, Hashable {
        public enum Extra: String, Sendable { case ignore, refuse }
        public enum Missing: String, Sendable { case null, refuse }
        public enum Widened: String, Sendable { case accept, refuse }

        /// Columns that the standard does not have.
        public var extra: Extra
        /// Columns of the standard that the source does not give; those that rows need are refused anyway.
        public var missing: Missing
        /// Columns that the source declares wider than the standard; a value that does not fit is quarantined at load.
        public var widened: Widened

        public init(extra: Extra = .ignore, missing: Missing = .null, widened: Widened = .accept) {
            self.extra = extra
            self.missing = missing
            self.widened = widened
        }
    }

    /// 报送完整性: which column holds the case number (案号), and which the day by which rows are counted by month.
    public struct Completeness: Sendable, Hashable {
        public var number: String?
        public var date: String?

        public init(number: String? = nil, date: String? = nil) {
            self.number = number
            self.date = date
        }
    }

    public var name: String
    public var title: String
    /// The court whose cases these are; nil when the query's court column says so.
    public var court: String?
    public var connection: Connection
    /// In the order of the file.
    public var tables: [SourceTable]
    public var location: SourceLocation?

    public init(
        name: String, title: String? = nil, court: String? = nil, connection: Connection, tables: [SourceTable],
        location: SourceLocation? = nil
    ) {
        self.name = name
        self.title = title ?? name
        self.court = court
        self.connection = connection
        self.tables = tables
        self.location = location
    }
}
