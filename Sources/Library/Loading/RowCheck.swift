import Columnar
import DelimitedText
import Diagnostics
import Schema

/// A row that cannot be loaded: where it was, why, and its bytes.
struct RejectedRow {
    var part: String
    /// Among all records of the part, from 1.
    var row: Int
    var line: Int?
    var table: String
    var column: String?
    /// Stable: `type.anjian.larq`, `key.anjian.ajbs`, `required.anjian.ah`, `csv.anjian.fields`.
    var reason: String
    var message: LocalizedText
    /// The record in the strict CSV profile; for a malformed one as it was.
    var raw: [UInt8]
}

/// Checks the rows of one part against the types of its table, and writes those that pass as COPY text.
struct RowCheck {
    private let table: TableDefinition
    private let part: String
    private let partNumber: Int
    private let columns: [ColumnDefinition]
    private let decoders: [ColumnDecoder]
    /// Where each column is in the part; nil for one that it does not have.
    private let places: [Int?]
    /// Key columns, and those that the schema calls required.
    private let isNeeded: [Bool]

    init(
        table: TableDefinition, columns: [ColumnDefinition], places: [Int?], part: String, partNumber: Int
    ) {
        self.table = table
        self.columns = columns
        self.places = places
        self.part = part
        self.partNumber = partNumber
        decoders = columns.map { ColumnDecoder(kind: $0.type.kind, nullTexts: $0.nullTexts) }
        isNeeded = columns.map { $0.isRequired || table.key.contains($0.name) }
    }

    /// Appends the rows that pass to `buffer`, each with its part's number and its position in the table, the rest to
    /// `rejected`.
    func check(
        _ block: RawBlock, position: inout Int, into buffer: inout [UInt8], rejected: inout [RejectedRow]
    ) {
        var typed: [Column?] = []
        typed.reserveCapacity(columns.count)
        // The column that is told as a row's reason: its first one.
        var reasons: [Int: (column: Int, fault: DecodingFault?)] = [:]
        var faults = DecodingFaults()
        for (index, decoder) in decoders.enumerated() {
            guard let place = places[index] else {
                typed.append(nil)
                continue
            }
            faults.removeAll()
            let column = decoder.decode(block.columns[place], faults: &faults)
            for fault in faults.rows where reasons[Int(fault.row)] == nil {
                reasons[Int(fault.row)] = (index, fault.fault)
            }
            if isNeeded[index], column.valid.population < block.rowCount {
                for row in 0..<block.rowCount where !column.valid[row] && reasons[row] == nil {
                    reasons[row] = (index, nil)
                }
            }
            typed.append(column)
        }
        for row in 0..<block.rowCount {
            position += 1
            if !reasons.isEmpty, let reason = reasons[row] {
                rejected.append(reject(block, row, column: columns[reason.column], fault: reason.fault))
                continue
            }
            for index in typed.indices {
                guard let column = typed[index], let place = places[index], column.valid[row] else {
                    CopyText.appendNull(to: &buffer)
                    continue
                }
                if case .int = column.kind, case .int64(let values) = column.storage {
                    // `5.00` is a whole number to us, but not to the server.
                    CopyText.append(values[row], to: &buffer)
                } else {
                    block.columns[place].withBytes(row) { CopyText.append($0, to: &buffer) }
                    CopyText.endField(&buffer)
                }
            }
            CopyText.append(Int64(partNumber), to: &buffer)
            CopyText.append(Int64(position), to: &buffer)
            CopyText.endRow(&buffer)
        }
    }

    private func reject(
        _ block: RawBlock, _ row: Int, column: ColumnDefinition, fault: DecodingFault?
    ) -> RejectedRow {
        let isKey = table.key.contains(column.name)
        let message: LocalizedText
        switch fault {
        case .unparsable:
            message = LocalizedText(
                en: "\(column.name) is not of type \(Self.name(of: column.type))",
                zh: "“\(column.title)”不是\(Self.name(of: column.type))类型")
        case .tooLong:
            message = LocalizedText(
                en: "\(column.name) is longer than \(Self.name(of: column.type))",
                zh: "“\(column.title)”超过 \(Self.name(of: column.type)) 的长度")
        case .tooManyDigits:
            message = LocalizedText(
                en: "\(column.name) has more digits than \(Self.name(of: column.type))",
                zh: "“\(column.title)”位数超过 \(Self.name(of: column.type))")
        case nil:
            message =
                isKey
                ? LocalizedText(en: "key column \(column.name) is empty", zh: "主键列“\(column.title)”为空")
                : LocalizedText(en: "required column \(column.name) is empty", zh: "必填列“\(column.title)”为空")
        }
        let kind = fault != nil ? "type" : isKey ? "key" : "required"
        return RejectedRow(
            part: part, row: block.firstRow + row, line: row < block.lines.count ? Int(block.lines[row]) : nil,
            table: table.name, column: column.name,
            reason: "\(kind).\(table.name).\(column.name)", message: message,
            raw: CSVEncoding.record(block, row: row))
    }

    func reject(_ record: MalformedRecord) -> RejectedRow {
        let message =
            switch record.kind {
            case .fields: LocalizedText(en: "wrong number of fields", zh: "字段数不符")
            case .quote: LocalizedText(en: "a quote does not close", zh: "引号未闭合")
            case .encoding: LocalizedText(en: "not UTF-8", zh: "不是 UTF-8 编码")
            case .nul: LocalizedText(en: "a zero byte", zh: "含有零字节")
            }
        return RejectedRow(
            part: part, row: record.row, line: record.line, table: table.name, column: nil,
            reason: "csv.\(table.name).\(record.kind.rawValue)", message: message, raw: record.bytes)
    }

    /// As definitions write it.
    private static func name(of type: ValueType) -> String {
        switch type {
        case .int: "int"
        case .decimal(let precision, let scale): "dec(\(precision),\(scale))"
        case .text(let maxLength): maxLength.map { "text(\($0))" } ?? "text"
        case .date: "date"
        case .timestamp: "timestamp"
        case .bool: "bool"
        case .code: "code"
        }
    }
}
