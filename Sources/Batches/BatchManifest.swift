public import Diagnostics
import Digests
import Foundation

/// 批次清单: what `manifest.json` of a batch says, `"format": "sitong-batch/1"`.
///
/// Written as canonical JSON: keys sorted, no blanks, absent values left out. The SHA-256 of these bytes is the batch's
/// identity, which the next batch of the source names as its `previous`.
public struct BatchManifest: Codable, Sendable, Equatable {
    public static let format = "sitong-batch/1"

    public enum Kind: String, Codable, Sendable {
        /// All rows of the source.
        case full
        /// Rows changed within the window, at least.
        case delta
    }

    /// Which state of the source the rows show.
    public enum Consistency: String, Codable, Sendable {
        /// One state for all tables.
        case snapshot
        /// One state for each table.
        case statement
        /// Rows may be of different moments.
        case fuzzy
    }

    /// ISO dates of changes: `since` inclusive, `until` exclusive; absent is without limit.
    public struct Window: Codable, Sendable, Hashable {
        public var since: String?
        public var until: String?

        public init(since: String? = nil, until: String? = nil) {
            self.since = since
            self.until = until
        }
    }

    public struct Source: Codable, Sendable, Hashable {
        public var name: String
        /// `postgres`, `sqlite`, `csv`.
        public var engine: String
        /// As the server says it: `15.18`.
        public var version: String

        public init(name: String, engine: String, version: String) {
            self.name = name
            self.engine = engine
            self.version = version
        }
    }

    /// 分卷: one file.
    public struct Part: Codable, Sendable, Hashable {
        /// `anjian/000001.csv.zst`.
        public var path: String
        public var rows: Int
        /// Of the file as it lies there.
        public var bytes: Int
        public var sha256: String
        /// Of the CSV text within.
        public var rawBytes: Int
        public var rawSha256: String

        public init(path: String, rows: Int, bytes: Int, sha256: String, rawBytes: Int, rawSha256: String) {
            self.path = path
            self.rows = rows
            self.bytes = bytes
            self.sha256 = sha256
            self.rawBytes = rawBytes
            self.rawSha256 = rawSha256
        }
    }

    public struct Table: Codable, Sendable, Equatable {
        /// The standard's table, by code.
        public var name: String
        /// In the order of the files' headers, by code; columns that the source does not have are not there.
        public var columns: [String]
        public var rows: Int
        /// Rows by court; empty for a table whose rows do not name their court.
        public var rowsPerCourt: [String: Int]
        /// The column that tells when a row was last changed.
        public var watermark: String?
        /// None when there are no rows.
        public var parts: [Part]

        public init(
            name: String, columns: [String], rows: Int, rowsPerCourt: [String: Int] = [:], watermark: String? = nil,
            parts: [Part]
        ) {
            self.name = name
            self.columns = columns
            self.rows = rows
            self.rowsPerCourt = rowsPerCourt
            self.watermark = watermark
            self.parts = parts
        }
    }

    /// Codes of the source without an entry in the translation (代码转换); in the rows they stand as `?` and the code.
    public struct Untranslated: Codable, Sendable, Equatable {
        public var table: String
        public var column: String
        /// How many rows by code.
        public var values: [String: Int]

        public init(table: String, column: String, values: [String: Int]) {
            self.table = table
            self.column = column
            self.values = values
        }
    }

    /// What a table of the source lacks, or has beyond the standard (数据项缺失、案件不全).
    public struct Completeness: Codable, Sendable, Equatable {
        public var table: String
        /// Columns that the source gives and the standard does not have.
        public var extraColumns: [String]
        /// Columns of the standard that the source does not give, by code.
        public var missingColumns: [String]
        /// Columns that may hold more at the source than the standard takes; absent when there are none.
        public var widenedColumns: [WidenedColumn]?
        /// By `YYYY-MM`; absent when rows are not counted by month, or not all of them were read.
        public var rowsPerMonth: [String: Int]?
        /// Series of case numbers with numbers that no case has (空号), the emptiest first, at most a hundred.
        public var gaps: [Gap]?

        public init(
            table: String, extraColumns: [String], missingColumns: [String], widenedColumns: [WidenedColumn] = [],
            rowsPerMonth: [String: Int]? = nil, gaps: [Gap]? = nil
        ) {
            self.table = table
            self.extraColumns = extraColumns
            self.missingColumns = missingColumns
            self.widenedColumns = widenedColumns.isEmpty ? nil : widenedColumns
            self.rowsPerMonth = rowsPerMonth
            self.gaps = gaps
        }

        public var saysNothing: Bool {
            extraColumns.isEmpty && missingColumns.isEmpty && widenedColumns == nil && rowsPerMonth == nil
                && gaps == nil
        }
    }

    /// A column that may hold more at the source than the standard takes: longer texts, more digits.
    public struct WidenedColumn: Codable, Sendable, Hashable {
        public var column: String
        /// Both as definitions write types: `text(200)`, `dec(20,4)`.
        public var source: String
        public var standard: String

        public init(column: String, source: String, standard: String) {
            self.column = column
            self.source = source
            self.standard = standard
        }

        public var text: LocalizedText {
            LocalizedText(
                en: "\(column) (\(source), not \(standard))", zh: "\(column)（\(source)，标准为 \(standard)）")
        }
    }

    /// The numbers of one year, court and kind of case, from 1 to the highest.
    public struct Gap: Codable, Sendable, Hashable {
        /// Year, court and kind, as in the case number: `2026豫1702民初`.
        public var series: String
        public var highest: Int
        /// How many numbers below the highest no case has.
        public var missing: Int
        /// The first of them: `3 7-9`.
        public var numbers: String

        public init(series: String, highest: Int, missing: Int, numbers: String) {
            self.series = series
            self.highest = highest
            self.missing = missing
            self.numbers = numbers
        }
    }

    public var format = BatchManifest.format
    /// SHA-256 of the manifest with this value as 64 zeros: tells damage, not forgery.
    public internal(set) var checksum = String(repeating: "0", count: 64)
    /// The name of the folder: source, period or `all`, sequence.
    public var id: String
    /// Program and version: `sitong 0.1.0`.
    public var producer: String
    /// SHA-256 of the standard's tables as the producer knew them.
    public var schema: String
    /// Whose rows these are, when the source is of one court.
    public var court: String?
    public var period: String?
    public var kind: Kind
    public var window: Window
    public var source: Source
    public var consistency: Consistency
    /// UTC by the source's clock: not later than the state that the rows show.
    public var snapshotTime: String
    /// Names the run that made it; a repetition of the run finds the batch by it.
    public var runKey: String
    /// Within the source, from 1, without gaps.
    public var sequence: Int
    /// The identity of the batch before; absent in the first.
    public var previous: String?
    public var tables: [Table]
    /// Keys of deleted rows (删除标记), by table.
    public var tombstones: [Table]
    public var untranslated: [Untranslated]
    /// `QuarantinedRow`s by table: rows of the source that are no text; absent when there are none.
    public var quarantined: [Table]?
    /// By table; absent when there is nothing to say.
    public var completeness: [Completeness]?
    /// From when on the next batch must ask for changes: not later than the begin of any transaction of the source that
    /// was not done when it was read. UTC.
    public var resumeFrom: String?
    /// Where the source's own count of transactions stood: `pg:<system>:<database>:<oldest running>`.
    public var position: String?

    public init(
        id: String, header: BatchHeader, sequence: Int, previous: String?, tables: [Table], tombstones: [Table] = [],
        untranslated: [Untranslated] = [], quarantined: [Table] = [], completeness: [Completeness] = []
    ) {
        self.completeness = completeness.isEmpty ? nil : completeness
        self.id = id
        producer = header.producer
        schema = header.schema
        court = header.court
        period = header.period
        kind = header.kind
        window = header.window
        source = header.source
        consistency = header.consistency
        snapshotTime = header.snapshotTime
        runKey = header.runKey
        self.sequence = sequence
        self.previous = previous
        self.tables = tables
        self.tombstones = tombstones
        self.untranslated = untranslated
        self.quarantined = quarantined.isEmpty ? nil : quarantined
        resumeFrom = header.resumeFrom
        position = header.position
    }
}

/// What an extraction knows about its batch beside the rows; see `BatchManifest` for the meanings.
public struct BatchHeader: Sendable {
    public var producer: String
    public var schema: String
    public var court: String?
    public var period: String?
    public var kind: BatchManifest.Kind
    public var window: BatchManifest.Window
    public var source: BatchManifest.Source
    public var consistency: BatchManifest.Consistency
    public var snapshotTime: String
    public var runKey: String
    public var resumeFrom: String?
    public var position: String?

    public init(
        producer: String, schema: String, court: String?, period: String?, kind: BatchManifest.Kind,
        window: BatchManifest.Window, source: BatchManifest.Source, consistency: BatchManifest.Consistency,
        snapshotTime: String, runKey: String, resumeFrom: String? = nil, position: String? = nil
    ) {
        self.producer = producer
        self.schema = schema
        self.court = court
        self.period = period
        self.kind = kind
        self.window = window
        self.source = source
        self.consistency = consistency
        self.snapshotTime = snapshotTime
        self.runKey = runKey
        self.resumeFrom = resumeFrom
        self.position = position
    }
}

// MARK: - Totals

extension BatchManifest {
    /// Of all tables, without tombstones.
    public var rowCount: Int { tables.reduce(0) { $0 + $1.rows } }

    /// All files but the manifest, in the order in which they are named.
    public var parts: [Part] { (tables + tombstones + (quarantined ?? [])).flatMap(\.parts) }

    public func table(_ name: String) -> Table? { tables.first { $0.name == name } }
}

// MARK: - Bytes

extension BatchManifest {
    /// The bytes of `manifest.json`, with their checksum.
    public func encoded() throws -> [UInt8] {
        var blank = self
        blank.checksum = Self.zeros
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes = Array(try encoder.encode(blank))
        guard let place = Self.checksumPlace(bytes) else {
            throw EncodingError.invalidValue(self, .init(codingPath: [], debugDescription: "no checksum"))
        }
        bytes.replaceSubrange(place, with: Array(SHA256Digest.hex(of: bytes).utf8))
        return bytes
    }

    /// - Parameter name: of the batch, for messages.
    /// - Throws: `OperationError` 65: no manifest of a version that is known, damaged, or no manifest at all.
    public init(decoding bytes: [UInt8], batch name: String) throws {
        struct Version: Decodable { var format: String }
        let decoder = JSONDecoder()
        guard let version = try? decoder.decode(Version.self, from: Data(bytes)) else {
            throw OperationError.batchManifestUnreadable(name)
        }
        guard version.format == Self.format else {
            throw OperationError.batchVersionUnknown(name, format: version.format)
        }
        guard var place = Self.checksumPlace(bytes) else { throw OperationError.batchManifestUnreadable(name) }
        var blank = bytes
        blank.replaceSubrange(place, with: Array(Self.zeros.utf8))
        // A second one would let part of the text escape.
        place = place.upperBound..<bytes.count
        guard
            SHA256Digest.hex(of: blank)
                == String(decoding: bytes[place.lowerBound - 64..<place.lowerBound], as: UTF8.self),
            Self.checksumPlace(Array(bytes[place])) == nil
        else { throw OperationError.batchManifestChanged(name) }
        do {
            self = try decoder.decode(BatchManifest.self, from: Data(bytes))
        } catch {
            throw OperationError.batchManifestUnreadable(name)
        }
    }

    private static let zeros = String(repeating: "0", count: 64)

    /// Where the 64 digits stand.
    private static func checksumPlace(_ bytes: [UInt8]) -> Range<Int>? {
        guard let key = Data(bytes).range(of: Data(#""checksum":""#.utf8)), key.upperBound + 64 <= bytes.count else {
            return nil
        }
        return key.upperBound..<key.upperBound + 64
    }
}
