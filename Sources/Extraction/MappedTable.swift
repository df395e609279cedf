import Columnar
public import DataAccess
public import Definitions
import DelimitedText
import Diagnostics
public import Schema

/// One table of a source as `extract` would put it into a batch, read without making one.
///
/// The source is read in one state as long as `with` runs, as often as one likes.
public struct MappedTable {
    /// `postgres`, `sqlite`, `csv`.
    public var engine: String { session.engine }
    /// UTC by the source's clock; not later than the state that is read.
    public var snapshotTime: String { session.snapshotTime }
    /// The columns that rows have, by code, in the order of the standard.
    public let columns: [String]
    private let session: any SourceSession
    private let source: SourceDefinition
    private let mapping: SourceDefinition.SourceTable
    private let definition: TableDefinition
    /// The rows that were begun to see their columns; the first reader takes them, since what is dropped half-way would end
    /// the transaction.
    private let begun: Begun

    private final class Begun {
        var rows: (any CellReader)?

        init(_ rows: any CellReader) { self.rows = rows }
    }

    /// - Parameter connections: at most so many at once, where a source can be read by several.
    /// - Throws: `OperationError` 64 when the source does not map the table; as `Extractor.extract`.
    public static func with<R>(
        _ source: SourceDefinition, table: TableDefinition, schema: StandardSchema, connections: Int,
        _ body: (MappedTable) throws -> R
    ) throws -> R {
        guard let mapping = source.tables.first(where: { schema.table($0.table)?.name == table.name }) else {
            throw OperationError.tableNotMapped(table, source: source)
        }
        return try SourceSessions.with(source, connections: connections) { session in
            try body(MappedTable(session, source, mapping, table))
        }
    }

    private init(
        _ session: any SourceSession, _ source: SourceDefinition, _ mapping: SourceDefinition.SourceTable,
        _ definition: TableDefinition
    ) throws {
        self.session = session
        self.source = source
        self.mapping = mapping
        self.definition = definition
        let (rows, _) = try session.rows(of: mapping, SourceWindow(.full, resumeFrom: nil))
        begun = Begun(rows)
        columns = try ColumnPlan(definition, wanted: [], offered: rows.columns, source: source).columns
    }

    /// The codes of the source's translations, by column of the standard.
    public var codes: [String: [String: String]] {
        Dictionary(
            mapping.codes.map { (definition.column($0.key)?.name ?? $0.key, $0.value) },
            uniquingKeysWith: { first, _ in first })
    }

    /// All its rows, from the first on.
    ///
    /// A row that is no UTF-8 text, which a batch sets aside, ends the reading with status 65.
    public func reader() throws -> any CellReader {
        let rows = try begun.rows ?? session.rows(of: mapping, SourceWindow(.full, resumeFrom: nil)).0
        begun.rows = nil
        let plan = try ColumnPlan(definition, wanted: [], offered: rows.columns, source: source)
        let encoder = RowEncoder(
            plan, codes: mapping.codes, table: definition, mayHoldBadText: session.mayHoldBadText)
        return try CSVCellReader(
            MappedBytes(rows: rows, of: session, encoder: encoder, header: plan.columns, table: definition.name),
            file: source.name)
    }
}

/// The bytes that `extract` would write for a table.
private struct MappedBytes: ByteSource {
    var rows: any CellReader
    var encoder: RowEncoder
    /// Nil when it was given out.
    var header: [String]?
    let table: String
    private let session: any SourceSession
    private let records = CSVRecords()
    private var block = CellBlock()

    init(rows: any CellReader, of session: any SourceSession, encoder: RowEncoder, header: [String], table: String) {
        self.rows = rows
        self.session = session
        self.encoder = encoder
        self.header = header
        self.table = table
    }

    mutating func read(into buffer: inout [UInt8]) throws -> Bool {
        records.removeAll()
        if let names = header {
            for name in names {
                let (bytes, count) = CodeTranslation.padded(Array(name.utf8))
                bytes.withUnsafeBufferPointer { records.append(UnsafeBufferPointer(rebasing: $0[..<count])) }
            }
            records.endRecord()
            header = nil
        } else {
            let isMore = try rows.next(into: &block)
            if isMore { _ = encoder.append(block, to: records) }
            if let bad = (encoder.takeBadRows() + session.takeBadRows()).first {
                throw OperationError.sourceRecordMalformed(.encoding, row: bad.row, file: bad.column, table: table)
            }
            guard isMore else { return false }
        }
        records.withBytes { buffer.append(contentsOf: $0) }
        return true
    }
}

extension OperationError {
    fileprivate static func tableNotMapped(_ table: TableDefinition, source: SourceDefinition) -> OperationError {
        OperationError(
            .usage, code: "source-table-not-mapped",
            LocalizedText(
                en: "source '\(source.name)' does not map table '\(table.name)'",
                zh: "来源“\(source.name)”没有给出表“\(table.title)”的对应"),
            hint: LocalizedText(
                en: "it maps: \(source.tables.map(\.table).joined(separator: ", "))",
                zh: "它给出的表：\(source.tables.map(\.table).joined(separator: "、"))"))
    }
}
