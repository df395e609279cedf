import Yams

/// Which line of a YAML text is likely to blame for a syntax error.
///
/// YAML tells where it could not go on, which may be far below the slip: an unclosed quote runs to the next one, a line
/// with a wrong indentation is noticed where its siblings follow. But definitions are written line by line, and many
/// lines are alike. So the slip is looked for in the nearest odd line, from there upwards: one that is no YAML even by
/// itself, whose key no definition knows, or that stands where no other of its kind does.
struct SyntaxCulprit {
    /// The line to blame and, when it is no YAML by itself, what YAML says of it, with marks that count from its text.
    struct Verdict {
        var line: Int
        /// Columns before the text that `error` is about.
        var indentation = 0
        var error: YamlError?
    }

    /// A line with something on it that is no comment and no part of a block text.
    private struct Line {
        var letters: ArraySlice<Unicode.Scalar>
        /// Blanks before the first letter.
        var indentation: Int
        /// Whether it begins with `- `.
        var isItem: Bool
        /// Where what a list item holds begins, else as `indentation`.
        var content: Int
        var key: String?
    }

    /// A kind of lines, and where they stand.
    private struct Stand: Hashable {
        enum Holds { case key, flow, text }
        var column: Int
        var isItem: Bool
        var holds: Holds
    }

    /// From the first; nil for blank lines, comments and the insides of block texts.
    private var lines: [Line?] = []
    /// The keys that comments begin with, and where, or end with, by line from 0.
    private var comments: [Int: (key: String, column: Int?)] = [:]
    /// How often lines begin so.
    private var stands: [Stand: Int] = [:]
    /// How often keys stand where.
    private var keys: [String: [Stand: Int]] = [:]
    private let isKnown: (String) -> Bool

    /// - Parameter isKnown: whether a key may occur in definitions.
    init(_ text: String, isKnown: @escaping (String) -> Bool) {
        self.isKnown = isKnown
        var block: Int?
        for raw in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false) {
            let letters = Array(raw.last == "\r" ? raw.dropLast() : raw)
            let indentation = letters.firstIndex { $0 != " " } ?? letters.count
            if let header = block, indentation > header || indentation == letters.count {
                lines.append(nil)
                continue
            }
            block = nil
            guard indentation < letters.count, letters[indentation] != "#" else {
                let rest = letters[indentation...].drop { $0 == "#" || $0 == " " }
                if !rest.isEmpty {
                    let line = Self.line(rest)
                    let word = rest.split(separator: " ").last.map { Self.line($0) }
                    let atEnd = word.flatMap { $0.letters.last == ":" ? $0.key : nil }
                    comments[lines.count] = line.key.map { ($0, line.content) } ?? atEnd.map { ($0, nil) }
                }
                lines.append(nil)
                continue
            }
            let line = Self.line(letters[indentation...])
            if Self.beginsBlock(line) { block = indentation }
            lines.append(line)
            count(line)
        }
    }

    /// - Parameters:
    ///   - line: where YAML could not go on, from 1.
    ///   - opening: where a quote or bracket began that it could not end.
    func verdict(from line: Int, opening: Int?) -> Verdict {
        if let opening, let line = lines[min(opening, lines.count) - 1], let error = Self.error(of: line) {
            return Verdict(line: opening, indentation: line.indentation, error: error)
        }
        let last = (0..<max(1, min(line, lines.count))).last { lines[$0] != nil } ?? 0
        for index in (0...last).reversed() {
            if comments[index].map(isOut) == true { return Verdict(line: index + 1) }
            guard let line = lines[index] else { continue }
            if let error = Self.error(of: line) {
                return Verdict(line: index + 1, indentation: line.indentation, error: error)
            }
            if isOdd(line) { return Verdict(line: index + 1) }
        }
        return Verdict(line: last + 1)
    }

    /// Whether a comment's key would stand where it does elsewhere, were it no comment.
    private func isOut(_ comment: (key: String, column: Int?)) -> Bool {
        guard let usual = keys[comment.key] else { return false }
        guard let column = comment.column else { return isKnown(comment.key) }
        return usual.keys.contains { abs($0.column - column) <= 1 }
    }

    // MARK: - Odd lines

    /// What YAML says of a line by itself. That an alias is unknown there says nothing.
    private static func error(of line: Line) -> YamlError? {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: line.letters)
        do {
            _ = try Parser(yaml: String(text), resolver: .basic).nextRoot()
            return nil
        } catch let error as YamlError {
            switch error {
            case .scanner, .parser, .reader: return error
            default: return nil
            }
        } catch {
            return nil
        }
    }

    private func isOdd(_ line: Line) -> Bool {
        if line.letters.first == "\t" { return true }
        if !line.isItem, line.key == nil { return true }
        let stand = Self.stand(line, at: line.indentation)
        if stands[stand, default: 0] < 2, stand.isItem && stand.holds == .text || isUsual(elsewhere: stand) {
            return true
        }
        guard let key = line.key else { return false }
        let usual = keys[key] ?? [:]
        if !isKnown(key), usual.values.reduce(0, +) < 2 { return true }
        return usual[Self.stand(line, at: line.content), default: 0] < 2 && usual.values.contains { $0 > 1 }
    }

    /// Whether lines of the kind stand several times at another place.
    private func isUsual(elsewhere stand: Stand) -> Bool {
        stands.contains { $0.value >= 3 && $0.key.isItem == stand.isItem && $0.key.holds == stand.holds }
    }

    private mutating func count(_ line: Line) {
        stands[Self.stand(line, at: line.indentation), default: 0] += 1
        if let key = line.key { keys[key, default: [:]][Self.stand(line, at: line.content), default: 0] += 1 }
    }

    private static func stand(_ line: Line, at column: Int) -> Stand {
        let first = line.content < line.letters.endIndex ? line.letters[line.content] : " "
        let holds: Stand.Holds =
            if line.key != nil { .key } else if first == "[" || first == "{" { .flow } else { .text }
        return Stand(column: column, isItem: line.isItem, holds: holds)
    }

    // MARK: - Lines

    private static func line(_ letters: ArraySlice<Unicode.Scalar>) -> Line {
        let start = letters.startIndex
        let next = start + 1 < letters.endIndex ? letters[start + 1] : " "
        let isItem = letters[start] == "-" && next == " "
        let content = isItem ? letters[(start + 1)...].firstIndex { $0 != " " } ?? letters.endIndex : start
        return Line(
            letters: letters, indentation: start, isItem: isItem, content: content, key: key(letters[content...]))
    }

    /// The key that a text begins with; nil when it begins otherwise.
    private static func key(_ text: ArraySlice<Unicode.Scalar>) -> String? {
        guard let first = text.first, !"[{".unicodeScalars.contains(first) else { return nil }
        let isQuoted = first == "'" || first == "\""
        let begin = isQuoted ? text.startIndex + 1 : text.startIndex
        guard let end = text[begin...].firstIndex(of: isQuoted ? first : ":") else { return nil }
        let rest = text[(isQuoted ? end + 1 : end)...].drop { $0 == " " }
        guard rest.first == ":", rest.count == 1 || rest[rest.startIndex + 1] == " " else { return nil }
        var key = String.UnicodeScalarView()
        key.append(contentsOf: text[begin..<end])
        return String(key)
    }

    /// Whether `|` or `>` at its end begins a text of the lines below.
    private static func beginsBlock(_ line: Line) -> Bool {
        let text = line.letters[line.content...]
        guard let mark = text.lastIndex(where: { $0 == "|" || $0 == ">" }),
            text[(mark + 1)...].allSatisfy({ " +-123456789".unicodeScalars.contains($0) })
        else { return false }
        let before = text[..<mark].last { $0 != " " }
        return before == nil || before == ":"
    }
}
