import Columnar
import CourtModel
import RuleLanguage
import RulePlan
import Schema

/// Writes the findings of one table's rows: key, court, message, from the cells as they were read.
///
/// Belongs to one thread.
final class FindingComposer {
    private let program: TableProgram
    private let options: QualityCheck.Options
    /// Where each of the table's columns stands in the reader's blocks.
    private let places: [Int: Int]
    private let key: [(place: Int?, personal: PersonalKind?)]
    private let messages: [[Piece]?]
    /// Keys that are excepted, by rule, as texts of findings.
    private let exceptions: [Set<[UInt8]>]
    private let writesCourt: Bool
    private var scratch: [UInt8] = []

    private enum Piece {
        case literal([UInt8])
        case column(place: Int?, PersonalKind?)
        case step(Int, PersonalKind?)
    }

    init(_ program: TableProgram, _ options: QualityCheck.Options, _ decoder: CellDecoder) {
        self.program = program
        self.options = options
        let places = Dictionary(uniqueKeysWithValues: zip(decoder.columns, decoder.places))
        self.places = places
        let table = program.table
        key = table.key.map { name in
            table.columnIndex(name).map { (places[$0], table.columns[$0].personal) } ?? (nil, nil)
        }
        messages = program.rules.map { rule in
            rule.message?.parts.map { part in
                switch part {
                case .literal(let text): .literal(Array(text.utf8))
                case .column(let column): .column(place: places[column], table.columns[column].personal)
                case .step(let step, let kind): .step(step, kind)
                }
            }
        }
        exceptions = program.rules.map { rule in
            Set(
                rule.definition.exceptions.filter { exception in
                    guard let until = exception.until, let period = options.period else { return true }
                    return period.lastDay <= until
                }.map { Array(FindingText.key($0.key).utf8) })
        }
        writesCourt = program.givesCourt && program.courtLink == nil && program.plan.court != nil
    }

    /// Whether the row is excepted from a rule.
    func isExcepted(_ rule: Int, _ row: Int, _ cells: RowCells) -> Bool {
        guard !exceptions[rule].isEmpty else { return false }
        scratch.removeAll(keepingCapacity: true)
        appendKey(row, cells, masks: false, to: &scratch)
        return exceptions[rule].contains(scratch)
    }

    /// Appends the finding of a rule for a row; `place` is where the row's values stand.
    func compose(
        rule: Int, row: Int, number: Int, line: Int, _ cells: RowCells, _ judged: JudgedRows,
        to buffer: inout FindingBuffer
    ) {
        let record = buffer.begin(row: number, line: line)
        buffer.part(0, of: record) { appendKey(row, cells, masks: true, to: &$0) }
        appendCourt(row, judged, record, to: &buffer)
        guard let pieces = messages[rule] else { return }
        buffer.part(2, of: record) { bytes in
            for piece in pieces {
                switch piece {
                case .literal(let text): bytes.append(contentsOf: text)
                case .column(let place, let kind):
                    guard let span = place.flatMap({ cells.span(row, $0) }) else { continue }
                    append(span, kind, to: &bytes)
                case .step(let step, let kind):
                    guard let vector = judged.values[step],
                        let text = FindingText.text(
                            vector, judged.place(of: row), program.plan.expressions.steps[step].type)
                    else { continue }
                    let shown = kind.map { options.revealsPersonal ? text : FindingText.masked(text, $0) } ?? text
                    bytes.append(contentsOf: shown.utf8)
                }
            }
        }
    }

    /// Appends a finding that a cell is no value of its column's type.
    func compose(
        message: [UInt8], row: Int, number: Int, line: Int, _ cells: RowCells, _ judged: JudgedRows,
        to buffer: inout FindingBuffer
    ) {
        let record = buffer.begin(row: number, line: line)
        buffer.part(0, of: record) { appendKey(row, cells, masks: true, to: &$0) }
        appendCourt(row, judged, record, to: &buffer)
        buffer.part(2, of: record) { $0.append(contentsOf: message) }
    }

    private func appendCourt(_ row: Int, _ judged: JudgedRows, _ record: Int, to buffer: inout FindingBuffer) {
        guard writesCourt, let court = program.plan.court, let vector = judged.values[court] else { return }
        let place = judged.place(of: row)
        guard vector.isValid(place) else { return }
        if case .text(let spans) = vector.storage {
            buffer.part(1, of: record) { $0.append(contentsOf: spans[place].bytes) }
        } else if let text = FindingText.text(vector, place, program.plan.expressions.steps[court].type) {
            buffer.part(1, of: record) { $0.append(contentsOf: text.utf8) }
        }
    }

    private func appendKey(_ row: Int, _ cells: RowCells, masks: Bool, to bytes: inout [UInt8]) {
        if key.count == 1 {
            guard let span = key[0].place.flatMap({ cells.span(row, $0) }) else { return }
            append(span, masks ? key[0].personal : nil, to: &bytes)
            return
        }
        let parts = key.map { part -> String? in
            guard let text = part.place.flatMap({ cells.span(row, $0) })?.string else { return nil }
            guard masks, let kind = part.personal, !options.revealsPersonal else { return text }
            return FindingText.masked(text, kind)
        }
        bytes.append(contentsOf: FindingText.key(parts).utf8)
    }

    private func append(_ span: TextSpan, _ kind: PersonalKind?, to bytes: inout [UInt8]) {
        if let kind, !options.revealsPersonal {
            bytes.append(contentsOf: FindingText.masked(span.string, kind).utf8)
        } else {
            bytes.append(contentsOf: span.bytes)
        }
    }
}
