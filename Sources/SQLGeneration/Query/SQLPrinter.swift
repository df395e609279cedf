/// Trees → text, laid out for a database administrator to read: short things on one line, long ones one part a line.
struct SQLPrinter {
    private static let lineLength = 100

    func print(_ select: SQLSelect, indent: String = "") -> String {
        let inner = indent + "    "
        var list = select.allOf.map { ["\($0).*"] } ?? []
        list += select.columns.map { column in
            let text = print(column.expression, indent: inner + "    ")
            if case .column(let name, _) = column.expression, name == column.name { return text }
            return text + " AS " + label(column.name)
        }
        let short = list.joined(separator: ", ")
        let distinct =
            select.distinctOn.isEmpty
            ? "" : "DISTINCT ON (\(select.distinctOn.map { print($0) }.joined(separator: ", "))) "
        let fits = short.count + indent.count < Self.lineLength && !short.contains("\n")
        var lines = [
            "SELECT " + distinct + (fits ? short : "\n" + list.map { inner + $0 }.joined(separator: ",\n"))
        ]
        if select.source != .nothing { lines.append("FROM " + print(select.source, indent: indent)) }
        if let condition = select.condition { lines.append("WHERE " + print(condition, indent: inner)) }
        if !select.groupBy.isEmpty {
            lines.append("GROUP BY " + select.groupBy.map { print($0) }.joined(separator: ", "))
        }
        if let having = select.having { lines.append("HAVING " + print(having, indent: inner)) }
        if !select.orderBy.isEmpty {
            lines.append("ORDER BY " + select.orderBy.map { print($0) }.joined(separator: ", "))
        }
        if select.isFenced { lines.append("OFFSET 0") }
        return lines.joined(separator: "\n" + indent)
    }

    private func print(_ source: SQLSelect.Source, indent: String) -> String {
        switch source {
        case .nothing: ""
        case .table(let table, let alias): "\(table) \(alias)"
        case .query(let select, let alias):
            "(\n\(indent)    \(print(select, indent: indent + "    "))\n\(indent)) \(alias)"
        case .leftJoin(let left, let right, let on):
            print(left, indent: indent) + "\n\(indent)LEFT JOIN " + print(right, indent: indent) + " ON "
                + print(on, indent: indent + "    ")
        case .join(let left, let right, let on):
            print(left, indent: indent) + "\n\(indent)JOIN " + print(right, indent: indent) + " ON "
                + print(on, indent: indent + "    ")
        }
    }

    func print(_ expression: SQLExpression, indent: String = "") -> String {
        let line = oneLine(expression, indent: indent)
        guard line.count + indent.count > Self.lineLength else { return line }
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
        case .not(let inside): return "NOT (" + print(inside, indent: indent) + ")"
        default: return line
        }
    }

    private func lines(
        _ branches: [SQLExpression.Branch], _ otherwise: SQLExpression?, indent: String
    ) -> [String] {
        let inner = indent + "    "
        return branches.map {
            "WHEN \(print($0.condition, indent: inner)) THEN \(print($0.result, indent: inner))"
        } + (otherwise.map { ["ELSE " + print($0, indent: inner)] } ?? [])
    }

    private func oneLine(_ expression: SQLExpression, indent: String) -> String {
        func text(_ inside: SQLExpression) -> String { print(inside, indent: indent) }
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
            return "EXISTS (\n\(indent)    \(print(select, indent: indent + "    "))\n\(indent))"
        }
    }

    /// In parentheses unless it binds as tightly as a name.
    private func operand(_ expression: SQLExpression, indent: String) -> String {
        switch expression {
        case .column, .text, .bool, .null, .typed, .textArray, .dateArray, .call, .cases, .choice, .countRows, .extract:
            return print(expression, indent: indent)
        case .number(let digits) where !digits.hasPrefix("-"): return digits
        case .cast(let inside, _) where inside.isLeaf: return oneLine(expression, indent: indent)
        case .cast(.call, _), .cast(.extract, _), .cast(.cases, _): return oneLine(expression, indent: indent)
        default: return "(" + print(expression, indent: indent) + ")"
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

extension [String] {
    /// `a FIRST b SECOND c`.
    fileprivate func joined(separatorWords first: String, _ second: String) -> String {
        "\(self[0]) \(first) \(self[1]) \(second) \(self[2])"
    }
}
