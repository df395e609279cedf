import Batches
import Columnar
import DataAccess
import Definitions
import DelimitedText
import Diagnostics
import Foundation

/// Reads CSV files that someone exported: always whole, and nobody knows whether they are of one moment.
///
/// A record that is no text in the files' encoding is set aside with its bytes; any other damage ends the reading.
struct CSVSession: SourceSession {
    let engine = "csv"
    let version = ""
    let consistency = BatchManifest.Consistency.fuzzy
    let snapshotTime: String
    let mayHoldBadText = false
    private let folder: String
    private let encoding: TextEncoding
    private let options: CSVOptions
    private let undecodable = UndecodableRecords()

    init(folder: String, encoding: String?, delimiter: String?) {
        self.folder = folder
        // Definitions know no other names.
        self.encoding = encoding.flatMap { TextEncoding(name: $0) } ?? .utf8
        options = CSVOptions(delimiter: delimiter?.utf8.first ?? UInt8(ascii: ","))
        snapshotTime = Date().formatted(.iso8601)
    }

    func rows(
        of table: SourceDefinition.SourceTable, _ window: SourceWindow
    ) throws -> (any CellReader, isWhole: Bool) {
        guard case .from(let file, let columns) = table.query else {
            throw OperationError.filesHaveNoQueries(table.table)
        }
        let reader = try WholeRecords(
            folder + "/" + file, encoding: encoding, options: options, table: table.table, undecodable)
        return (BlockCells(try RenamedColumns(reader, columns, file: folder + "/" + file)), true)
    }

    func takeBadRows() -> [RowEncoder.BadRow] { undecodable.take() }

    func read(_ statement: SourceStatement, of table: String) throws -> any CellReader {
        throw OperationError.filesHaveNoQueries(table)
    }

    func quote(_ name: String) -> String { name }

    func deletions(_ sql: String, of table: String, _ window: SourceWindow) throws -> any CellReader {
        throw OperationError.filesHaveNoQueries(table)
    }
}

/// The records met since they were taken last; shared by a session and the reader that it gave out.
final class UndecodableRecords {
    private var rows: [RowEncoder.BadRow] = []

    func add(_ row: RowEncoder.BadRow) { rows.append(row) }

    func take() -> [RowEncoder.BadRow] {
        defer { rows.removeAll() }
        return rows
    }
}

/// The mapped columns of a file, under the standard's names.
private struct RenamedColumns: BlockReader {
    let columns: [String]
    private let reader: WholeRecords
    private let places: [Int]

    init(_ reader: WholeRecords, _ mapping: [SourceDefinition.ColumnMapping], file: String) throws {
        self.reader = reader
        columns = mapping.map(\.column)
        places = try mapping.map { column in
            guard let place = reader.columns.firstIndex(of: column.source) else {
                throw OperationError.fileLacksColumn(
                    column.source, file: file, near: NearMiss.names(like: column.source, among: reader.columns))
            }
            return place
        }
    }

    func next() throws -> RawBlock? {
        guard var block = try reader.next() else { return nil }
        block.columns = places.map { block.columns[$0] }
        return block
    }
}
