import SQLGeneration

/// Hashes rows here as `RowDigestSQL` has them hashed inside a server.
struct RowHasher {
    private let keyCount: Int
    private let columnCount: Int
    private var record = RecordText()

    init(_ plan: RowPlan) {
        keyCount = plan.key.count
        columnCount = plan.columns.count
    }

    /// By the key alone; rows without a key, and those with the empty text for it, share one.
    mutating func bucket(of row: PackedRow) -> Int {
        let hash: UInt64
        if keyCount == 1 {
            var cell: Range<Int>?
            row.forEachCell { column, range in if column == 0 { cell = range } }
            hash = row.bytes.withUnsafeBufferPointer {
                TextHash.hash(UnsafeBufferPointer(rebasing: $0[cell ?? 0..<0]), seed: RowDigestSQL.bucketSeed)
            }
        } else {
            record.set(row, cells: 0..<keyCount)
            hash = TextHash.hash(record.bytes, seed: RowDigestSQL.bucketSeed)
        }
        return Int(hash & UInt64(BucketSums.bucketCount - 1))
    }

    mutating func hash(of row: PackedRow) -> UInt64 {
        record.set(row, cells: 0..<columnCount)
        return TextHash.hash(record.bytes, seed: RowDigestSQL.rowSeed)
    }
}
