import CLibPQ
public import DataAccess
import Diagnostics

/// The bytes that the server sends for `COPY … TO STDOUT`, as it formats them.
///
/// While it is open, the connection can do nothing else. Dropped before its end it cancels the COPY.
public final class PostgresCopyOut: ByteSource {
    /// Keeps the connection alive as long as its COPY.
    private let connection: PostgresConnection
    private var isOpen = true
    private static let pieceSize = 1 << 20

    init(_ connection: PostgresConnection, _ sql: String) throws {
        self.connection = connection
        let result = ResultHandle(PQexec(connection.handle.pointer, sql))
        guard result.status == PGRES_COPY_OUT else {
            isOpen = false
            throw connection.failure(result)
        }
    }

    /// Appends whole rows, about a megabyte of them.
    public func read(into buffer: inout [UInt8]) throws -> Bool {
        guard isOpen else { return false }
        let wanted = buffer.count + Self.pieceSize
        while buffer.count < wanted {
            guard try nextRow({ buffer.append(contentsOf: $0) }) != nil else {
                return buffer.count > wanted - Self.pieceSize
            }
        }
        return true
    }

    /// Lends the bytes of one row, nil at the end. In a binary COPY the first may come with the header before it, and one
    /// that is no row at the end: by the protocol a message of the server is never a part of a row.
    func nextRow<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R? {
        guard isOpen else { return nil }
        var row: UnsafeMutablePointer<CChar>?
        let length = PQgetCopyData(connection.handle.pointer, &row, 0)
        guard length > 0, let row else {
            isOpen = false
            try connection.finishCopy()
            return nil
        }
        defer { PQfreemem(row) }
        return try body(UnsafeRawBufferPointer(start: row, count: Int(length)))
    }

    deinit {
        guard isOpen else { return }
        if let cancel = PQgetCancel(connection.handle.pointer) {
            var reason = [CChar](repeating: 0, count: 256)
            _ = PQcancel(cancel, &reason, Int32(reason.count))
            PQfreeCancel(cancel)
        }
        var row: UnsafeMutablePointer<CChar>?
        while PQgetCopyData(connection.handle.pointer, &row, 0) > 0 { PQfreemem(row) }
        connection.drain()
    }
}

/// Takes the bytes of `COPY … FROM STDIN`, in the format that the statement names.
///
/// Nothing of it stays when it is dropped before `finish`: the COPY fails, and with it the transaction it is in.
public final class PostgresCopyIn: ByteSink {
    private let connection: PostgresConnection
    private var isOpen = true
    /// The rows that the server took; known after `finish`.
    public private(set) var rowCount = 0

    init(_ connection: PostgresConnection, _ sql: String) throws {
        self.connection = connection
        let result = ResultHandle(PQexec(connection.handle.pointer, sql))
        guard result.status == PGRES_COPY_IN else {
            isOpen = false
            throw connection.failure(result)
        }
    }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard isOpen else { return }
        var rest = bytes.bindMemory(to: CChar.self)
        while !rest.isEmpty {
            let piece = UnsafeBufferPointer(rebasing: rest.prefix(1 << 20))
            if PQputCopyData(connection.handle.pointer, piece.baseAddress, Int32(piece.count)) != 1 {
                isOpen = false
                try connection.finishCopy()
                throw OperationError.connectionLost(connection.displayName)
            }
            rest = UnsafeBufferPointer(rebasing: rest.dropFirst(piece.count))
        }
    }

    /// Ends the COPY; only now does the server say whether it took the rows.
    public func finish() throws {
        guard isOpen else { return }
        isOpen = false
        guard PQputCopyEnd(connection.handle.pointer, nil) == 1 else {
            try connection.finishCopy()
            throw OperationError.connectionLost(connection.displayName)
        }
        rowCount = try connection.finishCopy()
    }

    deinit {
        guard isOpen else { return }
        _ = PQputCopyEnd(connection.handle.pointer, "abandoned by the client")
        connection.drain()
    }
}

extension PostgresConnection {
    /// Starts `COPY … TO STDOUT`.
    public func copyOut(_ sql: String) throws -> PostgresCopyOut { try PostgresCopyOut(self, sql) }

    /// Starts `COPY … FROM STDIN`.
    public func copyIn(_ sql: String) throws -> PostgresCopyIn { try PostgresCopyIn(self, sql) }

    /// Reads the verdict on a COPY and brings the session back to where it takes statements.
    @discardableResult
    fileprivate func finishCopy() throws -> Int {
        var rows = 0
        var error: OperationError?
        while let pointer = PQgetResult(handle.pointer) {
            let result = ResultHandle(pointer)
            if result.status == PGRES_COMMAND_OK {
                rows = result.affectedRows
            } else if error == nil {
                error = failure(result)
            }
        }
        if let error { throw error }
        if PQstatus(handle.pointer) == CONNECTION_BAD { throw OperationError.connectionLost(displayName) }
        return rows
    }

    /// Throws away what the server still sends.
    fileprivate func drain() {
        while let pointer = PQgetResult(handle.pointer) { _ = ResultHandle(pointer) }
    }
}
