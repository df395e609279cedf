/// What one side says of each bucket (桶): how many rows it has, and the sums of both halves of their 128-bit hashes.
///
/// Sums are modulo 2^64, so that they do not depend on the order of rows nor on who adds them up. They are sums, not
/// exclusive ors: two equal rows do not cancel.
public struct BucketSums: Sendable {
    /// Few enough that the sums of one side take little memory, many enough that a bucket with a difference is soon read.
    static let bucketCount = 1 << 16

    var counts = [Int](repeating: 0, count: bucketCount)
    var first = [UInt64](repeating: 0, count: bucketCount)
    var second = [UInt64](repeating: 0, count: bucketCount)

    mutating func add(_ bucket: Int, _ hash: (UInt64, UInt64)) {
        counts[bucket] += 1
        first[bucket] &+= hash.0
        second[bucket] &+= hash.1
    }

    var rowCount: Int { counts.reduce(0, +) }

    /// Buckets of which the two sides say different things, ascending.
    func differing(from other: BucketSums) -> [Int] {
        (0..<Self.bucketCount).filter {
            counts[$0] != other.counts[$0] || first[$0] != other.first[$0] || second[$0] != other.second[$0]
        }
    }
}
