import Columnar

/// Courts of rows as small numbers, in the order in which they first occur.
struct CourtInterner {
    private(set) var courts: [String] = []
    /// Codes of at most eight bytes, packed; nearly all are.
    private var packed: [UInt64: Int32] = [:]
    private var long: [String: Int32] = [:]

    mutating func index(of court: String) -> Int32 {
        let bytes = Array(court.utf8)
        return bytes.withUnsafeBufferPointer { index(of: $0) }
    }

    /// The number of each row's court; -1 where it is NULL or did not parse.
    mutating func indexes(_ column: Column, count: Int) -> [Int32] {
        guard case .text(let text) = column.storage else { return Array(repeating: -1, count: count) }
        var result = [Int32](repeating: -1, count: count)
        text.bytes.withUnsafeBufferPointer { bytes in
            // Rows of one court mostly follow each other, so the last one is tried first.
            var lastRange = 0..<0
            var last: Int32 = -1
            for row in 0..<count where column.valid[row] {
                let range = text.range(row)
                if last < 0 || !Self.areEqual(bytes, range, lastRange) {
                    last = index(of: UnsafeBufferPointer(rebasing: bytes[range]))
                    lastRange = range
                }
                result[row] = last
            }
        }
        return result
    }

    private static func areEqual(_ bytes: UnsafeBufferPointer<UInt8>, _ left: Range<Int>, _ right: Range<Int>) -> Bool {
        guard left.count == right.count else { return false }
        for offset in 0..<left.count where bytes[left.lowerBound + offset] != bytes[right.lowerBound + offset] {
            return false
        }
        return true
    }

    private mutating func index(of bytes: UnsafeBufferPointer<UInt8>) -> Int32 {
        guard bytes.count <= 8 else {
            let court = String(decoding: bytes, as: UTF8.self)
            if let known = long[court] { return known }
            let index = append(court)
            long[court] = index
            return index
        }
        // No code holds a zero byte, so shorter codes cannot be taken for longer ones.
        var key: UInt64 = 0
        for byte in bytes { key = key << 8 | UInt64(byte) }
        if let known = packed[key] { return known }
        let index = append(String(decoding: bytes, as: UTF8.self))
        packed[key] = index
        return index
    }

    private mutating func append(_ court: String) -> Int32 {
        courts.append(court)
        return Int32(courts.count - 1)
    }
}
