/// What a comparison of rows counted.
public struct RowComparisonResult: Sendable {
    public struct Column: Sendable {
        /// Rows in which it differs.
        public var differing = 0
        public var causes: [DifferenceCause: Int] = [:]
        /// Pairs of values and how often they came; no more than `pairLimit` different ones.
        public var pairs: [Pair: Int] = [:]
    }

    public struct Pair: Sendable, Hashable {
        public var left: String?
        public var right: String?
    }

    public var leftRows: Int
    public var rightRows: Int
    /// Buckets that have rows, and how many of them say different things.
    public var buckets: Int
    public var differingBuckets: Int
    /// Whether all rows were read a second time, since many buckets differ.
    public var isStreamed: Bool
    public private(set) var differences = 0
    public private(set) var unexplained = 0
    public private(set) var kinds: [RowDifference.Kind: Int] = [:]
    public private(set) var causes: [DifferenceCause: Int] = [:]
    /// By the schema's code.
    public private(set) var columns: [String: Column] = [:]
    /// Codes of the columns by which `groups` are counted.
    public let groupNames: [String]
    /// Differences by court, case type, month or whatever was asked for; beyond `groupLimit` groups the rest is in none.
    public private(set) var groups: [[String?]: Int] = [:]

    private static let pairLimit = 1000
    private static let groupLimit = 10_000

    init(
        leftRows: Int, rightRows: Int, buckets: Int, differingBuckets: Int, isStreamed: Bool, groupNames: [String]
    ) {
        self.leftRows = leftRows
        self.rightRows = rightRows
        self.buckets = buckets
        self.differingBuckets = differingBuckets
        self.isStreamed = isStreamed
        self.groupNames = groupNames
    }

    mutating func count(_ difference: RowDifference) {
        differences += 1
        if difference.cause == .unexplained { unexplained += 1 }
        kinds[difference.kind, default: 0] += 1
        causes[difference.cause, default: 0] += 1
        if !groupNames.isEmpty, groups[difference.groups] != nil || groups.count < Self.groupLimit {
            groups[difference.groups, default: 0] += 1
        }
        for cell in difference.cells {
            columns[cell.column, default: Column()].count(cell, limit: Self.pairLimit)
        }
    }
}

extension RowComparisonResult.Column {
    fileprivate mutating func count(_ cell: RowDifference.Cell, limit: Int) {
        differing += 1
        causes[cell.cause, default: 0] += 1
        let pair = RowComparisonResult.Pair(left: cell.left, right: cell.right)
        if pairs[pair] != nil || pairs.count < limit { pairs[pair, default: 0] += 1 }
    }
}
