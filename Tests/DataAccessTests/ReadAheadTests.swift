import Columnar
import DataAccess
import Diagnostics
import Foundation
import Testing

/// Reading in a thread of its own changes nothing but the time.
struct ReadAheadTests {
    /// Blocks of one row each, with its number as text.
    private final class Numbers: CellReader {
        let columns = ["n"]
        let widths: [ColumnWidth?] = [.text(9)]
        let count: Int
        let failure: (any Error)?
        private(set) var given = 0
        /// Microseconds that each block takes.
        var pause: UInt32 = 0
        private(set) var isReading = false

        init(_ count: Int, failure: (any Error)? = nil) {
            self.count = count
            self.failure = failure
        }

        func next(into block: inout CellBlock) throws -> Bool {
            guard given < count else {
                if let failure { throw failure }
                return false
            }
            isReading = true
            usleep(pause)
            defer { isReading = false }
            given += 1
            let text = Array("\(given)".utf8)
            block.columnCount = 1
            block.rowCount = 1
            block.firstRow = given
            block.bytes = text + [UInt8](repeating: 0, count: CellBlock.padding)
            block.cells = [.init(start: 0, end: UInt32(text.count))]
            return true
        }
    }

    @Test("all rows come, in order, and then the end, as often as it is asked for")
    func order() throws {
        let reader = ReadAhead(Numbers(1000))
        #expect(reader.columns == ["n"] && reader.widths == [.text(9)])
        var block = CellBlock()
        for number in 1...1000 {
            #expect(try reader.next(into: &block))
            #expect(block.text(row: 0, column: 0) == "\(number)" && block.firstRow == number)
        }
        for _ in 0..<3 { #expect(try !reader.next(into: &block)) }
    }

    @Test("an error comes after the rows before it, and comes again")
    func failure() throws {
        let reader = ReadAhead(Numbers(3, failure: POSIXError(.EIO)))
        var block = CellBlock()
        for _ in 1...3 { #expect(try reader.next(into: &block)) }
        for _ in 0..<2 { #expect(throws: POSIXError.self) { try reader.next(into: &block) } }
    }

    @Test("few blocks are ahead, and whoever drops it waits until the reader is at rest")
    func dropped() throws {
        let base = Numbers(.max)
        var reader: ReadAhead? = ReadAhead(base)
        #expect(base.given == 0)
        var block = CellBlock()
        #expect(try reader?.next(into: &block) == true)
        usleep(50_000)
        reader = nil
        let given = base.given
        #expect(given >= 1 && given <= 4)
        usleep(20_000)
        #expect(base.given == given)
    }

    @Test("whoever drops it in the middle of a block waits for that block")
    func droppedWhileReading() throws {
        let base = Numbers(.max)
        base.pause = 30_000
        var reader: ReadAhead? = ReadAhead(base)
        var block = CellBlock()
        #expect(try reader?.next(into: &block) == true)
        usleep(10_000)
        reader = nil
        #expect(!base.isReading)
    }
}
