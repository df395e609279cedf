import Columnar
import RuleLanguage
import RulePlan
import Schema

/// The keys of a `unique` or `depends` rule for the rows of a block, as they are remembered in `GroupRecord`s.
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

    /// The outcomes of a `unique` rule as if every key occurred once: undecided where a part is NULL.
    static func alone(_ state: (valid: BitWords, errors: BitWords?), count: Int) -> OutcomeMask {
        var alone = OutcomeMask(count: count)
        for word in alone.truths.indices {
            alone.truths[word] = state.valid[word] | (state.errors?[word] ?? 0)
            alone.falses[word] = state.errors?[word] ?? 0
        }
        if let last = alone.falses.indices.last {
            alone.truths[last] &= Bits.tail(count)
            alone.falses[last] &= Bits.tail(count)
        }
        return alone
    }

    /// Rows in which the rule applies; of `unique` those with a complete key.
    func applicable(_ rule: CompiledRule, _ judged: JudgedRows) -> Bitmap {
        var rows = judged.applicable(rule)
        guard case .unique = rule.judgement else { return rows }
        for index in rows.words.indices { rows.words[index] &= from.complete[index] }
        return rows
    }

    /// Remembers the keys of rows, and gives their outcomes as if every key occurred once.
    func remember(
        _ rule: CompiledRule, _ judged: JudgedRows, firstRow: Int, _ writer: SpillStreams.Writer
    ) throws -> OutcomeMask {
        let count = from.count
        var alone = GroupKeys.alone((from.complete, from.errors), count: count)
        if let errors = to?.errors {
            for word in alone.truths.indices {
                alone.truths[word] |= errors[word]
                alone.falses[word] |= errors[word]
            }
            if let last = alone.falses.indices.last {
                alone.truths[last] &= Bits.tail(count)
                alone.falses[last] &= Bits.tail(count)
            }
        }
        let record = GroupRecord(rule)
        guard let when = rule.when else {
            try forEachWhole { try write($0, firstRow + $0, .member, record, writer) }
            return alone
        }
        var outside = judged.values[when]?.outcomes() ?? OutcomeMask(count: judged.valueCount)
        outside.formNot()
        // What a row is when its group turns out to be broken.
        let broken = judged.worst(outside)
        let members = judged.applicable(rule)
        try forEachWhole { row in
            guard broken[row] != .isTrue else { return }
            try write(row, firstRow + row, GroupRole(isMember: members[row], outcome: broken[row]), record, writer)
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
    private func write(
        _ row: Int, _ number: Int, _ role: GroupRole, _ record: GroupRecord, _ writer: SpillStreams.Writer
    ) throws {
        let hash = from.hash(row)
        let place = try writer.reserve(record.size, in: Int(hash >> UInt64(64 - TableState.partitionBits)))
        record.write(hash, UInt32(truncatingIfNeeded: number), role, to: place)
        if let to { record.write(target: (to.first[row] &+ UInt64(to.forms[row]), to.second[row]), to: place) }
    }
}

/// What is remembered of a row by the key of a `unique` or `depends` rule: 32 bits of the key beside those that tell its
/// partition, the row, of rules with a condition what the row is to its group, and 128 bits of what depends on the key.
///
/// Few bits do: rows in which they are equal are compared by their real keys afterwards.
struct GroupRecord {
    private let hasRole: Bool
    let hasTarget: Bool
    /// In bytes.
    let size: Int
    private static let roleOffset = 8

    init(_ rule: CompiledRule) {
        hasRole = rule.when != nil
        hasTarget = if case .depends = rule.judgement { true } else { false }
        size = GroupRecord.roleOffset + (hasRole ? 1 : 0) + (hasTarget ? 16 : 0)
    }

    @inline(__always)
    func write(_ hash: UInt64, _ row: UInt32, _ role: GroupRole, to place: UnsafeMutableRawPointer) {
        place.storeBytes(of: UInt32(truncatingIfNeeded: hash), as: UInt32.self)
        place.storeBytes(of: row, toByteOffset: 4, as: UInt32.self)
        if hasRole { place.storeBytes(of: role.code, toByteOffset: GroupRecord.roleOffset, as: UInt8.self) }
    }

    @inline(__always)
    func write(target: (UInt64, UInt64), to place: UnsafeMutableRawPointer) {
        place.storeBytes(of: target.0, toByteOffset: size - 16, as: UInt64.self)
        place.storeBytes(of: target.1, toByteOffset: size - 8, as: UInt64.self)
    }

    @inline(__always) func hash(_ place: UnsafeRawPointer) -> UInt64 {
        UInt64(place.loadUnaligned(as: UInt32.self))
    }

    @inline(__always) func row(_ place: UnsafeRawPointer) -> UInt32 {
        place.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
    }

    @inline(__always) func role(_ place: UnsafeRawPointer) -> UInt8 {
        hasRole ? place.load(fromByteOffset: GroupRecord.roleOffset, as: UInt8.self) : GroupRole.member.code
    }

    @inline(__always) func target(_ place: UnsafeRawPointer) -> (UInt64, UInt64) {
        (
            place.loadUnaligned(fromByteOffset: size - 16, as: UInt64.self),
            place.loadUnaligned(fromByteOffset: size - 8, as: UInt64.self)
        )
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
        guard let stream = state.groupStreams[rule] else { return }
        let record = GroupRecord(state.program.rules[rule])
        let size = record.size
        let loaded = try stream.load(partition)
        defer { withExtendedLifetime(loaded) {} }
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
        @inline(__always) func find(_ place: UnsafeRawPointer) -> Int {
            let wanted = record.hash(place)
            var slot = Int(truncatingIfNeeded: wanted) & mask
            while let other = places[slot], record.hash(other) != wanted { slot = (slot + 1) & mask }
            return slot
        }
        for piece in loaded.pieces {
            guard let base = piece.baseAddress else { continue }
            for offset in stride(from: 0, to: piece.count, by: size) {
                let place = base + offset
                guard record.role(place) & 1 != 0 else { continue }
                let slot = find(place)
                guard let other = places[slot] else {
                    places[slot] = place
                    continue
                }
                let differs = !record.hasTarget || record.target(place) != record.target(other)
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
                    let role = Int(record.role(base + offset))
                    try candidates.append(
                        row: record.row(base + offset), rule: rule | role << GroupRole.shift)
                }
            }
        }
        stream.drop(partition)
    }
}
