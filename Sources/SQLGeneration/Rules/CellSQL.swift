import Columnar
import Schema

/// A column of a table of the server, as the schema sees its cells.
///
/// A column of another type, such as text from a file as it came, is read by the rules for CSV values: what does not
/// parse is an error. One of the right type can still hold what the schema's does not: infinite days, NaN, longer texts.
public struct ServerColumn: Sendable, Hashable {
    /// As the catalog prints it (`format_type`).
    public var type: String
    /// Whether cells of the right type are known to lie outside what the schema's type holds.
    public var hasStrays: Bool
    /// The most digits of its whole numbers, where that is known.
    public var digits: Int?

    public init(type: String, hasStrays: Bool = false, digits: Int? = nil) {
        self.type = type
        self.hasStrays = hasStrays
        self.digits = digits
    }
}

/// A cell's value and where it is an error.
struct CellSQL {
    var value: SQLExpression
    /// Nil where it cannot be one.
    var error: SQLExpression?

    init(_ definition: ColumnDefinition, _ server: ServerColumn, _ column: SQLExpression) {
        let kind = definition.type.kind
        let isDirect = CellSQL.isDirect(kind, server.type)
        if let stray = CellSQL.stray(kind, server.type, column), isDirect, server.hasStrays {
            value = .when(.not(stray), column)
            error = .call("coalesce", [stray, .bool(false)])
        } else if isDirect {
            value = CellSQL.direct(kind, server.type, column)
        } else {
            let text = server.type == "text" ? column : .cast(column, .text)
            value = CellSQL.parse(kind, text)
            error = .call(
                "coalesce", [.and([.infix("<>", [text, .text("")]), .isNull(value)]), .bool(false)])
        }
        guard !definition.nullTexts.isEmpty else { return }
        let text = SQLExpression.cast(column, .text)
        let isNull = SQLExpression.isIn(text, definition.nullTexts.map { .text($0) })
        value = .cases([.init(isNull, .null(CellSQL.type(kind)))], otherwise: value)
        error = error.map { .cases([.init(isNull, .bool(false))], otherwise: $0) }
    }

    /// Whether cells of the server's type are values of the schema's, strays apart.
    static func isDirect(_ kind: ColumnKind, _ type: String) -> Bool {
        switch kind {
        case .int: return ["bigint", "integer", "smallint"].contains(type)
        case .decimal(let precision, let scale):
            guard let (p, s) = numericSize(type) else { return false }
            return s <= scale && p - s <= precision - scale
        case .text: return type == "text" || type.hasPrefix("character varying")
        case .date: return type == "date"
        case .timestamp: return type.hasPrefix("timestamp") && type.hasSuffix("without time zone")
        case .bool: return type == "boolean"
        }
    }

    /// Where a cell of the right type is no value of the schema's; nil where that cannot be.
    static func stray(_ kind: ColumnKind, _ type: String, _ column: SQLExpression) -> SQLExpression? {
        switch kind {
        case .date:
            return .not(.between(column, .typed(.date, "0001-01-01"), .typed(.date, "9999-12-31")))
        case .timestamp:
            return .not(
                .between(
                    column, .typed(.timestamp, "0001-01-01 00:00:00"),
                    .typed(.timestamp, "9999-12-31 23:59:59.999999")))
        case .decimal: return .infix("=", [column, .typed(.numeric, "NaN")])
        case .text(let limit?):
            guard characterLimit(type).map({ $0 > limit }) ?? true else { return nil }
            return .infix(">", [.call("length", [column]), .number("\(limit)")])
        case .int, .bool, .text(nil): return nil
        }
    }

    static func type(_ kind: ColumnKind) -> SQLType {
        switch kind {
        case .int: .bigint
        case .decimal: .numeric
        case .text: .text
        case .date: .date
        case .timestamp: .timestamp
        case .bool: .boolean
        }
    }

    private static func direct(_ kind: ColumnKind, _ type: String, _ column: SQLExpression) -> SQLExpression {
        switch kind {
        case .int where type != "bigint": .cast(column, .bigint)
        case .text where type != "text": .cast(column, .text)
        default: column
        }
    }

    private static func numericSize(_ type: String) -> (precision: Int, scale: Int)? {
        guard type.hasPrefix("numeric("), type.hasSuffix(")") else { return nil }
        let parts = type.dropFirst(8).dropLast().split(separator: ",").compactMap { Int($0) }
        return parts.count == 2 ? (parts[0], parts[1]) : nil
    }

    private static func characterLimit(_ type: String) -> Int? {
        guard type.hasPrefix("character varying("), type.hasSuffix(")") else { return nil }
        return Int(type.dropFirst(18).dropLast())
    }

    // MARK: - Text as it came

    private static func parse(_ kind: ColumnKind, _ text: SQLExpression) -> SQLExpression {
        switch kind {
        case .text: text
        case .int: integer(text)
        case .decimal(let precision, let scale): decimal(text, precision, scale)
        case .date: date(text)
        case .timestamp: timestamp(text)
        case .bool:
            .choice(
                text,
                ["t", "true", "1"].map { .init(.text($0), .bool(true)) }
                    + ["f", "false", "0"].map { .init(.text($0), .bool(false)) }, otherwise: nil)
        }
    }

    private static func integer(_ text: SQLExpression) -> SQLExpression {
        let value = decimal(text, 19, 0)
        let isNear = SQLExpression.between(value, .number("\(Int64.min)"), .number("\(Int64.max)"))
        return .when(isNear, .cast(value, .bigint))
    }

    private static func decimal(_ text: SQLExpression, _ precision: Int, _ scale: Int) -> SQLExpression {
        let isNumber = SQLExpression.infix("~", [text, .text("^-?[0-9]+(\\.[0-9]+)?$")])
        let whole = SQLExpression.call(
            "ltrim", [.call("split_part", [text, .text("."), .number("1")]), .text("-0")])
        let fraction = SQLExpression.call(
            "rtrim", [.call("split_part", [text, .text("."), .number("2")]), .text("0")])
        let sign = SQLExpression.cases(
            [.init(.call("starts_with", [text, .text("-")]), .text("-0"))], otherwise: .text("0"))
        let short = SQLExpression.infix("||", [sign, whole, .text("."), fraction, .text("0")])
        return .when(
            isNumber,
            .when(
                .infix("<=", [.call("length", [whole]), .number("\(precision - scale)")]),
                .when(
                    .infix("<=", [.call("length", [fraction]), .number("\(scale)")]), .cast(short, .numeric))))
    }

    private static func date(_ text: SQLExpression) -> SQLExpression {
        func part(_ start: Int, _ length: Int) -> SQLExpression {
            .cast(.call("substr", [text, .number("\(start)"), .number("\(length)")]), .integer)
        }
        return .cases(
            [
                .init(
                    CalendarPattern.test(text, separator: ""),
                    .call("make_date", [part(1, 4), part(5, 2), part(7, 2)])),
                .init(
                    CalendarPattern.test(text, separator: "-"),
                    .call("make_date", [part(1, 4), part(6, 2), part(9, 2)])),
            ], otherwise: nil)
    }

    private static func timestamp(_ text: SQLExpression) -> SQLExpression {
        let time = "[ T](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,6})?"
        return .when(
            .infix("~", [text, .text("^\(CalendarPattern.day(separator: "-"))\(time)$")]),
            .cast(text, .timestamp))
    }
}
