import Columnar
import DataAccess
import Diagnostics
import Schema

/// Packs the rows of a reader: the compared columns of those that are meant, as canonical texts.
struct RowPacker {
    private let places: [Int]
    private let forms: [CanonicalText]
    private let filter: RowFilter?

    /// - Parameter offered: the reader's columns.
    init(_ plan: RowPlan, offered: [String]) throws {
        try self.init(plan, columns: plan.columns, filter: plan.filter, offered: offered)
    }

    /// Packs the keys of all rows alone.
    init(keysOf plan: RowPlan, offered: [String]) throws {
        try self.init(plan, columns: plan.key, filter: nil, offered: offered)
    }

    private init(_ plan: RowPlan, columns: [Int], filter: RowPlan.Filter?, offered: [String]) throws {
        let codes = offered.map { plan.table.column(offered: $0)?.name ?? $0 }
        places = try columns.map { column in
            let name = plan.table.columns[column].name
            guard let place = codes.firstIndex(of: name) else {
                throw OperationError.rowColumnGone(name, table: plan.table)
            }
            return place
        }
        forms = columns.map { CanonicalText(plan.table.columns[$0]) }
        self.filter = try filter.map { try RowFilter($0, plan: plan, offered: codes) }
    }

    /// Calls `body` with each row that is meant; the row is lent.
    func forEachRow(of block: CellBlock, _ body: (PackedRow) throws -> Void) throws {
        guard block.rowCount > 0 else { return }
        var row = PackedRow()
        func visit(_ index: Int) throws {
            row.removeAll()
            block.bytes.withUnsafeBufferPointer { bytes in
                for (place, form) in zip(places, forms) {
                    let cell = block.cells[index * block.columnCount + place]
                    row.append(cell.isNull ? nil : UnsafeBufferPointer(rebasing: bytes[cell.range]), as: form)
                }
            }
            try body(row)
        }
        guard let filter else {
            for index in 0..<block.rowCount { try visit(index) }
            return
        }
        for index in try filter.rows(of: block) { try visit(index) }
    }
}

extension OperationError {
    /// A file that was exchanged while it was compared.
    static func rowColumnGone(_ name: String, table: TableDefinition) -> OperationError {
        OperationError(
            .badData, code: "rows-column-gone",
            LocalizedText(
                en: "column '\(name)' of table '\(table.name)' was there a moment ago",
                zh: "表“\(table.title)”的列“\(name)”刚才还在，现在没有了"),
            hint: LocalizedText(en: "is the file being written?", zh: "文件是否正在被改写？"))
    }
}
