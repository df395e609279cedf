import RuleLanguage
import Schema

/// 案号: its parts. One pattern says whether the text is a case number; the parts are then cut by position, which costs a
/// small part of what groups of a pattern do.
extension RowTerms {
    private static let provinces = "京津冀晋内辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川黔云藏陕甘青宁新兵军"
    /// Ideographs; in marks without 号, which ends the number.
    private static let letters = "\\u3400-\\u9fff"
    private static let markLetters = "\\u3400-\\u53f6\\u53f8-\\u9fff"
    /// One letter or more of a mark, but 字第 alone, which is none. Written out, since looking ahead is dear.
    private static let mark =
        "(?:[\(markLetters)]|[\\u3400-\\u53f6\\u53f8-\\u5b56\\u5b58-\\u9fff][\(markLetters)]+"
        + "|字[\\u3400-\\u53f6\\u53f8-\\u7b2b\\u7b2d-\\u9fff][\(markLetters)]*|字第[\(markLetters)]+)"
    private static let digits = "0123456789"

    func caseNumber(_ field: CaseNumberField, _ operand: SQLTerm) -> SQLTerm {
        let text = bound(operand)
        let shape =
            "^[(（][0-9]{4}[)）](?:最高法|[\(Self.provinces)][0-9]{0,4})"
            + "\(Self.mark)[0-9]{1,18}号[\(Self.letters)0-9\\-]*$"
        // What follows the year's bracket: court, type, number, 号, suffix.
        let (rest, level) = bind(
            .when(
                .infix("~", [text.value, .text(shape)]), .call("substr", [text.value, .number("7")])),
            level: text.level)
        func term(_ value: SQLExpression, _ level: Int, _ type: SQLType = .text) -> SQLTerm {
            SQLTerm(value: value, error: text.error, type: type, level: level)
        }
        switch field {
        case .year:
            let year = SQLExpression.cast(
                .call("substr", [text.value, .number("2"), .number("4")]), .integer)
            return term(.when(.isNotNull(rest), year), level, .integer)
        case .suffix:
            let start = SQLExpression.infix(
                "+", [.call("strpos", [rest, .text("号")]), .number("1")])
            return term(.call("substr", [rest, start]), level)
        case .court:
            let digits = SQLExpression.infix(
                "-",
                [
                    .call("length", [rest]),
                    .call("length", [.call("ltrim", [.call("substr", [rest, .number("2")]), .text(Self.digits)])]),
                ])
            return term(
                .cases(
                    [.init(.call("starts_with", [rest, .text("最高法")]), .text("最高法"))],
                    otherwise: .call("left", [rest, digits])), level)
        case .number, .type, .special, .style: break
        }
        // Type and number: after the court's mark and its digits, before 号.
        let head = SQLExpression.call("split_part", [rest, .text("号"), .number("1")])
        let afterCourt = SQLExpression.cases(
            [.init(.call("starts_with", [rest, .text("最高法")]), .call("substr", [head, .number("4")]))],
            otherwise: .call("ltrim", [.call("substr", [head, .number("2")]), .text(Self.digits)]))
        if field == .number {
            let number = SQLExpression.call(
                "right",
                [
                    head,
                    .infix(
                        "-",
                        [
                            .call("length", [head]),
                            .call("length", [.call("rtrim", [head, .text(Self.digits)])]),
                        ]),
                ])
            return term(.when(.isNotNull(rest), .cast(number, .bigint)), level, .bigint)
        }
        let (mark, markLevel) = bind(.call("rtrim", [afterCourt, .text(Self.digits)]), level: level)
        let isOld = SQLExpression.infix("=", [.call("right", [mark, .number("2")]), .text("字第")])
        if field == .style {
            return term(
                .cases(
                    [.init(isOld, .text("old")), .init(.isNotNull(mark), .text("2016"))], otherwise: nil), markLevel)
        }
        let type = SQLExpression.cases(
            [.init(isOld, .call("left", [mark, .number("-2")]))], otherwise: mark)
        let marks = caseNumberMarks
        guard !marks.isEmpty else {
            return field == .type
                ? term(type, markLevel) : term(.when(.isNotNull(mark), .text("")), markLevel)
        }
        let (name, typeLevel) = bind(type, level: markLevel)
        let shorter = SQLExpression.call("substr", [name, .number("2")])
        let isSpecial = SQLExpression.and([
            .isAny(shorter, .textArray(marks)), .not(.isAny(name, .textArray(marks))),
        ])
        if field == .type { return term(.cases([.init(isSpecial, shorter)], otherwise: name), typeLevel) }
        return term(
            .cases(
                [
                    .init(isSpecial, .call("left", [name, .number("1")])), .init(.isNotNull(name), .text("")),
                ], otherwise: nil), typeLevel)
    }

    /// The marks that the definitions list, for telling a special letter from a type.
    private var caseNumberMarks: [String] {
        guard let types = schema.caseNumberTypes, let list = schema.codelist(types.codelist),
            let attribute = list.attributeIndex(types.attribute)
        else { return [] }
        return Set(list.entries.compactMap { $0.values[attribute] }).sorted(by: Self.precedes)
    }
}
