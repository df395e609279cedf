import Columnar
import RuleLanguage
import RulePlan
import Schema

/// The keys of a `unique` or `depends` rule for the rows of a block, and how they are remembered: 64 bits of the key,
/// 128 of what depends on it, and the row.
struct GroupKeys {
    let from: EncodedKeys
    let to: EncodedKeys?

    init(
        _ parts: (from: [Int], to: [Int]?), _ columns: [Vector?], _ program: TableProgram, count: Int, _ arena: Arena
    ) {
        from = program.keys(parts.from, columns, count, arena)
        to = parts.to.map { program.keys($0, columns, count, nullsAreValues: true, arena) }
    }

    func isError(_ row: Int) -> Bool {
        if let errors = from.errors, Bits.test(errors, row) { return true }
        if let errors = to?.errors, Bits.test(errors, row) { return true }
        return false
    }

    /// Rows of which some part is an error, 64 at a time.
    func errorWord(_ word: Int) -> UInt64 { (from.errors?[word] ?? 0) | (to?.errors?[word] ?? 0) }

    /// Rows that take part.
    var completeRows: Bitmap {
        Bitmap(words: (0..<((from.count + 63) >> 6)).map { from.complete[$0] }, count: from.count)
    }

    static func size(hasTarget: Bool) -> Int { hasTarget ? 28 : 12 }

    @inline(__always)
    func write(_ row: Int, _ number: Int, _ writer: SpillStreams.Writer) throws {
        let hash = from.hash(row)
        let partition = Int(hash >> UInt64(64 - TableState.partitionBits))
        let place = try writer.reserve(GroupKeys.size(hasTarget: to != nil), in: partition)
        place.storeBytes(of: hash, as: UInt64.self)
        place.storeBytes(of: UInt32(truncatingIfNeeded: number), toByteOffset: 8, as: UInt32.self)
        guard let to else { return }
        place.storeBytes(of: to.first[row] &+ UInt64(to.forms[row]), toByteOffset: 12, as: UInt64.self)
        place.storeBytes(of: to.second[row], toByteOffset: 20, as: UInt64.self)
    }
}

/// Finds the rows whose keys may occur more than once, partition by partition.
enum GroupSearch {
    /// Notes each row of a group that has several rows, or several targets.
    static func run(_ state: TableState, rule: Int, partition: Int, _ candidates: LateRows.Writer) throws {
        guard let stream = state.groupStreams[rule],
            let parts = state.program.groupColumns(of: state.program.rules[rule])
        else { return }
        let loaded = try stream.load(partition)
        let hasTarget = parts.to != nil
        let size = GroupKeys.size(hasTarget: hasTarget)
        let count = loaded.pieces.reduce(0) { $0 + $1.count / size }
        guard count > 1 else {
            stream.drop(partition)
            return
        }
        var tableSize = 16
        while tableSize < count * 2 { tableSize *= 2 }
        let mask = tableSize - 1
        let arena = Arena()
        let places = arena.make(UnsafeRawPointer?.self, tableSize)
        places.update(repeating: nil, count: tableSize)
        // Whether the group whose first row is at this place is broken.
        let broken = arena.make(Bool.self, tableSize)
        broken.update(repeating: false, count: tableSize)
        var anyBroken = false
        @inline(__always) func hash(_ place: UnsafeRawPointer) -> UInt64 { place.loadUnaligned(as: UInt64.self) }
        @inline(__always) func find(_ place: UnsafeRawPointer) -> Int {
            let wanted = hash(place)
            var slot = Int(truncatingIfNeeded: wanted) & mask
            while let other = places[slot], hash(other) != wanted { slot = (slot + 1) & mask }
            return slot
        }
        for piece in loaded.pieces {
            guard let base = piece.baseAddress else { continue }
            for offset in stride(from: 0, to: piece.count, by: size) {
                let place = base + offset
                let slot = find(place)
                guard let other = places[slot] else {
                    places[slot] = place
                    continue
                }
                let differs =
                    !hasTarget
                    || place.loadUnaligned(fromByteOffset: 12, as: UInt64.self)
                        != other.loadUnaligned(fromByteOffset: 12, as: UInt64.self)
                    || place.loadUnaligned(fromByteOffset: 20, as: UInt64.self)
                        != other.loadUnaligned(fromByteOffset: 20, as: UInt64.self)
                if differs {
                    broken[slot] = true
                    anyBroken = true
                }
            }
        }
        if anyBroken {
            for piece in loaded.pieces {
                guard let base = piece.baseAddress else { continue }
                for offset in stride(from: 0, to: piece.count, by: size) where broken[find(base + offset)] {
                    let row = (base + offset).loadUnaligned(fromByteOffset: 8, as: UInt32.self)
                    try candidates.append(row: row, rule: rule)
                }
            }
        }
        stream.drop(partition)
    }
}
