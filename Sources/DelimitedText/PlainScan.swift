import CKernels
import Columnar

/// Finds the cells of plain records with the vector instructions of the machine, and stops before whatever is not plain.
struct PlainScan {
    enum End {
        /// No record ends in what is left.
        case done
        /// The block has all the rows it may have.
        case full
        /// The records that begin before `limit` are to be read byte by byte.
        case odd(limit: Int)
    }

    /// Whether rows ended with CR LF, or with LF alone.
    private(set) var sawCarriageReturns = false
    private(set) var sawFeedsAlone = false
    private let delimiter: UInt8
    private let nullText: [UInt8]
    private let tuning: ScanTuning
    private var places: [UInt32]

    init(columnCount: Int, delimiter: UInt8, nullText: [UInt8], tuning: ScanTuning) {
        self.delimiter = delimiter
        self.nullText = nullText
        self.tuning = tuning
        places = Array(repeating: 0, count: columnCount + tuning.window + 64)
    }

    /// Plain records become rows, from `position` on, which moves to the first record that does not. The block has room
    /// for all the rows there can be.
    ///
    /// - Parameters:
    ///   - limit: just after a line feed.
    ///   - free: where the block's free bytes begin; moved on by what is copied there, the values with doubled quotes.
    mutating func append(
        to block: inout CellBlock, lines: inout LineNumbers, position: inout Int, limit: Int, free: inout Int
    ) -> End {
        var scan = sitong_csv()
        scan.record = UInt32(position)
        scan.limit = UInt32(limit)
        scan.column_count = UInt32(block.columnCount)
        scan.delimiter = delimiter
        scan.level = Int32(tuning.level)
        scan.window = UInt32(tuning.window)
        scan.row_capacity = UInt32(min(tuning.rows, block.starts.count))
        scan.row_count = UInt32(block.rowCount)
        scan.null_count = UInt32(nullText.count)
        scan.free = UInt32(free)
        scan.free_limit = UInt32(max(free, block.bytes.count - CellBlock.padding))
        scan.line = UInt32(truncatingIfNeeded: lines.next)
        // Sound because the bytes are padded, `places` has room for a window, and the rest for `row_capacity` rows.
        let result = block.bytes.withUnsafeMutableBufferPointer { bytes in
            block.cells.withUnsafeMutableBytes { cells in
                block.starts.withUnsafeMutableBufferPointer { starts in
                    lines.ofRows.withUnsafeMutableBufferPointer { lines in
                        nullText.withUnsafeBufferPointer { nullText in
                            places.withUnsafeMutableBufferPointer { places in
                                scan.bytes = bytes.baseAddress
                                scan.cells = cells.baseAddress?.assumingMemoryBound(to: sitong_cell.self)
                                scan.starts = starts.baseAddress
                                scan.lines = lines.baseAddress
                                scan.null_text = nullText.baseAddress
                                scan.places = places.baseAddress
                                return sitong_csv_scan(&scan)
                            }
                        }
                    }
                }
            }
        }
        free = Int(scan.free)
        block.rowCount = Int(scan.row_count)
        lines.next += Int(scan.line &- UInt32(truncatingIfNeeded: lines.next))
        if scan.has_inner_lines { lines.hasInnerLines = true }
        position = Int(scan.record)
        if scan.crlf_count > 0 { sawCarriageReturns = true }
        if scan.lf_count > 0 { sawFeedsAlone = true }
        switch Int(result) {
        case sitong_csv_full: return .full
        case sitong_csv_odd: return .odd(limit: Int(scan.odd_limit))
        default: return .done
        }
    }
}
