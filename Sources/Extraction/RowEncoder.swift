import Columnar
import DelimitedText
import Schema

/// Makes records of the batch from the rows of a query: columns picked and named, codes translated, rows counted by court.
///
/// A row with a text that is not UTF-8 becomes no record: its number, column and bytes are set aside.
struct RowEncoder {
    /// A row that no batch can hold as text.
    struct BadRow {
        /// Among the rows of the query, from 1.
        var row: Int
        var column: String
        /// The row as it was offered, in the strict CSV profile but for the bytes that are no text.
        var bytes: [UInt8]
    }

    private let plan: ColumnPlan
    /// By place among the plan's columns.
    private var translations: [CodeTranslation?]
    private var courts = CourtCount()
    private let mayHoldBadText: Bool
    /// Since they were taken last.
    private var badRows: [BadRow] = []

    /// - Parameter mayHoldBadText: whether the source hands out bytes without looking at them.
    init(_ plan: ColumnPlan, codes: [String: [String: String]], table: TableDefinition, mayHoldBadText: Bool) {
        self.plan = plan
        self.mayHoldBadText = mayHoldBadText
        translations = plan.columns.map { _ in nil }
        for (name, map) in codes {
            guard let column = table.column(name)?.name, let place = plan.offeredPlace(of: column) else { continue }
            translations[place] = CodeTranslation(map)
        }
    }

    var rowsPerCourt: [String: Int] { courts.rowsPerCourt }

    /// By column, the codes that have no translation.
    var untranslated: [(column: String, values: [String: Int])] {
        zip(plan.columns, translations).compactMap { column, translation in
            guard let values = translation?.untranslated, !values.isEmpty else { return nil }
            return (column, values)
        }
    }

    mutating func takeBadRows() -> [BadRow] {
        defer { badRows.removeAll() }
        return badRows
    }

    /// Appends a block's rows; how many records they became.
    mutating func append(_ block: CellBlock, to records: CSVRecords) -> Int {
        var count = 0
        let origins = plan.origins
        block.bytes.withUnsafeBufferPointer { bytes in
            block.cells.withUnsafeBufferPointer { cells in
                let mayBeBad = mayHoldBadText && !Self.isAllText(bytes, cells[..<(block.rowCount * block.columnCount)])
                for row in 0..<block.rowCount {
                    let first = row * block.columnCount
                    if mayBeBad, let column = badColumn(bytes, cells, first) {
                        badRows.append(
                            BadRow(
                                row: block.firstRow + row, column: column,
                                bytes: CSVEncoding.record(block, row: row)))
                        continue
                    }
                    for place in 0..<origins.count {
                        switch origins[place] {
                        case .offered(let offered):
                            let cell = cells[first + offered]
                            if cell.isNull {
                                records.appendNull()
                                continue
                            }
                            let text = UnsafeBufferPointer(rebasing: bytes[cell.range])
                            if translations[place] != nil {
                                translations[place]?.append(
                                    text, to: records, counting: place == plan.courtColumn, &courts)
                            } else {
                                records.append(text)
                                if place == plan.courtColumn { courts.add(text) }
                            }
                        case .constant(let padded, let count):
                            padded.withUnsafeBufferPointer {
                                let text = UnsafeBufferPointer(rebasing: $0[..<count])
                                records.append(text)
                                if place == plan.courtColumn { courts.add(text) }
                            }
                        }
                    }
                    records.endRecord()
                    count += 1
                }
            }
        }
        return count
    }

    /// Whether all that lies between the first and the last cell is text: then each cell is, if none begins within a
    /// character. Almost always it is, and one look at a block is cheaper than one at each cell.
    private static func isAllText(
        _ bytes: UnsafeBufferPointer<UInt8>, _ cells: Slice<UnsafeBufferPointer<CellBlock.Cell>>
    ) -> Bool {
        var end = 0
        var beginsWithin = false
        for cell in cells where !cell.isNull && cell.start < cell.end {
            beginsWithin = beginsWithin || bytes[Int(cell.start)] & 0xC0 == 0x80
            end = max(end, Int(cell.end))
        }
        return !beginsWithin && UTF8Text.isStorable(UnsafeBufferPointer(rebasing: bytes[..<end]))
    }

    private func badColumn(
        _ bytes: UnsafeBufferPointer<UInt8>, _ cells: UnsafeBufferPointer<CellBlock.Cell>, _ first: Int
    ) -> String? {
        for place in plan.columns.indices {
            guard case .offered(let offered) = plan.origins[place] else { continue }
            let text = UnsafeBufferPointer(rebasing: bytes[cells[first + offered].range])
            if !UTF8Text.isStorable(text) { return plan.columns[place] }
        }
        return nil
    }
}
