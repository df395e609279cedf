import Columnar
import RuleLanguage
import RulePlan
import Schema

/// What one relation gave for each row of a table, to be met again when the table is read a second time: for rules that
/// need several relations, or a relation and a group.
///
/// By ranges of rows; a row with several related rows has a note for each.
final class ReplayNotes {
    private let link: TableProgram.Link
    private let ranges: SpillStreams
    private let layout: CarriedLayout
    private let relatedTypes: [ExpressionType]
    private static let rangeBits = 16

    init(_ link: TableProgram.Link, _ program: TableProgram, _ context: RunContext) {
        self.link = link
        ranges = SpillStreams(count: 0, context.budget)
        let related = context.program.tables[link.related].table
        relatedTypes = link.lookups.map { ExpressionType(related.columns[$0.column].type.kind) }
        layout = CarriedLayout(
            zip(relatedTypes, link.lookups).map { type, lookup in
                CarriedLayout.Slot(type, isInt: related.columns[lookup.column].type.kind == .int)
            } + link.aggregates.map { CarriedLayout.Slot($0.type, isInt: false) })
    }

    func makeWriter() -> Writer { Writer(notes: self, writer: SpillStreams.Writer(ranges)) }

    /// Appends for one thread.
    struct Writer {
        fileprivate let notes: ReplayNotes
        fileprivate let writer: SpillStreams.Writer

        func finish() { writer.finish() }

        func append(
            _ rows: UnsafeBufferPointer<UnsafeRawPointer>, _ groups: UnsafeBufferPointer<Int32>, _ members: Members,
            _ aggregates: [Vector?], _ values: [Int: Vector], _ link: TableProgram.Link, _ arena: Arena
        ) throws {
            let pairs: (origins: UnsafeBufferPointer<Int32>, members: UnsafeBufferPointer<Int32>)
            if link.lookups.isEmpty {
                let own = arena.make(Int32.self, rows.count)
                for row in rows.indices { own[row] = Int32(truncatingIfNeeded: row) }
                pairs = (UnsafeBufferPointer(start: own, count: rows.count), UnsafeBufferPointer(start: nil, count: 0))
            } else {
                pairs = members.pairs(groups, keepsEmpty: true, arena)
            }
            let count = pairs.origins.count
            let vectors =
                zip(link.lookups, notes.relatedTypes).map { lookup, type in
                    values[lookup.slot]?.gathered(pairs.members, arena) ?? .null(type, count, arena)
                }
                + link.aggregates.map { use in
                    aggregates[use.index]?.gathered(pairs.origins, arena) ?? .null(use.type, count, arena)
                }
            let sizes = arena.make(Int32.self, count)
            sizes.update(repeating: Int32(4 + notes.layout.fixedSize), count: count)
            notes.layout.addTextSizes(vectors, to: sizes, count: count)
            let places = arena.make(UnsafeMutableRawPointer?.self, count)
            try writer.holding {
                for index in 0..<count {
                    let row = KeyRecord.row(rows[Int(pairs.origins[index])])
                    let place = try writer.reserve(Int(sizes[index]), in: Int(row) >> ReplayNotes.rangeBits)
                    place.storeBytes(of: row, as: UInt32.self)
                    places[index] = place + 4
                }
                notes.layout.write(vectors, to: places, count: count)
            }
        }
    }

    /// Goes through the rows once, ascending.
    struct Cursor {
        private let notes: ReplayNotes
        private var range = -1
        private var loaded: LoadedStream?
        private var places: [UnsafeRawPointer] = []
        private var next = 0

        init(_ notes: ReplayNotes) { self.notes = notes }

        /// The notes of a row not before the last one asked for, after its number.
        mutating func notes(of row: UInt32, _ body: (UnsafeRawPointer) -> Void) throws {
            if Int(row) >> ReplayNotes.rangeBits != range { try load(Int(row) >> ReplayNotes.rangeBits) }
            while next < places.count, places[next].loadUnaligned(as: UInt32.self) < row { next += 1 }
            while next < places.count, places[next].loadUnaligned(as: UInt32.self) == row {
                body(places[next] + 4)
                next += 1
            }
        }

        private mutating func load(_ wanted: Int) throws {
            range = wanted
            next = 0
            places = []
            let loaded = try notes.ranges.load(wanted)
            defer { withExtendedLifetime(loaded) {} }
            for piece in loaded.pieces {
                guard var place = piece.baseAddress else { continue }
                let end = place + piece.count
                while place < end {
                    places.append(place)
                    place += 4 + notes.layout.size(at: place + 4)
                }
            }
            places.sort { $0.loadUnaligned(as: UInt32.self) < $1.loadUnaligned(as: UInt32.self) }
            self.loaded = loaded
        }
    }

    /// Sets what notes hold in the leaves; −1 in `chosen` is a row without notes, an error where `isError` says so.
    func look(
        _ places: [UnsafeRawPointer], _ chosen: UnsafeBufferPointer<Int32>, isError: (Int) -> Bool,
        _ leaves: inout Leaves, _ arena: Arena
    ) {
        let errorBits = Bits.make(chosen.count, arena) { chosen[$0] < 0 && isError($0) }
        let hasErrors = Bits.isAnySet(errorBits, chosen.count)
        func values(_ slot: Int) -> Vector {
            var vector = places.withUnsafeBufferPointer { layout.read(slot, $0, arena).gathered(chosen, arena) }
            guard hasErrors else { return vector }
            let errors = arena.bits(chosen.count, all: false)
            for index in 0..<vector.wordCount { errors[index] = (vector.errors?[index] ?? 0) | errorBits[index] }
            vector.errors = errors
            return vector
        }
        for (slot, lookup) in link.lookups.enumerated() {
            leaves.related[RelatedColumn(relation: link.relation, column: lookup.column)] = values(slot)
        }
        for (place, use) in link.aggregates.enumerated() {
            leaves.aggregates[use.index] = values(link.lookups.count + place)
        }
    }
}
