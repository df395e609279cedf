import Foundation
import Synchronization

/// The real servers and libraries that a test ran against, so that `make test` can tell how many did.
public enum RealPart: String, Sendable {
    case postgres, sqlite, sshd
    /// LibreOffice; its tests are skipped where it is not installed.
    case office

    private static let lock = Mutex(())

    /// Appends `postgres <file> <function>` to the file named by `SITONG_TEST_PARTS`; one test may say it repeatedly.
    public static func note(_ part: RealPart, file: String = #fileID, function: String = #function) {
        guard let path = ProcessInfo.processInfo.environment["SITONG_TEST_PARTS"], !path.isEmpty else { return }
        let line = "\(part.rawValue)\t\(file)\t\(function)\n"
        lock.withLock { _ in
            let descriptor = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { return }
            _ = write(descriptor, line, line.utf8.count)
            close(descriptor)
        }
    }
}
