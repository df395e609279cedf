public import Batches
public import Columnar
public import CourtModel
public import Definitions
public import Diagnostics
public import Schema

/// Which rows of a source are asked for.
public enum ExtractionRange: Sendable, Hashable {
    /// All of them.
    case full
    /// Those changed from the day `since`, and before the day `until`.
    case changes(since: CivilDate, until: CivilDate?)
    /// What a statistical period (统计周期) needs: all rows when this source has sent none yet, else those changed since
    /// the period began or, when that is earlier, since the day before the last batch was read. Changes made after the
    /// period are wanted too, since the row as it was then can no longer be had.
    case period(StatisticalPeriod)
    /// Rows that are pulled again (补抽), and nothing else; the next extract goes on where the last one before this one was.
    case keys(KeyList)
}

/// Rows by their keys, or by a part of their keys: of every table whose key has these columns.
public struct KeyList: Sendable, Hashable {
    /// By code.
    public var columns: [String]
    /// Each once, as many texts as there are columns; not empty.
    public var rows: [[String]]

    public init(columns: [String], rows: [[String]]) {
        precondition(!columns.isEmpty && !rows.isEmpty)
        self.columns = columns
        var seen: Set<[String]> = []
        self.rows = rows.filter { seen.insert($0).inserted }
    }
}

/// What to extract, and on whose behalf.
public struct ExtractionRequest: Sendable {
    public var source: SourceDefinition
    public var schema: StandardSchema
    public var range: ExtractionRange
    /// Names the run: the same run asks for its batch again and gets it, another run makes the next batch.
    public var runKey: String
    /// Program and version, for the manifest.
    public var producer: String
    /// About how long a part (分卷) gets, compressed.
    public var partBytes = 64 << 20
    /// At most so many connections to the source at once.
    public var connections = 1

    public init(
        source: SourceDefinition, schema: StandardSchema, range: ExtractionRange, runKey: String, producer: String
    ) {
        self.source = source
        self.schema = schema
        self.range = range
        self.runKey = runKey
        self.producer = producer
    }

    var period: StatisticalPeriod? {
        if case .period(let period) = range { return period }
        return nil
    }
}

/// One statement that an extraction would run.
public struct PlannedStatement: Sendable, Hashable {
    public enum Purpose: String, Sendable { case rows, deletions, keys }

    public var table: String
    public var purpose: Purpose
    public var sql: String
    /// Whether it reads all rows.
    public var isWhole: Bool
}

/// Where an extraction is; reported for each block of rows.
public struct ExtractionProgress: Sendable, Hashable {
    public var table: String
    /// Of the table so far.
    public var rows: Int
}

/// What an extraction made.
public struct ExtractionResult: Sendable {
    public var batch: SealedBatch
    /// Whether this run had sealed the batch before, and nothing was read now.
    public var isReused: Bool
    /// Worth saying, no error: columns that the standard does not know, or that the source does not have.
    public var notices: [LocalizedText]
    public var seconds: Double

    public var folder: String { batch.folder }
    public var id: String { batch.manifest.id }
    public var rowCount: Int { batch.manifest.rowCount }
    /// Codes that the translation does not know (findings, 质检问题).
    public var untranslated: [BatchManifest.Untranslated] { batch.manifest.untranslated }
}
