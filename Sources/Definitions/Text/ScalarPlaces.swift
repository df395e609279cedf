import Schema
import Yams

/// Where the letters of a YAML scalar stand: lines are folded, indentation is taken off, some letters are escaped.
struct ScalarPlaces {
    /// From an offset of the text on: line and column of the document, from 0.
    private(set) var pieces: [(offset: Int, line: Int, column: Int)] = []
    /// How many columns of its first line the text takes.
    private(set) var length = 0

    /// - Parameters:
    ///   - line: of the first letter, from 0, like `column`.
    init(
        of text: String, style: Node.Scalar.Style, line: Int, column: Int,
        in lines: [String.UnicodeScalarView.SubSequence]
    ) {
        let scalars = Array(text.unicodeScalars)
        guard line < lines.count else { return }
        if lines[line].dropFirst(column).starts(with: scalars) {
            length = scalars.count
            return
        }
        var reader = Reader(style: style, lines: lines, line: line, column: column)
        var expected = (line: line, column: column)
        for (offset, scalar) in scalars.enumerated() {
            let next = offset + 1 < scalars.count ? scalars[offset + 1] : nil
            let place = reader.place(of: scalar, before: next)
            if place != expected { pieces.append((offset, place.line, place.column)) }
            if place.line == line { length = place.column - column + 1 }
            expected = (place.line, place.column + 1)
        }
    }

    private struct Reader {
        let style: Node.Scalar.Style
        let lines: [String.UnicodeScalarView.SubSequence]
        /// Columns that a block scalar's lines are indented by.
        let indentation: Int
        var line: Int
        var column: Int
        private var raw: [Unicode.Scalar] = []

        init(
            style: Node.Scalar.Style, lines: [String.UnicodeScalarView.SubSequence], line: Int, column: Int
        ) {
            self.style = style
            self.lines = lines
            self.line = line
            self.column = column
            indentation = column
            raw = Array(lines[line])
        }

        private var isBlock: Bool { style == .literal || style == .folded }

        /// Whether the line has no more letters of the text.
        private var isAtEnd: Bool {
            guard column < raw.count else { return true }
            return raw[column...].allSatisfy { $0 == "\r" || (!isBlock && ($0 == " " || $0 == "\t")) }
        }

        mutating func place(of scalar: Unicode.Scalar, before next: Unicode.Scalar?) -> (line: Int, column: Int) {
            // A backslash at the end of a line stands for nothing.
            while style == .doubleQuoted, column + 1 == raw.count, raw[column] == "\\" { advance(over: false) }
            let place = (line, column)
            if isAtEnd, scalar == " " || scalar == "\n" {
                advance(over: style != .literal && next != "\n")
            } else {
                column += width
            }
            return place
        }

        /// Columns that the letter at hand takes.
        private var width: Int {
            guard column < raw.count else { return 1 }
            if style == .singleQuoted, raw[column] == "'" { return 2 }
            guard style == .doubleQuoted, raw[column] == "\\", column + 1 < raw.count else { return 1 }
            return switch raw[column + 1] {
            case "x": 4
            case "u": 6
            case "U": 10
            default: 2
            }
        }

        /// To the next line, or over blank ones to the next with letters.
        private mutating func advance(over blanks: Bool) {
            repeat {
                line += 1
                raw = line < lines.count ? Array(lines[line]) : []
                column = isBlock ? min(indentation, raw.count) : 0
            } while blanks && isAtEnd && line < lines.count
            while !isBlock, column < raw.count, raw[column] == " " || raw[column] == "\t" { column += 1 }
        }
    }
}
