public import Columnar
public import DataAccess
import Diagnostics

/// The rows of a query, by `COPY … TO STDOUT (FORMAT binary)`, as cells.
///
/// Lengths come with the values, so that nothing is searched for and nothing escaped: texts are copied as they are, all
/// other values are written as the server would print them. No string is made.
public final class BinaryCopyReader: CellReader {
    public var columns: [String] { shape.columns }
    public var widths: [ColumnWidth?] { shape.widths }
    private let shape: BinaryCopyShape
    private let rows: PostgresCopyOut
    private let place: String
    private var rowCount = 0
    private var hasHeader = true

    /// - Parameters:
    ///   - select: one query without a semicolon.
    ///   - shape: of this query, when it is known from one like it; nil asks the server.
    public init(_ connection: PostgresConnection, select: String, shape: BinaryCopyShape? = nil) throws {
        let known = try shape ?? BinaryCopyShape(of: select, on: connection)
        self.shape = known
        place = connection.displayName
        rows = try connection.copyOut("COPY (\(known.selection(select))) TO STDOUT (FORMAT binary)")
    }

    public func next(into block: inout CellBlock) throws -> Bool {
        block.begin(columnCount: shape.types.count, firstRow: rowCount + 1)
        var end = 0
        while block.rowCount < RawBlock.preferredRowCount, end < CellBlock.preferredByteCount {
            guard try rows.nextRow({ try append($0, to: &block, &end) }) != nil else { break }
        }
        rowCount += block.rowCount
        return block.rowCount > 0
    }

    private func append(_ message: UnsafeRawBufferPointer, to block: inout CellBlock, _ end: inout Int) throws {
        var row = message
        if hasHeader {
            row = try withoutHeader(message)
            hasHeader = false
            if row.isEmpty { return }
        }
        guard row.count >= 2 else { throw malformed }
        let fieldCount = Int(BigEndian.int16(row, 0))
        if fieldCount == -1 { return }  // The end of the rows.
        guard fieldCount == shape.types.count else { throw malformed }
        block.starts.append(UInt32(truncatingIfNeeded: end))
        let firstCell = block.rowCount * fieldCount
        if block.cells.count < firstCell + fieldCount {
            block.cells.append(contentsOf: repeatElement(.null, count: RawBlock.preferredRowCount * fieldCount))
        }
        var spare = 0
        while true {
            let missing = end + row.count + shape.room + spare + CellBlock.padding - block.bytes.count
            if missing > 0 { block.bytes.append(contentsOf: repeatElement(0, count: max(missing, 1 << 20))) }
            switch decode(row, &block.bytes, &block.cells, firstCell: firstCell, end: end, spare: spare) {
            case .done(let newEnd):
                end = newEnd
                block.rowCount += 1
                return
            case .needsSpare(let needed): spare = needed
            case .malformed: throw malformed
            }
        }
    }

    private enum Decoded {
        case done(end: Int)
        case needsSpare(Int)
        case malformed
    }

    /// Writes the texts of one row from `end` on, and where each lies.
    ///
    /// Sound because there is room for the row's bytes, for what its columns take at most, and for `spare` bytes more:
    /// numerics that show so many zeros that they take more than their column's room must fit into that.
    private func decode(
        _ row: UnsafeRawBufferPointer, _ bytes: inout [UInt8], _ cells: inout [CellBlock.Cell], firstCell: Int,
        end: Int,
        spare: Int
    ) -> Decoded {
        bytes.withUnsafeMutableBufferPointer { bytes in
            cells.withUnsafeMutableBufferPointer { cells in
                shape.types.withUnsafeBufferPointer { types in
                    guard let base = bytes.baseAddress else { return .malformed }
                    var text = BinaryCopyText(end: base + end)
                    var spared = 0
                    var offset = 2
                    for column in 0..<types.count {
                        guard row.count - offset >= 4 else { return .malformed }
                        let length = Int(BigEndian.int32(row, offset))
                        offset += 4
                        if length == -1 {
                            cells[firstCell + column] = .null
                            continue
                        }
                        guard length >= 0, row.count - offset >= length else { return .malformed }
                        let field = UnsafeRawBufferPointer(rebasing: row[offset..<offset + length])
                        let start = text.end
                        if types[column] == .text {
                            text.copy(field, readable: row.count - offset)
                        } else {
                            if types[column] == .numeric {
                                guard let number = NumericShape(field) else { return .malformed }
                                if number.room > BinaryCopyType.numeric.room {
                                    spared += number.room
                                    if spared > spare { return .needsSpare(spared) }
                                }
                            }
                            guard text.write(types[column], field) else { return .malformed }
                        }
                        offset += length
                        cells[firstCell + column] = CellBlock.Cell(
                            start: UInt32(truncatingIfNeeded: start - base),
                            end: UInt32(truncatingIfNeeded: text.end - base))
                    }
                    return offset == row.count ? .done(end: text.end - base) : .malformed
                }
            }
        }
    }

    /// `PGCOPY\n\377\r\n\0`, 32 flag bits, and an extension with its length.
    private func withoutHeader(_ message: UnsafeRawBufferPointer) throws -> UnsafeRawBufferPointer {
        let signature: [UInt8] = [80, 71, 67, 79, 80, 89, 10, 255, 13, 10, 0]
        guard message.count >= 19, message.starts(with: signature) else { throw malformed }
        // The low bits may be set without harm; a high one is a format that we cannot read.
        let extent = BigEndian.int32(message, 15)
        guard BigEndian.int16(message, 11) == 0, extent >= 0, message.count - 19 >= Int(extent) else { throw malformed }
        return UnsafeRawBufferPointer(rebasing: message[(19 + Int(extent))...])
    }

    private var malformed: OperationError {
        OperationError(
            .ioError, code: "pg-binary",
            LocalizedText(
                en: "database \(place) sent a row that is not in PostgreSQL's binary format",
                zh: "数据库 \(place) 发来的行不符合 PostgreSQL 的二进制格式"),
            hint: LocalizedText(
                en: "is it a server that only resembles PostgreSQL?", zh: "该服务器是否只是与 PostgreSQL 相似？"))
    }
}

/// The columns of a query and how each comes in a binary COPY.
public struct BinaryCopyShape: Sendable {
    public let columns: [String]
    let widths: [ColumnWidth?]
    let types: [BinaryCopyType]
    /// Whether any column has to be asked for as text.
    private let hasCasts: [Bool]

    /// Asks the server.
    public init(of select: String, on connection: PostgresConnection) throws {
        let described = try connection.result("SELECT * FROM (\(select)) q LIMIT 0", []).columns
        columns = described.map(\.name)
        widths = described.map { ColumnWidth(type: $0.type, modifier: $0.modifier) }
        types = described.map { BinaryCopyType(oid: $0.type) ?? .text }
        hasCasts = described.map { BinaryCopyType(oid: $0.type) == nil }
    }

    /// Bytes that the texts of a row need at most beside its own bytes and its numerics.
    var room: Int { types.reduce(0) { $0 + $1.room } }

    /// The query with columns of types that we do not decode asked for as text.
    func selection(_ select: String) -> String {
        guard hasCasts.contains(true) else { return select }
        let list = zip(columns, hasCasts).map { name, isCast in
            "q.\(PostgresConnection.identifier(name))" + (isCast ? "::text" : "")
        }
        return "SELECT \(list.joined(separator: ", ")) FROM (\(select)) q"
    }
}

extension ColumnWidth {
    /// What `varchar(50)` and `numeric(18,2)` say by their modifiers; nil for types that say nothing.
    fileprivate init?(type: UInt32, modifier: Int32) {
        // The server counts the four bytes of a header in.
        let size = Int(modifier) - 4
        guard size >= 0 else { return nil }
        switch type {
        case 1042, 1043: self = .text(size)  // char(n), varchar(n)
        case 1700: self = .decimal(precision: size >> 16, scale: size & 0x7FF)
        default: return nil
        }
    }
}
