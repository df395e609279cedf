import Columnar
import DataAccess
import DelimitedText
import Diagnostics
import FormEngine
import Reconciliation
import Schema

/// Figures from elsewhere: long CSV with columns `form court period row column value [own] [source]`.
enum FiguresFile {
    static let columns = ["form", "court", "period", "row", "column", "value", "own"]

    /// Puts them into a store; an empty value is a blank cell.
    ///
    /// - Parameter map: `value=hzz`: the file calls the column `hzz`.
    /// - Returns: how many figures found no place, by reason, and the line of the first of each.
    static func read(
        _ path: String, map: [String: String] = [:], into store: FigureStore
    ) throws -> [FigureTable.Misplacement: (count: Int, line: Int)] {
        let table = try FileTable(files: [path])
        func place(_ column: String) throws -> Int {
            guard let place = table.columns.firstIndex(of: map[column] ?? column) else {
                throw OperationError.figuresColumnMissing(map[column] ?? column, path, table.columns)
            }
            return place
        }
        let places = FigureReader.Places(
            form: try place("form"), court: try place("court"), period: try place("period"), row: try place("row"),
            column: try place("column"), value: try place("value"),
            own: map["own"] == nil && !table.columns.contains("own") ? nil : try place("own"))
        var reader = FigureReader(into: store, places: places)
        var block = CellBlock()
        while try table.next(into: &block) {
            do {
                try reader.append(block)
            } catch {
                throw OperationError.figuresMalformed(
                    path, line: block.line(ofRow: error.row), column: map[error.part.column] ?? error.part.column)
            }
        }
        if let bad = table.malformed.first {
            throw OperationError.figuresMalformed(path, line: bad.record.line, column: bad.record.kind.rawValue)
        }
        return reader.misplaced
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

extension Session {
    /// The figures of files, by the places of the forms; what finds no place there is left out with a warning.
    func figures(_ files: [String], map: [String: String] = [:], forms: [FormDefinition]) throws -> FigureStore {
        let store = FigureStore(forms: forms)
        for file in files {
            let misplaced = try FiguresFile.read(file, map: map, into: store)
            for (reason, found) in misplaced.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                let (count, line) = found
                console.warn(
                    LocalizedText(
                        en: "\(file): \(count) figures are left out: \(reason.text.en), first in line \(line)",
                        zh: "\(file)：\(count) 个数字被略去：\(reason.text.zh)，最先见于第 \(line) 行"))
            }
        }
        return store
    }
}

extension FigureTable.Misplacement {
    fileprivate var text: LocalizedText {
        switch self {
        case .unknownForm: LocalizedText(en: "unknown form", zh: "没有此报表")
        case .unknownRow: LocalizedText(en: "unknown row", zh: "没有此行")
        case .unknownColumn: LocalizedText(en: "unknown column", zh: "没有此栏")
        case .repeated: LocalizedText(en: "the cell already has another value", zh: "该格已有不同的数值")
        }
    }
}

extension FigureReader.Fault.Part {
    fileprivate var column: String {
        switch self {
        case .name: "form … column"
        case .value: "value"
        case .own: "own"
        }
    }
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
