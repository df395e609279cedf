import Columnar
import CourtModel
import RuleLanguage

/// 案号: the parts of each case number, read once for all rules that ask for one.
struct ParsedCaseNumbers {
    /// Nil where the text is no case number.
    let numbers: UnsafeMutablePointer<CaseNumber?>
    /// One where there is one.
    let has: BitWords

    init(_ operand: Vector, _ arena: Arena) {
        let numbers = arena.make(CaseNumber?.self, operand.count)
        guard case .text(let spans) = operand.storage else {
            self.numbers = numbers
            has = arena.bits(operand.count, all: false)
            return
        }
        has = Bits.make(operand.count, arena) { row in
            numbers[row] = operand.isValid(row) ? CaseNumber(spans[row].bytes) : nil
            return numbers[row] != nil
        }
        self.numbers = numbers
    }

    /// One part; NULL where the text is no case number.
    func part(_ field: CaseNumberField, of operand: Vector, _ marks: TextIndex, _ arena: Arena) -> Vector {
        guard case .text(let spans) = operand.storage else { return operand }
        let count = operand.count
        switch field {
        case .year, .number:
            let words = arena.make(Int64.self, count)
            for row in 0..<count {
                words[row] = numbers[row].map { field == .year ? Int64($0.year) : $0.number } ?? 0
            }
            return Vector(.words(words), valid: has, errors: operand.errors, count: count)
        case .court, .type, .special, .suffix, .style:
            let made = arena.make(TextSpan.self, count)
            for row in 0..<count {
                made[row] = numbers[row].map { text(field, $0, spans[row], marks) } ?? TextSpan.empty
            }
            return Vector(.text(made), valid: has, errors: operand.errors, count: count)
        }
    }

    private func text(_ field: CaseNumberField, _ number: CaseNumber, _ span: TextSpan, _ marks: TextIndex) -> TextSpan
    {
        func part(_ range: Range<Int>) -> TextSpan { TextSpan(span.start + range.lowerBound, range.count) }
        switch field {
        case .court: return part(number.court)
        case .suffix: return part(number.suffix)
        case .style: return ParsedCaseNumbers.styles[number.style] ?? TextSpan.empty
        case .special: return number.special(in: span.bytes, marks: marks).map(part) ?? TextSpan.empty
        default:
            let special = number.special(in: span.bytes, marks: marks)
            return part((special?.upperBound ?? number.type.lowerBound)..<number.type.upperBound)
        }
    }

    private static let styles: [CaseNumber.Style: TextSpan] = {
        // Never given back: the program's own two words.
        let memory = Unmanaged.passRetained(Arena()).takeUnretainedValue()
        return [.since2016, .old].reduce(into: [:]) { $0[$1] = memory.text($1.rawValue) }
    }()
}
