import Columnar
import DelimitedText
import Testing

/// The quick way to write records against the plain one.
@Suite struct CSVRecordsTests {
    @Test("every byte at every place of texts up to three words long is quoted as the plain encoder quotes it")
    func everyByteEverywhere() {
        for length in 0...17 {
            for place in 0..<max(length, 1) {
                for byte in UInt8.min...UInt8.max {
                    // What lies behind the end must not matter: there are commas.
                    var bytes = Array(repeating: UInt8(ascii: "x"), count: length)
                    if length > 0 { bytes[place] = byte }
                    expectSame(bytes)
                }
            }
        }
    }

    @Test("two neighbours of any kind are told apart, also where a borrow runs from one to the next")
    func neighbours() {
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max { expectSame([UInt8(ascii: "y"), first, second, UInt8(ascii: "z")]) }
        }
    }

    @Test("the end of PostgreSQL's COPY is quoted, and what resembles it is not")
    func endOfCopy() {
        for text in ["\\.", "\\", ".", "\\..", "x\\."] { expectSame(Array(text.utf8)) }
    }

    @Test("fields follow each other, NULL and the empty text differ, and a record can be taken back")
    func records() {
        let records = CSVRecords()
        records.appendNull()
        append([], to: records)
        append(Array("a,b".utf8), to: records)
        records.endRecord()
        let kept = records.count
        append(Array("gone".utf8), to: records)
        records.cut(to: kept)
        append(Array("次".utf8), to: records)
        records.endRecord()
        let text = records.withBytes { String(decoding: $0, as: UTF8.self) }
        #expect(text == ",\"\",\"a,b\"\n次\n")
    }

    private func expectSame(_ bytes: [UInt8]) {
        let records = CSVRecords()
        append(bytes, to: records)
        var expected: [UInt8] = []
        bytes.withUnsafeBufferPointer { CSVEncoding.append($0, to: &expected) }
        let found = records.withBytes { Array($0) }
        if found != expected { Issue.record("\(bytes) is \(found), not \(expected)") }
    }

    private func append(_ bytes: [UInt8], to records: CSVRecords) {
        let padded = bytes + Array(repeating: UInt8(ascii: ","), count: 16)
        padded.withUnsafeBufferPointer { records.append(UnsafeBufferPointer(rebasing: $0[..<bytes.count])) }
    }
}
