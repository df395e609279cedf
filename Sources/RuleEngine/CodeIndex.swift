import Columnar

/// Texts found again by their bytes, as fast as codes can be: one of up to eight bytes is looked up as one integer.
///
/// Made once, then only read, by any thread.
final class CodeIndex: @unchecked Sendable {
    private struct Place {
        var word: UInt64
        var length: Int32
        /// −1: free.
        var number: Int32
    }

    // Sound because it is written in `init` alone.
    private let places: UnsafeMutableBufferPointer<Place>
    private let mask: Int
    /// Longer texts.
    private let long: TextIndex
    private let longNumbers: [Int32]
    private let hasLong: Bool

    /// Texts are numbered as they stand; of equal ones the first counts.
    init(_ texts: [String]) {
        var size = 16
        while size < texts.count * 4 { size *= 2 }
        places = .allocate(capacity: size)
        places.initialize(repeating: Place(word: 0, length: 0, number: -1))
        mask = size - 1
        var long = TextIndex()
        var longNumbers: [Int32] = []
        for (number, text) in texts.enumerated() {
            if text.utf8.count > 8 {
                if long.insert(text) == longNumbers.count { longNumbers.append(Int32(truncatingIfNeeded: number)) }
                continue
            }
            var word: UInt64 = 0
            for (index, byte) in text.utf8.enumerated() { word |= UInt64(byte) << UInt64(index * 8) }
            let length = Int32(truncatingIfNeeded: text.utf8.count)
            var place = CodeIndex.hash(word, length) & mask
            while places[place].number >= 0, places[place].word != word || places[place].length != length {
                place = (place + 1) & mask
            }
            if places[place].number < 0 {
                places[place] = Place(word: word, length: length, number: Int32(truncatingIfNeeded: number))
            }
        }
        self.long = long
        self.longNumbers = longNumbers
        hasLong = !longNumbers.isEmpty
    }

    deinit { places.deallocate() }

    @inline(__always)
    private static func hash(_ word: UInt64, _ length: Int32) -> Int {
        let product = (word ^ UInt64(truncatingIfNeeded: length) << 59) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: product >> 32)
    }

    /// −1 when it is not there.
    @inline(__always)
    func find(_ span: TextSpan) -> Int {
        guard span.count <= 8 else { return hasLong ? findLong(span) : -1 }
        let word = span.word(at: 0)
        let length = Int32(truncatingIfNeeded: span.count)
        var place = CodeIndex.hash(word, length) & mask
        while true {
            let entry = places[place]
            if entry.number < 0 { return -1 }
            if entry.word == word, entry.length == length { return Int(entry.number) }
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
