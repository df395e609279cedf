public import DataAccess
public import DelimitedText

/// A batch (批次) as the loader needs it: verified, with a way to open each part.
public struct IncomingBatch {
    public var id: String
    /// The stream whose batches are numbered and chained.
    public var source: String
    /// From 1.
    public var sequence: Int
    /// SHA-256 of the manifest, and of the manifest of the batch before; hexadecimal.
    public var digest: String
    public var previousDigest: String?
    /// Whether it holds all rows of its source, so that it may begin a chain anywhere.
    public var isFull: Bool
    public var court: String?
    public var period: String?
    /// The manifest as JSON, for the ledger.
    public var manifest: String?
    public var tables: [Table]

    public struct Table {
        public enum Kind: Sendable {
            case rows
            /// Keys of rows that the source deleted.
            case deletions
            /// Rows that could not be read as text at the source, as `QuarantinedRow`s.
            case quarantine
        }

        public var name: String
        public var kind: Kind
        /// Which of several rows with one key is the latest: the greatest value, else the last in order.
        public var orderColumn: String?
        /// How far the source was read, for the next extract.
        public var watermark: String?
        public var parts: [Part]

        public init(
            name: String, kind: Kind = .rows, orderColumn: String? = nil, watermark: String? = nil, parts: [Part]
        ) {
            self.name = name
            self.kind = kind
            self.orderColumn = orderColumn
            self.watermark = watermark
            self.parts = parts
        }
    }

    public struct Part {
        /// `anjian/000001.csv.zst`.
        public var name: String
        public var digest: String
        /// As the manifest says.
        public var rows: Int
        public var open: () throws -> any RecordReader

        public init(name: String, digest: String, rows: Int, open: @escaping () throws -> any RecordReader) {
            self.name = name
            self.digest = digest
            self.rows = rows
            self.open = open
        }
    }

    public init(
        id: String, source: String, sequence: Int, digest: String, previousDigest: String?, isFull: Bool = false,
        court: String? = nil, period: String? = nil, manifest: String? = nil, tables: [Table]
    ) {
        self.id = id
        self.source = source
        self.sequence = sequence
        self.digest = digest
        self.previousDigest = previousDigest
        self.isFull = isFull
        self.court = court
        self.period = period
        self.manifest = manifest
        self.tables = tables
    }
}

/// Rows of a file, and the records of it that are no rows.
public protocol RecordReader: CellReader {
    /// Rows and malformed records so far.
    var recordCount: Int { get }
    /// The malformed records met since the last call.
    mutating func takeMalformed() -> [MalformedRecord]
}

extension CSVCellReader: RecordReader {}
