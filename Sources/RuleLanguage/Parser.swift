import Columnar
import Diagnostics
public import Schema

/// Text → `Syntax`, by recursive descent along the grammar of the rule language.
///
/// What cannot be read is told once and stands as `null`, which has every type; reading goes on behind it.
public struct Parser {
    private let source: ExpressionText
    private let tokens: [Token]
    private var problems: [Diagnostic]
    private var position = 0
    private var depth = 0
    /// How many `if` are open, so that recovery knows whose `then` or `end` it meets.
    private var openConditionals = 0
    /// Up to this token recovery has come; what is missing there was told.
    private var recovered = -1

    private init(_ source: ExpressionText) {
        self.source = source
        (tokens, problems) = Lexer.tokens(of: source)
    }

    /// A whole text that is one expression; throws all that is wrong with it.
    public static func parse(_ source: ExpressionText) throws(LanguageError) -> Syntax {
        let (syntax, problems) = recovering(source)
        if let error = LanguageError(problems) { throw error }
        return syntax
    }

    /// The same, with what could be read of a text that is wrong.
    static func recovering(_ source: ExpressionText) -> (syntax: Syntax, problems: [Diagnostic]) {
        var parser = Parser(source)
        let syntax = parser.whole()
        return (syntax, parser.sortedProblems)
    }

    /// `predicate <= 0.5%`: a share of the rows where the predicate is decided.
    public static func parseShare(_ source: ExpressionText) throws(LanguageError) -> ShareSyntax {
        var parser = Parser(source)
        let share: ShareSyntax
        do {
            share = try parser.share()
        } catch {
            parser.record(error)
            throw LanguageError(parser.sortedProblems) ?? error
        }
        if let error = LanguageError(parser.sortedProblems) { throw error }
        return share
    }

    private mutating func share() throws(LanguageError) -> ShareSyntax {
        let predicate = try sum()
        guard case .symbol(let mark) = current.kind, let comparison = Comparison(rawValue: mark) else {
            throw shareShape()
        }
        position += 1
        guard case .number(let number) = current.kind else { throw shareShape() }
        position += 1
        let isPercent = take("%")
        if current.kind != .end { throw unexpected(expected: "an operator or the end", "运算符或结尾") }
        return ShareSyntax(predicate: predicate, comparison: comparison, limit: number, isPercent: isPercent)
    }

    /// One cell reference, as `rollup` takes it.
    public static func parseCell(_ source: ExpressionText) throws(LanguageError) -> CellSyntax {
        let syntax = try parse(source)
        guard case .cell(let cell) = syntax.kind else {
            throw source.error(
                at: syntax.offset, length: syntax.length, "not-a-cell",
                LocalizedText(en: "expected cells such as [*, *]", zh: "应为单元格，如 [*, *]"))
        }
        return cell
    }

    // MARK: - Recovery

    private var sortedProblems: [Diagnostic] {
        problems.sorted {
            ($0.location?.line ?? 0, $0.location?.column ?? 0) < ($1.location?.line ?? 0, $1.location?.column ?? 0)
        }
    }

    /// Tells a problem, unless it only follows from one that was told: at the place where recovery stopped, or at what
    /// is no token.
    private mutating func record(_ error: LanguageError) {
        if position > recovered, current.kind != .invalid { problems += error.diagnostics }
    }

    /// Passes over what cannot be read, to a place where an expression may end: a connective, a comma or a closing
    /// bracket of the same depth.
    private mutating func recover() {
        var brackets = 0
        scan: while current.kind != .end {
            switch current.kind {
            case .symbol("("), .symbol("["): brackets += 1
            case .symbol(")"), .symbol("]"):
                if brackets == 0 { break scan }
                brackets -= 1
            case .symbol(","): if brackets == 0 { break scan }
            case .word where brackets == 0:
                switch keyword(current) {
                case .and where current.kind != .word("和"), .or: break scan
                case .then, .else, .end: if openConditionals > 0 { break scan }
                default: break
                }
            default: break
            }
            position += 1
        }
        recovered = position
    }

    private mutating func passToEnd() {
        while current.kind != .end { position += 1 }
        recovered = position
    }

    /// An operand of `and`, `or`, `not`, read as far as it can be.
    private mutating func operand() -> Syntax {
        let start = current.offset
        let conditionals = openConditionals
        do {
            let syntax = try comparison()
            if endsExpression { return syntax }
            record(unexpected(expected: "an operator or the end", "运算符或结尾"))
            recover()
            return syntax
        } catch {
            openConditionals = conditionals
            record(error)
            // Of what nests too deeply nothing after it can be understood.
            if error.diagnostics.contains(where: { $0.code == "too-deep" }) { passToEnd() } else { recover() }
            return made(.null, from: start)
        }
    }

    /// Whether an expression may end before the token at hand.
    private var endsExpression: Bool {
        switch current.kind {
        case .end, .symbol(")"), .symbol("]"), .symbol(","): true
        case .word:
            switch keyword(current) {
            case .and: current.kind != .word("和")
            case .or, .when: true
            case .then, .else, .end: openConditionals > 0
            default: false
            }
        default: false
        }
    }

    private mutating func whole() -> Syntax {
        var syntax: Syntax?
        while true {
            do {
                let part = try expression()
                syntax = syntax ?? part
            } catch {
                record(error)
                recover()
            }
            if current.kind == .end { return syntax ?? made(.null, from: 0) }
            // Brackets or commas too many; what follows is read for its own mistakes.
            record(unexpected(expected: "an operator or the end", "运算符或结尾"))
            repeat {
                position += 1
                recover()
            } while [.symbol(")"), .symbol("]"), .symbol(",")].contains(current.kind)
            if current.kind == .end { return syntax ?? made(.null, from: 0) }
            position += 1
        }
    }

    /// A node of the tokens from the one at `start` to the last one read.
    private func made(_ kind: Syntax.Kind, from start: Int) -> Syntax {
        let end = position > 0 ? tokens[min(position, tokens.count) - 1].end : start
        return Syntax(kind, at: start, length: max(1, end - start))
    }

    // MARK: - Tokens

    private var current: Token { tokens[min(position, tokens.count - 1)] }
    private var following: Token { tokens[min(position + 1, tokens.count - 1)] }

    private func keyword(_ token: Token) -> Keyword? {
        if case .word(let word) = token.kind { Keyword(word) } else { nil }
    }

    private mutating func take(_ mark: String) -> Bool {
        guard current.kind == .symbol(mark) else { return false }
        position += 1
        return true
    }

    private mutating func take(_ word: Keyword) -> Bool {
        guard keyword(current) == word else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ mark: String) throws(LanguageError) {
        if !take(mark) { throw unexpected(expected: "'\(mark)'", "“\(mark)”") }
    }

    private func unexpected(expected en: String, _ zh: String) -> LanguageError {
        let token = current
        var hint: LocalizedText?
        let neighbours = [token, position > 0 ? tokens[position - 1] : token]
        for case .word(let word) in neighbours.map(\.kind) {
            if let glued = Keyword.glued(in: word) {
                hint = LocalizedText(
                    en: "put blanks around '\(glued)' in '\(word)'", zh: "“\(word)”中的“\(glued)”前后要有空格")
                break
            }
        }
        if hint == nil, case .word("有值") = token.kind {
            hint = LocalizedText(en: "write 有值(column)", zh: "写作 有值(列)")
        }
        if hint == nil, case .symbol(let mark) = token.kind, Comparison(rawValue: mark) != nil {
            hint = LocalizedText(
                en: "comparisons do not chain; join them with and", zh: "比较不能连写，请用“且”连接")
        }
        let found =
            token.kind == .end
            ? LocalizedText(en: "the end", zh: "结尾") : LocalizedText("'\(token.text)'")
        return source.error(
            at: token.offset, length: token.length, "syntax",
            LocalizedText(en: "expected \(en), found \(found.en)", zh: "应为\(zh)，却是 \(found.zh)"), hint: hint)
    }

    private func shareShape() -> LanguageError {
        source.error(
            at: current.offset, length: current.length, "share-shape",
            LocalizedText(
                en: "a share is a predicate compared with a number", zh: "share 应为一个判断与一个数的比较"),
            hint: LocalizedText(
                en: "such as 缺值(案由) <= 0.5%; put a predicate with operators in brackets",
                zh: "如 缺值(案由) <= 0.5%；含运算符的判断要加括号"))
    }

    // MARK: - Expressions

    private func tooDeep() -> LanguageError {
        source.error(
            at: current.offset, length: current.length, "too-deep",
            LocalizedText(en: "nested too deeply", zh: "嵌套过深"),
            hint: LocalizedText(en: "give a part of it a name with 'let'", zh: "请用 let 给其中一部分命名"))
    }

    /// Nested brackets and chained operators beyond this are refused, so that no text can exhaust the stack.
    private static let maximumDepth = 200

    private mutating func expression() throws(LanguageError) -> Syntax {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Parser.maximumDepth else { throw tooDeep() }
        let start = current.offset
        var parts = [conjunction()]
        while take(.or) { parts.append(conjunction()) }
        return parts.count == 1 ? parts[0] : made(.or(parts), from: start)
    }

    private mutating func conjunction() -> Syntax {
        let start = current.offset
        var parts = [negation()]
        while keyword(current) == .and, current.kind != .word("和") {
            position += 1
            parts.append(negation())
        }
        return parts.count == 1 ? parts[0] : made(.and(parts), from: start)
    }

    private mutating func negation() -> Syntax {
        let start = current.offset
        var isNegated = false
        while take(.not) { isNegated.toggle() }
        let operand = operand()
        // `not not x` is x in four values too; kept as one negation or none.
        return isNegated ? made(.not(operand), from: start) : operand
    }

    private mutating func comparison() throws(LanguageError) -> Syntax {
        let start = current.offset
        let left = try sum()
        if case .symbol(let mark) = current.kind, let comparison = Comparison(rawValue: mark) {
            position += 1
            let right = try sum()
            return made(.compare(comparison, left, right), from: start)
        }
        if take(.isNull) { return made(.isNull(left), from: start) }
        if take(.isNotNull) { return negate(made(.isNull(left), from: start), true) }
        if take(.is) {
            let isNegated = take(.not)
            guard take(.null) else { throw unexpected(expected: "null", "null") }
            return negate(made(.isNull(left), from: start), isNegated)
        }
        if take(.notIn) { return try member(left, from: start, isNegated: true) }
        if take(.notMatches) { return try matches(left, from: start, isNegated: true) }
        var isNegated = false
        if keyword(current) == .not, let next = keyword(following), [.between, .in, .matches].contains(next) {
            position += 1
            isNegated = true
        }
        if take(.between) {
            let low = try sum()
            guard take(.and) else { throw unexpected(expected: "and", "“和”") }
            let high = try sum()
            return negate(made(.between(left, low, high), from: start), isNegated)
        }
        if take(.in) { return try member(left, from: start, isNegated: isNegated) }
        if take(.matches) { return try matches(left, from: start, isNegated: isNegated) }
        return left
    }

    private mutating func member(
        _ value: Syntax, from start: Int, isNegated: Bool
    ) throws(LanguageError) -> Syntax {
        let set = try set()
        return negate(made(.member(value, of: set), from: start), isNegated)
    }

    private mutating func matches(
        _ value: Syntax, from start: Int, isNegated: Bool
    ) throws(LanguageError) -> Syntax {
        let pattern = try pattern()
        return negate(made(.matches(value, pattern: pattern), from: start), isNegated)
    }

    private func negate(_ syntax: Syntax, _ isNegated: Bool) -> Syntax {
        isNegated ? Syntax(.not(syntax), at: syntax.offset, length: syntax.length) : syntax
    }

    private mutating func pattern() throws(LanguageError) -> String {
        guard case .string(let pattern) = current.kind else {
            throw unexpected(expected: "a pattern in quotes", "引号中的模式")
        }
        position += 1
        return pattern
    }

    private mutating func set() throws(LanguageError) -> SetSyntax {
        if take(.period) { return .period }
        if take(.row) {
            try expect(".")
            return .row(try name())
        }
        if take(.codelist) {
            let list = try name()
            let by = take(.by) ? try sum() : nil
            var under: String?
            if take(.under) { under = try pattern() }
            return .codelist(list, by: by, under: under)
        }
        guard take("(") else {
            throw unexpected(expected: "(…), codelist or period", "(…)、码表 或 本期")
        }
        var literals = [try literal()]
        while take(",") { literals.append(try literal()) }
        try expect(")")
        return .literals(literals)
    }

    private mutating func literal() throws(LanguageError) -> Syntax {
        let token = current
        var isNegative = false
        if take("-") { isNegative = true }
        switch current.kind {
        case .number(let text):
            position += 1
            return made(.number(isNegative ? "-" + text : text), from: token.offset)
        case .string(let text) where !isNegative:
            position += 1
            return made(.string(text), from: token.offset)
        case .date(let date) where !isNegative:
            position += 1
            return made(.date(date), from: token.offset)
        default:
            if !isNegative, take(.true) { return made(.bool(true), from: token.offset) }
            if !isNegative, take(.false) { return made(.bool(false), from: token.offset) }
            throw unexpected(expected: "a literal", "一个常量")
        }
    }

    private mutating func sum() throws(LanguageError) -> Syntax {
        let start = current.offset
        var left = try term()
        while case .symbol(let mark) = current.kind, mark == "+" || mark == "-" || mark == "&",
            let arithmetic = Arithmetic(rawValue: mark)
        {
            position += 1
            guard left.depth < Parser.maximumDepth else { throw tooDeep() }
            let right = try term()
            left = made(.arithmetic(arithmetic, left, right), from: start)
        }
        return left
    }

    private mutating func term() throws(LanguageError) -> Syntax {
        let start = current.offset
        var left = try unary()
        while take("*") {
            guard left.depth < Parser.maximumDepth else { throw tooDeep() }
            let right = try unary()
            left = made(.arithmetic(.multiply, left, right), from: start)
        }
        return left
    }

    private mutating func unary() throws(LanguageError) -> Syntax {
        let start = current.offset
        var isNegated = false
        while take("-") { isNegated.toggle() }
        let operand = try primary()
        guard isNegated else { return operand }
        if case .number(let text) = operand.kind, !text.utf8.starts(with: "-".utf8) {
            return made(.number("-" + text), from: start)
        }
        return made(.negate(operand), from: start)
    }

    private mutating func primary() throws(LanguageError) -> Syntax {
        let token = current
        switch token.kind {
        case .number(let text):
            position += 1
            return made(.number(text), from: token.offset)
        case .string(let text):
            position += 1
            return made(.string(text), from: token.offset)
        case .date(let date):
            position += 1
            return made(.date(date), from: token.offset)
        case .symbol("("):
            position += 1
            let inner = try expression()
            try expect(")")
            return inner
        case .symbol("["):
            let cell = try cell(form: nil, at: token.offset)
            return made(.cell(cell), from: token.offset)
        case .quotedName: return try nameOrPath()
        case .word(let word):
            if let keyword = Keyword(word) { return try keywordPrimary(keyword, token) }
            if following.kind == .symbol("(") {
                let name = word.asciiLowercased
                return try call(Parser.functions[name] ?? name, at: token.offset)
            }
            return try nameOrPath()
        case .invalid:
            position += 1
            return made(.null, from: token.offset)
        case .symbol, .end: throw unexpected(expected: "a value", "一个值")
        }
    }

    /// Functions that have a Chinese name too.
    private static let functions = ["有值": "present", "缺值": "missing"]

    private mutating func keywordPrimary(_ keyword: Keyword, _ token: Token) throws(LanguageError) -> Syntax {
        let start = token.offset
        switch keyword {
        case .true:
            position += 1
            return made(.bool(true), from: start)
        case .false:
            position += 1
            return made(.bool(false), from: start)
        case .null:
            position += 1
            return made(.null, from: start)
        case .periodBegin:
            position += 1
            return made(.periodBegin, from: start)
        case .periodEnd:
            position += 1
            return made(.periodEnd, from: start)
        case .this:
            position += 1
            try expect(".")
            let column = try name()
            return made(.this(column), from: start)
        case .if:
            position += 1
            openConditionals += 1
            let condition = try expression()
            guard take(.then) else { throw unexpected(expected: "then", "“那么”") }
            let first = try expression()
            let second = take(.else) ? try expression() : nil
            guard take(.end) else { throw unexpected(expected: "end", "“结束”") }
            openConditionals -= 1
            return made(.conditional(condition, then: first, otherwise: second), from: start)
        case .count: return try aggregate(.count, at: start)
        case .exists: return try aggregate(.exists, at: start)
        case .sum:
            if let axis = self.keyword(following), axis == .row || axis == .column {
                position += 2
                return try axisSum(axis == .row ? .row : .column, at: start)
            }
            return try aggregate(.sum, at: start)
        case .min: return try extremum(.min, at: start)
        case .max: return try extremum(.max, at: start)
        default: throw unexpected(expected: "a value", "一个值")
        }
    }

    private mutating func name() throws(LanguageError) -> String {
        switch current.kind {
        case .word(let word) where Keyword(word) == nil:
            position += 1
            return word
        case .quotedName(let word):
            position += 1
            return word
        case .word(let word):
            throw source.error(
                at: current.offset, length: current.length, "keyword-as-name",
                LocalizedText(en: "'\(word)' is a keyword", zh: "“\(word)”是关键字"),
                hint: LocalizedText(en: "as a name it stands in back-quotes: `\(word)`", zh: "用作名称时写在反引号里：`\(word)`"))
        default: throw unexpected(expected: "a name", "一个名称")
        }
    }

    private mutating func nameOrPath() throws(LanguageError) -> Syntax {
        let start = current.offset
        let first = try name()
        if current.kind == .symbol("[") {
            let cell = try cell(form: first, at: start)
            return made(.cell(cell), from: start)
        }
        guard take(".") else { return made(.name(first), from: start) }
        let second = try name()
        if current.kind == .symbol(".") {
            throw source.error(
                at: start, length: following.end - start, "two-hops",
                LocalizedText(en: "only one hop: relation.column or column.attribute", zh: "只能走一步：关联.列 或 列.属性"))
        }
        return made(.path(first, second), from: start)
    }

    private mutating func call(_ function: String, at start: Int) throws(LanguageError) -> Syntax {
        position += 1
        let arguments = try arguments()
        return made(.call(function, arguments), from: start)
    }

    private mutating func arguments() throws(LanguageError) -> [Syntax] {
        try expect("(")
        var arguments: [Syntax] = []
        if take(")") { return arguments }
        repeat { arguments.append(try expression()) } while take(",")
        try expect(")")
        return arguments
    }

    private mutating func aggregate(_ function: AggregateFunction, at start: Int) throws(LanguageError) -> Syntax {
        position += 1
        try expect("(")
        let relation = try name()
        var column: String?
        if function == .sum || function == .min || function == .max {
            try expect(".")
            column = try name()
        }
        let condition = take(.when) ? try expression() : nil
        try expect(")")
        return made(.aggregate(function, relation: relation, column: column, condition: condition), from: start)
    }

    /// Of one relation path an aggregate, of two or more values a scalar.
    private mutating func extremum(_ function: AggregateFunction, at start: Int) throws(LanguageError) -> Syntax {
        position += 1
        try expect("(")
        var values = [try expression()]
        if case .path(let relation, let column) = values[0].kind,
            current.kind == .symbol(")") || keyword(current) == .when
        {
            let condition = take(.when) ? try expression() : nil
            try expect(")")
            return made(.aggregate(function, relation: relation, column: column, condition: condition), from: start)
        }
        while take(",") { values.append(try expression()) }
        try expect(")")
        guard values.count > 1 else {
            throw source.error(
                at: start, length: tokens[position - 1].end - start, "one-value",
                LocalizedText(
                    en: "\(function.rawValue) takes relation.column or at least two values",
                    zh: "\(function == .min ? "最小" : "最大") 要么用于 关联.列，要么用于至少两个值"))
        }
        return made(.call(function.rawValue, values), from: start)
    }

    // MARK: - Forms

    private mutating func axisSum(_ axis: Axis, at start: Int) throws(LanguageError) -> Syntax {
        try expect("(")
        var selectors = [try selector()]
        while take(",") { selectors.append(try selector()) }
        try expect(")")
        let cellStart = current.offset
        let form: String? = current.kind == .symbol("[") ? nil : try name()
        let cell = try cell(form: form, at: cellStart)
        return made(.axisSum(axis, selectors, cell), from: start)
    }

    private mutating func cell(form: String?, at start: Int) throws(LanguageError) -> CellSyntax {
        try expect("[")
        let row = try selector()
        try expect(",")
        let column = try selector()
        try expect("]")
        let period = take("@") ? try cellPeriod() : nil
        return CellSyntax(form: form, row: row, column: column, period: period, offset: start)
    }

    private mutating func selector() throws(LanguageError) -> Selector {
        let first = try oneSelector()
        guard take("..") else { return first }
        return .range(first, try oneSelector())
    }

    private mutating func oneSelector() throws(LanguageError) -> Selector {
        let token = current
        switch token.kind {
        case .symbol("*"):
            position += 1
            return .all
        case .word(let word):
            position += 1
            switch Keyword(word) {
            case .row: return .bound(.row)
            case .column: return .bound(.column)
            default: return .name(word)
            }
        case .quotedName(let text), .string(let text), .number(let text):
            position += 1
            return .name(text)
        default: throw unexpected(expected: "a code, a title or *", "代码、名称或 *")
        }
    }

    private mutating func cellPeriod() throws(LanguageError) -> CellPeriod {
        if take(.period) { return .current }
        if take(.previous) { return .previous }
        if take(.samePeriodLastYear) { return .samePeriodLastYear }
        switch current.kind {
        case .string(let label), .word(let label), .quotedName(let label):
            position += 1
            return .label(label)
        case .number(let year):
            position += 1
            if case .symbol("-") = current.kind, case .number(let month) = following.kind {
                position += 2
                return .label("\(year)-\(month)")
            }
            return .label(year)
        default: throw unexpected(expected: "a period", "一个周期")
        }
    }
}

/// `predicate <= 0.5%` as written.
public struct ShareSyntax: Sendable, Hashable {
    public var predicate: Syntax
    public var comparison: Comparison
    /// Digits as written.
    public var limit: String
    public var isPercent: Bool
}
