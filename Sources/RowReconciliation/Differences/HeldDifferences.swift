/// Differences that wait for the end, since what they are depends on more than their two rows.
struct HeldDifferences {
    private(set) var found: [FoundDifference] = []
    private let secondKey: Int?

    /// - Parameter secondKey: its place among the compared columns.
    init(secondKey: Int?) { self.secondKey = secondKey }

    var count: Int { found.count }

    mutating func append(_ difference: FoundDifference) { found.append(difference) }

    /// Where differences may still be in flight, ascending.
    var waitingBuckets: [Int] { Set(found.lazy.filter { $0.difference.cause != .inFlight }.map(\.bucket)).sorted() }

    /// What differs no longer was in flight; what still does is what it is now.
    mutating func settle(_ now: [[UInt8]: FoundDifference]) {
        for index in found.indices where found[index].difference.cause != .inFlight {
            if let later = now[found[index].key] {
                found[index] = later
            } else {
                found[index].difference.cause = .inFlight
            }
        }
    }

    /// Rows that a library lacks since they wait in its quarantine.
    mutating func findQuarantined(left: any RowSide, right: any RowSide, _ plan: RowPlan) throws {
        for (side, kind) in [(left, RowDifference.Kind.missingLeft), (right, .missingRight)] {
            let lacking = found.indices.filter {
                found[$0].difference.kind == kind && found[$0].difference.cause == .unexplained
            }
            guard !lacking.isEmpty else { continue }
            let keys = try side.quarantinedKeys(plan)
            for index in lacking where keys.contains(found[index].key) { found[index].difference.cause = .quarantined }
        }
    }

    /// Rows that each side alone has and that share a second key with exactly one row of the other are the same row.
    mutating func findChurn() {
        guard let secondKey else { return }
        var places: [[UInt8]: (left: [Int], right: [Int])] = [:]
        for (index, item) in found.enumerated() where item.difference.isMissing && item.difference.cause != .inFlight {
            guard let second = item.row[secondKey].map({ Array($0.utf8) }) else { continue }
            if item.difference.kind == .missingRight {
                places[second, default: ([], [])].left.append(index)
            } else {
                places[second, default: ([], [])].right.append(index)
            }
        }
        for pair in places.values where pair.left.count == 1 && pair.right.count == 1 {
            for (own, other) in [(pair.left[0], pair.right[0]), (pair.right[0], pair.left[0])] {
                found[own].difference.cause = .keyChurn
                found[own].difference.otherKey = found[other].difference.key
            }
        }
    }
}

/// A difference with what is needed to look for more about it.
struct FoundDifference {
    var difference: RowDifference
    /// The row that is shown, of the left side where it has one.
    var row: [String?]
    /// The key's cells as they are packed.
    var key: [UInt8]
    var bucket = 0
}
