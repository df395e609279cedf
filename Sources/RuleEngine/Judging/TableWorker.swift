public import Columnar
public import Diagnostics
import RuleLanguage
import RulePlan
public import Schema

/// Judges blocks of one table while it is read, and remembers what others need of its rows. One per thread.
final class TableWorker {
    /// What a block gave that has to be put down in the order of blocks.
    struct Output {
        var findings = FindingBuffer()
        /// Pieces of `findings`: whose, which bytes, how many records.
        var pieces: [(source: Int, range: Range<Int>, count: Int)] = []
        var places = RowPlaces()

        mutating func removeAll() {
            places = RowPlaces()
            findings.removeAll()
            pieces.removeAll(keepingCapacity: true)
        }
    }

    private let state: TableState
    private let program: TableProgram
    private let context: RunContext
    private let evaluator: ExpressionEvaluator
    private let conditionEvaluator: ExpressionEvaluator
    private let conditionSteps: NeededSteps
    private let arena = Arena()
    private var decoder: CellDecoder
    private let composer: FindingComposer
    private let keyWriters: [SpillStreams.Writer]
    private let groupWriters: [Int: SpillStreams.Writer]
    private let replayWriters: [ReplayNotes.Writer]
    private let late: LateRows.Writer
    private let candidates: LateRows.Writer
    private let needed: NeededSteps
    /// Per link the steps of its rules, with what is carried taken as known.
    private let linkSteps: [NeededSteps]
    /// A rule on single rows, by what there is to be looked at in each block.
    private struct Check {
        var rule: Int
        var step: Int
        var when: Int?
    }

    private let checks: [Check]
    /// The other rules that are taken at once.
    private let others: [Int]
    private let typeMessages: [[DecodingFault: [UInt8]]]

    private(set) var counts: RuleCounts
    private(set) var types: [RuleStatistics]
    private(set) var emptyTexts: [Int]
    private(set) var rows = 0
    private(set) var marks = RowMarks()

    init(_ state: TableState, _ context: RunContext, _ decoder: CellDecoder) {
        self.state = state
        self.context = context
        self.decoder = decoder
        let program = state.program
        self.program = program
        let evaluator = context.evaluator(program.plan.expressions)
        self.evaluator = evaluator
        conditionEvaluator = context.evaluator(program.conditions)
        conditionSteps = conditionEvaluator.closure(of: program.conditions.steps.indices)
        composer = FindingComposer(program, context.options, decoder)
        keyWriters = state.keyStreams.map { SpillStreams.Writer($0) }
        groupWriters = state.groupStreams.mapValues { SpillStreams.Writer($0) }
        replayWriters = state.replayNotes.map { $0.makeWriter() }
        late = state.late.makeWriter()
        candidates = state.candidates.makeWriter()
        var roots: [Int] = []
        var checks: [Check] = []
        var others: [Int] = []
        for (index, rule) in program.rules.enumerated() where program.ways[index] == .atOnce {
            roots += program.roots(of: rule) + program.messageSteps(of: rule)
            if case .check(let step) = rule.judgement {
                checks.append(Check(rule: index, step: step, when: rule.when))
            } else {
                others.append(index)
            }
        }
        self.checks = checks
        self.others = others
        if program.givesCourt, let court = program.plan.court, !program.isRelational[court] { roots.append(court) }
        for stream in program.streams {
            for case .step(let step) in stream.carried { roots.append(step) }
        }
        needed = evaluator.closure(of: roots)
        linkSteps = program.links.map { link in
            let known = Set(link.known.map(\.step))
            let roots = link.rules.flatMap { program.roots(of: program.rules[$0]) }
            return evaluator.closure(of: roots) { known.contains($0) }
        }
        counts = RuleCounts(state)
        types = state.types
        emptyTexts = Array(repeating: 0, count: decoder.columns.count)
        typeMessages = decoder.columns.map { column in
            DecodingFault.allCases.reduce(into: [:]) { result, fault in
                let text = TypeFinding.message(program.table.columns[column], fault).text(in: context.options.language)
                result[fault] = Array(text.utf8)
            }
        }
    }

    /// Hands in what was remembered.
    func finish() {
        for writer in keyWriters { writer.finish() }
        for writer in groupWriters.values { writer.finish() }
        for writer in replayWriters { writer.finish() }
        late.finish()
        candidates.finish()
    }

    // MARK: - A block

    func judge(_ block: CellBlock, into output: inout Output) throws {
        guard block.rowCount > 0 else { return }
        rows += block.rowCount
        if state.places != nil { output.places.append(block) }
        arena.reset()
        try block.withCells { cells in
            let columns = decoder.decode(cells, arena)
            let count = cells.count
            let values = evaluator.evaluate(Leaves(count: count, columns: columns), needed: needed, arena)
            let judged = JudgedRows(values: values, count: count)
            for check in checks { judge(check, judged, block, cells, &output) }
            for index in others { try judge(index, judged, columns, block) }
            judgeTypes(block, cells, judged, &output)
            for stream in program.streams.indices { try remember(stream, columns, values, block, count) }
            for link in program.links.indices { try judgeUnlinked(link, columns, values, block, cells) }
        }
    }

    private func judge(
        _ check: Check, _ judged: JudgedRows, _ block: CellBlock, _ cells: RowCells, _ output: inout Output
    ) {
        guard let outcome = judged.values[check.step] else { return }
        let violations = counts.take(check.rule, outcome, when: check.when.flatMap { judged.values[$0] }, arena)
        if let violations { compose(check.rule, violations, judged, block, cells, &output) }
    }

    private func judge(_ index: Int, _ judged: JudgedRows, _ columns: [Vector?], _ block: CellBlock) throws {
        let rule = program.rules[index]
        switch rule.judgement {
        case .check: break
        case .share(let step, _, _, _):
            _ = counts.take(index, judged.mask(step), applicable: judged.applicable(rule))
        case .unique, .depends:
            guard let parts = program.groupColumns(of: rule) else { return }
            let mask: OutcomeMask
            if let writer = groupWriters[index] {
                let keys = GroupKeys(parts, columns, program, count: block.rowCount, arena)
                mask = counts.take(
                    index, try keys.remember(rule, judged, firstRow: block.firstRow, writer),
                    applicable: keys.applicable(rule, judged))
            } else {
                let state = Strict.state(
                    parts.from.map { columns[$0] ?? .null(.null, block.rowCount, arena) }, arena)
                mask = counts.take(
                    index, GroupKeys.alone(state, count: block.rowCount),
                    applicable: Bitmap(
                        words: Array(UnsafeBufferPointer(start: state.valid, count: Bits.words(block.rowCount))),
                        count: block.rowCount))
            }
            // Only a policy for undecided rows makes violations here; others are found when all rows are known.
            try mask.falseRows.forEachOne { row in try noteLate(index, block.firstRow + row) }
        }
    }

    private func compose(
        _ index: Int, _ violations: BitWords, _ judged: JudgedRows, _ block: CellBlock, _ cells: RowCells,
        _ output: inout Output
    ) {
        let start = output.findings.bytes.count
        var count = 0
        Bits.forEachOne(violations, block.rowCount) { row in
            if composer.isExcepted(index, row, cells) {
                counts.statistics[index].excepted += 1
                return
            }
            counts.statistics[index].violations += 1
            count += 1
            composer.compose(
                rule: index, row: row, number: block.firstRow + row, line: block.line(ofRow: row), cells, judged,
                to: &output.findings)
            if state.courts != nil { marks.insert(UInt32(truncatingIfNeeded: block.firstRow + row)) }
        }
        if count > 0 {
            output.pieces.append((state.source(ofRule: index), start..<output.findings.bytes.count, count))
        }
    }

    private func noteLate(_ rule: Int, _ number: Int) throws {
        let row = UInt32(truncatingIfNeeded: number)
        try late.append(row: row, rule: rule)
        if state.courts != nil { marks.insert(row) }
    }

    // MARK: - Keys

    /// Remembers what relations need of the rows with a complete key.
    private func remember(
        _ index: Int, _ columns: [Vector?], _ values: [Vector?], _ block: CellBlock, _ count: Int
    ) throws {
        let stream = program.streams[index]
        let keys = program.keys(stream.columns, columns, count, arena)
        let layout = state.layouts[index]
        var conditions: [Vector?] = []
        if stream.carried.contains(where: { if case .condition = $0 { true } else { false } }) {
            conditions = conditionEvaluator.evaluate(
                Leaves(count: count, columns: columns), needed: conditionSteps, arena)
        }
        let carried = stream.carried.enumerated().map { slot, value in
            let vector: Vector? =
                switch value {
                case .column(let column): columns[column]
                case .step(let step): values[step]
                case .condition(let step): conditions[step]
                }
            return vector ?? .null(.null, count, arena)
        }
        let sizes = arena.make(Int32.self, count)
        sizes.update(repeating: Int32(KeyRecord.headerSize + layout.fixedSize), count: count)
        layout.addTextSizes(carried, to: sizes, count: count)
        let places = arena.make(UnsafeMutableRawPointer?.self, count)
        let writer = keyWriters[index]
        var key: [UInt8] = []
        try writer.holding {
            for row in 0..<count {
                guard Bits.test(keys.complete, row),
                    !stream.isForMarkedRows || marks.contains(UInt32(truncatingIfNeeded: block.firstRow + row))
                else {
                    places[row] = nil
                    continue
                }
                let form = keys.forms[row]
                let partition = Int(keys.hash(row) >> UInt64(64 - TableState.partitionBits))
                var size = Int(sizes[row])
                if form == EncodedKeys.Form.hashed {
                    key.removeAll(keepingCapacity: true)
                    keys.appendCanonical(row, to: &key)
                    size += 4 + key.count
                }
                let place = try writer.reserve(size, in: partition)
                KeyRecord.write(
                    place, form, keys.first[row], keys.second[row], UInt32(truncatingIfNeeded: block.firstRow + row))
                if form == EncodedKeys.Form.hashed { KeyRecord.write(key: key, at: place + Int(sizes[row])) }
                places[row] = place + KeyRecord.headerSize
            }
            layout.write(carried, to: places, count: count)
        }
    }

    /// Rows whose key for a relation is NULL or an error are related to nothing, and need not wait.
    private func judgeUnlinked(
        _ index: Int, _ columns: [Vector?], _ values: [Vector?], _ block: CellBlock, _ cells: RowCells
    ) throws {
        let link = program.links[index]
        guard !link.rules.isEmpty else { return }
        let count = block.rowCount
        let state = Strict.state(link.hereColumns.compactMap { columns[$0] }, arena)
        let chosen = arena.make(Int32.self, count)
        var chosenCount = 0
        for row in 0..<count where !Bits.test(state.valid, row) {
            chosen[chosenCount] = Int32(truncatingIfNeeded: row)
            chosenCount += 1
        }
        guard chosenCount > 0 else { return }
        let indices = UnsafeBufferPointer(start: chosen, count: chosenCount)
        var leaves = Leaves(count: chosenCount, columns: Array(repeating: nil, count: columns.count))
        for (step, _) in link.known { leaves.known[step] = values[step]?.gathered(indices, arena) }
        leaves.aggregates = Array(repeating: nil, count: program.plan.expressions.aggregates.count)
        if let errors = state.errors {
            let bits = Bits.make(chosenCount, arena) { Bits.test(errors, Int(indices[$0])) }
            func withErrors(_ type: ExpressionType) -> Vector {
                var vector = Vector.null(type, chosenCount, arena)
                vector.errors = bits
                return vector
            }
            for use in link.aggregates { leaves.aggregates[use.index] = withErrors(use.type) }
            let related = context.program.tables[link.related].table
            for (column, _) in link.lookups {
                leaves.related[RelatedColumn(relation: link.relation, column: column)] = withErrors(
                    ExpressionType(related.columns[column].type.kind))
            }
        }
        let judged = JudgedRows(
            values: evaluator.evaluate(leaves, needed: linkSteps[index], arena), count: chosenCount)
        for rule in link.rules {
            guard let step = program.rules[rule].checkedStep else { continue }
            let mask = counts.take(rule, judged.mask(step), applicable: judged.applicable(program.rules[rule]))
            try mask.falseRows.forEachOne { try noteLate(rule, block.firstRow + Int(indices[$0])) }
        }
    }

    // MARK: - Types

    private func judgeTypes(_ block: CellBlock, _ cells: RowCells, _ judged: JudgedRows, _ output: inout Output) {
        for place in decoder.columns.indices {
            let faults = decoder.faults[place]
            types[place].rowsInScope += block.rowCount
            types[place].applicable += decoder.present[place] + faults.rows.count
            types[place].isFalse += faults.rows.count
            types[place].isTrue += block.rowCount - faults.rows.count
            types[place].violations += faults.rows.count
            emptyTexts[place] += faults.emptyTexts
            guard !faults.rows.isEmpty else { continue }
            let start = output.findings.bytes.count
            for fault in faults.rows {
                let row = Int(fault.row)
                composer.compose(
                    message: typeMessages[place][fault.fault] ?? [], row: row, number: block.firstRow + row,
                    line: block.line(ofRow: row), cells, judged, to: &output.findings)
                if state.courts != nil { marks.insert(UInt32(truncatingIfNeeded: block.firstRow + row)) }
            }
            output.pieces.append(
                (state.source(ofType: place), start..<output.findings.bytes.count, faults.rows.count))
        }
    }
}

extension CompiledRule {
    /// The step whose outcome is the rule's; nil for `unique` and `depends`.
    var checkedStep: Int? {
        switch judgement {
        case .check(let step), .share(let step, _, _, _): step
        case .unique, .depends: nil
        }
    }
}

extension TableProgram {
    /// The keys of some columns; a column that was not read makes all of them NULL.
    ///
    /// With `areTargets` they are what depends on a key, of which only the canonical bytes are asked for.
    func keys(_ parts: [Int], _ columns: [Vector?], _ count: Int, areTargets: Bool = false, _ arena: Arena)
        -> EncodedKeys
    {
        let types = parts.map { ExpressionType(table.columns[$0].type.kind) }
        return EncodedKeys(
            zip(parts, types).map { columns[$0] ?? .null($1, count, arena) }, types, count: count,
            areTargets: areTargets, mask: keyMask, arena)
    }
}

extension CellBlock {
    /// Lends all rows.
    func withCells<R>(_ body: (RowCells) throws -> R) rethrows -> R {
        try bytes.withUnsafeBufferPointer { bytes in
            try cells.withUnsafeBufferPointer { cells in
                // Sound because a block with rows has bytes and cells.
                try body(
                    RowCells(
                        bytes: bytes.baseAddress.unsafelyUnwrapped, cells: cells.baseAddress.unsafelyUnwrapped,
                        columnCount: columnCount, count: rowCount))
            }
        }
    }
}

/// What stands before the carried values of a row remembered by key: form, two words, row.
enum KeyRecord {
    static let headerSize = 21

    @inline(__always)
    static func write(
        _ place: UnsafeMutableRawPointer, _ form: UInt8, _ first: UInt64, _ second: UInt64, _ row: UInt32
    ) {
        place.storeBytes(of: form, as: UInt8.self)
        place.storeBytes(of: first, toByteOffset: 1, as: UInt64.self)
        place.storeBytes(of: second, toByteOffset: 9, as: UInt64.self)
        place.storeBytes(of: row, toByteOffset: 17, as: UInt32.self)
    }

    /// The canonical bytes of a hashed key, after the carried values.
    static func write(key: [UInt8], at place: UnsafeMutableRawPointer) {
        place.storeBytes(of: UInt32(truncatingIfNeeded: key.count), as: UInt32.self)
        key.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { (place + 4).copyMemory(from: base, byteCount: bytes.count) }
        }
    }

    @inline(__always) static func form(_ place: UnsafeRawPointer) -> UInt8 { place.load(as: UInt8.self) }
    @inline(__always) static func first(_ place: UnsafeRawPointer) -> UInt64 {
        place.loadUnaligned(fromByteOffset: 1, as: UInt64.self)
    }
    @inline(__always) static func second(_ place: UnsafeRawPointer) -> UInt64 {
        place.loadUnaligned(fromByteOffset: 9, as: UInt64.self)
    }
    @inline(__always) static func row(_ place: UnsafeRawPointer) -> UInt32 {
        place.loadUnaligned(fromByteOffset: 17, as: UInt32.self)
    }

    /// The canonical bytes of a hashed key.
    static func key(_ place: UnsafeRawPointer, _ layout: CarriedLayout) -> UnsafeRawBufferPointer {
        let start = place + headerSize + layout.size(at: place + headerSize)
        return UnsafeRawBufferPointer(
            start: start + 4, count: Int(start.loadUnaligned(as: UInt32.self)))
    }

    /// Bytes of the whole record.
    @inline(__always) static func size(_ place: UnsafeRawPointer, _ layout: CarriedLayout) -> Int {
        let size = headerSize + layout.size(at: place + headerSize)
        guard form(place) == EncodedKeys.Form.hashed else { return size }
        return size + 4 + Int((place + size).loadUnaligned(as: UInt32.self))
    }
}

/// The texts of `type.<table>.<column>`; the value itself is never in them.
public enum TypeFinding {
    public static func title(_ column: ColumnDefinition) -> LocalizedText {
        LocalizedText(en: "type of \(column.name)", zh: "\(column.title)的类型")
    }

    public static func message(_ column: ColumnDefinition, _ fault: DecodingFault) -> LocalizedText {
        switch fault {
        case .unparsable: LocalizedText(en: "\(column.name) is no value of its type", zh: "\(column.title)不是该类型的值")
        case .tooLong: LocalizedText(en: "\(column.name) is too long", zh: "\(column.title)过长")
        case .tooManyDigits: LocalizedText(en: "\(column.name) has too many digits", zh: "\(column.title)位数过多")
        }
    }
}
