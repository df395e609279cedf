import Batches
import Columnar
import DataAccess
import Definitions

/// A trial database while one state of it is read.
protocol SourceSession {
    /// `postgres`, `sqlite`, `csv`.
    var engine: String { get }
    /// As the server says it.
    var version: String { get }
    var consistency: BatchManifest.Consistency { get }
    /// UTC by the source's clock; not later than the state that is read.
    var snapshotTime: String { get }
    /// See `BatchManifest`; nil when `snapshotTime` says it, as where nothing that is begun is ever late.
    var resumeFrom: String? { get }
    var position: String? { get }
    /// Whether texts may come that are not UTF-8.
    var mayHoldBadText: Bool { get }

    /// The rows of a table, and whether they are all of it.
    func rows(of table: SourceDefinition.SourceTable, _ window: SourceWindow) throws -> (any CellReader, isWhole: Bool)
    /// The keys of deleted rows; `sql` is that of `deletes:`.
    func deletions(_ sql: String, of table: String, _ window: SourceWindow) throws -> any CellReader
    /// What a statement of ours reads.
    func read(_ statement: SourceStatement, of table: String) throws -> any CellReader
    /// A name as it stands in a statement.
    func quote(_ name: String) -> String
    /// Rows since they were taken last that are no text in the source's encoding, and that no reader gave out.
    func takeBadRows() -> [RowEncoder.BadRow]
}

extension SourceSession {
    var resumeFrom: String? { nil }
    var position: String? { nil }

    func takeBadRows() -> [RowEncoder.BadRow] { [] }
}

/// The rows of several readers, one after the other; each is opened when the one before has ended.
struct ChainedCells: CellReader {
    let columns: [String]
    let widths: [ColumnWidth?]
    private var current: any CellReader
    private var rest: ArraySlice<() throws -> any CellReader>
    private var rowsBefore = 0
    private var lastRow = 0

    /// - Parameter readers: at least one; all have the same columns.
    init(_ readers: [() throws -> any CellReader]) throws {
        current = try readers[0]()
        columns = current.columns
        widths = current.widths
        rest = readers.dropFirst()
    }

    mutating func next(into block: inout CellBlock) throws -> Bool {
        while true {
            if try current.next(into: &block) {
                block.firstRow += rowsBefore
                lastRow = block.firstRow + block.rowCount - 1
                return true
            }
            guard let open = rest.popFirst() else { return false }
            rowsBefore = lastRow
            current = try open()
        }
    }
}

enum SourceSessions {
    /// Lends a session to `body`; it is closed afterwards, however `body` ends.
    ///
    /// - Parameter connections: at most so many at once, where a source can be read by several.
    static func with<R>(
        _ source: SourceDefinition, connections: Int, _ body: (any SourceSession) throws -> R
    ) throws -> R {
        switch source.connection {
        case .postgres(let conninfo):
            try PostgresSession.with(conninfo, source: source.name, connections: connections, body)
        case .sqlite(let path): try SQLiteSession.with(path, body)
        case .csv(let folder, let encoding, let delimiter):
            try body(CSVSession(folder: folder, encoding: encoding, delimiter: delimiter))
        }
    }
}
