import CourtModel

/// The name of a batch: `zhumadian-trial-2026-10-0001`, or `…-all-0001` for one of no period.
///
/// Period labels are so strict that a name belongs to one source only, even when the name of one source begins with
/// that of another.
public enum BatchName {
    public static func make(source: String, period: String?, sequence: Int) -> String {
        let digits = String(sequence)
        return "\(source)-\(period ?? "all")-\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits)"
    }

    /// Whether it can be the name of a folder, in any file system, in a URL, and in a list.
    public static func isSafe(_ name: String) -> Bool {
        guard let first = name.first, first != ".", first != "-", name.utf8.count <= 150 else { return false }
        return name.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "-", "_", ".", "@", "0"..."9", "a"..."z", "A"..."Z": true
            default: scalar.properties.isAlphabetic
            }
        }
    }

    /// Whether it is the name of a batch of that source.
    static func isName(_ name: String, ofSource source: String) -> Bool {
        guard name.hasPrefix(source + "-") else { return false }
        let rest = name.dropFirst(source.count + 1)
        guard let dash = rest.lastIndex(of: "-") else { return false }
        let digits = rest[rest.index(after: dash)...]
        let label = String(rest[..<dash])
        return digits.utf8.count >= 4 && digits.utf8.allSatisfy { (48...57).contains($0) }
            && (label == "all" || StatisticalPeriod(label) != nil)
    }
}
