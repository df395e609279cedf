import CKernels
import Testing

@Suite("Kernels")
struct KernelTests {
    static let levels = Array(sitong_plain...Int(sitong_level()))

    @Test("UTF-8 is judged as the standard library judges it, at every place of a vector", arguments: levels)
    func utf8(level: Int) {
        let seed = UInt64.random(in: 0...UInt64.max)
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
            if let text {
                #expect(
                    sitong_code_points(bytes, bytes.count, Int32(level)) == text.unicodeScalars.count, "seed \(seed)")
            }
        }
        let long = Array(String(repeating: "中文a", count: 5000).utf8)
        #expect(sitong_code_points(long, long.count, Int32(level)) == 15000)
    }
}
