import Diagnostics

/// The small CSV files that definitions name: code lists, calendars, code maps.
///
/// RFC 4180, strictly: UTF-8, comma, a header, a quote only around a whole field. An unquoted empty field is NULL, `""`
/// the empty text. A byte order mark and CRLF are accepted. Case data is read by `DelimitedText`, not here.
struct DefinitionCSV {
    struct Row {
        /// By position of the header; nil is NULL.
        var fields: [String?]
        /// Line of the file on which the row begins.
        var line: Int
    }

    var file: String
    var header: [String]
    var rows: [Row]
    /// No row was left out as malformed.
    private(set) var isWhole = true

    func column(_ name: String) -> Int? { header.firstIndex(of: name) }

    func location(_ row: Row) -> SourceLocation { SourceLocation(file: file, line: row.line, column: 1) }

    /// Nil, and logged, when there is no header; rows that are malformed are logged and left out.
    init?(bytes: [UInt8], file: String, log: DiagnosticLog) {
        self.file = file
        var reader = RecordReader(bytes: bytes)
        var isWhole = true
        func problem(_ code: String, _ text: LocalizedText, _ line: Int, _ column: Int, _ hint: LocalizedText? = nil) {
            isWhole = false
            log.add(
                Diagnostic(code: code, text, at: SourceLocation(file: file, line: line, column: column), hint: hint))
        }
        var header: [String]?
        var rows: [Row] = []
        while let record = reader.next() {
            switch record {
            case .failure(let failure):
                problem("csv-syntax", failure.text, failure.line, failure.column)
            case .success(let row):
                if let header {
                    if row.fields.count == header.count {
                        rows.append(row)
                    } else {
                        problem(
                            "csv-syntax",
                            LocalizedText(
                                en: "\(row.fields.count) fields, the header has \(header.count)",
                                zh: "有 \(row.fields.count) 个字段，表头有 \(header.count) 个"), row.line, 1)
                    }
                } else {
                    let names = row.fields.map { $0 ?? "" }
                    for (index, name) in names.enumerated() {
                        if name.isEmpty {
                            problem(
                                "csv-syntax",
                                LocalizedText(en: "column \(index + 1) has no name", zh: "第 \(index + 1) 列没有名称"),
                                row.line, 1)
                        } else if names.firstIndex(of: name) != index {
                            problem(
                                "csv-syntax",
                                LocalizedText(en: "the column '\(name)' occurs twice", zh: "列“\(name)”重复出现"), row.line,
                                1)
                        }
                    }
                    header = names
                }
            }
        }
        guard let header else {
            problem("csv-syntax", LocalizedText(en: "the file has no header", zh: "文件没有表头"), 1, 1)
            return nil
        }
        self.header = header
        self.rows = rows
        self.isWhole = isWhole
    }
}

private struct RecordReader {
    struct Failure: Error {
        var text: LocalizedText
        var line: Int
        var column: Int
    }

    private let bytes: [UInt8]
    private var position: Int
    private var line = 1
    private var lineStart: Int

    init(bytes: [UInt8]) {
        self.bytes = bytes
        position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        lineStart = position
    }

    /// Nil at the end; after a failure reading goes on behind the next line end. Blank lines are passed over.
    mutating func next() -> Result<DefinitionCSV.Row, Failure>? {
        while position < bytes.count, endOfLine() > 0 { passLineEnd() }
        guard position < bytes.count else { return nil }
        let first = line
        do throws(Failure) {
            return .success(.init(fields: try record(), line: first))
        } catch {
            while position < bytes.count, endOfLine() == 0 { position += 1 }
            passLineEnd()
            return .failure(error)
        }
    }

    /// The length of the line end at the position, 0 when there is none.
    private func endOfLine() -> Int {
        if bytes[position] == 10 { return 1 }
        if bytes[position] == 13 { return position + 1 < bytes.count && bytes[position + 1] == 10 ? 2 : 1 }
        return 0
    }

    private mutating func passLineEnd() {
        guard position < bytes.count else { return }
        position += endOfLine()
        line += 1
        lineStart = position
    }

    private func failure(_ text: LocalizedText) -> Failure {
        let before = bytes[min(lineStart, position)..<position]
        return Failure(text: text, line: line, column: before.count { $0 & 0xC0 != 0x80 } + 1)
    }

    private mutating func record() throws(Failure) -> [String?] {
        var fields: [String?] = []
        while true {
            fields.append(try field())
            guard position < bytes.count else { return fields }
            if bytes[position] == 44 {
                position += 1
            } else if endOfLine() > 0 {
                passLineEnd()
                return fields
            } else {
                throw failure(LocalizedText(en: "text after a closing quote", zh: "引号之后还有文本"))
            }
        }
    }

    private mutating func field() throws(Failure) -> String? {
        guard position < bytes.count, bytes[position] == 34 else {
            let start = position
            while position < bytes.count, bytes[position] != 44, endOfLine() == 0 {
                if bytes[position] == 34 {
                    throw failure(
                        LocalizedText(en: "a quote inside a field that is not quoted", zh: "未加引号的字段中出现引号"))
                }
                position += 1
            }
            return start == position ? nil : try text(bytes[start..<position])
        }
        let opening = failure(LocalizedText(en: "a quote that is never closed", zh: "引号没有结束"))
        position += 1
        var content: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            if byte == 34 {
                position += 1
                guard position < bytes.count, bytes[position] == 34 else { return try text(content[...]) }
            } else if byte == 10 {
                line += 1
                lineStart = position + 1
            }
            content.append(byte)
            position += 1
        }
        throw opening
    }

    private func text(_ bytes: ArraySlice<UInt8>) throws(Failure) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw failure(LocalizedText(en: "not UTF-8", zh: "不是 UTF-8 编码"))
        }
        return text
    }
}
