import Columnar

/// Where the rows of a table lie in its file: the place and line of every fourth, two bytes a row.
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

    static let step = 4

    private var blocks: [Block] = []
    private var places: [Place] = []

    /// Blocks come in the order of their rows.
    mutating func append(_ block: CellBlock) {
        guard block.rowCount > 0 else { return }
        blocks.append(
            Block(
                firstRow: block.firstRow, byteOffset: block.byteOffset, firstPlace: places.count,
                rowCount: block.rowCount))
        for row in stride(from: 0, to: block.rowCount, by: RowPlaces.step) {
            places.append(
                Place(offset: block.starts[row], line: UInt32(truncatingIfNeeded: block.line(ofRow: row))))
        }
    }

    mutating func append(_ other: RowPlaces) {
        for var block in other.blocks {
            block.firstPlace += places.count
            blocks.append(block)
        }
        places.append(contentsOf: other.places)
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
        let index = (row - block.firstRow) / RowPlaces.step
        let place = places[block.firstPlace + index]
        return (block.byteOffset + Int(place.offset), block.firstRow + index * RowPlaces.step, Int(place.line))
    }
}
