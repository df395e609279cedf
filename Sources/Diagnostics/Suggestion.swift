/// Names that someone may have meant: few letters apart, by Levenshtein's distance over code points, ASCII letters of
/// either case being one.
public enum Suggestion {
    /// At most three, all equally near: the name itself, or one that differs only in case, before any other.
    public static func candidates(for name: String, among known: some Sequence<String>) -> [String] {
        let wanted = letters(name)
        let most = max(1, min(3, wanted.count / 2))
        var found: [(distance: Int, name: String)] = []
        for candidate in known where !candidate.isEmpty {
            let other = letters(candidate)
            guard abs(other.count - wanted.count) <= most else { continue }
            let distance = distance(wanted, other)
            // A name with no letter in common is no near miss, however short.
            if distance <= most, distance < max(wanted.count, other.count) { found.append((distance, candidate)) }
        }
        found.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
        var names: [String] = []
        for (distance, name) in found
        where distance == found[0].distance && !names.contains(name) && names.count < 3 { names.append(name) }
        return names
    }

    public static func nearest(to name: String, among known: some Sequence<String>) -> String? {
        candidates(for: name, among: known).first
    }

    /// `did you mean 'date'?`; nil when nothing is near.
    public static func didYouMean(_ name: String, among known: some Sequence<String>) -> LocalizedText? {
        let near = candidates(for: name, among: known).filter { !$0.utf8.elementsEqual(name.utf8) }
        guard !near.isEmpty else { return nil }
        return LocalizedText(
            en: "did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?",
            zh: "是否应为\(near.map { "“\($0)”" }.joined(separator: "或"))？")
    }

    /// `did you mean 'date'?`, else what there is to choose from.
    public static func hint(for name: String, among known: some Collection<String>) -> LocalizedText? {
        if let near = didYouMean(name, among: known) { return near }
        guard !known.isEmpty else { return nil }
        let shown = known.prefix(16).joined(separator: ", ")
        let rest = known.count > 16 ? ", …" : ""
        return LocalizedText(en: "known: \(shown)\(rest)", zh: "可用：\(shown)\(rest)")
    }

    private static func letters(_ name: String) -> [UInt32] {
        name.unicodeScalars.map { $0.value >= 65 && $0.value <= 90 ? $0.value + 32 : $0.value }
    }

    private static func distance(_ left: [UInt32], _ right: [UInt32]) -> Int {
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
