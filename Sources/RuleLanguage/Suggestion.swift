/// Near misses of a name, for hints: the closest by edit distance, or one that differs only in case.
public enum Suggestion {
    public static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
        let lowered = name.asciiLowercased
        var best: (name: String, distance: Int)?
        for candidate in candidates where candidate != name {
            if candidate.asciiLowercased == lowered { return candidate }
            let distance = editDistance(Array(name.unicodeScalars), Array(candidate.unicodeScalars))
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        guard let best else { return nil }
        let length = max(name.unicodeScalars.count, best.name.unicodeScalars.count)
        return best.distance <= max(1, length / 3) ? best.name : nil
    }

    private static func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var previous = Array(0...right.count)
        for (row, scalar) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                current.append(
                    Swift.min(
                        previous[column] + (scalar == other ? 0 : 1), previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[right.count]
    }
}
