import Batches
import Columnar
import DataAccess
import Definitions
import DelimitedText
import Diagnostics
import Foundation

/// Reads CSV files that someone exported: always whole, and nobody knows whether they are of one moment.
struct CSVSession: SourceSession {
    let engine = "csv"
    let version = ""
    let consistency = BatchManifest.Consistency.fuzzy
    let snapshotTime: String
    let mayHoldBadText = false
    private let folder: String

    init(folder: String) {
        self.folder = folder
        snapshotTime = Date().formatted(.iso8601)
    }

    func rows(
        of table: SourceDefinition.SourceTable, _ window: SourceWindow
    ) throws -> (any CellReader, isWhole: Bool) {
        guard case .from(let file, let columns) = table.query else {
            throw OperationError.filesHaveNoQueries(table.table)
        }
        let path = folder + "/" + file
        let reader = WholeRecords(
            try CSVReader(try FileSource(path), file: path), file: path, table: table.table)
        return (BlockCells(try RenamedColumns(reader, columns, file: path)), true)
    }

    func read(_ statement: SourceStatement, of table: String) throws -> any CellReader {
        throw OperationError.filesHaveNoQueries(table)
    }

    func quote(_ name: String) -> String { name }

    func deletions(_ sql: String, of table: String, _ window: SourceWindow) throws -> any CellReader {
        throw OperationError.filesHaveNoQueries(table)
    }
}

/// The mapped columns of a file, under the standard's names.
private struct RenamedColumns: BlockReader {
    let columns: [String]
    private let reader: WholeRecords<FileSource>
    private let places: [Int]

    init(_ reader: WholeRecords<FileSource>, _ mapping: [SourceDefinition.ColumnMapping], file: String) throws {
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
