import Diagnostics

/// Names that someone may have meant: few letters apart, by Levenshtein's distance over code points.
enum NearMiss {
    /// At most three, all equally near.
    static func candidates(for name: String, among known: some Sequence<String>) -> [String] {
        let wanted = Array(name.lowercased().unicodeScalars)
        let most = max(1, min(3, wanted.count / 2))
        var found: [(distance: Int, name: String)] = []
        for candidate in known where !candidate.isEmpty {
            let letters = Array(candidate.lowercased().unicodeScalars)
            guard abs(letters.count - wanted.count) <= most else { continue }
            let distance = distance(wanted, letters)
            // A name with no letter in common is no near miss, however short.
            if distance <= most, distance < max(wanted.count, letters.count) { found.append((distance, candidate)) }
        }
        found.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
        var names: [String] = []
        for (distance, name) in found
        where distance == found[0].distance && !names.contains(name) && names.count < 3 { names.append(name) }
        return names
    }

    /// `did you mean 'date'?`, else what there is to choose from.
    static func hint(for name: String, among known: some Collection<String>) -> LocalizedText? {
        let near = candidates(for: name, among: known)
        if !near.isEmpty {
            return LocalizedText(
                en: "did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?",
                zh: "是否应为\(near.map { "“\($0)”" }.joined(separator: "或"))？")
        }
        guard !known.isEmpty else { return nil }
        let shown = known.prefix(16).joined(separator: ", ")
        let rest = known.count > 16 ? ", …" : ""
        return LocalizedText(en: "known: \(shown)\(rest)", zh: "可用：\(shown)\(rest)")
    }

    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let above = row[j + 1]
                row[j + 1] = min(diagonal + (a == b ? 0 : 1), above + 1, row[j] + 1)
                diagonal = above
            }
        }
        return row[right.count]
    }
}
