import Columnar
import RuleLanguage
public import Schema

/// The tables of one run, cell by cell, and which rows each relation finds.
public final class Tables {
    /// What a relation finds for a row.
    enum Found {
        /// The row's key did not parse.
        case error
        /// The row's key is NULL: it relates to nothing.
        case null
        case rows([Int])
    }

    let schema: StandardSchema
    /// By table code: rows of values.
    let values: [String: [[Value]]]
    /// By table code, relation, row.
    private(set) var found: [String: [[Found]]] = [:]
    let period: (first: Day, last: Day)?
    let workdays: Workdays?
    let marks: [[Unicode.Scalar]]

    /// - Parameters:
    ///   - cells: by table code: rows of texts in the order of the table's columns, nil for NULL.
    ///   - workdays: of the schema's calendar.
    public init(
        schema: StandardSchema, cells: [String: [[String?]]], period: (first: Day, last: Day)?, workdays: Workdays?
    ) {
        self.schema = schema
        self.period = period
        self.workdays = workdays
        values = schema.tables.reduce(into: [:]) { values, table in
            values[table.name] = cells[table.name]?.map { row in
                zip(row, table.columns).map { Cells.value(of: $0, in: $1) }
            }
        }
        marks =
            schema.caseNumberTypes.flatMap { types in
                schema.codelist(types.codelist).flatMap { list in
                    list.attributeIndex(types.attribute).map { index in
                        list.entries.compactMap { $0.values[index].map { Array($0.unicodeScalars) } }
                    }
                }
            } ?? []
        for table in schema.tables { found[table.name] = table.relations.map { relate(table, $0) } }
    }

    private func relate(_ table: TableDefinition, _ relation: Relation) -> [Found] {
        let here = relation.on.compactMap { table.columnIndex($0.here) }
        let there = relation.on.compactMap { schema.table(relation.table)?.columnIndex($0.there) }
        let related = values[relation.table] ?? []
        return (values[table.name] ?? []).map { row in
            let key = here.map { row[$0] }
            if key.contains(where: \.isError) { return .error }
            if key.contains(where: \.isNull) { return .null }
            return .rows(
                related.indices.filter { other in
                    zip(key, there).allSatisfy { Value.equal($0, related[other][$1]) }
                })
        }
    }
}

/// Evaluates expressions row by row.
public final class Interpreter {
    /// Told of every operation: its name, the family that it works on, its operands.
    public typealias Observer = (_ operation: String, _ family: Family, _ operands: [Value]) -> Void

    /// The row at hand.
    struct Place {
        var table: TableDefinition
        var row: Int
        /// Inside `where`: the rule's table and row.
        var outer: (table: TableDefinition, row: Int)?
        /// Relation → the row that it found, of the combination that is being judged; nil where it found none.
        var chosen: [Int: Int?] = [:]
    }

    let tables: Tables
    let observe: Observer?

    public init(_ tables: Tables, observe: Observer? = nil) {
        self.tables = tables
        self.observe = observe
    }

    private func cell(_ table: TableDefinition, _ row: Int, _ column: Int) -> Value {
        tables.values[table.name]?[row][column] ?? .error
    }

    func value(_ expression: Expression, _ place: Place) -> Value {
        switch expression.kind {
        case .literal(let value): return value
        case .column(let column): return cell(place.table, place.row, column)
        case .outer(let column): return place.outer.map { cell($0.table, $0.row, column) } ?? .error
        case .related(let relation, let column): return related(relation, column, expression.family, place)
        case .periodBegin: return tables.period.map { .date($0.first) } ?? .error
        case .periodEnd: return tables.period.map { .date($0.last) } ?? .error
        case .aggregate(let function, let relation, let column, let condition):
            return aggregate(function, relation, column, condition, expression.family, place)
        case .apply("if"):
            // A branch that is not chosen is not looked at.
            let condition = value(expression.operands[0], place)
            observe?("if condition", .bool, [condition])
            switch condition {
            case .error: return .error
            case .bool(true):
                let chosen = value(expression.operands[1], place)
                observe?("if", expression.family, [chosen])
                return chosen
            default:
                let chosen = value(expression.operands[2], place)
                observe?("if", expression.family, [chosen])
                return chosen
            }
        case .apply(let name):
            let operands = expression.operands.map { value($0, place) }
            observe?(name, family(of: expression.operands), operands)
            return apply(name, operands)
        default:
            let operands = expression.operands.map { value($0, place) }
            observe?(label(expression.kind), family(of: expression.operands), operands)
            if operands.contains(where: \.isError) { return .error }
            return test(expression.kind, operands)
        }
    }

    /// dec where one operand is; else the first that is not the literal null.
    private func family(of operands: [Expression]) -> Family {
        let families = operands.map(\.family)
        return families.contains(.dec) && !families.contains(.text)
            ? .dec : families.first { $0 != .null } ?? .null
    }

    private func label(_ kind: Expression.Kind) -> String {
        switch kind {
        case .memberOf: "in (…)"
        case .inPeriod: "in period"
        case .matches: "matches"
        case .attribute: "attribute"
        case .inCodelist(_, let under): under == nil ? "in codelist" : "in codelist under"
        default: ""
        }
    }

    // MARK: - Related rows

    private func related(_ relation: Int, _ column: Int, _ family: Family, _ place: Place) -> Value {
        let definition = place.table.relations[relation]
        var result = Value.null
        if case .error? = tables.found[place.table.name]?[relation][place.row] {
            result = .error
        } else if let row = place.chosen[relation] ?? nil, let table = tables.schema.table(definition.table) {
            result = cell(table, row, column)
        }
        observe?("relation.column", family, [result])
        return result
    }

    private func aggregate(
        _ function: AggregateFunction, _ relation: Int, _ column: Int?, _ condition: Expression?, _ family: Family,
        _ place: Place
    ) -> Value {
        let label = function.rawValue + "(" + (column == nil ? "relation" : "relation.column") + ")"
        let definition = place.table.relations[relation]
        guard let related = tables.schema.table(definition.table),
            let found = tables.found[place.table.name]?[relation][place.row]
        else { return .error }
        let rows: [Int]
        switch found {
        case .error:
            observe?(label, family, [.error])
            return .error
        case .null:
            observe?(label, family, [.null])
            return .null
        case .rows(let all): rows = all
        }
        var members: [Value] = []
        var hasError = false
        for row in rows {
            if let condition {
                let inner = Place(table: related, row: row, outer: (place.table, place.row))
                let truth = Truth(value(condition, inner))
                observe?("where", .bool, [truth.value])
                if truth == .error { hasError = true }
                guard truth == .isTrue else { continue }
            }
            members.append(column.map { cell(related, row, $0) } ?? .bool(true))
        }
        observe?(label, family, members)
        if hasError || members.contains(where: \.isError) { return .error }
        let present = members.filter { !$0.isNull }
        switch function {
        case .count: return Value(members.count)
        case .exists: return Value(!members.isEmpty)
        case .min, .max:
            return present.dropFirst().reduce(present.first ?? .null) { best, next in
                Value.order(next, best) == (function == .min ? -1 : 1) ? next : best
            }
        case .sum:
            guard !members.isEmpty, present.count == members.count else { return .null }
            var total = Number(0)
            for case .number(let number) in present { total = total + number }
            // A total that 38 digits cannot hold is none.
            return total.fits(precision: 38, scale: total.scale) ? .number(total) : .null
        }
    }

    // MARK: - Sets

    private func test(_ kind: Expression.Kind, _ operands: [Value]) -> Value {
        if case .attribute(let name, let lists, let otherwise) = kind {
            guard case .text(let code) = operands[0] else { return .null }
            var list = otherwise
            if operands.count > 1, case .text(let selector) = operands[1],
                let chosen = lists.first(where: { Array($0.key.unicodeScalars) == selector })
            {
                list = chosen.value
            }
            return attribute(name, of: code, in: list)
        }
        if operands.contains(where: \.isNull) { return .null }
        switch kind {
        case .memberOf(let values): return Value(values.contains { Value.equal($0, operands[0]) })
        case .inPeriod:
            guard let period = tables.period, case .date(let day) = operands[0] else { return .error }
            return Value(period.first <= day && day <= period.last)
        case .matches(let tree):
            guard case .text(let text) = operands[0] else { return .error }
            return Value(tree.matches(text))
        case .inCodelist(let list, let under):
            guard case .text(let code) = operands[0] else { return .error }
            var day: Day?
            if operands.count > 1, case .date(let asked) = operands[1] { day = asked }
            return Value(
                list.entries.contains { entry in
                    Array(entry.code.unicodeScalars) == code && isValid(entry, on: day)
                        && (under.map { isUnder($0, entry.code, list) } ?? true)
                })
        default: return .error
        }
    }

    private func isValid(_ entry: CodeList.Entry, on day: Day?) -> Bool {
        guard let day else { return true }
        func read(_ date: CivilDate?) -> Day? { date.flatMap { Day(Array($0.description.unicodeScalars)) } }
        return (read(entry.since).map { $0 <= day } ?? true) && (read(entry.until).map { day <= $0 } ?? true)
    }

    /// The code itself or one below it, from parent to parent.
    private func isUnder(_ root: String, _ code: String, _ list: CodeList) -> Bool {
        var current: String? = code
        for _ in 0...list.entries.count {
            guard let here = current else { return false }
            if Array(here.unicodeScalars) == Array(root.unicodeScalars) { return true }
            current = list.entries.first { Array($0.code.unicodeScalars) == Array(here.unicodeScalars) }?.parent
        }
        return false
    }

    /// Of the latest version of the code.
    private func attribute(_ name: String, of code: [Unicode.Scalar], in list: CodeList?) -> Value {
        guard let list, let index = list.attributeIndex(name) else { return .null }
        let versions = list.entries.filter { Array($0.code.unicodeScalars) == code }
        let latest = versions.max { a, b in
            switch (a.since, b.since) {
            case (_, nil): false
            case (nil, _): true
            case (let x?, let y?): x.description < y.description
            }
        }
        return (latest?.values[index]).map { Value($0.unicodeScalars) } ?? .null
    }

    // MARK: - Operators and functions

    private func apply(_ name: String, _ operands: [Value]) -> Value {
        switch name {
        case "and": return Truth.and(operands.map { Truth($0) }).value
        case "or": return Truth.or(operands.map { Truth($0) }).value
        case "not": return Truth.not(Truth(operands[0])).value
        case "coalesce": return operands.first { !$0.isNull } ?? .null
        default: break
        }
        if operands.contains(where: \.isError) { return .error }
        switch name {
        case "is null": return Value(operands[0].isNull)
        case "present", "missing":
            var isPresent = !operands[0].isNull
            if case .text(let text) = operands[0] { isPresent = !text.isEmpty }
            return Value(isPresent == (name == "present"))
        default: break
        }
        if operands.contains(where: \.isNull) { return .null }
        switch operands[0] {
        case .text(let text): return onText(name, text, operands)
        case .number(let number): return onNumber(name, number, operands)
        case .date(let day): return onDate(name, day, operands)
        case .timestamp(let moment) where name == "date": return .date(moment.day)
        default: return compare(name, operands)
        }
    }

    private func compare(_ name: String, _ operands: [Value]) -> Value {
        if name == "min" || name == "max" {
            return operands.dropFirst().reduce(operands[0]) { best, next in
                Value.order(next, best) == (name == "min" ? -1 : 1) ? next : best
            }
        }
        guard operands.count > 1, let order = Value.order(operands[0], operands[1]) else { return .error }
        switch name {
        case "=": return Value(order == 0)
        case "<>": return Value(order != 0)
        case "<": return Value(order < 0)
        case "<=": return Value(order <= 0)
        case ">": return Value(order > 0)
        case ">=": return Value(order >= 0)
        case "between":
            guard let upper = Value.order(operands[0], operands[2]) else { return .error }
            return Value(order >= 0 && upper <= 0)
        default: return .error
        }
    }

    private func onText(_ name: String, _ text: [Unicode.Scalar], _ operands: [Value]) -> Value {
        /// The number of the operand, cut down to the length of the text; nil when it is negative.
        func length(_ index: Int) -> Int? {
            guard case .number(let number) = operands[index], number.sign >= 0 else { return nil }
            return min(number.int ?? .max, text.count + 1)
        }
        var second: [Unicode.Scalar] = []
        if operands.count > 1, case .text(let text) = operands[1] { second = text }
        switch name {
        case "len": return Value(text.count)
        case "left": return length(1).map { Value(text.prefix($0)) } ?? .null
        case "right": return length(1).map { Value(text.suffix($0)) } ?? .null
        case "mid":
            guard let start = length(1), start >= 1, let count = length(2) else { return .null }
            return Value(text.dropFirst(start - 1).prefix(count))
        case "startswith": return Value(text.starts(with: second))
        case "endswith": return Value(text.reversed().starts(with: second.reversed()))
        case "contains": return Value(text.indices.contains { text[$0...].starts(with: second) } || second.isEmpty)
        case "&": return .text(text + second)
        case "strip": return Value(stripped(text, [0x20]))
        case "strip cjk": return Value(stripped(text, [0x20, 0x3000, 0xA0, 0x09, 0x0D, 0x0A, 0xFEFF]))
        case "upper": return Value(text.map { $0 >= "a" && $0 <= "z" ? Unicode.Scalar(UInt8($0.value - 32)) : $0 })
        case "lower": return Value(text.map { $0 >= "A" && $0 <= "Z" ? Unicode.Scalar(UInt8($0.value + 32)) : $0 })
        case "int": return BigInteger(text)?.int.map { Value($0) } ?? .null
        case "dec":
            guard let number = Number(text), case .number(let precision) = operands[1],
                case .number(let scale) = operands[2],
                number.fits(precision: precision.int ?? 0, scale: scale.int ?? 0)
            else { return .null }
            return .number(number)
        case "date": return Value(Day(text))
        case "idcard18_valid": return Value(CheckDigits.isIDCard(text))
        case "uscc_valid": return Value(CheckDigits.isUSCC(text))
        case _ where name.hasPrefix("caseno "):
            return CaseNumberParts(text)?.part(String(name.dropFirst(7)), marks: tables.marks) ?? .null
        default: return compare(name, operands)
        }
    }

    private func stripped(_ text: [Unicode.Scalar], _ blanks: Set<UInt32>) -> [Unicode.Scalar] {
        let start = text.drop { blanks.contains($0.value) }
        return start.reversed().drop { blanks.contains($0.value) }.reversed()
    }

    private func onNumber(_ name: String, _ number: Number, _ operands: [Value]) -> Value {
        var second = Number(0)
        if operands.count > 1, case .number(let number) = operands[1] { second = number }
        switch name {
        case "+": return .number(number + second)
        case "-": return .number(number - second)
        case "*": return .number(number * second)
        case "-x": return .number(-number)
        case "abs": return .number(number.magnitude)
        case "sign": return Value(number.sign)
        case "mod": return Value(number.remainder(by: second))
        case "round": return .number(number.rounded(to: second.int ?? 0))
        case "div":
            guard case .number(let places) = operands[2] else { return .error }
            return Value(number.divided(by: second, scale: places.int ?? 0))
        default: return compare(name, operands)
        }
    }

    private func onDate(_ name: String, _ day: Day, _ operands: [Value]) -> Value {
        switch (name, operands.count > 1 ? operands[1] : .null) {
        case ("year", _): return Value(day.year)
        case ("month", _): return Value(day.month)
        case ("day", _): return Value(day.day)
        case ("days", .date(let to)): return Value(to.number - day.number)
        case ("workdays", .date(let to)): return tables.workdays.map { Value($0.count(from: day, to: to)) } ?? .error
        case ("addmonths", .number(let months)):
            return Value(months.coefficient(at: 0).flatMap { day.adding(months: $0) })
        case ("addyears", .number(let years)):
            return Value(years.coefficient(at: 0).flatMap { day.adding(months: $0 * BigInteger(12)) })
        default: return compare(name, operands)
        }
    }
}
