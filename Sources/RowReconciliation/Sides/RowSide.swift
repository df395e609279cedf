/// One of the things compared: a state of a table, in a database, a batch or a file.
///
/// One thread at a time; different sides may be asked at once.
public protocol RowSide: AnyObject {
    /// `postgres`, `library`, `sqlite`, `batch`, `csv`, or `source` for one that is mapped.
    var kind: String { get }
    /// Where it is, without any secret.
    var place: String { get }
    /// When the state that is compared was the current one; ISO 8601, UTC.
    var time: String { get }
    /// When the oldest of what was compared was the current state, if that was before `time`: in a run that was gone on with.
    var since: String? { get }
    /// Codes of the schema's columns that it has.
    var columns: [String] { get }
    /// How rows are hashed: `server`, or `client` when they have to be fetched for it. Known after `bucketSums`.
    var hashing: String { get }

    /// Reads all rows that are meant.
    func bucketSums(_ plan: RowPlan) throws -> BucketSums
    /// The rows of these buckets, nil for all, in the order of their buckets. One such reader is open at a time.
    func rows(_ plan: RowPlan, in buckets: [Int]?) throws -> any BucketReader
    /// The keys of rows that it was given and set aside, as they are packed; none but in a library.
    func quarantinedKeys(_ plan: RowPlan) throws -> Set<[UInt8]>
}

extension RowSide {
    public var since: String? { nil }

    public func quarantinedKeys(_ plan: RowPlan) throws -> Set<[UInt8]> { [] }
}

/// Rows bucket by bucket, ascending; those of one bucket in no order.
public protocol BucketReader: AnyObject {
    func next() throws -> BucketRows?
}

/// The rows of one bucket.
public struct BucketRows {
    var bucket: Int
    var rows: [PackedRow]
}
