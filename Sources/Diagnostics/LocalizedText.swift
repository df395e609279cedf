/// A message in both languages of the product.
///
/// Modules write both texts at the place where the message arises; only `Commands` chooses one.
public struct LocalizedText: Sendable, Hashable {
    public var en: String
    public var zh: String

    public init(en: String, zh: String) {
        self.en = en
        self.zh = zh
    }

    /// The same text in both languages: names, paths, texts of a server.
    public init(_ verbatim: String) {
        self.init(en: verbatim, zh: verbatim)
    }

    public func text(in language: Language) -> String {
        switch language {
        case .en: en
        case .zh: zh
        }
    }
}

/// The language in which the product speaks to its user (`--lang`).
public enum Language: String, Sendable, CaseIterable {
    case en
    case zh
}
