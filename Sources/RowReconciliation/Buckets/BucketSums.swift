/// What one side says of each bucket (桶): how many rows it has, and the sums of both halves of their 64-bit hashes, each half
/// a signed number of 32 bits.
///
/// Sums do not depend on the order of rows nor on who adds them up, and are exact up to 2^32 rows in a bucket. They are sums,
/// not exclusive ors: two equal rows do not cancel.
public struct BucketSums: Sendable, Equatable {
    /// Few enough that the sums of one side take little memory, many enough that a bucket with a difference is soon read.
    static let bucketCount = 1 << 16

    var counts = [Int](repeating: 0, count: bucketCount)
    var high = [Int64](repeating: 0, count: bucketCount)
    var low = [Int64](repeating: 0, count: bucketCount)

    mutating func add(_ bucket: Int, _ hash: UInt64) {
        counts[bucket] += 1
        high[bucket] &+= Int64(Int32(truncatingIfNeeded: hash >> 32))
        low[bucket] &+= Int64(Int32(truncatingIfNeeded: hash))
    }

    var rowCount: Int { counts.reduce(0, +) }

    /// Buckets of which the two sides say different things, ascending.
    func differing(from other: BucketSums) -> [Int] {
        (0..<Self.bucketCount).filter {
            counts[$0] != other.counts[$0] || high[$0] != other.high[$0] || low[$0] != other.low[$0]
        }
    }
}
