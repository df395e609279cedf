public import Columnar

/// An expression as it is written, names not yet resolved. Two are equal when they say the same, wherever they stand.
public struct Syntax: Sendable, Hashable {
    public indirect enum Kind: Sendable, Hashable {
        /// Digits as written, `100` or `0.025`.
        case number(String)
        case string(String)
        case date(CivilDate)
        case bool(Bool)
        case null
        case name(String)
        /// `relation.column` or `column.attribute`.
        case path(String, String)
        /// `this.column`: the rule's row, inside `where`.
        case this(String)
        case periodBegin
        case periodEnd
        case call(String, [Syntax])
        case negate(Syntax)
        case arithmetic(Arithmetic, Syntax, Syntax)
        case not(Syntax)
        case and([Syntax])
        case or([Syntax])
        case compare(Comparison, Syntax, Syntax)
        case between(Syntax, Syntax, Syntax)
        case isNull(Syntax)
        case member(Syntax, of: SetSyntax)
        case matches(Syntax, pattern: String)
        case conditional(Syntax, then: Syntax, otherwise: Syntax?)
        /// `count(relation where …)`, `sum(relation.column where …)`; in form rules the relation is a table.
        case aggregate(AggregateFunction, relation: String, column: String?, condition: Syntax?)
        case cell(CellSyntax)
        /// `sum row (selectors) [row, *]`: the total of the cell over the codes of one axis.
        case axisSum(Axis, [Selector], CellSyntax)
    }

    public let kind: Kind
    /// Offset of its first code point in the text.
    public var offset: Int
    /// In code points; of what stands in brackets, without them.
    public var length: Int

    /// How many expressions lie inside one another.
    let depth: Int

    public init(_ kind: Kind, at offset: Int, length: Int = 1) {
        self.kind = kind
        depth = 1 + (kind.parts.map(\.depth).max() ?? 0)
        self.offset = offset
        self.length = length
    }

    /// The expressions that this one is made of.
    var parts: [Syntax] { kind.parts }

    public static func == (left: Syntax, right: Syntax) -> Bool { left.kind == right.kind }
    public func hash(into hasher: inout Hasher) { hasher.combine(kind) }
}

public enum Arithmetic: String, Sendable, Hashable, CaseIterable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case concatenate = "&"
}

public enum Comparison: String, Sendable, Hashable, CaseIterable {
    case equal = "="
    case notEqual = "<>"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
}

public enum AggregateFunction: String, Sendable, Hashable, CaseIterable {
    case count, exists, sum, min, max
}

/// What stands after `in`.
public indirect enum SetSyntax: Sendable, Hashable {
    case literals([Syntax])
    case codelist(String, by: Syntax?, under: String?)
    /// 本期.
    case period
    /// `row.id`, of form rules.
    case row(String)
}

/// The two axes of a form.
public enum Axis: String, Sendable, Hashable, CaseIterable {
    case row, column
}

/// `F03[合计, 新收] @ 上期`.
public struct CellSyntax: Sendable, Hashable {
    /// Nil: the rule's own form.
    public var form: String?
    public var row: Selector
    public var column: Selector
    public var period: CellPeriod?
    public var offset: Int

    public init(form: String? = nil, row: Selector, column: Selector, period: CellPeriod? = nil, offset: Int = 0) {
        self.form = form
        self.row = row
        self.column = column
        self.period = period
        self.offset = offset
    }

    public static func == (left: CellSyntax, right: CellSyntax) -> Bool {
        left.form == right.form && left.row == right.row && left.column == right.column && left.period == right.period
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(form)
        hasher.combine(row)
        hasher.combine(column)
        hasher.combine(period)
    }
}

/// Which codes of an axis a cell means.
public indirect enum Selector: Sendable, Hashable {
    /// `*`: binds the same code wherever that axis is `*`.
    case all
    /// A code or title.
    case name(String)
    /// From one to the other in declared order, both included.
    case range(Selector, Selector)
    /// The axis that an aggregate removes.
    case bound(Axis)
}

public enum CellPeriod: Sendable, Hashable {
    /// 本期
    case current
    /// 上期
    case previous
    /// 上年同期
    case samePeriodLastYear
    case label(String)
}

extension Syntax.Kind {
    fileprivate var parts: [Syntax] {
        switch self {
        case .number, .string, .date, .bool, .null, .name, .path, .this, .periodBegin, .periodEnd, .cell, .axisSum: []
        case .call(_, let parts), .and(let parts), .or(let parts): parts
        case .negate(let part), .not(let part), .isNull(let part), .matches(let part, _): [part]
        case .arithmetic(_, let left, let right), .compare(_, let left, let right): [left, right]
        case .between(let value, let low, let high): [value, low, high]
        case .member(let value, .codelist(_, let day, _)): [value] + [day].compactMap { $0 }
        case .member(let value, _): [value]
        case .conditional(let condition, let first, let second): [condition, first] + [second].compactMap { $0 }
        case .aggregate(_, _, _, let condition): [condition].compactMap { $0 }
        }
    }
}
