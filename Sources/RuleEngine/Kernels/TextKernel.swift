import Columnar
import RuleLanguage

/// Texts, by code points of their UTF-8 bytes.
enum TextKernel {
    typealias Bytes = UnsafeBufferPointer<UInt8>

    static func apply(_ op: Operator, _ operands: [Vector]) -> Vector {
        switch op {
        case .concatenate: return concatenate(operands)
        case .length: return words(operands) { Int64(CodePoints.count($0)) }
        case .left: return cut(operands) { 0..<min(CodePoints.count($0), $1) }
        case .right:
            return cut(operands) { bytes, length in
                let count = CodePoints.count(bytes)
                return max(0, count - length)..<count
            }
        case .mid: return mid(operands)
        case .startsWith: return pairs(operands) { $0.count >= $1.count && equal(Bytes(rebasing: $0[..<$1.count]), $1) }
        case .endsWith:
            return pairs(operands) {
                $0.count >= $1.count && equal(Bytes(rebasing: $0[($0.count - $1.count)...]), $1)
            }
        case .contains: return pairs(operands) { find($1, in: $0) }
        case .strip: return stripped(operands) { $0 == 0x20 }
        case .stripCJK:
            return stripped(operands) {
                $0 == 0x20 || $0 == 0x3000 || $0 == 0xA0 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A || $0 == 0xFEFF
            }
        case .upper: return mapped(operands) { $0 >= 97 && $0 <= 122 ? $0 - 32 : $0 }
        case .lower: return mapped(operands) { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }
        case .intOfText: return words(operands, integer)
        case .decimalOfText(let precision, let scale): return decimal(operands, precision, scale)
        case .dateOfText:
            return words(operands) { bytes in
                var value: Int64 = 0
                return TemporalText.date(bytes, &value) == nil ? value : nil
            }
        case .isIDCard: return predicate(operands[0], IdentityNumber.isIDCard)
        case .isUSCC: return predicate(operands[0], IdentityNumber.isUSCC)
        default: return operands[0]
        }
    }

    /// A strict test of each text.
    @inline(__always)
    static func predicate(_ operand: Vector, _ test: (Bytes) -> Bool) -> Vector {
        words([operand]) { test($0) ? 1 : 0 }
    }

    /// A word of each text, nil for NULL.
    @inline(__always)
    private static func words(_ operands: [Vector], _ body: (Bytes) -> Int64?) -> Vector {
        guard case .text(let column) = operands[0].storage else { return operands[0] }
        var result = NumberKernel.result(.words([]), operands)
        var words = [Int64](repeating: 0, count: result.count)
        column.bytes.withUnsafeBufferPointer { bytes in
            for row in 0..<result.count where result.isValid(row) {
                if let word = body(Bytes(rebasing: bytes[column.range(row)])) {
                    words[row] = word
                } else {
                    result.valid[row >> 6] &= ~(1 << UInt64(row & 63))
                }
            }
        }
        result.storage = .words(words)
        return result
    }

    /// A test of two texts.
    @inline(__always)
    private static func pairs(_ operands: [Vector], _ test: (Bytes, Bytes) -> Bool) -> Vector {
        guard case .text(let a) = operands[0].storage, case .text(let b) = operands[1].storage else {
            return operands[0]
        }
        var result = NumberKernel.result(.words([]), operands)
        var words = [Int64](repeating: 0, count: result.count)
        a.bytes.withUnsafeBufferPointer { left in
            b.bytes.withUnsafeBufferPointer { right in
                for row in 0..<result.count where result.isValid(row) {
                    words[row] = test(Bytes(rebasing: left[a.range(row)]), Bytes(rebasing: right[b.range(row)])) ? 1 : 0
                }
            }
        }
        result.storage = .words(words)
        return result
    }

    /// A new text of each row, appended by `body`; false for NULL.
    @inline(__always)
    static func texts(_ operands: [Vector], _ body: (Int, Bytes, inout [UInt8]) -> Bool) -> Vector {
        guard case .text(let column) = operands[0].storage else { return operands[0] }
        var result = NumberKernel.result(.words([]), operands)
        var made = TextColumn()
        column.bytes.withUnsafeBufferPointer { bytes in
            for row in 0..<result.count {
                if result.isValid(row), !body(row, Bytes(rebasing: bytes[column.range(row)]), &made.bytes) {
                    result.valid[row >> 6] &= ~(1 << UInt64(row & 63))
                }
                made.finishValue()
            }
        }
        result.storage = .text(made)
        return result
    }

    private static func concatenate(_ operands: [Vector]) -> Vector {
        guard case .text(let second) = operands[1].storage else { return operands[0] }
        return texts(operands) { row, bytes, made in
            made.append(contentsOf: bytes)
            made.append(contentsOf: second.bytes[second.range(row)])
            return true
        }
    }

    private static func mapped(_ operands: [Vector], _ map: (UInt8) -> UInt8) -> Vector {
        texts(operands) { _, bytes, made in
            for byte in bytes { made.append(map(byte)) }
            return true
        }
    }

    /// The byte offset of a code point; the end when there are fewer.
    private static func offset(of point: Int, in bytes: Bytes) -> Int {
        var seen = -1
        for (index, byte) in bytes.enumerated() where byte & 0xC0 != 0x80 {
            seen += 1
            if seen == point { return index }
        }
        return bytes.count
    }

    private static func append(_ points: Range<Int>, of bytes: Bytes, _ made: inout [UInt8]) {
        let start = offset(of: points.lowerBound, in: bytes)
        let end = offset(of: points.upperBound, in: bytes)
        made.append(contentsOf: bytes[start..<max(start, end)])
    }

    /// A length clamped to what any text can have; nil when negative.
    private static func length(_ value: Int128) -> Int? { value < 0 ? nil : Int(min(value, 1 << 40)) }

    private static func cut(_ operands: [Vector], _ points: (Bytes, Int) -> Range<Int>) -> Vector {
        let lengths = operands[1].wide(scaledBy: 0)
        return texts(operands) { row, bytes, made in
            guard let length = length(lengths[row]) else { return false }
            append(points(bytes, length), of: bytes, &made)
            return true
        }
    }

    private static func mid(_ operands: [Vector]) -> Vector {
        let starts = operands[1].wide(scaledBy: 0)
        let lengths = operands[2].wide(scaledBy: 0)
        return texts(operands) { row, bytes, made in
            guard let start = length(starts[row]), start >= 1, let length = length(lengths[row]) else { return false }
            append(start - 1..<start - 1 + length, of: bytes, &made)
            return true
        }
    }

    private static func stripped(_ operands: [Vector], _ isBlank: (UInt32) -> Bool) -> Vector {
        texts(operands) { _, bytes, made in
            var (start, end) = (0, bytes.count)
            while start < end {
                var next = start + 1
                while next < end, bytes[next] & 0xC0 == 0x80 { next += 1 }
                guard isBlank(scalar(bytes, start, next)) else { break }
                start = next
            }
            while end > start {
                var first = end - 1
                while first > start, bytes[first] & 0xC0 == 0x80 { first -= 1 }
                guard isBlank(scalar(bytes, first, end)) else { break }
                end = first
            }
            made.append(contentsOf: bytes[start..<end])
            return true
        }
    }

    private static func scalar(_ bytes: Bytes, _ start: Int, _ end: Int) -> UInt32 {
        let lead = bytes[start]
        var value = UInt32(
            end - start == 1 ? lead : end - start == 2 ? lead & 0x1F : end - start == 3 ? lead & 0x0F : lead & 0x07)
        for index in start + 1..<max(start + 1, end) { value = value << 6 | UInt32(bytes[index] & 0x3F) }
        return value
    }

    static func equal(_ left: Bytes, _ right: Bytes) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count where left[index] != right[index] { return false }
        return true
    }

    private static func find(_ part: Bytes, in whole: Bytes) -> Bool {
        guard part.count <= whole.count else { return false }
        for start in 0...whole.count - part.count
        where equal(Bytes(rebasing: whole[start..<start + part.count]), part) { return true }
        return false
    }

    /// `-?[0-9]+` within 64 bits.
    private static func integer(_ bytes: Bytes) -> Int64? {
        for byte in bytes where byte == 46 { return nil }
        var value: Int64 = 0
        return DecimalText.int64(bytes, &value) == nil ? value : nil
    }

    private static func decimal(_ operands: [Vector], _ precision: Int, _ scale: Int) -> Vector {
        guard case .text(let column) = operands[0].storage else { return operands[0] }
        var result = NumberKernel.result(.words([]), operands)
        var wide = [Int128](repeating: 0, count: result.count)
        column.bytes.withUnsafeBufferPointer { bytes in
            for row in 0..<result.count where result.isValid(row) {
                let text = Bytes(rebasing: bytes[column.range(row)])
                if DecimalText.decimal(text, precision: precision, scale: scale, &wide[row]) != nil {
                    result.valid[row >> 6] &= ~(1 << UInt64(row & 63))
                }
            }
        }
        result.storage = precision <= 18 ? .words(wide.map { Int64(truncatingIfNeeded: $0) }) : .wide(wide)
        return result
    }
}
