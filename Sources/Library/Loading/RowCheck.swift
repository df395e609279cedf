import Columnar
import DelimitedText
import Diagnostics
import PostgresClient
import RuleLanguage
import Schema

/// A row that cannot be loaded: where it was, why, and its bytes.
struct RejectedRow {
    var part: String
    /// Among all records of the part, from 1.
    var row: Int
    var line: Int?
    var table: String
    var column: String?
    /// Stable: `type.anjian.larq`, `key.anjian.ajbs`, `required.anjian.ah`, `csv.anjian.fields`, or the id of a rule.
    var reason: String
    var message: LocalizedText
    /// The record in the strict CSV profile; for a malformed one as it was.
    var raw: [UInt8]
    /// The header under which `raw` can be read again, as CSV; nil when it cannot.
    var header: String?
}

/// Checks the rows of one part against the types of its table, and makes those that pass rows of a binary COPY.
struct RowCheck {
    /// Where the rows go, and what they carry beside the columns.
    enum Destination {
        /// Their part's number and, counted from this many records on, their position in the table.
        case stage(part: Int, recordsBefore: Int)
        /// The batch's number.
        case library(batch: Int)
    }

    /// What becomes of one column of the table; holds nothing that is counted, since it is looked at for each cell.
    private struct ColumnCheck {
        var kind: ColumnKind
        /// Where the column is in the part; nil for one that it does not have.
        var place: Int?
        /// Key columns, and those that the schema calls required.
        var isNeeded: Bool
        var hasNullTexts: Bool
    }

    private enum Outcome {
        case value, null
        case fault(DecodingFault)
    }

    private let table: TableDefinition
    private let header: String?
    private let part: String
    private let destination: Destination
    private let definitions: [ColumnDefinition]
    private let columns: [ColumnCheck]
    /// By column, its texts that mean NULL.
    private let nullTexts: [ColumnDecoder]

    /// - Parameter header: of the part, as CSV, when its rows can be tried again one by one.
    init(
        table: TableDefinition, columns: [ColumnDefinition], places: [Int?], header: String?, part: String,
        destination: Destination
    ) {
        self.table = table
        self.header = header
        self.part = part
        self.destination = destination
        definitions = columns
        nullTexts = columns.map { ColumnDecoder(kind: $0.type.kind, nullTexts: $0.nullTexts) }
        self.columns = zip(zip(columns, places), nullTexts).map { column, nullTexts in
            ColumnCheck(
                kind: column.0.type.kind, place: column.1,
                isNeeded: column.0.isRequired || table.key.contains(column.0.name),
                hasNullTexts: nullTexts.hasNullTexts)
        }
    }

    /// Appends the rows that pass to `rows`, with what their destination wants of them, the rest to `rejected`. Of a row
    /// with several faults its first column is told.
    ///
    /// - Parameter broken: by place in the block, the rule that rejects a row whose cells are what they should be.
    func check(
        _ block: CellBlock, broken: [Int: RuleDefinition] = [:], into rows: BinaryCopyRows,
        rejected: inout [RejectedRow]
    ) {
        block.bytes.withUnsafeBufferPointer { bytes in
            block.cells.withUnsafeBufferPointer { cells in
                columns.withUnsafeBufferPointer { columns in
                    for row in 0..<block.rowCount {
                        let start = rows.count
                        let first = row * block.columnCount
                        if let (column, fault) = append(bytes, cells, first, columns, rows) {
                            rows.cut(to: start)
                            rejected.append(reject(block, row, column: definitions[column], fault: fault))
                            continue
                        }
                        if !broken.isEmpty, let rule = broken[row] {
                            rows.cut(to: start)
                            rejected.append(reject(block, row, rule: rule))
                            continue
                        }
                        switch destination {
                        case .stage(let part, let recordsBefore):
                            rows.append(int4: Int32(truncatingIfNeeded: part))
                            rows.append(int8: Int64(recordsBefore + block.firstRow + row))
                        case .library(let batch): rows.append(int8: Int64(batch))
                        }
                    }
                }
            }
        }
    }

    private var ownColumns: Int { if case .stage = destination { 2 } else { 1 } }

    /// Nil when the row passed, else the first column that did not; its fault is nil when a needed value is missing.
    @inline(__always)
    private func append(
        _ bytes: UnsafeBufferPointer<UInt8>, _ cells: UnsafeBufferPointer<CellBlock.Cell>, _ firstCell: Int,
        _ columns: UnsafeBufferPointer<ColumnCheck>, _ rows: BinaryCopyRows
    ) -> (column: Int, fault: DecodingFault?)? {
        rows.beginRow(columnCount: columns.count + ownColumns)
        for index in 0..<columns.count {
            var outcome = Outcome.null
            if let place = columns[index].place {
                let cell = cells[firstCell + place]
                if !cell.isNull {
                    let text = UnsafeBufferPointer(rebasing: bytes[cell.range])
                    if !columns[index].hasNullTexts || !nullTexts[index].isNullText(text) {
                        outcome = Self.append(text, columns[index].kind, rows)
                    }
                }
            }
            switch outcome {
            case .value: break
            case .null:
                if columns[index].isNeeded { return (index, nil) }
                rows.appendNull()
            case .fault(let fault): return (index, fault)
            }
        }
        return nil
    }

    @inline(__always)
    private static func append(
        _ text: UnsafeBufferPointer<UInt8>, _ kind: ColumnKind, _ rows: BinaryCopyRows
    ) -> Outcome {
        var number: Int64 = 0
        switch kind {
        case .text(let maxLength):
            // A text of n bytes has at most n code points; most texts are judged by this alone.
            if let maxLength, text.count > maxLength, CodePoints.count(text) > maxLength { return .fault(.tooLong) }
            rows.append(text: text)
            return .value
        case _ where text.isEmpty: return .null
        case .int:
            if let fault = DecimalText.int64(text, &number) { return .fault(fault) }
            rows.append(int8: number)
        case .decimal(let precision, let scale):
            var wide: Int128 = 0
            if let fault = DecimalText.decimal(text, precision: precision, scale: scale, &wide) {
                return .fault(fault)
            }
            rows.append(numeric: wide, scale: scale)
        case .date:
            if let fault = TemporalText.date(text, &number) { return .fault(fault) }
            rows.append(date: number)
        case .timestamp:
            if let fault = TemporalText.timestamp(text, &number) { return .fault(fault) }
            rows.append(timestamp: number)
        case .bool:
            if let fault = BooleanText.bool(text, &number) { return .fault(fault) }
            rows.append(bool: number != 0)
        }
        return .value
    }

    /// What the server alone could know: a trigger or a constraint of its own refuses the row.
    func reject(_ block: CellBlock, _ row: Int, refusal: OperationError) -> RejectedRow {
        RejectedRow(
            part: part, row: block.firstRow + row, line: line(block, row), table: table.name, column: nil,
            reason: "server.\(table.name)", message: refusal.message, raw: CSVEncoding.record(block, row: row),
            header: header)
    }

    private func reject(_ block: CellBlock, _ row: Int, rule: RuleDefinition) -> RejectedRow {
        let title = rule.title ?? rule.id
        return RejectedRow(
            part: part, row: block.firstRow + row, line: line(block, row), table: table.name, column: nil,
            reason: rule.id, message: LocalizedText(en: "breaks rule: \(title)", zh: "违反规则：\(title)"),
            raw: CSVEncoding.record(block, row: row), header: header)
    }

    private func line(_ block: CellBlock, _ row: Int) -> Int? {
        let line = block.line(ofRow: row)
        return line > 0 ? line : nil
    }

    private func reject(
        _ block: CellBlock, _ row: Int, column: ColumnDefinition, fault: DecodingFault?
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
            part: part, row: block.firstRow + row, line: line(block, row), table: table.name, column: column.name,
            reason: "\(kind).\(table.name).\(column.name)", message: message,
            raw: CSVEncoding.record(block, row: row), header: header)
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
