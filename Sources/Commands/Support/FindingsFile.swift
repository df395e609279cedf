import Columnar
import DataAccess
import DelimitedText
import Diagnostics
import RuleEngine

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

    /// A finding of the engine, byte by byte as it keeps it.
    mutating func append(_ source: FindingSource, _ finding: EncodedFinding, file: String?, hasRow: Bool) throws {
        block.columns[0].append(source.rule)
        block.columns[1].append(source.severity.rawValue)
        block.columns[2].append(source.table)
        block.columns[3].append(bytes: finding.key)
        block.columns[4].append(hasRow ? String(finding.row) : nil)
        if let court = finding.court { block.columns[5].append(bytes: court) } else { block.columns[5].appendNull() }
        if let message = finding.message {
            block.columns[6].append(bytes: message)
        } else {
            block.columns[6].append(source.message)
        }
        block.columns[7].append(file)
        block.columns[8].append(finding.line == 0 ? nil : String(finding.line))
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
