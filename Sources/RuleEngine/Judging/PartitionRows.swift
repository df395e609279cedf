import Columnar
import RuleLanguage

/// What is remembered of all tables in one partition of keys, put in order and grouped once for all that ask. One per
/// thread.
final class PartitionRows {
    /// What lives as long as the partition.
    let arena = Arena()
    let states: [TableState]
    private var partition = 0
    private var loaded: [[LoadedStream?]]
    private var found: [[UnsafeBufferPointer<UnsafeRawPointer>?]]
    private var grouped: [[Members?]]
    private var matches: [Match] = []

    /// For each group of one stream the group with the same key of another, or −1.
    private struct Match {
        var from: (table: Int, stream: Int)
        var to: (table: Int, stream: Int)
        var groups: UnsafeMutablePointer<Int32>
    }

    init(_ states: [TableState]) {
        self.states = states
        loaded = states.map { Array(repeating: nil, count: $0.keyStreams.count) }
        found = states.map { Array(repeating: nil, count: $0.keyStreams.count) }
        grouped = states.map { Array(repeating: nil, count: $0.keyStreams.count) }
    }

    /// Forgets one partition and turns to another.
    func move(to partition: Int) {
        forget()
        self.partition = partition
    }

    /// Lets go of what was loaded.
    func forget() {
        arena.reset()
        matches.removeAll(keepingCapacity: true)
        for table in states.indices {
            for stream in loaded[table].indices {
                loaded[table][stream] = nil
                found[table][stream] = nil
                grouped[table][stream] = nil
            }
        }
    }

    /// Where the records of a stream begin, in the order of their rows.
    func places(of state: TableState, stream: Int) throws -> UnsafeBufferPointer<UnsafeRawPointer> {
        if let known = found[state.number][stream] { return known }
        let records = try state.keyStreams[stream].load(partition)
        loaded[state.number][stream] = records
        let made = PartitionRows.places(records, state.layouts[stream], arena)
        found[state.number][stream] = made
        return made
    }

    /// The rows of a stream, grouped by key.
    func members(of state: TableState, stream: Int) throws -> Members {
        if let known = grouped[state.number][stream] { return known }
        let made = Members(try places(of: state, stream: stream), state.layouts[stream], arena)
        grouped[state.number][stream] = made
        return made
    }

    /// For each row of a stream the group of another stream with its key, or −1.
    func groups(
        of here: (state: TableState, stream: Int), in there: (state: TableState, stream: Int)
    ) throws -> UnsafeMutablePointer<Int32> {
        let rows = try places(of: here.state, stream: here.stream)
        let members = try members(of: there.state, stream: there.stream)
        let found = arena.make(Int32.self, rows.count)
        // Where rows with equal keys are together already, a key is looked up once.
        if let own = grouped[here.state.number][here.stream] {
            let match = self.match(
                own, (here.state.number, here.stream), members, (there.state.number, there.stream))
            for row in 0..<rows.count { found[row] = match[Int(own.groups[row])] }
        } else {
            let layout = here.state.layouts[here.stream]
            for row in 0..<rows.count { found[row] = members.group(of: rows[row], layout) }
        }
        return found
    }

    private func match(
        _ own: Members, _ from: (table: Int, stream: Int), _ other: Members, _ to: (table: Int, stream: Int)
    ) -> UnsafeMutablePointer<Int32> {
        if let known = matches.first(where: { $0.from == from && $0.to == to }) { return known.groups }
        let groups = arena.make(Int32.self, own.groupCount)
        if let inverse = matches.first(where: { $0.from == to && $0.to == from }) {
            groups.update(repeating: -1, count: own.groupCount)
            for group in 0..<other.groupCount where inverse.groups[group] >= 0 {
                groups[Int(inverse.groups[group])] = Int32(truncatingIfNeeded: group)
            }
        } else {
            for group in 0..<own.groupCount {
                groups[group] = other.group(of: own.places[Int(own.first[group])], own.layout)
            }
        }
        matches.append(Match(from: from, to: to, groups: groups))
        return groups
    }

    private static func places(
        _ stream: LoadedStream, _ layout: CarriedLayout, _ arena: Arena
    ) -> UnsafeBufferPointer<UnsafeRawPointer> {
        let bytes = stream.pieces.reduce(0) { $0 + $1.count }
        let places = arena.make(UnsafeRawPointer.self, bytes / (KeyRecord.headerSize + layout.fixedSize) + 1)
        var count = 0
        var isOrdered = true
        var last: UInt32 = 0
        for piece in stream.pieces {
            guard var place = piece.baseAddress else { continue }
            let end = place + piece.count
            while place < end {
                places[count] = place
                let row = KeyRecord.row(place)
                isOrdered = isOrdered && last <= row
                last = row
                count += 1
                place += KeyRecord.size(place, layout)
            }
        }
        if !isOrdered { sort(places, count, arena) }
        return UnsafeBufferPointer(start: places, count: count)
    }

    /// Several threads hand rows in as they come, so that there are many ascending runs: numbers, which lie side by side,
    /// are sorted instead of records, which do not.
    private static func sort(
        _ places: UnsafeMutablePointer<UnsafeRawPointer>, _ count: Int, _ arena: Arena
    ) {
        var numbers = (0..<count).map { UInt64(KeyRecord.row(places[$0])) << 32 | UInt64($0) }
        numbers.sort()
        let unordered = arena.make(UnsafeRawPointer.self, count)
        unordered.update(from: places, count: count)
        for (index, number) in numbers.enumerated() { places[index] = unordered[Int(number & 0xFFFF_FFFF)] }
    }
}

/// The rows of one stream in one partition, grouped by key.
struct Members {
    let places: UnsafeBufferPointer<UnsafeRawPointer>
    private let records: UnsafeBufferPointer<UnsafeRawPointer>
    let layout: CarriedLayout
    /// Group of each member.
    let groups: UnsafeMutablePointer<Int32>
    /// First member of each group, in the order of rows, and the one after each member; −1 is none.
    let first: UnsafeMutablePointer<Int32>
    let next: UnsafeMutablePointer<Int32>
    private(set) var groupCount = 0
    /// Group + 1 at each place of an open-addressed table; 0 is free.
    private let table: UnsafeMutablePointer<Int32>
    private let mask: Int

    var count: Int { places.count }

    /// - Parameter places: where the records begin, in the order of their rows.
    fileprivate init(_ places: UnsafeBufferPointer<UnsafeRawPointer>, _ layout: CarriedLayout, _ arena: Arena) {
        self.layout = layout
        self.places = places
        let count = places.count
        let records = arena.make(UnsafeRawPointer.self, count)
        for index in 0..<count { records[index] = places[index] + KeyRecord.headerSize }
        self.records = UnsafeBufferPointer(start: records, count: count)
        groups = arena.make(Int32.self, count)
        first = arena.make(Int32.self, count)
        next = arena.make(Int32.self, count)
        var size = 16
        while size < count * 2 { size *= 2 }
        mask = size - 1
        table = arena.make(Int32.self, size)
        table.update(repeating: 0, count: size)
        let last = arena.make(Int32.self, count)
        for index in 0..<count {
            let slot = slot(of: places[index], layout)
            let member = Int32(truncatingIfNeeded: index)
            next[index] = -1
            if table[slot] == 0 {
                table[slot] = Int32(truncatingIfNeeded: groupCount + 1)
                first[groupCount] = member
                last[groupCount] = member
                groups[index] = Int32(truncatingIfNeeded: groupCount)
                groupCount += 1
            } else {
                let group = Int(table[slot]) - 1
                next[Int(last[group])] = member
                last[group] = member
                groups[index] = Int32(truncatingIfNeeded: group)
            }
        }
    }

    /// Where a key stands in the table, or would.
    @inline(__always)
    private func slot(of place: UnsafeRawPointer, _ layout: CarriedLayout) -> Int {
        let (first, second, form) = (KeyRecord.first(place), KeyRecord.second(place), KeyRecord.form(place))
        var slot = Int(truncatingIfNeeded: KeyHash.mixed(first, second, form)) & mask
        while table[slot] != 0 {
            let other = places[Int(self.first[Int(table[slot]) - 1])]
            if KeyRecord.first(other) == first, KeyRecord.second(other) == second, KeyRecord.form(other) == form,
                form != EncodedKeys.Form.hashed
                    || KeyRecord.key(place, layout).elementsEqual(KeyRecord.key(other, self.layout))
            {
                return slot
            }
            slot = (slot + 1) & mask
        }
        return slot
    }

    /// −1 when no member has the row's key.
    @inline(__always) func group(of place: UnsafeRawPointer, _ layout: CarriedLayout) -> Int32 {
        count == 0 ? -1 : table[slot(of: place, layout)] - 1
    }

    /// What all members carry in a slot.
    func vector(_ slot: Int, _ arena: Arena) -> Vector { layout.read(slot, records, arena) }

    /// What some members carry in a slot.
    func vector(_ slot: Int, of chosen: [Int], _ arena: Arena) -> Vector {
        chosen.map { records[$0] }.withUnsafeBufferPointer { layout.read(slot, $0, arena) }
    }

    /// Every row with every member of its group, rows ascending; with `keepsEmpty` also rows without members, with −1.
    func pairs(
        _ groups: UnsafeBufferPointer<Int32>, keepsEmpty: Bool, _ arena: Arena
    ) -> (origins: UnsafeBufferPointer<Int32>, members: UnsafeBufferPointer<Int32>) {
        var count = 0
        for group in groups {
            var member = group < 0 ? -1 : first[Int(group)]
            if member < 0, keepsEmpty { count += 1 }
            while member >= 0 {
                count += 1
                member = next[Int(member)]
            }
        }
        let origins = arena.make(Int32.self, count)
        let members = arena.make(Int32.self, count)
        var place = 0
        for (row, group) in groups.enumerated() {
            var member = group < 0 ? -1 : first[Int(group)]
            if member < 0, !keepsEmpty { continue }
            repeat {
                origins[place] = Int32(truncatingIfNeeded: row)
                members[place] = member
                place += 1
                member = member < 0 ? -1 : next[Int(member)]
            } while member >= 0
        }
        return (UnsafeBufferPointer(start: origins, count: count), UnsafeBufferPointer(start: members, count: count))
    }
}
