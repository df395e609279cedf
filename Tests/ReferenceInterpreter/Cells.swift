public import Schema

/// What kind of values an expression gives; finer than the language's types where coverage is counted.
public enum Family: String, Sendable, CaseIterable {
    case int, dec, text, code, date, timestamp, bool
    /// The literal null.
    case null

    public init(_ type: ValueType) {
        switch type {
        case .int: self = .int
        case .decimal: self = .dec
        case .text: self = .text
        case .code: self = .code
        case .date: self = .date
        case .timestamp: self = .timestamp
        case .bool: self = .bool
        }
    }
}

/// Cells of CSV as definitions.md reads them.
public enum Cells {
    /// The value of a cell; nil is the unquoted empty field.
    public static func value(of text: String?, in column: ColumnDefinition) -> Value {
        guard let text else { return .null }
        let scalars = Array(text.unicodeScalars)
        if column.nullTexts.contains(where: { Array($0.unicodeScalars) == scalars }) { return .null }
        func number(precision: Int, scale: Int) -> Value {
            guard let number = Number(scalars), number.fits(precision: precision, scale: scale) else { return .error }
            return .number(number)
        }
        switch column.type {
        case .code: return .text(scalars)
        case .text(let longest): return scalars.count <= longest ?? .max ? .text(scalars) : .error
        case _ where scalars.isEmpty: return .null
        case .int:
            // 19 digits are more than 64 bits hold; `int` says whether they do.
            guard let number = Number(scalars), number.int != nil else { return .error }
            return .number(number)
        case .decimal(let precision, let scale): return number(precision: precision, scale: scale)
        case .date: return Day(scalars).map { .date($0) } ?? .error
        case .timestamp: return Moment(scalars).map { .timestamp($0) } ?? .error
        case .bool:
            switch text {
            case "t", "true", "1": return .bool(true)
            case "f", "false", "0": return .bool(false)
            default: return .error
            }
        }
    }
}
