import Columnar
import Glibc
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
        to = parts.to.map { program.keys($0, columns, count, areTargets: true, arena) }
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
        var target: [UInt8] = []
        guard let when = rule.when else {
            try forEachWhole { try write($0, firstRow + $0, .member, record, &target, writer) }
            return alone
        }
        var outside = judged.values[when]?.outcomes() ?? OutcomeMask(count: judged.valueCount)
        outside.formNot()
        // What a row is when its group turns out to be broken.
        let broken = judged.worst(outside)
        let members = judged.applicable(rule)
        try forEachWhole { row in
            guard broken[row] != .isTrue else { return }
            try write(
                row, firstRow + row, GroupRole(isMember: members[row], outcome: broken[row]), record, &target, writer)
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

    /// - Parameter target: room for the bytes of what depends on the key, to be used again.
    @inline(__always)
    private func write(
        _ row: Int, _ number: Int, _ role: GroupRole, _ record: GroupRecord, _ target: inout [UInt8],
        _ writer: SpillStreams.Writer
    ) throws {
        let hash = from.hash(row)
        target.removeAll(keepingCapacity: true)
        to?.appendCanonical(row, to: &target)
        let place = try writer.reserve(
            record.size(target: target.count), in: Int(hash >> UInt64(64 - TableState.partitionBits)))
        record.write(hash, UInt32(truncatingIfNeeded: number), role, target, to: place)
    }
}

/// What is remembered of a row by the key of a `unique` or `depends` rule: 32 bits of the key beside those that tell its
/// partition, the row, of rules with a condition what the row is to its group, and the bytes of what depends on the key.
///
/// Few bits of the key do: rows in which they are equal are compared by their real keys afterwards. What depends on it is
/// whole, as rows that agree in it are not looked at again.
struct GroupRecord {
    private let hasRole: Bool
    let hasTarget: Bool
    private static let roleOffset = 8
    /// Where the length of the target stands, before its bytes.
    private let targetOffset: Int

    init(_ rule: CompiledRule) {
        hasRole = rule.when != nil
        hasTarget = if case .depends = rule.judgement { true } else { false }
        targetOffset = GroupRecord.roleOffset + (hasRole ? 1 : 0)
    }

    /// Bytes of a record with a target of so many bytes.
    @inline(__always)
    func size(target: Int) -> Int { targetOffset + (hasTarget ? 4 + target : 0) }

    /// Bytes of the record at a place.
    @inline(__always)
    func size(_ place: UnsafeRawPointer) -> Int {
        size(target: hasTarget ? Int(place.loadUnaligned(fromByteOffset: targetOffset, as: UInt32.self)) : 0)
    }

    @inline(__always)
    func write(
        _ hash: UInt64, _ row: UInt32, _ role: GroupRole, _ target: [UInt8], to place: UnsafeMutableRawPointer
    ) {
        place.storeBytes(of: UInt32(truncatingIfNeeded: hash), as: UInt32.self)
        place.storeBytes(of: row, toByteOffset: 4, as: UInt32.self)
        if hasRole { place.storeBytes(of: role.code, toByteOffset: GroupRecord.roleOffset, as: UInt8.self) }
        guard hasTarget else { return }
        place.storeBytes(of: UInt32(truncatingIfNeeded: target.count), toByteOffset: targetOffset, as: UInt32.self)
        target.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            (place + targetOffset + 4).copyMemory(from: base, byteCount: bytes.count)
        }
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

    /// Whether what depends on the key is the same, NULL being equal to NULL.
    @inline(__always)
    func haveEqualTargets(_ place: UnsafeRawPointer, _ other: UnsafeRawPointer) -> Bool {
        let size = size(place)
        return size == self.size(other)
            && memcmp(place + targetOffset + 4, other + targetOffset + 4, size - targetOffset - 4) == 0
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
        let loaded = try stream.load(partition)
        defer { withExtendedLifetime(loaded) {} }
        @inline(__always) func forEach(_ body: (UnsafeRawPointer) throws -> Void) rethrows {
            for piece in loaded.pieces {
                guard var place = piece.baseAddress else { continue }
                let end = place + piece.count
                while place < end {
                    try body(place)
                    place += record.size(place)
                }
            }
        }
        var count = 0
        forEach { _ in count += 1 }
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
        forEach { place in
            guard record.role(place) & 1 != 0 else { return }
            let slot = find(place)
            guard let other = places[slot] else {
                places[slot] = place
                return
            }
            if !record.hasTarget || !record.haveEqualTargets(place, other) {
                broken[slot] = true
                anyBroken = true
            }
        }
        if anyBroken {
            try forEach { place in
                guard broken[find(place)] else { return }
                let role = Int(record.role(place))
                try candidates.append(row: record.row(place), rule: rule | role << GroupRole.shift)
            }
        }
        stream.drop(partition)
    }
}
