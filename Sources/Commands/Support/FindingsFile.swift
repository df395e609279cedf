import Columnar
import DataAccess
import DelimitedText
import Diagnostics

/// `--findings F.csv`: texts in columns, in the order of the contract; whole or not at all.
struct FindingsFile {
    static let rowColumns = ["rule", "severity", "table", "key", "row", "court", "message", "file", "line"]
    static let formColumns = [
        "rule", "severity", "form", "court", "period", "row", "column", "expected", "actual", "difference", "message",
        "side",
    ]

    private var writer: CSVWriter<FileSink>
    private var block: RawBlock

    init(_ path: String, columns: [String]) throws {
        writer = try CSVWriter(FileSink(path, exclusive: false), columns: columns)
        block = RawBlock(columnCount: columns.count)
    }

    mutating func append(_ texts: [String?]) throws {
        for (index, text) in texts.enumerated() { block.columns[index].append(text) }
        block.rowCount += 1
        if block.rowCount == RawBlock.preferredRowCount { try flush() }
    }

    mutating func finish() throws {
        try flush()
        try writer.finish()
    }

    private mutating func flush() throws {
        try writer.write(block)
        block = RawBlock(columnCount: block.columns.count)
    }
}
