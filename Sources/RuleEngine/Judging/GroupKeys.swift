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

    /// Rows of which some part is an error, 64 at a time.
    private func errorWord(_ word: Int) -> UInt64 { (from.errors?[word] ?? 0) | (to?.errors?[word] ?? 0) }

    /// Rows in which the rule applies; of `unique` those with a complete key.
    func applicable(_ rule: CompiledRule, _ judged: JudgedRows) -> Bitmap {
        var rows = judged.applicable(rule)
        guard case .unique = rule.judgement else { return rows }
        for index in rows.words.indices { rows.words[index] &= from.complete[index] }
        return rows
    }

    static func size(hasTarget: Bool) -> Int { hasTarget ? 29 : 13 }

    /// Remembers the keys of rows, and gives their outcomes as if every key occurred once.
    func remember(
        _ rule: CompiledRule, _ judged: JudgedRows, firstRow: Int, _ writer: SpillStreams.Writer
    ) throws -> OutcomeMask {
        let count = from.count
        // An error where a part is one, undecided where a part is NULL.
        var alone = OutcomeMask(repeating: .isTrue, count: count)
        for word in alone.truths.indices {
            let errors = errorWord(word)
            alone.truths[word] &= from.complete[word] | errors
            alone.falses[word] = errors
        }
        if let last = alone.falses.indices.last { alone.falses[last] &= Bits.tail(count) }
        guard let when = rule.when else {
            try forEachWhole { try write($0, firstRow + $0, .member, writer) }
            return alone
        }
        var outside = judged.values[when]?.outcomes() ?? OutcomeMask(count: judged.valueCount)
        outside.formNot()
        // What a row is when its group turns out to be broken.
        let broken = judged.worst(outside)
        let members = judged.applicable(rule)
        try forEachWhole { row in
            guard broken[row] != .isTrue else { return }
            try write(row, firstRow + row, GroupRole(isMember: members[row], outcome: broken[row]), writer)
        }
        outside.formOr(judged.spread(alone))
        return judged.worst(outside)
    }

    @inline(__always)
    private func forEachWhole(_ body: (Int) throws -> Void) rethrows {
        for word in 0..<((from.count + 63) >> 6) {
            var rest = from.complete[word] & ~errorWord(word)
            if word == (from.count - 1) >> 6 { rest &= Bits.tail(from.count) }
            while rest != 0 {
                try body(word << 6 + rest.trailingZeroBitCount)
                rest &= rest &- 1
            }
        }
    }

    @inline(__always)
    private func write(_ row: Int, _ number: Int, _ role: GroupRole, _ writer: SpillStreams.Writer) throws {
        let hash = from.hash(row)
        let partition = Int(hash >> UInt64(64 - TableState.partitionBits))
        let place = try writer.reserve(GroupKeys.size(hasTarget: to != nil), in: partition)
        place.storeBytes(of: hash, as: UInt64.self)
        place.storeBytes(of: UInt32(truncatingIfNeeded: number), toByteOffset: 8, as: UInt32.self)
        place.storeBytes(of: role.code, toByteOffset: 12, as: UInt8.self)
        guard let to else { return }
        place.storeBytes(of: to.first[row] &+ UInt64(to.forms[row]), toByteOffset: 13, as: UInt64.self)
        place.storeBytes(of: to.second[row], toByteOffset: 21, as: UInt64.self)
    }
}

/// What a row is to the group of its key.
struct GroupRole {
    /// Whether the rule applies to it, so that it counts in its group.
    var isMember: Bool
    /// The row's outcome when the group is broken: false for members.
    var outcome: Outcome

    static let member = GroupRole(isMember: true, outcome: .isFalse)

    init(isMember: Bool, outcome: Outcome) {
        self.isMember = isMember
        self.outcome = outcome
    }

    /// Three bits, and where candidates keep them: above the rule's number.
    var code: UInt8 { outcome.rawValue << 1 | (isMember ? 1 : 0) }
    static let shift = 28
    static let ruleMask = 1 << shift - 1

    init(code: Int) {
        isMember = code >> GroupRole.shift & 1 != 0
        outcome = Outcome(rawValue: UInt8(code >> (GroupRole.shift + 1) & 3)) ?? .isFalse
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
        defer { withExtendedLifetime(loaded) {} }
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
                guard place.load(fromByteOffset: 12, as: UInt8.self) & 1 != 0 else { continue }
                let slot = find(place)
                guard let other = places[slot] else {
                    places[slot] = place
                    continue
                }
                let differs =
                    !hasTarget
                    || place.loadUnaligned(fromByteOffset: 13, as: UInt64.self)
                        != other.loadUnaligned(fromByteOffset: 13, as: UInt64.self)
                    || place.loadUnaligned(fromByteOffset: 21, as: UInt64.self)
                        != other.loadUnaligned(fromByteOffset: 21, as: UInt64.self)
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
                    let role = Int((base + offset).load(fromByteOffset: 12, as: UInt8.self))
                    try candidates.append(row: row, rule: rule | role << GroupRole.shift)
                }
            }
        }
        stream.drop(partition)
    }
}
