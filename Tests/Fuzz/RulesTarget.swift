import Definitions
import Diagnostics
import RuleLanguage
import Schema

/// Parser, type checker and canonical printer: what parses prints as a text that parses to the same, and has the same
/// type.
struct RulesTarget: FuzzTarget {
    private let schema: StandardSchema

    init() throws {
        let folder = try ScratchFolder()
        try folder.write("schema.yaml", Array(Self.definitions.utf8))
        try folder.write("codes.csv", Array("code,name,parent\na,甲,\nb,乙,a\n".utf8))
        schema = try DefinitionLoader.load(directories: [folder.path]).validated().schema
    }

    func run(_ input: [UInt8]) -> String {
        let source = ExpressionText(String(decoding: input, as: UTF8.self))
        var kind = ""
        do throws(LanguageError) {
            let syntax = try Parser.parse(source)
            let printed = ExpressionText(Printer.text(of: syntax))
            do throws(LanguageError) {
                let again = try Parser.parse(printed)
                precondition(Printer.text(of: again) == printed.text, "the printed text prints otherwise")
            } catch {
                preconditionFailure("the printed text does not parse")
            }
            kind = Self.checked(source, schema)
            precondition(Self.checked(printed, schema) == kind, "the printed text is typed otherwise")
            kind += " " + Self.shape(of: printed.text)
        } catch {
            kind = Self.complaint(error)
        }
        for parse in [{ _ = try Parser.parseShare(source) }, { _ = try Parser.parseCell(source) }]
            as [() throws -> Void]
        {
            do { try parse() } catch { kind += error is LanguageError ? "-" : "?" }
        }
        return kind
    }

    /// The type, or what is wrong.
    private static func checked(_ text: ExpressionText, _ schema: StandardSchema) -> String {
        guard let table = schema.table("t") else { preconditionFailure("the schema of this page has a table t") }
        do throws(LanguageError) {
            let typed = try TypeChecker(schema: schema, table: table).check(text)
            return "\(typed.type)"
        } catch {
            return complaint(error)
        }
    }

    /// The marks of the canonical text, without words and numbers.
    private static func shape(of printed: String) -> String {
        String(printed.filter { !$0.isLetter && !$0.isNumber && $0 != " " }.prefix(24))
    }

    /// The code, and the message without what it quotes.
    private static func complaint(_ error: LanguageError) -> String {
        let words = error.diagnostic.message.en.split(separator: "'", omittingEmptySubsequences: false)
        return error.diagnostic.code + words.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element).joined()
    }

    private static let definitions = """
        table: t
        title: 表
        key: [id]
        columns:
          - {name: id, title: 标识, type: int}
          - {name: s, title: 文字, type: text}
          - {name: n, title: 数, type: "dec(18,2)"}
          - {name: d, title: 日期, type: date}
          - {name: w, title: 时间, type: timestamp}
          - {name: b, title: 真假, type: bool}
          - {name: c, title: 代码, type: code(l)}
        relations:
          - {name: us, title: 子行, table: u, on: {id: tid}, many: true}
        ---
        table: u
        title: 子表
        key: [id]
        columns:
          - {name: id, type: int}
          - {name: tid, type: int}
          - {name: v, title: 值, type: int}
        relations:
          - {name: t1, title: 主行, table: t, on: {tid: id}}
        ---
        codelist: l
        title: 码表甲
        file: codes.csv
        key: code
        parent: parent
        attributes: {name: 名称}
        """

    let dictionary = [
        "and", "or", "not", "when", "where", "in", "codelist", "by", "under", "between", "is", "null", "present",
        "matches", "if", "then", "else", "end", "count", "sum", "min", "max", "exists", "row", "column", "this",
        "period",
        "previous", "period-begin", "period-end", "same-period-last-year", "true", "false", "且", "或", "非", "属于", "码表",
        "按", "之下", "介于", "和", "为空", "不为空", "有值", "缺值", "匹配", "如果", "那么", "否则", "结束", "计数", "合计", "最小", "最大",
        "存在", "行", "列", "本行", "本期", "上期", "期初", "期末", "真", "假", "空", " 当 ", "2016-01-01", "0001-01-01", "9999-12-31",
        "2023-02-29", "9223372036854775807", "99999999999999999999999999999999999999", "0.5", "''", "'…'", "‘", "’",
        "`",
        "（", "）", "，", "＝", "≠", "≥", "≤", "<>", "!=", ">=", "-", "*", "&", "+", ".", "..", "@", "[", "]", "id", "标识",
        "文字",
        "us", "us.v", "子行", "c.x", "l", "len(", "left(", "mid(", "date(", "dec(", "round(", "div(", "mod(", "caseno(",
        "coalesce(", "addmonths(", "workdays(", "strip(", "'[a-z]{1,255}'", "'(a|b)*'", "'[^一-龥]+'", "'cjk'",
        "((((((((", "))))))))",
        "not not not not ", "- - - - ", " + 1", " <= 0.5%",
    ]
}
