import Columnar
import DataAccess
import DelimitedText
import Diagnostics
import FormEngine

/// Figures from elsewhere: long CSV with columns `form court period row column value [own] [source]`.
enum FiguresFile {
    static let columns = ["form", "court", "period", "row", "column", "value", "own"]

    /// Reads them one by one; an empty value is a blank cell.
    ///
    /// - Parameter map: `value=hzz`: the file calls the column `hzz`.
    static func read(_ path: String, map: [String: String] = [:], _ consume: (Figure) throws -> Void) throws {
        let table = try FileTable(files: [path])
        var places: [Int?] = []
        for column in columns {
            let name = map[column] ?? column
            let place = table.columns.firstIndex(of: name)
            if place == nil, column != "own" { throw OperationError.figuresColumnMissing(name, path, table.columns) }
            places.append(place)
        }
        while let block = try table.next() {
            for row in 0..<block.rowCount {
                func text(_ column: Int) -> String? { places[column].flatMap { block.columns[$0][row] } }
                func value(_ column: Int) throws -> CellValue {
                    guard let text = text(column), !text.isEmpty else { return .blank }
                    guard let number = ExactDecimal(text) else {
                        throw OperationError.figuresMalformed(
                            path, line: Int(block.lines[row]), column: columns[column])
                    }
                    return .number(number)
                }
                guard let form = text(0), let court = text(1), let period = text(2), let line = text(3),
                    let column = text(4)
                else {
                    throw OperationError.figuresMalformed(path, line: Int(block.lines[row]), column: "form … column")
                }
                try consume(
                    Figure(
                        form: form, court: court, period: period, row: line, column: column, value: try value(5),
                        own: places[6] == nil ? .absent : try value(6)))
            }
        }
        if let bad = table.malformed.first {
            throw OperationError.figuresMalformed(path, line: bad.record.line, column: bad.record.kind.rawValue)
        }
    }

    /// Writes them in the order given, whole or not at all.
    static func write(_ figures: some Sequence<Figure>, to path: String) throws {
        var writer = try CSVWriter(FileSink(path, exclusive: false), columns: columns)
        var block = RawBlock(columnCount: columns.count)
        for figure in figures {
            block.columns[0].append(figure.form)
            block.columns[1].append(figure.court)
            block.columns[2].append(figure.period)
            block.columns[3].append(figure.row)
            block.columns[4].append(figure.column)
            block.columns[5].append(text(figure.value))
            block.columns[6].append(text(figure.own))
            block.rowCount += 1
            if block.rowCount == RawBlock.preferredRowCount {
                try writer.write(block)
                block = RawBlock(columnCount: columns.count)
            }
        }
        try writer.write(block)
        try writer.finish()
    }

    private static func text(_ value: CellValue) -> String? { value.number.map { "\($0)" } }
}

extension OperationError {
    static func figuresColumnMissing(_ column: String, _ path: String, _ found: [String]) -> OperationError {
        OperationError(
            .badData, code: "figures-column-missing",
            LocalizedText(
                en: "the figures file '\(path)' has no column '\(column)'; it has \(found.joined(separator: ", "))",
                zh: "报表数字文件“\(path)”没有列“\(column)”；现有列：\(found.joined(separator: "、"))"),
            hint: LocalizedText(
                en: "name its columns with --map, such as --map value=hzz,court=fydm",
                zh: "请用 --map 指明列名，例如 --map value=hzz,court=fydm"))
    }

    static func figuresMalformed(_ path: String, line: Int, column: String) -> OperationError {
        OperationError(
            .badData, code: "figures-malformed",
            LocalizedText(
                en: "\(path):\(line): '\(column)' cannot be read", zh: "\(path):\(line)：“\(column)”无法读取"),
            hint: LocalizedText(
                en: "values are plain decimals such as 12 or 12.50, or empty for a blank cell",
                zh: "数值应为普通十进制数，如 12 或 12.50；空白单元格留空"))
    }
}
