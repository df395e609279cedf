import Definitions
import Diagnostics
import Foundation
import TestSupport
import Testing

/// `Schemas/json`: what editors are told agrees with what the loader accepts.
@Suite("JSON Schemas of definitions")
struct SchemaTests {
    static let root = ShippedDefinitionsTests.root

    static func schemas() throws -> DefinitionSchemas { try DefinitionSchemas(folder: "\(root)/Schemas/json") }

    @Test(
        "the definitions that ship, those of the fixtures and the pipelines fit",
        arguments: ["Schemas", "Fixtures", "Pipelines"])
    func fit(_ folder: String) throws {
        let schemas = try Self.schemas()
        let files = try #require(FileManager.default.enumerator(atPath: "\(Self.root)/\(folder)"))
        var count = 0
        for case let file as String in files
        where file.hasSuffix(".yaml") && !(folder == "Fixtures" && file.hasPrefix("mistakes/rules")) {
            let text = try String(contentsOfFile: "\(Self.root)/\(folder)/\(file)", encoding: .utf8)
            for (index, document) in try JSONValue.documents(ofYAML: text).enumerated() where document != .null {
                #expect(schemas.problems(of: document) == [], "\(folder)/\(file), document \(index + 1)")
                count += 1
            }
        }
        #expect(count > 0)
    }

    @Test("the sample of the loader's tests fits")
    func sample() throws {
        let schemas = try Self.schemas()
        for text in [Sample.tables, Sample.codes, Sample.form] {
            for document in try JSONValue.documents(ofYAML: text) { #expect(schemas.problems(of: document) == []) }
        }
    }

    @Test(
        "what the loader refuses for its shape, the schema refuses too",
        arguments: [
            "table: t\ncolumns: [{name: a, type: txt}]", "table: t\ncolumns: [{title: a, type: int}]",
            "table: t\ncolumns: [{name: a, type: int}]\nkeys: [a]", "table: t\ncolumns: {name: a}",
            "table: t\ncolumns: [{name: a, type: text, personal: nickname}]",
            "table: t\ncolumns: [{name: a, type: text, required: maybe}]",
            "codelist: c\nfile: codes/dmb.csv", "codelist: c\nfile: codes/dmb.csv\nkey: dm\nattributes: [mc]",
            "hierarchy: h\nparent: sj", "calendar: c", "caseno: {type: ajlx.dz}",
            "- {id: A, on: 案件, check: 真, severity: fatal}", "- {id: A, on: 案件, check: 真, serverity: error}",
            "- {on: 案件, check: 真}", "- {id: A, on: 案件, depends: {from: [案件标识]}}",
            "- {id: A, on: 案件, check: 真, effective: 2016-01-01}", "- {id: A, on: 案件, check: 真, tags: {a: b}}",
            "- {id: A, on: 案件, check: 真, examples: [{passes: []}]}",
            "- {id: A, on: 案件, check: 真, except: [{key: 1}]}", "rules: {id: A, on: 案件, check: 真}",
            "rules: []\ndefaults: {id: A}", "let: [{name: a, on: 案件}]",
            "form: F2\nrows: [{title: a}]\ncolumns: [{code: a}]", "form: F2\ncolumns: 1..2",
            "form: F2\nrows: 1..2\ncolumns: [{code: a, counts: 真}]",
            "source: s\ntables: {anjian: {select: x}}",
            "source: s\nconnect: {kind: mongo}\ntables: {anjian: {select: x}}",
            "pipeline: p\nsteps: [{uses: qc}]", "pipeline: p\nstep: [{id: a, uses: qc}]",
        ])
    func refuse(_ text: String) throws {
        let schemas = try Self.schemas()
        let problems = try JSONValue.documents(ofYAML: text).flatMap { schemas.problems(of: $0) ?? ["no kind"] }
        #expect(!problems.isEmpty, "the schema accepts it")
        let loaded = try Sample.folder(["z.yaml": text]).load()
        #expect(loaded.hasErrors, "the loader accepts it")
    }

    @Test("a keyword that the validator does not know is refused, not passed over")
    func keywords() throws {
        #expect(throws: JSONSchema.UnknownKeyword(keyword: "maxLength")) {
            try JSONSchema(JSONValue(parsing: #"{"properties": {"a": {"maxLength": 3}}}"#))
        }
    }
}
