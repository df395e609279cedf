import CLibCurl
import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What was being done at the other place.
enum RemoteAction {
    case makeFolder, write, read, rename, remove, list

    func text(_ path: String) -> LocalizedText {
        switch self {
        case .makeFolder: LocalizedText(en: "unable to make the folder '\(path)'", zh: "无法创建文件夹“\(path)”")
        case .write: LocalizedText(en: "unable to write '\(path)'", zh: "无法写入“\(path)”")
        case .read: LocalizedText(en: "unable to read '\(path)'", zh: "无法读取“\(path)”")
        case .rename: LocalizedText(en: "unable to rename a file to '\(path)'", zh: "无法将文件改名为“\(path)”")
        case .remove: LocalizedText(en: "unable to remove '\(path)'", zh: "无法删除“\(path)”")
        case .list: LocalizedText(en: "unable to list the folder '\(path)'", zh: "无法列出文件夹“\(path)”")
        }
    }

    var writes: Bool { self != .read && self != .list }
}

// MARK: Locations

extension OperationError {
    static func outOfMemory() -> OperationError {
        OperationError(
            .ioError, code: "out-of-memory",
            LocalizedText(en: "not enough memory for a connection", zh: "内存不足，无法建立连接"))
    }

    /// - Parameter text: shown without what stands before an `@`.
    static func badLocation(_ text: String, en: String, zh: String) -> OperationError {
        let shown = withoutUser(text)
        return OperationError(
            .usage, code: "transfer-url",
            LocalizedText(
                en: "unable to use '\(shown)' as a destination: \(en)", zh: "不能将“\(shown)”用作传输目的地：\(zh)"),
            hint: LocalizedText(
                en: "write it as sftp://USER@HOST:PORT/FOLDER, sftp://HOST/~/FOLDER, file:///FOLDER or a path",
                zh: "写法如 sftp://用户@主机:端口/文件夹、sftp://主机/~/文件夹、file:///文件夹 或路径"))
    }

    static func passwordInLocation(_ text: String) -> OperationError {
        let shown = withoutUser(text)
        return OperationError(
            .usage, code: "transfer-url-password",
            LocalizedText(
                en: "the destination '\(shown)' contains a password", zh: "传输目的地“\(shown)”中含有密码"),
            hint: LocalizedText(
                en: "a password there is visible to others on this machine; take it out and use an ssh key or agent,"
                    + " and change the password",
                zh: "写在此处的密码可被本机其他用户看到；请去掉，改用 ssh 密钥或代理，并更换该密码"))
    }

    static func unknownScheme(_ scheme: String) -> OperationError {
        let known = RemoteLocation.Scheme.allCases.map { $0.rawValue + "://" }
        return OperationError(
            .usage, code: "transfer-url",
            LocalizedText(en: "unable to send to '\(scheme)://'", zh: "不支持传输到“\(scheme)://”"),
            hint: LocalizedText(
                en: "use \(known.joined(separator: " or "))", zh: "可用 \(known.joined(separator: "、"))"))
    }

    private static func withoutUser(_ text: String) -> String {
        guard let at = text.lastIndex(of: "@") else { return text }
        let scheme = text.split(separator: "/", maxSplits: 1).first.map { $0.hasSuffix(":") ? "\($0)//" : "" } ?? ""
        return scheme + "•••" + text[at...]
    }
}

// MARK: Files

extension OperationError {
    /// A file of this machine that is to be sent, or a key.
    static func localFile(_ path: String, _ failure: SystemFailure) -> OperationError {
        let isMissing = failure.isMissing
        return OperationError(
            failure.number == EIO ? .ioError : .noInput, code: "transfer-local-file",
            LocalizedText(
                en: "unable to read '\(path)': \(isMissing ? "there is no such file" : failure.text)",
                zh: "无法读取“\(path)”：\(isMissing ? "文件不存在" : failure.text)"),
            hint: LocalizedText(
                en: "check the path and that the account that runs sitong may read it",
                zh: "请核对路径，并确认运行 sitong 的账户有读取权限"))
    }

    /// A system call failed on a folder that is sent to.
    static func remote(_ action: RemoteAction, _ path: String, _ failure: SystemFailure) -> OperationError {
        if failure.isNoRoom { return noRoom(path) }
        if failure.isPermission { return remotePermission(action, path) }
        if failure.isMissing || [ENOTDIR, EEXIST, EISDIR].contains(failure.number) {
            return remoteMissing(action, path)
        }
        let tried = action.text(path)
        return OperationError(
            .ioError, code: "transfer-io",
            LocalizedText(en: "\(tried.en): \(failure.text)", zh: "\(tried.zh)：\(failure.text)"))
    }

    static func remotePermission(_ action: RemoteAction, _ place: String) -> OperationError {
        let tried = action.text(place)
        return OperationError(
            .noPermission, code: "transfer-permission",
            LocalizedText(en: "\(tried.en): permission denied", zh: "\(tried.zh)：没有权限"),
            hint: LocalizedText(
                en: "let the account that receives write in this folder, or choose another",
                zh: "请为接收账户授予该文件夹的写入权限，或改用其他文件夹"))
    }

    static func noRoom(_ place: String) -> OperationError {
        let tried = RemoteAction.write.text(place)
        return OperationError(
            .ioError, code: "transfer-no-room",
            LocalizedText(
                en: "\(tried.en): no room left on the disk, or the account's quota is used up",
                zh: "\(tried.zh)：磁盘空间不足，或账户配额已用完"),
            hint: LocalizedText(
                en: "make room there and repeat the transfer; what has arrived is not sent again",
                zh: "请在目的地清理空间后重新传输，已到达的文件不再重传"))
    }

    static func remoteMissing(_ action: RemoteAction, _ place: String) -> OperationError {
        let tried = action.text(place)
        return OperationError(
            action.writes ? .cannotCreate : .noInput, code: "transfer-remote-missing",
            LocalizedText(
                en: "\(tried.en): it, or a folder above it, is missing or not a folder",
                zh: "\(tried.zh)：其本身或上级文件夹不存在，或并非文件夹"),
            hint: LocalizedText(en: "check the path of the destination", zh: "请核对目的地路径"))
    }

    static func remoteRefused(_ action: RemoteAction, _ place: String) -> OperationError {
        let tried = action.text(place)
        return OperationError(
            .cannotCreate, code: "transfer-refused",
            LocalizedText(
                en: "\(tried.en): the server refused without giving a reason", zh: "\(tried.zh)：服务器拒绝，未说明原因"),
            hint: LocalizedText(
                en: "something else may be in the way at this path, or the disk is full; the server's log may say more",
                zh: "可能该路径已被占用或磁盘已满；详情见服务器日志"))
    }
}

// MARK: Connections

extension OperationError {
    /// What can happen on the way to any server, by libcurl's code. Its own texts are not shown.
    static func curl(
        _ result: CurlResult, at place: RemoteLocation, user: String, options: TransferOptions
    ) -> OperationError {
        let server = place.server
        switch result.code {
        case CURLE_PEER_FAILED_VERIFICATION:
            return result.hostKey == .changed
                ? hostKeyChanged(place, options.knownHosts) : hostKeyUnknown(place, options.knownHosts)
        case CURLE_LOGIN_DENIED:
            return OperationError(
                .noPermission, code: "transfer-auth",
                LocalizedText(
                    en: "the server \(server) refused user '\(user)': none of the keys is accepted",
                    zh: "服务器 \(server) 拒绝用户“\(user)”：没有可接受的密钥"),
                hint: LocalizedText(
                    en: "put the public key into the account's authorized_keys; a key with a passphrase must be in the"
                        + " ssh agent; ed25519 and ecdsa keys work with every server, old kinds of RSA do not",
                    zh: "请将公钥加入该账户的 authorized_keys；有口令的密钥须先加入 ssh 代理；"
                        + "建议使用 ed25519 或 ecdsa 密钥，旧式 RSA 密钥常被拒绝"))
        case CURLE_COULDNT_RESOLVE_HOST:
            return unreachable(server, en: "the host's name is not known", zh: "无法解析主机名")
        case CURLE_COULDNT_CONNECT:
            return unreachable(server, en: "connection refused or no way to it", zh: "连接被拒绝或网络不通")
        case CURLE_OPERATION_TIMEDOUT:
            return OperationError(
                .unavailable, code: "transfer-timeout",
                LocalizedText(
                    en: "the server \(server) did not answer in time", zh: "服务器 \(server) 长时间无应答"),
                hint: LocalizedText(
                    en: "the line or the server may be overloaded; repeat the transfer, what has arrived is not sent"
                        + " again",
                    zh: "线路或服务器可能过载；请重新传输，已到达的文件不再重传"),
                isTransient: true)
        case CURLE_OUT_OF_MEMORY:
            return outOfMemory()
        case CURLE_SSH, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_FAILED_INIT:
            return OperationError(
                .unavailable, code: "transfer-lost",
                LocalizedText(
                    en: "the connection to the server \(server) was lost", zh: "与服务器 \(server) 的连接中断"),
                hint: LocalizedText(
                    en: "repeat the transfer; what has arrived is not sent again", zh: "请重新传输，已到达的文件不再重传"),
                isTransient: true)
        default:
            // A constant text for each code: nothing of the exchange is in it.
            let text = String(cString: curl_easy_strerror(result.code))
            return OperationError(
                .internalError, code: "transfer-unexpected",
                LocalizedText(
                    en: "unexpected answer of the server \(server): \(text) (\(result.code.rawValue))",
                    zh: "服务器 \(server) 出现意外情况：\(text)（\(result.code.rawValue)）"))
        }
    }

    private static func unreachable(_ server: String, en: String, zh: String) -> OperationError {
        OperationError(
            .unavailable, code: "transfer-connect",
            LocalizedText(en: "unable to connect to the server \(server): \(en)", zh: "无法连接服务器 \(server)：\(zh)"),
            hint: LocalizedText(
                en: "check that the server runs, that the host and port are right, and that a firewall lets it through",
                zh: "请检查服务器是否在运行、主机和端口是否正确、防火墙是否放行"),
            isTransient: true)
    }

    private static func hostKeyUnknown(_ place: RemoteLocation, _ file: String) -> OperationError {
        let scan = "ssh-keyscan\(place.port.map { " -p \($0)" } ?? "") \(place.host)"
        return OperationError(
            .noPermission, code: "transfer-host-unknown",
            LocalizedText(
                en: "the host key of the server \(place.server) is not in '\(file)'",
                zh: "服务器 \(place.server) 的主机密钥不在“\(file)”中"),
            hint: LocalizedText(
                en: "fetch it with `\(scan) > host.key`, compare what `ssh-keygen -lf host.key` shows with the"
                    + " fingerprint that the server's administrator tells you, then `cat host.key >> '\(file)'`",
                zh: "用 \(scan) > host.key 取得密钥，将 ssh-keygen -lf host.key 显示的指纹与服务器管理员告知的核对，"
                    + "一致后执行 cat host.key >> '\(file)'"))
    }

    private static func hostKeyChanged(_ place: RemoteLocation, _ file: String) -> OperationError {
        let name = place.port.map { $0 == 22 ? place.host : "[\(place.host)]:\($0)" } ?? place.host
        return OperationError(
            .noPermission, code: "transfer-host-changed",
            LocalizedText(
                en: "the host key of the server \(place.server) is not the one in '\(file)'; another machine may be"
                    + " posing as it",
                zh: "服务器 \(place.server) 的主机密钥与“\(file)”中的不符，可能有人冒充该服务器"),
            hint: LocalizedText(
                en: "ask the server's administrator whether the key was changed; only then remove the old one with"
                    + " `ssh-keygen -f '\(file)' -R '\(name)'` and accept the new one as for an unknown server",
                zh: "请向服务器管理员核实是否更换过密钥；确认后用 ssh-keygen -f '\(file)' -R '\(name)' 删除旧密钥，"
                    + "再按首次连接的步骤接受新密钥"))
    }
}

// MARK: Sending

extension OperationError {
    static func badEntry(_ path: String) -> OperationError {
        OperationError(
            .badData, code: "transfer-path",
            LocalizedText(
                en: "'\(path)' is not a path within the folder to be sent", zh: "“\(path)”不是待发送文件夹内的路径"),
            hint: LocalizedText(
                en: "make the batch anew; its manifest has been tampered with or damaged",
                zh: "清单可能被改动或损坏，请重新生成批次"))
    }

    /// The file to be sent is not the one that the manifest describes.
    static func localDiffers(_ path: String) -> OperationError {
        OperationError(
            .badData, code: "transfer-local-differs",
            LocalizedText(
                en: "'\(path)' is not as its manifest describes it", zh: "“\(path)”与清单不符"),
            hint: LocalizedText(
                en: "it was changed or damaged since it was made; make the batch anew",
                zh: "文件生成后被改动或损坏，请重新生成批次"))
    }

    /// What was read back is not what was sent.
    static func readBackDiffers(_ place: RemoteLocation) -> OperationError {
        OperationError(
            .badData, code: "transfer-differs",
            LocalizedText(
                en: "what was read back from '\(place.displayName)' is not what was sent",
                zh: "从“\(place.displayName)”读回的内容与发送的不一致"),
            hint: LocalizedText(
                en: "something changes or damages files there: check its disk, and that nothing else writes in the"
                    + " folder",
                zh: "目的地的文件被改动或损坏：请检查其磁盘，并确认没有其他程序写入该文件夹"),
            isTransient: true)
    }
}

extension RemoteLocation {
    fileprivate var server: String { host + (port.map { ":\($0)" } ?? "") }
}
