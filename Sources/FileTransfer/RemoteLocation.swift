import CLibCurl
import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Where files are sent to (传输目的地): a folder on this machine or on a server.
///
/// `file:///srv/inbox`, `sftp://user@host:port/srv/inbox`, `sftp://host/~/inbox` (below the account's home there), or
/// a plain path. Spaces and Chinese may stand as they are; `%`, `?` and `#` in a name are written `%25`, `%3F`, `%23`
/// (not in a plain path).
public struct RemoteLocation: Sendable, Hashable {
    public enum Scheme: String, Sendable, Hashable, CaseIterable {
        case file
        case sftp
    }

    public var scheme: Scheme
    /// Nil: the name of the account that runs the program, as ssh does.
    public var user: String?
    /// Empty for `file`; an IPv6 address stands in brackets.
    public var host: String
    public var port: Int?
    /// Absolute, decoded, without a slash at its end; `/` for the root.
    public var path: String

    /// - Throws: `OperationError` with status 64 when the text cannot be used or contains a password.
    public init(_ text: String) throws {
        self = try text.contains("://") ? RemoteLocation(url: text) : RemoteLocation(plainPath: text)
    }

    private init(url text: String) throws {
        // libcurl is lenient with both: it takes an `@` in a password for a broken URL, and `sftp:///x` for the host x.
        let authority = Self.authority(of: text)
        if let at = authority.lastIndex(of: "@"), authority[..<at].contains(":") {
            throw OperationError.passwordInLocation(text)
        }
        guard let url = curl_url() else { throw OperationError.outOfMemory() }
        defer { curl_url_cleanup(url) }
        let flags = UInt32(CURLU_NON_SUPPORT_SCHEME | CURLU_ALLOW_SPACE)
        guard curl_url_set(url, CURLUPART_URL, text, flags) == CURLUE_OK else {
            throw OperationError.badLocation(text, en: "it is not a URL", zh: "不是有效的 URL")
        }
        func part(_ part: CURLUPart) throws -> String? {
            var value: UnsafeMutablePointer<CChar>?
            let code = curl_url_get(url, part, &value, UInt32(CURLU_URLDECODE))
            defer { curl_free(value) }
            if code == CURLUE_URLDECODE {
                throw OperationError.badLocation(text, en: "it contains a control character", zh: "含有控制字符")
            }
            guard code == CURLUE_OK, let value else { return nil }
            guard let decoded = String(validatingCString: value) else {
                throw OperationError.badLocation(text, en: "it is not UTF-8 text", zh: "不是 UTF-8 文本")
            }
            return decoded
        }
        let name = try part(CURLUPART_SCHEME) ?? ""
        guard let scheme = Scheme(rawValue: name) else { throw OperationError.unknownScheme(name) }
        if try part(CURLUPART_QUERY) != nil || part(CURLUPART_FRAGMENT) != nil {
            throw OperationError.badLocation(
                text, en: "a '?' or '#' in a name is written %3F or %23", zh: "名称中的“?”“#”应写作 %3F、%23")
        }
        self.scheme = scheme
        user = try part(CURLUPART_USER)
        host = try part(CURLUPART_HOST) ?? ""
        port = try part(CURLUPART_PORT).flatMap { Int($0) }
        path = Self.normal(try part(CURLUPART_PATH) ?? "/")
        if scheme == .file {
            host = ""
        } else if host.isEmpty || authority.isEmpty {
            throw OperationError.badLocation(text, en: "it names no host", zh: "未写主机名")
        }
    }

    private init(plainPath text: String) throws {
        guard !text.isEmpty, !text.utf8.contains(where: { $0 < 32 }) else {
            throw OperationError.badLocation(text, en: "it is not a path", zh: "不是有效的路径")
        }
        var absolute = text
        if !text.hasPrefix("/"), let folder = getcwd(nil, 0) {
            absolute = String(cString: folder) + "/" + text
            free(folder)
        }
        scheme = .file
        host = ""
        path = Self.normal(absolute)
    }

    /// The folder or file of that relative path in this one.
    public func appending(_ relativePath: String) -> RemoteLocation {
        var location = self
        location.path = Self.normal(path + "/" + relativePath)
        return location
    }

    /// For messages; it can be read in again.
    public var displayName: String {
        if scheme == .file { return path }
        let account = user.map { Self.encoded($0) + "@" } ?? ""
        let colonPort = port.map { ":\($0)" } ?? ""
        let readable = path.split(separator: "/", omittingEmptySubsequences: false).map { name in
            name.reduce(into: "") { text, character in
                switch character {
                case "%": text += "%25"
                case "?": text += "%3F"
                case "#": text += "%23"
                default: text.append(character)
                }
            }
        }
        return "\(scheme.rawValue)://\(account)\(host)\(colonPort)" + readable.joined(separator: "/")
    }

    /// Between `://` and the next slash: user, host and port.
    private static func authority(of url: String) -> Substring {
        guard let colon = url.firstIndex(of: ":") else { return "" }
        return url[colon...].dropFirst(3).prefix { $0 != "/" }
    }

    /// One slash between names, none at the end, no `.`.
    private static func normal(_ path: String) -> String {
        "/" + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    /// Percent-encoded but for the unreserved characters of RFC 3986.
    static func encoded(_ text: some StringProtocol) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }
}
