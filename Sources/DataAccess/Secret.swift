/// A password or key: never printed, never interpolated, never put into an error.
public struct Secret: Sendable {
    private let value: String

    public init(_ value: String) { self.value = value }

    /// The one way to the text; call it where the value is handed to a C library.
    public func reveal() -> String { value }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "••••" }
    public var debugDescription: String { "••••" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
