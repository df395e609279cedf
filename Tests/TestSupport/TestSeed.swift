import Foundation

/// The seeds of tests with random data.
///
/// `make test` always tries the same ones, so that a change is judged by what it does; `make test-all` draws new ones.
/// A test says which it had, and `SITONG_TEST_SEED=n` repeats it.
public enum TestSeed {
    private static let environment = ProcessInfo.processInfo.environment
    /// Whether `make test-all` runs, where tests that can take longer do.
    public static let isLongRun = environment["SITONG_TEST_LONG"] != nil

    /// - Parameter usual: the seed of `make test`.
    public static func draw(_ usual: UInt64 = 1) -> UInt64 {
        if let asked = environment["SITONG_TEST_SEED"].flatMap({ UInt64($0) }) { return asked }
        return isLongRun ? UInt64.random(in: 0..<1_000_000_000) : usual
    }
}
