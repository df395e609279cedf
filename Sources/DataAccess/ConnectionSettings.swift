/// Where a database is and how to reach it, as `connect:` in a source definition says.
///
/// Secrets come from `.pgpass`, `pg_service.conf`, the environment, or a file that only its owner can read; never from here.
public enum ConnectionSettings: Sendable, Hashable {
    /// A libpq connection string or URL: `service=trial17`, `postgresql://host/db`, `host=/run/x dbname=y`.
    case postgres(String)
    /// A database file.
    case sqlite(path: String)
    /// A folder of CSV files, one for each table.
    case csv(folder: String)

    /// For messages: the place without user names' passwords, query parameters or keys.
    public var displayName: String {
        switch self {
        case .postgres(let text): Self.withoutSecrets(text)
        case .sqlite(let path): path
        case .csv(let folder): folder
        }
    }

    /// Whether a password stands in the text itself, where it does not belong.
    public var holdsPassword: Bool {
        guard case .postgres(let text) = self else { return false }
        if let scheme = text.range(of: "://") {
            let rest = text[scheme.upperBound...]
            let authority = rest[..<(rest.firstIndex(of: "/") ?? rest.endIndex)]
            if let at = authority.lastIndex(of: "@"), authority[..<at].contains(":") { return true }
        }
        return text.lowercased().range(of: "password=") != nil
    }

    private static func withoutSecrets(_ text: String) -> String {
        if let scheme = text.range(of: "://") {
            var rest = text[scheme.upperBound...]
            if let query = rest.firstIndex(of: "?") { rest = rest[..<query] }
            let slash = rest.firstIndex(of: "/") ?? rest.endIndex
            if let at = rest[..<slash].lastIndex(of: "@") {
                let user = rest[..<at].split(separator: ":", maxSplits: 1).first ?? ""
                rest = user + rest[at...]
            }
            return String(text[..<scheme.upperBound] + rest)
        }
        return text.split(separator: " ")
            .map { $0.lowercased().hasPrefix("password") ? "password=••••" : String($0) }
            .joined(separator: " ")
    }
}

extension String {
    /// Foundation-free search, since this module needs nothing else of Foundation.
    fileprivate func range(of needle: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
            start = index(after: start)
        }
        return nil
    }
}
