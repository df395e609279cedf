#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A named place where a test makes the process die or fail: `faultPoint("load.afterCopy")`.
///
/// Costs one load and a branch when nothing is armed. Every name is listed in `docs/fault-points.md`, and a
/// test holds that list against the sources.
@inline(__always)
public func faultPoint(_ name: StaticString) {
    if FaultPoints.isArmed { FaultPoints.reach(name) }
}

/// Arms one fault point for the life of the process. Only the executable does so, from `SITONG_FAULT`, before any
/// thread is started.
public enum FaultPoints {
    nonisolated(unsafe) fileprivate(set) static var isArmed = false  // Written once, before threads start.
    nonisolated(unsafe) private static var name = ""
    nonisolated(unsafe) private static var passesLeft = 0
    nonisolated(unsafe) private static var traces = false
    nonisolated(unsafe) private static var signal = SIGKILL

    /// `load.afterCopy` or `load.afterCopy:3` (die at the third pass); `load.afterCopy=stop` stands still there, until
    /// somebody who has changed the world meanwhile sends SIGCONT; `?` prints each name reached on stderr.
    public static func arm(_ text: String) {
        if text == "?" {
            traces = true
        } else {
            var text = text[...]
            if text.hasSuffix("=stop") {
                signal = SIGSTOP
                text = text.dropLast("=stop".count)
            }
            let parts = text.split(separator: ":", maxSplits: 1)
            name = parts.first.map(String.init) ?? ""
            passesLeft = parts.count > 1 ? Int(parts[1]) ?? 1 : 1
        }
        isArmed = true
    }

    static func reach(_ point: StaticString) {
        let reached = "\(point)"
        if traces { _ = ("fault point \(reached)\n").withCString { write(2, $0, strlen($0)) } }
        guard reached == name else { return }
        passesLeft -= 1
        if passesLeft == 0 { kill(getpid(), signal) }
    }
}
