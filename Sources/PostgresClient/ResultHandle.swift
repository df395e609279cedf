import CLibPQ

/// The one owner of a `PGresult`.
struct ResultHandle: ~Copyable {
    private let pointer: OpaquePointer?

    init(_ pointer: OpaquePointer?) { self.pointer = pointer }

    deinit { PQclear(pointer) }

    /// A result that libpq could not even make (nil) reads as a fatal error.
    var status: ExecStatusType { PQresultStatus(pointer) }

    var affectedRows: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

    /// Names and types (by OID, with the type's modifier) of the columns; a domain is told as the type under it.
    var columns: [(name: String, type: UInt32, modifier: Int32)] {
        (0..<PQnfields(pointer)).map {
            (PQfname(pointer, $0).map { String(cString: $0) } ?? "", PQftype(pointer, $0), PQfmod(pointer, $0))
        }
    }

    func rows() -> [[String?]] {
        let columnCount = PQnfields(pointer)
        return (0..<PQntuples(pointer)).map { row in
            (0..<columnCount).map { column in
                guard PQgetisnull(pointer, row, column) == 0, let bytes = PQgetvalue(pointer, row, column) else {
                    return nil
                }
                return String(
                    decoding: UnsafeRawBufferPointer(start: bytes, count: Int(PQgetlength(pointer, row, column))),
                    as: UTF8.self)
            }
        }
    }

    /// One of the `PG_DIAG_` fields, written as its letter in libpq's header.
    func field(_ letter: Character) -> String? {
        guard let code = letter.asciiValue, let text = PQresultErrorField(pointer, Int32(code)) else { return nil }
        return String(cString: text)
    }
}

/// What the server said about a failed statement. Its DETAIL and CONTEXT are never read: they quote row values.
struct ServerMessage {
    var sqlState: String
    var primary: String
    var hint: String?
    var schema: String?
    var table: String?
    var column: String?
    var constraint: String?

    init(_ result: borrowing ResultHandle) {
        sqlState = result.field("C") ?? ""
        primary = result.field("M") ?? ""
        hint = result.field("H")
        schema = result.field("s")
        table = result.field("t")
        column = result.field("c")
        constraint = result.field("n")
    }
}
