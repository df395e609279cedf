import Columnar
import Compression
import DataAccess
import DelimitedText
import Diagnostics
import TestSupport
import Testing

/// Bytes in memory, handed out in small pieces so that every record meets a boundary somewhere.
struct PieceSource: ByteSource {
    var bytes: ArraySlice<UInt8>
    var pieceSize: Int

    init(_ bytes: [UInt8], pieceSize: Int = 7) {
        self.bytes = bytes[...]
        self.pieceSize = pieceSize
    }

    mutating func read(into buffer: inout [UInt8]) -> Bool {
        buffer.append(contentsOf: bytes.prefix(pieceSize))
        defer { bytes = bytes.dropFirst(pieceSize) }
        return !bytes.isEmpty
    }
}

final class MemorySink: ByteSink {
    var bytes: [UInt8] = []
    func write(_ piece: UnsafeRawBufferPointer) { bytes.append(contentsOf: piece) }
    func finish() {}
}

struct Numbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite("Delimited text")
struct DelimitedTextTests {
    func read(_ text: String, pieceSize: Int = 7, options: CSVOptions = CSVOptions()) throws -> (
        rows: [[String?]], malformed: [MalformedRecord], notices: [CSVNotice]
    ) {
        try read(Array(text.utf8), pieceSize: pieceSize, options: options)
    }

    func read(_ bytes: [UInt8], pieceSize: Int = 7, options: CSVOptions = CSVOptions()) throws -> (
        rows: [[String?]], malformed: [MalformedRecord], notices: [CSVNotice]
    ) {
        let reader = try CSVReader(PieceSource(bytes, pieceSize: pieceSize), file: "x.csv", options: options)
        var rows: [[String?]] = []
        var malformed: [MalformedRecord] = []
        while let block = try reader.next() {
            for row in 0..<block.rowCount { rows.append(block.columns.map { $0[row] }) }
            malformed += reader.takeMalformed()
        }
        return (rows, malformed, reader.notices)
    }

    @Test("NULL, the empty text, quotes, commas and line feeds are told apart", arguments: [1, 2, 3, 1000])
    func values(pieceSize: Int) throws {
        let text = "a,b,c\n1,,\"\"\n\"x,y\",\"say \"\"hi\"\"\",\"two\nlines\"\n中,\"\u{1F600}\",z"
        let result = try read(text, pieceSize: pieceSize)
        #expect(result.rows == [["1", nil, ""], ["x,y", "say \"hi\"", "two\nlines"], ["中", "\u{1F600}", "z"]])
        #expect(result.malformed.isEmpty)
    }

    @Test("a byte order mark and CRLF are accepted with one notice each; mixed line ends with another")
    func lineEnds() throws {
        let result = try read("\u{FEFF}a,b\r\n1,2\r\n\"3\",\"4\"\r\n")
        #expect(result.rows == [["1", "2"], ["3", "4"]])
        #expect(result.notices == [.byteOrderMark, .carriageReturns])
        #expect(try read("a,b\n1,2\r\n3,4\n").notices == [.carriageReturns, .mixedLineEnds])
    }

    @Test("a record with too many or too few fields is set aside with its bytes and place")
    func fieldCount() throws {
        let result = try read("a,b\n1,2\nlonely\n3,4,5\n6,7\n")
        #expect(result.rows == [["1", "2"], ["6", "7"]])
        #expect(result.malformed.map(\.kind) == [.fields, .fields])
        #expect(result.malformed.map(\.row) == [2, 3])
        #expect(result.malformed.map(\.line) == [3, 4])
        #expect(result.malformed.map { String(decoding: $0.bytes, as: UTF8.self) } == ["lonely", "3,4,5"])
    }

    @Test("a quote that never closes ends where the next line has the table's fields", arguments: [1, 5, 1000])
    func openQuote(pieceSize: Int) throws {
        let result = try read("a,b\n\"open,2\nrest\n3,4\n5,6\n", pieceSize: pieceSize)
        #expect(result.rows == [["3", "4"], ["5", "6"]])
        #expect(result.malformed.map(\.kind) == [.quote])
        #expect(result.malformed.map(\.row) == [1])
    }

    @Test("text after a closing quote is malformed, and the next row is read")
    func textAfterQuote() throws {
        let result = try read("a,b\n\"x\"y,2\n3,4\n")
        #expect(result.rows == [["3", "4"]])
        #expect(result.malformed.first?.kind == .quote)
    }

    @Test("bytes that are not UTF-8 and zero bytes are set aside")
    func encoding() throws {
        var bytes = Array("a,b\n1,".utf8)
        bytes += [0xD6, 0xD0, 0x0A]
        bytes += Array("2,x\u{0}y\n3,好\n".utf8)
        let result = try read(bytes)
        #expect(result.rows == [["3", "好"]])
        #expect(result.malformed.map(\.kind) == [.encoding, .nul])
        #expect(result.malformed.first?.bytes == [0x31, 0x2C, 0xD6, 0xD0])
    }

    @Test("a header that is empty or names a column twice is refused")
    func header() throws {
        #expect(throws: OperationError.self) { try read("") }
        #expect(throws: OperationError.self) { try read("a,a\n1,2\n") }
        #expect(throws: OperationError.self) { try read([0x61, 0x2C, 0xD6, 0xD0, 0x0A]) }
    }

    @Test("doubled quotes in a header are undone")
    func headerWithQuotes() throws {
        let reader = try CSVReader(PieceSource(Array("\"say \"\"a\"\"\",b\n1,2\n".utf8)), file: "x.csv")
        #expect(reader.columns == ["say \"a\"", "b"])
    }

    @Test("only the next line counts when a broken record ends, not the next record")
    func recoveryLooksAtLines() throws {
        let result = try read("a,b\n\"x\"y,1\n\"open\nz\",2\n3,4\n")
        #expect(result.rows == [["z\"", "2"], ["3", "4"]])
        #expect(result.malformed.map(\.row) == [1])
    }

    @Test("a gzip file of no bytes is damaged, not empty")
    func emptyGzip() throws {
        let source = GzipSource(PieceSource([]), file: "x.gz")
        var bytes: [UInt8] = []
        #expect(throws: OperationError.self) { try source.read(into: &bytes) }
    }

    @Test("what is written is read back, over random blocks and piece sizes")
    func roundTrip() throws {
        let seed = TestSeed.draw()
        var numbers = Numbers(state: seed)
        let alphabet: [String] = ["", ",", "\"", "\n", "\r", "中", "a", "\\.", " ", "\u{1F600}", "\"\"", "'"]
        for _ in 0..<200 {
            let width = Int.random(in: 1...4, using: &numbers)
            var block = RawBlock(columnCount: width)
            block.rowCount = Int.random(in: 1...9, using: &numbers)
            for column in 0..<width {
                for _ in 0..<block.rowCount {
                    if Int.random(in: 0..<5, using: &numbers) == 0 {
                        block.columns[column].appendNull()
                    } else {
                        let length = Int.random(in: 0...4, using: &numbers)
                        block.columns[column].append(
                            (0..<length).map { _ in alphabet.randomElement(using: &numbers)! }.joined())
                    }
                }
            }
            let sink = MemorySink()
            var writer = try CSVWriter(sink, columns: (0..<width).map { "c\($0)" })
            try writer.write(block)
            try writer.finish()
            let result = try read(sink.bytes, pieceSize: Int.random(in: 1...40, using: &numbers))
            let expected = (0..<block.rowCount).map { row in block.columns.map { $0[row] } }
            #expect(result.rows == expected, "seed \(seed)")
            #expect(result.malformed.isEmpty, "seed \(seed)")
            // Row by row, without a block, it is the same file.
            let rows = MemorySink()
            var direct = try CSVWriter(rows, columns: (0..<width).map { "c\($0)" })
            for row in expected { try direct.writeRow { fields in for text in row { fields.append(text) } } }
            try direct.finish()
            #expect(rows.bytes == sink.bytes, "seed \(seed)")
        }
    }

    @Test("numbers are written in digits")
    func numbers() throws {
        let sink = MemorySink()
        var writer = try CSVWriter(sink, columns: ["n"])
        for number in [0, 7, -1, 10, 1_234_567_890, Int.max, Int.min, nil] {
            try writer.writeRow { $0.append(number) }
        }
        try writer.finish()
        let lines = String(decoding: sink.bytes, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect(
            lines.map(String.init) == [
                "n", "0", "7", "-1", "10", "1234567890", "\(Int.max)", "\(Int.min)", "", "",
            ])
    }

    @Test("zstd is read back whole, and damage or a cut is an error", arguments: [0, 1, 100_000, 3_000_000])
    func zstd(size: Int) throws {
        var numbers = Numbers(state: UInt64(size))
        let content = (0..<size).map { _ in UInt8.random(in: 0...15, using: &numbers) }
        let memory = MemorySink()
        let sink = ZstdSink(memory)
        try content.withUnsafeBytes { try sink.write($0) }
        try sink.finish()
        func unpack(_ bytes: [UInt8]) throws -> [UInt8] {
            let source = ZstdSource(PieceSource(bytes, pieceSize: 4000), file: "x.zst")
            var result: [UInt8] = []
            while try source.read(into: &result) {}
            return result
        }
        #expect(try unpack(memory.bytes) == content)
        #expect(throws: OperationError.self) { try unpack(Array(memory.bytes.dropLast())) }
        if size > 1 {
            var damaged = memory.bytes
            damaged[damaged.count / 2] ^= 0x10
            #expect(throws: OperationError.self) { try unpack(damaged) }
        }
    }
}
