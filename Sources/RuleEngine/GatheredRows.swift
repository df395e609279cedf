import Columnar

/// Rows of several blocks, copied with the bytes of the cells that are wanted: judging a thousand rows at once costs
/// little more than judging a hundred.
struct GatheredRows {
    private(set) var count = 0
    /// Where the wanted cells stand in the blocks.
    private let places: [Int]
    private var bytes: [UInt8] = []
    private var usedBytes = 0
    /// Row by row, in the order of `places`.
    private var cells: [CellBlock.Cell] = []

    /// As many rows as still lie in the processor's cache when they are judged.
    private static let fullRows = 2048
    private static let fullBytes = 1 << 20

    init(places: [Int]) { self.places = places }

    var isFull: Bool { count >= GatheredRows.fullRows || usedBytes >= GatheredRows.fullBytes }

    mutating func append(_ rows: RowCells, _ chosen: [Int32]) {
        let width = rows.columnCount
        let size = chosen.reduce(0) { sum, row in
            places.reduce(sum) { $0 + rows.cells[Int(row) * width + $1].count }
        }
        let needed = usedBytes + size + CellBlock.padding
        if bytes.count < needed { bytes.append(contentsOf: repeatElement(0, count: needed * 2 - bytes.count)) }
        cells.reserveCapacity((count + chosen.count) * places.count)
        bytes.withUnsafeMutableBufferPointer { bytes in
            // Sound because it has `needed` bytes at least.
            let target = bytes.baseAddress.unsafelyUnwrapped
            for row in chosen {
                for place in places {
                    let cell = rows.cells[Int(row) * width + place]
                    guard !cell.isNull else {
                        cells.append(.null)
                        continue
                    }
                    (target + usedBytes).update(from: rows.bytes + Int(cell.start), count: cell.count)
                    let end = usedBytes + cell.count
                    cells.append(CellBlock.Cell(start: UInt32(usedBytes), end: UInt32(end)))
                    usedBytes = end
                }
            }
        }
        count += chosen.count
    }

    mutating func removeAll() {
        count = 0
        usedBytes = 0
        cells.removeAll(keepingCapacity: true)
    }

    /// Their cells, in the order of `places`.
    func withCells<R>(_ body: (RowCells) throws -> R) rethrows -> R {
        try bytes.withUnsafeBufferPointer { bytes in
            try cells.withUnsafeBufferPointer { cells in
                // Sound because rows without wanted cells are none: a scan always wants the columns of its predicates.
                guard let first = bytes.baseAddress, let cell = cells.baseAddress else {
                    preconditionFailure("rows were gathered without cells")
                }
                return try body(RowCells(bytes: first, cells: cell, columnCount: places.count, count: count))
            }
        }
    }
}
