import Columnar
import Diagnostics
import Schema

/// The keys of one mapping, read one by one; everything that does not fit is logged where it stands.
struct Fields {
    let node: YAMLNode
    /// What the mapping is, as messages say: `table 'anjian'`.
    let what: LocalizedText
    let log: DiagnosticLog
    private let entries: [String: YAMLNode.Entry]
    private let known: [String]
    private let unknownKeys: [String]

    /// Nil, and logged, when the node is no mapping. Keys other than `known` are logged.
    init?(_ node: YAMLNode, _ what: LocalizedText, known: [String], log: DiagnosticLog) {
        guard let mapping = node.mapping else {
            log.add(.wrongShape(what, expected: LocalizedText(en: "a mapping", zh: "映射"), found: node))
            return nil
        }
        self.node = node
        self.what = what
        self.log = log
        self.known = known
        entries = Dictionary(mapping.map { ($0.key, $0) }) { first, _ in first }
        unknownKeys = mapping.map(\.key).filter { !known.contains($0) }
        for entry in mapping where !known.contains(entry.key) {
            log.add(.unknownKey(entry.key, in: what, at: entry.keyLocation, known: known))
        }
    }

    func has(_ key: String) -> Bool { entries[key] != nil }

    /// Whether a key is absent that a misspelt one was likely meant to be.
    func isMisspelt(_ key: String) -> Bool {
        !has(key) && unknownKeys.contains { Suggestion.candidates(for: $0, among: [key]) == [key] }
    }

    /// Whether an absent key may be one that was told as unknown: misspelt, or like no known key at all.
    func mayMean(_ key: String) -> Bool {
        !has(key)
            && unknownKeys.contains { unknown in
                let near = Suggestion.candidates(for: unknown, among: known.filter { !has($0) })
                return near.isEmpty || near.contains(key)
            }
    }

    func keyLocation(_ key: String) -> SourceLocation { entries[key]?.keyLocation ?? node.location }

    func value(_ key: String) -> YAMLNode? { entries[key]?.value }

    func name(_ key: String) -> LocalizedText { LocalizedText(en: "'\(key)' of \(what.en)", zh: "\(what.zh)的“\(key)”") }

    func required(_ key: String) -> YAMLNode? {
        if let value = value(key) { return value }
        lacks([key], .missingKey(key, in: what, at: node.location))
        return nil
    }

    /// Tells that keys are missing, unless one that was told as unknown may be the one.
    func lacks(_ keys: [String], _ diagnostic: Diagnostic) {
        guard !keys.contains(where: mayMean) else { return }
        var diagnostic = diagnostic
        if let place = log.comment(naming: keys, around: node) {
            diagnostic.location = place
            diagnostic.hint = LocalizedText(en: "here it stands in a comment", zh: "它在此处的注释里")
        }
        log.add(diagnostic)
    }

    /// The scalar of a key; nil when the key is absent, or logged when it is no text or empty.
    func scalar(_ key: String) -> YAMLNode? {
        guard let value = value(key) else { return nil }
        guard let text = value.scalar else {
            log.add(.wrongShape(name(key), expected: LocalizedText(en: "a text", zh: "文本"), found: value))
            return nil
        }
        if text.isEmpty {
            log.add(
                .badValue(text, of: name(key), expected: LocalizedText(en: "a text", zh: "非空文本"), at: value.location))
            return nil
        }
        return value
    }

    func text(_ key: String) -> String? { scalar(key)?.scalar }

    func requiredScalar(_ key: String) -> YAMLNode? { required(key) == nil ? nil : scalar(key) }

    func requiredText(_ key: String) -> String? { requiredScalar(key)?.scalar }

    func expression(_ key: String) -> ExpressionText? {
        scalar(key).map { ExpressionText($0.scalar ?? "", at: $0.location, pieces: $0.pieces) }
    }

    /// `true` or `false`; nil when absent or logged.
    func flag(_ key: String) -> Bool? {
        guard let value = scalar(key), let text = value.scalar else { return nil }
        switch text {
        case "true", "yes": return true
        case "false", "no": return false
        default:
            log.add(
                .badValue(
                    text, of: name(key), expected: LocalizedText(en: "true or false", zh: "true 或 false"),
                    at: value.location))
            return nil
        }
    }

    func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = scalar(key), let text = value.scalar else { return nil }
        if text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text), range.contains(number) {
            return number
        }
        let bounds = "\(range.lowerBound)–\(range.upperBound)"
        log.add(
            .badValue(
                text, of: name(key), expected: LocalizedText(en: "a whole number \(bounds)", zh: "\(bounds) 的整数"),
                at: value.location))
        return nil
    }

    func date(_ key: String) -> CivilDate? {
        guard let value = scalar(key), let text = value.scalar else { return nil }
        if let date = CivilDate(text) { return date }
        log.add(.badDate(text, of: name(key), at: value.location))
        return nil
    }

    /// One of a few words, each with the value it means.
    func word<Value>(_ key: String, _ words: [(String, Value)]) -> Value? {
        guard let value = scalar(key), let text = value.scalar else { return nil }
        if let found = words.first(where: { $0.0 == text }) { return found.1 }
        let list = words.map(\.0)
        log.add(
            .badValue(
                text, of: name(key),
                expected: LocalizedText(
                    en: "one of \(list.joined(separator: ", "))", zh: "以下之一：\(list.joined(separator: "、"))"),
                at: value.location, hint: Suggestion.candidates(for: text, among: list).first.map(Self.didYouMean)))
        return nil
    }

    /// A list of texts; one text alone is a list of one.
    func texts(_ key: String) -> [YAMLNode]? {
        guard let value = value(key) else { return nil }
        if let text = value.scalar { return text.isEmpty && value.isPlain ? [] : [value] }
        guard let items = value.sequence else {
            log.add(.wrongShape(name(key), expected: LocalizedText(en: "a list of texts", zh: "文本列表"), found: value))
            return nil
        }
        return items.filter { item in
            if item.scalar != nil { return true }
            log.add(.wrongShape(name(key), expected: LocalizedText(en: "a text", zh: "文本"), found: item))
            return false
        }
    }

    func sequence(_ key: String) -> [YAMLNode]? {
        guard let value = value(key) else { return nil }
        if let items = value.sequence { return items }
        if !value.isNothing {
            log.add(.wrongShape(name(key), expected: LocalizedText(en: "a list", zh: "列表"), found: value))
        }
        return nil
    }

    func mapping(_ key: String) -> [YAMLNode.Entry]? {
        guard let value = value(key) else { return nil }
        if let entries = value.mapping { return entries }
        log.add(.wrongShape(name(key), expected: LocalizedText(en: "a mapping", zh: "映射"), found: value))
        return nil
    }

    /// Names and their texts: `{ajbs: ajbs}`.
    func pairs(_ key: String) -> [(key: YAMLNode.Entry, text: String)]? {
        mapping(key)?.compactMap { entry in
            guard let text = entry.value.scalar else {
                log.add(
                    .wrongShape(
                        LocalizedText("\(entry.key)"), expected: LocalizedText(en: "a text", zh: "文本"),
                        found: entry.value))
                return nil
            }
            return (entry, text)
        }
    }

    static func didYouMean(_ name: String) -> LocalizedText {
        LocalizedText(en: "did you mean '\(name)'?", zh: "是否应为“\(name)”？")
    }
}

extension Diagnostic {
    static func badDate(_ text: String, of what: LocalizedText, at place: SourceLocation) -> Diagnostic {
        .badValue(
            text, of: what,
            expected: LocalizedText(en: "a day of the calendar as YYYY-MM-DD", zh: "YYYY-MM-DD 形式的有效日期"), at: place)
    }
}
