import Columnar

/// Short texts as words: equal words, equal texts.
enum ShortText {
    /// Bytes that fit into a word beside their number.
    static let limit = 7
    /// Any longer text.
    static let long = UInt64.max

    /// The bytes from the low end, their number at the high one.
    @inline(__always) static func word(_ span: TextSpan) -> UInt64 {
        span.count <= limit ? span.word(at: 0) | UInt64(span.count) << 56 : long
    }

    /// Where a table begins to look for a word.
    @inline(__always) static func hash(_ word: UInt64) -> Int {
        Int(truncatingIfNeeded: (word &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }

    static func words(
        _ spans: UnsafeMutablePointer<TextSpan>, _ count: Int, _ arena: Arena
    ) -> UnsafeMutablePointer<UInt64> {
        let words = arena.make(UInt64.self, count)
        for row in 0..<count { words[row] = word(spans[row]) }
        return words
    }
}

/// Texts found again by their bytes, as fast as codes can be: a short one is looked up as one integer.
///
/// Made once, then only read, by any thread.
final class CodeIndex: @unchecked Sendable {
    private struct Place {
        var word: UInt64
        /// −1: free.
        var number: Int
    }

    // Sound because it is written in `init` alone.
    private let places: UnsafeMutableBufferPointer<Place>
    private let mask: Int
    /// Longer texts.
    private let long: TextIndex
    private let longNumbers: [Int32]
    private let hasLong: Bool
    /// All texts as words when they are so few and short that comparing with each is faster than looking them up.
    let few: [UInt64]?

    /// Texts are numbered as they stand; of equal ones the first counts.
    init(_ texts: [String]) {
        var size = 16
        while size < texts.count * 4 { size *= 2 }
        places = .allocate(capacity: size)
        places.initialize(repeating: Place(word: 0, number: -1))
        mask = size - 1
        var long = TextIndex()
        var longNumbers: [Int32] = []
        for (number, text) in texts.enumerated() {
            if text.utf8.count > ShortText.limit {
                if long.insert(text) == longNumbers.count { longNumbers.append(Int32(truncatingIfNeeded: number)) }
                continue
            }
            var word = UInt64(text.utf8.count) << 56
            for (index, byte) in text.utf8.enumerated() { word |= UInt64(byte) << UInt64(index * 8) }
            var place = ShortText.hash(word) & mask
            while places[place].number >= 0, places[place].word != word { place = (place + 1) & mask }
            if places[place].number < 0 { places[place] = Place(word: word, number: number) }
        }
        self.long = long
        self.longNumbers = longNumbers
        hasLong = !longNumbers.isEmpty
        few = longNumbers.isEmpty && texts.count <= 8 ? places.filter { $0.number >= 0 }.map(\.word) : nil
    }

    deinit { places.deallocate() }

    /// The number of a text, of which the word is known; −1 when it is not there.
    @inline(__always)
    func find(_ word: UInt64, _ span: @autoclosure () -> TextSpan) -> Int {
        if word == ShortText.long { return hasLong ? findLong(span()) : -1 }
        var place = ShortText.hash(word) & mask
        while true {
            let entry = places[place]
            if entry.word == word || entry.number < 0 { return entry.number }
            place = (place + 1) & mask
        }
    }

    private func findLong(_ span: TextSpan) -> Int {
        long.find(span.bytes).map { Int(longNumbers[$0]) } ?? -1
    }
}

extension Arena {
    /// A copy of a text.
    func text(_ text: String) -> TextSpan {
        var text = text
        return text.withUTF8 { copy($0) }
    }

    func copy(_ bytes: UnsafeBufferPointer<UInt8>) -> TextSpan {
        let made = make(UInt8.self, bytes.count)
        if let base = bytes.baseAddress { made.update(from: base, count: bytes.count) }
        return TextSpan(UnsafePointer(made), bytes.count)
    }
}
