import Columnar
import DataAccess
import DelimitedText
import Diagnostics

/// Rows of a reader that must not have malformed records.
struct WholeRecords<Source: ByteSource>: BlockReader {
    private let reader: CSVReader<Source>
    private let file: String
    private let table: String

    init(_ reader: CSVReader<Source>, file: String, table: String) {
        self.reader = reader
        self.file = file
        self.table = table
    }

    var columns: [String] { reader.columns }

    func next() throws -> RawBlock? {
        let block = try reader.next()
        if let record = reader.takeMalformed().first {
            throw OperationError.sourceRecordMalformed(record.kind, row: record.row, file: file, table: table)
        }
        return block
    }
}
