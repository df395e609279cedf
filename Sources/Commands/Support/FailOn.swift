import ArgumentParser
import Diagnostics

/// `--fail-on`: from which severity on findings make the status 1.
enum FailOn: String, ExpressibleByArgument, CaseIterable {
    case error, warning, notice, never

    func status(severities: some Sequence<Severity>) -> ExitStatus {
        let counted: Set<Severity> =
            switch self {
            case .error: [.error]
            case .warning: [.error, .warning]
            case .notice: [.error, .warning, .notice]
            case .never: []
            }
        return severities.contains(where: counted.contains) ? .findings : .ok
    }
}
