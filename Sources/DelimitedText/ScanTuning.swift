import CKernels

/// How much is done at once, and where patience ends. Tests make it small, so that every boundary is met.
package struct ScanTuning: Sendable {
    /// Bytes of a block, but for records that are longer: so many that with their cells they stay in the cache.
    package var chunk = 192 << 10
    /// Bytes that are judged at once, a multiple of 64; where one of them is odd, all records that begin there are read
    /// byte by byte.
    package var window = 4096
    /// Rows of one block.
    package var rows = 8192
    /// A longer record can only be a quote that never closes.
    package var longestRecord = 16 << 20
    package var recoveryBytes = 1 << 20
    package var recoveryLines = 1000
    /// Of the kernels: `sitong_plain` or what the machine has.
    package var level = Int(sitong_level())

    package init() {}
}
