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

    init(_ path: String, columns: [String]) throws {
        writer = try CSVWriter(FileSink(path, exclusive: false), columns: columns)
    }

    mutating func append(_ texts: [String?]) throws {
        try writer.writeRow { fields in
            for text in texts { fields.append(text) }
        }
    }

    /// A finding of the engine, byte by byte as it keeps it.
    mutating func append(_ source: FindingSource, _ finding: EncodedFinding, file: String?, hasRow: Bool) throws {
        try writer.writeRow { fields in
            fields.append(source.rule)
            fields.append(source.severity.rawValue)
            fields.append(source.table)
            fields.append(finding.key)
            fields.append(hasRow ? finding.row : nil)
            fields.append(finding.court)
            if let message = finding.message { fields.append(message) } else { fields.append(source.message) }
            fields.append(file)
            fields.append(finding.line == 0 ? nil : finding.line)
        }
    }

    mutating func finish() throws { try writer.finish() }
}
