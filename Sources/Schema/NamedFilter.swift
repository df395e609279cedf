public import Diagnostics

/// 口径: a condition on a table under a name, which every form over that table may use in `scope`, `when` and `count`.
///
/// It is what a document of the kind `let` says; a `let` beside rules is for the rules of its file alone.
public struct NamedFilter: Sendable, Hashable {
    public var name: String
    /// The table's code.
    public var table: String
    public var expression: ExpressionText

    public init(name: String, table: String, expression: ExpressionText) {
        self.name = name
        self.table = table
        self.expression = expression
    }
}
