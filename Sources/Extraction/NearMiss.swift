/// Names that were perhaps meant.
enum NearMiss {
    /// Among `known`, those that are one slip of the pen away: another case, a letter too many, too few, wrong, or two
    /// neighbours swapped; two slips in long names. Nearest first.
    static func names(like name: String, among known: [String]) -> [String] {
        let wanted = Array(name.lowercased())
        let limit = wanted.count >= 8 ? 2 : 1
        return known.map { ($0, distance(wanted, Array($0.lowercased()))) }.filter { $0.1 <= limit }
            .sorted { ($0.1, $0.0) < ($1.1, $1.0) }.prefix(3).map(\.0)
    }

    /// Edits between two texts where swapping two neighbours is one edit ("optimal string alignment").
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var rows = [Array(0...right.count)]
        for (row, a) in left.enumerated() {
            var current = [row + 1]
            for (column, b) in right.enumerated() {
                var best = min(
                    rows[row][column] + (a == b ? 0 : 1), rows[row][column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, a == right[column - 1], left[row - 1] == b {
                    best = min(best, rows[row - 1][column - 1] + 1)
                }
                current.append(best)
            }
            rows.append(current)
        }
        return rows[left.count][right.count]
    }
}
