import Definitions
import Diagnostics
import Foundation
import RuleLanguage
import Schema
import Testing

/// One thing wrong with the sample definitions, and the one diagnostic that says so.
struct Problem: CustomTestStringConvertible, Sendable {
    var name: String
    var files: [String: String]
    /// `path:line:column severity[code]` below the directory; a text in back-quotes is the column where it last begins.
    var expected: String
    var en: String
    var zh: String
    /// Parts of the hint, nil when there is none.
    var hint: (en: String, zh: String)?

    var testDescription: String { name }

    init(
        _ name: String, _ files: [String: String], _ expected: String, _ en: String, _ zh: String,
        hint: (en: String, zh: String)? = nil
    ) {
        self.name = name
        self.files = files
        self.expected = expected
        self.en = en
        self.zh = zh
        self.hint = hint
    }

    /// What is expected, with the column counted.
    func place(in folder: DefinitionFolder) throws -> String {
        let parts = expected.split(separator: "`")
        guard parts.count == 3 else { return expected }
        let words = parts[0].split(separator: ":")
        let text = try String(contentsOfFile: "\(folder.path)/\(words[0])", encoding: .utf8)
        let line = text.split(separator: "\n", omittingEmptySubsequences: false)[(Int(words[1]) ?? 1) - 1]
        let range = try #require(line.range(of: String(parts[1]), options: .backwards))
        return "\(parts[0])\(line.unicodeScalars.distance(from: line.startIndex, to: range.lowerBound) + 1)\(parts[2])"
    }

    static func rules(
        _ name: String, _ text: String, _ expected: String, _ en: String, _ zh: String,
        hint: (en: String, zh: String)? = nil
    ) -> Problem {
        Problem(name, ["r.yaml": text], "r.yaml:\(expected)", en, zh, hint: hint)
    }

    /// The sample's tables with one text replaced.
    static func table(
        _ name: String, _ old: String, _ new: String, _ expected: String, _ en: String, _ zh: String,
        hint: (en: String, zh: String)? = nil
    ) -> Problem {
        Problem(
            name, ["tables/a.yaml": Sample.tables.replacingOccurrences(of: old, with: new)],
            "tables/a.yaml:\(expected)", en, zh, hint: hint)
    }

    static func codes(
        _ name: String, _ old: String, _ new: String, _ expected: String, _ en: String, _ zh: String,
        hint: (en: String, zh: String)? = nil
    ) -> Problem {
        Problem(
            name, ["codes/codes.yaml": Sample.codes.replacingOccurrences(of: old, with: new)],
            "codes/codes.yaml:\(expected)", en, zh, hint: hint)
    }

    static func form(
        _ name: String, _ old: String, _ new: String, _ expected: String, _ en: String, _ zh: String,
        hint: (en: String, zh: String)? = nil
    ) -> Problem {
        Problem(
            name, ["forms/F01.yaml": Sample.form.replacingOccurrences(of: old, with: new)],
            "forms/F01.yaml:\(expected)", en, zh, hint: hint)
    }

    static let yaml: [Problem] = [
        .rules(
            "a value with a colon that is not quoted", "- {id: A, on: 案件, check: a}\n- id: B\n  title: a: b\n",
            "3:11 error[yaml-syntax]", "not valid YAML", "不是有效的 YAML：此处不能出现“键: 值”",
            hint: ("quote a text", "请加引号")),
        .rules(
            "a key twice", "- id: A\n  on: 案件\n  check: 真\n  check: 假\n", "4:3 error[duplicate-key]",
            "the key 'check' occurs twice", "键“check”重复出现", hint: ("first at line 3, column 3", "首次出现在第 3 行第 3 列")),
        .rules(
            "a key twice, once quoted", "- {id: A, on: 案件, check: 真, \"id\": B}\n", "1:`\"id\"` error[duplicate-key]",
            "the key 'id' occurs twice", "键“id”重复出现", hint: ("line 1, column 4", "第 1 行第 4 列")),
        .rules(
            "a document that does not say what it is", "tabel: x\ncolumns: []\n", "1:1 error[unknown-kind]",
            "does not say what it defines", "没有说明它定义的是什么", hint: ("did you mean 'table'?", "是否应为“table”？")),
        .rules(
            "a document that is a text", "hello\n", "1:1 error[wrong-shape]",
            "expected a mapping or a list of rules, found a text", "应为映射或规则列表，实为文本"),
        .rules(
            "a name that is no text", "form: {a: b}\n", "1:7 error[wrong-shape]", "the name of a form", "报表的名称"),
        .rules(
            "a tab for indentation", "- id: A\n\ton: 案件\n", "2:1 error[yaml-syntax]", "not valid YAML", "不是有效的 YAML"),
        .rules(
            "a problem in the second document, counted in the file", "- {id: A, on: 案件, check: 真}\n---\n- [\n",
            "3:1 error[yaml-syntax]", "not valid YAML", "不是有效的 YAML"),
    ]

    static let tables: [Problem] = [
        .table(
            "an unknown type", "type: date,", "type: dat,", "9:`dat` error[unknown-type]", "unknown type 'dat'",
            "未知的类型“dat”",
            hint: ("did you mean 'date'?", "是否应为“date”？")),
        .table(
            "too many digits", "dec(18,2)", "dec(39,2)", "10:`dec(39,2)` error[unknown-type]", "dec(39,2)", "dec(39,2)",
            hint: ("1 ≤ p ≤ 38", "1 ≤ p ≤ 38")),
        .table(
            "an unknown code list", "code(court)", "code(curt)", "7:`code(curt)` error[unknown-codelist]",
            "there is no code list 'curt'", "没有名为“curt”的码表", hint: ("did you mean 'court'?", "是否应为“court”？")),
        .table(
            "a key that is no column", "key: [案件标识]", "key: [案件标志]", "3:7 error[unknown-column]",
            "table 'anjian' has no column '案件标志'", "没有名为“案件标志”的列", hint: ("did you mean '案件标识'?", "是否应为“案件标识”？")),
        .table(
            "an unknown key of a column", "required: true", "requird: true", "6:`requird` error[unknown-key]",
            "has no key 'requird'", "没有键“requird”", hint: ("did you mean 'required'?", "是否应为“required”？")),
        .table(
            "a column twice", "name: sf, title", "name: gxsj, title", "26:5 error[duplicate-name]",
            "column 'gxsj' is defined twice", "列“gxsj”重复定义", hint: ("a.yaml:25:5", "a.yaml:25:5")),
        .table(
            "a relation to no table", "table: 当事人, on", "table: 当事, on", "12:`当事, on` error[unknown-table]",
            "there is no table '当事'", "没有名为“当事”的表", hint: ("did you mean '当事人'?", "是否应为“当事人”？")),
        .table(
            "a relation between different types", "on: {ajbs: ajbs}}", "on: {xh: ajbs}}",
            "28:`xh: ajbs` error[incomparable]",
            "different types", "类型不同"),
        .table(
            "a court by a relation that there is not", "court: 案件.法院", "court: 案子.法院", "18:8 error[unknown-relation]",
            "there is no relation '案子'", "没有名为“案子”的关联", hint: ("'案件'", "案件")),
        .table(
            "a word that is none of the few", "personal: name", "personal: nmae", "22:`nmae` error[bad-value]",
            "expected one of name, id, phone, address, text", "应为以下之一：name、id、phone、address、text",
            hint: ("did you mean 'name'?", "是否应为“name”？")),
        .table(
            "a day that is none", "since: 2016-01-01", "since: 2016-02-30", "22:`2016-02-30` error[bad-value]",
            "expected a day of the calendar", "应为YYYY-MM-DD 形式的有效日期"),
        .table(
            "neither true nor false", "required: true", "required: maybe", "6:`maybe` error[bad-value]",
            "expected true or false", "应为true 或 false"),
        .table(
            "a missing key", "{name: xh, title: 序号, type: int}", "{name: xh, title: 序号}", "21:5 error[missing-key]",
            "column 'xh' of table 'dangshiren' needs the key 'type'", "表“dangshiren”的列“xh”缺少键“type”"),
        .table(
            "a type by a column that there is not", "code(by 案件类型:", "code(by 案件类别:",
            "24:`code(by` error[unknown-column]",
            "'案件类别'", "案件类别", hint: ("did you mean '案件类型'?", "是否应为“案件类型”？")),
        Problem(
            "the same table twice in one directory",
            ["tables/b.yaml": "table: anjian\ncolumns: [{name: x, type: int}]\n"],
            "tables/b.yaml:1:8 error[duplicate-name]",
            "table 'anjian' is defined twice", "表“anjian”重复定义", hint: ("a.yaml:1:1", "a.yaml:1:1")),
    ]

    static let codes: [Problem] = [
        .codes(
            "a file that is not there", "codes/courts.csv", "codes/court.csv", "3:7 error[file-not-found]",
            "there is no file 'codes/court.csv'", "文件“codes/court.csv”不存在",
            hint: ("beside the YAML file", "YAML 文件所在目录")),
        .codes(
            "a file outside the directory", "codes/courts.csv", "../../etc/passwd", "3:7 error[file-outside]",
            "lies outside the definition directory", "位于定义目录之外", hint: ("below", "之下")),
        .codes(
            "an absolute file", "codes/courts.csv", "/etc/passwd", "3:7 error[file-outside]",
            "lies outside the definition directory", "位于定义目录之外", hint: ("below", "之下")),
        .codes(
            "a column that the file has not", "key: dm\nparent: sj\nattributes: {mc",
            "key: dmm\nparent: sj\nattributes: {mc",
            "4:6 error[unknown-csv-column]", "courts.csv has no column 'dmm'", "没有名为“dmm”的列",
            hint: ("did you mean 'dm'?", "是否应为“dm”？")),
        .codes(
            "an attribute that the file has not", "attributes: {mc: 名称, dm: 代字}", "attributes: {mx: 名称, dm: 代字}",
            "6:14 error[unknown-csv-column]", "'mx'", "mx", hint: ("did you mean", "是否应为")),
        .codes(
            "a hierarchy of no list", "codelist: court\nparent: sj\n---", "codelist: cuort\nparent: sj\n---",
            "10:11 error[unknown-codelist]", "there is no code list 'cuort'", "没有名为“cuort”的码表",
            hint: ("did you mean 'court'?", "是否应为“court”？")),
        .codes(
            "case number types of no attribute", "ajlx.代字", "ajlx.代号", "21:17 error[unknown-attribute]", "'代号'", "代号",
            hint: ("did you mean '代字'?", "是否应为“代字”？")),
        Problem(
            "a code twice", ["codes/courts.csv": "dm,mc,sj\n豫17,a,\n豫17,b,\n"],
            "codes/courts.csv:3:1 error[duplicate-code]",
            "code '豫17' occurs twice", "代码“豫17”重复出现", hint: ("first in line 2", "首次出现在第 2 行")),
        Problem(
            "versions of a code that overlap",
            ["codes/dmb.csv": "bm,dm,mc,dz,since,until\najlx,0301,a,b,,2016-01-01\najlx,0301,a,b,2016-01-01,\n"],
            "codes/dmb.csv:3:1 error[duplicate-code]", "valid twice on the same day", "有效期重叠",
            hint: ("first in line 2", "首次出现在第 2 行")),
        Problem(
            "a version that ends before it begins",
            ["codes/dmb.csv": "bm,dm,mc,dz,since,until\najlx,0301,a,b,2016-01-02,2016-01-01\n"],
            "codes/dmb.csv:2:1 error[bad-validity]", "ends before it begins", "失效日早于生效日"),
        Problem(
            "a circle of parents", ["codes/courts.csv": "dm,mc,sj\n甲,a,乙\n乙,b,甲\n"],
            "codes/courts.csv:2:1 error[cycle]",
            "甲 → 乙 → 甲", "甲 → 乙 → 甲"),
        Problem(
            "a parent that is no code", ["codes/courts.csv": "dm,mc,sj\n豫17,a,\n豫1702,b,豫18\n"],
            "codes/courts.csv:3:1 warning[unknown-parent]", "taken as a root", "按根处理",
            hint: ("did you mean '豫17'?", "是否应为“豫17”？")),
        Problem(
            "a quote in the middle of a field", ["codes/courts.csv": "dm,mc,sj\n豫,a\"b,\n"],
            "codes/courts.csv:2:4 error[csv-syntax]", "a quote inside a field", "出现引号"),
        Problem(
            "a quote that never closes", ["codes/courts.csv": "dm,mc,sj\n豫,\"ab,\n"],
            "codes/courts.csv:2:3 error[csv-syntax]", "never closed", "引号没有结束"),
        Problem(
            "a row with too few fields", ["codes/courts.csv": "dm,mc,sj\n豫,a\n"],
            "codes/courts.csv:2:1 error[csv-syntax]",
            "2 fields, the header has 3", "有 2 个字段，表头有 3 个"),
        Problem(
            "a row without a code", ["codes/courts.csv": "dm,mc,sj\n,a,\n豫,b,\n"],
            "codes/courts.csv:2:1 error[missing-code]",
            "no code", "没有代码"),
    ]

    static let forms: [Problem] = [
        .form(
            "a form of no table", "of: 案件", "of: 案子", "3:5 error[unknown-table]", "there is no table '案子'",
            "没有名为“案子”的表",
            hint: ("'案件'", "案件")),
        .form(
            "an unknown kind of period", "month-20]", "months]", "5:17 error[bad-value]", "month-20", "month-20",
            hint: ("did you mean 'month'?", "是否应为“month”？")),
        .form(
            "a sum of no column", "sum: 标的额", "sum: 标的", "8:41 error[unknown-column]", "'标的'", "标的",
            hint: ("did you mean '标的额'?", "是否应为“标的额”？")),
        .form(
            "a sum of dates", "sum: 标的额", "sum: 立案日期", "8:41 error[bad-value]", "expected a column of numbers", "应为数值列"),
        .form(
            "a ratio without a divisor", "{of: 新收, to: 新收 + 新收}", "{of: 新收}", "9:`{of: 新收}` error[missing-key]",
            "needs the key 'to'",
            "缺少键“to”"),
        .form(
            "a row below no row", "{code: '9', title: 其他, parent: '1'}", "{code: '9', title: 其他, parent: '7'}",
            "13:5 error[unknown-row]", "form 'F01' has no row '7'", "没有名为“7”的行", hint: ("1", "1")),
        .form(
            "a row twice", "{code: '9', title: 其他", "{code: '1', title: 其他", "13:5 error[duplicate-name]",
            "row '1' is defined twice", "行“1”重复定义", hint: ("F01.yaml:11:5", "F01.yaml:11:5")),
        .form(
            "one row for each code of no column", "each: 案件类型", "each: 案件类", "12:12 error[unknown-column]", "'案件类'",
            "案件类",
            hint: ("did you mean '案件类型'?", "是否应为“案件类型”？")),
        .form(
            "one row for each code of a level that there is not", "level: 1", "level: 4", "12:5 error[empty-rows]",
            "makes no row", "没有产生任何行", hint: ("no code at that level", "该层级没有代码")),
        Problem(
            "a range that is none", ["forms/F2.yaml": "{form: F2, rows: 30..1, columns: 1..2}"],
            "forms/F2.yaml:1:18 error[bad-value]", "a range such as 1..30", "1..30 形式的范围"),
    ]

    static let rules: [Problem] = [
        .rules(
            "a rule without a body", "- {id: A, on: 案件}\n", "1:3 error[missing-key]",
            "rule 'A' needs one of the keys check, unique, depends, share, rollup", "规则“A”缺少以下键之一：check",
            hint: ("an overlay", "覆盖")),
        .rules(
            "a rule with two bodies", "- {id: A, on: 案件, check: 真, unique: ajbs}\n",
            "1:`unique` error[conflicting-keys]",
            "has check and unique", "同时有check和unique"),
        .rules(
            "a rule on nothing", "- {id: A, check: 真}\n", "1:3 error[missing-key]", "needs 'on' (a table) or 'form'",
            "缺少“on”（表）或“form”（报表）"),
        .rules(
            "a rule on no table", "- {id: A, on: 案建, check: 真}\n", "1:15 error[unknown-table]",
            "there is no table '案建'",
            "没有名为“案建”的表", hint: ("did you mean '案件'?", "是否应为“案件”？")),
        .rules(
            "a rule on no form", "- {id: A, form: F10, check: 真}\n", "1:17 error[unknown-form]",
            "there is no form 'F10'",
            "没有名为“F10”的报表", hint: ("F01", "F01")),
        .rules(
            "a rule twice", "- {id: A, on: 案件, check: 真}\n- {id: A, on: 案件, check: 假}\n", "2:8 error[duplicate-name]",
            "rule 'A' is defined twice", "规则“A”重复定义", hint: ("r.yaml:1:3", "r.yaml:1:3")),
        .rules(
            "uniqueness of no column", "- {id: A, on: 案件, unique: [法园]}\n", "1:`法园` error[unknown-column]", "'法园'",
            "法园",
            hint: ("did you mean '法院'?", "是否应为“法院”？")),
        .rules(
            "a misspelt severity", "- {id: A, on: 案件, check: 真, severity: eror}\n", "1:`eror` error[bad-value]",
            "expected one of error, warning, notice", "应为以下之一：error、warning、notice",
            hint: ("did you mean 'error'?", "是否应为“error”？")),
        .rules(
            "a misspelt key", "- {id: A, on: 案件, chekc: 真}\n", "1:`chekc` error[unknown-key]", "has no key 'chekc'",
            "没有键“chekc”",
            hint: ("did you mean 'check'?", "是否应为“check”？")),
        .rules(
            "a time in force that is none", "- {id: A, on: 案件, check: 真, effective: 2016-01-01}\n",
            "1:`2016-01-01` error[bad-value]",
            "from..until", "起..止"),
        .rules(
            "a time in force that ends before it begins",
            "- {id: A, on: 案件, check: 真, effective: 2016-01-01..2015-01-01}\n", "1:`2016-01-01..` error[bad-value]",
            "from..until", "起..止"),
        .rules(
            "a roll-up along nothing", "- {id: A, form: F01, rollup: '[*, *]', along: 法原}\n",
            "1:47 error[unknown-hierarchy]", "there is no hierarchy '法原'", "没有名为“法原”的上下级",
            hint: ("did you mean '法院'?", "是否应为“法院”？")),
        .rules(
            "a roll-up on a table", "- {id: A, on: 案件, rollup: '[*, *]', along: 法院}\n",
            "1:`rollup` error[conflicting-keys]",
            "'rollup' is for rules on a form", "“rollup”只能用于报表的规则"),
        .rules(
            "a tolerance on a table", "- {id: A, on: 案件, check: 真, tolerance: 1}\n",
            "1:`tolerance` error[conflicting-keys]",
            "for rules on a form", "只能用于报表的规则"),
        .rules(
            "a rule on a form that rejects rows", "- {id: A, form: F01, check: 真, action: reject}\n",
            "1:`action` error[conflicting-keys]", "'action: reject' is for rules on a table", "只能用于表的规则"),
        .rules(
            "a tolerance that is none", "- {id: A, form: F01, check: 真, tolerance: 1x}\n", "1:`1x` error[bad-value]",
            "rounding(0.005)", "rounding(0.005)"),
        .rules(
            "an overlay of no rule", "- {id: A, disabled: true, reason: 停用}\n", "1:8 error[unknown-rule]",
            "there is no rule 'A'", "没有名为“A”的规则"),
        .rules(
            "an exception without a reason", "- {id: A, on: 案件, check: 真, except: [{key: A1}]}\n",
            "1:`{key: A1}` error[missing-key]",
            "needs the key 'reason'", "缺少键“reason”"),
        .rules(
            "an exception with too many keys", "- {id: A, on: 案件, check: 真, except: [{key: [A1, 2], reason: x}]}\n",
            "1:`key: [A1` error[bad-value]", "1 value(s)", "1 个值"),
        .rules(
            "a rule disabled without a reason", "- {id: A, on: 案件, check: 真, disabled: true}\n",
            "1:3 error[missing-key]",
            "needs the key 'reason'", "缺少键“reason”"),
        .rules(
            "an example that says not what fails", "- {id: A, on: 案件, check: 真, examples: [{tables: {案件: []}}]}\n",
            "1:`{tables` error[missing-key]", "needs the key 'fails'", "缺少键“fails”"),
        .rules(
            "figures of a wrong width",
            "- {id: A, form: F01, check: 真, examples: [{figures: [[F01, 豫]], fails: []}]}\n",
            "1:`[F01, 豫]` error[wrong-shape]", "[form, court, period, row, column, value]", "[报表, 法院, 期间, 行, 列, 值]"),
        .rules(
            "a let twice", "let:\n  - {name: a, on: 案件, expr: 真}\n  - {name: a, on: 案件, expr: 假}\n",
            "3:5 error[duplicate-name]", "let 'a' is defined twice", "let“a”重复定义"),
    ]

    static func source(
        _ name: String, _ text: String, _ expected: String, _ en: String, _ zh: String,
        hint: (en: String, zh: String)? = nil
    ) -> Problem {
        Problem(name, ["s.yaml": text], "s.yaml:\(expected)", en, zh, hint: hint)
    }

    static let sources: [Problem] = [
        .source(
            "a kind of connection that there is not",
            "source: s\nconnect: {kind: postgre, service: a}\ntables: {案件: {from: a, columns: [ajbs]}}\n",
            "2:17 error[bad-value]", "expected one of postgres, sqlite, csv", "应为以下之一：postgres、sqlite、csv",
            hint: ("did you mean 'postgres'?", "是否应为“postgres”？")),
        .source(
            "a password written out",
            "source: s\nconnect: {kind: postgres, url: 'postgresql://a:hidden@db/x'}\ntables: {案件: {from: a, columns: [ajbs]}}\n",
            "2:33 error[secret-in-definition]", "holds a password", "含有密码", hint: (".pgpass", ".pgpass")),
        .source(
            "a table that there is not",
            "source: s\nconnect: {kind: sqlite, path: a.db}\ntables: {案卷: {from: a, columns: []}}\n",
            "3:10 error[unknown-table]", "there is no table '案卷'", "没有名为“案卷”的表", hint: ("'案件'", "案件")),
        .source(
            "a column that there is not",
            "source: s\nconnect: {kind: sqlite, path: a.db}\ntables: {案件: {from: a, columns: {lrq: b}}}\n",
            "3:34 error[unknown-column]", "'lrq'", "lrq", hint: ("did you mean 'larq'?", "是否应为“larq”？")),
        .source(
            "no query", "source: s\nconnect: {kind: sqlite, path: a.db}\ntables: {案件: {watermark: larq}}\n",
            "3:10 error[missing-key]", "needs one of the keys select, from", "缺少以下键之一：select、from"),
        .source(
            "a translation to a code that there is not",
            "source: s\nconnect: {kind: sqlite, path: a.db}\ntables: {案件: {select: x, codes: {法院: {'1': 豫18}}}}\n",
            "3:`豫18` error[unknown-code]", "code list 'court' has no code '豫18'", "没有名为“豫18”的代码",
            hint: ("did you mean '豫17'?", "是否应为“豫17”？")),
    ]

    static let pipelines: [Problem] = [
        .source(
            "a step that waits for none",
            "pipeline: p\nsteps:\n  - {id: load, uses: load}\n  - {id: qc, uses: qc, needs: laod}\n",
            "4:31 error[unknown-step]",
            "there is no step 'laod'", "没有名为“laod”的步骤", hint: ("did you mean 'load'?", "是否应为“load”？")),
        .source(
            "steps that wait for one another",
            "pipeline: p\nsteps:\n  - {id: a, uses: load, needs: b}\n  - {id: b, uses: qc, needs: a}\n",
            "3:5 error[cycle]",
            "wait for one another: a, b", "相互等待：a, b"),
        .source(
            "a misspelt period", "pipeline: p\nperiod: previous-mounth\nsteps: []\n", "2:9 error[bad-value]",
            "previous-month",
            "previous-month", hint: ("did you mean 'previous-month'?", "是否应为“previous-month”？")),
        .source(
            "a step twice", "pipeline: p\nsteps:\n  - {id: a, uses: load}\n  - {id: a, uses: qc}\n",
            "4:5 error[duplicate-name]", "step 'a' is defined twice", "步骤“a”重复定义", hint: ("s.yaml:3:5", "s.yaml:3:5")),
    ]

    static let all = yaml + tables + codes + forms + rules + sources + pipelines
}

@Suite("what is wrong with definitions")
struct ProblemTests {
    @Test("is told where it is, in both languages, with a hint, and nothing else is", arguments: Problem.all)
    func located(_ problem: Problem) throws {
        let folder = try Sample.folder(problem.files)
        let loaded = try folder.load()
        let all = loaded.diagnostics.map { diagnostic -> String in
            let place = diagnostic.location.map {
                "\($0.file.replacingOccurrences(of: folder.path + "/", with: "")):\($0.line):\($0.column)"
            }
            return "\(place ?? "?") \(diagnostic.severity.rawValue)[\(diagnostic.code)]"
        }
        #expect(all == [try problem.place(in: folder)], "\(loaded.diagnostics.map { $0.text(in: .en) })")
        let diagnostic = try #require(loaded.diagnostics.first)
        #expect(diagnostic.message.en.contains(problem.en), "\(diagnostic.message.en)")
        #expect(diagnostic.message.zh.contains(problem.zh), "\(diagnostic.message.zh)")
        if let hint = problem.hint {
            #expect(diagnostic.hint?.en.contains(hint.en) == true, "\(diagnostic.hint?.en ?? "no hint")")
            #expect(diagnostic.hint?.zh.contains(hint.zh) == true, "\(diagnostic.hint?.zh ?? "no hint")")
        }
        #expect(loaded.hasErrors == (diagnostic.severity == .error))
    }

    @Test("all of it is told at once, in the order of files and lines")
    func together() throws {
        let folder = try Sample.folder([
            "rules/a.yaml": """
            - {id: A, on: 案件, check: 真, sevrity: error}
            - id: B
              on: 案件
              id: C
              check: 真
              check: 真
              on: 案件
            ---
            - {id: D, on: [}
            ---
            - {id: E, on: 按键, check: 真}
            """,
            "rules/b.yaml": "form: {}\n---\nrules: {a: b}\n",
        ])
        let loaded = try folder.load()
        let places = loaded.diagnostics.map { "\($0.location?.line ?? 0):\($0.location?.column ?? 0) \($0.code)" }
        #expect(
            places == [
                "1:29 unknown-key", "4:3 duplicate-key", "6:3 duplicate-key", "7:3 duplicate-key", "9:16 yaml-syntax",
                "11:15 unknown-table", "1:7 wrong-shape", "3:8 wrong-shape",
            ], "\(loaded.diagnostics.map { $0.text(in: .en) })")
        #expect(loaded.rules.rules.map(\.id) == ["A", "B"])
        #expect(throws: InvalidDefinitions.self) { _ = try loaded.validated() }
    }

    @Test("what stands on something broken is not told as unknown too")
    func consequences() throws {
        let folder = try Sample.folder([
            "codes/courts.csv": "",
            "rules/r.yaml": "- {id: A, form: F01, rollup: '[*, *]', along: 法院}\n",
        ])
        #expect(try folder.load().diagnostics.map(\.code) == ["csv-syntax"])
    }

    @Test("a directory that is not there, or is a file, is no definition's fault")
    func directories() throws {
        let folder = try Sample.folder()
        let missing = #expect(throws: OperationError.self) {
            _ = try DefinitionLoader.load(directories: ["\(folder.path)/none"])
        }
        #expect(missing?.status == .noInput)
        #expect(missing?.code == "definitions-not-found")
        #expect(missing?.message.zh.contains("不存在") == true)
        let file = #expect(throws: OperationError.self) {
            _ = try DefinitionLoader.load(directories: ["\(folder.path)/tables/a.yaml"])
        }
        #expect(file?.code == "definitions-not-a-directory")
        let source = #expect(throws: OperationError.self) {
            _ = try DefinitionLoader.loadSource(file: "\(folder.path)/none.yaml")
        }
        #expect(source?.status == .noInput)
    }

    @Test("a directory without definitions is told")
    func empty() throws {
        let loaded = try DefinitionFolder(["notes.txt": "x"]).load()
        #expect(loaded.diagnostics.map(\.code) == ["no-definitions"])
        #expect(!loaded.hasErrors)
    }

    @Test("a file in another encoding is told with its line")
    func encoding() throws {
        let folder = try Sample.folder()
        try folder.write("r.yaml", Data([0x23, 0x0A, 0x2D, 0x20, 0xB0, 0xB8, 0x0A]))
        let diagnostic = try #require(try folder.load().diagnostics.first)
        #expect(diagnostic.code == "not-utf8")
        #expect(diagnostic.location?.line == 2)
        #expect(diagnostic.hint?.zh.contains("GBK") == true)
    }

    @Test("a byte order mark, CRLF and comments change nothing")
    func dialects() throws {
        let folder = try DefinitionFolder([:])
        try folder.write(
            "t.yaml",
            Data(
                "\u{FEFF}# tables\r\ntable: t\r\ncolumns:\r\n  - {name: a, type: date}\r\n---\r\n# nothing\r\n---\r\n"
                    .utf8))
        let loaded = try folder.load()
        #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics.map { $0.text(in: .en) })")
        #expect(loaded.schema.table("t")?.column("a")?.type == .date)
    }

    @Test("a link cannot lead out of the directory")
    func links() throws {
        let outside = try DefinitionFolder(["secret.csv": "dm,mc,sj\n豫,a,\n"])
        let folder = try Sample.folder(["codes/courts.csv": ""])
        try FileManager.default.removeItem(atPath: "\(folder.path)/codes/courts.csv")
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/codes/courts.csv", withDestinationPath: "\(outside.path)/secret.csv")
        #expect(try folder.load().diagnostics.map(\.code) == ["file-outside"])
    }

    @Test("aliases cannot make a small file a large one")
    func aliases() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            text += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
        }
        let loaded = try DefinitionFolder(["x.yaml": text]).load()
        #expect(loaded.diagnostics.map(\.code) == ["yaml-syntax"])
        #expect(loaded.diagnostics.first?.message.zh.contains("过大") == true)
    }

    @Test("a pipeline file holds one pipeline, and a source file one source")
    func wrongKind() throws {
        let folder = try Sample.folder()
        let error = #expect(throws: InvalidDefinitions.self) {
            _ = try DefinitionLoader.loadPipeline(file: "\(folder.path)/forms/F01.yaml")
        }
        #expect(error?.diagnostics.map(\.code) == ["wrong-kind"])
    }
}
