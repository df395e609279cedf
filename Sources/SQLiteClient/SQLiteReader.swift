public import Columnar
public import DataAccess

/// The rows of a query as cells.
///
/// A value is printed by what it is, not by what its column was declared to hold: integers as they are, reals as the
/// shortest plain decimal that reads back the same, texts and blobs as their bytes. SQLite keeps any bytes as a text:
/// whoever reads judges whether they are one.
public final class SQLiteReader: CellReader {
    public let columns: [String]
    public let widths: [ColumnWidth?]
    private let statement: SQLiteStatement
    private var rowsRead = 0
    private var isAtEnd = false

    init(_ statement: SQLiteStatement) {
        self.statement = statement
        columns = statement.columnNames
        widths = statement.declaredTypes.map { $0.flatMap(ColumnWidth.init(declared:)) }
    }

    public func next(into block: inout CellBlock) throws -> Bool {
        let width = columns.count
        block.begin(columnCount: width, firstRow: rowsRead + 1)
        block.bytes.removeAll(keepingCapacity: true)
        if block.cells.count < RawBlock.preferredRowCount * width {
            block.cells = Array(repeating: .null, count: RawBlock.preferredRowCount * width)
        }
        while !isAtEnd, block.rowCount < RawBlock.preferredRowCount, block.bytes.count < CellBlock.preferredByteCount {
            guard try statement.step() else {
                isAtEnd = true
                break
            }
            block.starts.append(UInt32(truncatingIfNeeded: block.bytes.count))
            for place in 0..<width {
                let start = block.bytes.count
                let isNull = !statement.append(Int32(truncatingIfNeeded: place), to: &block.bytes)
                // SQLite keeps no row of more than 10^9 bytes, and so the places are far below 2^32.
                block.cells[block.rowCount * width + place] =
                    isNull ? .null : CellBlock.Cell(start: UInt32(start), end: UInt32(block.bytes.count))
            }
            block.rowCount += 1
        }
        rowsRead += block.rowCount
        block.bytes.append(contentsOf: repeatElement(0, count: CellBlock.padding))
        return block.rowCount > 0
    }
}

extension ColumnWidth {
    /// What `varchar(50)`, `char(10)` and `decimal(18, 2)` say. SQLite itself does not keep to it.
    fileprivate init?(declared: String) {
        guard let match = declared.wholeMatch(of: /\s*([A-Za-z0-9_ ]+?)\s*\(\s*([0-9]+)\s*(?:,\s*([0-9]+)\s*)?\)\s*/),
            let size = Int(match.2)
        else { return nil }
        let name = match.1.lowercased()
        if name.contains("char") || name.contains("text") {
            self = .text(size)
        } else if name.contains("dec") || name.contains("num") {
            self = .decimal(precision: size, scale: match.3.flatMap { Int($0) } ?? 0)
        } else {
            return nil
        }
    }
}
