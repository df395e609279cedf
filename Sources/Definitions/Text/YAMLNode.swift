import Diagnostics
import Schema

/// A YAML value as it is written: every scalar is text, and everything knows its place.
///
/// The type of a scalar comes from the definition that holds it, never from YAML, so `0201`, `no` and `null` stay texts.
struct YAMLNode: Sendable {
    enum Content: Sendable {
        case scalar(String)
        case sequence([YAMLNode])
        case mapping([Entry])
    }

    struct Entry: Sendable {
        var key: String
        var keyLocation: SourceLocation
        var value: YAMLNode
    }

    var content: Content
    /// Of a scalar, where its text begins, after the quote; else where the value begins.
    var location: SourceLocation
    /// Of a scalar whose letters do not stand in the file as they are.
    var pieces: [ExpressionText.Piece] = []
    /// Neither quoted nor a block, so that nothing at all (`key:`) can mean NULL.
    var isPlain: Bool

    var scalar: String? {
        if case .scalar(let text) = content { text } else { nil }
    }

    var sequence: [YAMLNode]? {
        if case .sequence(let items) = content { items } else { nil }
    }

    var mapping: [Entry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    /// `key:` with nothing after it.
    var isNothing: Bool { isPlain && scalar == "" }

    /// The last line that something of it stands on.
    var lastLine: Int {
        switch content {
        case .scalar: max(location.line, pieces.last?.line ?? 0)
        case .sequence(let items): items.last?.lastLine ?? location.line
        case .mapping(let entries): entries.last?.value.lastLine ?? location.line
        }
    }

    func value(_ key: String) -> YAMLNode? { mapping?.first { $0.key == key }?.value }

    /// What it is, for messages.
    var shape: LocalizedText {
        switch content {
        case .scalar: LocalizedText(en: "a text", zh: "文本")
        case .sequence: LocalizedText(en: "a list", zh: "列表")
        case .mapping: LocalizedText(en: "a mapping", zh: "映射")
        }
    }
}
