import Diagnostics
import Foundation
import Synchronization

/// What must be undone when the process ends, well, badly, or by a signal: servers that it started.
final class CleanUp: Sendable {
    private let actions = Mutex<[@Sendable () -> Void]>([])

    func add(_ action: @escaping @Sendable () -> Void) { actions.withLock { $0.append(action) } }

    /// Runs each action once, the last first.
    func run() {
        let pending = actions.withLock { list in
            defer { list = [] }
            return list
        }
        for action in pending.reversed() { action() }
    }
}

/// SIGINT and SIGTERM end the process with 130 and 143 after the clean-up.
///
/// Work need not be wound up first: whatever is unfinished is invisible (temporary names, open transactions), just as
/// after a crash, and `--resume` continues it.
enum StopSignals {
    // Written once, from the main thread.
    nonisolated(unsafe) private static var sources: [any DispatchSourceSignal] = []

    static func install(_ cleanUp: CleanUp) {
        for (number, status) in [(SIGINT, ExitStatus.interrupted), (SIGTERM, ExitStatus.terminated)] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                cleanUp.run()
                _exit(status.rawValue)
            }
            source.resume()
            sources.append(source)
        }
    }
}
