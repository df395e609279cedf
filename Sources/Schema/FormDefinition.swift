public import Diagnostics

/// 报表: rows × columns, and what each cell counts. Expressions are kept as written; FormEngine compiles them.
public struct FormDefinition: Sendable, Hashable {
    public struct Column: Sendable, Hashable {
        public enum Measure: Sendable, Hashable {
            /// Cases for which the predicate is true.
            case count(ExpressionText)
            /// The total of a numeric column over cases for which `when` is true (all, when nil).
            case sum(column: ExpressionText, when: ExpressionText?)
            /// Derived after roll-up; blank when the divisor is 0. `of` and `to` are sums of columns of this form.
            case ratio(of: ExpressionText, to: ExpressionText, scale: Int)
            /// The figure comes from elsewhere.
            case given
        }

        public var code: String
        public var title: String
        public var unit: String?
        public var measure: Measure
        public var location: SourceLocation?

        public init(
            code: String, title: String? = nil, unit: String? = nil, measure: Measure, location: SourceLocation? = nil
        ) {
            self.code = code
            self.title = title ?? code
            self.unit = unit
            self.measure = measure
            self.location = location
        }
    }

    public struct Row: Sendable, Hashable {
        public enum Selection: Sendable, Hashable {
            case when(ExpressionText)
            /// Cases whose code in `column` lies in the subtree of `code` (rows produced by `each`).
            case subtree(column: String, codelist: String, code: String)
            case given
        }

        public var code: String
        public var title: String
        public var parent: String?
        public var selection: Selection
        public var location: SourceLocation?

        public init(
            code: String, title: String? = nil, parent: String? = nil, selection: Selection,
            location: SourceLocation? = nil
        ) {
            self.code = code
            self.title = title ?? code
            self.parent = parent
            self.selection = selection
            self.location = location
        }
    }

    public var name: String
    public var title: String
    /// The table it counts, by code; nil when its figures come from elsewhere.
    public var table: String?
    public var scope: ExpressionText?
    public var periodKinds: [String]
    public var columns: [Column]
    public var rows: [Row]
    public var isProvisional: Bool
    public var location: SourceLocation?

    public init(
        name: String, title: String? = nil, table: String? = nil, scope: ExpressionText? = nil,
        periodKinds: [String] = [], columns: [Column], rows: [Row], isProvisional: Bool = false,
        location: SourceLocation? = nil
    ) {
        self.name = name
        self.title = title ?? name
        self.table = table
        self.scope = scope
        self.periodKinds = periodKinds
        self.columns = columns
        self.rows = rows
        self.isProvisional = isProvisional
        self.location = location
    }

    /// By code, else by title.
    public func rowIndex(_ codeOrTitle: String) -> Int? {
        rows.firstIndex { $0.code == codeOrTitle } ?? rows.firstIndex { $0.title == codeOrTitle }
    }

    /// By code, else by title.
    public func columnIndex(_ codeOrTitle: String) -> Int? {
        columns.firstIndex { $0.code == codeOrTitle } ?? columns.firstIndex { $0.title == codeOrTitle }
    }
}
