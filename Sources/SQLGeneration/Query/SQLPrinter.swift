/// Trees → text, laid out for a database administrator to read: short things on one line, long ones one part a line.
struct SQLPrinter {
    private static let lineLength = 100

    func write(_ select: SQLSelect, indent: String = "") -> String {
        let inner = indent + "    "
        var list = select.allOf.map { ["\($0).*"] } ?? []
        list += select.columns.map { column in
            let text = write(column.expression, indent: inner + "    ")
            if case .column(let name, _) = column.expression, name == column.name { return text }
            return text + " AS " + label(column.name)
        }
        let short = list.joined(separator: ", ")
        let distinct =
            select.distinctOn.isEmpty
            ? "" : "DISTINCT ON (\(select.distinctOn.map { write($0) }.joined(separator: ", "))) "
        let fits = short.count + indent.count < Self.lineLength && !short.contains("\n")
        var lines = [
            "SELECT " + distinct + (fits ? short : "\n" + list.map { inner + $0 }.joined(separator: ",\n"))
        ]
        if select.source != .nothing { lines.append("FROM " + write(select.source, indent: indent)) }
        if let condition = select.condition { lines.append("WHERE " + write(condition, indent: inner)) }
        if !select.groupBy.isEmpty {
            lines.append("GROUP BY " + select.groupBy.map { write($0) }.joined(separator: ", "))
        }
        if let having = select.having { lines.append("HAVING " + write(having, indent: inner)) }
        if !select.orderBy.isEmpty {
            lines.append("ORDER BY " + select.orderBy.map { write($0) }.joined(separator: ", "))
        }
        if select.isFenced { lines.append("OFFSET 0") }
        return lines.joined(separator: "\n" + indent)
    }

    private func write(_ source: SQLSelect.Source, indent: String) -> String {
        switch source {
        case .nothing: ""
        case .table(let table, let alias): "\(table) \(alias)"
        case .query(let select, let alias):
            "(\n\(indent)    \(write(select, indent: indent + "    "))\n\(indent)) \(alias)"
        case .leftJoin(let left, let right, let on):
            write(left, indent: indent) + "\n\(indent)LEFT JOIN " + write(right, indent: indent) + " ON "
                + write(on, indent: indent + "    ")
        case .join(let left, let right, let on):
            write(left, indent: indent) + "\n\(indent)JOIN " + write(right, indent: indent) + " ON "
                + write(on, indent: indent + "    ")
        }
    }

    func write(_ expression: SQLExpression, indent: String = "") -> String {
        // What is nested deeply would else be written twice at each level only to see that it is too long.
        let isLong = expression.isBreakable && leastLength(expression, enough: Self.lineLength) > Self.lineLength
        let line = isLong ? "" : oneLine(expression, indent: indent)
        guard isLong || line.count + indent.count > Self.lineLength else { return line }
        let inner = indent + "    "
        switch expression {
        case .infix(let word, let parts) where word == "AND" || word == "OR" || word == "|":
            return parts.map { operand($0, indent: inner) }.joined(separator: "\n\(inner)\(word) ")
        case .cases(let branches, let otherwise):
            return (["CASE"] + lines(branches, otherwise, indent: inner)).joined(separator: "\n\(inner)")
                + "\n\(indent)END"
        case .choice(let subject, let branches, let otherwise):
            let first = "CASE " + operand(subject, indent: inner)
            return ([first] + lines(branches, otherwise, indent: inner)).joined(separator: "\n\(inner)")
                + "\n\(indent)END"
        case .not(let inside): return "NOT (" + write(inside, indent: indent) + ")"
        default: return line
        }
    }

    /// No more than the characters of an expression on one line; counted until there are enough.
    private func leastLength(_ expression: SQLExpression, enough: Int) -> Int {
        switch expression {
        case .column(let name, _): return name.count
        case .text(let text), .typed(_, let text): return text.count
        case .number(let digits): return digits.count
        case .textArray(let texts): return texts.count
        case .dateArray(let dates): return dates.count
        case .infix(_, let parts), .call(_, let parts): return leastLength(of: parts, enough: enough)
        case .not(let inside), .isNull(let inside), .isNotNull(let inside), .truth(let inside, _), .cast(let inside, _),
            .byBytes(let inside), .extract(_, let inside):
            return leastLength(inside, enough: enough)
        case .between(let value, let low, let high): return leastLength(of: [value, low, high], enough: enough)
        case .isIn(let value, let members): return leastLength(of: [value] + members, enough: enough)
        case .isAny(let value, let array): return leastLength(of: [value, array], enough: enough)
        case .cases(let branches, let otherwise):
            return leastLength(
                of: branches.flatMap { [$0.condition, $0.result] } + (otherwise.map { [$0] } ?? []), enough: enough)
        case .choice(let subject, let branches, let otherwise):
            let parts = branches.flatMap { [$0.condition, $0.result] } + (otherwise.map { [$0] } ?? [])
            return leastLength(of: [subject] + parts, enough: enough)
        case .bool, .null, .countRows, .aggregate, .rowNumber, .exists: return 1
        }
    }

    private func leastLength(of parts: [SQLExpression], enough: Int) -> Int {
        var sum = 0
        for part in parts where sum <= enough { sum += leastLength(part, enough: enough - sum) }
        return sum
    }

    private func lines(
        _ branches: [SQLExpression.Branch], _ otherwise: SQLExpression?, indent: String
    ) -> [String] {
        let inner = indent + "    "
        return branches.map {
            "WHEN \(write($0.condition, indent: inner)) THEN \(write($0.result, indent: inner))"
        } + (otherwise.map { ["ELSE " + write($0, indent: inner)] } ?? [])
    }

    private func oneLine(_ expression: SQLExpression, indent: String) -> String {
        func text(_ inside: SQLExpression) -> String { write(inside, indent: indent) }
        func list(_ parts: [SQLExpression]) -> String { parts.map(text).joined(separator: ", ") }
        func filter(_ condition: SQLExpression?) -> String {
            condition.map { " FILTER (WHERE \(text($0)))" } ?? ""
        }
        switch expression {
        case .column(let name, let alias): return (alias.map { $0 + "." } ?? "") + SQLIdentifier.quoted(name)
        case .text(let text): return SQLLiteral(text).description
        case .number(let digits): return digits
        case .bool(let value): return value ? "TRUE" : "FALSE"
        case .null(let type): return "NULL::\(type.rawValue)"
        case .typed(let type, let text):
            switch type {
            case .date, .timestamp: return "\(type.rawValue.uppercased()) \(SQLLiteral(text))"
            default: return "\(SQLLiteral(text))::\(type.rawValue)"
            }
        case .textArray(let texts): return SQLLiteral(Self.array(texts)).description + "::text[]"
        case .dateArray(let dates): return SQLLiteral(Self.array(dates)).description + "::date[]"
        case .call(let name, let arguments): return "\(name)(\(list(arguments)))"
        case .infix(let word, let parts):
            return parts.map { operand($0, indent: indent) }.joined(separator: " \(word) ")
        case .not(let inside): return "NOT " + operand(inside, indent: indent)
        case .isNull(let inside): return operand(inside, indent: indent) + " IS NULL"
        case .isNotNull(let inside): return operand(inside, indent: indent) + " IS NOT NULL"
        case .truth(let inside, let test): return operand(inside, indent: indent) + " " + test
        case .between(let value, let low, let high):
            return [value, low, high].map { operand($0, indent: indent) }.joined(separatorWords: "BETWEEN", "AND")
        case .isIn(let value, let members): return operand(value, indent: indent) + " IN (\(list(members)))"
        case .isAny(let value, let array): return operand(value, indent: indent) + " = ANY (\(text(array)))"
        // Without a type of its own a literal would be read as the other type while the statement is parsed, CASE or not.
        case .cast(.text(let text), let type) where type != .text:
            return "\(SQLLiteral(text))::text::\(type.rawValue)"
        case .cast(let inside, let type): return operand(inside, indent: indent) + "::\(type.rawValue)"
        case .byBytes(let inside): return operand(inside, indent: indent) + " COLLATE \"C\""
        case .cases(let branches, let otherwise):
            let parts = branches.map { "WHEN \(text($0.condition)) THEN \(text($0.result))" }
            return "CASE \(parts.joined(separator: " "))\(otherwise.map { " ELSE " + text($0) } ?? "") END"
        case .choice(let subject, let branches, let otherwise):
            let parts = branches.map { "WHEN \(text($0.condition)) THEN \(text($0.result))" }
            let rest = otherwise.map { " ELSE " + text($0) } ?? ""
            return "CASE \(operand(subject, indent: indent)) \(parts.joined(separator: " "))\(rest) END"
        case .countRows(let condition): return "count(*)" + filter(condition)
        case .aggregate(let name, let argument, let condition): return "\(name)(\(text(argument)))" + filter(condition)
        case .rowNumber(let order): return "row_number() OVER (ORDER BY \(list(order)))"
        case .extract(let field, let inside): return "EXTRACT(\(field) FROM \(text(inside)))"
        case .exists(let select):
            return "EXISTS (\n\(indent)    \(write(select, indent: indent + "    "))\n\(indent))"
        }
    }

    /// In parentheses unless it binds as tightly as a name.
    private func operand(_ expression: SQLExpression, indent: String) -> String {
        switch expression {
        case .column, .text, .bool, .null, .typed, .textArray, .dateArray, .call, .cases, .choice, .countRows, .extract:
            return write(expression, indent: indent)
        case .number(let digits) where !digits.hasPrefix("-"): return digits
        case .cast(let inside, _) where inside.isLeaf: return oneLine(expression, indent: indent)
        case .cast(.call, _), .cast(.extract, _), .cast(.cases, _): return oneLine(expression, indent: indent)
        default: return "(" + write(expression, indent: indent) + ")"
        }
    }

    /// After AS a plain name needs no quotes.
    private func label(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
        return isPlain ? name : SQLIdentifier.quoted(name)
    }

    /// `{"a","b"}`.
    private static func array(_ texts: [String]) -> String {
        let elements = texts.map { text in
            var result = "\""
            for scalar in text.unicodeScalars {
                if scalar == "\"" || scalar == "\\" { result += "\\" }
                result.unicodeScalars.append(scalar)
            }
            return result + "\""
        }
        return "{" + elements.joined(separator: ",") + "}"
    }
}

extension SQLExpression {
    /// Whether it is written in several lines when one is too short.
    fileprivate var isBreakable: Bool {
        switch self {
        case .infix(let word, _): word == "AND" || word == "OR" || word == "|"
        case .cases, .choice, .not: true
        default: false
        }
    }
}

extension [String] {
    /// `a FIRST b SECOND c`.
    fileprivate func joined(separatorWords first: String, _ second: String) -> String {
        "\(self[0]) \(first) \(self[1]) \(second) \(self[2])"
    }
}
