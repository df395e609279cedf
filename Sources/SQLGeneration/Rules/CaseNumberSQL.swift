import RuleLanguage
import Schema

/// 案号: its parts, cut by position. A pattern over the whole text would cost more than all cuts together, so only the
/// letters of the type are matched against one.
extension RowTerms {
    private static let provinces = "京津冀晋内辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川黔云藏陕甘青宁新兵军"
    private static let supreme = SQLExpression.text("最高法")
    /// Ideographs.
    private static let letters = "\\u3400-\\u9fff"
    private static let digits = SQLExpression.text("0123456789")

    func caseNumber(_ field: CaseNumberField, _ operand: SQLTerm) -> SQLTerm {
        let text = bound(operand)
        func cut(_ from: SQLExpression, _ start: Int, _ length: Int? = nil) -> SQLExpression {
            .call("substr", [from, .number("\(start)")] + (length.map { [.number("\($0)")] } ?? []))
        }
        func length(_ of: SQLExpression) -> SQLExpression { .call("length", [of]) }
        // Court, type and number: between the year's bracket and 号. Then without the number, then without the court.
        let whole = SQLExpression.call("split_part", [cut(text.value, 7), .text("号"), .number("1")])
        let (head, _) = bind(whole, level: text.level)
        let (stem, level) = bind(.call("rtrim", [whole, Self.digits]), level: text.level)
        let isSupreme = SQLExpression.call("starts_with", [stem, Self.supreme])
        let (letters, typeLevel) = bind(
            .cases(
                [.init(isSupreme, cut(stem, 4))], otherwise: .call("ltrim", [cut(stem, 2), Self.digits])), level: level)
        let rest = SQLExpression.call(
            "substr", [text.value, .infix("+", [length(head), .number("7")])])
        let year = SQLExpression.call(
            "translate", [.call("left", [text.value, .number("6")]), .text("0123456789（）"), .text("9999999999()")])
        let courtLength = SQLExpression.infix("-", [length(stem), length(letters)])
        let isNumber = SQLExpression.and([
            .infix("=", [year, .text("(9999)")]),
            .or([
                isSupreme,
                .and([
                    .infix(">", [.call("strpos", [.text(Self.provinces), cut(stem, 1, 1)]), .number("0")]),
                    .infix("<=", [courtLength, .number("5")]),
                ]),
            ]),
            .infix("~", [letters, .text("^[\(Self.letters)]+$")]),
            // That alone is no type.
            .infix("<>", [letters, .text("字第")]),
            .between(.infix("-", [length(head), length(stem)]), .number("1"), .number("18")),
            .or([
                .infix("=", [rest, .text("号")]), .infix("~", [rest, .text("^号[\(Self.letters)0-9\\-]*$")]),
            ]),
        ])
        let (mark, markLevel) = bind(.when(isNumber, letters), level: typeLevel)
        func term(_ value: SQLExpression, _ type: SQLType = .text) -> SQLTerm {
            SQLTerm(value: .when(.isNotNull(mark), value), error: text.error, type: type, level: markLevel)
        }
        let isOld = SQLExpression.infix("=", [.call("right", [mark, .number("2")]), .text("字第")])
        switch field {
        case .year: return term(.cast(cut(text.value, 2, 4), .integer), .integer)
        case .court: return term(.call("left", [stem, courtLength]))
        case .number:
            let number = SQLExpression.call("substr", [head, .infix("+", [length(stem), .number("1")])])
            return term(.cast(number, .bigint), .bigint)
        case .suffix: return term(cut(rest, 2))
        case .style: return term(.cases([.init(isOld, .text("old"))], otherwise: .text("2016")))
        case .type, .special: break
        }
        let type = SQLExpression.cases(
            [.init(isOld, .call("left", [mark, .number("-2")]))], otherwise: mark)
        let marks = caseNumberMarks
        guard !marks.isEmpty else { return term(field == .type ? type : .text("")) }
        let (name, nameLevel) = bind(type, level: markLevel)
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
        return Set(list.entries.compactMap { $0.values[attribute] }).sorted(by: Self.precedes)
    }
}
