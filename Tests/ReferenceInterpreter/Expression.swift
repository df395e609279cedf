import Columnar
public import RuleLanguage
public import Schema

/// An expression with its names looked up, still shaped as it was written.
public final class Expression: Sendable {
    public enum Kind: Sendable {
        case literal(Value)
        case column(Int)
        /// `this.column`
        case outer(Int)
        case related(relation: Int, column: Int)
        case aggregate(AggregateFunction, relation: Int, column: Int?, condition: Expression?)
        case periodBegin, periodEnd
        /// An operator or function by its name in the language.
        case apply(String)
        case memberOf([Value])
        case inCodelist(CodeList, under: String?)
        case inPeriod
        case matches(PatternTree)
        /// The lists to choose from by the value of the second operand, and the one for all others.
        case attribute(String, lists: [String: CodeList], otherwise: CodeList?)
    }

    public let kind: Kind
    public let operands: [Expression]
    public let family: Family

    init(_ kind: Kind, _ operands: [Expression] = [], _ family: Family) {
        self.kind = kind
        self.operands = operands
        self.family = family
    }

    /// The relations whose columns it reads, conditions of aggregates not counted.
    var lookedUp: Set<Int> {
        if case .related(let relation, _) = kind { return [relation] }
        return operands.reduce(into: []) { $0.formUnion($1.lookedUp) }
    }
}

/// Something that the type checker should have refused.
public struct Unreadable: Error {
    public var what: String
}

/// Looks up the names of an expression (rule-language.md §2).
struct Resolver {
    let schema: StandardSchema
    let table: TableDefinition
    let lets: [LetDefinition]
    var outer: TableDefinition?

    func resolve(_ text: ExpressionText) throws -> Expression { try resolve(Parser.parse(text)) }

    func resolve(_ syntax: Syntax) throws -> Expression {
        switch syntax.kind {
        case .number(let text):
            guard let number = Number(Array(text.unicodeScalars)) else { throw Unreadable(what: text) }
            return Expression(.literal(.number(number)), [], number.scale == 0 ? .int : .dec)
        case .string(let text): return Expression(.literal(Value(text.unicodeScalars)), [], .text)
        case .date(let date):
            guard let day = Day(Array(date.description.unicodeScalars)) else { throw Unreadable(what: "date") }
            return Expression(.literal(.date(day)), [], .date)
        case .bool(let bool): return Expression(.literal(.bool(bool)), [], .bool)
        case .null: return Expression(.literal(.null), [], .null)
        case .periodBegin: return Expression(.periodBegin, [], .date)
        case .periodEnd: return Expression(.periodEnd, [], .date)
        case .name(let name): return try self.name(name)
        case .this(let name):
            guard let outer, let index = outer.columnIndex(name) else { throw Unreadable(what: "this.\(name)") }
            return Expression(.outer(index), [], Family(outer.columns[index].type))
        case .path(let first, let second): return try path(first, second)
        case .negate(let operand): return try apply("-x", [operand])
        case .arithmetic(let operation, let left, let right): return try apply(operation.rawValue, [left, right])
        case .not(let operand): return try apply("not", [operand])
        case .and(let parts): return try apply("and", parts)
        case .or(let parts): return try apply("or", parts)
        case .compare(let comparison, let left, let right): return try apply(comparison.rawValue, [left, right])
        case .between(let value, let low, let high): return try apply("between", [value, low, high])
        case .isNull(let operand): return try apply("is null", [operand])
        case .conditional(let condition, let first, let second):
            return try apply("if", [condition, first, second ?? Syntax(.null, at: 0)])
        case .call(let name, let arguments): return try call(name, arguments)
        case .matches(let operand, let pattern):
            guard let tree = PatternTree(pattern) else { throw Unreadable(what: pattern) }
            return Expression(.matches(tree), [try resolve(operand)], .bool)
        case .member(let operand, let set): return try member(operand, set)
        case .aggregate(let function, let relation, let column, let condition):
            return try aggregate(function, relation, column, condition)
        case .cell, .axisSum: throw Unreadable(what: "a cell of a form")
        }
    }

    private func name(_ name: String) throws -> Expression {
        if let definition = lets.first(where: { $0.name == name && schema.table($0.table)?.name == table.name }) {
            return try resolve(definition.expression)
        }
        guard let index = table.columnIndex(name) else { throw Unreadable(what: name) }
        return Expression(.column(index), [], Family(table.columns[index].type))
    }

    private func path(_ first: String, _ second: String) throws -> Expression {
        if outer == nil, let relation = table.relation(first), let related = schema.table(relation.table),
            let column = related.columnIndex(second), let index = table.relations.firstIndex(of: relation)
        {
            return Expression(.related(relation: index, column: column), [], Family(related.columns[column].type))
        }
        guard let column = table.columnIndex(first), case .code(let reference) = table.columns[column].type else {
            throw Unreadable(what: "\(first).\(second)")
        }
        let code = Expression(.column(column), [], .code)
        switch reference {
        case .list(let name):
            return Expression(.attribute(second, lists: [:], otherwise: schema.codelist(name)), [code], .text)
        case .by(let selector, let lists, let otherwise):
            return Expression(
                .attribute(
                    second, lists: lists.compactMapValues { schema.codelist($0) },
                    otherwise: otherwise.flatMap { schema.codelist($0) }), [code, try name(selector)], .text)
        }
    }

    private func call(_ name: String, _ arguments: [Syntax]) throws -> Expression {
        switch (name, arguments.last?.kind) {
        case ("strip", .string("cjk")?) where arguments.count == 2: return try apply("strip cjk", [arguments[0]])
        case ("caseno", .string(let part)?): return try apply("caseno \(part)", [arguments[0]])
        case ("有值", _): return try apply("present", arguments)
        case ("缺值", _): return try apply("missing", arguments)
        default: return try apply(name, arguments)
        }
    }

    private func apply(_ name: String, _ operands: [Syntax]) throws -> Expression {
        let operands = try operands.map { try resolve($0) }
        let families = (name == "if" ? Array(operands.dropFirst()) : operands).map(\.family)
        let numbers: Family = families.contains(.dec) ? .dec : .int
        let family: Family
        switch name {
        case "and", "or", "not", "=", "<>", "<", "<=", ">", ">=", "between", "is null", "present", "missing",
            "startswith", "endswith", "contains", "idcard18_valid", "uscc_valid":
            family = .bool
        case "+", "-", "*", "-x", "abs", "mod": family = numbers
        case "round", "div", "dec": family = .dec
        case "len", "int", "year", "month", "day", "days", "workdays", "sign", "caseno year", "caseno number":
            family = .int
        case "date", "addmonths", "addyears": family = .date
        case "if", "coalesce", "min", "max":
            family = families.contains(.dec) ? .dec : families.first { $0 != .null } ?? .null
        default: family = .text
        }
        return Expression(.apply(name), operands, family)
    }

    private func member(_ operand: Syntax, _ set: SetSyntax) throws -> Expression {
        let value = try resolve(operand)
        switch set {
        case .period: return Expression(.inPeriod, [value], .bool)
        case .literals(let literals):
            let values = try literals.map { literal -> Value in
                guard case .literal(let value) = try resolve(literal).kind else { throw Unreadable(what: "in (…)") }
                return value
            }
            return Expression(.memberOf(values), [value], .bool)
        case .codelist(let name, let by, let under):
            guard let list = schema.codelist(name) else { throw Unreadable(what: name) }
            let day = try by.map { try resolve($0) }
            return Expression(.inCodelist(list, under: under), [value] + (day.map { [$0] } ?? []), .bool)
        case .row: throw Unreadable(what: "row.")
        }
    }

    private func aggregate(
        _ function: AggregateFunction, _ name: String, _ columnName: String?, _ condition: Syntax?
    ) throws -> Expression {
        guard outer == nil, let relation = table.relation(name), let index = table.relations.firstIndex(of: relation),
            let related = schema.table(relation.table)
        else { throw Unreadable(what: name) }
        var inner = self
        inner = Resolver(schema: schema, table: related, lets: lets, outer: table)
        let test = try condition.map { try inner.resolve($0) }
        var family: Family = function == .exists ? .bool : .int
        let column = try columnName.map { name -> Int in
            guard let column = related.columnIndex(name) else { throw Unreadable(what: name) }
            family = Family(related.columns[column].type)
            return column
        }
        return Expression(
            .aggregate(function, relation: index, column: column, condition: test), [], family)
    }
}
