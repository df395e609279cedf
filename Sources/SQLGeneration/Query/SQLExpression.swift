/// A scalar expression of a query as a tree; `SQLPrinter` turns it into text, and nothing else does.
///
/// Names are quoted and texts are literals by construction, so that no value can become part of a statement.
public indirect enum SQLExpression: Sendable, Hashable {
    /// A column, of the table expression with that alias.
    case column(String, of: String?)
    case text(String)
    /// Digits with sign and point, as SQL reads them.
    case number(String)
    case bool(Bool)
    /// `NULL` of a type.
    case null(SQLType)
    /// A literal of a type written before it: `DATE '2016-01-01'`.
    case typed(SQLType, String)
    case textArray([String])
    case dateArray([String])
    case call(String, [SQLExpression])
    /// Operands between one operator: `a AND b AND c`.
    case infix(String, [SQLExpression])
    case not(SQLExpression)
    case isNull(SQLExpression)
    case isNotNull(SQLExpression)
    /// `IS TRUE`, `IS NOT FALSE` and their like.
    case truth(SQLExpression, String)
    case between(SQLExpression, SQLExpression, SQLExpression)
    case isIn(SQLExpression, [SQLExpression])
    /// `x = ANY (array)`.
    case isAny(SQLExpression, SQLExpression)
    case cast(SQLExpression, SQLType)
    /// Compared byte by byte.
    case byBytes(SQLExpression)
    case cases([Branch], otherwise: SQLExpression?)
    /// `CASE subject WHEN …`: the subject is computed once.
    case choice(SQLExpression, [Branch], otherwise: SQLExpression?)
    case countRows(where: SQLExpression?)
    /// `function(argument) FILTER (WHERE …)`.
    case aggregate(String, SQLExpression, where: SQLExpression?)
    /// `row_number() OVER (ORDER BY …)`.
    case rowNumber(by: [SQLExpression])
    /// `EXTRACT(field FROM …)`.
    case extract(String, SQLExpression)
    case exists(SQLSelect)

    public struct Branch: Sendable, Hashable {
        public var condition: SQLExpression
        public var result: SQLExpression

        public init(_ condition: SQLExpression, _ result: SQLExpression) {
            self.condition = condition
            self.result = result
        }
    }
}

/// What PostgreSQL calls the types that expressions have.
public enum SQLType: String, Sendable, Hashable {
    case integer, bigint, numeric, text, date, timestamp, boolean
    case jsonb, interval
    case dateMultirange = "datemultirange"
    case tid
}

extension SQLExpression {
    static func and(_ parts: [SQLExpression]) -> SQLExpression { joined("AND", parts, empty: true) }
    static func or(_ parts: [SQLExpression]) -> SQLExpression { joined("OR", parts, empty: false) }

    private static func joined(_ word: String, _ parts: [SQLExpression], empty: Bool) -> SQLExpression {
        parts.count > 1 ? .infix(word, parts) : parts.first ?? .bool(empty)
    }

    /// The value where the condition is true, else NULL.
    static func when(_ condition: SQLExpression, _ value: SQLExpression) -> SQLExpression {
        .cases([Branch(condition, value)], otherwise: nil)
    }

    /// Whether it is a name or a literal: as cheap to repeat as to compute once.
    var isLeaf: Bool {
        switch self {
        case .column, .text, .number, .bool, .null, .typed: true
        default: false
        }
    }
}
