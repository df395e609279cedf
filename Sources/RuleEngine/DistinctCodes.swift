import Columnar

/// The different short texts of a column of codes, numbered as they come: what is asked of codes many times, such as
/// membership in one subtree after another, is then answered once for each code instead of once for each row.
///
/// Belongs to one thread.
final class DistinctCodes {
    private struct Place {
        var word: UInt64
        /// −1: free.
        var number: Int32
    }

    private var places = [Place](repeating: Place(word: 0, number: -1), count: 256)
    private(set) var words: [UInt64] = []
    /// Beyond that many, texts are no codes any more, and have no number.
    private static let most = 1 << 16

    /// The number of each row's text; −1 for long ones.
    func numbers(of texts: ShortTexts, _ arena: Arena) -> UnsafeMutablePointer<Int32> {
        let numbers = arena.make(Int32.self, texts.operand.count)
        var row = 0
        while row < texts.operand.count {
            // Stops where a text is new, which needs room.
            row = places.withUnsafeBufferPointer { places in
                var row = row
                while row < texts.operand.count {
                    let word = texts.words[row]
                    let place = places[DistinctCodes.find(word, in: places)]
                    guard place.number >= 0 || word == ShortText.long || words.count == DistinctCodes.most else {
                        break
                    }
                    numbers[row] = place.number
                    row += 1
                }
                return row
            }
            if row < texts.operand.count { insert(texts.words[row]) }
        }
        return numbers
    }

    /// Where a word is, or would be.
    @inline(__always)
    private static func find(_ word: UInt64, in places: UnsafeBufferPointer<Place>) -> Int {
        let mask = places.count - 1
        var place = ShortText.hash(word) & mask
        while places[place].number >= 0, places[place].word != word { place = (place + 1) & mask }
        return place
    }

    private func insert(_ word: UInt64) {
        if words.count * 4 >= places.count {
            places = [Place](repeating: Place(word: 0, number: -1), count: places.count * 4)
            for (number, word) in words.enumerated() { put(word, number) }
        }
        put(word, words.count)
        words.append(word)
    }

    private func put(_ word: UInt64, _ number: Int) {
        let place = places.withUnsafeBufferPointer { DistinctCodes.find(word, in: $0) }
        places[place] = Place(word: word, number: Int32(truncatingIfNeeded: number))
    }
}
