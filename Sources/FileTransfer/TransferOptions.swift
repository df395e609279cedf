public import DataAccess

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// How to reach a server, and how patient to be with it.
public struct TransferOptions: Sendable {
    /// The file of accepted host keys; a server whose key is not in it is refused.
    public var knownHosts: String
    /// The private key of the account on the server; nil: the keys of the ssh agent, and the first of
    /// `~/.ssh/id_ed25519`, `id_ecdsa`, `id_rsa`.
    public var privateKey: String?
    public var keyPassphrase: Secret?
    public var connectTimeoutSeconds = 15
    /// A server that moves no byte for so long is given up.
    public var stallTimeoutSeconds = 60
    /// How often something is tried in all when what failed may succeed later.
    public var maxTries = 5
    /// Before the first repetition; it doubles each time, and a random part of it is waited.
    public var firstDelaySeconds = 1.0
    public var longestDelaySeconds = 30.0

    /// As ssh has it: the files below `~/.ssh` of the account that runs the program.
    public init() {
        knownHosts = Account.homeFolder + "/.ssh/known_hosts"
    }
}

/// The account that runs the program.
enum Account {
    /// By the account's entry and not by `HOME`, as ssh does.
    static var homeFolder: String { entry { String(cString: $0.pw_dir) } ?? "/" }
    static var userName: String { entry { String(cString: $0.pw_name) } ?? "" }

    private static func entry(_ read: (passwd) -> String) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            guard let memory = buffer.baseAddress else { return nil }
            var record = passwd()
            var result: UnsafeMutablePointer<passwd>?
            getpwuid_r(getuid(), &record, memory, buffer.count, &result)
            return result == nil ? nil : read(record)
        }
    }
}
