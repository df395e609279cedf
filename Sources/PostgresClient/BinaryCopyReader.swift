public import Columnar
public import DataAccess
import Diagnostics

/// The rows of a query, by `COPY … TO STDOUT (FORMAT binary)`, as cells.
///
/// Lengths come with the values, so that nothing is searched for and nothing escaped: texts are copied as they are, all
/// other values are written as the server would print them. No string is made.
public final class BinaryCopyReader: CellReader {
    public var columns: [String] { shape.columns }
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
        block.columnCount = shape.types.count
        block.rowCount = 0
        block.firstRow = rowCount + 1
        block.firstLine = 0
        block.lines.removeAll(keepingCapacity: true)
        block.starts.removeAll(keepingCapacity: true)
        block.cells.removeAll(keepingCapacity: true)
        block.byteOffset = 0
        var end = 0
        while block.rowCount < RawBlock.preferredRowCount, end < Self.preferredByteCount {
            guard let isRow = try rows.nextRow({ try append($0, to: &block, &end) }) else { break }
            if isRow { block.rowCount += 1 }
        }
        reserve(end + CellBlock.padding, in: &block)
        rowCount += block.rowCount
        return block.rowCount > 0
    }

    private static let preferredByteCount = 4 << 20

    private func reserve(_ count: Int, in block: inout CellBlock) {
        let missing = count - block.bytes.count
        if missing > 0 { block.bytes.append(contentsOf: repeatElement(0, count: max(missing, 1 << 20))) }
    }

    /// False for what ends the rows.
    private func append(_ message: UnsafeRawBufferPointer, to block: inout CellBlock, _ end: inout Int) throws -> Bool {
        var row = message
        if hasHeader {
            row = try withoutHeader(message)
            hasHeader = false
            if row.isEmpty { return false }
        }
        guard row.count >= 2 else { throw malformed }
        let fieldCount = BigEndian.int16(row, 0)
        if fieldCount == -1 { return false }
        guard Int(fieldCount) == shape.types.count else { throw malformed }
        var room = row.count + shape.room + CellBlock.padding
        reserve(end + room, in: &block)
        block.starts.append(UInt32(end))
        var offset = 2
        for type in shape.types {
            guard row.count - offset >= 4 else { throw malformed }
            let length = Int(BigEndian.int32(row, offset))
            offset += 4
            if length == -1 {
                block.cells.append(.null)
                continue
            }
            guard length >= 0, row.count - offset >= length else { throw malformed }
            let field = UnsafeRawBufferPointer(rebasing: row[offset..<offset + length])
            offset += length
            if type == .numeric {
                // A short one may have thousands of zeros to show.
                guard let shape = NumericShape(field) else { throw malformed }
                room += shape.room
                reserve(end + room, in: &block)
            }
            let start = end
            let written = block.bytes.withUnsafeMutableBufferPointer { bytes in
                Self.write(type, field, to: bytes, &end)
            }
            guard written else { throw malformed }
            block.cells.append(CellBlock.Cell(start: UInt32(start), end: UInt32(end)))
        }
        guard offset == row.count else { throw malformed }
        return true
    }

    @inline(__always)
    private static func write(
        _ type: BinaryCopyType, _ field: UnsafeRawBufferPointer, to bytes: UnsafeMutableBufferPointer<UInt8>,
        _ end: inout Int
    ) -> Bool {
        guard let base = bytes.baseAddress else { return false }
        if type == .text {
            if let source = field.baseAddress {
                UnsafeMutableRawPointer(base + end).copyMemory(from: source, byteCount: field.count)
            }
            end += field.count
            return true
        }
        var text = BinaryCopyText(end: base + end)
        guard text.write(type, field) else { return false }
        end = text.end - base
        return true
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
    let types: [BinaryCopyType]
    /// Whether any column has to be asked for as text.
    private let hasCasts: [Bool]

    /// Asks the server.
    public init(of select: String, on connection: PostgresConnection) throws {
        let described = try connection.result("SELECT * FROM (\(select)) q LIMIT 0", []).columns
        columns = described.map(\.name)
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
