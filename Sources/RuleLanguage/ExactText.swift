/// A text that equals another only if all its bytes do.
///
/// Swift's strings are equal when canonically equivalent, the rule language's are not: 'é' and 'e' with a combining
/// accent are two literals and must stay two.
public struct ExactText: Sendable, Hashable, ExpressibleByStringLiteral {
    public let string: String

    public init(_ string: String) { self.string = string }
    public init(stringLiteral string: String) { self.string = string }

    public static func == (left: ExactText, right: ExactText) -> Bool {
        left.string.utf8.elementsEqual(right.string.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        for byte in string.utf8 { hasher.combine(byte) }
        hasher.combine(string.utf8.count)
    }
}
