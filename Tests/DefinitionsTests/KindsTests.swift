import Columnar
import Definitions
import Diagnostics
import Foundation
import RuleLanguage
import Schema
import Testing

@Suite("each kind of definition")
struct KindsTests {
    @Test("tables, their keys, courts, relations and indexes are resolved to codes")
    func tables() throws {
        let loaded = try Sample.folder().load()
        #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics.map { $0.text(in: .en) })")
        let anjian = try #require(loaded.schema.table("案件"))
        #expect(anjian.key == ["ajbs"])
        #expect(anjian.courtPath == "fydm")
        #expect(anjian.indexes == [["fydm", "larq"]])
        #expect(anjian.relations.map(\.table) == ["dangshiren"])
        #expect(anjian.relations[0].on == [.init(here: "ajbs", there: "ajbs")])
        #expect(anjian.relations[0].isToMany)
        #expect(anjian.column("法院")?.type == .code(.list("court")))
        #expect(anjian.column("ajlx")?.type == .code(.list("ajlx")))
        #expect(anjian.column("标的额")?.type == .decimal(precision: 18, scale: 2))
        #expect(anjian.column("标的额")?.standard == "MSYS_SAHLAXX.QSBDJE")
        #expect(anjian.column("标的额")?.isProvisional == true)
        #expect(anjian.column("ajbs")?.isRequired == true)
        let parties = try #require(loaded.schema.table("dangshiren"))
        #expect(parties.courtPath == "anjian.fydm")
        #expect(parties.key == ["ajbs", "xh"])
        #expect(parties.column("诉讼地位")?.type == .code(.by(column: "ajlx", lists: ["0301": "court"], otherwise: "ajlx")))
        #expect(parties.column("xm")?.personal == .name)
        #expect(parties.column("xm")?.since == CivilDate(year: 2016, month: 1, day: 1))
        #expect(parties.column("xm")?.until == CivilDate(year: 2025, month: 12, day: 31))
        #expect(parties.column("gxsj")?.type == .timestamp)
        #expect(parties.column("sf")?.type == .bool)
        #expect(parties.relations[0].isToMany == false)
    }

    @Test("every scalar stays the text that is written")
    func scalars() throws {
        let folder = try Sample.folder([
            "rules/r.yaml": """
            - id: 0201
              on: anjian
              null: fail
              check: no
              title: 2016-01-01
              tags: [1e3, 0x1F, ~, yes, "null"]
              examples: {pass: [{立案日期: 2016-01-01, 标的额: 010, 法院: , 案件标识: ""}], fail: [{案件标识: null}]}
            """
        ])
        let loaded = try folder.load()
        #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics.map { $0.text(in: .en) })")
        let rule = try #require(loaded.rules.rules.first)
        #expect(rule.id == "0201")
        #expect(rule.title == "2016-01-01")
        #expect(rule.tags == ["1e3", "0x1F", "~", "yes", "null"])
        #expect(rule.nullPolicy == .fail)
        guard case .check(let check) = rule.body else { throw TestFailure("not a check") }
        #expect(check.text == "no")
        let row = try #require(rule.examples.first?.tables["anjian"]?.first)
        let expected: [String: String?] = ["立案日期": "2016-01-01", "标的额": "010", "法院": nil, "案件标识": ""]
        #expect(row == expected)
        #expect(rule.examples.last?.tables["anjian"]?.first == ["案件标识": "null"])
        #expect(loaded.schema.table("anjian")?.column("larq")?.nullTexts == ["1900-01-01", "no"])
    }

    @Test("code lists take their rows, versions, attributes and parents from CSV")
    func codelists() throws {
        let loaded = try Sample.folder().load()
        let court = try #require(loaded.schema.codelist("法院"))
        #expect(court.isTree)
        #expect(court.entries.map(\.code) == ["豫", "豫17", "豫1702"])
        #expect(court.entries.map(\.parent) == [nil, "豫", "豫17"])
        #expect(court.attributes.map(\.title) == ["名称", "代字"])
        #expect(court.entries[2].values == ["驿城区法院", "豫1702"])
        let types = try #require(loaded.schema.codelist("ajlx"))
        #expect(types.isDated)
        #expect(types.entries.map(\.code) == ["0301", "0301", "0302"])
        #expect(types.entries[0].until == CivilDate(year: 2015, month: 12, day: 31))
        #expect(types.entries[1].since == CivilDate(year: 2016, month: 1, day: 1))
        #expect(loaded.schema.hierarchy("法院")?.parents == ["豫17": "豫", "豫1702": "豫17"])
        #expect(loaded.schema.caseNumberTypes?.codelist == "ajlx")
        #expect(loaded.schema.caseNumberTypes?.attribute == "dz")
    }

    @Test("a calendar holds days off and days worked instead")
    func calendar() throws {
        let folder = try DefinitionFolder([
            "c.yaml": "calendar: cn\nfile: holidays.csv\n",
            "holidays.csv": "date,kind\r\n2026-10-01,holiday\r\n20261010,workday\r\n",
        ])
        let loaded = try folder.load().validated()
        #expect(loaded.schema.calendars["cn"]?.holidays == [try #require(CivilDate("2026-10-01"))])
        #expect(loaded.schema.calendars["cn"]?.workdays == [try #require(CivilDate("2026-10-10"))])
    }

    @Test("a form's rows and columns, with one row for each code")
    func forms() throws {
        let form = try #require(try Sample.folder().load().schema.form("收结案"))
        #expect(form.table == "anjian")
        #expect(form.periodKinds == ["month", "month-20"])
        #expect(form.columns.map(\.code) == ["xs", "bd", "bl"])
        guard case .count(let count) = form.columns[0].measure, case .sum(let sum, let when) = form.columns[1].measure,
            case .ratio(let of, let to, let scale) = form.columns[2].measure
        else { throw TestFailure("measures") }
        #expect(count.text == "立案日期 属于 本期")
        #expect(sum.text == "标的额")
        #expect(when?.text == "立案日期 属于 本期")
        #expect((of.text, to.text, scale) == ("新收", "新收 + 新收", 1))
        #expect(form.rows.map(\.code) == ["1", "0301", "0302", "9"])
        #expect(form.rows.map(\.parent) == [nil, "1", "1", "1"])
        #expect(form.rows[1].title == "民事一审")
        #expect(form.rows[1].selection == .subtree(column: "ajlx", codelist: "ajlx", code: "0301"))
        guard case .when(let all) = form.rows[0].selection else { throw TestFailure("row") }
        #expect(all.text == "true")
        #expect(form.rows[3].selection == .given)
    }

    @Test("a form may be its shape alone")
    func shapes() throws {
        let folder = try DefinitionFolder(["f.yaml": "{form: F07, rows: 1..30, columns: [甲, '02']}"])
        let form = try #require(try folder.load().validated().schema.form("F07"))
        #expect(form.rows.count == 30)
        #expect(form.rows.first?.code == "1")
        #expect(form.rows.last?.code == "30")
        #expect(form.columns.map(\.code) == ["甲", "02"])
        #expect(form.columns.allSatisfy { $0.measure == .given })
    }

    @Test("rules in every shape")
    func rules() throws {
        let folder = try Sample.folder([
            "rules/r.yaml": """
            defaults: {severity: warning, tags: [立案], cite: 甲法}
            let:
              - {name: 合规, on: 案件, expr: "案件标识 匹配 '[0-9]+'"}
            rules:
              - id: A-1
                title: 标题
                on: 案件
                when: 合规
                check: 立案日期 >= 2016-01-01
                action: reject
                effective: 2016-01-01..
                message: 案号{ajbs}
                examples:
                  pass: [{立案日期: 2026-01-01}]
                  fail: [{立案日期: 2015-12-31}, [{立案日期: 2015-01-01}, {立案日期: 2014-01-01}]]
                except: [{key: A9, until: 2026-12-31, reason: 历史案件}]
              - {id: A-2, table: anjian, unique: [法院, ajbs], severity: notice, tags: 唯一}
              - {id: A-3, on: 案件, depends: {from: [ajbs], to: [法院, 立案日期]}, severity: 错误}
              - {id: A-4, on: 案件, share: "缺值(案件类型) <= 0.5%"}
              - {id: A-5, on: 案件, check: "计数(当事人) >= 1", effective: 2016-01-01..2020-12-31,
                 examples: {tables: {案件: [{ajbs: A1}, {ajbs: A2}], 当事人: [{ajbs: A1}]}, fails: [1]}}
              - {id: B-1, form: F01, check: "[*, 新收] >= 0", tolerance: rounding(0.005), blank: zero, absent: fail, figures: both,
                 examples: [{figures: [[F01, 豫17, 2026-10, 合计, 新收, 1], [F01, 豫17, 2026-10, '9', 新收, '', 2]], fails: [[合计, 新收]]}]}
              - {id: B-2, form: [F01, 收结案], check: "[合计, *] = 合计 行 (0301..9) [行, *]", tolerance: 0.5%}
              - {id: D-1, form: F01, rollup: "[*, *]", along: 法院, own: true}
            """,
            "rules/s.yml": "- {id: S-1, on: 案件, check: 有值(立案日期)}\n",
        ])
        let loaded = try folder.load()
        #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics.map { $0.text(in: .en) })")
        let rules = Dictionary(uniqueKeysWithValues: loaded.rules.rules.map { ($0.id, $0) })
        #expect(loaded.rules.rules.map(\.id) == ["A-1", "A-2", "A-3", "A-4", "A-5", "B-1", "B-2", "D-1", "S-1"])
        let first = try #require(rules["A-1"])
        #expect(first.severity == .warning)
        #expect(first.action == .reject)
        #expect(first.cite == "甲法")
        #expect(first.tags == ["立案"])
        #expect(first.effectiveFrom == CivilDate("2016-01-01"))
        #expect(first.effectiveUntil == nil)
        #expect(first.when?.location?.line == 8)
        #expect(first.when?.location?.column == 11)
        #expect(first.message?.text == "案号{ajbs}")
        #expect(first.examples.map(\.failingRows) == [[], [0], [0, 1]])
        #expect(first.exceptions.map(\.key) == [["A9"]])
        #expect(first.exceptions.first?.until == CivilDate("2026-12-31"))
        guard case .unique(let unique)? = rules["A-2"]?.body, case .depends(let from, let to)? = rules["A-3"]?.body,
            case .share(let share)? = rules["A-4"]?.body, case .formCheck? = rules["B-1"]?.body,
            case .rollup(let cells, let along, let own)? = rules["D-1"]?.body
        else { throw TestFailure("bodies") }
        #expect(unique == ["法院", "ajbs"])
        #expect((from, to) == (["ajbs"], ["法院", "立案日期"]))
        #expect(share.text == "缺值(案件类型) <= 0.5%")
        #expect((cells.text, along, own) == ("[*, *]", "法院", true))
        #expect(rules["A-2"]?.severity == .notice)
        #expect(rules["A-2"]?.tags == ["唯一"])
        #expect(rules["A-3"]?.severity == .error)
        #expect(rules["A-5"]?.effectiveUntil == CivilDate("2020-12-31"))
        #expect(rules["A-5"]?.examples.first?.failingRows == [1])
        #expect(rules["A-5"]?.examples.first?.tables.keys.sorted() == ["当事人", "案件"])
        let form = try #require(rules["B-1"])
        #expect(form.formOptions.blank == "zero")
        #expect(form.formOptions.absent == "fail")
        #expect(form.formOptions.tolerance == "rounding(0.005)")
        #expect(form.formOptions.figures == "both")
        #expect(form.examples.first?.figures.last == ["F01", "豫17", "2026-10", "9", "新收", nil, "2"])
        #expect(form.examples.first?.failingCells == [["合计", "新收"]])
        #expect(rules["B-2"]?.forms == ["F01", "收结案"])
        #expect(loaded.rules.lets.map(\.name) == ["合规"])
        #expect(loaded.rules.lets.first?.file.hasSuffix("rules/r.yaml") == true)
        #expect(rules["S-1"]?.severity == .error)
    }

    @Test("an expression's place is that of its first letter, in every style of scalar")
    func expressionPlaces() throws {
        let folder = try Sample.folder([
            "r.yaml": """
            - id: A
              on: 案件
              check: "立案日期 > 2016-01-01"
            - id: B
              on: 案件
              check: |
                立案日期
                > 2016-01-01
            - {id: C, on: 案件, check: '立案日期 > 2016-01-01'}
            """
        ])
        let places = try folder.load().validated().rules.rules.map { rule -> [Int] in
            guard case .check(let text) = rule.body, let place = text.location else { return [] }
            return [place.line, place.column]
        }
        #expect(places == [[3, 11], [7, 5], [9, 27]])
    }

    @Test("a source maps the tables of a trial database")
    func source() throws {
        let folder = try Sample.folder([
            "sources/s.yaml": """
            source: trial17
            court: 豫17
            connect: {kind: postgres, service: trial17}
            tables:
              案件:
                select: |
                  SELECT c_ajbs AS ajbs FROM t_aj
                  WHERE dt_gxsj >= {since}
                watermark: 立案日期
                codes: {案件类型: maps/lx.csv, 法院: {'1700': 豫17}}
                deletes: {select: "SELECT c_ajbs FROM t_ajsc"}
              dangshiren:
                from: T_DSR
                columns: {ajbs: C_AJBS, 序号: N_XH}
            """,
            "sources/maps/lx.csv": "source,standard\n10,0301\n20,0302\n",
            "sources/lite.yaml": """
            source: lite
            connect: {kind: sqlite, path: data/lite.db}
            tables:
              anjian: {from: aj, columns: [ajbs, larq]}
            """,
        ])
        let loaded = try folder.load().validated()
        let source = try #require(loaded.sources.first { $0.name == "trial17" })
        #expect(source.court == "豫17")
        #expect(source.connection == .postgres("service=trial17"))
        #expect(source.tables.map(\.table) == ["anjian", "dangshiren"])
        #expect(source.tables[0].query == .select("SELECT c_ajbs AS ajbs FROM t_aj\nWHERE dt_gxsj >= {since}\n"))
        #expect(source.tables[0].watermark == "larq")
        #expect(source.tables[0].codes == ["ajlx": ["10": "0301", "20": "0302"], "fydm": ["1700": "豫17"]])
        #expect(source.tables[0].deletes == "SELECT c_ajbs FROM t_ajsc")
        #expect(
            source.tables[1].query
                == .from(
                    "T_DSR", columns: [.init(column: "ajbs", source: "C_AJBS"), .init(column: "xh", source: "N_XH")]))
        let lite = try #require(loaded.sources.first { $0.name == "lite" })
        #expect(lite.connection == .sqlite(path: "\(folder.path)/sources/data/lite.db"))

        let alone = try DefinitionLoader.loadSource(file: "\(folder.path)/sources/s.yaml")
        #expect(alone.tables[0].table == "案件")
        #expect(alone.tables[0].codes["案件类型"] == ["10": "0301", "20": "0302"])
        let resolved = try DefinitionLoader.loadSource(file: "\(folder.path)/sources/s.yaml", schema: loaded.schema)
        #expect(resolved == source)
    }

    @Test("a connection may be an URL without a secret, a database file or a folder, each with placeholders")
    func connections() throws {
        func connection(_ connect: String) throws -> SourceDefinition.Connection {
            let folder = try DefinitionFolder([
                "s.yaml": "source: s\nconnect: \(connect)\ntables: {anjian: {from: a, columns: [ajbs]}}"
            ])
            return try DefinitionLoader.loadSource(file: "\(folder.path)/s.yaml").connection
        }
        #expect(
            try connection("{kind: postgres, url: 'postgresql://reader@db/trial'}")
                == .postgres("postgresql://reader@db/trial"))
        #expect(
            try connection("{kind: postgres, url: 'postgresql://reader:${PASSWORD}@db/trial'}")
                == .postgres("postgresql://reader:${PASSWORD}@db/trial"))
        #expect(try connection("{kind: postgres, service: \"it's\"}") == .postgres("service='it\\'s'"))
        #expect(try connection("{kind: sqlite, path: '${DATA}/a.db'}") == .sqlite(path: "${DATA}/a.db"))
        #expect(try connection("{kind: sqlite, path: /data/a.db}") == .sqlite(path: "/data/a.db"))
        guard case .csv(let folder, nil, nil) = try connection("{kind: csv, folder: parts}") else {
            throw TestFailure("csv")
        }
        #expect(folder.hasSuffix("/parts"))
        let old = try connection("{kind: csv, folder: /old, encoding: GBK, delimiter: \"\\t\"}")
        #expect(old == .csv(folder: "/old", encoding: "gbk", delimiter: "\t"))
        #expect(throws: InvalidDefinitions.self) { try connection("{kind: csv, folder: /old, encoding: gb2313}") }
        #expect(throws: InvalidDefinitions.self) { try connection("{kind: csv, folder: /old, delimiter: '|'}") }
        #expect(throws: InvalidDefinitions.self) { try connection("{kind: sqlite, path: /a.db, encoding: gbk}") }
    }

    @Test("a pipeline keeps its steps, flags and placeholders in order")
    func pipeline() throws {
        let folder = try DefinitionFolder([
            "p.yaml": """
            pipeline: monthly
            title: 月度司法统计
            period: previous-month
            steps:
              - {id: extract, uses: extract, with: {source: [a.yaml, b.yaml], to: "{work}/outbox"}}
              - {id: load, uses: load, needs: extract, with: {inbox: "${SITONG_INBOX}", strict: true}, retries: 3}
              - {id: forms, uses: forms  compute, needs: [extract, load], continue: true}
            on-failure: [{mail: stat@example.org}, {exec: ./tell}]
            """
        ])
        let pipeline = try DefinitionLoader.loadPipeline(file: "\(folder.path)/p.yaml")
        #expect(pipeline.name == "monthly")
        #expect(pipeline.title == "月度司法统计")
        #expect(pipeline.period == "previous-month")
        #expect(pipeline.steps.map(\.id) == ["extract", "load", "forms"])
        #expect(
            pipeline.steps[0].arguments.map { "\($0.name)=\($0.text)" } == [
                "source=a.yaml", "source=b.yaml", "to={work}/outbox",
            ])
        #expect(
            pipeline.steps[1].arguments.map { "\($0.name)=\($0.text)" } == ["inbox=${SITONG_INBOX}", "strict=true"])
        #expect(pipeline.steps[1].retries == 3)
        #expect(pipeline.steps[2].uses == "forms compute")
        #expect(pipeline.steps[2].needs == ["extract", "load"])
        #expect(pipeline.steps[2].continues)
        #expect(pipeline.onFailure.map(\.channel) == [.mail, .exec])
    }
}

/// A test's own complaint.
struct TestFailure: Error {
    let text: String
    init(_ text: String) { self.text = text }
}
