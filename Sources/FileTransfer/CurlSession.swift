import CLibCurl
import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// One libcurl handle with the connection that it keeps open between exchanges. Belongs to one thread.
///
/// It knows nothing of a protocol: stores set what is theirs, perform, and judge the result.
final class CurlSession {
    private static let isInitialised = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private let handle: CurlHandle
    private let options: TransferOptions
    /// After a failure nothing is known of the connection's state.
    private var needsNewConnection = false

    init(_ options: TransferOptions) throws {
        guard Self.isInitialised else { throw OperationError.outOfMemory() }
        handle = try CurlHandle()
        self.options = options
    }

    /// One request: connects if need be, and blocks until it is done or failed.
    ///
    /// - Throws: only what the exchange's own closures threw; how the transfer ended is returned.
    func perform(_ exchange: CurlExchange) throws -> CurlResult {
        let curl = handle.pointer
        curl_easy_reset(curl)
        curl_set_long(curl, CURLOPT_NOSIGNAL, 1)
        curl_set_text(curl, CURLOPT_URL, exchange.url)
        curl_set_long(curl, CURLOPT_CONNECTTIMEOUT, options.connectTimeoutSeconds)
        curl_set_long(curl, CURLOPT_FRESH_CONNECT, needsNewConnection ? 1 : 0)
        curl_set_long(curl, CURLOPT_TCP_KEEPALIVE, 1)
        // A proxy that happens to be in the environment must not see case data.
        curl_set_text(curl, CURLOPT_PROXY, "")
        exchange.configure(curl)
        var list: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(list) }
        for command in exchange.commands {
            guard let longer = curl_slist_append(list, command) else { throw OperationError.outOfMemory() }
            list = longer
        }
        curl_set_quote(curl, list)

        exchange.stallSeconds = Double(options.stallTimeoutSeconds)
        exchange.lastMove = monotonicSeconds()
        let code = withExtendedLifetime(exchange) {
            // Sound because the exchange outlives `curl_easy_perform`, and the next reset forgets the pointers.
            let context = Unmanaged.passUnretained(exchange).toOpaque()
            switch exchange.body {
            case .none:
                curl_set_long(curl, CURLOPT_NOBODY, 1)
            case .upload(let size, _):
                curl_set_long(curl, CURLOPT_UPLOAD, 1)
                curl_set_offset(curl, CURLOPT_INFILESIZE_LARGE, size)
                curl_set_long(curl, CURLOPT_UPLOAD_BUFFERSIZE, 1 << 19)
                curl_set_read_function(curl, readCallback)
                curl_set_pointer(curl, CURLOPT_READDATA, context)
            case .download:
                curl_set_long(curl, CURLOPT_BUFFERSIZE, 1 << 18)
            }
            curl_set_write_function(curl, writeCallback)
            curl_set_pointer(curl, CURLOPT_WRITEDATA, context)
            curl_set_long(curl, CURLOPT_NOPROGRESS, 0)
            curl_set_progress_function(curl, progressCallback)
            curl_set_pointer(curl, CURLOPT_XFERINFODATA, context)
            curl_set_host_key_function(curl, hostKeyCallback)
            curl_set_pointer(curl, CURLOPT_SSH_KEYDATA, context)
            return handle.perform()
        }
        needsNewConnection = code != CURLE_OK
        if let failure = exchange.failure { throw failure }
        var length = -1
        curl_get_offset(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length)
        return CurlResult(
            code: exchange.hasStalled ? CURLE_OPERATION_TIMEDOUT : code, detail: handle.errorText,
            hostKey: exchange.hostKey, contentLength: length < 0 ? nil : length)
    }

    /// The account's home folder on an SSH server, told when a connection is made.
    var entryPath: String? {
        var text: UnsafeMutablePointer<CChar>?
        curl_get_text(handle.pointer, CURLINFO_FTP_ENTRY_PATH, &text)
        return text.map { String(cString: $0) }
    }
}

/// What one request sends and receives; the context of libcurl's callbacks.
final class CurlExchange {
    enum Body {
        case none
        /// The closure fills the buffer as far as it can and returns how far; 0 at the end.
        case upload(size: Int, (UnsafeMutableRawBufferPointer) throws -> Int)
        case download((UnsafeRawBufferPointer) throws -> Void)
    }

    enum HostKey {
        case unchecked, accepted, unknown, changed
    }

    let url: String
    var body: Body
    /// Commands of the protocol (`mkdir …`) before the body.
    var commands: [String] = []
    let configure: (UnsafeMutableRawPointer) -> Void
    /// Bytes sent so far.
    var progress: (Int) -> Void = { _ in }

    fileprivate(set) var bytesSent = 0
    fileprivate var failure: (any Error)?
    fileprivate var hostKey = HostKey.unchecked
    fileprivate var stallSeconds = 60.0
    fileprivate var moved = 0
    fileprivate var lastMove = 0.0
    fileprivate var lastReport = 0.0
    fileprivate var hasStalled = false

    init(url: String, body: Body, configure: @escaping (UnsafeMutableRawPointer) -> Void) {
        self.url = url
        self.body = body
        self.configure = configure
    }

    /// libcurl calls this about once a second at least, in every phase, so that a server that stopped answering a mere
    /// command is noticed too; `CURLOPT_LOW_SPEED_TIME` watches bodies only.
    fileprivate func hasMoved(_ bytes: Int) -> Bool {
        let now = monotonicSeconds()
        if bytes != moved {
            moved = bytes
            lastMove = now
            if case .upload = body, now - lastReport > 0.1 {
                lastReport = now
                progress(bytesSent)
            }
        } else if now - lastMove > stallSeconds {
            hasStalled = true
        }
        return !hasStalled
    }
}

/// How an exchange ended.
struct CurlResult {
    var code: CURLcode
    /// libcurl's own English words; for distinguishing, not for showing.
    var detail: String
    var hostKey: CurlExchange.HostKey
    var contentLength: Int?
}

/// The one owner of a `CURL` handle and of its error buffer.
private final class CurlHandle {
    let pointer: UnsafeMutableRawPointer
    private let errorBuffer: UnsafeMutablePointer<CChar>

    init() throws {
        guard let curl = curl_easy_init() else { throw OperationError.outOfMemory() }
        pointer = curl
        errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_easy_cleanup(pointer)
        errorBuffer.deallocate()
    }

    func perform() -> CURLcode {
        errorBuffer.pointee = 0
        curl_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorBuffer)
        return curl_easy_perform(pointer)
    }

    var errorText: String { String(cString: errorBuffer) }
}

// Sound, all four, because libcurl calls them only within `curl_easy_perform`, with the exchange that is kept alive
// there, and lends buffers of `size * count` bytes.

private func exchange(_ context: UnsafeMutableRawPointer?) -> CurlExchange? {
    context.map { Unmanaged<CurlExchange>.fromOpaque($0).takeUnretainedValue() }
}

private let readCallback: curl_transfer_function = { bytes, size, count, context in
    guard let exchange = exchange(context), case .upload(_, let source) = exchange.body else {
        return Int(CURL_READFUNC_ABORT)
    }
    do {
        let filled = try source(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
        exchange.bytesSent += filled
        return filled
    } catch {
        exchange.failure = error
        return Int(CURL_READFUNC_ABORT)
    }
}

private let writeCallback: curl_transfer_function = { bytes, size, count, context in
    guard let exchange = exchange(context) else { return 0 }
    guard case .download(let sink) = exchange.body else { return size * count }
    do {
        try sink(UnsafeRawBufferPointer(start: bytes, count: size * count))
        return size * count
    } catch {
        exchange.failure = error
        // Any other number than the one given stops the transfer.
        return size * count == 0 ? 1 : 0
    }
}

private let progressCallback: curl_progress_function = { context, _, downloaded, _, uploaded in
    guard let exchange = exchange(context) else { return 1 }
    return exchange.hasMoved(downloaded + uploaded) ? 0 : 1
}

private let hostKeyCallback: curl_host_key_function = { _, _, _, match, context in
    let exchange = exchange(context)
    switch match {
    case CURLKHMATCH_OK:
        exchange?.hostKey = .accepted
        return Int32(CURLKHSTAT_FINE.rawValue)
    case CURLKHMATCH_MISMATCH:
        exchange?.hostKey = .changed
    default:
        exchange?.hostKey = .unknown
    }
    return Int32(CURLKHSTAT_REJECT.rawValue)
}

func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
