import Columnar
public import DataAccess

/// A side whose rows are read and hashed here: a SQLite file, a batch, CSV files, a mapped source, and a server that
/// cannot hash as `RowDigestSQL` wants it.
public final class ReadSide: RowSide {
    public let kind: String
    public let place: String
    public let time: String
    public let columns: [String]
    public let hashing = "client"
    private let open: ([String]) throws -> any CellReader

    /// - Parameters:
    ///   - columns: codes of the schema's columns that it has.
    ///   - open: a reader of all rows from the first on, which has at least the columns of these codes; each time of the
    ///     same state.
    public init(
        kind: String, place: String, time: String, columns: [String],
        open: @escaping ([String]) throws -> any CellReader
    ) {
        self.kind = kind
        self.place = place
        self.time = time
        self.columns = columns
        self.open = open
    }

    public func bucketSums(_ plan: RowPlan) throws -> BucketSums {
        var sums = BucketSums()
        var hasher = RowHasher(plan)
        try forEachRow(plan) { row in sums.add(hasher.bucket(of: row), hasher.hash(of: row)) }
        return sums
    }

    public func rows(_ plan: RowPlan, in buckets: [Int]?) throws -> any BucketReader {
        var wanted = [Bool](repeating: buckets == nil, count: BucketSums.bucketCount)
        for bucket in buckets ?? [] { wanted[bucket] = true }
        var hasher = RowHasher(plan)
        let store = BucketStore()
        try forEachRow(plan) { row in
            let bucket = hasher.bucket(of: row)
            if wanted[bucket] { try store.append(row, bucket) }
        }
        return try store.reader()
    }

    private func forEachRow(_ plan: RowPlan, _ body: (PackedRow) throws -> Void) throws {
        var reader = try open(plan.neededNames)
        let packer = try RowPacker(plan, offered: reader.columns)
        var block = CellBlock()
        while try reader.next(into: &block) { try packer.forEachRow(of: block, body) }
    }
}
