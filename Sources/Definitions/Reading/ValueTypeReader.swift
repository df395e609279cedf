import Diagnostics
import Schema

/// Reads a column's type: `int`, `dec(p,s)`, `text`, `text(n)`, `date`, `timestamp`, `bool`, `code(list)`,
/// `code(by column: {value: list, '*': list})`.
struct ValueTypeReader {
    /// Code lists by name, and by title where no list has it as its name.
    let codelistNames: [String: String]
    let knownCodelists: [String]
    let log: DiagnosticLog

    private static let words = ["int", "dec(p,s)", "text", "text(n)", "date", "timestamp", "bool", "code(list)"]

    init(codelists: [(name: String, title: String)], log: DiagnosticLog) {
        var names = Dictionary(codelists.map { ($0.title, $0.name) }) { first, _ in first }
        for list in codelists { names[list.name] = list.name }
        codelistNames = names
        knownCodelists = codelists.map(\.name)
        self.log = log
    }

    /// The column that a type depends on is left as it is written; see `TableReader`. Nil when logged.
    func type(_ node: YAMLNode) -> ValueType? {
        guard let text = node.scalar else { return nil }
        let trimmed = Self.trimmed(text)
        guard let open = trimmed.firstIndex(of: "(") else {
            switch trimmed {
            case "int": return .int
            case "text": return .text(maxLength: nil)
            case "date": return .date
            case "timestamp": return .timestamp
            case "bool": return .bool
            case "dec", "code":
                return unknown(
                    trimmed, node,
                    hint: trimmed == "dec"
                        ? LocalizedText(en: "write dec(18,2)", zh: "请写作 dec(18,2)")
                        : LocalizedText(en: "write code(list)", zh: "请写作 code(码表名)"))
            default: return unknown(trimmed, node)
            }
        }
        let word = Self.trimmed(String(trimmed[..<open]))
        guard trimmed.last == ")" else {
            return unknown(
                trimmed, node,
                hint: LocalizedText(
                    en: "in braces a type with a comma is quoted: \"dec(18,2)\"", zh: "在花括号中，含逗号的类型须加引号：\"dec(18,2)\""))
        }
        let inside = Self.trimmed(String(trimmed[trimmed.index(after: open)...].dropLast()))
        switch word {
        case "text":
            guard let length = Self.number(inside), length >= 1 else {
                return unknown(
                    trimmed, node, hint: LocalizedText(en: "write text(n) with n at least 1", zh: "请写作 text(n)，n 至少为 1")
                )
            }
            return .text(maxLength: length)
        case "dec":
            let parts = inside.split(separator: ",", omittingEmptySubsequences: false).map {
                Self.number(Self.trimmed(String($0)))
            }
            guard parts.count <= 2, let first = parts.first, let precision = first, (1...38).contains(precision),
                let scale = parts.count == 2 ? parts[1] : 0, scale <= precision
            else {
                return unknown(
                    trimmed, node,
                    hint: LocalizedText(
                        en: "write dec(p,s) with 1 ≤ p ≤ 38 and 0 ≤ s ≤ p", zh: "请写作 dec(p,s)，1 ≤ p ≤ 38，0 ≤ s ≤ p"))
            }
            return .decimal(precision: precision, scale: scale)
        case "code":
            return code(inside, node)
        default:
            return unknown(trimmed, node, word: word)
        }
    }

    /// What a type that cannot be read may have meant, so that one slip is not told again wherever the column is used.
    static func likely(_ text: String) -> ValueType {
        let word = String(text.prefix { $0 != "(" })
        return switch Suggestion.candidates(for: word, among: ["int", "dec", "date", "timestamp", "bool"]).first {
        case "int": .int
        case "dec": .decimal(precision: 38, scale: 0)
        case "date": .date
        case "timestamp": .timestamp
        case "bool": .bool
        default: .text(maxLength: nil)
        }
    }

    private func code(_ inside: String, _ node: YAMLNode) -> ValueType? {
        guard inside.hasPrefix("by "), inside.contains("{") else {
            return list(inside, node.location).map { .code(.list($0)) }
        }
        let quiet = DiagnosticLog()
        let inner = YAMLReader(file: node.location.file, log: quiet).documents(of: String(inside.dropFirst(3)))
        guard !quiet.hasErrors, inner.count == 1, let entries = inner[0].mapping, entries.count == 1,
            let cases = entries[0].value.mapping, !cases.isEmpty
        else {
            return unknown(
                inside, node,
                hint: LocalizedText(
                    en: "write \"code(by column: {'value': list, '*': list})\"",
                    zh: "请写作 \"code(by 列: {'值': 码表, '*': 码表})\""))
        }
        var lists: [String: String] = [:]
        var otherwise: String?
        for entry in cases {
            guard let name = list(entry.value.scalar ?? "", node.location) else { return nil }
            if entry.key == "*" { otherwise = name } else { lists[entry.key] = name }
        }
        return .code(.by(column: entries[0].key, lists: lists, otherwise: otherwise))
    }

    private func list(_ name: String, _ place: SourceLocation) -> String? {
        if let known = codelistNames[name] { return known }
        log.add(
            .unknown(
                "unknown-codelist", LocalizedText(en: "code list", zh: "码表"), name, at: place,
                known: knownCodelists.sorted()))
        return nil
    }

    private func unknown(
        _ text: String, _ node: YAMLNode, word: String? = nil, hint: LocalizedText? = nil
    ) -> ValueType? {
        let bare = ["int", "dec", "text", "date", "timestamp", "bool", "code"]
        let near = Suggestion.candidates(for: word ?? text, among: bare).first
        log.add(
            Diagnostic(
                code: "unknown-type", LocalizedText(en: "unknown type '\(text)'", zh: "未知的类型“\(text)”"),
                at: node.location,
                hint: hint ?? near.map(Fields.didYouMean)
                    ?? LocalizedText(
                        en: "types: \(Self.words.joined(separator: ", "))",
                        zh: "可用类型：\(Self.words.joined(separator: "、"))")))
        return nil
    }

    private static func trimmed(_ text: String) -> String {
        var scalars = text.unicodeScalars[...]
        while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        return String(scalars)
    }

    private static func number(_ text: String) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }
}
