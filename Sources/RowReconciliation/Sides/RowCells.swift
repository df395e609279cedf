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
        places = plan.columns.map { column in
            let name = plan.table.columns[column].name
            return offered.firstIndex { plan.table.column(offered: $0)?.name == name } ?? -1
        }
        precondition(!places.contains(-1), "a plan has only columns that both sides offer")
        forms = plan.columns.map { CanonicalText(plan.table.columns[$0]) }
        filter = try plan.filter.map { try RowFilter($0, plan: plan, offered: offered) }
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
