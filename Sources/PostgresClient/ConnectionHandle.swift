import CLibPQ
import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The one owner of a `PGconn`.
final class ConnectionHandle {
    let pointer: OpaquePointer

    /// Connects step by step instead of by `PQconnectdbParams`, since only so can libpq be told to put SQLSTATEs into
    /// the messages of a failed connection: their text is in the server's language, the codes are not.
    init(_ conninfo: String, options: ConnectionOptions, applicationName: String) throws {
        // Later keywords win, and `dbname` is expanded in place: the application name stands, all else may be
        // overridden by the connection string.
        let parameters = [
            ("fallback_application_name", "sitong"), ("dbname", conninfo), ("application_name", applicationName),
            ("client_encoding", "UTF8"),
        ]
        var keywords = parameters.map { UnsafePointer(strdup($0.0)) }
        var values = parameters.map { UnsafePointer(strdup($0.1)) }
        defer { (keywords + values).forEach { free(UnsafeMutableRawPointer(mutating: $0)) } }
        keywords.append(nil)
        values.append(nil)
        guard let connection = PQconnectStartParams(keywords, values, 1) else {
            throw OperationError(
                .ioError, code: "out-of-memory",
                LocalizedText(en: "not enough memory for a connection", zh: "内存不足，无法建立连接"))
        }
        pointer = connection
        PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
        // Notices are not ours to print: stderr belongs to the commands.
        PQsetNoticeReceiver(connection, { _, _ in }, nil)
        try connect(options)
        PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
    }

    deinit { PQfinish(pointer) }

    private func connect(_ options: ConnectionOptions) throws {
        let deadline = monotonicSeconds() + Double(options.timeoutSeconds)
        var step = PGRES_POLLING_WRITING
        if PQstatus(pointer) == CONNECTION_BAD { throw failure(options, isTimeout: false) }
        while true {
            let events: Int16
            switch step {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_FAILED: throw failure(options, isTimeout: false)
            case PGRES_POLLING_READING: events = Int16(POLLIN)
            default: events = Int16(POLLOUT)
            }
            let left = deadline - monotonicSeconds()
            guard left > 0 else { throw failure(options, isTimeout: true) }
            var descriptor = pollfd(fd: PQsocket(pointer), events: events, revents: 0)
            let ready = poll(&descriptor, 1, Int32(min(left, 1) * 1000) + 1)
            if ready > 0 { step = PQconnectPoll(pointer) }
        }
    }

    private func failure(_ options: ConnectionOptions, isTimeout: Bool) -> OperationError {
        OperationError.connectionFailed(
            options, message: String(cString: PQerrorMessage(pointer)), isTimeout: isTimeout,
            needsPassword: PQconnectionNeedsPassword(pointer) != 0)
    }
}

func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// What a connection string says, as far as messages and the time limit need it.
struct ConnectionOptions {
    var host: String
    var port: String
    var database: String
    var user: String
    var service: String?
    /// 10 when nothing says otherwise.
    var timeoutSeconds: Int

    init(_ conninfo: String) throws {
        var values: [String: String] = [:]
        for (key, value) in Self.read(PQconndefaults()) { values[key] = value }
        if conninfo.contains("=") || conninfo.contains("://") {
            var message: UnsafeMutablePointer<CChar>?
            guard let parsed = PQconninfoParse(conninfo, &message) else {
                let text = message.map { String(cString: $0) } ?? ""
                PQfreemem(message)
                throw OperationError.badConnectionString(libpq: text)
            }
            for (key, value) in Self.read(parsed) { values[key] = value }
        } else if !conninfo.isEmpty {
            values["dbname"] = conninfo
        }
        service = values["service"]
        user = values["user"] ?? ""
        database = values["dbname"] ?? user
        host = values["host"] ?? values["hostaddr"] ?? "localhost"
        port = values["port"] ?? "5432"
        let seconds = values["connect_timeout"].flatMap { Int($0) } ?? 10
        timeoutSeconds = seconds <= 0 ? 3600 : max(seconds, 2)
    }

    private static func read(_ options: UnsafeMutablePointer<PQconninfoOption>?) -> [(String, String)] {
        guard let options else { return [] }
        defer { PQconninfoFree(options) }
        var pairs: [(String, String)] = []
        var index = 0
        while let keyword = options[index].keyword {
            if let value = options[index].val { pairs.append((String(cString: keyword), String(cString: value))) }
            index += 1
        }
        return pairs
    }

    /// `'library' at db.example:5432`, or `service 'trial17'` whose host only libpq knows.
    var displayName: String {
        if let service { return "service '\(service)'" }
        return "'\(database)' at \(host):\(port)"
    }
}
