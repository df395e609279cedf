public import Columnar
public import Diagnostics
import RuleLanguage
public import Schema

/// Reads the blocks of one table as its definition says: finds the columns by code or title and gives them their types.
public struct TableDecoder: Sendable {
    public let table: TableDefinition
    /// Indexes in the table of the columns that `decode` gives, in its order.
    public let columns: [Int]
    /// Where each of them stands in the reader's blocks.
    private let places: [Int]
    private let decoders: [ColumnDecoder]
    /// What went wrong in the last block, by the order of `columns`.
    public private(set) var faults: [DecodingFaults]

    /// `required` columns (table indexes) must be there; those of `optional` that are not are left out.
    public init(
        table: TableDefinition, required: [Int], optional: [Int] = [], readerColumns: [String]
    ) throws(OperationError) {
        var places: [Int: Int] = [:]
        for (place, name) in readerColumns.enumerated() {
            if let column = table.columnIndex(name), places[column] == nil { places[column] = place }
        }
        let missing = required.filter { places[$0] == nil }
        guard missing.isEmpty else {
            throw .missingColumns(missing.map { table.columns[$0] }, of: table, found: readerColumns)
        }
        let wanted = Set(required).union(optional).filter { places[$0] != nil }.sorted()
        self.table = table
        columns = wanted
        self.places = wanted.compactMap { places[$0] }
        decoders = wanted.map {
            ColumnDecoder(kind: table.columns[$0].type.kind, nullTexts: table.columns[$0].nullTexts)
        }
        faults = Array(repeating: DecodingFaults(), count: wanted.count)
    }

    /// The typed columns, in the order of `columns`.
    public mutating func decode(_ raw: RawBlock) -> Block {
        var decoded: [Column] = []
        decoded.reserveCapacity(columns.count)
        for index in columns.indices {
            faults[index].removeAll()
            decoded.append(decoders[index].decode(raw.columns[places[index]], faults: &faults[index]))
        }
        return Block(columns: decoded, rowCount: raw.rowCount, firstRow: raw.firstRow)
    }

    /// The text of a value as it was read; nil for NULL or a column that is not there.
    func text(_ column: Int, row: Int, in raw: RawBlock) -> String? {
        guard let index = columns.firstIndex(of: column) else { return nil }
        return raw.columns[places[index]][row]
    }
}

extension OperationError {
    /// All missing columns at once, with near misses among what is there.
    public static func missingColumns(
        _ columns: [ColumnDefinition], of table: TableDefinition, found: [String]
    ) -> OperationError {
        let names = columns.map { $0.title == $0.name ? $0.name : "\($0.name) \($0.title)" }.joined(separator: ", ")
        let unknown = found.filter { table.columnIndex($0) == nil }
        let near = columns.flatMap { column in
            [column.name, column.title].compactMap { Suggestion.nearest(to: $0, among: unknown) }
        }
        let list = Array(Set(near)).sorted().map { "'\($0)'" }.joined(separator: ", ")
        return OperationError(
            .badData, code: "missing-column",
            LocalizedText(
                en: "table '\(table.name)' lacks columns that are needed: \(names)",
                zh: "表“\(table.title)”缺少需要的列：\(names)"),
            hint: list.isEmpty
                ? LocalizedText(
                    en: "name the columns in the header as the definition of the table does, and add these",
                    zh: "请按表定义填写表头列名，并补上这些列")
                : LocalizedText(en: "is \(list) one of them, misspelt?", zh: "\(list) 是否为其误写？"))
    }
}
