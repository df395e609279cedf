import CKernels
import Columnar
import DataAccess
import DelimitedText
import Diagnostics
import TestSupport
import Testing

/// Bytes in memory that are put where they are wanted, so many at a time.
struct StraightSource: ByteSource {
    var base: PieceSource

    mutating func read(into buffer: inout [UInt8]) -> Bool { base.read(into: &buffer) }

    mutating func read(straightInto piece: UnsafeMutableRawBufferPointer) -> Int? {
        let bytes = base.bytes.prefix(min(base.pieceSize, piece.count))
        base.bytes = base.bytes.dropFirst(bytes.count)
        piece.copyBytes(from: bytes)
        return bytes.count
    }
}

/// What a reader made of a file.
struct Outcome: Equatable {
    var columns: [[UInt8]]?
    var rows: [SlowReader.Row] = []
    var malformed: [MalformedRecord] = []
    var notices: Set<CSVNotice> = []
}

/// Small files that hold everything that can go wrong.
struct RandomFile {
    var numbers: Numbers

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &numbers) }

    static let plain: [[UInt8]] = ["a", "12", "中", "\u{1F600}", "é", " ", "xyz", "", "\\N", "ab'c"].map {
        Array($0.utf8)
    }
    static let odd: [[UInt8]] = [
        [0x22], [0x22, 0x22], [0x0A], [0x0D], [0x0D, 0x0A], [0], [0x2C], [0xC3], [0xE4, 0xB8], [0xFF], [0x80],
        [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC0, 0xAF], [0xE0, 0x80, 0x80], [0x22, 0x2C, 0x22],
    ]

    mutating func next(columnCount: Int) -> [UInt8] {
        var bytes: [UInt8] = below(5) == 0 ? [0xEF, 0xBB, 0xBF] : []
        let lineEnd: [UInt8] = below(3) == 0 ? [0x0D, 0x0A] : [0x0A]
        let oddness = [3, 30, 400, 100_000][below(4)]
        for column in 0..<columnCount { bytes += (column > 0 ? [0x2C] : []) + Array("c\(column)".utf8) }
        bytes += lineEnd
        for _ in 0..<below(60) {
            for column in 0..<columnCount {
                if column > 0 { bytes.append(0x2C) }
                let isQuoted = below(4) == 0
                if isQuoted { bytes.append(0x22) }
                for _ in 0..<below(4) { bytes += Self.plain[below(Self.plain.count)] }
                if isQuoted, below(4) == 0 { bytes += [[0x22, 0x22], [0x0A], [0x2C], [0x0D, 0x0A]][below(4)] }
                if isQuoted { bytes.append(0x22) }
                if below(oddness) == 0 { bytes += Self.odd[below(Self.odd.count)] }
            }
            bytes += below(oddness) == 0 ? Self.odd[below(Self.odd.count)] : lineEnd
        }
        if below(3) == 0 { bytes.removeLast(min(bytes.count, below(4))) }
        return bytes
    }
}

@Suite("Cells of delimited text")
struct CellReaderTests {
    /// All blocks, and whether each holds what a block promises.
    func read(_ source: some ByteSource, options: CSVOptions, tuning: ScanTuning) throws -> Outcome {
        guard var reader = try? CSVCellReader(source, file: "x.csv", options: options, tuning: tuning) else {
            return Outcome()
        }
        var outcome = Outcome(columns: reader.columns.map { Array($0.utf8) })
        var block = CellBlock()
        while try reader.next(into: &block) {
            #expect(block.rowCount <= tuning.rows)
            for row in 0..<block.rowCount {
                let values = (0..<block.columnCount).map { column -> [UInt8]? in
                    let cell = block.cells[row * block.columnCount + column]
                    if cell.isNull { return nil }
                    #expect(Int(cell.end) + CellBlock.padding <= block.bytes.count)
                    return Array(block.bytes[cell.range])
                }
                outcome.rows.append(
                    SlowReader.Row(
                        number: block.firstRow + row, line: block.line(ofRow: row),
                        byteOffset: block.byteOffset + Int(block.starts[row]), values: values))
            }
            outcome.malformed += reader.takeMalformed()
        }
        outcome.notices = Set(reader.notices)
        #expect(reader.recordCount == outcome.rows.count + outcome.malformed.count)
        return outcome
    }

    static let levels = Array(Int(sitong_plain)...Int(sitong_level()))

    @Test("the reader agrees with a slow one, wherever the boundaries fall", arguments: levels)
    func agreesWithSlowReader(level: Int) throws {
        let seed = TestSeed.draw()
        var random = RandomFile(numbers: Numbers(state: seed))
        for round in 0..<3000 {
            let columnCount = 1 + random.below(5)
            let bytes = random.next(columnCount: columnCount)
            var options = CSVOptions()
            if random.below(4) == 0 { options.nullText = ["\\N", "a", "12a"][random.below(3)] }
            if random.below(4) == 0 { options.columns = (0..<columnCount).map { "c\($0)" } }
            var tuning = ScanTuning()
            tuning.level = level
            tuning.window = 64 * (1 + random.below(4))
            tuning.chunk = 1 + random.below(random.below(2) == 0 ? 40 : 2000)
            tuning.rows = random.below(2) == 0 ? 1 + random.below(6) : 8192
            if random.below(3) == 0 { tuning.longestRecord = 20 + random.below(300) }
            if random.below(2) == 0 { tuning.recoveryBytes = 1 + random.below(200) }
            if random.below(2) == 0 { tuning.recoveryLines = 1 + random.below(5) }
            let slow = SlowReader(bytes, options: options, tuning: tuning)
            let expected =
                slow.columns == nil
                ? Outcome()
                : Outcome(columns: slow.columns, rows: slow.rows, malformed: slow.malformed, notices: slow.notices)
            let pieces = PieceSource(bytes, pieceSize: 1 + random.below(300))
            let result =
                random.below(2) == 0
                ? try read(pieces, options: options, tuning: tuning)
                : try read(StraightSource(base: pieces), options: options, tuning: tuning)
            try #require(result == expected, "seed \(seed), round \(round), \(tuning)")
        }
    }

    @Test("rows are fetched again from the places that their blocks name")
    func fetchesRows() throws {
        let seed = TestSeed.draw()
        var random = RandomFile(numbers: Numbers(state: seed))
        let folder = try TemporaryFolder()
        for round in 0..<40 {
            let path = folder.path("\(round).csv")
            try folder.write(random.next(columnCount: 3), to: path)
            guard var reader = try? CSVCellReader(FileSource(path), file: path) else { continue }
            var fetcher = try CSVRowFetcher(path: path, columns: reader.columns)
            var block = CellBlock()
            var again = CellBlock()
            while try reader.next(into: &block) {
                for row in stride(from: 0, to: block.rowCount, by: 3) {
                    let count = min(3, block.rowCount - row)
                    let place = block.byteOffset + Int(block.starts[row])
                    try fetcher.fetch(at: place, count: count, firstRow: block.firstRow + row, into: &again)
                    #expect(again.rowCount == count && again.firstRow == block.firstRow + row)
                    for index in 0..<count {
                        for column in 0..<3 {
                            let text = block.text(row: row + index, column: column)
                            try #require(again.text(row: index, column: column) == text, "seed \(seed), \(round)")
                        }
                        #expect(
                            again.byteOffset + Int(again.starts[index]) == block.byteOffset
                                + Int(block.starts[row + index]))
                    }
                }
            }
        }
    }

    @Test("a file that was cut or changed since cannot be fetched from")
    func fetchesNothingFromChangedFile() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.csv")
        try folder.write(Array("a,b\n1,2\n3,4\n".utf8), to: path)
        var fetcher = try CSVRowFetcher(path: path, columns: ["a", "b"])
        var block = CellBlock()
        try fetcher.fetch(at: 8, count: 1, firstRow: 2, into: &block)
        #expect(block.text(row: 0, column: 1) == "4")
        for (content, place, count) in [
            ("a,b\n1,2\n3,4\n", 8, 2), ("a,b\n1,2\n", 8, 1), ("a,b\n12345,6\n", 8, 1), ("a,b\n1,22\n3,4\n", 8, 1),
            ("a,b\n1,2\n3\n", 8, 1),
            ("a,b\n1,2\n\"3,4\n", 8, 1), ("a,b\n1,2\n3,\0\n", 8, 1), ("", 8, 1), ("a,b\n", 1 << 40, 1),
            ("a,b\n", -1, 1),
        ] {
            try folder.write(Array(content.utf8), to: path)
            let error = #expect(throws: OperationError.self) {
                try fetcher.fetch(at: place, count: count, firstRow: 1, into: &block)
            }
            #expect(error?.code == "file-changed", "\(content)")
        }
    }

    @Test("blocks of any reader become cells")
    func blockCells() throws {
        let text = "a,b\n1,\"\"\n,\"x\ny\"\nz,中\n"
        var cells = BlockCells(try CSVReader(PieceSource(Array(text.utf8)), file: "x.csv"))
        #expect(cells.columns == ["a", "b"])
        var block = CellBlock()
        #expect(try cells.next(into: &block))
        let rows = (0..<block.rowCount).map { row in (0..<2).map { block.text(row: row, column: $0) } }
        #expect(rows == [["1", ""], [nil, "x\ny"], ["z", "中"]])
        #expect((0..<3).map { block.line(ofRow: $0) } == [2, 3, 5])
        #expect(block.bytes.count >= "1x\nyz中".utf8.count + CellBlock.padding)
        #expect(try !cells.next(into: &block))
    }
}
