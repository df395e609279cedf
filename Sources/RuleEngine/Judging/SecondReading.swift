import Columnar
import DataAccess
import Diagnostics
import RuleLanguage
import RulePlan
import Schema

/// Reads a table again: all of it for rules that had to wait for several relations, or only the rows of which it became
/// known late that they break a rule, to write their findings.
final class SecondReading {
    private let state: TableState
    private let program: TableProgram
    private let context: RunContext
    private let store: FindingStore
    private let evaluator: ExpressionEvaluator
    private let arena = Arena()
    private var decoder: CellDecoder
    private let composer: FindingComposer
    private var cursors: [ReplayNotes.Cursor]
    private var buffer = FindingBuffer()
    private var late = LateRowBatch()

    init(
        _ state: TableState, _ context: RunContext, _ store: FindingStore, _ readerColumns: [String]
    ) throws {
        self.state = state
        self.context = context
        self.store = store
        program = state.program
        decoder = try CellDecoder(
            table: state.program.table, required: state.program.requiredColumns,
            optional: state.program.optionalColumns, checked: [], readerColumns: readerColumns)
        composer = FindingComposer(state.program, context.options, decoder)
        evaluator = context.evaluator(state.program.plan.expressions)
        cursors = state.replayNotes.map { ReplayNotes.Cursor($0) }
    }

    // MARK: - Replay

    /// Judges the rules that waited.
    func replay(_ reader: inout any CellReader) throws {
        var roots: [Int] = []
        let waiting = program.rules.indices.filter { program.ways[$0] == .replayed }
        for index in waiting {
            roots += program.roots(of: program.rules[index]) + program.messageSteps(of: program.rules[index])
        }
        if let court = ownCourt { roots.append(court) }
        let needed = evaluator.closure(of: roots)
        let groupWriters = state.groupStreams.mapValues { SpillStreams.Writer($0) }
        let late = state.late.makeWriter()
        var counts = RuleCounts(state)
        var block = CellBlock()
        while try reader.next(into: &block) {
            guard block.rowCount > 0 else { continue }
            arena.reset()
            try block.withCells { cells in
                let columns = decoder.decode(cells, arena)
                let numbers = (0..<cells.count).map { UInt32(truncatingIfNeeded: block.firstRow + $0) }
                let judged = try judge(numbers, columns, needed)
                for index in waiting {
                    let rule = program.rules[index]
                    if let step = rule.checkedStep {
                        let mask = counts.take(index, judged.mask(step), applicable: judged.applicable(rule))
                        try mask.falseRows.forEachOne { row in
                            try write(index, row, block.firstRow + row, block.line(ofRow: row), cells, judged)
                        }
                    } else if let parts = program.groupColumns(of: rule), let writer = groupWriters[index] {
                        let keys = GroupKeys(parts, columns, program, count: cells.count, arena)
                        let mask = counts.take(
                            index, try keys.remember(rule, judged, firstRow: block.firstRow, writer),
                            applicable: keys.applicable(rule, judged))
                        try mask.falseRows.forEachOne { try late.append(row: numbers[$0], rule: index) }
                    }
                }
            }
        }
        for writer in groupWriters.values { writer.finish() }
        late.finish()
        counts.add(to: state)
    }

    private var ownCourt: Int? {
        guard program.givesCourt, program.courtLink == nil else { return nil }
        return program.plan.court
    }

    /// Evaluates steps for rows, with what their relations gave when it was noted.
    private func judge(_ numbers: [UInt32], _ columns: [Vector?], _ needed: NeededSteps) throws -> JudgedRows {
        let count = numbers.count
        var leaves = Leaves(count: count, columns: columns)
        leaves.aggregates = Array(repeating: nil, count: program.plan.expressions.aggregates.count)
        guard !cursors.isEmpty else {
            return JudgedRows(values: evaluator.evaluate(leaves, needed: needed, arena), count: count)
        }
        // Per link the places of its notes, and per row which of them are the row's.
        var places = [[UnsafeRawPointer]](repeating: [], count: cursors.count)
        var ranges = [[Range<Int32>]](repeating: [], count: cursors.count)
        for link in cursors.indices {
            for number in numbers {
                let before = Int32(truncatingIfNeeded: places[link].count)
                try cursors[link].notes(of: number) { places[link].append($0) }
                ranges[link].append(before..<Int32(truncatingIfNeeded: places[link].count))
            }
        }
        // Every combination of the rows that the relations found.
        var origins: [Int32] = []
        var chosen = [[Int32]](repeating: [], count: cursors.count)
        for row in 0..<count {
            var combinations: [[Int32]] = [[]]
            for link in cursors.indices {
                let own = ranges[link][row].isEmpty ? [-1] : Array(ranges[link][row])
                combinations = combinations.flatMap { head in own.map { head + [$0] } }
            }
            for combination in combinations {
                origins.append(Int32(truncatingIfNeeded: row))
                for link in cursors.indices { chosen[link].append(combination[link]) }
            }
        }
        let isSimple = origins.count == count
        let pairs = copy(origins)
        if !isSimple {
            leaves = Leaves(
                count: origins.count, columns: columns.map { $0?.gathered(pairs, arena) },
                aggregates: leaves.aggregates)
        }
        for link in cursors.indices {
            let errors = Strict.state(
                program.links[link].hereColumns.map { columns[$0] ?? .null(.null, count, arena) }, arena
            ).errors
            state.replayNotes[link].look(
                places[link], copy(chosen[link]),
                isError: { place in errors.map { Bits.test($0, Int(origins[place])) } ?? false }, &leaves, arena)
        }
        return JudgedRows(
            values: evaluator.evaluate(leaves, needed: needed, arena), origins: isSimple ? nil : pairs, count: count)
    }

    private func copy(_ numbers: [Int32]) -> UnsafeBufferPointer<Int32> {
        let made = arena.make(Int32.self, numbers.count)
        for (index, number) in numbers.enumerated() { made[index] = number }
        return UnsafeBufferPointer(start: made, count: numbers.count)
    }

    // MARK: - Findings

    /// Writes one finding, unless the row is excepted or enough are stored.
    private func write(
        _ rule: Int, _ row: Int, _ number: Int, _ line: Int, _ cells: RowCells, _ judged: JudgedRows
    ) throws {
        if composer.isExcepted(rule, row, cells) {
            state.statistics[rule].excepted += 1
            return
        }
        state.statistics[rule].violations += 1
        guard state.statistics[rule].stored < context.options.maxStored ?? .max else {
            state.statistics[rule].truncated = true
            return
        }
        state.statistics[rule].stored += 1
        buffer.removeAll()
        composer.compose(rule: rule, row: row, number: number, line: line, cells, judged, to: &buffer)
        try buffer.bytes.withUnsafeBytes { try store.append($0, to: state.source(ofRule: rule)) }
    }

    /// Writes the findings of rows of which it became known late that they break a rule, fetching these rows alone.
    func writeLate(_ rows: inout any RowFetcher, _ places: RowPlaces) throws {
        let needed = lateSteps
        let groups = CandidateGroups(state, context.budget)
        var entries = LateEntries(state)
        var block = CellBlock()
        while let wanted = try entries.next {
            guard let place = places.place(of: Int(wanted)) else { throw OperationError.rowLost }
            let end = UInt32(truncatingIfNeeded: place.firstRow + places.step)
            let taken = try entries.take(before: end)
            let last = taken.last.map { Int($0.row) } ?? place.firstRow
            try rows.fetch(
                at: place.byteOffset, count: last - place.firstRow + 1, firstRow: place.firstRow, into: &block)
            block.setLines(from: place.line)
            try keep(taken, of: block, needed, groups)
        }
        try writeKept(needed, groups)
        try groups.finish(store, limit: context.options.maxStored ?? .max)
    }

    /// Steps that findings of late rows show.
    private var lateSteps: NeededSteps {
        var roots = program.rules.indices.flatMap { index in
            program.ways[index] == .atOnce && program.groupColumns(of: program.rules[index]) == nil
                ? [] : program.messageSteps(of: program.rules[index])
        }
        if let court = ownCourt { roots.append(court) }
        return evaluator.closure(of: roots)
    }

    /// The same, reading the table until the last of these rows.
    func writeLate(_ reader: inout any CellReader) throws {
        let needed = lateSteps
        cursors = state.replayNotes.map { ReplayNotes.Cursor($0) }
        let groups = CandidateGroups(state, context.budget)
        var entries = LateEntries(state)
        var block = CellBlock()
        while let wanted = try entries.next, try reader.next(into: &block) {
            let end = block.firstRow + block.rowCount
            guard Int(wanted) < end else { continue }
            try keep(entries.take(before: UInt32(truncatingIfNeeded: end)), of: block, needed, groups)
        }
        try writeKept(needed, groups)
        try groups.finish(store, limit: context.options.maxStored ?? .max)
    }

    /// Keeps rows until there are enough of them to be worth decoding.
    private func keep(
        _ entries: [LateEntries.Entry], of block: CellBlock, _ needed: NeededSteps, _ groups: CandidateGroups
    ) throws {
        late.append(entries, of: block)
        if late.isFull { try writeKept(needed, groups) }
    }

    private func writeKept(_ needed: NeededSteps, _ groups: CandidateGroups) throws {
        defer { late.removeAll() }
        guard !late.entries.isEmpty else { return }
        arena.reset()
        try late.withCells { cells in
            let columns = decoder.decode(cells, arena)
            let judged = try judge(late.numbers, columns, needed)
            let keys = groups.keys(columns, count: cells.count, arena)
            var row = 0
            for entry in late.entries {
                while late.numbers[row] != entry.row { row += 1 }
                if keys[entry.rule] != nil {
                    // Kept until all rows of its group have been seen, or, decided already, until those before it are.
                    buffer.removeAll()
                    composer.compose(
                        rule: entry.rule, row: row, number: Int(entry.row), line: late.lines[row], cells, judged,
                        to: &buffer)
                    try groups.add(
                        entry.rule, entry.role, row, keys, isExcepted: composer.isExcepted(entry.rule, row, cells),
                        buffer)
                } else {
                    try write(entry.rule, row, Int(entry.row), late.lines[row], cells, judged)
                }
            }
        }
    }
}

/// Rows that are shown in findings, gathered from where they were read, so that many are decoded together.
private struct LateRowBatch {
    private(set) var entries: [LateEntries.Entry] = []
    /// Of each row its number and the line at which it begins.
    private(set) var numbers: [UInt32] = []
    private(set) var lines: [Int] = []
    private var bytes: [UInt8] = []
    private var cells: [CellBlock.Cell] = []
    private var columnCount = 0

    var isFull: Bool { numbers.count >= 256 || bytes.count >= 1 << 18 }

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        numbers.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        cells.removeAll(keepingCapacity: true)
    }

    /// Takes over the rows of a block that some entries speak of.
    mutating func append(_ wanted: [LateEntries.Entry], of block: CellBlock) {
        columnCount = block.columnCount
        for entry in wanted {
            entries.append(entry)
            guard numbers.last != entry.row else { continue }
            let row = Int(entry.row) - block.firstRow
            numbers.append(entry.row)
            lines.append(block.line(ofRow: row))
            appendCells(of: row, block)
        }
        // Kernels may read on behind the last value.
        bytes.reserveCapacity(bytes.count + CellBlock.padding)
    }

    private mutating func appendCells(of row: Int, _ block: CellBlock) {
        let own = row * columnCount..<(row + 1) * columnCount
        var (first, last) = (UInt32.max, UInt32.min)
        for place in own where !block.cells[place].isNull {
            first = min(first, block.cells[place].start)
            last = max(last, block.cells[place].end)
        }
        let moved = UInt32(truncatingIfNeeded: bytes.count) &- first
        for place in own {
            let cell = block.cells[place]
            cells.append(cell.isNull ? cell : CellBlock.Cell(start: cell.start &+ moved, end: cell.end &+ moved))
        }
        if first < last { bytes.append(contentsOf: block.bytes[Int(first)..<Int(last)]) }
    }

    /// The rows as `CellDecoder` takes them.
    func withCells<R>(_ body: (RowCells) throws -> R) rethrows -> R? {
        try bytes.withUnsafeBufferPointer { bytes in
            try cells.withUnsafeBufferPointer { cells in
                guard let base = bytes.baseAddress, let first = cells.baseAddress else { return nil }
                return try body(RowCells(bytes: base, cells: first, columnCount: columnCount, count: numbers.count))
            }
        }
    }
}

extension CellBlock {
    /// Says at which lines rows that were fetched begin, by the line of the first.
    fileprivate mutating func setLines(from first: Int) {
        firstLine = first
        lines.removeAll(keepingCapacity: true)
        guard first > 0, rowCount > 0 else { return }
        var line = first
        for row in 0..<rowCount {
            lines.append(Int32(truncatingIfNeeded: line))
            guard row + 1 < rowCount else { return }
            for place in Int(starts[row])..<Int(starts[row + 1]) where bytes[place] == UInt8(ascii: "\n") { line += 1 }
        }
    }
}

extension OperationError {
    /// A row that was judged is not among those that were read.
    fileprivate static var rowLost: OperationError {
        OperationError(
            .internalError, code: "row-lost",
            LocalizedText(en: "a row that was judged cannot be found again", zh: "已判定的行无法再次找到"))
    }
}

/// Late rows and candidates of a table together, ascending.
private struct LateEntries {
    struct Entry {
        var row: UInt32
        var rule: Int
        /// What it is in a group that is still to be looked at; nil: it breaks the rule.
        var role: GroupRole?
    }

    private let state: TableState
    private let rangeCount: Int
    private var range = 0
    private var loaded: [Entry] = []
    private var place = 0

    init(_ state: TableState) {
        self.state = state
        rangeCount = max(state.late.rangeCount, state.candidates.rangeCount)
    }

    /// The next row; nil when there are no more.
    var next: UInt32? {
        mutating get throws {
            while place == loaded.count {
                guard range < rangeCount else { return nil }
                loaded =
                    try state.late.entries(ofRange: range).map { Entry(row: $0.row, rule: $0.rule) }
                    + state.candidates.entries(ofRange: range).map {
                        Entry(row: $0.row, rule: $0.rule & GroupRole.ruleMask, role: GroupRole(code: $0.rule))
                    }
                loaded.sort { ($0.row, $0.rule) < ($1.row, $1.rule) }
                place = 0
                range += 1
            }
            return loaded[place].row
        }
    }

    mutating func take(before end: UInt32) throws -> [Entry] {
        var taken: [Entry] = []
        while let row = try next, row < end {
            taken.append(loaded[place])
            place += 1
        }
        return taken
    }
}

/// The groups of `unique` and `depends` rules whose keys have equal fingerprints, by their real keys.
private final class CandidateGroups {
    private struct Group {
        var rows = 0
        var target: [UInt8] = []
        var isBroken = false
    }

    private let state: TableState
    private let rules: [Int]
    private var numbers: [[UInt8]: Int] = [:]
    private var groups: [Group] = []
    /// Findings of all candidates, by rule, until it is known which are violations.
    private let findings: SpillStreams
    private let writer: SpillStreams.Writer

    init(_ state: TableState, _ budget: MemoryBudget) {
        self.state = state
        rules = state.program.groupRules
        findings = SpillStreams(count: state.program.rules.count, budget)
        writer = SpillStreams.Writer(findings)
    }

    func keys(_ columns: [Vector?], count: Int, _ arena: Arena) -> [Int: GroupKeys] {
        rules.reduce(into: [:]) { result, rule in
            guard let parts = state.program.groupColumns(of: state.program.rules[rule]) else { return }
            result[rule] = GroupKeys(parts, columns, state.program, count: count, arena)
        }
    }

    func add(
        _ rule: Int, _ role: GroupRole?, _ row: Int, _ keys: [Int: GroupKeys], isExcepted: Bool,
        _ finding: FindingBuffer
    ) throws {
        guard let own = keys[rule] else { return }
        guard let role else {
            return try keep(rule, CandidateGroups.decided, .isFalse, isExcepted: isExcepted, finding)
        }
        var key: [UInt8] = []
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: rule)) { key.append(contentsOf: $0) }
        own.from.appendCanonical(row, to: &key)
        let number = numbers[key] ?? groups.count
        if number == groups.count {
            numbers[key] = number
            groups.append(Group())
        }
        if role.isMember {
            var target: [UInt8] = []
            own.to?.appendCanonical(row, to: &target)
            if groups[number].rows == 0 {
                groups[number].target = target
            } else if own.to == nil || groups[number].target != target {
                groups[number].isBroken = true
            }
            groups[number].rows += 1
        }
        try keep(rule, UInt32(truncatingIfNeeded: number), role.outcome, isExcepted: isExcepted, finding)
    }

    /// Instead of a group's number: a violation whatever its group.
    private static let decided = UInt32.max

    private func keep(
        _ rule: Int, _ group: UInt32, _ outcome: Outcome, isExcepted: Bool, _ finding: FindingBuffer
    ) throws {
        let place = try writer.reserve(9 + finding.bytes.count, in: rule)
        place.storeBytes(of: group, as: UInt32.self)
        place.storeBytes(of: UInt32(truncatingIfNeeded: finding.bytes.count), toByteOffset: 4, as: UInt32.self)
        place.storeBytes(of: outcome.rawValue << 1 | (isExcepted ? 1 : 0), toByteOffset: 8, as: UInt8.self)
        finding.bytes.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { (place + 9).copyMemory(from: base, byteCount: bytes.count) }
        }
    }

    /// Counts a row of a broken group, so far taken to be true, as what it is; whether it is a violation.
    private func correct(_ rule: Int, _ outcome: Outcome) -> Bool {
        var outcome = outcome
        switch (outcome, state.program.rules[rule].definition.nullPolicy) {
        case (.undecided, .fail): outcome = .isFalse
        case (.undecided, .pass): outcome = .isTrue
        default: break
        }
        state.statistics[rule].isTrue -= 1
        switch outcome {
        case .isTrue: state.statistics[rule].isTrue += 1
        case .isFalse: state.statistics[rule].isFalse += 1
        case .undecided: state.statistics[rule].undecided += 1
        case .error: state.statistics[rule].error += 1
        }
        return outcome == .isFalse
    }

    /// Counts the violations and keeps their findings.
    func finish(_ store: FindingStore, limit: Int) throws {
        writer.finish()
        for rule in rules {
            let loaded = try findings.load(rule)
            defer { withExtendedLifetime(loaded) {} }
            for piece in loaded.pieces {
                var offset = 0
                while offset < piece.count {
                    let group = piece.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                    let size = Int(piece.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
                    let outcome = Outcome(rawValue: piece[offset + 8] >> 1) ?? .isFalse
                    let isExcepted = piece[offset + 8] & 1 != 0
                    defer { offset += 9 + size }
                    let isViolation =
                        group == CandidateGroups.decided
                        || (groups[Int(group)].isBroken && correct(rule, outcome))
                    guard isViolation else { continue }
                    if isExcepted {
                        state.statistics[rule].excepted += 1
                        continue
                    }
                    state.statistics[rule].violations += 1
                    guard state.statistics[rule].stored < limit else {
                        state.statistics[rule].truncated = true
                        continue
                    }
                    state.statistics[rule].stored += 1
                    let record = UnsafeRawBufferPointer(rebasing: piece[(offset + 9)..<(offset + 9 + size)])
                    try store.append(record, to: state.source(ofRule: rule))
                }
            }
        }
    }
}
