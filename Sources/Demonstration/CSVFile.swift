import Columnar
import DataAccess
import DelimitedText

/// Whole small CSV files in the strict profile, row by row.
enum CSVFile {
    static func write(_ rows: some Sequence<[String?]>, columns: [String], to path: String) throws {
        var writer = try CSVWriter(FileSink(path, exclusive: false), columns: columns)
        var block = RawBlock(columnCount: columns.count)
        for row in rows {
            for (index, value) in row.enumerated() { block.columns[index].append(value) }
            block.rowCount += 1
        }
        try writer.write(block)
        try writer.finish()
    }

    /// The rows of some columns; nil when one of them is missing.
    static func read(_ path: String, columns wanted: [String]) throws -> [[String?]]? {
        let reader = try CSVReader(FileSource(path), file: path)
        let places = wanted.compactMap { reader.columns.firstIndex(of: $0) }
        guard places.count == wanted.count else { return nil }
        var rows: [[String?]] = []
        while let block = try reader.next() {
            for row in 0..<block.rowCount { rows.append(places.map { block.columns[$0][row] }) }
        }
        return rows
    }
}
