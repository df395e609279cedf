import Workbook

/// Small charts as SVG text, to be put into a page as they are. They use no script, no font and nothing from outside.
///
/// Each has a title for readers who hear the page, and every number also stands as text.
struct Chart {
    struct Bar {
        var label: String
        /// Parts from left to right: amount and class of colour.
        var parts: [(amount: Double, style: String)]
        /// What stands behind the bar.
        var text: String
    }

    /// Horizontal bars, one line each.
    static func bars(_ bars: [Bar], title: String, id: String, labelWidth: Int = 250) -> String {
        guard !bars.isEmpty else { return "" }
        let (width, line, height) = (960, 30, bars.count * 30 + 6)
        let room = width - labelWidth - 150
        let largest = bars.map { $0.parts.reduce(0) { $0 + $1.amount } }.max() ?? 0
        var svg =
            "<div class=\"scroll\"><svg class=\"chart\" viewBox=\"0 0 \(width) \(height)\" role=\"img\" aria-labelledby=\"\(id)\">"
            + "<title id=\"\(id)\">\(escaped(title))</title>"
        for (index, bar) in bars.enumerated() {
            let top = index * line + 4
            svg +=
                "<text class=\"label\" x=\"\(labelWidth - 10)\" y=\"\(top + 16)\" text-anchor=\"end\">"
                + escaped(fitted(bar.label, labelWidth)) + "</text>"
            var left = labelWidth
            for part in bar.parts where part.amount > 0 {
                let size = max(2, Int((part.amount / max(largest, 1) * Double(room)).rounded()))
                svg +=
                    "<rect class=\"\(part.style)\" x=\"\(left)\" y=\"\(top)\" width=\"\(size)\" height=\"22\" rx=\"2\"/>"
                left += size
            }
            svg += "<text class=\"value\" x=\"\(left + 8)\" y=\"\(top + 16)\">\(escaped(bar.text))</text>"
        }
        return svg + "</svg></div>"
    }

    struct Group {
        var label: String
        /// In the order of the series.
        var amounts: [Double]
        var texts: [String]
    }

    /// Groups of thin horizontal bars, one bar of each series.
    static func groups(_ groups: [Group], title: String, id: String) -> String {
        guard let series = groups.first?.amounts.count, series > 0 else { return "" }
        let (width, labelWidth, thin) = (960, 250, 13)
        let line = series * thin + 12
        let room = width - labelWidth - 120
        let largest = groups.flatMap(\.amounts).max() ?? 0
        var svg =
            "<div class=\"scroll\"><svg class=\"chart\" viewBox=\"0 0 \(width) \(groups.count * line + 6)\" role=\"img\" aria-labelledby=\"\(id)\">"
            + "<title id=\"\(id)\">\(escaped(title))</title>"
        for (index, group) in groups.enumerated() {
            let top = index * line + 4
            svg +=
                "<text class=\"label\" x=\"\(labelWidth - 10)\" y=\"\(top + series * thin / 2 + 5)\" text-anchor=\"end\">"
                + escaped(fitted(group.label, labelWidth)) + "</text>"
            for (place, amount) in group.amounts.enumerated() {
                let size = amount > 0 ? max(2, Int((amount / max(largest, 1) * Double(room)).rounded())) : 0
                let y = top + place * thin
                svg +=
                    "<rect class=\"s\(place % 4 + 1)\" x=\"\(labelWidth)\" y=\"\(y)\" width=\"\(size)\" height=\"\(thin - 2)\" rx=\"1\"/>"
                svg +=
                    "<text class=\"small\" x=\"\(labelWidth + size + 6)\" y=\"\(y + thin - 3)\">\(escaped(group.texts[place]))</text>"
            }
        }
        return svg + "</svg></div>"
    }

    /// In the style's 13 px, a column of a display takes 6.5 px.
    private static func fitted(_ label: String, _ width: Int) -> String {
        DisplayWidth.fitted(label, to: (width - 14) * 2 / 13)
    }

    /// Safe between tags and in double-quoted attributes.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
