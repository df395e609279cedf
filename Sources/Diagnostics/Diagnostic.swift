/// A place in a definition or data file; line and column count from 1, columns and lengths in code points.
public struct SourceLocation: Sendable, Hashable {
    public var file: String
    public var line: Int
    public var column: Int
    /// How much of the line is meant: a word, a value; 0 at the end of a text, where something is missing.
    public var length: Int

    public init(file: String, line: Int, column: Int, length: Int = 1) {
        self.file = file
        self.line = line
        self.column = column
        self.length = length
    }
}

/// Severity of findings and diagnostics: 错误, 警告, 提示.
public enum Severity: String, Sendable, Hashable, CaseIterable {
    case error
    case warning
    case notice
}

/// A definition or an argument is wrong: what, where, and what would help.
public struct Diagnostic: Sendable, Hashable {
    public var severity: Severity
    /// Stable and short, such as `unknown-type`.
    public var code: String
    public var message: LocalizedText
    public var location: SourceLocation?
    public var hint: LocalizedText?
    /// Another place that may be the wrong one as well: of a name that is defined twice the first definition, of an unknown
    /// name the one that is nearly called so.
    public var related: SourceLocation?

    public init(
        _ severity: Severity = .error, code: String, _ message: LocalizedText, at location: SourceLocation? = nil,
        hint: LocalizedText? = nil, related: SourceLocation? = nil
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.location = location
        self.hint = hint
        self.related = related
    }

    /// `Schemas/x.yaml:41:9: error[unknown-type]: …` and, on the next line, the hint.
    public func text(in language: Language) -> String {
        let place = location.map { "\($0.file):\($0.line):\($0.column): " } ?? ""
        let first = "\(place)\(severity.rawValue)[\(code)]: \(message.text(in: language))"
        guard let hint else { return first }
        return first + "\n" + (language == .zh ? "提示：" : "hint: ") + hint.text(in: language)
    }
}

extension [Diagnostic] {
    /// In the order of places; what has no place comes first, and what shares one keeps its order.
    public var inOrder: [Diagnostic] {
        enumerated().sorted { left, right in
            guard let a = left.element.location else {
                return right.element.location != nil || left.offset < right.offset
            }
            guard let b = right.element.location else { return false }
            return (a.file, a.line, a.column, left.offset) < (b.file, b.line, b.column, right.offset)
        }.map(\.element)
    }
}

/// Thrown when definitions cannot be used; carries all that is wrong with them, not only the first.
public struct InvalidDefinitions: Error, Sendable {
    public var diagnostics: [Diagnostic]

    public init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    /// In the order of places, so that a reader goes through each file once; what has no place comes first.
    public var inOrder: InvalidDefinitions { InvalidDefinitions(diagnostics.inOrder) }
}
