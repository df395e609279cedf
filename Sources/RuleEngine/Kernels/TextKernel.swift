import Columnar
import Glibc
import RuleLanguage

/// Texts, by code points of their UTF-8 bytes. Parts of a text are spans of it: nothing is copied.
enum TextKernel {
    static func apply(_ op: Operator, _ operands: [Vector], _ arena: Arena) -> Vector {
        switch op {
        case .concatenate: return concatenate(operands, arena)
        case .length: return lengths(operands[0], arena)
        case .left:
            return cut(operands, arena) { span, length in TextSpan(span.start, offset(of: length, in: span)) }
        case .right:
            return cut(operands, arena) { span, length in
                let start = offset(of: max(0, points(span) - length), in: span)
                return TextSpan(span.start + start, span.count - start)
            }
        case .mid: return mid(operands, arena)
        case .startsWith:
            return pairs(operands, arena) { $0.count >= $1.count && TextSpan($0.start, $1.count) == $1 }
        case .endsWith:
            return pairs(operands, arena) {
                $0.count >= $1.count && TextSpan($0.start + ($0.count - $1.count), $1.count) == $1
            }
        case .contains: return pairs(operands, arena) { find($1, in: $0) }
        case .strip: return stripped(operands, arena, cjk: false)
        case .stripCJK: return stripped(operands, arena, cjk: true)
        case .upper: return mapped(operands, arena) { $0 >= 97 && $0 <= 122 ? $0 - 32 : $0 }
        case .lower: return mapped(operands, arena) { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }
        case .intOfText: return words(operands, arena, integer)
        case .decimalOfText(let precision, let scale): return decimal(operands, precision, scale, arena)
        case .dateOfText:
            return words(operands, arena) { span in
                var value: Int64 = 0
                return TemporalText.date(span.bytes, &value) == nil ? value : nil
            }
        case .isIDCard: return predicate(operands[0], arena) { IdentityNumber.isIDCard($0.bytes) }
        case .isUSCC: return predicate(operands[0], arena) { IdentityNumber.isUSCC($0.bytes) }
        default: return operands[0]
        }
    }

    /// A strict test of each text.
    @inline(__always)
    static func predicate(_ operand: Vector, _ arena: Arena, _ test: (TextSpan) -> Bool) -> Vector {
        guard case .text(let spans) = operand.storage else { return operand }
        let valid = operand.valid
        let bits = Bits.make(operand.count, arena) { Bits.test(valid, $0) && test(spans[$0]) }
        return Vector(.bits(bits), valid: valid, errors: operand.errors, count: operand.count)
    }

    /// A word of each text, nil for NULL.
    @inline(__always)
    static func words(_ operands: [Vector], _ arena: Arena, _ body: (TextSpan) -> Int64?) -> Vector {
        guard case .text(let spans) = operands[0].storage else { return operands[0] }
        let count = operands[0].count
        let words = arena.make(Int64.self, count)
        let state = Strict.state(operands, arena)
        let has = Bits.make(count, arena) { row in
            guard Bits.test(state.valid, row), let word = body(spans[row]) else {
                words[row] = 0
                return false
            }
            words[row] = word
            return true
        }
        return Vector(.words(words), valid: has, errors: state.errors, count: count)
    }

    /// A test of two texts.
    @inline(__always)
    private static func pairs(_ operands: [Vector], _ arena: Arena, _ test: (TextSpan, TextSpan) -> Bool) -> Vector {
        guard case .text(let a) = operands[0].storage, case .text(let b) = operands[1].storage else {
            return operands[0]
        }
        let state = Strict.state(operands, arena)
        let bits = Bits.make(operands[0].count, arena) { Bits.test(state.valid, $0) && test(a[$0], b[$0]) }
        return Vector(.bits(bits), valid: state.valid, errors: state.errors, count: operands[0].count)
    }

    /// A text of each text, nil for NULL; it lies in memory that outlives the block.
    @inline(__always)
    static func texts(_ operands: [Vector], _ arena: Arena, _ body: (Int, TextSpan) -> TextSpan?) -> Vector {
        guard case .text(let spans) = operands[0].storage else { return operands[0] }
        let count = operands[0].count
        let made = arena.make(TextSpan.self, count)
        let state = Strict.state(operands, arena)
        let empty = TextSpan.empty
        let has = Bits.make(count, arena) { row in
            guard Bits.test(state.valid, row), let text = body(row, spans[row]) else {
                made[row] = empty
                return false
            }
            made[row] = text
            return true
        }
        return Vector(.text(made), valid: has, errors: state.errors, count: count)
    }

    private static func concatenate(_ operands: [Vector], _ arena: Arena) -> Vector {
        guard case .text(let second) = operands[1].storage else { return operands[0] }
        return texts(operands, arena) { row, first in
            let size = first.count + second[row].count
            let made = arena.make(UInt8.self, size)
            memcpy(made, first.start, first.count)
            memcpy(made + first.count, second[row].start, second[row].count)
            return TextSpan(UnsafePointer(made), size)
        }
    }

    private static func mapped(_ operands: [Vector], _ arena: Arena, _ map: (UInt8) -> UInt8) -> Vector {
        texts(operands, arena) { _, span in
            let made = arena.make(UInt8.self, span.count)
            for index in 0..<span.count { made[index] = map(span.start[index]) }
            return TextSpan(UnsafePointer(made), span.count)
        }
    }

    // MARK: - Code points

    private static func lengths(_ operand: Vector, _ arena: Arena) -> Vector {
        guard case .text(let spans) = operand.storage else { return operand }
        let lengths = arena.make(Int64.self, operand.count)
        ColumnKernels.points(spans, operand.count, into: lengths)
        return Vector(.words(lengths), valid: operand.valid, errors: operand.errors, count: operand.count)
    }

    /// How many code points: bytes that continue none, counted eight at a time.
    @inline(__always)
    static func points(_ span: TextSpan) -> Int {
        var continuing = 0
        var offset = 0
        while offset < span.count {
            let word = span.word(at: offset)
            // 10xxxxxx: the top bit set and the one below it clear.
            continuing += (word & ~(word << 1) & 0x8080_8080_8080_8080).nonzeroBitCount
            offset += 8
        }
        return span.count - continuing
    }

    /// The byte offset of a code point; the end when there are fewer.
    @inline(__always)
    static func offset(of point: Int, in span: TextSpan) -> Int {
        if point >= span.count { return span.count }
        var offset = 0
        var left = point
        // Eight ASCII bytes are eight code points.
        while left >= 8, span.word(at: offset) & 0x8080_8080_8080_8080 == 0, offset + 8 <= span.count {
            offset += 8
            left -= 8
        }
        while offset < span.count {
            if span.start[offset] & 0xC0 != 0x80 {
                if left == 0 { return offset }
                left -= 1
            }
            offset += 1
        }
        return span.count
    }

    /// A length clamped to what any text can have; nil when negative.
    @inline(__always)
    private static func length(_ value: Int128) -> Int? { value < 0 ? nil : Int(min(value, 1 << 40)) }

    /// A literal length that is neither NULL nor negative.
    private static func constant(_ operand: Vector) -> Int? {
        guard operand.isConstant, operand.isValid(0), case .words(let words) = operand.storage else { return nil }
        return length(Int128(words[0]))
    }

    @inline(__always)
    private static func cut(_ operands: [Vector], _ arena: Arena, _ body: (TextSpan, Int) -> TextSpan) -> Vector {
        if let length = constant(operands[1]) {
            return texts([operands[0]], arena) { _, span in body(span, length) }
        }
        let lengths = operands[1].wide(scaledBy: 0, arena)
        return texts(operands, arena) { row, span in length(lengths[row]).map { body(span, $0) } }
    }

    private static func mid(_ operands: [Vector], _ arena: Arena) -> Vector {
        if let start = constant(operands[1]), start >= 1, let length = constant(operands[2]) {
            return texts([operands[0]], arena) { _, span in part(span, start - 1, length) }
        }
        let starts = operands[1].wide(scaledBy: 0, arena)
        let lengths = operands[2].wide(scaledBy: 0, arena)
        return texts(operands, arena) { row, span in
            guard let start = length(starts[row]), start >= 1, let length = length(lengths[row]) else { return nil }
            return part(span, start - 1, length)
        }
    }

    @inline(__always)
    private static func part(_ span: TextSpan, _ start: Int, _ length: Int) -> TextSpan {
        let first = offset(of: start, in: span)
        let rest = TextSpan(span.start + first, span.count - first)
        return TextSpan(rest.start, offset(of: length, in: rest))
    }

    private static func stripped(_ operands: [Vector], _ arena: Arena, cjk: Bool) -> Vector {
        texts(operands, arena) { _, span in
            var (start, end) = (0, span.count)
            while start < end {
                var next = start + 1
                while next < end, span.start[next] & 0xC0 == 0x80 { next += 1 }
                guard isBlank(span, start, next, cjk) else { break }
                start = next
            }
            while end > start {
                var first = end - 1
                while first > start, span.start[first] & 0xC0 == 0x80 { first -= 1 }
                guard isBlank(span, first, end, cjk) else { break }
                end = first
            }
            return TextSpan(span.start + start, end - start)
        }
    }

    /// U+0020, and with `cjk` also U+3000, U+00A0, tab, CR, LF, U+FEFF.
    @inline(__always)
    private static func isBlank(_ span: TextSpan, _ start: Int, _ end: Int, _ cjk: Bool) -> Bool {
        let byte = span.start[start]
        if byte == 0x20 { return true }
        guard cjk else { return false }
        switch end - start {
        case 1: return byte == 0x09 || byte == 0x0D || byte == 0x0A
        case 2: return byte == 0xC2 && span.start[start + 1] == 0xA0
        case 3:
            let rest = (span.start[start + 1], span.start[start + 2])
            return (byte == 0xE3 && rest == (0x80, 0x80)) || (byte == 0xEF && rest == (0xBB, 0xBF))
        default: return false
        }
    }

    private static func find(_ part: TextSpan, in whole: TextSpan) -> Bool {
        guard part.count <= whole.count, part.count > 0 else { return part.count == 0 }
        var place = whole.start
        let end = whole.start + (whole.count - part.count + 1)
        while place < end {
            guard let found = memchr(place, Int32(part.start[0]), end - place) else { return false }
            place = UnsafePointer(found.assumingMemoryBound(to: UInt8.self))
            if memcmp(place, part.start, part.count) == 0 { return true }
            place += 1
        }
        return false
    }

    // MARK: - Values of texts

    /// `-?[0-9]+` within 64 bits.
    @inline(__always)
    private static func integer(_ span: TextSpan) -> Int64? {
        var value: Int64 = 0
        guard span.count > 0, CellParser.int(span, &value) == nil else { return nil }
        // What a cell may have, decimals that are zeros, is no whole number's text.
        for byte in span.bytes where byte == 46 { return nil }
        return value
    }

    private static func decimal(_ operands: [Vector], _ precision: Int, _ scale: Int, _ arena: Arena) -> Vector {
        guard case .text(let spans) = operands[0].storage else { return operands[0] }
        let count = operands[0].count
        let wide = arena.make(Int128.self, count)
        let valid = operands[0].valid
        let has = Bits.make(count, arena) { row in
            wide[row] = 0
            return Bits.test(valid, row)
                && DecimalText.decimal(spans[row].bytes, precision: precision, scale: scale, &wide[row]) == nil
        }
        return Vector(
            NumberKernel.narrowed(wide, precision, count, arena), valid: has, errors: operands[0].errors, count: count)
    }
}
