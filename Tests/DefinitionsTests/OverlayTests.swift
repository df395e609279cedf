import Columnar
import Definitions
import Diagnostics
import RuleLanguage
import Schema
import Testing

@Suite("overlays")
struct OverlayTests {
    private static let rules = ["rules/r.yaml": "- {id: A, on: 案件, check: 真}\n- {id: B, on: 案件, check: 真}\n"]

    private func load(_ overlay: [String: String]) throws -> LoadedDefinitions {
        let base = try Sample.folder(Self.rules)
        let over = try DefinitionFolder(overlay)
        return try DefinitionLoader.load(directories: [base.path, over.path])
    }

    @Test("a later directory replaces objects, and the rest stays in its place")
    func objects() throws {
        let loaded = try load([
            "t.yaml":
                "table: anjian\ntitle: 案件\ncolumns: [{name: ajbs, title: 案件标识, type: text(20)}, {name: fydm, title: 法院, type: text}, {name: ajlx, title: 案件类型, type: code(ajlx)}, {name: bdje, title: 标的额, type: int}]\n",
            "c.yaml": "codelist: court\nfile: own.csv\nkey: dm\nparent: sj\n",
            "own.csv": "dm,sj\n川,\n川01,川\n",
            "r.yaml": "- {id: A, on: 案件, check: 假, severity: notice}\n",
        ])
        #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics.map { $0.text(in: .en) })")
        #expect(loaded.schema.tables.map(\.name) == ["anjian", "dangshiren"])
        #expect(loaded.schema.tables[0].columns.map(\.name) == ["ajbs", "fydm", "ajlx", "bdje"])
        #expect(loaded.schema.codelists["court"]?.entries.map(\.code) == ["川", "川01"])
        #expect(loaded.schema.hierarchies["court"]?.parents == ["川01": "川"])
        #expect(loaded.rules.rules.map(\.id) == ["A", "B"])
        #expect(loaded.rules.rules[0].severity == .notice)
    }

    @Test("an overlay disables, changes the severity, and excepts keys, with its reasons")
    func patches() throws {
        let loaded = try load([
            "r.yaml": """
            - {id: A, disabled: true, reason: 本省不适用}
            - {id: B, severity: warning, except: [{key: A9, until: 2026-12-31, reason: 历史案件}]}
            """
        ])
        #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics.map { $0.text(in: .en) })")
        #expect(loaded.rules.rules[0].disabledReason == "本省不适用")
        #expect(loaded.rules.rules[1].severity == .warning)
        #expect(loaded.rules.rules[1].exceptions.map(\.reason) == ["历史案件"])
        #expect(loaded.rules.rules[1].exceptions.first?.until == CivilDate("2026-12-31"))
    }

    @Test("an overlay of an unknown rule, or of more than it may change, is told")
    func wrong() throws {
        let loaded = try load([
            "r.yaml": "- {id: C, disabled: true, reason: x}\n- {id: B, severity: notice, title: x}\n"
        ])
        #expect(loaded.diagnostics.map(\.code) == ["unknown-rule", "conflicting-keys"])
        #expect(loaded.diagnostics.map { $0.location?.column } == [8, 29])
    }

    @Test("the same overlay twice in one directory is told")
    func twice() throws {
        let loaded = try load([
            "a.yaml": "form: F2\nrows: 1..2\ncolumns: 1..2\n---\nform: F2\nrows: 1..2\ncolumns: 1..2\n"
        ])
        #expect(loaded.diagnostics.map(\.code) == ["duplicate-name"])
        #expect(loaded.schema.form("F2") != nil)
    }
}
