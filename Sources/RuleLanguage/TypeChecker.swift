import Columnar
import Diagnostics
public import Schema

/// `Syntax` → `TypedExpression`: resolves names against a table and gives every part its type.
///
/// A name on table T is a `let` of the file, else a column by code, else by title. `x.y` is relation x of T, else
/// column x whose code list has attribute y; both at once is an error.
public struct TypeChecker: Sendable {
    let schema: StandardSchema
    let table: TableDefinition
    /// Visible lets, of all tables.
    let lets: [LetDefinition]
    /// Inside `where`: the table of the rule's row.
    let outer: TableDefinition?
    /// Lets being resolved, to find circles.
    private var open: [String] = []
    /// How deep the lets being resolved are together.
    private var level = 0
    private static let maximumLetDepth = 100
    /// A column whose code list depends on another is a choice as deep as it has lists.
    private static let maximumDepth = 600
    /// Whether a name that nothing has may be that of a let which could not be read.
    private let lacksLets: Bool
    var source: ExpressionText

    /// - Parameter lacksLets: some lets of the file could not be read, so an unknown name is not told as wrong.
    public init(
        schema: StandardSchema, table: TableDefinition, lets: [LetDefinition] = [], lacksLets: Bool = false
    ) {
        self.init(
            schema: schema, table: table, lets: lets, lacksLets: lacksLets, outer: nil, source: ExpressionText(""))
    }

    private init(
        schema: StandardSchema, table: TableDefinition, lets: [LetDefinition], lacksLets: Bool = false,
        outer: TableDefinition?, source: ExpressionText
    ) {
        self.schema = schema
        self.table = table
        self.lets = lets
        self.lacksLets = lacksLets
        self.outer = outer
        self.source = source
    }

    /// Any expression; throws all that is wrong with it.
    public func check(_ text: ExpressionText) throws(LanguageError) -> TypedExpression {
        try check(text) { checker, syntax throws(LanguageError) in try checker.typed(syntax) }
    }

    /// An expression that must be a predicate; throws all that is wrong with it.
    public func checkPredicate(_ text: ExpressionText) throws(LanguageError) -> TypedExpression {
        try check(text) { checker, syntax throws(LanguageError) in try checker.predicate(syntax) }
    }

    private func check(
        _ text: ExpressionText, _ body: (TypeChecker, Syntax) throws(LanguageError) -> TypedExpression
    ) throws(LanguageError) -> TypedExpression {
        var checker = self
        checker.source = text
        let (syntax, problems) = Parser.recovering(text)
        let expression: TypedExpression
        do {
            expression = try body(checker, syntax)
        } catch {
            var all = error
            all.diagnostics = problems + all.diagnostics
            throw all
        }
        if let error = LanguageError(problems) { throw error }
        return expression
    }

    /// A parsed condition of another text, such as `where` inside a form rule.
    public func checkPredicate(_ syntax: Syntax, in text: ExpressionText) throws(LanguageError) -> TypedExpression {
        var checker = self
        checker.source = text
        return try checker.predicate(syntax)
    }

    /// A parsed expression of another text.
    public func check(_ syntax: Syntax, in text: ExpressionText) throws(LanguageError) -> TypedExpression {
        var checker = self
        checker.source = text
        return try checker.typed(syntax)
    }

    func error(
        _ syntax: Syntax, _ code: String, _ en: String, _ zh: String, hint: LocalizedText? = nil
    ) -> LanguageError {
        source.error(at: syntax.offset, length: syntax.length, code, LocalizedText(en: en, zh: zh), hint: hint)
    }

    /// About one word of a part, counted from 0 (from its end when negative).
    func error(
        word: Int, of syntax: Syntax, _ code: String, _ en: String, _ zh: String, hint: LocalizedText? = nil,
        related: SourceLocation? = nil
    ) -> LanguageError {
        let tokens = source.tokens(of: syntax)
        let index = word < 0 ? tokens.count + word : word
        guard tokens.indices.contains(index) else { return error(syntax, code, en, zh, hint: hint) }
        return source.error(
            at: tokens[index].offset, length: tokens[index].length, code, LocalizedText(en: en, zh: zh), hint: hint,
            related: related)
    }

    /// Several parts; throws what is wrong with any of them. Inside a let the first problem is enough: the let itself
    /// is told whole, and looking at every branch of lets within lets would take as long as writing them out.
    func each(
        _ parts: [Syntax], _ check: (Syntax) throws(LanguageError) -> TypedExpression
    ) throws(LanguageError) -> [TypedExpression] {
        var result: [TypedExpression] = []
        var problems: [Diagnostic] = []
        for part in parts {
            do {
                result.append(try check(part))
            } catch {
                problems += error.diagnostics
                if !open.isEmpty { break }
            }
        }
        if let error = LanguageError(problems) { throw error }
        return result
    }

    /// As many parts as checks, each by its own; throws what is wrong with any of them.
    func operands(
        _ parts: [Syntax], _ checks: ((Syntax) throws(LanguageError) -> TypedExpression)...
    ) throws(LanguageError) -> [TypedExpression] {
        var index = -1
        return try each(parts) { part throws(LanguageError) in
            index += 1
            return try checks[index](part)
        }
    }

    /// An error of a whole whose parts may be wrong too.
    func with(_ error: LanguageError, problemsOf parts: [Syntax]) -> LanguageError {
        var all = error
        do {
            _ = try each(parts, typed)
        } catch {
            all.diagnostics += error.diagnostics
        }
        return all
    }

    // MARK: - Expressions

    func predicate(_ syntax: Syntax) throws(LanguageError) -> TypedExpression {
        let expression = try typed(syntax)
        guard expression.type == .bool || expression.type == .null else {
            throw error(
                syntax, "not-a-predicate", "expected a predicate, found \(expression.type.name)",
                "此处应为判断，却是 \(expression.type.name)")
        }
        return expression.type == .null ? TypedExpression(.null, .bool) : expression
    }

    func typed(_ syntax: Syntax) throws(LanguageError) -> TypedExpression {
        let expression = try node(syntax)
        // Every walk over an expression descends as deep as it is, and lets may double it at every step.
        if expression.depth > TypeChecker.maximumDepth || expression.size > 10_000 { throw tooLarge(syntax) }
        return expression
    }

    private func tooLarge(_ syntax: Syntax) -> LanguageError {
        error(
            syntax, "too-large", "the expression is too large, its lets written out", "表达式（展开 let 之后）过大",
            hint: LocalizedText(en: "split the rule, or shorten its lets", zh: "请拆分规则，或缩短 let"))
    }

    private func node(_ syntax: Syntax) throws(LanguageError) -> TypedExpression {
        switch syntax.kind {
        case .number(let text): return try number(text, syntax)
        case .string(let text): return TypedExpression(.text(ExactText(text)), .text)
        case .date(let date): return TypedExpression(.date(date), .date)
        case .bool(let value): return TypedExpression(.bool(value), .bool)
        case .null: return TypedExpression(.null, .null)
        case .periodBegin: return TypedExpression(.periodBegin, .date)
        case .periodEnd: return TypedExpression(.periodEnd, .date)
        case .name(let name): return try self.name(name, syntax)
        case .path(let first, let second): return try path(first, second, syntax)
        case .this(let name): return try outerColumn(name, syntax)
        case .call(let function, let arguments): return try call(function, arguments, syntax)
        case .negate(let operand):
            let value = try numeric(operand)
            return .apply(.negate, [value], value.type)
        case .arithmetic(let arithmetic, let left, let right):
            return try self.arithmetic(arithmetic, left, right, syntax)
        case .not(let operand): return .apply(.not, [try predicate(operand)], .bool)
        case .and(let parts): return .apply(.and, try each(parts, predicate), .bool)
        case .or(let parts): return .apply(.or, try each(parts, predicate), .bool)
        case .compare(let comparison, let left, let right):
            let operands = try comparable([left, right])
            if operands[0].type == .bool, comparison != .equal, comparison != .notEqual {
                throw error(syntax, "bool-order", "true and false have no order", "真假没有大小")
            }
            return .apply(.compare(comparison), operands, .bool)
        case .between(let value, let low, let high):
            return .apply(.between, try comparable([value, low, high]), .bool)
        case .isNull(let operand): return .apply(.isNull, [try typed(operand)], .bool)
        case .member(let value, let set): return try member(value, set, syntax)
        case .matches(let value, let pattern):
            let text = try self.text(value)
            do {
                _ = try Pattern(pattern)
            } catch {
                throw badPattern(error, syntax)
            }
            return TypedExpression(.matches(pattern: ExactText(pattern), text), .bool)
        case .conditional(let condition, let first, let second):
            let parts = [condition, first] + [second].compactMap { $0 }
            let checked = try operands(parts, predicate, typed, typed)
            let otherwise = checked.count > 2 ? checked[2] : TypedExpression(.null, .null)
            let branches = try comparable(
                [checked[1], otherwise], of: [first, second ?? Syntax(.null, at: syntax.offset)])
            try fitsCommonScale(branches, syntax)
            return .apply(.conditional, [checked[0]] + branches, common(branches.map(\.type)))
        case .aggregate(let function, let relation, let column, let condition):
            return try aggregate(function, relation, column, condition, syntax)
        case .cell, .axisSum:
            throw error(
                syntax, "cell-in-row-rule", "cells of a form belong to rules with 'form:'",
                "单元格只能用在带 form: 的规则里")
        }
    }

    func numeric(_ syntax: Syntax) throws(LanguageError) -> TypedExpression {
        try expect(syntax, "a number", "数字") { $0.isNumber }
    }

    func text(_ syntax: Syntax) throws(LanguageError) -> TypedExpression {
        try expect(syntax, "text", "文本") { $0 == .text }
    }

    func date(_ syntax: Syntax) throws(LanguageError) -> TypedExpression {
        try expect(syntax, "a date", "日期") { $0 == .date }
    }

    func whole(_ syntax: Syntax) throws(LanguageError) -> TypedExpression {
        try expect(syntax, "a whole number", "整数") { if case .number(_, 0) = $0 { true } else { false } }
    }

    /// The null literal is taken for any type.
    func expect(
        _ syntax: Syntax, _ en: String, _ zh: String, _ test: (ExpressionType) -> Bool
    ) throws(LanguageError) -> TypedExpression {
        try expect(try typed(syntax), syntax, en, zh, test)
    }

    /// The same for an expression that is typed already: typing it twice would double the work at every level.
    func expect(
        _ expression: TypedExpression, _ syntax: Syntax, _ en: String, _ zh: String, _ test: (ExpressionType) -> Bool
    ) throws(LanguageError) -> TypedExpression {
        if test(expression.type) { return expression }
        if expression.type == .null {
            for type in [ExpressionType.number(precision: 1, scale: 0), .text, .date, .timestamp, .bool]
            where test(type) {
                return TypedExpression(.null, type)
            }
        }
        var hint: LocalizedText?
        if expression.type == .timestamp, test(.date) {
            hint = LocalizedText(en: "write date(…)", zh: "写作 date(…)")
        }
        throw error(
            syntax, "type-mismatch", "expected \(en), found \(expression.type.name)",
            "应为\(zh)，却是 \(expression.type.name)", hint: hint)
    }

    /// Operands that share a type; nulls among them take it.
    func comparable(_ parts: [Syntax]) throws(LanguageError) -> [TypedExpression] {
        try comparable(try each(parts, typed), of: parts)
    }

    private func comparable(
        _ operands: [TypedExpression], of parts: [Syntax]
    ) throws(LanguageError) -> [TypedExpression] {
        let type = common(operands.map(\.type))
        for (index, operand) in operands.enumerated() where operand.type != .null {
            let fits = operand.type == type || (operand.type.isNumber && type.isNumber)
            guard fits else {
                let other = operands.first { $0.type != .null }?.type ?? .null
                throw error(
                    parts[index], "type-mismatch", "\(other.name) and \(operand.type.name) cannot be compared",
                    "\(other.name) 与 \(operand.type.name) 不能比较",
                    hint: mismatchHint(other, operand.type))
            }
        }
        return operands.map { $0.type == .null ? TypedExpression(.null, type == .null ? .bool : type) : $0 }
    }

    private func mismatchHint(_ first: ExpressionType, _ second: ExpressionType) -> LocalizedText? {
        let pair = [first, second]
        if pair.contains(.text), pair.contains(where: \.isNumber) {
            return LocalizedText(
                en: "a code or text is quoted: '0301'; text becomes a number by int(…) or dec(…)",
                zh: "代码和文本要加引号：'0301'；文本用 int(…) 或 dec(…) 变为数字")
        }
        if pair.contains(.date), pair.contains(where: \.isNumber) {
            return LocalizedText(en: "dates are written YYYY-MM-DD: 2016-01-01", zh: "日期写作 YYYY-MM-DD：2016-01-01")
        }
        if pair.contains(.text), pair.contains(.date) {
            return LocalizedText(
                en: "dates are written bare: 2016-01-01; text becomes a date by date(…)",
                zh: "日期不加引号：2016-01-01；文本用 date(…) 变为日期")
        }
        if pair.contains(.timestamp), pair.contains(.date) {
            return LocalizedText(en: "write date(…) of the timestamp", zh: "时间戳请用 date(…)")
        }
        return nil
    }

    /// The first type that is not null; among numbers the widest that holds all (at most 38 digits).
    func common(_ types: [ExpressionType]) -> ExpressionType {
        var result = ExpressionType.null
        for type in types {
            switch (result, type) {
            case (.null, _): result = type
            case (.number(let p, let s), .number(let q, let t)):
                let scale = max(s, t)
                result = .number(precision: min(38, max(p - s, q - t) + scale), scale: scale)
            default: break
            }
        }
        return result
    }

    private func number(_ text: String, _ syntax: Syntax) throws(LanguageError) -> TypedExpression {
        let digits = text.utf8.filter { $0 >= 48 && $0 <= 57 }
        let scale = text.utf8.firstIndex(of: 46).map { text.utf8.distance(from: $0, to: text.utf8.endIndex) - 1 } ?? 0
        let significant = digits.drop { $0 == 48 }
        let precision = max(1, max(significant.count, scale))
        guard precision <= 38 else { throw tooManyDigits(syntax) }
        var value: Int128 = 0
        for digit in significant { value = value * 10 + Int128(digit - 48) }
        if text.utf8.first == 45 { value = -value }
        return TypedExpression(.number(value), .number(precision: precision, scale: scale))
    }

    func tooManyDigits(_ syntax: Syntax) -> LanguageError {
        error(
            syntax, "too-many-digits", "the result could need more than 38 digits", "结果可能超过 38 位数字",
            hint: LocalizedText(en: "round or narrow an operand first", zh: "请先对操作数 round 或缩小位数"))
    }

    func width(_ precision: Int, _ scale: Int, _ syntax: Syntax) throws(LanguageError) -> ExpressionType {
        guard precision <= 38, scale <= 38 else { throw tooManyDigits(syntax) }
        return .number(precision: max(1, max(precision, scale)), scale: scale)
    }

    private func arithmetic(
        _ arithmetic: Arithmetic, _ left: Syntax, _ right: Syntax, _ syntax: Syntax
    ) throws(LanguageError) -> TypedExpression {
        if arithmetic == .concatenate {
            return .apply(.concatenate, try each([left, right], text), .text)
        }
        let operands = try each([left, right], arithmeticOperand)
        guard case .number(let p, let s) = operands[0].type, case .number(let q, let t) = operands[1].type else {
            throw tooManyDigits(syntax)
        }
        switch arithmetic {
        case .multiply: return .apply(.multiply, operands, try width(p + q, s + t, syntax))
        default:
            let scale = max(s, t)
            return .apply(
                arithmetic == .add ? .add : .subtract, operands, try width(max(p - s, q - t) + scale + 1, scale, syntax)
            )
        }
    }

    private func arithmeticOperand(_ syntax: Syntax) throws(LanguageError) -> TypedExpression {
        let expression = try typed(syntax)
        if expression.type == .date || expression.type == .timestamp {
            throw error(
                syntax, "type-mismatch", "dates are not added or subtracted", "日期不能加减",
                hint: LocalizedText(
                    en: "write days(from, to) or addmonths(date, n)", zh: "写作 days(从, 到) 或 addmonths(日期, 月数)"))
        }
        return try expect(expression, syntax, "a number", "数字") { $0.isNumber }
    }

    // MARK: - Names

    private func name(_ name: String, _ syntax: Syntax) throws(LanguageError) -> TypedExpression {
        if let definition = lets.first(where: { $0.name == name && isHere($0.table) }) {
            guard !open.contains(name) else {
                throw error(syntax, "let-circle", "let '\(name)' refers to itself", "let “\(name)”引用了自身")
            }
            var inner = self
            inner.open.append(name)
            inner.source = definition.expression
            let meaning = try Parser.parse(definition.expression)
            inner.level = level + meaning.depth
            guard inner.level <= TypeChecker.maximumLetDepth else { throw tooLarge(syntax) }
            return try inner.typed(meaning)
        }
        guard let index = table.columnIndex(name) else {
            if lacksLets { return TypedExpression(.null, .null) }
            throw unknown(name, syntax)
        }
        return value(.column(index), index, of: table)
    }

    /// A column's value. One whose type could not be read, which was told, has that of the null literal: any type
    /// accepts it, so that nothing is told of it again.
    private func value(_ node: TypedExpression.Node, _ column: Int, of table: TableDefinition) -> TypedExpression {
        isUnreadable(column, of: table)
            ? TypedExpression(.null, .null) : TypedExpression(node, ExpressionType(table.columns[column].type.kind))
    }

    private func isUnreadable(_ column: Int, of table: TableDefinition) -> Bool {
        !schema.unreadable.isEmpty && schema.unreadable.contains("\(table.name).\(table.columns[column].name)")
    }

    private func isHere(_ tableName: String) -> Bool { tableName == table.name || tableName == table.title }

    /// - Parameter word: which word of the part the name is.
    func unknown(_ name: String, _ syntax: Syntax, word: Int = 0) -> LanguageError {
        let names = table.columns.flatMap { [$0.title, $0.name] } + lets.filter { isHere($0.table) }.map(\.name)
        // Perhaps it is the let that is misspelt, not its use.
        let visible = lets.filter { isHere($0.table) }
        let near = Suggestion.candidates(for: name, among: visible.map(\.name)).first
        return error(
            word: word, of: syntax, "unknown-name", "table '\(table.title)' has no column '\(name)'",
            "表“\(table.title)”没有列“\(name)”", hint: hint(for: name, among: names),
            related: near.flatMap { near in visible.first { $0.name == near }?.location })
    }

    /// That a blank is missing, or what was perhaps meant.
    func hint(for name: String, among known: [String]) -> LocalizedText? {
        if let glued = Keyword.glued(in: name, known: known) {
            return LocalizedText(en: "put blanks around '\(glued)' in '\(name)'", zh: "“\(name)”中的“\(glued)”前后要有空格")
        }
        return Suggestion.didYouMean(name, among: known)
    }

    private func badPattern(_ failure: Pattern.Failure, _ syntax: Syntax) -> LanguageError {
        guard let token = source.tokens(of: syntax).last, case .string(let pattern) = token.kind else {
            return error(syntax, "bad-pattern", failure.message.en, failure.message.zh, hint: failure.hint)
        }
        // A quote inside is written twice.
        let quotes = pattern.unicodeScalars.prefix(failure.offset).count { $0 == "'" }
        let offset = min(token.offset + 1 + failure.offset + quotes, token.end - 1)
        return source.error(at: offset, "bad-pattern", failure.message, hint: failure.hint)
    }

    private func outerColumn(_ name: String, _ syntax: Syntax) throws(LanguageError) -> TypedExpression {
        guard let outer else {
            throw error(
                syntax, "this-outside-where", "'this.' stands only inside an aggregate's where",
                "“本行.”只能用在聚合的“当”之后")
        }
        guard let index = outer.columnIndex(name) else {
            throw TypeChecker(schema: schema, table: outer, lets: [], outer: nil, source: source)
                .unknown(name, syntax, word: 2)
        }
        return value(.outerColumn(index), index, of: outer)
    }

    private func path(_ first: String, _ second: String, _ syntax: Syntax) throws(LanguageError) -> TypedExpression {
        let relation =
            table.relations.firstIndex { $0.name == first } ?? table.relations.firstIndex { $0.title == first }
        let column = table.columnIndex(first)
        let related = relation.flatMap { schema.table(table.relations[$0].table) }
        let relatedColumn = related?.columnIndex(second)
        let attribute = try column.flatMap { index throws(LanguageError) in
            try self.attribute(of: index, second, syntax, isRequired: relation == nil)
        }
        if let relation, let relatedColumn, let related {
            guard attribute == nil else {
                throw error(
                    syntax, "ambiguous-name", "'\(first).\(second)' is both a related column and an attribute",
                    "“\(first).\(second)”既是关联的列又是代码属性")
            }
            guard outer == nil else {
                throw error(
                    syntax, "two-hops", "inside 'where' only columns of the related table", "“当”之内只能用关联表自己的列")
            }
            return value(.related(relation: relation, column: relatedColumn), relatedColumn, of: related)
        }
        if let attribute { return attribute }
        // A related table that could not be read was told.
        if relation != nil, related == nil { return TypedExpression(.null, .null) }
        if let related {
            throw TypeChecker(schema: schema, table: related, lets: [], outer: nil, source: source)
                .unknown(second, syntax, word: 2)
        }
        if column == nil {
            let names =
                table.relations.flatMap { [$0.title, $0.name] } + table.columns.flatMap { [$0.title, $0.name] }
            throw error(
                word: 0, of: syntax, "unknown-name", "table '\(table.title)' has no relation or column '\(first)'",
                "表“\(table.title)”没有关联或列“\(first)”", hint: hint(for: first, among: names))
        }
        throw unknown(first, syntax)
    }

    /// `column.attribute`; a list that depends on another column becomes a choice by that column.
    private func attribute(
        of column: Int, _ name: String, _ syntax: Syntax, isRequired: Bool
    ) throws(LanguageError) -> TypedExpression? {
        if isUnreadable(column, of: table) { return isRequired ? TypedExpression(.null, .text) : nil }
        guard case .code(let reference) = table.columns[column].type else {
            guard isRequired else { return nil }
            throw error(
                syntax, "no-attribute", "column '\(table.columns[column].title)' is no code and has no attributes",
                "列“\(table.columns[column].title)”不是代码，没有属性")
        }
        let code = TypedExpression(.column(column), .text)
        func lookup(_ listName: String) throws(LanguageError) -> TypedExpression? {
            guard let list = schema.codelist(listName) else { return nil }
            guard let index = list.attributeIndex(name) else {
                guard isRequired else { return nil }
                throw error(
                    word: 2, of: syntax, "no-attribute", "code list '\(list.title)' has no attribute '\(name)'",
                    "码表“\(list.title)”没有属性“\(name)”",
                    hint: hint(for: name, among: list.attributes.flatMap { [$0.title, $0.name] }))
            }
            return TypedExpression(.attribute(list: list.name, index: index, code), .text)
        }
        switch reference {
        case .list(let listName): return try lookup(listName)
        case .by(let selectorName, let lists, let otherwise):
            guard let selector = table.columnIndex(selectorName) else { return nil }
            var result = TypedExpression(.null, .text)
            if let otherwise { result = try lookup(otherwise) ?? result }
            for (key, listName) in lists.sorted(by: { $0.key < $1.key }) {
                guard let found = try lookup(listName) else { continue }
                let test = TypedExpression.apply(
                    .compare(.equal),
                    [TypedExpression(.column(selector), .text), TypedExpression(.text(ExactText(key)), .text)], .bool)
                result = .apply(.conditional, [test, found, result], .text)
            }
            return result
        }
    }

    // MARK: - Sets

    private func member(_ value: Syntax, _ set: SetSyntax, _ syntax: Syntax) throws(LanguageError) -> TypedExpression {
        switch set {
        case .period:
            return .apply(
                .between,
                [try date(value), TypedExpression(.periodBegin, .date), TypedExpression(.periodEnd, .date)], .bool)
        case .row:
            throw error(syntax, "cell-in-row-rule", "'row.' belongs to rules with 'form:'", "“行.”只能用在带 form: 的规则里")
        case .codelist(let name, let by, let under):
            let parts = try operands([value] + [by].compactMap { $0 }, text, date)
            if schema.unreadable.contains(name) { return TypedExpression(.null, .bool) }
            guard let list = schema.codelist(name) else {
                let words = source.tokens(of: syntax)
                let mark = words.firstIndex { token in
                    if case .word(let word) = token.kind { Keyword(word) == .codelist } else { false }
                }
                throw error(
                    word: mark.map { $0 + 1 } ?? 0, of: syntax, "unknown-codelist", "there is no code list '\(name)'",
                    "没有码表“\(name)”",
                    hint: hint(for: name, among: schema.codelists.values.flatMap { [$0.title, $0.name] }.sorted()))
            }
            if let under {
                guard list.isTree else {
                    throw error(
                        word: -1, of: syntax, "no-tree", "code list '\(list.title)' has no parents",
                        "码表“\(list.title)”没有上下级")
                }
                guard list.entries.contains(where: { $0.code == under }) else {
                    throw error(
                        word: -1, of: syntax, "unknown-code", "code list '\(list.title)' has no code '\(under)'",
                        "码表“\(list.title)”没有代码“\(under)”")
                }
            }
            return TypedExpression(.inCodelist(list: list.name, under: under.map { ExactText($0) }, parts), .bool)
        case .literals(let literals):
            let operands = try comparable([value] + literals)
            let members = operands.dropFirst().map(\.node)
            switch operands[0].type {
            case .number:
                let scale = operands.dropFirst().map { if case .number(_, let s) = $0.type { s } else { 0 } }.max() ?? 0
                var values: [Int128] = []
                for operand in operands.dropFirst() {
                    guard case .number(let value) = operand.node, case .number(_, let s) = operand.type else {
                        continue
                    }
                    let (scaled, overflow) = value.multipliedReportingOverflow(by: PowerOfTen.value(scale - s))
                    guard !overflow else { throw tooManyDigits(syntax) }
                    values.append(scaled)
                }
                return TypedExpression(.memberOf(.numbers(values, scale: scale), operands[0]), .bool)
            case .date:
                let days = members.compactMap { if case .date(let date) = $0 { Int64(date.days) } else { nil } }
                return TypedExpression(.memberOf(.words(days), operands[0]), .bool)
            case .bool:
                let bits = members.compactMap { if case .bool(let bit) = $0 { bit ? Int64(1) : 0 } else { nil } }
                return TypedExpression(.memberOf(.words(bits), operands[0]), .bool)
            default:
                let texts = members.compactMap { if case .text(let text) = $0 { text } else { nil } }
                return TypedExpression(.memberOf(.texts(texts), operands[0]), .bool)
            }
        }
    }

    // MARK: - Aggregates

    private func aggregate(
        _ function: AggregateFunction, _ relationName: String, _ columnName: String?, _ condition: Syntax?,
        _ syntax: Syntax
    ) throws(LanguageError) -> TypedExpression {
        guard outer == nil else {
            throw error(syntax, "two-hops", "an aggregate cannot stand inside another", "聚合之内不能再有聚合")
        }
        guard
            let relation = table.relations.firstIndex(where: { $0.name == relationName })
                ?? table.relations.firstIndex(where: { $0.title == relationName })
        else {
            throw error(
                word: 2, of: syntax, "unknown-relation", "table '\(table.title)' has no relation '\(relationName)'",
                "表“\(table.title)”没有关联“\(relationName)”",
                hint: hint(for: relationName, among: table.relations.flatMap { [$0.title, $0.name] }))
        }
        // A related table that could not be read was told.
        guard let related = schema.table(table.relations[relation].table) else { return TypedExpression(.null, .null) }
        let inner = TypeChecker(
            schema: schema, table: related, lets: lets, lacksLets: lacksLets, outer: table, source: source)
        let column = columnName.flatMap { related.columnIndex($0) }
        var problems: [Diagnostic] = []
        if let columnName, column == nil { problems += inner.unknown(columnName, syntax, word: 4).diagnostics }
        var test: TypedExpression?
        do {
            test = try condition.map { syntax throws(LanguageError) in try inner.predicate(syntax) }
        } catch {
            problems += error.diagnostics
        }
        if let error = LanguageError(problems) { throw error }
        guard let column else {
            let aggregate = TypedAggregate(function: function, relation: relation, condition: test)
            return TypedExpression(
                .aggregate(aggregate), function == .exists ? .bool : .number(precision: 18, scale: 0))
        }
        guard !isUnreadable(column, of: related) else { return TypedExpression(.null, .null) }
        var type = ExpressionType(related.columns[column].type.kind)
        if function == .sum {
            guard case .number(_, let scale) = type else {
                throw error(syntax, "type-mismatch", "only numbers have a sum", "只有数字才能合计")
            }
            type = .number(precision: 38, scale: scale)
        } else if type == .bool {
            throw error(syntax, "bool-order", "true and false have no order", "真假没有大小")
        }
        let aggregate = TypedAggregate(function: function, relation: relation, column: column, condition: test)
        return TypedExpression(.aggregate(aggregate), type)
    }
}

/// Powers of ten up to 10^38.
public enum PowerOfTen {
    private static let values: [Int128] = (0..<38).reduce(into: [1]) { powers, _ in
        powers.append(powers[powers.count - 1] * 10)
    }

    public static func value(_ exponent: Int) -> Int128 { values[max(0, min(38, exponent))] }
}
