import CSQLite
import Columnar
import Diagnostics

/// A value as SQLite keeps it.
public enum SQLiteValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    /// Text or NULL.
    public init(_ text: String?) { self = text.map { .text($0) } ?? .null }
}

/// A prepared statement; keeps its database open.
public final class SQLiteStatement {
    let database: SQLiteDatabase
    private let pointer: OpaquePointer

    /// Takes one statement from the front of `sql`; nil when nothing but blanks and comments is left.
    init?(_ database: SQLiteDatabase, _ sql: inout Substring) throws {
        var found: OpaquePointer?
        while found == nil {
            guard !sql.isEmpty else { return nil }
            let text = String(sql)
            var consumed = 0
            let code = text.withCString { start in
                var tail: UnsafePointer<CChar>?
                let code = sqlite3_prepare_v2(database.handle.pointer, start, -1, &found, &tail)
                consumed = tail.map { $0 - start } ?? text.utf8.count
                return code
            }
            guard code == SQLITE_OK else { throw database.failure(code) }
            sql = sql.dropFirst(String(decoding: text.utf8.prefix(consumed), as: UTF8.self).count)
        }
        guard let found else { return nil }
        self.database = database
        pointer = found
    }

    deinit { sqlite3_finalize(pointer) }

    /// Binds `?1`, `?2`, … anew, runs to the end, and is ready to be run again.
    public func run(_ values: [SQLiteValue]) throws {
        try bind(values)
        while try step() {}
        sqlite3_reset(pointer)
    }

    func bind(_ values: [SQLiteValue]) throws {
        sqlite3_reset(pointer)
        for (index, value) in values.enumerated() {
            let position = Int32(index + 1)
            let code =
                switch value {
                case .null: sqlite3_bind_null(pointer, position)
                case .integer(let number): sqlite3_bind_int64(pointer, position, number)
                case .real(let number): sqlite3_bind_double(pointer, position, number)
                case .text(let text):
                    sitong_sqlite3_bind_text(pointer, position, text, Int32(truncatingIfNeeded: text.utf8.count))
                case .blob(let bytes):
                    bytes.withUnsafeBytes {
                        sitong_sqlite3_bind_blob(pointer, position, $0.baseAddress, Int32(truncatingIfNeeded: $0.count))
                    }
                }
            guard code == SQLITE_OK else { throw database.failure(code) }
        }
    }

    /// True when a row is there, false at the end.
    func step() throws -> Bool {
        let code = sqlite3_step(pointer)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            let error = database.failure(code)
            sqlite3_reset(pointer)
            throw error
        }
    }

    var columnNames: [String] {
        (0..<sqlite3_column_count(pointer)).map { index in
            sqlite3_column_name(pointer, index).map { String(cString: $0) } ?? ""
        }
    }

    /// As the tables' definitions have them; nil for a column of a query that is not a table's.
    var declaredTypes: [String?] {
        (0..<sqlite3_column_count(pointer)).map { index in
            sqlite3_column_decltype(pointer, index).map { String(cString: $0) }
        }
    }

    /// The current row.
    ///
    /// - Throws: 65 when a text is not UTF-8 or has a U+0000 in it.
    func row() throws -> [String?] {
        try (0..<sqlite3_column_count(pointer)).map { index in
            var bytes: [UInt8] = []
            guard append(index, to: &bytes) else { return nil }
            guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
                let name = sqlite3_column_name(pointer, index).map { String(cString: $0) } ?? ""
                throw OperationError.notText(database.path, column: name)
            }
            return text
        }
    }

    /// Appends the text of one column of the current row, printed by its own storage class, not by the declared type;
    /// false for NULL. The bytes of a text or a blob come as they are.
    func append(_ index: Int32, to bytes: inout [UInt8]) -> Bool {
        switch sqlite3_column_type(pointer, index) {
        case SQLITE_NULL: return false
        case SQLITE_INTEGER: DecimalText.append(sqlite3_column_int64(pointer, index), to: &bytes)
        case SQLITE_FLOAT: Self.append(sqlite3_column_double(pointer, index), to: &bytes)
        case SQLITE_BLOB:
            // The pointer is asked for before the length, as SQLite's manual wants it; the bytes are copied before the
            // statement is used again.
            let start = sqlite3_column_blob(pointer, index)
            bytes.append(
                contentsOf: UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(pointer, index))))
        default:
            let start = sqlite3_column_text(pointer, index)
            bytes.append(
                contentsOf: UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(pointer, index))))
        }
        return true
    }

    /// Amounts of money are most of what is kept as a real: those with two decimals are printed without a string.
    private static func append(_ number: Double, to bytes: inout [UInt8]) {
        // Below 10^13 the hundredths are farther apart than the reals around them, so that one of them at most reads back as
        // this number, and what has fewer digits is among them.
        let hundredths = (number * 100).rounded()
        guard hundredths.magnitude < 1e15, hundredths / 100 == number else {
            return bytes.append(contentsOf: plainDecimal(number).utf8)
        }
        let count = Int64(hundredths)
        let (whole, rest) = count.quotientAndRemainder(dividingBy: 100)
        if count < 0, whole == 0 { bytes.append(UInt8(ascii: "-")) }
        DecimalText.append(whole, to: &bytes)
        guard rest != 0 else { return }
        let decimals = UInt8(rest.magnitude)
        bytes.append(UInt8(ascii: "."))
        bytes.append(UInt8(ascii: "0") + decimals / 10)
        if decimals % 10 != 0 { bytes.append(UInt8(ascii: "0") + decimals % 10) }
    }

    /// The shortest decimal that reads back as the same number, without an exponent: `12`, `0.1`, `0.00001`.
    private static func plainDecimal(_ number: Double) -> String {
        guard number.isFinite else { return number < 0 ? "-Infinity" : "Infinity" }
        let text = "\(number)"
        guard text.utf8.contains(UInt8(ascii: "e")) else {
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        }
        let parts = text.split(separator: "e")
        guard parts.count == 2, let exponent = Int(parts[1]) else { return text }
        let sign = parts[0].hasPrefix("-") ? "-" : ""
        let mantissa = parts[0].drop { $0 == "-" }.split(separator: ".")
        let fraction = mantissa.count > 1 && mantissa[1] != "0" ? mantissa[1] : ""
        let digits = String(mantissa[0] + fraction)
        let point = mantissa[0].count + exponent
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
        if point >= digits.count { return sign + digits + String(repeating: "0", count: point - digits.count) }
        return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    }
}
