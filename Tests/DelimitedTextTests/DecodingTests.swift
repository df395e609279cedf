import DataAccess
import DelimitedText
import Diagnostics
import Testing

@Suite("Texts in other encodings")
struct DecodingTests {
    /// All of a text, read in pieces of so many bytes.
    func decoded(_ bytes: [UInt8], _ encoding: TextEncoding, pieceSize: Int) throws -> [UInt8] {
        var source = try DecodingSource(PieceSource(bytes, pieceSize: pieceSize), from: encoding)
        var result: [UInt8] = []
        while try source.read(into: &result) {}
        return result
    }

    @Test(
        "letters are decoded, wherever the pieces end",
        arguments: [
            (TextEncoding.gbk, [0x61, 0xB0, 0xB8, 0xBC, 0xFE, 0xD5, 0x5C, 0x0A] as [UInt8], "a案件誠\n"),
            (.gb18030, [0x95, 0x34, 0xB2, 0x35, 0x2C, 0xB0, 0xB8, 0x81, 0x39, 0xEE, 0x39], "𠮷,案㐀"),
            (.big5, [0xAE, 0xD7, 0xA5, 0xF3, 0xA5, 0x5C, 0x2C], "案件功,"),
        ])
    func letters(_ encoding: TextEncoding, _ bytes: [UInt8], _ text: String) throws {
        for size in [1, 2, 3, 64] {
            #expect(try decoded(bytes, encoding, pieceSize: size) == Array(text.utf8), "pieces of \(size)")
        }
    }

    @Test("what cannot be decoded becomes a byte that no UTF-8 has, and what follows is decoded")
    func faults() throws {
        let bytes: [UInt8] = [0x31, 0xFF, 0xB0, 0xB8, 0x81, 0x0A, 0x32, 0x84]
        for size in [1, 2, 3, 64] {
            let found = try decoded(bytes, .gb18030, pieceSize: size)
            #expect(found == [0x31, 0xFF] + Array("案".utf8) + [0xFF, 0x0A, 0x32, 0xFF], "pieces of \(size)")
        }
    }

    @Test("a text of any length is decoded, also one that grows and one of nothing but faults")
    func longTexts() throws {
        let count = 700_000
        let letters = try decoded([UInt8](repeating: 0xA4, count: count * 2), .gbk, pieceSize: 1 << 20)
        #expect(letters.count == count * 3)
        #expect(letters.starts(with: "い".utf8))
        let faults = try decoded([UInt8](repeating: 0xFF, count: 3 << 20), .big5, pieceSize: 1 << 20)
        #expect(faults == [UInt8](repeating: 0xFF, count: 3 << 20))
        #expect(try decoded([], .gbk, pieceSize: 1).isEmpty)
    }

    @Test("encodings are called by their usual names")
    func names() {
        #expect(TextEncoding(name: "GB18030") == .gb18030)
        #expect(TextEncoding(name: "UTF8") == .utf8)
        #expect(TextEncoding(name: "utf-16") == nil)
    }
}
