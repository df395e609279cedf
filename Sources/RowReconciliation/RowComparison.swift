import RuleEngine
import Schema

/// 逐行比对: two sides, key by key and column by column.
///
/// Each side is read once, into sums by bucket of the key's hash; only rows of buckets whose sums differ are read again, in
/// the order of the buckets, and merged. Where more than a given part of the buckets differs, all rows are. Memory is that of the
/// sums and of one bucket's rows, whatever the size of the table, and of the differences that have to wait for the end.
public struct RowComparison {
    /// From which part of all buckets with rows on the second reading asks for all rows.
    static let streamedPart = 0.3
    /// Differences which are kept until the end, since something is yet to be looked for; those beyond are told at once.
    static let heldDifferences = 100_000

    private let plan: RowPlan
    private let matcher: BucketMatcher
    private let groupNames: [String]
    private let secondKey: Int?

    /// - Parameters:
    ///   - codes: by column, the source's code → the standard's, to recognise one against the other.
    ///   - groups: columns by which differences are counted, by code or title; those that are not compared are passed over.
    ///   - secondKey: the column that tells a row whose key was changed, by code or title.
    ///   - watermark: the column that grows with each change of a row, by code or title: what the right side has of an older row
    ///     is stale. It has to be compared.
    public init(
        _ plan: RowPlan, codes: [String: [String: String]] = [:], groups: [String] = [], secondKey: String? = nil,
        watermark: String? = nil
    ) {
        func place(_ name: String) -> Int? {
            plan.table.columnIndex(name).flatMap { plan.columns.firstIndex(of: $0) }
        }
        self.plan = plan
        let places = groups.compactMap(place).reduce(into: [Int]()) { if !$0.contains($1) { $0.append($1) } }
        groupNames = places.map { plan.definition($0).name }
        matcher = BucketMatcher(plan, codes: codes, grouping: places, watermark: watermark.flatMap(place))
        self.secondKey = secondKey.flatMap(place).flatMap { $0 < plan.key.count ? nil : $0 }
    }

    /// What each of some sides adds up to; they are read at the same time.
    ///
    /// - Throws: what reading a side throws.
    public static func sums(of sides: [any RowSide], _ plan: RowPlan) throws -> [BucketSums] {
        var sums = [BucketSums](repeating: BucketSums(), count: sides.count)
        try sums.withUnsafeMutableBufferPointer { sums in
            try Parallel.run(sides.count) { sums[$0] = try sides[$0].bucketSums(plan) }
        }
        return sums
    }

    /// - Parameters:
    ///   - sums: those of both sides, when they are known; nil reads them.
    ///   - settling: looks again at what differs before it is told; nil takes the first look for granted.
    ///   - report: told every difference once; those for which something had to be looked for come last.
    /// - Throws: what reading a side throws, and what `report` throws.
    public func run(
        _ left: any RowSide, _ right: any RowSide, sums: (BucketSums, BucketSums)? = nil, settling: Settling? = nil,
        report: (RowDifference) throws -> Void
    ) throws -> RowComparisonResult {
        let (leftSums, rightSums) =
            try sums
            ?? {
                let both = try Self.sums(of: [left, right], plan)
                return (both[0], both[1])
            }()
        let bad = leftSums.differing(from: rightSums)
        let used = (0..<BucketSums.bucketCount).count { leftSums.counts[$0] > 0 || rightSums.counts[$0] > 0 }
        let isStreamed = Double(bad.count) > Self.streamedPart * Double(used) && bad.count > 64
        var result = RowComparisonResult(
            leftRows: leftSums.rowCount, rightRows: rightSums.rowCount, buckets: used, differingBuckets: bad.count,
            isStreamed: isStreamed, groupNames: groupNames)
        guard !bad.isEmpty else { return result }
        func tell(_ difference: RowDifference) throws {
            result.count(difference)
            try report(difference)
        }
        var held = HeldDifferences(secondKey: secondKey)
        try forEachDifference(left, right, isStreamed ? nil : bad) { found in
            let mayWait = settling != nil || found.difference.isMissing
            if mayWait, held.count < Self.heldDifferences { held.append(found) } else { try tell(found.difference) }
        }
        if let settling { try settle(&held, settling) }
        try held.findQuarantined(left: left, right: right, plan)
        held.findChurn()
        for found in held.found { try tell(found.difference) }
        return result
    }

    /// Calls `body` with what differs in some buckets, nil for all, in the order of the buckets.
    private func forEachDifference(
        _ left: any RowSide, _ right: any RowSide, _ buckets: [Int]?, _ body: (FoundDifference) throws -> Void
    ) throws {
        var readers: ((any BucketReader)?, (any BucketReader)?)
        try Parallel.run(2) { side in
            if side == 0 {
                readers.0 = try left.rows(plan, in: buckets)
            } else {
                readers.1 = try right.rows(plan, in: buckets)
            }
        }
        guard let leftReader = readers.0, let rightReader = readers.1 else { return }
        var (leftBucket, rightBucket) = (try leftReader.next(), try rightReader.next())
        while let bucket = [leftBucket?.bucket, rightBucket?.bucket].compactMap(\.self).min() {
            var pair: (left: [PackedRow], right: [PackedRow]) = ([], [])
            if let rows = leftBucket, rows.bucket == bucket {
                pair.left = rows.rows
                leftBucket = try leftReader.next()
            }
            if let rows = rightBucket, rows.bucket == bucket {
                pair.right = rows.rows
                rightBucket = try rightReader.next()
            }
            for var found in matcher.differences(pair.left, pair.right) {
                found.bucket = bucket
                try body(found)
            }
        }
    }

    /// Looks at what differs again, in newer states of both sides: what differs no longer was in flight.
    private func settle(_ held: inout HeldDifferences, _ settling: Settling) throws {
        for _ in 0..<settling.attempts {
            let buckets = held.waitingBuckets
            guard !buckets.isEmpty else { return }
            try settling.wait()
            var now: [[UInt8]: FoundDifference] = [:]
            try settling.withSides { left, right in
                try forEachDifference(left, right, buckets) { now[$0.key] = $0 }
            }
            held.settle(now)
        }
    }
}

/// How differences are looked at again: rows that a side was just about to get or to change are no differences.
public struct Settling {
    /// How often at most.
    public var attempts: Int
    /// Called before each time.
    public var wait: () throws -> Void
    /// Lends both sides in their states of that moment.
    public var withSides: (_ body: (any RowSide, any RowSide) throws -> Void) throws -> Void

    public init(
        attempts: Int, wait: @escaping () throws -> Void,
        withSides: @escaping (_ body: (any RowSide, any RowSide) throws -> Void) throws -> Void
    ) {
        self.attempts = attempts
        self.wait = wait
        self.withSides = withSides
    }
}
