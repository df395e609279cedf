/// Names that someone who wrote another name may have meant.
enum NearMisses {
    /// At most three, nearest first: the same but for case, or at most two edits away (one for short names).
    static func of(_ name: String, among known: [String]) -> [String] {
        let wanted = Array((name.split(separator: ".").last.map(String.init) ?? name).lowercased())
        let limit = wanted.count <= 3 ? 1 : 2
        return known.map { ($0, distance(wanted, Array($0.lowercased()))) }
            .filter { $0.1 <= limit }
            .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
            .prefix(3).map(\.0)
    }

    /// Levenshtein's edit distance, by rows.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var previous = Array(0...right.count)
        for (row, a) in left.enumerated() {
            var current = [row + 1]
            for (column, b) in right.enumerated() {
                current.append(min(previous[column] + (a == b ? 0 : 1), previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[right.count]
    }
}
