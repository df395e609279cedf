import RuleLanguage
import Schema

/// 案号: its parts, cut by position. A pattern over the whole text would cost more than all cuts together, so only the
/// letters of the type are matched against one.
extension RowTerms {
    private static let provinces = "京津冀晋内辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川黔云藏陕甘青宁新兵军".unicodeScalars.map { String($0) }
    /// Ideographs.
    private static let letters = "\\u3400-\\u9fff"
    private static let digits = SQLExpression.text("0123456789")

    func caseNumber(_ field: CaseNumberField, _ operand: SQLTerm) -> SQLTerm {
        let text = bound(operand)
        func cut(_ from: SQLExpression, _ start: Int, _ length: Int? = nil) -> SQLExpression {
            .call("substr", [from, .number("\(start)")] + (length.map { [.number("\($0)")] } ?? []))
        }
        func length(_ of: SQLExpression) -> SQLExpression { .call("length", [of]) }
        // Where texts differ by digits alone, bytes are characters, and counted sooner.
        func bytes(_ of: SQLExpression, without: SQLExpression) -> SQLExpression {
            .infix("-", [.call("octet_length", [of]), .call("octet_length", [without])])
        }
        func trimmed(_ from: SQLExpression) -> SQLExpression { .call("ltrim", [from, Self.digits]) }
        func isLike(_ value: SQLExpression, _ form: String) -> SQLExpression { .infix("LIKE", [value, .text(form)]) }
        // Court, type and number: between the year's bracket and 号. Then without the number, then without the court,
        // of which 最高法 leaves its last two letters.
        let (head, headLevel) = bind(
            .call("split_part", [cut(text.value, 7), .text("号"), .number("1")]), level: text.level)
        let withoutNumber = SQLExpression.call("rtrim", [head, Self.digits])
        let (stem, stemLevel) = bind(withoutNumber, level: headLevel)
        // Trimmed once more rather than named one level further out, through which all columns would pass.
        let (letters, lettersLevel) = bind(trimmed(cut(withoutNumber, 2)), level: headLevel)
        let level = max(stemLevel, lettersLevel)
        let rest = SQLExpression.call(
            "substr", [text.value, .infix("+", [length(head), .number("7")])])
        let isNumber = SQLExpression.and([
            .or(["（____）%", "(____)%", "（____)%", "(____）%"].map { isLike(text.value, $0) }),
            .infix("=", [trimmed(cut(text.value, 2, 4)), .text("")]),
            .infix("<>", [letters, .text("")]), .infix("!~", [letters, .text("[^\(Self.letters)]")]),
            .infix("<>", [head, stem]), .infix("<=", [bytes(head, without: stem), .number("18")]),
            .or([
                .infix("=", [rest, .text("号")]), .infix("~", [rest, .text("^号[\(Self.letters)0-9\\-]*$")]),
            ]),
        ])
        let isOfProvince = SQLExpression.and([
            .isAny(cut(stem, 1, 1), .textArray(Self.provinces)),
            // The province's letter has three bytes.
            .infix("<=", [bytes(stem, without: letters), .number("7")]),
        ])
        let isOfSupremeCourt = SQLExpression.and([
            isLike(stem, "最高法%"), .infix("<>", [letters, .text("高法")]),
        ])
        let type = SQLExpression.cases(
            [.init(isOfProvince, letters), .init(isOfSupremeCourt, cut(letters, 3))], otherwise: nil)
        // 字第 alone is no type.
        let (mark, markLevel) = bind(
            .when(isNumber, .call("nullif", [type, .text("字第")])), level: level)
        func term(_ value: SQLExpression, _ type: SQLType = .text) -> SQLTerm {
            SQLTerm(value: .when(.isNotNull(mark), value), error: text.error, type: type, level: markLevel)
        }
        let isOld = isLike(mark, "%字第")
        switch field {
        case .year:
            let digits = cut(text.value, 2, 4)
            let year = SQLExpression.cast(digits, .integer)
            if case .column = text.value { return term(year, .integer) }
            // The cast of a literal is done when the statement is planned, whatever `mark` will be.
            let isYear = SQLExpression.and([
                .infix("<>", [digits, .text("")]), .infix("=", [trimmed(digits), .text("")]),
            ])
            return term(.when(isYear, year), .integer)
        case .court: return term(.call("left", [stem, .infix("-", [.number("0"), length(mark)])]))
        case .number:
            let digits = SQLExpression.call("substr", [head, .infix("+", [length(stem), .number("1")])])
            return term(.cast(digits, .bigint), .bigint)
        case .suffix: return term(cut(rest, 2))
        case .style: return term(.cases([.init(isOld, .text("old"))], otherwise: .text("2016")))
        case .type, .special: break
        }
        let plainType = SQLExpression.cases(
            [.init(isOld, .call("left", [mark, .number("-2")]))], otherwise: mark)
        let marks = caseNumberMarks
        guard !marks.isEmpty else { return term(field == .type ? plainType : .text("")) }
        let (name, nameLevel) = bind(plainType, level: markLevel)
        let shorter = cut(name, 2)
        let isSpecial = SQLExpression.and([
            .isAny(shorter, .textArray(marks)), .not(.isAny(name, .textArray(marks))),
        ])
        let value =
            field == .type
            ? SQLExpression.cases([.init(isSpecial, shorter)], otherwise: name)
            : .cases([.init(isSpecial, cut(name, 1, 1))], otherwise: .text(""))
        return SQLTerm(
            value: .when(.isNotNull(name), value), error: text.error, type: .text, level: nameLevel)
    }

    /// The marks that the definitions list, for telling a special letter from a type.
    private var caseNumberMarks: [String] {
        guard let types = schema.caseNumberTypes, let list = schema.codelist(types.codelist),
            let attribute = list.attributeIndex(types.attribute)
        else { return [] }
        // An entry without letters marks nothing: else one special letter alone would be a type of no letters.
        return Self.distinct(list.entries.compactMap { $0.values[attribute] }.filter { !$0.isEmpty })
    }
}
