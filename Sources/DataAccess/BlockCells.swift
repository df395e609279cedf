public import Columnar

/// Any `BlockReader` as a `CellReader`: for rows that come from a database, or were made in memory.
///
/// The bytes are copied column by column; only the places of cells are computed one by one.
public struct BlockCells<Base: BlockReader>: CellReader {
    public var columns: [String] { base.columns }
    public private(set) var base: Base

    public init(_ base: Base) { self.base = base }

    public mutating func next(into block: inout CellBlock) throws -> Bool {
        guard let rows = try base.next() else { return false }
        block.columnCount = rows.columns.count
        block.rowCount = rows.rowCount
        block.firstRow = rows.firstRow
        block.firstLine = rows.lines.first.map { Int($0) } ?? 0
        let isOneLineEach = rows.lines.last.map { Int($0) == block.firstLine + rows.rowCount - 1 } ?? true
        block.lines = isOneLineEach ? [] : rows.lines
        block.byteOffset = 0
        block.starts.removeAll(keepingCapacity: true)
        block.starts.append(contentsOf: repeatElement(0, count: rows.rowCount))
        block.bytes.removeAll(keepingCapacity: true)
        block.cells.removeAll(keepingCapacity: true)
        block.cells.append(contentsOf: repeatElement(.null, count: rows.rowCount * rows.columns.count))
        for (index, column) in rows.columns.enumerated() {
            let base = UInt32(block.bytes.count)
            block.bytes.append(contentsOf: column.bytes)
            for row in 0..<rows.rowCount where !column.isNull(row) {
                let range = column.range(row)
                block.cells[row * rows.columns.count + index] = CellBlock.Cell(
                    start: base + UInt32(range.lowerBound), end: base + UInt32(range.upperBound))
            }
        }
        block.bytes.append(contentsOf: repeatElement(0, count: CellBlock.padding))
        return true
    }
}
