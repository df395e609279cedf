import Diagnostics
import Schema
import Yams

/// Reads a YAML text into its documents, with all that is wrong with it, not only the first.
///
/// Yams stops at the first problem of a text. So each document is read alone, and a doubled key, which Yams refuses, is
/// given a mark that makes it another key and the document is read again; the mark is taken off afterwards.
struct YAMLReader {
    let file: String
    let log: DiagnosticLog

    /// A letter for private use, which no definition holds.
    fileprivate static let mark: Unicode.Scalar = "\u{E0FF}"
    /// Aliases are copied where they are used; this bounds what a few of them can become.
    private static let largestDocument = 400_000

    /// The documents that could be read.
    func documents(of text: String) -> [YAMLNode] {
        var found: [YAMLNode] = []
        var lines: [Substring] = []
        var firstLine = 1
        var number = 0
        func flush() {
            // Yams sees the document's own lines only; their numbers in the file are added back.
            if lines.contains(where: Self.hasContent) {
                found += read(lines.joined(separator: "\n"), lineOffset: firstLine - 1)
            }
            lines = []
        }
        for line in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Substring.init) {
            number += 1
            if line.unicodeScalars.first(where: { $0 != " " }) == "#" {
                log.add(comment: String(line), line: number, file: file)
            }
            if Self.beginsDocument(line) {
                flush()
                firstLine = number
            }
            lines.append(line)
        }
        flush()
        return found
    }

    /// `---`, alone or followed by a blank; YAML admits none of these inside a scalar.
    private static func beginsDocument(_ line: Substring) -> Bool {
        guard line.utf8.starts(with: "---".utf8) else { return false }
        guard let next = line.utf8.dropFirst(3).first else { return true }
        return next == 32 || next == 9 || next == 13
    }

    private static func hasContent(_ line: Substring) -> Bool {
        let rest = (beginsDocument(line) ? line.dropFirst(3) : line)
            .unicodeScalars.drop { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\u{FEFF}" }
        guard let first = rest.first else { return false }
        return first != "#" && !(first == "%" && line.unicodeScalars.first == "%")
    }

    private func read(_ text: String, lineOffset: Int) -> [YAMLNode] {
        var attempt = MarkedText(text: text)
        while true {
            do {
                let parser = try Parser(yaml: attempt.text, resolver: .basic)
                var nodes: [YAMLNode] = []
                while let root = try parser.nextRoot() {
                    var left = Self.largestDocument
                    var converter = Converter(
                        file: file, lineOffset: lineOffset, marked: attempt, log: log,
                        lines: attempt.text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false))
                    nodes.append(converter.node(root, &left))
                    if left < 0 {
                        report(Place(line: 1, column: 1), lineOffset, "the document is too large", "文档过大")
                        return []
                    }
                }
                return nodes.filter { !$0.isNothing }
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                if let marked = attempt.marking(keyAt: Place(context.mark), with: Self.mark) {
                    attempt = marked
                } else {
                    log.add(
                        .duplicateKey(keys.first ?? "", at: place(Place(context.mark), lineOffset, attempt), first: nil)
                    )
                    return []
                }
            } catch let error as YamlError {
                reportSyntax(error, lineOffset, attempt)
                return []
            } catch {
                report(Place(line: 1, column: 1), lineOffset, "\(error)", "\(error)")
                return []
            }
        }
    }

    private func place(_ mark: Place, _ lineOffset: Int, _ marked: MarkedText) -> SourceLocation {
        SourceLocation(
            file: file, line: mark.line + lineOffset, column: marked.column(mark.column, inLine: mark.line))
    }

    private func report(_ mark: Place, _ lineOffset: Int, _ en: String, _ zh: String) {
        log.add(
            Diagnostic(
                code: "yaml-syntax", LocalizedText(en: "not valid YAML: \(en)", zh: "不是有效的 YAML：\(zh)"),
                at: SourceLocation(file: file, line: mark.line + lineOffset, column: mark.column)))
    }

    private func reportSyntax(_ error: YamlError, _ lineOffset: Int, _ marked: MarkedText) {
        let told = Self.story(of: error)
        let culprit = SyntaxCulprit(marked.text, isKnown: DefinitionKind.knownKeys.contains)
            .verdict(from: told.end.line, opening: told.opening?.line)
        // What YAML says of a broken line by itself is nearer to the slip than where it could not go on.
        let story = culprit.error.map(Self.story) ?? told
        var mark = story.opening ?? story.end
        if culprit.error != nil {
            mark.line = culprit.line
            mark.column += culprit.indentation
        } else if mark.line != culprit.line {
            mark = Place(line: culprit.line, column: 1)
        }
        let problem = story.problem
        log.add(lostNames: Self.names(in: marked.text))
        log.add(
            Diagnostic(
                code: "yaml-syntax",
                LocalizedText(en: "not valid YAML: \(problem)", zh: "不是有效的 YAML：\(Self.chinese(problem))"),
                at: place(mark, lineOffset, marked), hint: Self.hint(problem)))
    }

    /// What a text that is no YAML seems to define: the values of `table:`, `title:`, `id:` and the like that begin a line.
    private static func names(in text: String) -> Set<String> {
        let keys = Set(DefinitionKind.allCases.map(\.rawValue) + ["title", "id"])
        var names: Set<String> = []
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.drop { " -{".contains($0) }.split(separator: ":", maxSplits: 1)
            guard words.count == 2, keys.contains(String(words[0])) else { continue }
            names.insert(String(words[1].drop { $0 == " " }.prefix { !" ,}#".contains($0) }))
        }
        return names
    }

    /// Where YAML could not go on, where the quote or bracket began that it could not end, and what it says.
    private static func story(of error: YamlError) -> (end: Place, opening: Place?, problem: String) {
        switch error {
        case .scanner(let context, let text, let at, _), .parser(let context, let text, let at, _),
            .composer(let context, let text, let at, _):
            guard let context else { return (Place(at), nil, text) }
            let isOpen = ["quoted scalar", "simple key", "flow"].contains(where: context.text.contains)
            return (Place(at), isOpen ? Place(context.mark) : nil, "\(text) (\(context.text))")
        case .reader(let text, let offset, let value, let yaml):
            let problem = value >= 0 ? "\(text) U+\(String(value, radix: 16, uppercase: true))" : text
            guard let offset else { return (Place(line: 1, column: 1), nil, problem) }
            let before = yaml.prefix(offset).unicodeScalars
            let lastBreak = before.lastIndex(of: "\n").map { before.index(after: $0) } ?? before.startIndex
            let place = Place(
                line: before.reduce(1) { $1 == "\n" ? $0 + 1 : $0 },
                column: before.distance(from: lastBreak, to: before.endIndex) + 1)
            return (place, nil, problem)
        default:
            return (Place(line: 1, column: 1), nil, "\(error)")
        }
    }

    private static func hint(_ problem: String) -> LocalizedText? {
        if problem.contains("mapping values are not allowed") || problem.contains("did not find expected ',' or '}'") {
            return LocalizedText(
                en: "quote a text that contains ': ', ', ', '#', '[', '{' or begins with a quote: \"…\"",
                zh: "含有“: ”“, ”“#”“[”“{”或以引号开头的文本请加引号：\"…\"")
        }
        if problem.contains("cannot start any token") {
            return LocalizedText(
                en: "indent with blanks, not tabs; quote a text that begins with @, ` or %",
                zh: "缩进请用空格而不是制表符；以 @、` 或 % 开头的文本请加引号")
        }
        return LocalizedText(
            en: "look at this line and the one above it: indentation, quotes, and every bracket closed",
            zh: "请检查本行和上一行：缩进、引号，以及括号是否成对")
    }

    /// The usual messages of libyaml; others stay as they are.
    private static func chinese(_ problem: String) -> String {
        for (english, chinese) in [
            ("mapping values are not allowed", "此处不能出现“键: 值”"),
            ("did not find expected ',' or '}'", "缺少“,”或“}”"),
            ("did not find expected ',' or ']'", "缺少“,”或“]”"),
            ("did not find expected key", "此处应为一个键，请检查缩进"),
            ("did not find expected '-' indicator", "此处应为“-”，请检查缩进"),
            ("could not find expected ':'", "缺少“:”"),
            ("found unexpected end of stream", "文本在引号或括号结束之前就结束了"),
            ("cannot start any token", "此处的字符不能作为开头"),
            ("found undefined alias", "引用了未定义的别名"),
            ("control characters are not allowed", "不允许出现控制字符"),
        ] where problem.contains(english) { return "\(chinese)（\(problem)）" }
        return problem
    }
}

/// A line and a column of a document, from 1.
private struct Place {
    var line: Int
    var column: Int

    init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    init(_ mark: Mark) { self.init(line: mark.line, column: mark.column) }
}

/// A document with marks put before some of its keys, and where, so that columns can be told as they were written.
private struct MarkedText {
    var text: String
    private var markCount = 0
    /// The lines that have marks, by number, as they are now.
    private var markedLines: [Int: [Unicode.Scalar]] = [:]

    init(text: String) { self.text = text }

    /// Nil when no key begins there, or it has a mark already.
    func marking(keyAt place: Place, with mark: Unicode.Scalar) -> MarkedText? {
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
        guard place.line >= 1, place.line <= lines.count, place.column >= 1,
            place.column <= lines[place.line - 1].count
        else { return nil }
        var column = place.column
        let first = lines[place.line - 1][column - 1]
        if "&*!?[{|>".unicodeScalars.contains(first) { return nil }
        if first == "'" || first == "\"" { column += 1 }
        lines[place.line - 1].insert(mark, at: column - 1)
        var scalars = String.UnicodeScalarView()
        for (index, line) in lines.enumerated() {
            if index > 0 { scalars.append("\n") }
            scalars.append(contentsOf: line)
        }
        var marked = self
        marked.text = String(scalars)
        marked.markCount += 1
        marked.markedLines[place.line] = lines[place.line - 1]
        // A key doubled a hundred times is told a hundred times, but no text makes this loop without end.
        return markCount < 100 ? marked : nil
    }

    func column(_ column: Int, inLine line: Int) -> Int {
        column - (markedLines[line]?.prefix(max(0, column - 1)).count { $0 == YAMLReader.mark } ?? 0)
    }
}

/// Yams' nodes as ours.
private struct Converter {
    let file: String
    let lineOffset: Int
    let marked: MarkedText
    let log: DiagnosticLog
    let lines: [String.UnicodeScalarView.SubSequence]

    mutating func node(_ node: Node, _ left: inout Int) -> YAMLNode {
        left -= 1
        let place = location(node.mark)
        guard left >= 0 else { return YAMLNode(content: .scalar(""), location: place, isPlain: true) }
        switch node {
        case .scalar(let scalar):
            return text(scalar)
        case .sequence(let items):
            return YAMLNode(content: .sequence(items.map { self.node($0, &left) }), location: place, isPlain: false)
        case .mapping(let pairs):
            var entries: [YAMLNode.Entry] = []
            var seen: [String: SourceLocation] = [:]
            for (keyNode, valueNode) in pairs {
                guard case .scalar(let scalar) = keyNode else {
                    let keyPlace = location(keyNode.mark)
                    log.add(
                        Diagnostic(
                            code: "wrong-shape",
                            LocalizedText(en: "a key must be a text", zh: "键必须是文本"), at: keyPlace))
                    continue
                }
                let key = String(String.UnicodeScalarView(scalar.string.unicodeScalars.filter { $0 != "\u{E0FF}" }))
                var keyPlace = location(keyNode.mark)
                keyPlace.length = key.unicodeScalars.count + (scalar.style == .plain ? 0 : 2)
                if let first = seen[key] {
                    log.add(.duplicateKey(key, at: keyPlace, first: first))
                    continue
                }
                seen[key] = keyPlace
                entries.append(.init(key: key, keyLocation: keyPlace, value: self.node(valueNode, &left)))
            }
            // A mapping in braces begins at the brace, any other with its first key.
            var whole = place
            if let first = entries.first?.keyLocation, first.line == place.line, first.column == place.column {
                whole = first
            }
            return YAMLNode(content: .mapping(entries), location: whole, isPlain: false)
        case .alias:
            return YAMLNode(content: .scalar(""), location: place, isPlain: true)
        }
    }

    private func location(_ mark: Mark?) -> SourceLocation {
        guard let mark else { return SourceLocation(file: file, line: lineOffset + 1, column: 1) }
        return SourceLocation(
            file: file, line: mark.line + lineOffset, column: marked.column(mark.column, inLine: mark.line))
    }

    /// A scalar, at the place where its letters begin, so that a message about the text inside can count from there.
    private func text(_ scalar: Node.Scalar) -> YAMLNode {
        var (line, column) = ((scalar.mark?.line ?? 1) - 1, (scalar.mark?.column ?? 1) - 1)
        switch scalar.style {
        case .singleQuoted, .doubleQuoted:
            column += 1
        case .literal, .folded:
            if let first = (line + 1..<max(line + 1, lines.count)).first(where: { index in
                lines[index].contains { $0 != " " && $0 != "\r" }
            }) {
                line = first
                column = lines[first].prefix { $0 == " " }.count
            }
        default:
            break
        }
        let places = ScalarPlaces(of: scalar.string, style: scalar.style, line: line, column: column, in: lines)
        var location = place(line, column)
        location.length = places.length
        return YAMLNode(
            content: .scalar(scalar.string), location: location,
            pieces: places.pieces.map { piece in
                let place = place(piece.line, piece.column)
                return ExpressionText.Piece(offset: piece.offset, line: place.line, column: place.column)
            }, isPlain: scalar.style == .plain)
    }

    /// Of a line and column of the document, from 0.
    private func place(_ line: Int, _ column: Int) -> SourceLocation {
        SourceLocation(
            file: file, line: line + 1 + lineOffset, column: marked.column(column + 1, inLine: line + 1))
    }
}
