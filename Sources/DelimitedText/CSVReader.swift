public import Columnar
public import DataAccess

/// The rows of `CSVCellReader` as columns of text that are the caller's to keep.
///
/// Rows of one block are consecutive: a malformed record ends the block, which may then have no rows.
public final class CSVReader<Source: ByteSource>: BlockReader {
    /// The header as the file has it.
    public var columns: [String] { cells.columns }
    /// Each at most once, in the order of `CSVNotice`.
    public var notices: [CSVNotice] { cells.notices }
    /// Rows and malformed records so far.
    public var recordCount: Int { cells.recordCount }

    private var cells: CSVCellReader<Source>
    private var block = CellBlock()

    /// Reads the header. Throws `csv-header` (65) when there is none that can be used.
    ///
    /// - Parameter file: for messages.
    public init(_ source: Source, file: String, options: CSVOptions = CSVOptions()) throws {
        var tuning = ScanTuning()
        tuning.rows = RawBlock.preferredRowCount
        cells = try CSVCellReader(source, file: file, options: options, tuning: tuning)
    }

    /// The malformed records met since the last call.
    public func takeMalformed() -> [MalformedRecord] { cells.takeMalformed() }

    public func next() throws -> RawBlock? {
        guard try cells.next(into: &block) else { return nil }
        return RawBlock(block)
    }
}

extension RawBlock {
    /// Copies the values column by column.
    public init(_ block: CellBlock) {
        self.init(columnCount: block.columnCount, firstRow: block.firstRow)
        rowCount = block.rowCount
        if block.firstLine > 0 {
            lines = (0..<block.rowCount).map { Int32(truncatingIfNeeded: block.line(ofRow: $0)) }
        }
        block.bytes.withUnsafeBufferPointer { bytes in
            for index in columns.indices {
                var column = TextColumn()
                for row in 0..<block.rowCount {
                    let cell = block.cells[row * block.columnCount + index]
                    if cell.isNull {
                        column.appendNull()
                    } else {
                        column.append(bytes: UnsafeBufferPointer(rebasing: bytes[cell.range]))
                    }
                }
                columns[index] = column
            }
        }
    }
}
