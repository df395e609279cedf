public import Diagnostics

/// A text of the rule language with the place where it was written, for its compiler's messages.
public struct ExpressionText: Sendable, Hashable {
    /// From this code point on the text stands at this place of the file, up to the next piece.
    public struct Piece: Sendable, Hashable {
        public var offset: Int
        public var line: Int
        public var column: Int

        public init(offset: Int, line: Int, column: Int) {
            self.offset = offset
            self.line = line
            self.column = column
        }
    }

    public var text: String
    public var location: SourceLocation?
    /// Where the text does not stand in the file as it is: escaped letters, indented or folded lines. By offset.
    public var pieces: [Piece]

    public init(_ text: String, at location: SourceLocation? = nil, pieces: [Piece] = []) {
        self.text = text
        self.location = location
        self.pieces = pieces
    }

    /// Where `length` code points from `offset` stand in the file; nil for a text of no file.
    public func location(of offset: Int, length: Int = 1) -> SourceLocation? {
        guard let location else { return nil }
        var place = start(of: offset, location)
        guard length > 1 else {
            place.length = length
            return place
        }
        let last = start(of: offset + length - 1, location)
        // What goes on in the next line is shown as far as this one goes.
        place.length = last.line == place.line ? max(1, last.column - place.column + 1) : length
        return place
    }

    private func start(of offset: Int, _ location: SourceLocation) -> SourceLocation {
        var place = location
        place.length = 1
        if let piece = pieces.last(where: { $0.offset <= offset }) {
            place.line = piece.line
            place.column = piece.column + offset - piece.offset
            return place
        }
        for scalar in text.unicodeScalars.prefix(max(0, offset)) {
            if scalar == "\n" {
                place.line += 1
                place.column = 1
            } else {
                place.column += 1
            }
        }
        return place
    }
}
