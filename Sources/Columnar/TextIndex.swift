/// Distinct texts numbered from 0, found again by their bytes: code lists, literal sets, marks.
///
/// Texts lie end to end in one array; finding allocates nothing.
public struct TextIndex: Sendable {
    private var bytes: [UInt8] = []
    private var offsets: [Int] = [0]
    /// Number + 1 of the text at each place of an open-addressed table whose size is a power of two; 0 is free.
    private var places: [Int32]

    public init(_ texts: some Sequence<String> = []) {
        places = [Int32](repeating: 0, count: 16)
        for text in texts { insert(text) }
    }

    public var count: Int { offsets.count - 1 }

    /// The text's number, new or old.
    @discardableResult
    public mutating func insert(_ text: String) -> Int {
        var text = text
        return text.withUTF8 { insert($0) }
    }

    @discardableResult
    public mutating func insert(_ text: UnsafeBufferPointer<UInt8>) -> Int {
        if let number = find(text) { return number }
        if count * 2 >= places.count { grow() }
        bytes.append(contentsOf: text)
        offsets.append(bytes.count)
        occupy(TextIndex.hash(text), count)
        return count - 1
    }

    /// Nil when it is not there.
    public func find(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        var place = Int(truncatingIfNeeded: TextIndex.hash(text)) & (places.count - 1)
        while places[place] != 0 {
            let number = Int(places[place]) - 1
            let start = offsets[number]
            if offsets[number + 1] - start == text.count {
                let isSame = bytes.withUnsafeBufferPointer { own in
                    for index in 0..<text.count where own[start + index] != text[index] { return false }
                    return true
                }
                if isSame { return number }
            }
            place = (place + 1) & (places.count - 1)
        }
        return nil
    }

    public func find(_ text: String) -> Int? {
        var text = text
        return text.withUTF8 { find($0) }
    }

    private mutating func occupy(_ hash: UInt64, _ numberPlusOne: Int) {
        var place = Int(truncatingIfNeeded: hash) & (places.count - 1)
        while places[place] != 0 { place = (place + 1) & (places.count - 1) }
        places[place] = Int32(truncatingIfNeeded: numberPlusOne)
    }

    private mutating func grow() {
        places = [Int32](repeating: 0, count: places.count * 2)
        for number in 0..<count {
            let hash = bytes.withUnsafeBufferPointer {
                TextIndex.hash(UnsafeBufferPointer(rebasing: $0[offsets[number]..<offsets[number + 1]]))
            }
            occupy(hash, number + 1)
        }
    }

    private static func hash(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var fingerprint = Fingerprint()
        fingerprint.mix(text)
        return fingerprint.low
    }
}
