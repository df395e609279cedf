/// The exit statuses of the command contract; nothing else is ever returned.
public enum ExitStatus: Int32, Sendable, CaseIterable {
    /// Clean.
    case ok = 0
    /// Findings or differences at or above `--fail-on`, and nothing else.
    case findings = 1
    /// Wrong arguments.
    case usage = 64
    /// Data, a batch or a figures file is malformed; a digest is wrong; a limit is exceeded; a needed column is missing.
    case badData = 65
    /// Input not found or unreadable.
    case noInput = 66
    /// A server cannot be reached or was lost.
    case unavailable = 69
    /// A bug of ours, also every uncaught error; conservation broken.
    case internalError = 70
    /// Output cannot be created.
    case cannotCreate = 73
    /// I/O error, disk full.
    case ioError = 74
    /// Another run holds the lock; try again.
    case temporaryFailure = 75
    /// Password, permission, host key, signature.
    case noPermission = 77
    /// A definition is wrong.
    case badDefinition = 78
    case interrupted = 130
    case terminated = 143

    /// Which of several statuses the process ends with: the first of these that occurred.
    public static let precedence: [ExitStatus] = [
        .interrupted, .terminated, .internalError, .badDefinition, .usage, .noPermission, .noInput, .badData, .ioError,
        .cannotCreate, .unavailable, .temporaryFailure, .findings,
    ]

    public static func worst(of statuses: some Sequence<ExitStatus>) -> ExitStatus {
        let occurred = Set(statuses)
        return precedence.first { occurred.contains($0) } ?? .ok
    }
}
