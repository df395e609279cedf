/// Which line of a YAML text is likely to blame for a syntax error.
///
/// YAML tells where it could not go on, which may be far below the slip: an unclosed quote runs to the next one, a
/// line with a wrong indentation is noticed where its siblings follow.
struct SyntaxCulprit {
    private let lines: [[Unicode.Scalar]]

    init(_ text: String) {
        lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
    }

    /// - Parameters:
    ///   - line: where YAML could not go on, from 1.
    ///   - isKnown: whether a key may occur in definitions.
    func line(of line: Int, isKnown: (String) -> Bool) -> Int {
        guard let wrong = lastContent(upTo: line), let indentation = indentation(wrong) else { return line }
        // An indentation that nothing before has is itself the slip.
        let isUsual = (1..<max(1, wrong)).contains { self.indentation($0) == indentation || content($0) == indentation }
        guard isUsual else { return wrong }
        // What the line would hang below, or stand beside.
        var above = wrong - 1
        while above >= 1, self.indentation(above).map({ $0 > indentation && content(above) != indentation }) ?? true {
            above -= 1
        }
        guard above >= 1 else { return wrong }
        // A line among list items that is none.
        if self.indentation(above) == indentation, isItem(above), !isItem(wrong) { return wrong }
        let between = (above..<wrong).filter { self.indentation($0) != nil }
        if let unknown = between.first(where: { key($0).map { !isKnown($0) } ?? !isItem($0) }) { return unknown }
        let isSibling = self.indentation(above) == indentation || content(above) == indentation
        return isSibling || between.count < 2 ? wrong : between[1]
    }

    /// The line, or the last one above it with anything on it: YAML names the line behind the end.
    private func lastContent(upTo line: Int) -> Int? {
        (1...max(1, min(line, lines.count))).last { indentation($0) != nil }
    }

    /// Blanks before the first letter; nil when there is none, or only a comment.
    private func indentation(_ line: Int) -> Int? {
        let letters = lines[line - 1]
        guard let first = letters.firstIndex(where: { $0 != " " && $0 != "\r" }), letters[first] != "#" else {
            return nil
        }
        return first
    }

    /// Where what a list item holds begins, else as `indentation`.
    private func content(_ line: Int) -> Int? {
        guard let start = indentation(line), isItem(line) else { return indentation(line) }
        return lines[line - 1][(start + 1)...].firstIndex { $0 != " " } ?? start
    }

    private func isItem(_ line: Int) -> Bool {
        guard let start = indentation(line) else { return false }
        return lines[line - 1][start...].starts(with: "- ".unicodeScalars)
    }

    /// The key that a line begins with; nil when it begins otherwise.
    private func key(_ line: Int) -> String? {
        guard let start = content(line) else { return nil }
        let rest = lines[line - 1][start...]
        guard let colon = rest.firstIndex(of: ":"),
            colon + 1 >= rest.endIndex || " \r".unicodeScalars.contains(rest[colon + 1])
        else { return nil }
        var key = String.UnicodeScalarView()
        key.append(contentsOf: rest[..<colon])
        let text = String(key)
        return text.hasPrefix("{") || text.hasPrefix("[") ? nil : text
    }
}
