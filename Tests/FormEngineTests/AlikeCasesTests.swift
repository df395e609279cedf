import Testing

@testable import FormEngine

/// What counts cases together: the exchange of rows and columns of bits, the table of kinds, and the parts of forms.
struct AlikeCasesTests {
    @Test("what predicates say of rows becomes what is said of each row", arguments: [1, 7, 8, 9, 16, 17, 32, 33, 64])
    func transposes(_ predicates: Int) {
        let square = BitMatrix(predicates: predicates)
        let said = (0..<square.side).map { $0 < predicates ? UInt64($0 + 1) &* 0x9E37_79B9_7F4A_7C15 : 0 }
        var words = said
        words.withUnsafeMutableBufferPointer { words in
            guard let base = words.baseAddress else { return }
            square.transpose(base)
            for row in 0..<64 {
                let bits = square.row(row, of: base)
                for predicate in 0..<square.side {
                    #expect(bits >> UInt64(predicate) & 1 == said[predicate] >> UInt64(row) & 1)
                }
            }
        }
    }

    @Test("every kind is counted by itself, however many there are, and again after they were given")
    func counts() {
        var alike = AlikeCases()
        for round in 1...2 {
            var expected: [[Int]: Int] = [:]
            var kinds: [AlikeCases.Kind] = []
            for court in 0..<120 {
                for code in 0..<12 {
                    for bits in 1..<8 {
                        let count = (court + code + bits) % 3 + round
                        expected[[bits, court, code]] = count
                        for _ in 0..<count {
                            kinds.append(.init(bits: UInt64(bits), court: Int32(court), code: Int32(code)))
                        }
                    }
                }
            }
            for start in stride(from: 0, to: kinds.count, by: 64) {
                kinds[start..<min(start + 64, kinds.count)].withUnsafeBufferPointer { alike.add($0) }
            }
            var found: [[Int]: Int] = [:]
            alike.drain { kind, cases in found[[Int(kind.bits), Int(kind.court), Int(kind.code)], default: 0] += cases }
            #expect(found == expected)
        }
    }

    @Test("a form of any width has each of its rows and columns together in one part", arguments: [1, 48, 49, 100])
    func parts(_ width: Int) {
        let layout = CountLayout(columns: Array(0..<width), rows: (0..<150).map { ($0, $0) }, subtrees: [0])
        var cells = Set<[Int]>()
        for part in layout.parts {
            #expect(part.columns.count + part.rows.count <= 64)
            for column in part.columns {
                for row in part.rows { #expect(cells.insert([row.row, column]).inserted) }
                if part.subtree != nil { #expect(cells.insert([-1, column]).inserted) }
            }
        }
        #expect(cells.count == 151 * width)
    }
}
