/// A query as a tree.
public struct SQLSelect: Sendable, Hashable {
    public struct Column: Sendable, Hashable {
        public var expression: SQLExpression
        public var name: String

        public init(_ expression: SQLExpression, as name: String) {
            self.expression = expression
            self.name = name
        }
    }

    public indirect enum Source: Sendable, Hashable {
        /// No FROM at all.
        case nothing
        case table(SQLIdentifier, alias: String)
        case query(SQLSelect, alias: String)
        case leftJoin(Source, Source, on: SQLExpression)
        case join(Source, Source, on: SQLExpression)
    }

    public var columns: [Column]
    /// All columns of this alias come before `columns`.
    public var allOf: String?
    public var source: Source
    public var condition: SQLExpression?
    public var groupBy: [SQLExpression]
    public var having: SQLExpression?
    /// `DISTINCT ON`; with `orderBy` the first row of each.
    public var distinctOn: [SQLExpression]
    public var orderBy: [SQLExpression]
    /// `OFFSET 0`: the planner keeps the query whole, so that its columns are computed once per row.
    public var isFenced: Bool

    public init(
        _ columns: [Column], allOf: String? = nil, from source: Source, where condition: SQLExpression? = nil,
        groupBy: [SQLExpression] = [], having: SQLExpression? = nil, distinctOn: [SQLExpression] = [],
        orderBy: [SQLExpression] = [], isFenced: Bool = false
    ) {
        self.columns = columns
        self.allOf = allOf
        self.source = source
        self.condition = condition
        self.groupBy = groupBy
        self.having = having
        self.distinctOn = distinctOn
        self.orderBy = orderBy
        self.isFenced = isFenced
    }
}

extension SQLSelect: CustomStringConvertible {
    public var description: String { SQLPrinter().print(self) }
}

extension SQLExpression: CustomStringConvertible {
    public var description: String { SQLPrinter().print(self) }
}
