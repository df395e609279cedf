import CLibCurl
import DataAccess
import Diagnostics

/// `sftp://`: through libcurl and libssh2, over one connection.
///
/// The server's host key is always checked against the file of known hosts, and nothing ever adds to that file. Only
/// public keys open the door: no password is sent. New folders get mode 0750 and files 0640, less the server's umask.
final class SFTPStore: RemoteStore {
    private let location: RemoteLocation
    private let options: TransferOptions
    private let session: CurlSession
    private let user: String
    private let privateKey: String?
    private var home: String?
    /// Where the server last refused bytes although it was still there; see `upload`.
    private var refusedPath: String?

    init(_ location: RemoteLocation, options: TransferOptions) throws {
        self.location = location
        self.options = options
        user = location.user ?? Account.userName
        if let key = options.privateKey {
            _ = try LocalFile.size(key)
            privateKey = key
        } else {
            privateKey = ["id_ed25519", "id_ecdsa", "id_rsa"].lazy.map { Account.homeFolder + "/.ssh/" + $0 }
                .first { (try? LocalFile.size($0)) != nil }
        }
        session = try CurlSession(options)
    }

    func ensureFolder(_ path: String) throws {
        if try names(in: path) != nil { return }
        let pieces = try resolved(path).split(separator: "/")
        let folders = pieces.indices.map { "/" + pieces[...$0].joined(separator: "/") }
        // Those above may be there (the asterisk: go on in spite of it); it is the last one that must succeed.
        var commands = try folders.dropLast().map { "*mkdir \(try quoted($0))" }
        commands.append("mkdir \(try quoted(path))")
        let result = try command(commands)
        if result.code == CURLE_OK { return }
        // Another sender, or our first try, may have made it.
        if result.code == CURLE_QUOTE_ERROR, try names(in: path) != nil { return }
        throw failure(.makeFolder, path, result)
    }

    func size(of path: String) throws -> Int? {
        let result = try session.perform(exchange(path, .none))
        switch result.code {
        case CURLE_OK: return result.contentLength ?? 0
        case CURLE_REMOTE_FILE_NOT_FOUND: return nil
        default: throw failure(.read, path, result)
        }
    }

    func upload(localFile: String, to path: String, progress: (Int) -> Void) throws {
        let file = try LocalFile.open(localFile)
        let size = try LocalFile.size(localFile)
        let result = try withoutActuallyEscaping(progress) { progress in
            // `file` outlives the exchange, whose closure may not capture a value that cannot be copied.
            let number = file.number
            let exchange = try exchange(
                path,
                .upload(size: size) { buffer in
                    do {
                        return try FileDescriptor.read(number, into: buffer)
                    } catch let failure as SystemFailure {
                        throw OperationError.localFile(localFile, failure)
                    }
                })
            exchange.progress = progress
            let result = try session.perform(exchange)
            exchange.progress = { _ in }
            return (result, exchange.bytesSent)
        }
        let (outcome, sent) = result
        if outcome.code == CURLE_OK {
            refusedPath = nil
            progress(sent)
            return
        }
        // A write that the server refuses, since its disk is full, looks to libcurl like a broken connection. Only a
        // server that answers at once and refuses the same file again has no room.
        if outcome.code == CURLE_SSH, sent > 0, (try? self.size(of: path)) != nil {
            if refusedPath == path { throw OperationError.noRoom(shown(path)) }
            refusedPath = path
        }
        throw failure(.write, path, outcome)
    }

    func download(_ path: String, into sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        let result = try withoutActuallyEscaping(sink) { sink in
            let exchange = try exchange(path, .download(sink))
            let result = try session.perform(exchange)
            exchange.body = .none
            return result
        }
        if result.code != CURLE_OK { throw failure(.read, path, result) }
    }

    func rename(_ from: String, to: String) throws {
        let rename = "rename \(try quoted(from)) \(try quoted(to))"
        var result = try command([rename])
        // Version 3 of the protocol does not rename onto a file that is there.
        if result.code == CURLE_QUOTE_ERROR, try size(of: to) != nil {
            result = try command(["*rm \(try quoted(to))", rename])
        }
        if result.code != CURLE_OK { throw failure(.rename, to, result) }
    }

    func remove(_ path: String) throws {
        let result = try command(["rm \(try quoted(path))"])
        if result.code == CURLE_OK || (result.code == CURLE_QUOTE_ERROR && result.isMissing) { return }
        throw failure(.remove, path, result)
    }

    func list(_ folder: String) throws -> [String] { try names(in: folder) ?? [] }

    /// Nil when there is no such folder.
    private func names(in folder: String) throws -> [String]? {
        var bytes: [UInt8] = []
        let listing = try exchange(folder, isFolder: true, .download { bytes.append(contentsOf: $0) })
        let result = try session.perform(listing)
        listing.body = .none
        switch result.code {
        case CURLE_OK:
            return bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
                .filter { $0 != "." && $0 != ".." }
        case CURLE_REMOTE_FILE_NOT_FOUND: return nil
        default: throw failure(.list, folder, result)
        }
    }

    /// Runs commands of libcurl's SFTP, without a transfer.
    ///
    /// When the connection is lost during a command, libcurl reports the status of an earlier one; so a failure counts
    /// only when it comes again on a new connection. What was done the first time may then be the reason of the second.
    private func command(_ commands: [String]) throws -> CurlResult {
        func once() throws -> CurlResult {
            let exchange = try exchange("/", isFolder: true, .none, isResolved: true)
            exchange.commands = commands
            return try session.perform(exchange)
        }
        let result = try once()
        return result.code == CURLE_QUOTE_ERROR ? try once() : result
    }

    private func exchange(
        _ path: String, isFolder: Bool = false, _ body: CurlExchange.Body, isResolved: Bool = false
    ) throws -> CurlExchange {
        let resolved = isResolved ? path : try self.resolved(path)
        let names = resolved.split(separator: "/").map { RemoteLocation.encoded($0) }
        let port = location.port.map { ":\($0)" } ?? ""
        let slash = isFolder && !names.isEmpty ? "/" : ""
        let url = "sftp://\(location.host)\(port)/" + names.joined(separator: "/") + slash
        return CurlExchange(url: url, body: body) { [user, privateKey, options] curl in
            curl_set_text(curl, CURLOPT_PROTOCOLS_STR, "sftp")
            curl_set_text(curl, CURLOPT_USERNAME, user)
            curl_set_text(curl, CURLOPT_SSH_KNOWNHOSTS, options.knownHosts)
            var methods = CURLSSH_AUTH_AGENT
            if let privateKey {
                methods |= CURLSSH_AUTH_PUBLICKEY
                curl_set_text(curl, CURLOPT_SSH_PRIVATE_KEYFILE, privateKey)
            }
            curl_set_long(curl, CURLOPT_SSH_AUTH_TYPES, Int(methods))
            // The public key is derived from it; a `.pub` beside it may be missing.
            curl_set_text(curl, CURLOPT_SSH_PUBLIC_KEYFILE, "")
            if let passphrase = options.keyPassphrase { curl_set_text(curl, CURLOPT_KEYPASSWD, passphrase.reveal()) }
            curl_set_long(curl, CURLOPT_NEW_FILE_PERMS, 0o640)
            curl_set_long(curl, CURLOPT_NEW_DIRECTORY_PERMS, 0o750)
            if isFolder { curl_set_long(curl, CURLOPT_DIRLISTONLY, 1) }
        }
    }

    /// In double quotes, which libcurl's commands take with escapes.
    private func quoted(_ path: String) throws -> String {
        let escaped = try resolved(path).reduce(into: "") { text, character in
            if character == "\"" || character == "\\" { text.append("\\") }
            text.append(character)
        }
        return "\"\(escaped)\""
    }

    /// `/~/inbox` below the account's home, which only the server knows.
    private func resolved(_ path: String) throws -> String {
        guard path == "/~" || path.hasPrefix("/~/") else { return path }
        if home == nil {
            let result = try command([])
            guard result.code == CURLE_OK, let entry = session.entryPath else {
                throw failure(.list, path, result)
            }
            home = entry == "/" ? "" : entry
        }
        let below = (home ?? "") + path.dropFirst(2)
        return below.isEmpty ? "/" : below
    }

    private func shown(_ path: String) -> String {
        var place = location
        place.path = path
        return place.displayName
    }

    /// Judges by code, and where that says too little by the fixed English texts that libcurl has for SFTP's statuses.
    private func failure(_ action: RemoteAction, _ path: String, _ result: CurlResult) -> OperationError {
        switch result.code {
        case CURLE_REMOTE_ACCESS_DENIED: return .remotePermission(action, shown(path))
        case CURLE_REMOTE_DISK_FULL: return .noRoom(shown(path))
        case CURLE_REMOTE_FILE_NOT_FOUND: return .remoteMissing(action, shown(path))
        case CURLE_QUOTE_ERROR where result.isMissing: return .remoteMissing(action, shown(path))
        case CURLE_QUOTE_ERROR:
            if result.says("Permission denied", "Write-protected") {
                return .remotePermission(action, shown(path))
            }
            if result.says("No space", "Disk full", "Quota exceeded", "User quota exceeded") {
                return .noRoom(shown(path))
            }
            return .remoteRefused(action, shown(path))
        default: return .curl(result, at: location, user: user, options: options)
        }
    }
}

extension CurlResult {
    fileprivate var isMissing: Bool { says("No such file or directory", "No such path") }

    fileprivate func says(_ texts: String...) -> Bool { texts.contains { detail.contains(": " + $0) } }
}
