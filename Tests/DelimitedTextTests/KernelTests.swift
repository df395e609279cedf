import CKernels
import TestSupport
import Testing

@Suite("Kernels")
struct KernelTests {
    static let levels = Array(sitong_plain...Int(sitong_level()))

    @Test("UTF-8 is judged as the standard library judges it, at every place of a vector", arguments: levels)
    func utf8(level: Int) {
        let seed = TestSeed.draw()
        var numbers = Numbers(state: seed)
        // The borders of Unicode's table 3-7.
        let leads: [UInt8] = [
            0x7F, 0x80, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        let others: [UInt8] = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0]
        for lead in leads {
            for second in others {
                for length in 1...4 {
                    let sequence = Array([lead, second, 0x80, 0xBF].prefix(length))
                    let before = Int.random(in: 0..<130, using: &numbers)
                    let after = Int.random(in: 0..<70, using: &numbers)
                    let bytes =
                        Array(repeating: UInt8(0x61), count: before) + sequence + Array(repeating: 0x62, count: after)
                    let expected = String(validating: bytes, as: UTF8.self) != nil
                    #expect(sitong_utf8_valid(bytes, bytes.count, Int32(level)) == expected, "\(sequence) at \(before)")
                }
            }
        }
        var texts: [String] = []
        for _ in 0..<3000 {
            var bytes = Array(
                String(
                    (0..<Int.random(in: 0..<60, using: &numbers)).map { _ in
                        ["a", "é", "中", "\u{1F600}", "z", "9"].randomElement(using: &numbers) ?? "a"
                    }.joined()
                ).utf8)
            if let place = bytes.indices.randomElement(using: &numbers), Bool.random(using: &numbers) {
                bytes[place] = UInt8.random(in: 0...255, using: &numbers)
            }
            let text = String(validating: bytes, as: UTF8.self)
            #expect(sitong_utf8_valid(bytes, bytes.count, Int32(level)) == (text != nil), "seed \(seed)")
            if let text { texts.append(text) }
        }
        texts.append(String(repeating: "中文a", count: 5000))
        #expect(points(of: texts, level) == texts.map { Int64($0.unicodeScalars.count) }, "seed \(seed)")
    }

    private func points(of texts: [String], _ level: Int) -> [Int64] {
        var points = Array(repeating: Int64(-1), count: texts.count)
        withTexts(texts.map { Array($0.utf8) }) { sitong_code_points($0, $0.count, &points, Int32(level)) }
        return points
    }

    /// Texts in memory, with the bytes behind them that kernels may read.
    private func withTexts(_ texts: [[UInt8]], _ body: ([sitong_text]) -> Void) {
        let padding = Array(repeating: UInt8(0x41), count: 64)
        let bytes = texts.flatMap { $0 + padding }
        bytes.withUnsafeBufferPointer { bytes in
            var start = 0
            body(
                texts.map { text in
                    defer { start += text.count + padding.count }
                    return sitong_text(start: bytes.baseAddress.map { $0 + start }, count: Int64(text.count))
                })
        }
    }

    @Test("32 hexadecimal digits are told from all other texts, and read", arguments: levels)
    func hexadecimal(level: Int) {
        var numbers = Numbers(state: 32)
        let digits = Array("0123456789abcdef".utf8)
        let near = Array("/:`gGAF@ \u{0}".utf8) + [0x80, 0xFF, 0xB0]
        var texts = (0..<2000).map { _ in (0..<32).map { _ in digits.randomElement(using: &numbers) ?? 48 } }
        for index in texts.indices {
            switch index % 3 {
            case 1: texts[index][Int.random(in: 0..<32, using: &numbers)] = near.randomElement(using: &numbers) ?? 0
            case 2: texts[index] = Array((texts[index] + texts[index]).prefix(Int.random(in: 0...40, using: &numbers)))
            default: break
            }
        }
        var first = Array(repeating: UInt64(7), count: texts.count)
        var second = first
        var isHex = Array(repeating: UInt8(9), count: texts.count)
        withTexts(texts) { sitong_hex($0, $0.count, &first, &second, &isHex, Int32(level)) }
        for (index, text) in texts.enumerated() {
            guard text.count == 32, text.allSatisfy(digits.contains) else {
                #expect(isHex[index] == 0 && first[index] == 7 && second[index] == 7, "\(text)")
                continue
            }
            let bytes = stride(from: 0, to: 32, by: 2).map {
                UInt64(String(decoding: text[$0..<($0 + 2)], as: UTF8.self), radix: 16) ?? 0
            }
            let words = [bytes[..<8], bytes[8...]].map { $0.reversed().reduce(0) { $0 << 8 | $1 } }
            #expect(isHex[index] == 1 && first[index] == words[0] && second[index] == words[1], "\(text)")
        }
    }

    @Test(
        "numbers are compared and found at every place of a word, and no bit is set behind the last", arguments: levels)
    func numbers(level: Int) {
        let edges: [Int64] = [.min, .min + 1, -1, 0, 1, 1 << 32, -1 << 32, .max - 1, .max]
        var numbers = Numbers(state: 20)
        for count in 1...200 {
            let left = (0..<count).map { _ in edges.randomElement(using: &numbers) ?? 0 }
            let right = (0..<count).map { _ in edges.randomElement(using: &numbers) ?? 0 }
            func bits(_ fill: (inout [UInt64]) -> Void) -> [Bool] {
                var words = Array(repeating: UInt64.max, count: (count + 63) / 64)
                fill(&words)
                return (0..<words.count * 64).map { words[$0 / 64] >> UInt64($0 % 64) & 1 != 0 }
            }
            func expected(_ test: (Int) -> Bool) -> [Bool] {
                (0..<(count + 63) / 64 * 64).map { $0 < count && test($0) }
            }
            for (comparison, holds) in [
                (sitong_equal, { $0 == $1 }), (sitong_less, { $0 < $1 }), (sitong_greater, { $0 > $1 }),
            ] as [(Int, (Int64, Int64) -> Bool)] {
                let found = bits { sitong_compare(left, right, count, Int32(comparison), &$0, Int32(level)) }
                #expect(found == expected { holds(left[$0], right[$0]) }, "\(count) numbers")
            }
            for wanted in edges {
                let words = left.map { UInt64(bitPattern: $0) }
                let found = bits { sitong_find(words, UInt64(bitPattern: wanted), count, &$0, Int32(level)) }
                #expect(found == expected { left[$0] == wanted }, "\(count) numbers")
            }
        }
    }
}
