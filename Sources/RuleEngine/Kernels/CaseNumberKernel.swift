import Columnar
import CourtModel
import RuleLanguage

/// 案号: one part of each case number, NULL where the text is none.
enum CaseNumberKernel {
    static func part(_ field: CaseNumberField, _ operand: Vector, _ marks: TextIndex) -> Vector {
        switch field {
        case .year, .number:
            guard case .text(let column) = operand.storage else { return operand }
            var result = NumberKernel.result(.words([]), [operand])
            var words = [Int64](repeating: 0, count: result.count)
            column.bytes.withUnsafeBufferPointer { bytes in
                for row in 0..<result.count where result.isValid(row) {
                    if let number = CaseNumber(UnsafeBufferPointer(rebasing: bytes[column.range(row)])) {
                        words[row] = field == .year ? Int64(number.year) : number.number
                    } else {
                        result.valid[row >> 6] &= ~(1 << UInt64(row & 63))
                    }
                }
            }
            result.storage = .words(words)
            return result
        case .court, .type, .special, .suffix, .style:
            return TextKernel.texts([operand]) { _, bytes, made in
                guard let number = CaseNumber(bytes) else { return false }
                let special = number.special(in: bytes, marks: marks)
                switch field {
                case .court: made.append(contentsOf: bytes[number.court])
                case .special: if let special { made.append(contentsOf: bytes[special]) }
                case .suffix: made.append(contentsOf: bytes[number.suffix])
                case .style: made.append(contentsOf: number.style.rawValue.utf8)
                default:
                    let start = special?.upperBound ?? number.type.lowerBound
                    made.append(contentsOf: bytes[start..<number.type.upperBound])
                }
                return true
            }
        }
    }
}
