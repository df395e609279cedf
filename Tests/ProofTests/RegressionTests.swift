import Columnar
import PostgresClient
import Proof
import ReferenceInterpreter
import RuleLanguage
import Schema
import TestSupport
import Testing

/// The smallest questions about which an engine and the reference once disagreed.
struct RegressionTests {
    private func rule(_ check: String) -> RuleDefinition {
        RuleDefinition(id: "r", table: "a", body: .check(ExpressionText(check)))
    }

    /// Two tables, `a` with columns k x and `b` with columns k y, related by k.
    private func question(
        _ rule: RuleDefinition, x: ValueType, y: ValueType, list: CodeList? = nil, a: [[String?]], b: [[String?]]
    ) -> ProofCase {
        let many = Relation(name: "many", table: "b", on: [.init(here: "k", there: "k")], isToMany: true)
        let one = Relation(name: "one", table: "b", on: [.init(here: "k", there: "k")], isToMany: false)
        let tables = [
            TableDefinition(
                name: "a", columns: [ColumnDefinition(name: "k", type: .int), ColumnDefinition(name: "x", type: x)],
                relations: [many, one]),
            TableDefinition(
                name: "b", columns: [ColumnDefinition(name: "k", type: .int), ColumnDefinition(name: "y", type: y)]),
        ]
        let lists = list.map { [$0.name: $0] } ?? [:]
        return ProofCase(
            schema: StandardSchema(tables: tables, codelists: lists), rules: RuleSet(rules: [rule]), period: nil,
            cells: ["a": a, "b": b])
    }

    private func expectAgreement(_ question: ProofCase) throws {
        let reference = try ReferenceEngine().judge(question)
        #expect(try NativeEngine().judge(question) == reference)
        let connection = try PostgresConnection(try TestPostgres.freshDatabase(), applicationName: "proof")
        #expect(try PostgresEngine(connection).judge(question) == reference)
    }

    @Test("equivalentCodes: canonically equivalent codes of a tree are two")
    func equivalentCodes() throws {
        let tree = CodeList(
            name: "tree",
            entries: [.init(code: "r"), .init(code: "é", parent: "r"), .init(code: "e\u{301}")], isTree: true)
        try expectAgreement(
            question(
                rule("x in codelist tree under 'r'"), x: .code(.list("tree")), y: .int, list: tree,
                a: [["1", "e\u{301}"]], b: []))
    }

    @Test(
        "canonically equivalent codes are two in every way in which a list is asked",
        arguments: ["x in codelist flat", "x in codelist flat by 2024-05-01", "x.mc = '乙'", "x.mc = '甲'"])
    func equivalentCodesOfAFlatList(_ check: String) throws {
        let since = CivilDate(year: 2024, month: 1, day: 1)
        let flat = CodeList(
            name: "flat",
            entries: [
                .init(code: "é", since: since, values: ["甲"]), .init(code: "e\u{301}", since: since, values: ["乙"]),
            ], attributes: [.init(name: "mc", title: "名称")], isDated: true)
        try expectAgreement(
            question(
                rule(check), x: .code(.list("flat")), y: .int, list: flat, a: [["1", "e\u{301}"], ["2", "é"]], b: []))
    }

    @Test("a type without letters makes no letter a special mark")
    func emptyTypeOfCases() throws {
        let types = CodeList(
            name: "types", entries: [.init(code: "1", values: [""])], attributes: [.init(name: "dz", title: "代字")])
        var asked = question(
            rule("caseno(x, 'type') = '终'"), x: .text(maxLength: nil), y: .int, list: types,
            a: [["1", "（2026）豫1702终123号"]], b: [])
        asked.schema.caseNumberTypes = (codelist: "types", attribute: "dz")
        try expectAgreement(asked)
    }

    @Test("partialSums: a sum is lost only when it itself needs more than 38 digits")
    func partialSums() throws {
        let nines = String(repeating: "9", count: 38)
        try expectAgreement(
            question(
                rule("sum(many.y) = 1"), x: .int, y: .decimal(precision: 38, scale: 0), a: [["1", nil]],
                b: [["1", nines], ["1", "1"], ["1", "-" + nines]]))
    }

    @Test("groupsOverSeveralRows: a rule on groups is judged with each related row")
    func groupsOverSeveralRows() throws {
        var unique = rule("true")
        unique.body = .unique(["x"])
        unique.when = ExpressionText("one.y")
        try expectAgreement(
            question(unique, x: .int, y: .bool, a: [["1", nil]], b: [["1", "f"], ["1", nil]]))
    }

    @Test("a key that did not parse is an error also where the related table is empty")
    func emptyRelatedTable() throws {
        try expectAgreement(question(rule("one.y"), x: .int, y: .bool, a: [["x", nil]], b: []))
    }

    @Test("rounding beyond the digits that there are gives zero")
    func roundingFar() throws {
        try expectAgreement(
            question(
                rule("round(x, -1) = 0"), x: .decimal(precision: 38, scale: 38), y: .int,
                a: [["1", "0.95"], ["1", "-0.5"]], b: []))
    }

    @Test(
        "a literal that is no case number has no year and no number",
        arguments: ["caseno('甲', 'year') = 1", "caseno('（甲乙丙丁）豫1702民初x号', 'number') = 1"])
    func literalCaseNumbers(_ check: String) throws {
        try expectAgreement(question(rule(check), x: .int, y: .int, a: [["1", nil]], b: []))
    }

    @Test("Chinese names of functions are printed as the others")
    func functionNames() throws {
        let printed = Printer.text(of: try Parser.parse(ExpressionText("有值(a)")))
        #expect(printed == "present(a)")
    }
}
