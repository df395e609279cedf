import Columnar
import Schema

/// The canonical text of an expression: ASCII keywords, one blank between words, brackets only where the grammar needs
/// them. Reading it back gives the same `Syntax`.
public enum Printer {
    public static func text(of syntax: Syntax) -> String { text(syntax, above: 0) }

    /// How tightly each kind binds; a part that binds less tightly than its place asks is bracketed.
    private static func tightness(_ kind: Syntax.Kind) -> Int {
        switch kind {
        case .or: 1
        case .and: 2
        case .not: 3
        case .compare, .between, .isNull, .member, .matches: 4
        case .arithmetic(let arithmetic, _, _): arithmetic == .multiply ? 6 : 5
        case .negate: 7
        case .number(let text): text.utf8.first == 45 ? 7 : 8
        default: 8
        }
    }

    private static func text(_ syntax: Syntax, above: Int) -> String {
        let own = tightness(syntax.kind)
        let text = bare(syntax)
        return own < above ? "(\(text))" : text
    }

    private static func bare(_ syntax: Syntax) -> String {
        switch syntax.kind {
        case .number(let text): return text
        case .string(let text): return quoted(text)
        case .date(let date): return date.description
        case .bool(let value): return value ? "true" : "false"
        case .null: return "null"
        case .name(let name): return self.name(name)
        case .path(let first, let second): return "\(name(first)).\(name(second))"
        case .this(let column): return "this.\(name(column))"
        case .periodBegin: return "period-begin"
        case .periodEnd: return "period-end"
        case .call(let function, let arguments):
            return "\(function)(\(arguments.map { text(of: $0) }.joined(separator: ", ")))"
        case .negate(let operand): return "-\(text(operand, above: 8))"
        case .arithmetic(let arithmetic, let left, let right):
            let own = tightness(syntax.kind)
            return "\(text(left, above: own)) \(arithmetic.rawValue) \(text(right, above: own + 1))"
        case .not(let operand): return "not \(text(operand, above: 4))"
        case .and(let parts): return parts.map { text($0, above: 3) }.joined(separator: " and ")
        case .or(let parts): return parts.map { text($0, above: 2) }.joined(separator: " or ")
        case .compare(let comparison, let left, let right):
            return "\(text(left, above: 5)) \(comparison.rawValue) \(text(right, above: 5))"
        case .between(let value, let low, let high):
            return "\(text(value, above: 5)) between \(text(low, above: 5)) and \(text(high, above: 5))"
        case .isNull(let operand): return "\(text(operand, above: 5)) is null"
        case .member(let value, let set): return "\(text(value, above: 5)) in \(self.set(set))"
        case .matches(let value, let pattern): return "\(text(value, above: 5)) matches \(quoted(pattern))"
        case .conditional(let condition, let first, let second):
            let tail = second.map { " else \(text(of: $0))" } ?? ""
            return "if \(text(of: condition)) then \(text(of: first))\(tail) end"
        case .aggregate(let function, let relation, let column, let condition):
            let path = name(relation) + (column.map { ".\(name($0))" } ?? "")
            return "\(function.rawValue)(\(path)\(condition.map { " where \(text(of: $0))" } ?? ""))"
        case .cell(let cell): return self.cell(cell)
        case .axisSum(let axis, let selectors, let cell):
            return "sum \(axis.rawValue) (\(selectors.map(selector).joined(separator: ", "))) \(self.cell(cell))"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "'"
        for scalar in text.unicodeScalars {
            result.unicodeScalars.append(scalar)
            if scalar == "'" { result.unicodeScalars.append(scalar) }
        }
        return result + "'"
    }

    /// Back-quoted unless it reads as a plain word.
    private static func name(_ name: String) -> String {
        let (tokens, problems) = Lexer.tokens(of: ExpressionText(name))
        let isPlain = problems.isEmpty && tokens.count == 2 && tokens[0].kind == .word(name) && Keyword(name) == nil
        return isPlain ? name : "`\(name)`"
    }

    private static func set(_ set: SetSyntax) -> String {
        switch set {
        case .literals(let literals): "(\(literals.map { text(of: $0) }.joined(separator: ", ")))"
        case .period: "period"
        case .row(let name): "row.\(self.name(name))"
        case .codelist(let list, let by, let under):
            "codelist \(name(list))\(by.map { " by \(text($0, above: 5))" } ?? "")\(under.map { " under \(quoted($0))" } ?? "")"
        }
    }

    private static func cell(_ cell: CellSyntax) -> String {
        let period =
            switch cell.period {
            case nil: ""
            case .current: " @ period"
            case .previous: " @ previous"
            case .samePeriodLastYear: " @ same-period-last-year"
            case .label(let label): " @ \(quoted(label))"
            }
        return "\(cell.form.map(name) ?? "")[\(selector(cell.row)), \(selector(cell.column))]\(period)"
    }

    private static func selector(_ selector: Selector) -> String {
        switch selector {
        case .all: "*"
        case .name(let code): quoted(code)
        case .range(let low, let high): "\(self.selector(low))..\(self.selector(high))"
        case .bound(let axis): axis.rawValue
        }
    }
}
