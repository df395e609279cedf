import Columnar
import RuleLanguage

/// Keys by their fingerprints, numbered from 0; 24 bytes a key.
struct KeyTable {
    private(set) var keys: [Fingerprint] = []
    /// Number + 1 of the key at each place of an open-addressed table; 0 is free.
    private var places = [UInt32](repeating: 0, count: 64)

    var count: Int { keys.count }

    func find(_ key: Fingerprint) -> Int? {
        var place = Int(truncatingIfNeeded: key.low) & (places.count - 1)
        while places[place] != 0 {
            let number = Int(places[place]) - 1
            if keys[number] == key { return number }
            place = (place + 1) & (places.count - 1)
        }
        return nil
    }

    /// The key's number, and whether it is new.
    mutating func insert(_ key: Fingerprint) -> (number: Int, isNew: Bool) {
        if let number = find(key) { return (number, false) }
        keys.append(key)
        if keys.count * 2 > places.count {
            places = [UInt32](repeating: 0, count: places.count * 2)
            for number in keys.indices { occupy(number) }
        } else {
            occupy(keys.count - 1)
        }
        return (keys.count - 1, true)
    }

    private mutating func occupy(_ number: Int) {
        var place = Int(truncatingIfNeeded: keys[number].low) & (places.count - 1)
        while places[place] != 0 { place = (place + 1) & (places.count - 1) }
        places[place] = UInt32(truncatingIfNeeded: number + 1)
    }
}

/// The fingerprints of some columns of each row of a block.
struct RowKeys {
    var fingerprints: [Fingerprint]
    /// One where no part is NULL or an error.
    var complete: [UInt64]
    var errors: [UInt64]?

    /// With `nullsAreValues` a NULL part equals another NULL.
    init(_ vectors: [Vector], _ types: [ExpressionType], count: Int, nullsAreValues: Bool = false) {
        fingerprints = [Fingerprint](repeating: Fingerprint(), count: count)
        errors = vectors.isEmpty ? nil : Bits.errors(vectors)
        complete = vectors.isEmpty ? Bitmap(repeating: true, count: count).words : Bits.valid(vectors)
        if let errors { for index in complete.indices { complete[index] &= ~errors[index] } }
        for (vector, type) in zip(vectors, types) {
            switch vector.storage {
            case .words(let words) where RowKeys.scale(type) == 0:
                for row in 0..<count where !nullsAreValues || vector.isValid(row) {
                    fingerprints[row].mix(UInt64(bitPattern: words[row]))
                    fingerprints[row].mix(words[row] < 0 ? .max : 0)
                }
            case .words, .wide:
                let wide = vector.wide(scaledBy: 0)
                let scale = RowKeys.scale(type)
                for row in 0..<count where !nullsAreValues || vector.isValid(row) {
                    RowKeys.mix(wide[row], scale, &fingerprints[row])
                }
            case .text(let column):
                column.bytes.withUnsafeBufferPointer { bytes in
                    for row in 0..<count where !nullsAreValues || vector.isValid(row) {
                        fingerprints[row].mix(UnsafeBufferPointer(rebasing: bytes[column.range(row)]))
                    }
                }
            }
            if nullsAreValues {
                for row in 0..<count where !vector.isValid(row) { fingerprints[row].mix(0x6E75_6C6C) }
            }
        }
    }

    private static func scale(_ type: ExpressionType) -> Int {
        if case .number(_, let scale) = type { scale } else { 0 }
    }

    /// Equal numbers of different scales mix alike: decimals that are zeros are dropped.
    private static func mix(_ value: Int128, _ scale: Int, _ fingerprint: inout Fingerprint) {
        var (value, scale) = (value, scale)
        while scale > 0, value % 10 == 0 {
            value /= 10
            scale -= 1
        }
        fingerprint.mix(UInt64(truncatingIfNeeded: value))
        fingerprint.mix(UInt64(truncatingIfNeeded: value >> 64))
        if scale > 0 { fingerprint.mix(UInt64(scale)) }
    }

    func isComplete(_ row: Int) -> Bool { complete[row >> 6] >> UInt64(row & 63) & 1 != 0 }
    func isError(_ row: Int) -> Bool { errors.map { $0[row >> 6] >> UInt64(row & 63) & 1 != 0 } ?? false }
}
