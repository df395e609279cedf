import Columnar

/// Where the rows of a table lie in its file: the place and line of every fourth, and of fewer where the table is large, so
/// that they never take more than 16 MB.
struct RowPlaces {
    private struct Block {
        var firstRow: Int
        var byteOffset: Int
        /// Of the first of its places.
        var firstPlace: Int
        var rowCount: Int
    }

    private struct Place {
        /// From the block's own.
        var offset: UInt32
        var line: UInt32
    }

    /// When there are more, every second one of each block is given up.
    private static let maximumCount = 2 << 20

    private var blocks: [Block] = []
    private var places: [Place] = []
    /// Rows from one place of a block to the next.
    private(set) var step = 4
    private let maximumCount: Int

    init(maximumCount: Int = RowPlaces.maximumCount) { self.maximumCount = maximumCount }

    /// Blocks come in the order of their rows.
    mutating func append(_ block: CellBlock) {
        guard block.rowCount > 0 else { return }
        begin(block.firstRow, block.byteOffset, rowCount: block.rowCount)
        for row in stride(from: 0, to: block.rowCount, by: step) {
            places.append(
                Place(offset: block.starts[row], line: UInt32(truncatingIfNeeded: block.line(ofRow: row))))
        }
        if places.count > maximumCount { thinOut() }
    }

    /// Those of later blocks.
    mutating func append(_ other: RowPlaces) {
        while step < other.step { thinOut() }
        for block in other.blocks {
            begin(block.firstRow, block.byteOffset, rowCount: block.rowCount)
            let count = (block.rowCount + other.step - 1) / other.step
            for place in stride(from: 0, to: count, by: step / other.step) {
                places.append(other.places[block.firstPlace + place])
            }
        }
        while places.count > max(maximumCount, blocks.count) { thinOut() }
    }

    private mutating func begin(_ firstRow: Int, _ byteOffset: Int, rowCount: Int) {
        blocks.append(
            Block(firstRow: firstRow, byteOffset: byteOffset, firstPlace: places.count, rowCount: rowCount))
    }

    private mutating func thinOut() {
        step *= 2
        var kept = 0
        for index in blocks.indices {
            let first = blocks[index].firstPlace
            blocks[index].firstPlace = kept
            for place in 0..<(blocks[index].rowCount + step - 1) / step {
                places[kept] = places[first + place * 2]
                kept += 1
            }
        }
        places.removeSubrange(kept...)
    }

    /// A place not after a row, in its block: where it is, which row begins there, and at which line.
    func place(of row: Int) -> (byteOffset: Int, firstRow: Int, line: Int)? {
        var (low, high) = (0, blocks.count)
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].firstRow <= row { low = middle + 1 } else { high = middle }
        }
        guard low > 0, row < blocks[low - 1].firstRow + blocks[low - 1].rowCount else { return nil }
        let block = blocks[low - 1]
        let index = (row - block.firstRow) / step
        let place = places[block.firstPlace + index]
        return (block.byteOffset + Int(place.offset), block.firstRow + index * step, Int(place.line))
    }
}
