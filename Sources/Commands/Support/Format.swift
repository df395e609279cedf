import Foundation

/// Numbers for people; never for data.
enum Format {
    /// `0.8 s`, `12 s`, `3 min 20 s`.
    static func seconds(_ value: Double) -> String {
        if value < 10 { return String(format: "%.1f s", value) }
        if value < 60 { return "\(Int(value.rounded())) s" }
        return "\(Int(value) / 60) min \(Int(value) % 60) s"
    }

    /// `1,234,567`.
    static func count(_ value: Int) -> String {
        let digits = String(abs(value))
        var grouped = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { grouped.append(",") }
            grouped.append(digit)
        }
        return value < 0 ? "-" + grouped : grouped
    }

    /// The number right-aligned in so many columns.
    static func padded(_ value: Int, _ width: Int) -> String {
        let text = count(value)
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// `812 B`, `3.4 kB`, `12.0 MB`.
    static func bytes(_ value: Int) -> String {
        if value < 1000 { return "\(value) B" }
        if value < 1_000_000 { return String(format: "%.1f kB", Double(value) / 1e3) }
        return String(format: "%.1f MB", Double(value) / 1e6)
    }
}
