public import Columnar
public import DataAccess

/// The rows of a query as blocks of texts.
///
/// A value is printed by what it is, not by what its column was declared to hold: integers as they are, reals as the
/// shortest plain decimal that reads back the same, blobs as `\x…`.
public final class SQLiteReader: BlockReader {
    public let columns: [String]
    private let statement: SQLiteStatement
    private let checksTexts: Bool
    private var rowsRead = 0
    private var isAtEnd = false

    init(_ statement: SQLiteStatement, checksTexts: Bool) {
        self.checksTexts = checksTexts
        self.statement = statement
        columns = statement.columnNames
    }

    public func next() throws -> RawBlock? {
        guard !isAtEnd else { return nil }
        var block = RawBlock(columnCount: columns.count, firstRow: rowsRead + 1)
        while block.rowCount < RawBlock.preferredRowCount {
            guard try statement.step() else {
                isAtEnd = true
                break
            }
            rowsRead += 1
            for index in columns.indices {
                try statement.append(Int32(index), to: &block.columns[index], row: rowsRead, checksText: checksTexts)
            }
            block.rowCount += 1
        }
        return block.rowCount == 0 ? nil : block
    }
}
