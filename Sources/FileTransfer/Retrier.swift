import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Repeats what failed for the moment: after a delay that doubles, of which a random part is waited, so that many
/// courts whose line broke together do not come back together.
final class Retrier {
    private let options: TransferOptions
    private(set) var retries = 0

    init(_ options: TransferOptions) { self.options = options }

    /// - Parameter body: told which try this is, from 1.
    /// - Throws: the last error, when it is not transient or the tries are used up.
    func run<Result>(_ body: (_ attempt: Int) throws -> Result) throws -> Result {
        var attempt = 1
        while true {
            do {
                return try body(attempt)
            } catch let error as OperationError where error.isTransient && attempt < options.maxTries {
                let doubled = options.firstDelaySeconds * Double(1 << min(attempt - 1, 20))
                let longest = max(0, min(options.longestDelaySeconds, doubled))
                // Half at least: a server that restarts needs some time whatever the dice say.
                usleep(UInt32(Double.random(in: longest / 2...longest) * 1_000_000))
                retries += 1
                attempt += 1
            }
        }
    }
}
