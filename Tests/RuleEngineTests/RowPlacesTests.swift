import Columnar
import Testing

@testable import RuleEngine

struct RowPlacesTests {
    /// Rows of ten bytes, one a line, from 1 on.
    private func block(firstRow: Int, rowCount: Int) -> CellBlock {
        var block = CellBlock(columnCount: 1)
        block.firstRow = firstRow
        block.rowCount = rowCount
        block.byteOffset = (firstRow - 1) * 10
        block.starts = (0..<rowCount).map { UInt32($0 * 10) }
        block.firstLine = firstRow
        return block
    }

    @Test(
        "every row is found from a place before it, and there are never more places than may be",
        arguments: [5, 40, 9999])
    func places(maximumCount: Int) throws {
        var all = RowPlaces(maximumCount: maximumCount)
        var firstRow = 1
        for rowCount in [37, 1, 64, 5, 200, 3, 128, 17] {
            // As a thread hands them in.
            var own = RowPlaces()
            own.append(block(firstRow: firstRow, rowCount: rowCount))
            all.append(own)
            firstRow += rowCount
        }
        for row in 1..<firstRow {
            let place = try #require(all.place(of: row))
            #expect(place.firstRow <= row && row < place.firstRow + all.step)
            #expect(place.byteOffset == (place.firstRow - 1) * 10 && place.line == place.firstRow)
        }
        #expect(all.place(of: firstRow) == nil)
        #expect((all.step == 4) == (maximumCount == 9999))
    }
}
