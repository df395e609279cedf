import Diagnostics
import Foundation

/// Collects all that is wrong while loading goes on.
final class DiagnosticLog {
    private(set) var diagnostics: [Diagnostic] = []
    private var known: Set<Diagnostic> = []

    /// The same problem is told once: defaults are read for every rule.
    func add(_ diagnostic: Diagnostic) {
        if known.insert(diagnostic).inserted { diagnostics.append(diagnostic) }
    }

    /// Names and titles of what stands in documents that are no YAML, so that they are not told as unknown too.
    private(set) var lostNames: Set<String> = []

    func add(lostNames names: Set<String>) { lostNames.formUnion(names) }

    /// Lines of each file that are comments, for keys that were commented out.
    private var comments: [String: [(line: Int, text: String)]] = [:]

    func add(comment text: String, line: Int, file: String) { comments[file, default: []].append((line, text)) }

    /// A comment in or around a node, or anywhere in its file, that says `key:`.
    func comment(naming keys: [String], around node: YAMLNode, anywhere: Bool = false) -> SourceLocation? {
        let lines = node.location.line - 1...node.lastLine + 1
        for comment in comments[node.location.file] ?? [] where anywhere || lines.contains(comment.line) {
            for key in keys {
                guard let range = comment.text.range(of: key + ":") else { continue }
                let column = comment.text[..<range.lowerBound].unicodeScalars.count + 1
                return SourceLocation(
                    file: node.location.file, line: comment.line, column: column, length: key.unicodeScalars.count)
            }
        }
        return nil
    }

    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    var inOrder: [Diagnostic] { diagnostics.inOrder }
}

/// The texts of the problems that several readers find; each says what was found, what was expected, and a hint.
extension Diagnostic {
    static func duplicateKey(_ key: String, at place: SourceLocation, first: SourceLocation?) -> Diagnostic {
        Diagnostic(
            code: "duplicate-key", LocalizedText(en: "the key '\(key)' occurs twice", zh: "键“\(key)”重复出现"), at: place,
            hint: first.map {
                LocalizedText(
                    en: "it is first at line \($0.line), column \($0.column)", zh: "首次出现在第 \($0.line) 行第 \($0.column) 列"
                )
            }, related: first)
    }

    static func wrongShape(_ what: LocalizedText, expected: LocalizedText, found node: YAMLNode) -> Diagnostic {
        Diagnostic(
            code: "wrong-shape",
            LocalizedText(
                en: "\(what.en): expected \(expected.en), found \(node.shape.en)",
                zh: "\(what.zh)：应为\(expected.zh)，实为\(node.shape.zh)"),
            at: node.location)
    }

    static func unknownKey(
        _ key: String, in what: LocalizedText, at place: SourceLocation, known: [String]
    ) -> Diagnostic {
        Diagnostic(
            code: "unknown-key", LocalizedText(en: "\(what.en) has no key '\(key)'", zh: "\(what.zh)没有键“\(key)”"),
            at: place, hint: Suggestion.hint(for: key, among: known))
    }

    static func missingKey(_ key: String, in what: LocalizedText, at place: SourceLocation) -> Diagnostic {
        Diagnostic(
            code: "missing-key", LocalizedText(en: "\(what.en) needs the key '\(key)'", zh: "\(what.zh)缺少键“\(key)”"),
            at: place)
    }

    static func missingOneOf(_ keys: [String], in what: LocalizedText, at place: SourceLocation) -> Diagnostic {
        Diagnostic(
            code: "missing-key",
            LocalizedText(
                en: "\(what.en) needs one of the keys \(keys.joined(separator: ", "))",
                zh: "\(what.zh)缺少以下键之一：\(keys.joined(separator: "、"))"),
            at: place)
    }

    /// A text that is none of the few it may be, or not of the form it must have.
    static func badValue(
        _ text: String, of what: LocalizedText, expected: LocalizedText, at place: SourceLocation,
        hint: LocalizedText? = nil
    ) -> Diagnostic {
        Diagnostic(
            code: "bad-value",
            LocalizedText(
                en: "\(what.en) is '\(text)', expected \(expected.en)", zh: "\(what.zh)为“\(text)”，应为\(expected.zh)"),
            at: place, hint: hint)
    }

    /// A name that nothing has: `code` is `unknown-table`, `unknown-column`, ….
    static func unknown(
        _ code: String, _ what: LocalizedText, _ name: String, of owner: LocalizedText? = nil,
        at place: SourceLocation, known: some Collection<String>
    ) -> Diagnostic {
        Diagnostic(
            code: code,
            LocalizedText(
                en: owner.map { "\($0.en) has no \(what.en) '\(name)'" } ?? "there is no \(what.en) '\(name)'",
                zh: "\(owner?.zh ?? "")没有名为“\(name)”的\(what.zh)"),
            at: place,
            hint: Suggestion.hint(for: name, among: known)
                ?? LocalizedText(
                    en: "check its spelling, and that --schemas names the folder that defines it",
                    zh: "请检查拼写，以及 --schemas 是否包含定义它的目录"))
    }

    static func duplicateName(
        _ what: LocalizedText, _ name: String, at place: SourceLocation, first: SourceLocation?
    ) -> Diagnostic {
        Diagnostic(
            code: "duplicate-name",
            LocalizedText(en: "\(what.en) '\(name)' is defined twice", zh: "\(what.zh)“\(name)”重复定义"), at: place,
            hint: first.map {
                LocalizedText(
                    en: "it is first at \($0.file):\($0.line):\($0.column); a later --schemas directory may replace it",
                    zh: "首次定义在 \($0.file):\($0.line):\($0.column)；可在后面的 --schemas 目录中替换")
            }, related: first)
    }
}
