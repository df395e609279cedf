import Columnar
import DataAccess
import Diagnostics
import RuleLanguage
import Schema

/// Reads the cells of one table's blocks as its definition says: finds the columns by code or title, gives them types.
///
/// Texts stay where they are. Belongs to one thread.
struct CellDecoder {
    let table: TableDefinition
    /// Indexes in the table of the columns that are there and wanted, ascending.
    let columns: [Int]
    /// Where each of them stands in the reader's blocks.
    let places: [Int]
    /// Whether somebody reads its values; of the others only what does not parse is of interest.
    private let isRead: [Bool]
    private let parsers: [ColumnDecoder]
    /// What went wrong in the last block, by the order of `columns`.
    private(set) var faults: [DecodingFaults]
    /// Values (not NULL, parsed) in the last block, by the order of `columns`.
    private(set) var present: [Int]

    /// `required` columns (table indexes) must be there; those of `optional` that are not are left out. `checked` ones are
    /// only looked through for what does not parse.
    init(
        table: TableDefinition, required: Set<Int>, optional: Set<Int>, checked: Set<Int>, readerColumns: [String]
    ) throws(OperationError) {
        var places: [Int: Int] = [:]
        for (place, name) in readerColumns.enumerated() {
            if let column = table.columnIndex(name), places[column] == nil { places[column] = place }
        }
        let missing = required.filter { places[$0] == nil }.sorted()
        guard missing.isEmpty else {
            throw .missingColumns(missing.map { table.columns[$0] }, of: table, found: readerColumns)
        }
        self.table = table
        columns = required.union(optional).union(checked).filter { places[$0] != nil }.sorted()
        self.places = columns.compactMap { places[$0] }
        isRead = columns.map { required.contains($0) || optional.contains($0) }
        parsers = columns.map {
            ColumnDecoder(kind: table.columns[$0].type.kind, nullTexts: table.columns[$0].nullTexts)
        }
        faults = Array(repeating: DecodingFaults(), count: columns.count)
        present = Array(repeating: 0, count: columns.count)
    }

    /// The vectors by the table's column indexes; they point into the block's bytes and the arena.
    mutating func decode(_ rows: RowCells, _ arena: Arena) -> [Vector?] {
        var vectors = [Vector?](repeating: nil, count: table.columns.count)
        for index in columns.indices {
            faults[index].removeAll()
            let vector = decode(index, rows.column(places[index]), arena)
            present[index] = Bits.population(vector.valid, vector.count)
            if isRead[index] { vectors[columns[index]] = vector }
        }
        return vectors
    }

    private mutating func decode(_ index: Int, _ cells: CellColumn, _ arena: Arena) -> Vector {
        let parser = parsers[index]
        switch parser.kind {
        case .text(let limit): return text(index, cells, limit, parser, arena)
        case .int: return words(index, cells, parser, arena, CellParser.int)
        case .decimal(let precision, let scale) where precision <= 18:
            return words(index, cells, parser, arena) { CellParser.decimal($0, precision, scale, &$1) }
        case .decimal(let precision, let scale): return wide(index, cells, precision, scale, parser, arena)
        case .date: return words(index, cells, parser, arena, CellParser.date)
        case .timestamp: return words(index, cells, parser, arena, CellParser.timestamp)
        case .bool:
            var vector = words(index, cells, parser, arena) { BooleanText.bool($0.bytes, &$1) }
            if case .words(let words) = vector.storage {
                vector.storage = .bits(Bits.make(cells.count, arena) { words[$0] != 0 })
            }
            return vector
        }
    }

    @inline(__always)
    private mutating func words(
        _ index: Int, _ cells: CellColumn, _ parser: ColumnDecoder, _ arena: Arena,
        _ parse: (TextSpan, inout Int64) -> DecodingFault?
    ) -> Vector {
        let words = arena.make(Int64.self, cells.count)
        return values(index, cells, parser, arena) { row, span in
            var value: Int64 = 0
            let fault = parse(span, &value)
            words[row] = value
            return fault
        } with: {
            .words(words)
        }
    }

    private mutating func wide(
        _ index: Int, _ cells: CellColumn, _ precision: Int, _ scale: Int, _ parser: ColumnDecoder, _ arena: Arena
    ) -> Vector {
        let words = arena.make(Int128.self, cells.count)
        words.update(repeating: 0, count: cells.count)
        return values(index, cells, parser, arena) { row, span in
            DecimalText.decimal(span.bytes, precision: precision, scale: scale, &words[row])
        } with: {
            .wide(words)
        }
    }

    /// The loop that all but texts share: the empty text is NULL.
    @inline(__always)
    private mutating func values(
        _ index: Int, _ cells: CellColumn, _ parser: ColumnDecoder, _ arena: Arena,
        _ take: (Int, TextSpan) -> DecodingFault?, with storage: () -> Vector.Storage
    ) -> Vector {
        let count = cells.count
        let hasNullTexts = parser.hasNullTexts
        var errors: BitWords?
        var emptyTexts = 0
        var rowFaults: [DecodingFaults.RowFault] = []
        let valid = Bits.make(count, arena) { row in
            let cell = cells[row]
            guard cell.end > cell.start else {
                if cell.end == cell.start { emptyTexts += 1 }
                return false
            }
            let span = cells.span(cell)
            if hasNullTexts, parser.isNullText(span.bytes) { return false }
            guard let fault = take(row, span) else { return true }
            rowFaults.append(.init(row: Int32(truncatingIfNeeded: row), fault: fault))
            return false
        }
        if !rowFaults.isEmpty {
            let bits = arena.bits(count, all: false)
            for fault in rowFaults { Bits.set(bits, Int(fault.row)) }
            errors = bits
            faults[index].rows = rowFaults
        }
        faults[index].emptyTexts = emptyTexts
        return Vector(storage(), valid: valid, errors: errors, count: count)
    }

    /// A text of any length: nothing can be wrong with it.
    private func anyText(_ cells: CellColumn, _ arena: Arena) -> Vector {
        let count = cells.count
        let spans = arena.make(TextSpan.self, count)
        let bytes = cells.bytes
        let valid = Bits.make(count, arena) { row in
            let cell = cells[row]
            let isText = cell.end >= cell.start
            spans[row] = TextSpan(bytes + Int(cell.start), isText ? Int(cell.end &- cell.start) : 0)
            return isText
        }
        return Vector(.text(spans), valid: valid, count: count)
    }

    private mutating func text(
        _ index: Int, _ cells: CellColumn, _ limit: Int?, _ parser: ColumnDecoder, _ arena: Arena
    ) -> Vector {
        let count = cells.count
        let hasNullTexts = parser.hasNullTexts
        guard limit != nil || hasNullTexts else { return anyText(cells, arena) }
        let limit = limit ?? .max
        var rowFaults: [DecodingFaults.RowFault] = []
        let spans = arena.make(TextSpan.self, count)
        let valid = Bits.make(count, arena) { row in
            let cell = cells[row]
            guard cell.end >= cell.start else {
                spans[row] = TextSpan.empty
                return false
            }
            let span = cells.span(cell)
            spans[row] = span
            if hasNullTexts, parser.isNullText(span.bytes) { return false }
            // A text of n bytes has at most n code points; most texts are judged by this alone.
            if span.count > limit, TextKernel.points(span) > limit {
                rowFaults.append(.init(row: Int32(truncatingIfNeeded: row), fault: .tooLong))
                return false
            }
            return true
        }
        var errors: BitWords?
        if !rowFaults.isEmpty {
            let bits = arena.bits(count, all: false)
            for fault in rowFaults { Bits.set(bits, Int(fault.row)) }
            errors = bits
            faults[index].rows = rowFaults
        }
        return Vector(.text(spans), valid: valid, errors: errors, count: count)
    }
}

/// The cells of some rows of a block, all or chosen ones, while its bytes are lent.
struct RowCells {
    let bytes: UnsafePointer<UInt8>
    let cells: UnsafePointer<CellBlock.Cell>
    let columnCount: Int
    let count: Int

    @inline(__always) func column(_ place: Int) -> CellColumn {
        CellColumn(bytes: bytes, cells: cells + place, stride: columnCount, count: count)
    }

    /// The text of a value as it was read; nil for NULL.
    @inline(__always) func span(_ row: Int, _ place: Int) -> TextSpan? {
        let cell = cells[row * columnCount + place]
        return cell.isNull ? nil : TextSpan(bytes + Int(cell.start), cell.count)
    }
}

/// One column of them.
struct CellColumn {
    let bytes: UnsafePointer<UInt8>
    let cells: UnsafePointer<CellBlock.Cell>
    let stride: Int
    let count: Int

    @inline(__always) subscript(_ row: Int) -> CellBlock.Cell { cells[row * stride] }

    @inline(__always) func span(_ cell: CellBlock.Cell) -> TextSpan {
        TextSpan(bytes + Int(cell.start), Int(cell.end &- cell.start))
    }
}

/// Values from their text; the common forms at once, all others by the exact readers of `Columnar`.
enum CellParser {
    @inline(__always) private static func digit(_ span: TextSpan, _ index: Int) -> Int { Int(span.start[index] &- 48) }

    @inline(__always) static func int(_ span: TextSpan, _ value: inout Int64) -> DecodingFault? {
        if span.count <= 18 {
            var sum: Int64 = 0
            var index = 0
            while index < span.count {
                let digit = span.start[index] &- 48
                if digit > 9 { break }
                sum = sum &* 10 &+ Int64(digit)
                index += 1
            }
            if index == span.count {
                value = sum
                return nil
            }
        }
        return DecimalText.int64(span.bytes, &value)
    }

    @inline(__always)
    static func decimal(_ span: TextSpan, _ precision: Int, _ scale: Int, _ value: inout Int64) -> DecodingFault? {
        // Digits, a point, digits: seldom anything else.
        var sum: Int64 = 0
        var index = 0
        var decimals = -1
        while index < span.count, index < 18 {
            let byte = span.start[index]
            let digit = byte &- 48
            if digit <= 9 {
                sum = sum &* 10 &+ Int64(digit)
                if decimals >= 0 { decimals += 1 }
            } else if byte == 46, decimals < 0, index > 0 {
                decimals = 0
            } else {
                break
            }
            index += 1
        }
        let missing = scale - max(0, decimals)
        if index == span.count, decimals != 0, missing >= 0, span.count + missing <= precision {
            for _ in 0..<missing { sum = sum &* 10 }
            value = sum
            return nil
        }
        var wide: Int128 = 0
        let fault = DecimalText.decimal(span.bytes, precision: precision, scale: scale, &wide)
        value = Int64(truncatingIfNeeded: wide)
        return fault
    }

    @inline(__always) static func date(_ span: TextSpan, _ value: inout Int64) -> DecodingFault? {
        if span.count == 10, let days = tenBytes(span) {
            value = days
            return nil
        }
        return TemporalText.date(span.bytes, &value)
    }

    @inline(__always) static func timestamp(_ span: TextSpan, _ value: inout Int64) -> DecodingFault? {
        let (hour, minute, second) = (two(span, 11), two(span, 14), two(span, 17))
        let marks = (span.start[10], span.start[13], span.start[16])
        if span.count == 19, marks == (32, 58, 58), hour < 24, minute < 60, second < 60, let days = tenBytes(span) {
            value = (days * 86_400 + Int64(hour * 3600 + minute * 60 + second)) * 1_000_000
            return nil
        }
        return TemporalText.timestamp(span.bytes, &value)
    }

    /// Two digits; 1,000 or more when they are none.
    @inline(__always) private static func two(_ span: TextSpan, _ index: Int) -> Int {
        let (tens, ones) = (digit(span, index), digit(span, index + 1))
        return tens <= 9 && ones <= 9 ? tens * 10 + ones : 1_000
    }

    /// `YYYY-MM-DD` as days since 1970-01-01; nil for anything else. Eight bytes at once: the first are at the low end.
    @inline(__always) private static func tenBytes(_ span: TextSpan) -> Int64? {
        let start = UnsafeRawPointer(span.start)
        let head = start.loadUnaligned(as: UInt64.self) ^ 0x2D30_302D_3030_3030
        let tail = UInt64(start.loadUnaligned(fromByteOffset: 8, as: UInt16.self)) ^ 0x3030
        // Digits are 0 to 9 now, hyphens 0: then no byte reaches its top bit, nor has it.
        let isOver =
            ((head &+ 0x7F76_767F_7676_7676) | head) & 0x8080_8080_8080_8080 | ((tail &+ 0x7676) | tail) & 0x8080
        let pairs = (head & 0xFFFF_FFFF) &* 10 &+ (head & 0xFFFF_FFFF) >> 8
        let (century, year) = (Int(pairs & 0xFF), Int(pairs >> 16 & 0xFF))
        let month = Int(head >> 40 & 0xFF) * 10 + Int(head >> 48 & 0xFF)
        let day = Int(tail & 0xFF) * 10 + Int(tail >> 8)
        let number = century * 100 + year
        guard isOver == 0, number > 0, month > 0, month <= 12, day > 0 else { return nil }
        let isLeap = number & 3 == 0 && (year != 0 || number % 400 == 0)
        // 31 days in odd months until July and in even ones from August.
        let length = month == 2 ? (isLeap ? 29 : 28) : 30 + ((month ^ month >> 3) & 1)
        guard day <= length else { return nil }
        // Years that begin in March end with the leap day.
        let (shifted, since) = month > 2 ? (number, month - 3) : (number - 1, month + 9)
        let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400
        return Int64(days + (since * 153 + 2) / 5 + day - 1 - 719_468)
    }
}
