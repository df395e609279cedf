import RuleEngine
import Schema

/// 逐行比对: two sides, key by key and column by column.
///
/// Each side is read once, into sums by bucket of the key's hash; only rows of buckets whose sums differ are read again, in
/// the order of the buckets, and merged. Where more than a given part of the buckets differs, all rows are. Memory is that of the
/// sums and of one bucket's rows, whatever the size of the table.
public struct RowComparison {
    /// From which part of all buckets with rows on the second reading asks for all rows.
    static let streamedPart = 0.3
    /// Rows that only one side has which are kept until the end, to look for their second keys.
    static let heldRows = 100_000

    private let plan: RowPlan
    private let matcher: BucketMatcher
    private let groupNames: [String]
    private let secondKey: Int?

    /// - Parameters:
    ///   - codes: by column, the source's code → the standard's, to recognise one against the other.
    ///   - groups: columns by which differences are counted, by code or title; those that are not compared are passed over.
    ///   - secondKey: the column that tells a row whose key was changed, by code or title.
    public init(
        _ plan: RowPlan, codes: [String: [String: String]] = [:], groups: [String] = [], secondKey: String? = nil
    ) {
        func place(_ name: String) -> Int? {
            plan.table.columnIndex(name).flatMap { plan.columns.firstIndex(of: $0) }
        }
        self.plan = plan
        let places = groups.compactMap(place).reduce(into: [Int]()) { if !$0.contains($1) { $0.append($1) } }
        groupNames = places.map { plan.definition($0).name }
        matcher = BucketMatcher(plan, codes: codes, grouping: places)
        self.secondKey = secondKey.flatMap(place).flatMap { $0 < plan.key.count ? nil : $0 }
    }

    /// - Parameter report: told every difference once; those of rows that only one side has may come last.
    /// - Throws: what reading a side throws, and what `report` throws.
    public func run(
        _ left: any RowSide, _ right: any RowSide, report: (RowDifference) throws -> Void
    ) throws -> RowComparisonResult {
        var sums: (left: BucketSums?, right: BucketSums?)
        try Parallel.run(2) { side in
            if side == 0 {
                sums.left = try left.bucketSums(plan)
            } else {
                sums.right = try right.bucketSums(plan)
            }
        }
        let (leftSums, rightSums) = (sums.left ?? BucketSums(), sums.right ?? BucketSums())
        let bad = leftSums.differing(from: rightSums)
        let used = (0..<BucketSums.bucketCount).count { leftSums.counts[$0] > 0 || rightSums.counts[$0] > 0 }
        let isStreamed = Double(bad.count) > Self.streamedPart * Double(used) && bad.count > 64
        var result = RowComparisonResult(
            leftRows: leftSums.rowCount, rightRows: rightSums.rowCount, buckets: used, differingBuckets: bad.count,
            isStreamed: isStreamed, groupNames: groupNames)
        guard !bad.isEmpty else { return result }
        try merge(left, right, isStreamed ? nil : bad, &result, report)
        return result
    }

    private func merge(
        _ left: any RowSide, _ right: any RowSide, _ buckets: [Int]?, _ result: inout RowComparisonResult,
        _ report: (RowDifference) throws -> Void
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
        var held: [(difference: RowDifference, second: String)] = []
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
            for (difference, row) in matcher.differences(pair.left, pair.right) {
                if let second = secondKey.flatMap({ row[$0] }), held.count < Self.heldRows,
                    difference.kind == .missingLeft || difference.kind == .missingRight
                {
                    held.append((difference, second))
                } else {
                    result.count(difference)
                    try report(difference)
                }
            }
        }
        for difference in Self.withChurn(held) {
            result.count(difference)
            try report(difference)
        }
    }

    /// Rows that each side alone has and that share a second key with exactly one row of the other are the same row.
    private static func withChurn(_ held: [(difference: RowDifference, second: String)]) -> [RowDifference] {
        var places: [String: (left: [Int], right: [Int])] = [:]
        for (index, row) in held.enumerated() {
            if row.difference.kind == .missingRight {
                places[row.second, default: ([], [])].left.append(index)
            } else {
                places[row.second, default: ([], [])].right.append(index)
            }
        }
        var differences = held.map(\.difference)
        for pair in places.values where pair.left.count == 1 && pair.right.count == 1 {
            for (own, other) in [(pair.left[0], pair.right[0]), (pair.right[0], pair.left[0])] {
                differences[own].cause = .keyChurn
                differences[own].otherKey = differences[other].key
            }
        }
        return differences
    }
}
